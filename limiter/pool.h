#ifndef LIM_POOL_H
#define LIM_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/backoff.h"
#include "limiter/breaker.h"
#include "limiter/cap.h"
#include "limiter/error.h"
#include "limiter/feedback.h"
#include "limiter/limits.h"
#include "limiter/meter.h"
#include "limiter/queue.h"
#include "limiter/strategy.h"
#include "limiter/time.h"

/*
 * The pool decides which waiting request goes to which organisation, and
 * when.  It does no I/O and reads no clock: events go in with the time at
 * which they happened, actions come out, and lim_wakeup says when to ask
 * again.
 *
 *     lim_submit(pool, &request, now, &id);
 *     while (lim_next(pool, now, &action))
 *         ... send action.id to action.organisation, or give it up ...
 *     ... sleep until lim_wakeup(pool), or until an answer comes ...
 *     lim_complete(pool, id, &outcome, now);
 *
 * Every request is in exactly one state:
 *     waiting      in the queue of its limit group: since lim_submit, or since
 *                  its back-off is over
 *     in flight    lim_next said LIM_SEND, lim_complete has not come
 *     backing off  lim_complete said LIM_FATE_RETRY, the next attempt may not
 *                  start yet
 *     done         lim_complete said that it succeeded or failed, lim_next
 *                  LIM_GIVE_UP, or lim_cancel true; its id is void
 * One that lim_submit did not accept was never there.
 *
 * The pool owns what it keeps, and what it is shown is the caller's: nothing
 * that is passed by pointer is kept after the call, but for the constant
 * tables in a configuration (strategy, cap, back-off, queue discipline), which
 * outlive the pool.
 *
 * A pool belongs to one thread at a time; limiter/blocking.h is a face for
 * many.  Memory is taken in lim_pool_new alone, except that limits which are
 * learned take some when they are new to their group.  A `now` that is before
 * the last one counts as that.
 */
struct lim_pool;

typedef uint64_t lim_id;

/*
 * A hedge is a second attempt of a request that is in flight, charged like any
 * other.  It has an id of its own, good for lim_sent, lim_observe and
 * lim_complete: the request's, which lim_hedged tells, with one bit more.
 */
#define LIM_HEDGE (UINT64_C(1) << 31)

static inline bool lim_is_hedge(lim_id id)
{
    return (id & LIM_HEDGE) != 0;
}

static inline lim_id lim_hedged(lim_id id)
{
    return id & ~LIM_HEDGE;
}

#define LIM_ORGANISATIONS_MAX 65536
#define LIM_GROUPS_MAX 256
#define LIM_REQUESTS_MAX (1 << 24)
#define LIM_TENANTS_MAX 4096

/* What the pool believes of the provider's limits. */
enum lim_belief {
    LIM_BELIEF_KNOWN,   /* the limits of the configuration */
    LIM_BELIEF_LEARNED, /* nothing at first, then what answers show */
    LIM_BELIEF_NONE     /* none: send, and see */
};

/* What follows on a failed attempt. */
struct lim_retry {
    unsigned max; /* retries after the first try */
    const struct lim_backoff *backoff;
    int64_t base_ns, cap_ns;
    double budget; /* retries for each first try; 0: no budget */
    int64_t budget_reserve;
};

/*
 * Hedging: a request whose first try has not been answered for some time is
 * sent once more, to another organisation where one takes it at that moment,
 * and never waits for it.  The first success wins; the other attempt is
 * abandoned, and its charge stays.  What has failed is retried, not hedged.
 * Source: J. Dean, L. A. Barroso, "The Tail at Scale", 2013.  Pitfall: a hedge
 * takes tokens that somebody else waits for: where the limits bind, it moves
 * the tail from the service to the queue.
 */
struct lim_hedging {
    int64_t after_ns; /* since it was sent; 0: after the */
    double quantile;  /* (0, 1), of the latencies seen so far, once 20 are */
    double budget;    /* hedges for each first try, (0, 1]; 0: no hedging */
};

/* Who waits and for how long: see limiter/queue.h. */
struct lim_queueing {
    const struct lim_queue *discipline;
    int64_t max;      /* that wait; LIM_UNLIMITED */
    bool shed_last;   /* when full: the last in rank; else the newest */
    int64_t quantum;  /* fair: tokens a turn */
    int64_t aging_ns; /* 0: the discipline's default */
};

