#include "limiter/budget.h"

#include <assert.h>

#define RETRY 1000 /* thousandths */
#define RATIO_MAX 1000

void lim_budget_init(struct lim_budget *b, double ratio, int64_t reserve)
{
    assert(ratio > 0);
    assert(reserve >= 1 && reserve <= LIM_BUDGET_RESERVE_MAX);
    double share = (ratio < RATIO_MAX ? ratio : RATIO_MAX) * RETRY + 0.5;
    b->ratio = share < 1 ? 1 : (int64_t)share;
    b->reserve = reserve * RETRY;
    b->left = b->reserve;
}

/* No reserve is the mark of it: one with an end keeps at least a retry. */
void lim_budget_init_none(struct lim_budget *b)
{
    *b = (struct lim_budget){ .reserve = 0 };
}

void lim_budget_deposit(struct lim_budget *b)
{
    b->left += b->ratio;
    if (b->left > b->reserve)
        b->left = b->reserve;
}

bool lim_budget_withdraw(struct lim_budget *b)
{
    if (b->reserve == 0)
        return true;
    if (b->left < RETRY)
        return false;
    b->left -= RETRY;
    return true;
}
