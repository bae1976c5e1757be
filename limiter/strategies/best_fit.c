/*
 * best_fit: the organisation in which the fewest further requests like this
 * one would fit.  What is left over is counted in such requests, in the
 * window that allows the fewest: so tokens and requests, small tiers and
 * large ones compare, and large holes stay for large prompts.
 *
 * Eligible: as the pool says.  Key: least left over / cost over the windows,
 * in 1/2^15; where no limit is known it is most in flight.  Tie: the lower
 * organisation.  Nobody eligible: the pool waits for the first that will be.
 *
 * Source: best fit in vector packing.  Pitfalls: it empties one organisation
 * while others are full and so lose what would flow in; and what is left over
 * falls as a window fills, so minima bound nothing: all who may are looked
 * at.
 */

#include "limiter/strategies/strategies.h"

#define FIT_BITS 15 /* a day in ns is below 2^47 */

static int64_t at_least(int64_t x, int64_t least)
{
    return x > least ? x : least;
}

static int64_t fit(const struct lim_view *v, unsigned i)
{
    int64_t least = LIM_SCORE_MOST;
    bool any = false;
    for (const unsigned *k = v->windows; *k != LIM_WINDOWS; k++) {
        unsigned w = *k;
        int64_t span = lim_view_span(v, w, i), full = lim_view_full(v, w, i);
        if (v->cost->amount[lim_limit_dimension((enum lim_limit)w)] == 0 ||
            lim_view_scale(v, w, i) == 0)
            continue;
        int64_t used = at_least(lim_view_row(v, w)[i] - v->now, 0);
        int64_t left = at_least(full - span - used, 0);
        int64_t fits = (left << FIT_BITS) / at_least(span, 1);
        least = fits < least ? fits : least;
        any = true;
    }
    return any ? least : least - lim_view_row(v, LIM_VALUE_IN_FLIGHT)[i];
}

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    (void)state;
    for (unsigned i = 0; i < v->columns; i++)
        out[i] = v->first[i] < v->last[i] ? LIM_SCORE_LEAST : fit(v, i);
}

const struct lim_strategy lim_strategy_best_fit = {
    .name = "best_fit",
    .summary = "least left over for further requests like this one",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads_blind = 1u << LIM_VALUE_IN_FLIGHT,
    .score = score,
};
