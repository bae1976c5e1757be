#ifndef BENCH_EXPERIMENT_H
#define BENCH_EXPERIMENT_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"

/*
 * An experiment: a scenario, lists of values that some of its parameters
 * take, and a number of replications.
 *
 *     "vary": {"client.cap": [1, 5], "client.strategy": ["a", "b"]}
 *
 * has the variants (1, a) (1, b) (5, a) (5, b): the last list varies
 * fastest.  With 10 replications, runs 0 to 9 are of the first variant.
 * Replication r has the same seed in every variant (common random numbers),
 * and that of replication 0 is the scenario's own.
 */
struct bench_vary {
    const char *path;    /* borrowed from `tree` */
    const cJSON *values; /* array, borrowed from `tree` */
    size_t count;
};

struct bench_experiment {
    cJSON *tree;              /* owned copy: the whole scenario */
    struct bench_vary *lists; /* owned */
    size_t list_count;
    size_t variants;     /* product of the lists; >= 1 */
    size_t replications; /* >= 1 */
    uint64_t seed;
};

/* Most runs of one experiment. */
#define BENCH_RUNS_MAX 1000000

/* Which run it is. */
struct bench_run_id {
    size_t variant;
    size_t replication;
    uint64_t seed;
};

/*
 * Reads `vary`, `replications` and `seed` of a scenario, which is copied.
 * Returns LIM_OK, or a negative error and `diag`.
 */
int bench_experiment_init(struct bench_experiment *e, const cJSON *tree,
                          struct lim_diag *diag);
void bench_experiment_fini(struct bench_experiment *e);

/* Its name; "scenario" if it has none.  It lives as long as `e`. */
const char *bench_experiment_name(const struct bench_experiment *e);

/* The number of runs, and each: `run` is below bench_experiment_runs. */
size_t bench_experiment_runs(const struct bench_experiment *e);
struct bench_run_id bench_experiment_run(const struct bench_experiment *e,
                                         size_t run);

/*
 * Returns the settings of a variant as an object, {"client.cap": 5, ...}, in
 * the order of the lists; {} when nothing varies.  NULL: no memory.  The
 * caller frees it with cJSON_Delete.
 */
cJSON *bench_experiment_settings(const struct bench_experiment *e,
                                 size_t variant);

/*
 * Returns the scenario of a variant: the whole without `vary` and
 * `replications`, the settings in their places.  NULL and `diag`: a setting
 * has no place, or no memory.  The caller frees it.
 */
cJSON *bench_experiment_scenario(const struct bench_experiment *e,
                                 size_t variant, struct lim_diag *diag);

#endif
