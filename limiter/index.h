#ifndef LIM_INDEX_H
#define LIM_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/member.h"
#include "limiter/meters.h"
#include "limiter/strategy.h"
#include "limiter/window.h"

/*
 * The organisations of one limit group that have equal limits, as a tree of
 * blocks of sixteen.  A block above holds, column by column, the smallest
 * values of the block below: what may admit a request or win for a strategy
 * is a bound for all under it, and the search opens only what could still
 * win; the last one is a single column, which bounds them all.  Readiness
 * depends on the request's cost, so no single key orders the organisations;
 * minima for each window do, whatever the cost.
 *
 * The leaves are the state: their values are the windows themselves, and a
 * bound is never later than the exact answer.
 */
struct lim_index;

/* What a request asks of an index. */
struct lim_query {
    const struct lim_cost *cost;
    uint64_t draw; /* beside `affinity`, both would be written as one, for which
                      samples wait */
    const struct lim_strategy *strategy;
    const void *state;  /* of the strategy */
    bool capped;        /* LIM_VALUE_OVER counts */
    lim_time month_end; /* when spend starts anew */
    uint64_t affinity;
    const struct lim_member *members; /* by organisation, to compare samples */
    lim_time now;
};

/* The best organisation so far, over several indexes of one group. */
struct lim_best {
    int64_t score;
    uint32_t organisation; /* UINT32_MAX: none yet */
    uint32_t leaf;
    struct lim_index *index;
};

/* Who may take a request first, likewise. */
struct lim_first {
    lim_time at;           /* when; LIM_NEVER: nobody may */
    lim_time next;         /* nobody else may before that */
    uint32_t organisation; /* who, if somebody may */
};

#define LIM_FIRST_NOBODY                                                       \
    ((struct lim_first){ LIM_NEVER, LIM_NEVER, UINT32_MAX })

/*
 * Makes an index of `count` organisations whose numbers, rising, are `list`,
 * out of `all` in the pool; their windows are full at `now`.  `rates` has
 * LIM_WINDOWS entries.  NULL: out of memory.
 */
struct lim_index *lim_index_new(const struct lim_rate *rates, int64_t spend_max,
                                const uint32_t *list, uint32_t count,
                                uint32_t all, lim_time now);
void lim_index_free(struct lim_index *x); /* NULL is allowed */

/*
 * Has the windows count by another discipline than the bucket, from `now` on,
 * when nothing has been taken: see limiter/meters.h.  The rows stay buckets,
 * for the scores; who may take a request is then asked of leaf after leaf, so
 * that it takes O(organisations) to find that none may.  LIM_OK or LIM_ENOMEM.
 */
int lim_index_meter(struct lim_index *x, enum lim_discipline discipline,
                    int64_t quantum_ns, lim_time now);

/* Has it know when all of it may take a request, for who compares samples
   (lim_all_may), when nothing has been taken: that costs a little each time. */
void lim_index_watch(struct lim_index *x);

/* Has it say there when something has changed of what tells who may take a
   request: until then it is only time. */
void lim_index_tell(struct lim_index *x, bool *changed);

/* The windows that are not buckets; NULL: all are, or there are none. */
struct lim_meters *lim_index_meters(const struct lim_index *x);

const struct lim_rate *lim_index_rate(const struct lim_index *x,
                                      enum lim_limit window);
int64_t lim_index_spend_max(const struct lim_index *x);

/* Returns how many organisations there are in the pool. */
uint32_t lim_index_all(const struct lim_index *x);

/*
 * An organisation comes or goes, because its limits turned out to be others.
 * lim_index_add gives it full windows at `now` and returns its leaf, or
 * LIM_NO_LEAF when memory is short; leaves keep their numbers.
 */
#define LIM_NO_LEAF UINT32_MAX

uint32_t lim_index_add(struct lim_index *x, uint32_t organisation,
                       lim_time now);
void lim_index_remove(struct lim_index *x, uint32_t leaf);

/* Returns how many organisations there are in it. */
uint32_t lim_index_count(const struct lim_index *x);

/* Tells whether no rate limit is known. */
bool lim_index_blind(const struct lim_index *x);

/* A leaf's values, and one of its windows. */
int64_t lim_index_get(const struct lim_index *x, uint32_t leaf,
                      enum lim_value value);
void lim_index_set(struct lim_index *x, uint32_t leaf, enum lim_value value,
                   int64_t to);

struct lim_window lim_index_window(const struct lim_index *x, uint32_t leaf,
                                   enum lim_limit window);
/* A fraction that the rate never has is rounded up. */
void lim_index_set_window(struct lim_index *x, uint32_t leaf,
                          enum lim_limit window, struct lim_window to);

/* Takes the cost, which is that of the last request asked for, from every
   window of a leaf at `now`. */
void lim_index_take(struct lim_index *x, uint32_t leaf,
                    const struct lim_cost *cost, lim_time now);

/* Tells whether an organisation with these limits could ever take `cost`. */
bool lim_index_fits(const struct lim_index *x, const struct lim_cost *cost);

/* Improves `best` by the organisations that may take the request now. */
void lim_index_find(struct lim_index *x, const struct lim_query *q,
                    struct lim_best *best);

/* Improves `first` by those who may take it one day, or now. */
void lim_index_earliest(struct lim_index *x, const struct lim_query *q,
                        struct lim_first *first);

/* Both at once, of one that is a block: chooses who takes the request now, and
   returns true; where the index is mixed, `best` is of the part, which has been
   asked.  Or improves `first`. */
bool lim_index_choose(struct lim_index *x, const struct lim_query *q,
                      struct lim_best *best, struct lim_first *first);

/* Returns the organisation that the strategy proposes for the request that
   lim_index_ask has put before the index (limiter/leaf.h). */
uint32_t lim_index_propose(struct lim_index *x, const struct lim_query *q);

/* Returns when this one may take it, exactly; LIM_NEVER. */
lim_time lim_index_ready(struct lim_index *x, uint32_t leaf,
                         const struct lim_query *q);

#endif
