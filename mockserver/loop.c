#define _GNU_SOURCE /* epoll_pwait2 */

#include "mockserver/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "limiter/error.h"
#include "limiter/timerq.h"

#define BATCH 256 /* events taken from the system at a time */
#define NO_TIMER UINT32_MAX
#define SPEED_MIN 0.001
#define SPEED_MAX 1e6

__extension__ typedef unsigned __int128 wide;

/* `generation` tells events of this watch from those of an earlier one of
   the same descriptor that are still in the batch. */
struct watch {
    mock_loop_io_fn *fn; /* NULL: not watched */
    void *context;
    uint32_t events;
    uint32_t generation;
};

/* Free timers are chained through `next_free`. */
struct timer {
    mock_loop_timer_fn *fn; /* NULL: free */
    void *context;
    uint32_t next_free;
};

/* speed = multiplier / 2^shift, exactly; every double in range is so. */
struct mock_loop {
    int epoll;
    bool stopped;
    bool coarse; /* the system has no epoll_pwait2 */
    double speed;
    uint64_t multiplier;
    unsigned shift;

    lim_time start;
    lim_time now;
    int64_t mono_start;
    int64_t mono; /* CLOCK_MONOTONIC when last read */

    struct lim_timerq *due;  /* on the loop's time */
    struct lim_timerq *wall; /* on CLOCK_MONOTONIC */
    struct timer *timers;
    uint32_t timer_capacity;
    uint32_t first_free;

    struct watch *watches; /* by descriptor */
    size_t watch_capacity;
    struct epoll_event batch[BATCH];
};

static int64_t mono_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * LIM_SEC + t.tv_nsec;
}

