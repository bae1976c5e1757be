/*
 * One lock around the pool.  Whoever holds it asks lim_next until it says
 * nothing, and wakes the owner of each answer by that thread's own condition
 * variable.  A thread in here is either
 *
 *     inside the lock    working on the pool
 *     asleep             linked in `newest` and in its bucket, !done
 *     woken              unlinked, done, on its way to the lock
 *
 * At most one sleeper, the keeper, sleeps by the clock: until `keeper_until`,
 * which is never later than lim_wakeup.  All others sleep until signalled.
 * The newest sleeper is made keeper, since it is likely to stay the longest.
 * Nothing is allocated: a sleeper's node is on its thread's stack.
 */

#define _GNU_SOURCE /* a lock that spins */

#include "limiter/blocking.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "limiter/rng.h"

#define BUCKETS_MAX 4096

struct sleeper {
    lim_id id;
    bool done;
    struct lim_action action; /* the answer, when done */
    pthread_cond_t wake;
    struct sleeper *newer, *older;
    struct sleeper *next; /* in its bucket */
};

struct lim_blocking {
    pthread_mutex_t lock;
    pthread_condattr_t monotonic;
    struct lim_pool *pool;
    lim_time offset; /* the epoch minus CLOCK_MONOTONIC's */
    struct sleeper *newest;
    struct sleeper *keeper; /* a sleeper, or NULL */
    lim_time keeper_until;
    uint64_t mask;             /* buckets - 1 */
    struct sleeper *buckets[]; /* sleepers, by id */
};

static lim_time read_clock(clockid_t clock)
{
    struct timespec t;
    int failed = clock_gettime(clock, &t);
    assert(!failed);
    (void)failed;
    return t.tv_sec * LIM_SEC + t.tv_nsec;
}

static lim_time now_of(const struct lim_blocking *b)
{
    return read_clock(CLOCK_MONOTONIC) + b->offset;
}

static void lock(struct lim_blocking *b)
{
    int failed = pthread_mutex_lock(&b->lock);
    assert(!failed);
    (void)failed;
}

static void unlock(struct lim_blocking *b)
{
    int failed = pthread_mutex_unlock(&b->lock);
    assert(!failed);
    (void)failed;
}

static uint64_t bucket_count(unsigned requests_max)
{
    uint64_t n = 1;
    while (n < requests_max && n < BUCKETS_MAX)
        n *= 2;
    return n;
}

/* It is held for less time than it takes to fall asleep: where there are such
   locks, a thread tries again for a while before it does. */
static bool make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t a;
    if (pthread_mutexattr_init(&a) != 0)
        return false;
#ifdef __GLIBC__
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
    bool made = pthread_mutex_init(lock, &a) == 0;
    pthread_mutexattr_destroy(&a);
    return made;
}

static bool make_locks(struct lim_blocking *b)
{
    if (pthread_condattr_init(&b->monotonic) != 0)
        return false;
    if (pthread_condattr_setclock(&b->monotonic, CLOCK_MONOTONIC) == 0 &&
        make_lock(&b->lock))
        return true;
    pthread_condattr_destroy(&b->monotonic);
    return false;
}

struct lim_blocking *lim_blocking_new(const struct lim_config *config,
                                      struct lim_diag *diag)
{
    uint64_t n = bucket_count(config->requests_max);
    if (config->hedge.budget != 0) {
        lim_fail(diag, LIM_EINVAL, 0, "threads that block cannot hedge");
        return NULL;
    }
    struct lim_blocking *b =
        calloc(1, sizeof *b + n * sizeof(struct sleeper *));
    if (b == NULL)
        goto no_memory;
    b->mask = n - 1;
    b->offset = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
    if (!make_locks(b))
        goto free_face;
    struct lim_config c = *config;
    c.start = now_of(b);
    b->pool = lim_pool_new(&c, diag);
    if (b->pool != NULL)
        return b;
    lim_blocking_free(b);
    return NULL;
free_face:
    free(b);
no_memory:
    lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
    return NULL;
}

void lim_blocking_free(struct lim_blocking *b)
{
    if (b == NULL)
        return;
    assert(b->newest == NULL);
    lim_pool_free(b->pool);
    pthread_mutex_destroy(&b->lock);
    pthread_condattr_destroy(&b->monotonic);
    free(b);
}

static struct sleeper **bucket_of(struct lim_blocking *b, lim_id id)
{
    return &b->buckets[lim_rng_mix(id) & b->mask];
}

static void link_in(struct lim_blocking *b, struct sleeper *s)
{
    struct sleeper **bucket = bucket_of(b, s->id);
    s->next = *bucket;
    *bucket = s;
    s->newer = NULL;
    s->older = b->newest;
    if (s->older != NULL)
        s->older->newer = s;
    b->newest = s;
}

/* Unlinks the sleeper of a request.  There is one: its thread is in here. */
static struct sleeper *take_out(struct lim_blocking *b, lim_id id)
{
    struct sleeper **at = bucket_of(b, id);
    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next;
    struct sleeper *s = *at;
    assert(s != NULL);
    *at = s->next;
    if (s->older != NULL)
        s->older->newer = s->newer;
    if (s->newer != NULL)
        s->newer->older = s->older;
    else
        b->newest = s->older;
    if (b->keeper == s)
        b->keeper = NULL;
    return s;
}

