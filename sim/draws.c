#include "sim/draws.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>

#include "limiter/row.h"
#include "limiter/time.h"

#define NEAR 4 /* items so near to each other come in order */

#define NOTHING (UINT64_MAX / 2) /* no item comes so late */

static void init(struct sim_draws *d, const struct sim_dist *dist,
                 uint64_t base, uint64_t key)
{
    d->dist = *dist;
    d->base = base;
    d->key = key;
    d->mirror = 0;
    d->most = 0;
    d->rate = 0;
    d->first = NOTHING;
    d->last = UINT64_MAX; /* item 0 follows on it */
}

void sim_draws_of_items(struct sim_draws *d, const struct sim_dist *dist,
                        uint64_t stream)
{
    init(d, dist, stream, lim_rng_mix(0));
}

void sim_draws_of_one(struct sim_draws *d, const struct sim_dist *dist,
                      uint64_t stream, uint64_t one)
{
    init(d, dist, 0, lim_rng_mix(stream + one));
}

void sim_draws_mirror(struct sim_draws *d)
{
    d->mirror = UINT64_MAX;
}

void sim_draws_whole(struct sim_draws *d, double most)
{
    assert(most > 0);
    assert(most < INT_MAX);
    d->most = most;
}

void sim_draws_of_rate(struct sim_draws *d, double rate_per_s)
{
    assert(rate_per_s > 0);
    d->rate = rate_per_s;
}

/* As lim_rng_draw mixes an item and what all of them share. */
static inline uint64_t bits_of(const struct sim_draws *d, uint64_t item)
{
    return lim_rng_mix(lim_rng_mix(d->base + item) ^ d->key) ^ d->mirror;
}

static inline double whole(double x, double most)
{
    double least = x > 0 ? 1 : 0;
    double size = x < most ? x : most;
    size = size > least ? size : least;
    return (double)(int)(size + 0.5);
}

static inline double in_ns(double x, double rate)
{
    double ns = x / rate * (double)LIM_SEC;
    return ns < SIM_DRAWS_NS_MAX ? ns : SIM_DRAWS_NS_MAX;
}

static double of_bits(const struct sim_draws *d, uint64_t bits)
{
    double x = sim_dist_draw(&d->dist, bits);
    x = d->rate > 0 ? in_ns(x, d->rate) : x;
    return d->most > 0 ? whole(x, d->most) : x;
}

double sim_draws_alone(const struct sim_draws *d, uint64_t item, uint64_t index)
{
    return of_bits(d, lim_rng_draw(d->base, item, index) ^ d->mirror);
}

LIM_WIDE static void all_bits(uint64_t base, uint64_t key, uint64_t mirror,
                              uint64_t *bits)
{
    for (unsigned i = 0; i < SIM_DRAWS_AHEAD; i++)
        bits[i] = lim_rng_mix(lim_rng_mix(base + i) ^ key) ^ mirror;
}

LIM_WIDE static void all_whole(double *value, double most)
{
    for (unsigned i = 0; i < SIM_DRAWS_AHEAD; i++)
        value[i] = whole(value[i], most);
}

LIM_WIDE static void all_in_ns(double *value, double rate)
{
    for (unsigned i = 0; i < SIM_DRAWS_AHEAD; i++)
        value[i] = in_ns(value[i], rate);
}

double sim_draws_make(struct sim_draws *d, uint64_t item)
{
    uint64_t bits[SIM_DRAWS_AHEAD];
    bool in_order =
        item - d->first < SIM_DRAWS_AHEAD + NEAR || item - d->last <= NEAR;
    d->last = item;
    if (!in_order)
        return of_bits(d, bits_of(d, item));
    if (d->dist.kind == SIM_DIST_CONSTANT) {
        for (unsigned i = 0; i < SIM_DRAWS_AHEAD; i++)
            d->value[i] = d->dist.a;
    } else {
        all_bits(d->base + item, d->key, d->mirror, bits);
        sim_dist_fill(&d->dist, bits, d->value);
    }
    if (d->rate > 0)
        all_in_ns(d->value, d->rate);
    if (d->most > 0)
        all_whole(d->value, d->most);
    d->first = item;
    return d->value[0];
}
