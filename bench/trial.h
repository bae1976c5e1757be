#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include "bench/aggregate.h"
#include "bench/check.h"
#include "bench/experiment.h"
#include "bench/place.h"

/*
 * One scenario, run in virtual time until it is known whether it meets its
 * checks: replications are added while the interval of some figure holds the
 * bound, up to BENCH_TRIAL_MOST; and that all are met is said of no fewer
 * than BENCH_TRIAL_SURE.
 *
 * Pitfall: what is looked at again and again is found decided too often, and
 * waits are skewed: of five runs none may have met the burst that decides.
 * Hence 99 % intervals, and the two numbers.
 */
#define BENCH_TRIAL_LEAST 10
#define BENCH_TRIAL_SURE 20
#define BENCH_TRIAL_MOST 80

enum bench_trial_verdict { BENCH_MISSED_IT, BENCH_TOO_CLOSE, BENCH_MET_IT };

struct bench_trial {
    struct bench_result result; /* owned: the runs so far, one variant */
    size_t room;
    bool failed; /* no memory for a run */
};

/* What all trials have in common. */
struct bench_trial_way {
    const char *folder; /* of the scenario's files */
    const char *version;
    const struct lim_strategy *own; /* not built in; NULL: there is none */
    unsigned threads;
    /* Runs; 0: BENCH_TRIAL_LEAST, _SURE and _MOST. */
    size_t least, sure, most;
    const struct bench_check *checks;
    size_t check_count;
};

/*
 * Runs `tree`, a scenario whose `vary` and `replications` are passed over.
 * `*out` is the verdict of the check that is met least.  Returns LIM_OK, or
 * an error and `diag`; and whether an interrupt ended it.  The caller calls
 * bench_trial_fini in any case.
 */
int bench_trial_run(struct bench_trial *t, const struct bench_trial_way *way,
                    const cJSON *tree, enum bench_trial_verdict *out,
                    bool *interrupted, struct lim_diag *diag);

/*
 * Adds runs of `tree` until there are so many, to a trial that was all zeros
 * at first.  As bench_trial_run, but nothing is judged.
 */
int bench_trial_more(struct bench_trial *t, const struct bench_trial_way *way,
                     const cJSON *tree, size_t runs, bool *interrupted,
                     struct lim_diag *diag);

/* The figure of `a` less that of `b`, replication by replication. */
struct bench_estimate bench_trial_less(const struct bench_trial *a,
                                       const struct bench_trial *b,
                                       const char *metric);

/* Half of the interval that leaves out `chance`, both sides together. */
double bench_trial_half_width(const struct bench_estimate *e, double chance);

/* A figure of all runs. */
struct bench_estimate bench_trial_figure(const struct bench_trial *t,
                                         const char *metric);

/* What the runs say of a check. */
enum bench_trial_verdict bench_trial_judge(const struct bench_trial *t,
                                           const struct bench_check *c);

void bench_trial_fini(struct bench_trial *t);

#endif
