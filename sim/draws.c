#include "sim/draws.h"

#include "limiter/row.h"

#define NEAR 4 /* items so near to each other come in order */

static void init(struct sim_draws *d, const struct sim_dist *dist,
                 uint64_t stream)
{
    d->dist = *dist;
    d->stream = stream;
    d->other = 0;
    d->of_one = false;
    d->mirror = 0;
    d->first = 0;
    d->count = 0;
    d->last = UINT64_MAX; /* item 0 follows on it */
}

void sim_draws_of_items(struct sim_draws *d, const struct sim_dist *dist,
                        uint64_t stream)
{
    init(d, dist, stream);
}

void sim_draws_of_one(struct sim_draws *d, const struct sim_dist *dist,
                      uint64_t stream, uint64_t one)
{
    init(d, dist, stream);
    d->of_one = true;
    d->other = one;
}

void sim_draws_mirror(struct sim_draws *d)
{
    d->mirror = UINT64_MAX;
}

static inline uint64_t bits_of(const struct sim_draws *d, uint64_t item)
{
    uint64_t bits = d->of_one ? lim_rng_draw(d->stream, d->other, item)
                              : lim_rng_draw(d->stream, item, d->other);
    return bits ^ d->mirror;
}

LIM_WIDE static void all_bits(const struct sim_draws *d, uint64_t first,
                              uint64_t *bits)
{
    for (unsigned i = 0; i < SIM_DRAWS_AHEAD; i++)
        bits[i] = bits_of(d, first + i);
}

double sim_draws_make(struct sim_draws *d, uint64_t item)
{
    uint64_t bits[SIM_DRAWS_AHEAD];
    if (d->dist.kind == SIM_DIST_CONSTANT)
        return d->dist.a;
    bool in_order = item - d->first < d->count + NEAR || item - d->last <= NEAR;
    d->last = item;
    if (!in_order)
        return sim_dist_draw(&d->dist, bits_of(d, item));
    all_bits(d, item, bits);
    sim_dist_fill(&d->dist, bits, SIM_DRAWS_AHEAD, d->value);
    d->first = item;
    d->count = SIM_DRAWS_AHEAD;
    return d->value[0];
}
