#ifndef BENCH_SETTLE_H
#define BENCH_SETTLE_H

#include "sim/world.h"

/*
 * Finds the warm-up of a run with the draws of `seed` by MSER-5
 * (sim/steady.h) of the latencies, by arrival: the run takes place once for
 * that alone.  Returns LIM_OK; LIM_EINVAL and `diag`: it is too short; or the
 * error of the run.  One that `pace` ends has none.
 */
int bench_settle(const struct sim_scenario *s, uint64_t seed,
                 const struct sim_pace *pace, int64_t *warmup_ns,
                 struct lim_diag *diag);

#endif
