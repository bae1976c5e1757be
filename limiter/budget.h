#ifndef LIM_BUDGET_H
#define LIM_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A retry budget bounds what retries add to the load when everything fails:
 * each first try puts `ratio` of a retry aside, each retry takes one, and at
 * most `reserve` are kept.  It begins with the reserve full.  Without it, k
 * retries at full failure are k + 1 times the load.  (Finagle's RetryBudget
 * and gRPC's retryThrottling are of this kind.)
 */
struct lim_budget {
    int64_t left, ratio, reserve; /* in thousandths of a retry */
};

/* `ratio` > 0, retries for each first try; `reserve` >= 1 retries. */
void lim_budget_init(struct lim_budget *b, double ratio, int64_t reserve);

/* A budget without an end. */
void lim_budget_init_none(struct lim_budget *b);

/* A first try goes out. */
void lim_budget_deposit(struct lim_budget *b);

/* Takes a retry; false: there is none. */
bool lim_budget_withdraw(struct lim_budget *b);

#endif
