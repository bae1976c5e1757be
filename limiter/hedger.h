#ifndef LIM_HEDGER_H
#define LIM_HEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/budget.h"
#include "limiter/pool.h"
#include "limiter/quantile.h"

/*
 * Whether and when a first try that has not been answered gets a second
 * attempt beside it.  Internal to the pool.
 */
struct lim_hedger {
    int64_t after_ns;             /* 0: by the quantile */
    struct lim_quantile *latency; /* owned; NULL: not needed */
    struct lim_budget budget;
};

/* From a configuration that lim_pool_new has checked and that hedges.  NULL:
   out of memory. */
struct lim_hedger *lim_hedger_new(const struct lim_hedging *config);
void lim_hedger_free(struct lim_hedger *h); /* NULL is allowed */

/* A first try goes out at `now`.  Returns when it is to be hedged; LIM_NEVER:
   not. */
lim_time lim_hedger_first(struct lim_hedger *h, lim_time now);

/* Tells whether the budget has one; takes it. */
bool lim_hedger_may(const struct lim_hedger *h);
void lim_hedger_take(struct lim_hedger *h);

/* An attempt succeeded after so long, or was given up after it. */
void lim_hedger_ended(struct lim_hedger *h, int64_t latency_ns);

#endif
