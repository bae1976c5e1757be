#ifndef BENCH_SHOW_H
#define BENCH_SHOW_H

#include <stdio.h>

#include "bench/rank.h"
#include "bench/result.h"
#include "bench/scenario.h"
#include "sim/summary.h"

/* Prints the summary of one run for people: it fits a screen. */
void bench_show_summary(FILE *f, const struct bench_scenario *s,
                        const struct sim_summary *summary);

/* Prints an experiment: a row for each variant. */
void bench_show_result(FILE *f, const struct bench_result *r);

/* Prints an experiment, and its ranking (NULL: none), as one JSON object on
   a line.  LIM_OK, or LIM_ENOMEM. */
int bench_show_json(FILE *f, const struct bench_result *r,
                    const struct bench_rank *k);

/* Prints the variants of `r` as `k` ranks them, the best first. */
void bench_show_rank(FILE *f, const struct bench_result *r,
                     const struct bench_rank *k);

#endif
