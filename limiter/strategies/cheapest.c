/*
 * cheapest: the lowest price factor; all organisations are billed for the
 * same tokens, so the factor orders what the request costs.  Who has spent
 * more of its month's budget than has passed of the month counts as dearer,
 * by up to twice, so that no budget is gone early.
 *
 * Eligible: as the pool says.  Key: the price factor in 1/1024, to 1024; the
 * score multiplies it by 1 + what the spend is ahead, in 64ths, and adds
 * headroom's score below that.  Tie: most headroom, then the lower
 * organisation.  Nobody eligible: the pool waits for the first that will be.
 *
 * Source: cost-based routing (litellm), pacing as in budgeted auctions.
 * Pitfall: the cheapest is filled to the brim before the next is asked, as
 * with fill_first, and without pacing its budget is gone before the month is.
 */

#include "limiter/strategies/strategies.h"

#define PRICE_ONE 1024.0
#define PRICE_MAX 1048576.0
#define PACE INT64_C(64)
#define PRICE_BITS 27 /* of 2^20 x 2 x 64 */
#define HEADROOM_BITS 58

/* What part of the month has passed, in 1/PACE, rounded down. */
static int64_t month_passed(lim_time now)
{
    lim_time first = lim_month_start(now);
    return (now - first) / ((lim_month_end(now) - first) / PACE);
}

/* What part of the budget is spent after the request, likewise. */
static int64_t budget_spent(const struct lim_view *v, int64_t most,
                            int64_t spent)
{
    spent += v->cost->amount[LIM_MONEY];
    if (spent >= most)
        return PACE;
    return spent <= 0 ? 0 : spent / (most / PACE + 1);
}

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *price = lim_view_row(v, LIM_VALUE_KEY);
    const int64_t *spent = lim_view_row(v, LIM_VALUE_SPENT);
    int64_t passed = -1; /* not known yet */
    lim_strategy_headroom.score(state, v, out);
    for (unsigned i = 0; i < v->columns; i++) {
        int64_t most = lim_view_spend_max(v, i), ahead = 0;
        if (most != LIM_UNLIMITED) {
            passed = passed < 0 ? month_passed(v->now) : passed;
            ahead = budget_spent(v, most, spent[i]) - passed;
        }
        int64_t cost = price[i] * (PACE + (ahead > 0 ? ahead : 0));
        out[i] =
            (cost << (HEADROOM_BITS - PRICE_BITS)) + (out[i] >> PRICE_BITS);
    }
}

static int64_t start(void *state, const struct lim_event *e)
{
    double price = e->price * PRICE_ONE + 0.5;
    (void)state;
    if (!(price > 1))
        return 1;
    return (int64_t)(price < PRICE_MAX ? price : PRICE_MAX);
}

const struct lim_strategy lim_strategy_cheapest = {
    .name = "cheapest",
    .summary = "lowest price, budgets paced over the month, then headroom",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads = 1u << LIM_VALUE_SPENT,
    .reads_blind = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
    .start = start,
};
