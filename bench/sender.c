#include "bench/sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sender_parts.h"

#define TIMEOUT_NS (600 * LIM_SEC)     /* as the SDKs wait */
#define TIMEOUT_WALL_NS (10 * LIM_SEC) /* but at least this */
#define PACE_WALL_NS (100 * LIM_MSEC)
#define SYNC_PACES 10 /* a second */
#define AGAIN_NS LIM_MIN

/* What holds up all that waits, and until when. */
static void note_wait(struct bench_sending *x, lim_time now)
{
    const struct bench_left l = { x->pool, x->s->roster, x->left };
    char *to = x->sent.waits_for;
    x->sent.left_s = bench_left_seconds(&l, now);
    to[0] = '\0';
    x->sent.waits_until = LIM_NEVER;
    if (x->sent.in_flight > 0 || x->sent.ending != BENCH_END_DONE)
        return;
    for (unsigned g = 0; g < x->s->roster->groups && to[0] == '\0'; g++)
        if (x->left[g].amount[LIM_REQUESTS] > 0 &&
            bench_shutout_group(&x->shutout, g) == BENCH_GROUP_PARKED)
            bench_shutout_tell(&x->shutout, g, to, sizeof x->sent.waits_for);
    lim_time wakeup = lim_wakeup(x->pool);
    if (to[0] != '\0')
        x->sent.waits_until = x->again_at;
    if (to[0] != '\0' || wakeup == LIM_NEVER || wakeup - now < LIM_SEC)
        return;
    x->sent.waits_until = wakeup;
    for (unsigned g = 0; g < x->s->roster->groups && to[0] == '\0'; g++)
        if (x->left[g].amount[LIM_REQUESTS] > 0)
            bench_left_waits_for(&l, g, now, to, sizeof x->sent.waits_for);
    if (to[0] == '\0')
        snprintf(to, sizeof x->sent.waits_for, "the next try");
}

/* Nobody takes what is left: it is asked again in a minute, or over. */
static void wait_for_somebody(struct bench_sending *x, lim_time now)
{
    int64_t most = x->s->max_wait_ns;
    if (x->stuck_since == LIM_NEVER)
        x->stuck_since = now;
    if (x->again_at > now && x->again_at != LIM_NEVER)
        return;
    note_wait(x, now);
    if (most < 0 || now - x->stuck_since >= most) {
        bench_sending_end(x, BENCH_END_NOBODY);
        bench_sending_stop(x);
        return;
    }
    int64_t rest = most - (now - x->stuck_since);
    x->again_at = now + (rest < AGAIN_NS ? rest : AGAIN_NS);
    mock_loop_timer_set(x->s->loop, x->again_timer, x->again_at);
}

static void wait_for_limits(struct bench_sending *x, lim_time now)
{
    lim_time wakeup = x->poor ? LIM_NEVER : lim_wakeup(x->pool);
    mock_loop_timer_set(x->s->loop, x->wake_timer, wakeup);
    if (x->sent.in_flight > 0 || x->s->max_wait_ns < 0 || wakeup == LIM_NEVER ||
        wakeup - now <= x->s->max_wait_ns)
        return;
    note_wait(x, now);
    bench_sending_end(x, BENCH_END_TOO_LONG);
    bench_sending_stop(x);
}

/* Some requests are left whose organisations are all shut out. */
static bool is_stuck(const struct bench_sending *x)
{
    size_t done = x->done_before + x->sent.succeeded + x->sent.failed;
    return done < x->s->batch->count;
}

/* After each event: everything that can be done now is done. */
static void turn(struct bench_sending *x)
{
    if (x->over)
        return;
    do
        bench_sending_pump(x);
    while (bench_sending_reap(x));
    if (x->over)
        return;
    lim_time now = mock_loop_now(x->s->loop);
    struct lim_counts n = lim_pool_counts(x->pool);
    x->sent.waiting = n.waiting + n.backing_off;
    x->sent.in_flight = bench_transport_in_flight(x->transport);
    bool idle = x->sent.in_flight == 0;
    bool ending = x->sent.ending != BENCH_END_DONE;
    bool empty = x->sent.waiting == 0 && x->next == x->s->batch->count;
    if (idle && (ending || (empty && !is_stuck(x))))
        bench_sending_stop(x);
    else if (idle && empty)
        wait_for_somebody(x, now);
    else if (!ending)
        wait_for_limits(x, now);
}

static void on_wake(void *context)
{
    turn(context);
}

/* What waits for its connection is believed to be on its way. */
static void on_begun(void *context, const struct bench_transfer *t)
{
    struct bench_sending *x = context;
    lim_sent(x->pool, bench_sending_id(x, t->slot), t->sent);
}

static void on_time(void *context, uint32_t timer, lim_time now)
{
    (void)timer;
    (void)now;
    turn(context);
}

/*
 * Nobody was left, and perhaps somebody is now: a new pool, whose windows are
 * full.  Nothing has been sent for a minute.
 */
static void on_again(void *context, uint32_t timer, lim_time now)
{
    struct bench_sending *x = context;
    (void)timer;
    struct lim_pool *pool = bench_send_pool(x->s, now, x->diag);
    if (pool == NULL) {
        bench_sending_fail(x, LIM_ENOMEM);
        return;
    }
    lim_pool_free(x->pool);
    x->pool = pool;
    x->again_at = LIM_NEVER;
    x->next = 0;
    bench_shutout_forget(&x->shutout);
    turn(x);
}

