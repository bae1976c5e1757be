#ifndef LIM_BLOCKING_H
#define LIM_BLOCKING_H

#include "limiter/pool.h"

/*
 * The pool for plain threaded programs: a thread asks, waits until its
 * request may go, sends it itself, and says how it ended.
 *
 *     lim_blocking_acquire(b, &request, &grant);
 *     ... send to grant.organisation with grant.key ...
 *     lim_blocking_release(b, &grant, &outcome);
 *
 * A request is waiting while its thread is in lim_blocking_acquire, in flight
 * while the thread holds the grant, backing off and waiting again while it is
 * in lim_blocking_release.  A grant is a value of the caller's, good from
 * LIM_OK or LIM_BLOCKING_RETRY to the next lim_blocking_release, which must
 * come: a grant that is never released is in flight for ever.  Any thread may
 * release it, one.  The face owns its pool; requests and outcomes are read
 * during the call alone.
 *
 * Safe for any number of threads.  It reads CLOCK_MONOTONIC, moved once, at
 * the start, to the epoch.  This is the one part of the limiter that is not
 * pure: it locks, reads a clock and sleeps.  It allocates nothing beyond its
 * pool.
 */
struct lim_blocking;

/* Leave to send. */
struct lim_grant {
    lim_id id;
    uint32_t organisation;
    unsigned key;
    unsigned attempt;
};

/*
 * Makes the face of a pool of `config` (its `start` is replaced by the
 * clock).  NULL and `diag` as lim_pool_new; it does not hedge, for a thread
 * sends one request at a time.
 */
struct lim_blocking *lim_blocking_new(const struct lim_config *config,
                                      struct lim_diag *diag);

/* No thread may be inside; NULL is allowed. */
void lim_blocking_free(struct lim_blocking *b);

/* Answers of lim_blocking_acquire and _release beside LIM_OK. */
enum lim_blocking_answer {
    LIM_BLOCKING_REFUSED = 1, /* could never be sent */
    LIM_BLOCKING_GAVE_UP,     /* deadline passed, nowhere to go, or too many
                                 wait */
    LIM_BLOCKING_RETRY,       /* release: the grant is good again, send */
    LIM_BLOCKING_FAILED       /* release: the request failed for good */
};

/*
 * Waits until the request may be sent.  Returns LIM_OK and the grant,
 * LIM_BLOCKING_REFUSED, LIM_BLOCKING_GAVE_UP, or a lim_submit error.
 * `deadline` of the request is a duration from now here, LIM_NEVER for none.
 */
int lim_blocking_acquire(struct lim_blocking *b, const struct lim_request *r,
                         struct lim_grant *grant);

/*
 * Says how the attempt ended; NULL stands for a success of unknown usage.
 * Returns LIM_OK when it succeeded; LIM_BLOCKING_FAILED; or, when it is to
 * be tried again, waits for that and returns LIM_BLOCKING_RETRY with a new
 * grant (or LIM_BLOCKING_GAVE_UP).
 */
int lim_blocking_release(struct lim_blocking *b, struct lim_grant *grant,
                         const struct lim_outcome *o);

/* The counts of the pool underneath. */
struct lim_counts lim_blocking_counts(struct lim_blocking *b);

#endif