/* An organisation is what limits belong to.  The pool copies all of it. */
struct lim_organisation {
    const char *name;
    unsigned keys;                   /* credentials, used in turn; >= 1 */
    const struct lim_limits *limits; /* one for each limit group */
    const bool *serves;              /* one for each group; NULL: all */
    int64_t spend_max;               /* micro-dollars a calendar month */
    int64_t spent;                   /* of it, at the start */
    double weight;                   /* for strategies; 0 is 1 */
    int priority;                    /* likewise: 0 first */
    double price;                    /* factor on its prices; 0 is 1 */
};

struct lim_config {
    unsigned groups; /* limit groups, >= 1 */
    const struct lim_organisation *organisations;
    unsigned organisation_count;
    const struct lim_strategy *strategy;
    enum lim_belief belief;
    enum lim_discipline discipline; /* by which windows are believed to count */
    int64_t quantum_ns;             /* of quantised minutes, 1 to LIM_MIN */
    double burst;     /* share of the limit, where the discipline has one; if
                     limits are learned, until an answer shows another */
    int64_t cap_pool; /* most in flight */
    int64_t cap_organisation;
    const struct lim_cap *cap; /* adaptive; NULL: none */
    struct lim_cap_options cap_options;
    bool cap_whole;   /* one for the pool, not for each organisation */
    unsigned tenants; /* >= 1 */
    struct lim_queueing queue;
    struct lim_retry retry;
    struct lim_hedging hedge;
    struct lim_breaker_config breaker;
    unsigned requests_max; /* not done at a time */
    bool settle;           /* real use is settled */
    bool tells_sent;       /* lim_sent is called */
    uint64_t seed;
    lim_time start;
};

/*
 * The defaults: one group, no organisation, headroom, known limits, buckets
 * (slices of a second) with full burst, no caps, one tenant, first come first
 * served, 6 retries with full jitter from 500 ms to 8 s, no budget, no hedging
 * and no breaker, 4096 requests, seed 1.
 */
struct lim_config lim_config_default(void);

struct lim_request {
    unsigned group;       /* limit group */
    struct lim_cost cost; /* estimate, charged at admission */
    lim_time deadline;    /* given up if not sent before; LIM_NEVER */
    uint64_t number;      /* keys the random draws; any, best unique */
    unsigned tenant;      /* 0 to tenants - 1 */
    int priority;         /* 0 to LIM_PRIORITIES - 1, higher first */
    uint64_t affinity;    /* of requests that share a prompt; 0: none */
};

enum lim_decision { /* positive answers of lim_submit */
                    LIM_ACCEPTED = 1,
                    LIM_REFUSED, /* could never be sent: see lim_refusal */
                    LIM_SHED     /* too many wait */
};

/* Why a request can never be sent. */
struct lim_refusal {
    enum lim_limit limit; /* the limit that no organisation meets */
    int64_t asked;
    int64_t largest; /* that some organisation would take; -1:
                                   no organisation serves the group */
};

enum lim_action_kind { LIM_SEND, LIM_GIVE_UP };

enum lim_reason { /* of LIM_GIVE_UP and of a failed attempt */
                  LIM_REASON_NONE,
                  LIM_REASON_DEADLINE, /* it passed while the request waited */
                  LIM_REASON_RETRIES,  /* no retries left */
                  LIM_REASON_FATAL,    /* an answer that no retry mends */
                  LIM_REASON_NOWHERE, /* every organisation that could is out */
                  LIM_REASON_SHED,    /* it was last, and too many wait */
                  LIM_REASON_BUDGET   /* the retry budget is spent */
};

struct lim_action {
    enum lim_action_kind kind;
    lim_id id;
    uint32_t organisation;  /* LIM_SEND: its place in the configuration */
    unsigned key;           /* LIM_SEND: 0 to keys - 1 */
    unsigned attempt;       /* 0 for the first, then in turn */
    bool hedge;             /* LIM_SEND: another one is on its way */
    enum lim_reason reason; /* LIM_GIVE_UP */
};

/*
 * Makes a pool.  Returns NULL and fills `diag` (NULL is allowed) when the
 * configuration is out of range or memory is short.
 */
struct lim_pool *lim_pool_new(const struct lim_config *config,
                              struct lim_diag *diag);

/* Frees a pool; NULL is allowed. */
void lim_pool_free(struct lim_pool *p);

