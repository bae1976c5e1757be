#ifndef SIM_THINK_H
#define SIM_THINK_H

#include <stdint.h>

#include "limiter/timerq.h"
#include "sim/dist.h"

/*
 * The users of a closed loop: each thinks, sends one request, waits for its
 * end, and thinks again.  Everybody begins with a thought.  How long user u
 * thinks the k-th time depends on the seed, the workload, u and k alone.
 */
struct sim_think {                 /* fields are private */
    const struct sim_dist *length; /* seconds */
    uint64_t stream;
    uint64_t index;
    uint32_t users;
    uint32_t *thoughts; /* owned; had by each user */
    struct lim_timerq *ends;
};

/* 1 to UINT32_MAX - 1 users.  LIM_OK or LIM_ENOMEM. */
int sim_think_init(struct sim_think *t, uint32_t users,
                   const struct sim_dist *length, uint64_t stream,
                   uint64_t index, lim_time start);
void sim_think_fini(struct sim_think *t);

/* When the next thought ends; LIM_NEVER: nobody thinks. */
lim_time sim_think_next(const struct sim_think *t);

/* Whose it was: that user thinks no more, until sim_think_begin. */
uint32_t sim_think_take(struct sim_think *t);

/* The user begins to think. */
void sim_think_begin(struct sim_think *t, uint32_t user, lim_time now);

#endif