static void set_speed(struct mock_loop *l, double speed)
{
    uint64_t bits;
    l->speed = speed;
    if (speed <= 0)
        return;
    static_assert(sizeof bits == sizeof speed, "an IEEE 754 double");
    memcpy(&bits, &speed, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023 - 52;
    l->multiplier = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    for (; exponent < 0 && l->multiplier % 2 == 0; exponent++)
        l->multiplier /= 2;
    for (; exponent > 0; exponent--)
        l->multiplier *= 2;
    l->shift = (unsigned)-exponent;
    assert(l->shift <= 62);
}

/* The loop's time at `mono`, rounded down. */
static lim_time time_at(const struct mock_loop *l, int64_t mono)
{
    if (l->multiplier == 0)
        return l->now;
    wide passed = (wide)(mono - l->mono_start) * l->multiplier >> l->shift;
    if (passed >= (wide)LIM_NEVER - (wide)l->start)
        return LIM_NEVER - 1;
    return l->start + (lim_time)passed;
}

/* The first instant of CLOCK_MONOTONIC at which the loop's time is `at`. */
static int64_t mono_at(const struct mock_loop *l, lim_time at)
{
    if (at <= l->now)
        return l->mono;
    if (l->multiplier == 0 || at == LIM_NEVER)
        return INT64_MAX;
    wide ahead = (wide)(at - l->start) << l->shift;
    wide elapsed = (ahead + l->multiplier - 1) / l->multiplier;
    if (elapsed >= (wide)(INT64_MAX - l->mono_start))
        return INT64_MAX;
    return l->mono_start + (int64_t)elapsed;
}

struct mock_loop *mock_loop_new(lim_time start, double speed)
{
    if (start < 0 || start == LIM_NEVER ||
        !(speed == 0 || (speed >= SPEED_MIN && speed <= SPEED_MAX))) {
        errno = EINVAL;
        return NULL;
    }
    struct mock_loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->due = lim_timerq_new(1);
    l->wall = lim_timerq_new(1);
    l->first_free = NO_TIMER;
    if (l->epoll < 0 || l->due == NULL || l->wall == NULL) {
        int error = l->epoll < 0 ? errno : ENOMEM;
        mock_loop_free(l);
        errno = error;
        return NULL;
    }
    set_speed(l, speed);
    l->start = l->now = start;
    l->mono_start = l->mono = mono_now();
    return l;
}

struct mock_loop *mock_loop_new_like(const struct mock_loop *other)
{
    if (other->multiplier == 0) {
        errno = EINVAL;
        return NULL;
    }
    struct mock_loop *l = mock_loop_new(other->start, other->speed);
    if (l == NULL)
        return NULL;
    l->mono_start = other->mono_start;
    mock_loop_update(l);
    return l;
}

void mock_loop_free(struct mock_loop *l)
{
    if (l == NULL)
        return;
    if (l->epoll >= 0)
        close(l->epoll);
    lim_timerq_free(l->due);
    lim_timerq_free(l->wall);
    free(l->timers);
    free(l->watches);
    free(l);
}

lim_time mock_loop_now(const struct mock_loop *l)
{
    return l->now;
}

int64_t mock_loop_wall(const struct mock_loop *l)
{
    return l->mono;
}

double mock_loop_speed(const struct mock_loop *l)
{
    return l->speed;
}

static void forward(struct mock_loop *l, lim_time to)
{
    if (to > l->now)
        l->now = to;
}

lim_time mock_loop_update(struct mock_loop *l)
{
    l->mono = mono_now();
    forward(l, time_at(l, l->mono));
    return l->now;
}

static int grow_watches(struct mock_loop *l, size_t fd)
{
    size_t capacity = l->watch_capacity ? l->watch_capacity : 64;
    while (capacity <= fd)
        capacity *= 2;
    struct watch *w = realloc(l->watches, capacity * sizeof *w);
    if (w == NULL)
        return -1;
    memset(w + l->watch_capacity, 0,
           (capacity - l->watch_capacity) * sizeof *w);
    l->watches = w;
    l->watch_capacity = capacity;
    return 0;
}

int mock_loop_watch(struct mock_loop *l, int fd, uint32_t events,
                    mock_loop_io_fn *fn, void *context)
{
    assert(fd >= 0);
    assert(fn != NULL);
    if ((size_t)fd >= l->watch_capacity && grow_watches(l, (size_t)fd) != 0)
        return -1;
    struct watch *w = &l->watches[fd];
    if (w->fn == NULL || w->events != events) {
        struct epoll_event e = {
            .events = events,
            .data.u64 = (uint64_t)w->generation << 32 | (uint32_t)fd,
        };
        int op = w->fn == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        if (epoll_ctl(l->epoll, op, fd, &e) != 0)
            return -1;
    }
    w->fn = fn;
    w->context = context;
    w->events = events;
    return 0;
}

void mock_loop_unwatch(struct mock_loop *l, int fd)
{
    if (fd < 0 || (size_t)fd >= l->watch_capacity || l->watches[fd].fn == NULL)
        return;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
    l->watches[fd].fn = NULL;
    l->watches[fd].generation++;
}

static int grow_timers(struct mock_loop *l)
{
    uint32_t capacity = l->timer_capacity ? 2 * l->timer_capacity : 16;
    if (capacity > LIM_TIMERQ_IDS_MAX ||
        lim_timerq_grow(l->due, capacity) != LIM_OK ||
        lim_timerq_grow(l->wall, capacity) != LIM_OK)
        return -1;
    struct timer *t = realloc(l->timers, capacity * sizeof *t);
    if (t == NULL)
        return -1;
    for (uint32_t i = capacity; i-- > l->timer_capacity;) {
        t[i] = (struct timer){ .next_free = l->first_free };
        l->first_free = i;
    }
    l->timers = t;
    l->timer_capacity = capacity;
    return 0;
}

uint32_t mock_loop_timer_new(struct mock_loop *l, mock_loop_timer_fn *fn,
                             void *context)
{
    assert(fn != NULL);
    if (l->first_free == NO_TIMER && grow_timers(l) != 0)
        return UINT32_MAX;
    uint32_t timer = l->first_free;
    struct timer *t = &l->timers[timer];
    l->first_free = t->next_free;
    t->fn = fn;
    t->context = context;
    return timer;
}

static void check_timer(const struct mock_loop *l, uint32_t timer)
{
    assert(timer < l->timer_capacity);
    assert(l->timers[timer].fn != NULL);
}

static void disarm(struct mock_loop *l, uint32_t timer)
{
    lim_timerq_cancel(l->due, timer);
    lim_timerq_cancel(l->wall, timer);
}

void mock_loop_timer_free(struct mock_loop *l, uint32_t timer)
{
    check_timer(l, timer);
    disarm(l, timer);
    l->timers[timer].fn = NULL;
    l->timers[timer].next_free = l->first_free;
    l->first_free = timer;
}

void mock_loop_timer_set(struct mock_loop *l, uint32_t timer, lim_time at)
{
    check_timer(l, timer);
    if (at == LIM_NEVER) {
        disarm(l, timer);
        return;
    }
    lim_timerq_cancel(l->wall, timer);
    lim_timerq_set(l->due, timer, at, 0);
}

/* At least 1 ns, so that a timer set by a callback waits for the next turn
   and cannot keep this one from ending. */
void mock_loop_timer_wall(struct mock_loop *l, uint32_t timer, int64_t ns)
{
    check_timer(l, timer);
    if (ns < 0 || ns >= INT64_MAX - l->mono) {
        disarm(l, timer);
        return;
    }
    lim_timerq_cancel(l->due, timer);
    lim_timerq_set(l->wall, timer, l->mono + (ns > 0 ? ns : 1), 0);
}

static void call_timer(struct mock_loop *l, uint32_t timer)
{
    const struct timer *t = &l->timers[timer];
    assert(t->fn != NULL);
    t->fn(t->context, timer, l->now);
}

/* Each callback's `now` is its own due time even if the loop woke later, so
   that what it does happens at the same instants as in the simulator. */
static void run_due(struct mock_loop *l, lim_time until)
{
    uint32_t timer;
    for (;;) {
        lim_time at = lim_timerq_next(l->due);
        if (!lim_timerq_pop(l->due, until, &timer))
            break;
        forward(l, at);
        call_timer(l, timer);
    }
    forward(l, until);
}

static void run_wall(struct mock_loop *l, int64_t until)
{
    uint32_t timer;
    while (lim_timerq_pop(l->wall, until, &timer))
        call_timer(l, timer);
}

void mock_loop_advance(struct mock_loop *l, lim_time to)
{
    assert(to != LIM_NEVER);
    if (to <= l->now)
        return;
    run_due(l, to);
    if (l->multiplier != 0)
        l->start += l->now - time_at(l, l->mono);
}

/* How long to sleep, in ns; -1: for ever. */
static int64_t sleep_ns(struct mock_loop *l)
{
    lim_time due = lim_timerq_next(l->due);
    int64_t until = lim_timerq_next(l->wall);
    if (due == LIM_NEVER && until == LIM_NEVER)
        return -1;
    int64_t due_mono = mono_at(l, due);
    if (due_mono < until)
        until = due_mono;
    if (until == INT64_MAX)
        return -1;
    int64_t ns = until - mono_now();
    return ns > 0 ? ns : 0;
}

static int wait_coarsely(struct mock_loop *l, int64_t ns)
{
    int ms = -1;
    if (ns >= 0 && ns / LIM_MSEC < INT32_MAX)
        ms = (int)((ns + LIM_MSEC - 1) / LIM_MSEC);
    return epoll_wait(l->epoll, l->batch, BATCH, ms);
}

static int wait_events(struct mock_loop *l)
{
    int64_t ns = sleep_ns(l);
    if (l->coarse)
        return wait_coarsely(l, ns);
    struct timespec t = { .tv_sec = ns / LIM_SEC, .tv_nsec = ns % LIM_SEC };
    int n = epoll_pwait2(l->epoll, l->batch, BATCH, ns < 0 ? NULL : &t, NULL);
    if (n >= 0 || errno != ENOSYS)
        return n;
    l->coarse = true;
    return wait_coarsely(l, ns);
}

static void dispatch(struct mock_loop *l, const struct epoll_event *e)
{
    uint32_t fd = (uint32_t)e->data.u64;
    uint32_t generation = (uint32_t)(e->data.u64 >> 32);
    const struct watch *w = &l->watches[fd];
    if (w->fn != NULL && w->generation == generation)
        w->fn(w->context, e->events);
}

/* Timers before events: those were due before the loop woke.  Deadlines
   last: what came in time counts even if the loop was slow to look. */
int mock_loop_run(struct mock_loop *l)
{
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    while (!l->stopped) {
        int n = wait_events(l);
        if (n < 0 && errno != EINTR)
            return -1;
        l->mono = mono_now();
        int64_t woke = l->mono;
        run_due(l, time_at(l, woke));
        for (int i = 0; i < n; i++)
            dispatch(l, &l->batch[i]);
        run_wall(l, woke);
    }
    l->stopped = false;
    return 0;
}

void mock_loop_stop(struct mock_loop *l)
{
    l->stopped = true;
}
