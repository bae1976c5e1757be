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
    return (used < full ? used : full) * scale >> (62 - SHARE_BITS);
}

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline struct lim_joint window_of(const struct lim_view *v, unsigned w)
{
    return (struct lim_joint){ .row = lim_view_row(v, w),
                               .span = v->span[w],
                               .scale = v->scale[w],
                               .full_ns = v->rates[w].full.ns };
}

/* Of one more window, if it is more. */
static inline void add_used(const struct lim_joint *of, lim_time now,
                            int64_t most[restrict LIM_BLOCK])
{
    const struct lim_joint w = *of;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        most[i] = larger(most[i],
                         share_of(w.row[i], now, w.span, w.full_ns, w.scale));
}

/* The same where limits are unequal. */
static inline void add_used_of(const int64_t tat[LIM_BLOCK],
                               const struct lim_rows *of, unsigned w,
                               lim_time now, int64_t most[restrict LIM_BLOCK])
{
    const int64_t *span = of->span[w], *full = of->full[w];
    const int64_t *scale = of->scale[w];
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        most[i] =
            larger(most[i], share_of(tat[i], now, span[i], full[i], scale[i]));
}

/* Two windows at once, which mostly are all: what is written in between would
   be waited for.  One alone counts twice. */
static const unsigned *first_two(const unsigned *windows, unsigned two[2])
{
    bool alone = windows[1] == LIM_WINDOWS;
    two[0] = windows[0];
    two[1] = alone ? windows[0] : windows[1];
    return windows + (alone ? 1 : 2);
}

LIM_WIDE static void score_unequal(const struct lim_view *v,
                                   int64_t out[restrict LIM_BLOCK])
{
    unsigned two[2];
    const unsigned *more = first_two(v->windows, two);
    const struct lim_rows *r = v->rows;
    const int64_t *tat = lim_view_row(v, two[0]), *span = r->span[two[0]];
    const int64_t *full = r->full[two[0]], *scale = r->scale[two[0]];
    const int64_t *tat_b = lim_view_row(v, two[1]), *span_b = r->span[two[1]];
    const int64_t *full_b = r->full[two[1]], *scale_b = r->scale[two[1]];
    lim_time now = v->now;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        out[i] =
            larger(share_of(tat[i], now, span[i], full[i], scale[i]),
                   share_of(tat_b[i], now, span_b[i], full_b[i], scale_b[i]));
    for (; *more != LIM_WINDOWS; more++)
        add_used_of(lim_view_row(v, *more), r, *more, now, out);
    if (v->joint.row != NULL)
        add_used_of(v->joint.row, r, LIM_JOINT, now, out);
}

LIM_WIDE static void score(const void *state, const struct lim_view *v,
                           int64_t out[restrict LIM_BLOCK])
{
    unsigned two[2];
    lim_time now = v->now;
    if (v->window_count == 0) {
        lim_strategy_least_in_flight.score(state, v, out);
        return;
    }
    if (v->rows != NULL) {
        score_unequal(v, out);
        return;
    }
    const unsigned *more = first_two(v->windows, two);
    const struct lim_joint a = window_of(v, two[0]), b = window_of(v, two[1]);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        out[i] = larger(share_of(a.row[i], now, a.span, a.full_ns, a.scale),
                        share_of(b.row[i], now, b.span, b.full_ns, b.scale));
    for (; *more != LIM_WINDOWS; more++) {
        const struct lim_joint window = window_of(v, *more);
        add_used(&window, now, out);
    }
    if (v->joint.row != NULL)
        add_used(&v->joint, now, out);
}

const struct lim_strategy lim_strategy_headroom = {
    .name = "headroom",
    .summary = "largest share left in the scarcest window after the request",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads_blind = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
};
