#ifndef BENCH_ATTEMPTS_H
#define BENCH_ATTEMPTS_H

#include <stdio.h>

#include "sim/scenario.h"
#include "sim/summary.h"

/*
 * The attempts of a run as CSV, for --requests: one format for the simulator,
 * the mock server and a URL.
 *
 *     request,attempt,organisation,model,arrival_ns,sent_ns,done_ns,status,
 *         limit,estimate,admitted_ns,first_byte_ns
 *
 * Times count from the start of the run, in virtual time.  A request is due at
 * `arrival`, the pool lets it go at `admitted`, and it leaves at `sent`: in
 * virtual time at once, over HTTP when its connection is there.  What did not
 * come is an empty field: a first byte of no answer, a limit that did not
 * refuse.  A status of 0 is no answer, 499 one that was not waited for.
 */
struct bench_attempts {
    const struct sim_scenario *scenario;
    FILE *file;
};

/* Writes the names of the columns. */
void bench_attempts_head(FILE *f);

/* Writes a row.  `attempts` is a struct bench_attempts: for sim_watch. */
void bench_attempts_add(void *attempts, const struct sim_attempt *a);

#endif
