#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/error.h"
#include "sim/client.h"
#include "sim/scenario.h"
#include "sim/summary.h"

/*
 * One run in virtual time: the scenario's client against its provider.
 * Events of one instant are handled in this order: answers that end, then
 * arrivals and sends.  Single-threaded; touches nothing but its arguments.
 */

/* Progress and interruption; may be NULL. */
struct sim_pace {
    void *context;
    /* Called every few thousand events; false ends the run as partial. */
    bool (*go_on)(void *context, lim_time now, uint64_t attempts);
};

/*
 * Runs a scenario with the draws of `seed`.  Fills `out`; the caller calls
 * sim_summary_fini.  `moments` (NULL is allowed) takes the timeline, which
 * the caller frees.  Returns LIM_OK, or LIM_ENOMEM, LIM_EINVAL or SIM_EBROKEN
 * (sim/ledger.h) and `diag`.
 */
int sim_world_run(const struct sim_scenario *s, uint64_t seed,
                  const struct sim_watch *watch, const struct sim_pace *pace,
                  struct sim_summary *out, struct sim_moment **moments,
                  size_t *moment_count, struct lim_diag *diag);

#endif