/* Sees to it that somebody sleeps no longer than until lim_wakeup. */
static void appoint(struct lim_blocking *b, lim_time now)
{
    if (b->newest == NULL)
        return;
    lim_time until = lim_wakeup(b->pool);
    if (b->keeper != NULL) {
        if (b->keeper_until > now && b->keeper_until <= until)
            return;
    } else if (until == LIM_NEVER) {
        return;
    } else {
        b->keeper = b->newest;
    }
    b->keeper_until = until;
    pthread_cond_signal(&b->keeper->wake);
}

/*
 * Does what is to be done now.  The answer to `own`, whose thread is this
 * one and not linked in, goes to `action`; returns whether there was one.
 */
static bool pump(struct lim_blocking *b, lim_time now, const lim_id *own,
                 struct lim_action *action)
{
    struct lim_action a;
    bool answered = false;
    while (lim_next(b->pool, now, &a)) {
        if (own != NULL && a.id == *own) {
            *action = a;
            answered = true;
            continue;
        }
        struct sleeper *s = take_out(b, a.id);
        s->action = a;
        s->done = true;
        pthread_cond_signal(&s->wake);
    }
    appoint(b, now);
    return answered;
}

static void sleep_once(struct lim_blocking *b, struct sleeper *s)
{
    if (b->keeper != s || b->keeper_until == LIM_NEVER) {
        pthread_cond_wait(&s->wake, &b->lock);
        return;
    }
    lim_time at = b->keeper_until - b->offset;
    if (at < 0)
        at = 0;
    const struct timespec t = { .tv_sec = at / LIM_SEC,
                                .tv_nsec = at % LIM_SEC };
    pthread_cond_timedwait(&s->wake, &b->lock, &t);
    if (b->keeper == s)
        pump(b, now_of(b), NULL, NULL);
}

/*
 * Sleeps until the pool has an answer for `id`.  A cancelled thread would
 * leave its node behind: cancellation waits until it is out.
 */
static void sleep_for(struct lim_blocking *b, lim_id id, lim_time now,
                      struct lim_action *action)
{
    struct sleeper s = { .id = id };
    int cancel;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    pthread_cond_init(&s.wake, &b->monotonic);
    link_in(b, &s);
    appoint(b, now);
    while (!s.done)
        sleep_once(b, &s);
    pthread_cond_destroy(&s.wake);
    pthread_setcancelstate(cancel, NULL);
    *action = s.action;
}

/* Waits for the answer to a request, then lets go of the lock. */
static int answer(struct lim_blocking *b, lim_id id, lim_time now, int sent,
                  struct lim_grant *grant)
{
    struct lim_action a;
    if (!pump(b, now, &id, &a))
        sleep_for(b, id, now, &a);
    unlock(b);
    if (a.kind == LIM_GIVE_UP)
        return LIM_BLOCKING_GAVE_UP;
    *grant = (struct lim_grant){ .id = a.id,
                                 .organisation = a.organisation,
                                 .key = a.key,
                                 .attempt = a.attempt };
    return sent;
}

int lim_blocking_acquire(struct lim_blocking *b, const struct lim_request *r,
                         struct lim_grant *grant)
{
    lim_time now = now_of(b);
    struct lim_request absolute = *r;
    absolute.deadline =
        r->deadline < LIM_NEVER - now ? now + r->deadline : LIM_NEVER;
    lim_id id;
    lock(b);
    int rc = lim_submit(b->pool, &absolute, now, &id, NULL);
    if (rc == LIM_ACCEPTED)
        return answer(b, id, now, LIM_OK, grant);
    unlock(b);
    if (rc == LIM_SHED)
        return LIM_BLOCKING_GAVE_UP;
    return rc == LIM_REFUSED ? LIM_BLOCKING_REFUSED : rc;
}

static struct lim_outcome success(void)
{
    return (struct lim_outcome){ .class = LIM_CLASS_OK,
                                 .status = 200,
                                 .feedback = lim_feedback_none() };
}

int lim_blocking_release(struct lim_blocking *b, struct lim_grant *grant,
                         const struct lim_outcome *o)
{
    const struct lim_outcome plain = success();
    lim_time now = now_of(b);
    lock(b);
    enum lim_fate fate =
        lim_complete(b->pool, grant->id, o != NULL ? o : &plain, now, NULL);
    if (fate == LIM_FATE_RETRY)
        return answer(b, grant->id, now, LIM_BLOCKING_RETRY, grant);
    if (b->newest != NULL)
        pump(b, now, NULL, NULL);
    unlock(b);
    return fate == LIM_FATE_SUCCEEDED ? LIM_OK : LIM_BLOCKING_FAILED;
}

struct lim_counts lim_blocking_counts(struct lim_blocking *b)
{
    lock(b);
    struct lim_counts counts = lim_pool_counts(b->pool);
    unlock(b);
    return counts;
}
