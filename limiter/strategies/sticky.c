/*
 * sticky: requests that share a prompt go to one organisation, whose prompt
 * cache then holds it.  Their home is a consistent hash of the affinity; from
 * an organisation that may not take it, or has 1.25 times its even share in
 * flight, they go on to the next.
 *
 * Eligible: as the pool says.  Key: in flight; the score is the distance from
 * home, behind all others for who is above its share.  Tie: none.  Nobody
 * eligible: the pool waits for the first that will be; if all who may are
 * above their share, the nearest takes it.  Requests without affinity go as
 * in least_in_flight.
 *
 * Source: jump consistent hash (Lamping, Veach 2014): when an organisation is
 * added at the end, no more move than must; bounded load (Mirrokni, Thorup,
 * Zadimoghaddam 2018).  Pitfall: without the bound one popular prompt
 * fills one organisation while the others idle.
 */

#include "limiter/strategies/strategies.h"

#include "limiter/rng.h"

struct load {
    int64_t all; /* in flight in the pool */
};

/*
 * Jumps from bucket to bucket as their number grows; each is the last one
 * that the key moves to before the next jump.
 */
static uint32_t home_of(uint64_t affinity, uint32_t buckets)
{
    uint64_t random = affinity;
    uint64_t bucket = 0, next = 0;
    while (next < buckets) {
        bucket = next;
        random = lim_rng_mix(random);
        next = ((bucket + 1) << 31) / ((random >> 33) + 1);
    }
    return (uint32_t)bucket;
}

/* Below this many in flight, one may take another: 5/4 of the even share. */
static int64_t bound_of(const struct load *l, uint32_t organisations)
{
    return ((l->all + 1) * 5 + 4 * (int64_t)organisations - 1) /
           (4 * (int64_t)organisations);
}

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *in_flight = lim_view_row(v, LIM_VALUE_KEY);
    uint32_t n = v->organisations, home;
    if (v->affinity == 0) {
        lim_strategy_least_in_flight.score(state, v, out);
        return;
    }
    int64_t bound = bound_of(state, n);
    home = home_of(v->affinity, n);
    for (unsigned i = 0; i < v->columns; i++) {
        if (v->first[i] >= home)
            out[i] = v->first[i] - home;
        else if (v->last[i] >= home)
            out[i] = 0;
        else
            out[i] = (int64_t)v->first[i] + n - home;
        if (in_flight[i] >= bound)
            out[i] += n;
    }
}

static int64_t sent(void *state, const struct lim_event *e)
{
    struct load *l = state;
    l->all++;
    return e->key + 1;
}

static int64_t ended(void *state, const struct lim_event *e)
{
    struct load *l = state;
    l->all--;
    return e->key - 1;
}

const struct lim_strategy lim_strategy_sticky = {
    .name = "sticky",
    .summary = "prompts that are shared stay together, with bounded load",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .state_size = sizeof(struct load),
    .reads = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
    .sent = sent,
    .ended = ended,
};
