#ifndef SIM_LATENCY_H
#define SIM_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/draws.h"

/*
 * How long an answer takes: time to first token, then one interval for each
 * further token of the reply.  `per_token` is drawn once a request.
 *
 * A prompt is read before the first token comes: with 10 us a prompt token
 * (1 s for 100,000, as published of gpt-5) one of 20,000 tokens waits 0.2 s
 * longer than an empty one.
 */
struct sim_latency {
    struct sim_dist ttft;      /* seconds */
    struct sim_dist per_token; /* seconds for each token after the first */
    double per_prompt_token;   /* seconds, added to ttft; >= 0 */
};

/* A latency of `seconds` in all, whatever the lengths. */
struct sim_latency sim_latency_constant(double seconds);

/* Both drawn times of one answer, in ns. */
struct sim_timing {
    int64_t ttft_ns;
    int64_t total_ns; /* >= ttft_ns */
};

/* Whose answer is timed. */
struct sim_latency_of {
    uint64_t request;
    unsigned attempt;
    int64_t prompt_tokens, completion_tokens;
    double factor; /* of all times; 1: as it is */
};

/* Draws for (request, attempt) from the streams of `seed`. */
struct sim_timing sim_latency_draw(const struct sim_latency *l, uint64_t seed,
                                   const struct sim_latency_of *of);

/* The same, for many answers of one latency: they are drawn ahead. */
struct sim_times { /* fields are private */
    const struct sim_latency *latency;
    struct sim_draws ttft, per_token;
    bool flat; /* further tokens take no time */
};

/* The latency must outlive it. */
void sim_times_init(struct sim_times *t, const struct sim_latency *l,
                    uint64_t seed);

/* Seconds as ns; a century at most, for more would not fit beside a date. */
static inline int64_t sim_times_ns(double seconds)
{
    if (!(seconds > 0))
        return 0;
    return (int64_t)((seconds < 3e9 ? seconds : 3e9) * 1e9 + 0.5);
}

static inline struct sim_timing sim_times_draw(struct sim_times *t,
                                               const struct sim_latency_of *of)
{
    double ttft = sim_draws_again(&t->ttft, of->request, of->attempt) +
                  t->latency->per_prompt_token * (double)of->prompt_tokens;
    struct sim_timing out = { .ttft_ns = sim_times_ns(of->factor * ttft) };
    out.total_ns = out.ttft_ns;
    if (of->completion_tokens > 1 && !t->flat) {
        double more = (double)(of->completion_tokens - 1);
        double gap = sim_draws_again(&t->per_token, of->request, of->attempt);
        out.total_ns += sim_times_ns(of->factor * (more * gap));
    }
    return out;
}

/*
 * What else the times depend on, none of it by default.  No provider
 * publishes either: both are settings of ours, to see what would be.
 *
 * An answer takes (1 + slope x in flight / `in_flight`) times as long, in
 * flight being what the provider has admitted and not ended, of all
 * organisations, when this one is admitted; and the factor of its
 * organisation's tier, for instance 0.8 where a higher tier is served faster.
 */
struct sim_load {
    int64_t in_flight; /* > 0 */
    double slope;      /* >= 0; 0: no such dependence */
};

double sim_load_factor(const struct sim_load *l, int64_t in_flight);

/* The mean of the total for a reply of that many tokens to an empty prompt,
   in seconds. */
double sim_latency_mean(const struct sim_latency *l, double completion_tokens);

/* A named profile: what was measured, of which model, by whom, when. */
struct sim_profile {
    const char *name; /* a model's */
    struct sim_latency latency;
    const char *source;
};

/*
 * Finds the profile of a model: by name, by the longest profile name that
 * begins the model's, else the default profile.  Never NULL.
 */
const struct sim_profile *sim_profile_for(const char *model);

/* Finds a profile by its exact name, or NULL. */
const struct sim_profile *sim_profile_find(const char *name);

/* The number of profiles, and each. */
size_t sim_profiles(void);
const struct sim_profile *sim_profile_at(size_t i);

#endif
