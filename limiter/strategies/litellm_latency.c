/*
 * litellm_latency: the organisation with the lowest mean of ten samples of
 * seconds for each token of the reply; where answers stream, of the time to
 * the first token divided by the reply's tokens.
 *
 * Eligible: as the pool says.  Key: that mean in ns, 0 until there is a
 * sample, so that the unknown are tried first.  Tie: one of the equals at
 * random.  Nobody eligible: the pool waits for the first that will be.
 *
 * Source: lowest_latency.py of litellm (015b945), with its buffer of 0.  A
 * baseline with its pitfalls: a full list keeps the oldest nine samples for
 * ever and replaces the tenth alone; the time to the first token is divided
 * by a length that it does not depend on; failures leave no sample, so that
 * who only refuses stays unknown and is tried first; replies without tokens
 * (embeddings) leave none either.  Departure: there a time-out counts as
 * 1000 s; here it cannot be told from other failures and counts as nothing.
 * lowest_latency is the same idea without the defects.
 */

#include "limiter/strategies/strategies.h"

#include "limiter/rng.h"

#define SAMPLES 10
#define MEAN_MAX ((INT64_C(1) << 40) - 1)
#define TIE_BITS 16

struct list {
    int64_t sample[SAMPLES];
    uint32_t count;
};

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *mean = lim_view_row(v, LIM_VALUE_KEY);
    (void)state;
    for (unsigned i = 0; i < v->columns; i++) {
        out[i] = mean[i] * (INT64_C(1) << TIE_BITS);
        if (v->first[i] == v->last[i])
            out[i] += (int64_t)(lim_rng_mix(v->draw + v->first[i]) >>
                                (64 - TIE_BITS));
    }
}

static int64_t ended(void *state, const struct lim_event *e)
{
    struct list *l = (struct list *)state + e->organisation;
    if (!e->ok || e->tokens <= 0)
        return e->key;
    int64_t ns = e->first_token_ns >= 0 ? e->first_token_ns : e->latency_ns;
    ns /= e->tokens;
    if (l->count < SAMPLES)
        l->count++;
    l->sample[l->count - 1] = ns < MEAN_MAX ? ns : MEAN_MAX;
    int64_t sum = 0;
    for (uint32_t i = 0; i < l->count; i++)
        sum += l->sample[i];
    int64_t mean = sum / l->count;
    return mean > 1 ? mean : 1;
}

const struct lim_strategy lim_strategy_litellm_latency = {
    .name = "litellm_latency",
    .summary = "baseline: lowest mean per token; the oldest nine stay",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .draws = true,
    .state_each = sizeof(struct list),
    .score = score,
    .ended = ended,
};
