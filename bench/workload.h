#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "bench/empirical.h"
#include "mockserver/json.h"
#include "sim/scenario.h"

/* Most streams of requests in one scenario. */
#define BENCH_WORKLOADS_MAX 64

/* What the streams of a scenario are read in. */
struct bench_workload_place {
    const struct sim_provider_config *provider; /* models must be in it */
    bool bounded;       /* the scenario has a duration */
    const char *folder; /* of files; NULL: the current one */
};

/* What a stream brings from files; owned. */
struct bench_workload_files {
    struct sim_trace_row *rows; /* NULL: no trace */
    struct bench_sizes sizes;
};

/*
 * Reads one stream of a scenario's "workload".  Its strings are those of the
 * JSON; `files` is what it brings from files, to be freed by
 * bench_workload_files_fini also after a failure.  Failures are told through
 * `j`.
 */
void bench_workload_read(struct mock_json *j,
                         const struct bench_workload_place *place,
                         struct sim_workload *w,
                         struct bench_workload_files *files);
void bench_workload_files_fini(struct bench_workload_files *files);

#endif
