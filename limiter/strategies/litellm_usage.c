/*
 * litellm_usage: the organisation that used the fewest tokens in this minute
 * of the clock, counted when an answer succeeds.
 *
 * Eligible: as the pool says.  Key: the minute and its tokens.  Tie: one of
 * the equals at random.  Nobody eligible: the pool waits for the first that
 * will be.
 *
 * Source: lowest_tpm_rpm_v2.py of litellm (005df01), run without declared
 * limits.  A baseline with its pitfalls: tokens, not shares, so that a small
 * organisation is given as many as a large one; until a success comes back
 * all concurrent requests see the same minimum and go there together; who
 * only refuses has used nothing and is asked first; and every minute begins
 * from zero.  Departure: what counts is the request's charge, not the usage
 * that the answer tells.
 */

#include "limiter/strategies/strategies.h"

#include "limiter/rng.h"

#define TOKEN_BITS 36
#define TOKENS_MAX ((INT64_C(1) << TOKEN_BITS) - 1)
#define TIE_BITS 16

static int64_t minute_of(lim_time now)
{
    return now / LIM_MIN * (INT64_C(1) << TOKEN_BITS);
}

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *key = lim_view_row(v, LIM_VALUE_KEY);
    int64_t minute = minute_of(v->now);
    (void)state;
    for (unsigned i = 0; i < v->columns; i++) {
        int64_t tokens = key[i] > minute ? key[i] - minute : 0;
        tokens = tokens < TOKENS_MAX ? tokens : TOKENS_MAX;
        out[i] = tokens * (INT64_C(1) << TIE_BITS);
        if (v->first[i] == v->last[i])
            out[i] += (int64_t)(lim_rng_mix(v->draw + v->first[i]) >>
                                (64 - TIE_BITS));
    }
}

static int64_t ended(void *state, const struct lim_event *e)
{
    int64_t minute = minute_of(e->now);
    (void)state;
    if (!e->ok)
        return e->key;
    int64_t tokens = e->key > minute ? e->key - minute : 0;
    int64_t more = e->cost->amount[LIM_TOKENS];
    more = more < TOKENS_MAX - tokens ? more : TOKENS_MAX - tokens;
    return minute + tokens + more;
}

const struct lim_strategy lim_strategy_litellm_usage = {
    .name = "litellm_usage",
    .summary = "baseline: fewest tokens of successes in the clock's minute",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .draws = true,
    .score = score,
    .ended = ended,
};
