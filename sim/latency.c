#include "sim/latency.h"

#include <assert.h>

#include "limiter/time.h"

/* A century: more would not fit beside a date. */
#define SECONDS_MAX 3e9

struct sim_latency sim_latency_constant(double seconds)
{
    assert(seconds >= 0);
    return (struct sim_latency){ .ttft = sim_dist_constant(seconds),
                                 .per_token = sim_dist_constant(0) };
}

static int64_t ns_of(double seconds)
{
    if (!(seconds > 0))
        return 0;
    if (seconds > SECONDS_MAX)
        seconds = SECONDS_MAX;
    return (int64_t)(seconds * 1e9 + 0.5);
}

void sim_times_init(struct sim_times *t, const struct sim_latency *l,
                    uint64_t seed)
{
    t->latency = l;
    sim_draws_of_items(&t->ttft, &l->ttft, lim_rng_stream(seed, LIM_DRAW_TTFT));
    sim_draws_of_items(&t->per_token, &l->per_token,
                       lim_rng_stream(seed, LIM_DRAW_PER_TOKEN));
}

struct sim_timing sim_times_draw(struct sim_times *t,
                                 const struct sim_latency_of *of)
{
    double ttft = sim_draws_again(&t->ttft, of->request, of->attempt) +
                  t->latency->per_prompt_token * (double)of->prompt_tokens;
    struct sim_timing out = { .ttft_ns = ns_of(of->factor * ttft) };
    out.total_ns = out.ttft_ns;
    if (of->completion_tokens > 1) {
        double gap = sim_draws_again(&t->per_token, of->request, of->attempt);
        out.total_ns +=
            ns_of(of->factor * ((double)(of->completion_tokens - 1) * gap));
    }
    return out;
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
