/*
 * peak_ewma: of two organisations drawn at random, the one with the lower
 * cost: mean latency x (in flight + 1).  A latency above the mean becomes the
 * mean at once; one below draws it down with a time constant of 10 s.
 *
 * Eligible: as the pool says; two different ones are drawn of those who may.
 * Key: the mean in ns, decayed to now when it is read, so that an old peak is
 * forgotten and the organisation tried again.  One never heard of costs
 * nothing, but while its first request is out it costs more than any other.
 * Tie: the first drawn.  Nobody eligible: the pool waits for the first that
 * will be.
 *
 * Source: Finagle's Peak EWMA.  Pitfalls: quick refusals make a broken
 * organisation look fast (here a failed answer counts only if it was slower
 * than the mean); latency grows with the length of the reply, so where
 * answers stream the first token is what is measured.
 *
 * e^(-t / 10 s) = 2^(-t / 6.93 s): the whole part shifts, the fraction f is
 * 1 - f (0.6716 - 0.1716 f), within 0.0015 of it, in 1/2^16.
 */

#include "limiter/strategies/strategies.h"

#define HALF_LIFE INT64_C(6931471806) /* 10 s x ln 2 */
#define ONE INT64_C(65536)
#define MEAN_MAX (INT64_C(1) << 38)  /* 275 s; x 2^24 in flight fits */
#define UNHEARD (LIM_SCORE_MOST / 2) /* 275 s x 2^20 in flight */

static int64_t decayed(int64_t x, int64_t ns)
{
    if (ns <= 0)
        return x;
    if (ns / HALF_LIFE >= 38)
        return 0;
    int64_t f = ns % HALF_LIFE * 1024 / (HALF_LIFE / 64);
    int64_t factor = ONE - f * (44014 - 11246 * f / ONE) / ONE;
    return (x >> (ns / HALF_LIFE)) * factor / ONE;
}

/* When each mean was right. */
struct heard {
    lim_time at;
};

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const struct heard *heard = state;
    int64_t mean = lim_view_row(v, LIM_VALUE_KEY)[0];
    int64_t in_flight = v->in_flight;
    int64_t ns = decayed(mean, v->now - heard[v->first[0]].at);
    int64_t load = ns * (in_flight + 1);
    out[0] = load < UNHEARD ? load : UNHEARD;
    if (mean == 0 && in_flight > 0)
        out[0] = UNHEARD + in_flight;
}

static int64_t ended(void *state, const struct lim_event *e)
{
    struct heard *heard = (struct heard *)state + e->organisation;
    int64_t mean = decayed(e->key, e->now - heard->at);
    int64_t ns = e->first_token_ns >= 0 ? e->first_token_ns : e->latency_ns;
    ns = ns < MEAN_MAX ? ns : MEAN_MAX;
    if (!e->ok && ns <= mean)
        return e->key;
    if (ns < mean)
        ns += decayed(e->key - ns, e->now - heard->at);
    heard->at = e->now;
    return ns > 1 ? ns : 1;
}

const struct lim_strategy lim_strategy_peak_ewma = {
    .name = "peak_ewma",
    .summary = "of two drawn at random the lower latency x in flight",
    .abi = LIM_STRATEGY_ABI,
    .samples = 2,
    .state_each = sizeof(struct heard),
    .score = score,
    .ended = ended,
};
