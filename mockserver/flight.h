#ifndef MOCK_FLIGHT_H
#define MOCK_FLIGHT_H

#include "sim/service.h"

/* An admitted request: what its end needs.  Owned by the answer's sender. */
struct mock_flight {
    struct sim_call call; /* its model is not to be read any more */
    struct sim_plan plan;
};

/* When its answer ends, or would have. */
static inline lim_time mock_flight_ends(const struct mock_flight *f)
{
    return f->plan.verdict.admitted_at + f->plan.timing.total_ns;
}

#endif
