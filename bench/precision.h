#ifndef BENCH_PRECISION_H
#define BENCH_PRECISION_H

#include <stdio.h>

#include "bench/experiment.h"
#include "bench/metric.h"
#include "bench/result.h"

/*
 * Sequential stopping: replications are added until figures are known well
 * enough, each with its 95 % interval in every variant.
 *
 * Relative half width h / |mean| at most g / (1 + g) for a wanted g (Law,
 * "Simulation Modeling and Analysis", 9.4.1), from 10 replications on.  All
 * variants get the same number, so that they stay paired.  How many are added
 * follows from the results alone: it does not depend on threads.  Pitfall: an
 * interval that is looked at again and again until it is short covers a bit
 * less than it says; hence not below 10.
 */
#define BENCH_PRECISION_FIGURES 8
#define BENCH_PRECISION_LEAST 10
#define BENCH_PRECISION_MOST 1000

struct bench_precision {
    double share; /* wanted, (0, 1) */
    char figures[BENCH_PRECISION_FIGURES][BENCH_METRIC_SIZE];
    size_t count;
    size_t most; /* replications */
};

/*
 * Reads "2%", "2%,wait_ms.p99,http_429%" or "1%,max=200": the share, figures
 * (goodput_rpm and latency_ms.p95 where none is named), the most
 * replications.  LIM_OK, or LIM_EINVAL and `diag`.
 */
int bench_precision_parse(struct bench_precision *p, const char *text,
                          struct lim_diag *diag);

/*
 * How many replications are wanted after those of `r`, which has the same
 * number for each variant: that number when all is well or no more are
 * allowed.
 */
size_t bench_precision_next(const struct bench_precision *p,
                            const struct bench_result *r);

/* Writes a line: how many replications there were, and how many figures are
   not known so well after the most. */
void bench_precision_tell(const struct bench_precision *p,
                          const struct bench_result *r, FILE *out);

#endif
