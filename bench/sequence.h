#ifndef BENCH_SEQUENCE_H
#define BENCH_SEQUENCE_H

#include "bench/precision.h"
#include "bench/progress.h"
#include "bench/runner.h"

/*
 * An experiment whose number of replications follows from what they come to
 * (bench/precision.h).  Runs wait here until it is known.
 */
struct bench_sequence {
    const struct bench_precision *precision;
    struct bench_progress *progress; /* told of each run */
    struct bench_kept {
        struct bench_run run; /* owned */
        double wall_s;
    } * kept; /* owned; by variant and replication when all are there */
    size_t count, room;
    struct bench_result result; /* the same runs, borrowed */
    bool out_of_memory;
};

/*
 * Runs as `r` says, but for what is done, from `e->replications` on, which
 * is r->experiment's and becomes the number at last, in the tree too.
 * LIM_OK, or an error and `diag`; bench_sequence_fini in any case.
 */
int bench_sequence_run(struct bench_sequence *s, const struct bench_runner *r,
                       struct bench_experiment *e, bool *interrupted,
                       struct lim_diag *diag);

/* Hands all runs over to r->done, in order. */
void bench_sequence_hand(const struct bench_sequence *s,
                         const struct bench_runner *r);
void bench_sequence_fini(struct bench_sequence *s);

#endif
