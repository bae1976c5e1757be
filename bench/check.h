#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/metric.h"
#include "bench/result.h"
#include "limiter/error.h"

/*
 * A threshold: "latency_ms.p95<2s", "http_429<0.1%", "efficiency>=90%".
 * Every variant's mean must meet it.  Values of times take units; a count
 * with '%' is meant as a share of the attempts.
 */
enum bench_relation { BENCH_LESS, BENCH_AT_MOST, BENCH_MORE, BENCH_AT_LEAST };

struct bench_check {
    const char *text;               /* as written; borrowed */
    char metric[BENCH_METRIC_SIZE]; /* as bench_aggregate takes it */
    enum bench_relation relation;
    double bound;
};

/* LIM_OK, or LIM_EINVAL and `diag`.  `text` must outlive the check. */
int bench_check_parse(struct bench_check *c, const char *text,
                      struct lim_diag *diag);

/* Whether a value of the figure meets it. */
bool bench_check_meets(const struct bench_check *c, double x);

/*
 * Prints a line for each variant that misses it.  Returns how many do; a
 * variant without that figure misses it too.
 */
size_t bench_check_run(const struct bench_check *c,
                       const struct bench_result *r, FILE *out);

#endif
