/*
 * opportunity: the organisation where the request displaces least.  Every
 * window has a price that grows with its use, and the request pays for the
 * share that it takes of each.
 *
 *     sum over the windows of share taken x (2^(12 x share used) - 1)
 *
 * A full window costs nothing: what flows into it is lost anyway.  One that
 * is nearly empty costs 4096 times what one at a twelfth does.  So a request
 * of many tokens goes where requests are scarce and tokens are not, and one
 * of few the other way round; small organisations, where each share is
 * large, are kept for when the large ones run dry, and are full then.
 *
 * Eligible: as the pool says.  Key: that sum, as a number of 52 bits with an
 * exponent; where no limit is known it is least_in_flight.  Tie: the lower
 * organisation.  Nobody eligible: the pool waits for the first that will be.
 *
 * Source: exponential prices of on-line routing (Awerbuch, Azar, Plotkin
 * 1993), with the price of nothing set to zero.  Headroom, by contrast, sees
 * the scarcest window alone, even one that the request hardly touches.
 * Pitfalls: with a price above zero for full windows small organisations idle
 * too long, and in overload it is worse than headroom; and shares are of what
 * is believed, so where limits are not known it cannot help.
 */

#include "limiter/strategies/strategies.h"

#define SHARE_BITS 62
#define PRICE_BITS 30
#define DOUBLINGS 12
#define MANTISSA 52

/*
 * 2^x - 1 in 1/2^30, x below 13 likewise.  The whole part shifts; between, 2^f
 * is taken as 1 + f (0.65685 + 0.34315 f), within 0.002 of it and rising.
 */
static int64_t price_of(int64_t x)
{
    const int64_t one = INT64_C(1) << PRICE_BITS;
    int64_t f = x & (one - 1);
    int64_t slope = 705292608 + (f * 368449216 >> PRICE_BITS);
    return ((one + (f * slope >> PRICE_BITS)) << (x >> PRICE_BITS)) - one;
}

/* Keeps the order; of what is below 2^52 nothing is lost. */
static int64_t encode(lim_wide sum)
{
    int64_t high = (int64_t)(sum >> MANTISSA), shift = 0;
    if (high > 0)
        shift = 64 - __builtin_clzll((unsigned long long)high);
    int64_t kept = (int64_t)(sum >> shift);
    return (shift << MANTISSA) + kept;
}

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    lim_wide sum[LIM_BLOCK];
    if (v->window_count == 0) {
        lim_strategy_least_in_flight.score(state, v, out);
        return;
    }
    for (unsigned i = 0; i < v->columns; i++)
        sum[i] = 0;
    for (const unsigned *k = v->windows; *k != LIM_WINDOWS; k++) {
        unsigned w = *k;
        const int64_t *tat = lim_view_row(v, w);
        for (unsigned i = 0; i < v->columns; i++) {
            int64_t full = lim_view_full(v, w, i);
            int64_t span = lim_view_span(v, w, i);
            int64_t scale = lim_view_scale(v, w, i);
            int64_t share = (span < full ? span : full) * scale;
            int64_t used = tat[i] - v->now;
            used = used > 0 ? used : 0;
            used = used < full ? used : full;
            int64_t x = used * scale >> (SHARE_BITS - PRICE_BITS);
            sum[i] += (lim_wide)share * price_of(x * DOUBLINGS);
        }
    }
    for (unsigned i = 0; i < v->columns; i++)
        out[i] = encode(sum[i]);
}

const struct lim_strategy lim_strategy_opportunity = {
    .name = "opportunity",
    .summary = "least price of what is taken; prices grow with use",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads_blind = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
};
