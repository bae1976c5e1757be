#include "sim/latency.h"

#include <assert.h>

#include "limiter/time.h"

struct sim_latency sim_latency_constant(double seconds)
{
    assert(seconds >= 0);
    return (struct sim_latency){ .ttft = sim_dist_constant(seconds),
                                 .per_token = sim_dist_constant(0) };
}

void sim_times_init(struct sim_times *t, const struct sim_latency *l,
                    uint64_t seed)
{
    t->latency = l;
    t->flat = l->per_token.kind == SIM_DIST_CONSTANT && l->per_token.a == 0;
    sim_draws_of_items(&t->ttft, &l->ttft, lim_rng_stream(seed, LIM_DRAW_TTFT));
    sim_draws_of_items(&t->per_token, &l->per_token,
                       lim_rng_stream(seed, LIM_DRAW_PER_TOKEN));
}

struct sim_timing sim_latency_draw(const struct sim_latency *l, uint64_t seed,
                                   const struct sim_latency_of *of)
{
    struct sim_times t;
    sim_times_init(&t, l, seed);
    return sim_times_draw(&t, of);
}

double sim_load_factor(const struct sim_load *l, int64_t in_flight)
{
    return 1 + l->slope * (double)in_flight / (double)l->in_flight;
}

double sim_latency_mean(const struct sim_latency *l, double completion_tokens)
{
    double more = completion_tokens > 1 ? completion_tokens - 1 : 0;
    return sim_dist_mean(&l->ttft) + more * sim_dist_mean(&l->per_token);
}
