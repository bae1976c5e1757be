#ifndef BENCH_PLACE_H
#define BENCH_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/driver.h"
#include "bench/scenario.h"
#include "sim/summary.h"
#include "sim/world.h"

struct bench_budget;

/*
 * Where a run takes place: in virtual time, against a mock server of its
 * own, or against a URL.  The same scenario, the same summary.
 */
enum bench_world { BENCH_ON_SIM, BENCH_ON_MOCK, BENCH_ON_URL };

struct bench_place {
    enum bench_world world;
    const char *name;               /* "sim", "mock" or the URL */
    double speed;                   /* of the mock server's clock, > 0 */
    const char *accounts;           /* file of accounts, for a URL; or NULL */
    const char *folder;             /* of the scenario's files */
    const struct lim_strategy *own; /* not built in; NULL: there is none */
    struct bench_budget *budget;    /* of runs against a URL; NULL: none */
};

/*
 * Reads what follows --on; "api" is OPENAI_BASE_URL, else the API itself.
 * LIM_OK, or LIM_EINVAL and `diag`.  `name` must outlive the place.
 */
int bench_place_find(struct bench_place *p, const char *name,
                     struct lim_diag *diag);

/*
 * Tells whether the scenario can be run there at all: LIM_OK, or LIM_EINVAL
 * and `diag`.
 */
int bench_place_check(const struct bench_place *p,
                      const struct bench_scenario *s, struct lim_diag *diag);

/* What one run came to.  The caller calls bench_outcome_fini. */
struct bench_outcome {
    struct sim_summary summary;
    struct sim_moment *moments;
    size_t moment_count;
    double wall_s;
    bool wired;             /* it was over HTTP: */
    struct bench_wall wall; /* what it came to on the wall's clock */
};

/*
 * Runs a checked scenario once, with the draws of `seed`.  Returns LIM_OK, or a
 * negative error and `diag`: nothing is left to free then.
 */
int bench_place_run(const struct bench_place *p, const struct bench_scenario *s,
                    uint64_t seed, const struct sim_watch *watch,
                    const struct sim_pace *pace, struct bench_outcome *out,
                    struct lim_diag *diag);

void bench_outcome_fini(struct bench_outcome *o);

#endif
