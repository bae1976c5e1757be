#include "sim/latency.h"

#include <assert.h>

#include "limiter/rng.h"
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

static double draw(const struct sim_dist *d, enum lim_draw purpose,
                   uint64_t seed, uint64_t request, unsigned attempt)
{
    if (d->kind == SIM_DIST_CONSTANT)
        return d->a;
    uint64_t stream = lim_rng_stream(seed, purpose);
    return sim_dist_draw(d, lim_rng_draw(stream, request, attempt));
}

struct sim_timing sim_latency_draw(const struct sim_latency *l, uint64_t seed,
                                   const struct sim_latency_of *of)
{
    double ttft =
        draw(&l->ttft, LIM_DRAW_TTFT, seed, of->request, of->attempt) +
        l->per_prompt_token * (double)of->prompt_tokens;
    struct sim_timing t = { .ttft_ns = ns_of(of->factor * ttft) };
    t.total_ns = t.ttft_ns;
    if (of->completion_tokens > 1) {
        double gap = draw(&l->per_token, LIM_DRAW_PER_TOKEN, seed, of->request,
                          of->attempt);
        t.total_ns +=
            ns_of(of->factor * ((double)(of->completion_tokens - 1) * gap));
    }
    return t;
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
