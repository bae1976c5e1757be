#ifndef LIM_BUDGET_H
#define LIM_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A retry budget bounds what retries add to the load when everything fails:
 * each first try puts `ratio` of a retry aside, each retry takes one, and at
 * most `reserve` are kept.  It begins with the reserve full.  Over any stretch
 *
 *     retries <= ratio x first tries + reserve
 *
 * With 0.2 and 10, 100 first tries that all fail are at most 130 attempts;
 * without it, k retries are k + 1 times the load.  (Of this kind are
 * Finagle's RetryBudget, which also forgets deposits after 10 s, and gRPC's
 * retryThrottling, where successes deposit.)
 *
 * Pitfall: once spent, it comes back with first tries alone.  A client that
 * sends few must live on the reserve.
 */
struct lim_budget {
    int64_t left, ratio, reserve; /* private; in thousandths of a retry */
};

#define LIM_BUDGET_RESERVE_MAX INT64_C(1000000000000)

/*
 * `ratio` > 0, retries for each first try, is rounded to thousandths, at least
 * one; above 1000 is as 1000.  `reserve` is 1 to LIM_BUDGET_RESERVE_MAX
 * retries.
 */
void lim_budget_init(struct lim_budget *b, double ratio, int64_t reserve);

/* A budget without an end. */
void lim_budget_init_none(struct lim_budget *b);

/* A first try goes out. */
void lim_budget_deposit(struct lim_budget *b);

/* Takes a retry; false: there is none. */
bool lim_budget_withdraw(struct lim_budget *b);

#endif
