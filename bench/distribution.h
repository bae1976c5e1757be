#ifndef BENCH_DISTRIBUTION_H
#define BENCH_DISTRIBUTION_H

#include <stddef.h>
#include <stdio.h>

#include "bench/grid.h"
#include "bench/result.h"

/*
 * Quantiles of latency from the median to p99.99, a line for the best variant
 * (bench_finding_best's rule) of each series of the chart; without series,
 * of each value of x.
 */
#define BENCH_DISTRIBUTION_POINTS 6
#define BENCH_DISTRIBUTION_LINES 8

struct bench_distribution_point {
    const char *name, *metric;
    double p;
};
extern const struct bench_distribution_point
    bench_distribution_points[BENCH_DISTRIBUTION_POINTS];

struct bench_distribution_line {
    char *name; /* owned: of the variant */
    double ms[BENCH_DISTRIBUTION_POINTS];
    size_t points; /* that a run has the requests for; >= 1 */
};

struct bench_distribution {
    struct bench_distribution_line lines[BENCH_DISTRIBUTION_LINES];
    size_t count;
};

/* LIM_OK, or LIM_ENOMEM. */
int bench_distribution_init(struct bench_distribution *d,
                            const struct bench_result *r,
                            const struct bench_grid *g);
void bench_distribution_fini(struct bench_distribution *d);

/* Writes the data, one row a point, with a heading. */
void bench_distribution_csv(const void *distribution, FILE *f);

/* Writes the commands that come before figures/distribution.gp. */
void bench_distribution_panel(const void *distribution, size_t panel,
                              const char *csv, FILE *f);

#endif
