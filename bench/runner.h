#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include "bench/experiment.h"
#include "bench/place.h"
#include "bench/result.h"

/* Which runs: k - 1, k - 1 + n, ... of a shard k of n.  {1, 1}: all. */
struct bench_share {
    size_t k, n;
};

/* Reads "2/8": 1 <= k <= n. */
bool bench_share_parse(struct bench_share *s, const char *text);

size_t bench_share_runs(struct bench_share s, size_t runs);
size_t bench_share_run(struct bench_share s, size_t i); /* the i-th of them */

/*
 * Runs an experiment: threads take the runs in order, and what they come to
 * is handed over in that order, whatever their number.
 */
struct bench_runner {
    const struct bench_experiment *experiment;
    const struct bench_place *place;
    const char *version;
    unsigned threads; /* >= 1; over HTTP there is one */
    struct bench_share share;
    size_t first; /* so many of the share's runs are there already */
    size_t from;  /* replications of each variant that are not run; with any,
                     share is {1, 1} */
    /* A folder: the attempts of run 7 go to its 7.csv (bench/attempts.h), which
       is there before the run is handed over.  NULL: nowhere. */
    const char *requests;
    /* Called with each run in order, one at a time, from any thread.  False:
       it could not be kept, and no more are wanted. */
    bool (*done)(void *context, const struct bench_run *run, double wall_s);
    void *context;
};

/*
 * Returns LIM_OK, and whether an interrupt ended it before its time (the
 * runs that it cut say "partial" in their summaries); or the error of the
 * first run that failed, and `diag`: BENCH_EWRITE (bench/output.h) if its
 * attempts could not be written.
 */
int bench_runner_run(const struct bench_runner *r, bool *interrupted,
                     struct lim_diag *diag);

/*
 * Makes the scenario of every variant once, to find what is wrong with any
 * before the first run.  Returns LIM_OK, or an error and `diag`.
 */
int bench_runner_check(const struct bench_experiment *e,
                       const struct bench_place *place, struct lim_diag *diag);

#endif
