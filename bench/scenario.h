#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "bench/workload.h"
#include "limiter/error.h"
#include "mockserver/config.h"
#include "sim/scenario.h"

/*
 * A scenario as a file holds it, read into what a run needs.  `sim` points
 * into the members after it; runs only read it, so that many threads may
 * share one.
 */
struct bench_scenario {
    struct sim_scenario sim;
    bool warmup_auto;                   /* found for each run, bench/settle.h */
    struct mock_config config;          /* owned: sim.provider */
    struct sim_workload *workloads;     /* owned */
    struct bench_workload_files *files; /* owned, one a workload */
    cJSON *tree;                        /* owned copy: what was read */
};

/*
 * The scenario files that are taken: at most so many bytes.  "-" is standard
 * input.
 */
#define BENCH_SCENARIO_MAX (4 << 20)

/*
 * Reads a file as JSON: an object, not yet looked into.  Returns NULL and
 * fills `diag`.  The caller frees it with cJSON_Delete.
 */
cJSON *bench_scenario_read(const char *path, struct lim_diag *diag);

/*
 * Makes a scenario of `tree`, which is copied.  `vary`, `replications` and
 * `plan` are checked for their form and otherwise passed over
 * (bench/experiment.h and bench/plan.h read them).  Traces and tables are
 * looked for in `folder` (NULL: the current one).  Returns LIM_OK, or a
 * negative error and `diag`; after an error nothing is left to free.
 */
int bench_scenario_from_json(struct bench_scenario *s, const cJSON *tree,
                             const char *folder, struct lim_diag *diag);

/*
 * The same where the client may also name a strategy that is not built in:
 * `own`, which must outlive the scenario.  NULL: there is none.
 */
int bench_scenario_with(struct bench_scenario *s, const cJSON *tree,
                        const char *folder, const struct lim_strategy *own,
                        struct lim_diag *diag);

void bench_scenario_fini(struct bench_scenario *s);

/*
 * Returns the folder of a path ("." for standard input and bare names).  The
 * caller frees it; NULL: no memory.
 */
char *bench_scenario_folder(const char *path);

#endif
