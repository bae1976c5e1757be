#ifndef SIM_LATENCY_H
#define SIM_LATENCY_H

#include <stdint.h>

#include "sim/dist.h"

/*
 * How long an answer takes: time to first token, then one interval for each
 * further token of the reply.  `per_token` is drawn once a request.
 */
struct sim_latency {
    struct sim_dist ttft;      /* seconds */
    struct sim_dist per_token; /* seconds for each token after the first */
};

/* A latency of `seconds` in all, whatever the reply's length. */
struct sim_latency sim_latency_constant(double seconds);

/* Both drawn times of one answer, in ns. */
struct sim_timing {
    int64_t ttft_ns;
    int64_t total_ns; /* >= ttft_ns */
};

/* Draws for (request, attempt) from the streams of `seed`. */
struct sim_timing sim_latency_draw(const struct sim_latency *l, uint64_t seed,
                                   uint64_t request, unsigned attempt,
                                   int64_t completion_tokens);

/* The mean of the total for a reply of that many tokens, in seconds. */
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
