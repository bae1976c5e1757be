/*
 * earliest: the organisation that has been ready for this request for the
 * longest.  Windows that it takes nothing from do not count.
 *
 * Eligible: as the pool says.  Key: the instant at which the last of the
 * windows had room for it, to the ns (fractions of one are left out); who has
 * no window was always ready, and among such it is least_in_flight.  Tie: the
 * lower organisation.  Nobody eligible: the pool waits for the first that
 * will be, which is the smallest of these instants.
 *
 * Source: earliest deadline first on the exact wait of a leaky bucket.
 * Pitfall: the instant depends on the request, so a heap ordered by that of
 * another request is wrong; and it is a time, not a share: a large bucket
 * with one more than needed and a small one that is full can be alike.
 */

#include "limiter/strategies/strategies.h"

#include <string.h>

#include "limiter/cold.h"

#define NEVER_FULL LIM_SCORE_LEAST

static bool takes(const struct lim_view *v, unsigned w)
{
    return v->cost->amount[lim_limit_dimension((enum lim_limit)w)] != 0;
}

/* Where limits are equal. */
static inline void find_latest(const struct lim_view *v,
                               int64_t latest[LIM_BLOCK])
{
    for (const unsigned *w = v->windows; *w != LIM_WINDOWS; w++) {
        if (!takes(v, *w))
            continue;
        const int64_t *tat = lim_view_row(v, *w);
        int64_t need = v->span[*w] - v->rates[*w].full.ns - v->now;
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            int64_t at = tat[i] + need;
            latest[i] = at > latest[i] ? at : latest[i];
        }
    }
}

/* Where they are not. */
LIM_WIDE static void find_latest_unequal(const struct lim_view *v,
                                         int64_t latest[LIM_BLOCK])
{
    lim_time now = v->now;
    for (const unsigned *w = v->windows; *w != LIM_WINDOWS; w++) {
        if (!takes(v, *w))
            continue;
        const int64_t *tat = lim_view_row(v, *w), *span = v->rows->span[*w];
        const int64_t *full = v->rows->full[*w];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            int64_t at = tat[i] + (span[i] - full[i] - now);
            latest[i] = at > latest[i] ? at : latest[i];
        }
    }
}

/* Those of whom it takes nothing were always ready. */
LIM_APART static void compare_in_flight(const void *state,
                                        const struct lim_view *v,
                                        int64_t out[LIM_BLOCK])
{
    int64_t score[LIM_BLOCK];
    lim_strategy_least_in_flight.score(state, v, score);
    for (unsigned i = 0; i < v->columns; i++)
        out[i] += out[i] == NEVER_FULL ? score[i] : 0;
}

LIM_WIDE static void score(const void *state, const struct lim_view *v,
                           int64_t out[LIM_BLOCK])
{
    int64_t latest[LIM_BLOCK];
    int64_t always = 0;
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        latest[i] = NEVER_FULL;
    if (v->rows == NULL)
        find_latest(v, latest);
    else
        find_latest_unequal(v, latest);
    memcpy(out, latest, sizeof latest);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        always |= latest[i] == NEVER_FULL ? 1 : 0;
    if (always != 0)
        compare_in_flight(state, v, out);
}

const struct lim_strategy lim_strategy_earliest = {
    .name = "earliest",
    .summary = "ready for this request for the longest",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads_blind = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
};
