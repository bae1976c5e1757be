#ifndef SIM_SIZES_H
#define SIM_SIZES_H

#include <stdint.h>

#include "sim/draws.h"
#include "sim/scenario.h"

/*
 * The tokens of a workload's requests, drawn by their numbers: whole, at
 * least 1, at most 10^8; a constant of 0 says that there are none.
 */
struct sim_sizes { /* fields are private */
    struct sim_draws prompt, completion;
};

void sim_sizes_init(struct sim_sizes *z, const struct sim_workload *w,
                    uint64_t seed);

static inline int64_t sim_sizes_prompt(struct sim_sizes *z, uint64_t request)
{
    return (int64_t)sim_draws_at(&z->prompt, request);
}

static inline int64_t sim_sizes_completion(struct sim_sizes *z,
                                           uint64_t request)
{
    return (int64_t)sim_draws_at(&z->completion, request);
}

#endif
