#ifndef SIM_ARRIVALS_H
#define SIM_ARRIVALS_H

#include <stdint.h>

#include "limiter/time.h"
#include "sim/scenario.h"

/*
 * When the requests of one workload arrive, pulled one at a time.  Gap k
 * depends on the seed, the workload's place and k alone.  Random arrivals are
 * a renewal process that has been going on: `rate_per_s` holds on average
 * from the start on, however bursty they are.
 */
struct sim_source { /* fields are private */
    const struct sim_arrivals *arrivals;
    struct sim_dist gap; /* of gamma and Weibull processes, in seconds */
    uint64_t stream;
    uint64_t index; /* of the workload */
    uint64_t count; /* arrivals taken */
    lim_time start;
    lim_time next;
};

void sim_source_init(struct sim_source *s, const struct sim_arrivals *a,
                     uint64_t seed, uint64_t index, lim_time start);

/* When the next request arrives; LIM_NEVER: no more. */
lim_time sim_source_next(const struct sim_source *s);

/* Takes it.  Returns the trace's row for it, or NULL if there is none. */
const struct sim_trace_row *sim_source_take(struct sim_source *s);

/*
 * At most how many requests arrive within `duration_ns` (LIM_NEVER: ever):
 * for random arrivals, all but surely (beyond are less than one run in
 * 10^13).  -1: without end.
 */
int64_t sim_arrivals_most(const struct sim_arrivals *a, int64_t duration_ns);

#endif
