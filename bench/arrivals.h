#ifndef BENCH_ARRIVALS_H
#define BENCH_ARRIVALS_H

#include "bench/workload.h"

#define BENCH_BURSTINESS_MAX 100.0 /* of a trace */

/*
 * Reads the "arrivals" of a stream of requests, whose object is `j`.
 * `*rows` is the trace that they bring, which the caller frees, NULL for none.
 * Failures are told through `j`.
 */
void bench_arrivals_read(struct mock_json *j,
                         const struct bench_workload_place *place,
                         struct sim_arrivals *a, struct sim_trace_row **rows);

#endif
