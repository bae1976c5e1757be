/*
 * lowest_latency: the organisation whose last ten answers were quickest: the
 * mean of the time to the first token where they stream, else of the time for
 * each token of the reply.
 *
 * Eligible: as the pool says.  Key: that mean in ns; 0 until the first answer,
 * so that the unknown are tried first.  Tie: the fewest sent, so that the
 * unknown are tried in turn; then the lower organisation.  Nobody eligible:
 * the pool waits for the first that will be.
 *
 * Source: litellm's latency routing, which also divides the time to the first
 * token by the reply's length and so calls long replies quick.  Pitfalls: a
 * list that is full must drop its oldest (one version there kept the first
 * nine for ever); a failure must count, or who only fails is unknown for ever
 * and gets everything: it counts as twice the mean, at least 10 s; and who is
 * slow once is not asked again while the others may take all.
 */

#include "limiter/strategies/strategies.h"

#define SAMPLES 10
#define MEAN_MAX ((INT64_C(1) << 38) - 1) /* 275 s */
#define FAILED_MIN (10 * LIM_SEC)
#define SENT_BITS 20

struct ring {
    int64_t sample[SAMPLES];
    uint32_t count;
    uint32_t oldest; /* of a full one: the next to go */
};

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *mean = lim_view_row(v, LIM_VALUE_KEY);
    const int64_t *sent = lim_view_row(v, LIM_VALUE_SENT);
    int64_t most = (INT64_C(1) << SENT_BITS) - 1;
    (void)state;
    for (unsigned i = 0; i < v->columns; i++) {
        int64_t ns = mean[i] < MEAN_MAX ? mean[i] : MEAN_MAX;
        int64_t n = sent[i] < most ? sent[i] : most;
        out[i] = (ns << SENT_BITS) + n;
    }
}

static int64_t sample_of(const struct lim_event *e)
{
    if (!e->ok) {
        int64_t twice = 2 * e->key;
        return twice > FAILED_MIN ? twice : FAILED_MIN;
    }
    if (e->first_token_ns >= 0)
        return e->first_token_ns;
    return e->tokens > 0 ? e->latency_ns / e->tokens : e->latency_ns;
}

static int64_t ended(void *state, const struct lim_event *e)
{
    struct ring *r = (struct ring *)state + e->organisation;
    int64_t sample = sample_of(e), sum = 0;
    r->sample[r->oldest] = sample < MEAN_MAX ? sample : MEAN_MAX;
    r->oldest = (r->oldest + 1) % SAMPLES;
    if (r->count < SAMPLES)
        r->count++;
    for (uint32_t i = 0; i < r->count; i++)
        sum += r->sample[i];
    int64_t mean = sum / r->count;
    return mean > 1 ? mean : 1;
}

const struct lim_strategy lim_strategy_lowest_latency = {
    .name = "lowest_latency",
    .summary = "quickest by the mean of its last ten answers",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .state_each = sizeof(struct ring),
    .reads = 1u << LIM_VALUE_SENT,
    .score = score,
    .ended = ended,
};