static void on_pace(void *context, uint32_t timer, lim_time now)
{
    struct bench_sending *x = context;
    const struct bench_view view = { &x->sent, x->pool, &x->shutout, now,
                                     false };
    mock_loop_timer_wall(x->s->loop, timer, PACE_WALL_NS);
    x->sent.seconds = (double)(now - x->began) / (double)LIM_SEC;
    if (++x->paces % SYNC_PACES == 0)
        bench_replies_sync(x->s->replies);
    note_wait(x, now);
    enum bench_wish wish =
        x->s->tell != NULL ? x->s->tell(x->s->context, &view) : BENCH_GO_ON;
    if (wish == BENCH_CUT)
        bench_sending_end(x, BENCH_END_CUT);
    else if (wish == BENCH_STOP)
        bench_sending_end(x, BENCH_END_STOPPED);
    turn(x);
}

struct lim_pool *bench_send_pool(const struct bench_sender *s, lim_time start,
                                 struct lim_diag *diag)
{
    struct lim_config c = lim_config_default();
    sim_client_configure(s->client, &c);
    c.groups = s->roster->groups;
    c.organisations = s->roster->organisations;
    c.organisation_count = (unsigned)s->roster->count;
    c.requests_max = BENCH_AT_ONCE_MAX;
    c.tells_sent = true;
    c.seed = s->seed;
    c.start = start;
    return lim_pool_new(&c, diag);
}

static int out_of_memory(const struct bench_sending *x)
{
    return lim_fail(x->diag, LIM_ENOMEM, 0, "out of memory");
}

static int make_books(struct bench_sending *x)
{
    size_t count = x->s->batch->count;
    x->left = calloc(x->s->roster->groups, sizeof *x->left);
    x->marks = calloc(count, sizeof *x->marks);
    if (x->left == NULL || x->marks == NULL ||
        bench_shutout_init(&x->shutout, x->s->roster) != LIM_OK)
        return out_of_memory(x);
    for (size_t i = 0; i < count; i++) {
        int64_t most = bench_send_most(x->s->roster, x->s->batch, i);
        x->done_before += x->s->done[i];
        if (x->s->done[i])
            continue;
        bench_sending_note_left(x, i, true);
        x->dearest = most > x->dearest ? most : x->dearest;
    }
    return LIM_OK;
}

static int64_t timeout_wall_ns(double speed)
{
    double ns = (double)TIMEOUT_NS / speed;
    return ns < (double)TIMEOUT_WALL_NS ? TIMEOUT_WALL_NS : (int64_t)ns;
}

static int prepare(struct bench_sending *x)
{
    struct mock_loop *loop = x->s->loop;
    struct bench_transport_config config = {
        .loop = loop,
        .wake = on_wake,
        .begun = on_begun,
        .context = x,
        .timeout_ns = timeout_wall_ns(x->s->speed),
        .proxies = true,
        .cacert = x->s->cacert,
    };
    x->began = mock_loop_update(loop);
    x->stuck_since = x->again_at = LIM_NEVER;
    x->sent.spend_known = true;
    x->sent.waits_until = LIM_NEVER;
    x->transport = bench_transport_new(&config);
    x->wake_timer = mock_loop_timer_new(loop, on_time, x);
    x->pace_timer = mock_loop_timer_new(loop, on_pace, x);
    x->again_timer = mock_loop_timer_new(loop, on_again, x);
    if (x->transport == NULL || x->wake_timer == UINT32_MAX ||
        x->pace_timer == UINT32_MAX || x->again_timer == UINT32_MAX)
        return out_of_memory(x);
    int error = make_books(x);
    if (error != LIM_OK)
        return error;
    x->pool = bench_send_pool(x->s, x->began, x->diag);
    return x->pool != NULL ? LIM_OK : LIM_EINVAL;
}

static int run(struct bench_sending *x)
{
    struct mock_loop *loop = x->s->loop;
    mock_loop_timer_set(loop, x->wake_timer, mock_loop_now(loop));
    mock_loop_timer_wall(loop, x->pace_timer, PACE_WALL_NS);
    if (mock_loop_run(loop) != 0)
        return lim_fail(x->diag, LIM_ENOTFOUND, 0, "event loop: %s",
                        strerror(errno));
    lim_time now = mock_loop_now(loop);
    const struct bench_view view = { &x->sent, x->pool, &x->shutout, now,
                                     true };
    x->sent.seconds = (double)(now - x->began) / (double)LIM_SEC;
    x->sent.in_flight = bench_transport_in_flight(x->transport);
    if (x->error == LIM_OK && x->s->tell != NULL)
        x->s->tell(x->s->context, &view);
    return x->error;
}

int bench_send_batch(const struct bench_sender *s, struct bench_sent *out,
                     struct lim_diag *diag)
{
    struct bench_sending *x = calloc(1, sizeof *x);
    if (x == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    x->s = s;
    x->diag = diag;
    int error = prepare(x);
    if (error == LIM_OK)
        error = run(x);
    *out = x->sent;
    bench_transport_free(x->transport);
    lim_pool_free(x->pool);
    bench_shutout_fini(&x->shutout);
    bench_batch_line_fini(&x->line);
    free(x->left);
    free(x->marks);
    free(x);
    return error;
}
