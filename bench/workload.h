#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "mockserver/json.h"
#include "sim/scenario.h"

/* Most streams of requests in one scenario. */
#define BENCH_WORKLOADS_MAX 64

/* What the streams of a scenario are read in. */
struct bench_workload_place {
    const struct sim_provider_config *provider; /* models must be in it */
    bool bounded;       /* the scenario has a duration */
    const char *folder; /* of trace files; NULL: the current one */
};

/*
 * Reads one stream of a scenario's "workload".  Its strings are those of the
 * JSON; `*rows` is the trace that it brings, NULL for none, which the caller
 * frees, also after a failure.  Failures are told through `j`.
 */
void bench_workload_read(struct mock_json *j,
                         const struct bench_workload_place *place,
                         struct sim_workload *w, struct sim_trace_row **rows);

#endif