/*
 * Takes a request.  Returns LIM_ACCEPTED and tells its id; LIM_REFUSED when
 * it can never be sent, with the reason in `refusal` (NULL is allowed);
 * LIM_SHED, counted as refused, when the queue is full;
 * LIM_EFULL when requests_max are not done; LIM_EINVAL for a group, tenant or
 * priority that there is not, or a cost below 0 or above LIM_LIMIT_MAX.
 */
int lim_submit(struct lim_pool *p, const struct lim_request *r, lim_time now,
               lim_id *id, struct lim_refusal *refusal);

/*
 * Tells the next thing to do at `now`; false: nothing.  After LIM_SEND the
 * request is in flight; after LIM_GIVE_UP it is done and its id void.
 */
bool lim_next(struct lim_pool *p, lim_time now, struct lim_action *out);

/* Returns when lim_next may say something again; LIM_NEVER: not by itself. */
lim_time lim_wakeup(const struct lim_pool *p);

/*
 * The request left only at `now`, since its connection had to be made first:
 * the provider's windows were fuller until then than if it had left when
 * lim_next said so, and what follows may not come earlier for it.  Once for
 * each LIM_SEND, if the configuration says so (`tells_sent`); with it answers
 * are dated by that time.  An id that is not in flight is passed over.
 */
void lim_sent(struct lim_pool *p, lim_id id, lim_time now);

/*
 * The head of an answer has come, before its end: what it shows of the
 * limits corrects the belief.  Optional; lim_complete reads it as well.  An id
 * that is not in flight is passed over.
 */
void lim_observe(struct lim_pool *p, lim_id id, const struct lim_feedback *f,
                 lim_time now);

/*
 * An organisation has other limits now, after a tier upgrade for instance:
 * what was used of each window stays used, and nobody waits for a lower limit.
 * For limits that are known, which answers correct in their level alone.
 * Returns LIM_OK; LIM_EINVAL for an organisation, a group or a limit that
 * there is not, or where limits are not known; LIM_ENOMEM, and nothing has
 * changed.
 */
int lim_change_limits(struct lim_pool *p, uint32_t organisation, unsigned group,
                      const struct lim_limits *limits, lim_time now);

/* What became of a request whose attempt ended. */
enum lim_fate {
    LIM_FATE_SUCCEEDED,
    LIM_FATE_FAILED,
    LIM_FATE_RETRY,
    /* Where the pool hedges: */
    LIM_FATE_WON,  /* it succeeded, and its other attempt is not wanted any
                      more: that is to be broken off, and not told of */
    LIM_FATE_OTHER /* this attempt failed, and the other one decides */
};

/*
 * An attempt ended, which must be in flight.  Returns the fate of its request:
 * only after LIM_FATE_RETRY its id stays good, and lim_next will send it
 * again, or give it up; after LIM_FATE_OTHER it is in flight still.  `reason`
 * (NULL is allowed) says why it failed.
 */
enum lim_fate lim_complete(struct lim_pool *p, lim_id id,
                           const struct lim_outcome *o, lim_time now,
                           enum lim_reason *reason);

/* Takes a request back that is not in flight; false if there is none such. */
bool lim_cancel(struct lim_pool *p, lim_id id);

/* Returns what a request costs, which the pool keeps until it is done; NULL:
   there is none of that id. */
const struct lim_cost *lim_cost_of(const struct lim_pool *p, lim_id id);

/* Says that an answer to the request is the next to come: what is kept of it
   is fetched into the cache.  Nothing else happens, whatever the id. */
void lim_foresee(const struct lim_pool *p, lim_id id);

/* How many requests are, or ended, in each state. */
struct lim_counts {
    uint64_t submitted;
    uint64_t waiting, in_flight, backing_off;
    uint64_t succeeded, failed, expired, refused, cancelled;
    uint64_t hedging; /* of those in flight, with two attempts */
    uint64_t hedges;  /* sent so far */
};

struct lim_counts lim_pool_counts(const struct lim_pool *p);

/* The belief about one window, for reports. */
struct lim_window_belief {
    int64_t limit; /* LIM_UNLIMITED: none */
    int64_t remaining;
};

struct lim_window_belief lim_pool_belief(const struct lim_pool *p,
                                         uint32_t organisation, unsigned group,
                                         enum lim_limit limit, lim_time now);

#endif
