/*
 * headroom: the organisation that keeps the largest share free in its
 * scarcest window after this request (max-min over all windows).  Shares, not
 * units, so that organisations of unequal tiers fill up alike.
 *
 * Eligible: as the pool says.  Key: the largest used share over the windows
 * after the request, as a fraction of 2^58; where no limit is known it is
 * least_in_flight.  Tie: the lower organisation.  Nobody eligible: the pool
 * waits for the first that will be.
 *
 * Source: max-min fairness over the dominant resource (Ghodsi and others,
 * 2011), turned round: not who is served, but by whom.  Usage-based routing of
 * gateways (litellm) compares units used, so that a small organisation is given
 * as many tokens as a large one.  Pitfall: it looks at the scarcest window
 * alone, even one that the request hardly touches, and spreads large requests
 * and small ones alike; opportunity looks at all of them.
 */

#include "limiter/strategies/strategies.h"

#define SHARE_BITS 58 /* scales have 62 */

/* The share of a window that is used after the request; who owes is full. */
static inline int64_t share_of(int64_t tat, lim_time now, int64_t span,
                               int64_t full, int64_t scale)
{
    int64_t used = tat - now;
    used = (used > 0 ? used : 0) + span;
    return (used < full ? used : full) * scale;
}

/* Of one more window, if it is more. */
static inline void add_used(const int64_t tat[LIM_BLOCK],
                            const struct lim_joint *of, lim_time now,
                            int64_t most[LIM_BLOCK])
{
    const struct lim_joint w = *of;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++) {
        int64_t share = share_of(tat[i], now, w.span, w.full_ns, w.scale);
        most[i] = share > most[i] ? share : most[i];
    }
}

static inline struct lim_joint window_of(const struct lim_view *v, unsigned w)
{
    return (struct lim_joint){ .span = v->span[w],
                               .scale = v->scale[w],
                               .full_ns = v->rates[w].full.ns };
}

/* Likewise where limits are unequal. */
static inline void add_used_of(const int64_t tat[LIM_BLOCK],
                               const struct lim_rows *of, unsigned w,
                               lim_time now, int64_t most[LIM_BLOCK])
{
    const int64_t *span = of->span[w], *full = of->full[w];
    const int64_t *scale = of->scale[w];
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++) {
        int64_t share = share_of(tat[i], now, span[i], full[i], scale[i]);
        most[i] = share > most[i] ? share : most[i];
    }
}

LIM_WIDE static void score_unequal(const struct lim_view *v,
                                   int64_t out[LIM_BLOCK])
{
    int64_t most[LIM_BLOCK];
    lim_time now = v->now;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        most[i] = 0;
    for (const unsigned *w = v->windows; *w != LIM_WINDOWS; w++)
        add_used_of(lim_view_row(v, *w), v->rows, *w, now, most);
    if (v->joint.row != NULL)
        add_used_of(v->joint.row, v->rows, LIM_JOINT, now, most);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        out[i] = most[i] >> (62 - SHARE_BITS);
}

/* The first window's shares are written, for to clear the row first may take
   longer than all of it. */
LIM_WIDE static void score(const void *state, const struct lim_view *v,
                           int64_t out[LIM_BLOCK])
{
    int64_t most[LIM_BLOCK];
    lim_time now = v->now;
    if (v->window_count == 0) {
        lim_strategy_least_in_flight.score(state, v, out);
        return;
    }
    if (v->rows != NULL) {
        score_unequal(v, out);
        return;
    }
    const unsigned *k = v->windows;
    const struct lim_joint first = window_of(v, *k);
    const int64_t *tat = lim_view_row(v, *k);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        most[i] = share_of(tat[i], now, first.span, first.full_ns, first.scale);
    while (*++k != LIM_WINDOWS) {
        const struct lim_joint window = window_of(v, *k);
        add_used(lim_view_row(v, *k), &window, now, most);
    }
    if (v->joint.row != NULL)
        add_used(v->joint.row, &v->joint, now, most);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        out[i] = most[i] >> (62 - SHARE_BITS);
}

const struct lim_strategy lim_strategy_headroom = {
    .name = "headroom",
    .summary = "largest share left in the scarcest window after the request",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads_blind = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
};
