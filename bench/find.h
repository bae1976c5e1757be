#ifndef BENCH_FIND_H
#define BENCH_FIND_H

#include <stdio.h>

#include "bench/progress.h"
#include "bench/rank.h"
#include "bench/trial.h"

/*
 * A search over one parameter of a scenario, in virtual time.
 *
 * With checks it is for the largest value that meets them all: from the one
 * that stands there up by doubling, or down by halving, and then between, each
 * step decided by as many replications as it takes (bench/trial.h).  Rates
 * come to within 2 %, counts to the last one.  What grows with the value must
 * make the checks harder to meet.
 *
 * With a figure it is a race between values: those of the scenario's `vary`,
 * or all names of strategies, or caps from 1 to 1000 in steps.  The path may be
 * several with commas between, and what else varies does so: each combination
 * takes part.  Replications are doubled from 10 to 160; who is worse than the
 * best by a paired difference whose interval, at 99 % over all comparisons,
 * does not hold 0, is out.
 *
 * Afterwards the scenario varies over what was tried, so that the experiment
 * that follows is the evidence.
 */
struct bench_find {
    const char *path;
    const char *best;                  /* the figure of a race, or NULL: */
    const struct bench_trial_way *way; /* its checks are searched by */
    struct bench_progress *progress;
};

#define BENCH_FIND_TRIED 512

/* What was found.  The caller calls bench_found_fini. */
struct bench_found {
    const char *path;
    cJSON *values; /* owned: what was tried, or raced: of several parameters
                      as {"client.cap": 12, ...} */
    enum bench_trial_verdict
        verdicts[BENCH_FIND_TRIED]; /* of each; met: still in */
    int best;                       /* its place in `values`; -1: none does */
    bool race, several;
};

/*
 * Searches, and makes `tree`, the scenario, vary over what was tried.  LIM_OK
 * and whether an interrupt ended it, or an error and `diag`: nothing stands at
 * the path, or a `vary` stands in the way.  bench_found_fini in any case.
 */
int bench_find_run(const struct bench_find *f, cJSON *tree,
                   struct bench_found *out, bool *interrupted,
                   struct lim_diag *diag);
void bench_found_fini(struct bench_found *f);

/* The answer in a sentence, or as one JSON object on a line. */
void bench_found_show(const struct bench_found *f, FILE *out);
int bench_found_json(const struct bench_found *f, FILE *out);

#endif
