#ifndef BENCH_TRADEOFF_H
#define BENCH_TRADEOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/grid.h"
#include "bench/result.h"

/*
 * Goodput against p95 latency, a point for each variant that has both; and
 * which of them no other beats in both (Pareto's frontier).
 */
struct bench_point {
    size_t variant; /* index in the grid */
    double goodput_rpm, p95_ms;
    bool frontier;
};

struct bench_tradeoff {
    const struct bench_grid *grid;
    struct bench_point *list; /* owned, by goodput from the smallest */
    size_t count;
};

/* LIM_OK, or LIM_ENOMEM.  The grid must outlive it. */
int bench_tradeoff_init(struct bench_tradeoff *t, const struct bench_result *r,
                        const struct bench_grid *g);
void bench_tradeoff_fini(struct bench_tradeoff *t);

/* Writes the data, one row a point, with a heading. */
void bench_tradeoff_csv(const void *tradeoff, FILE *f);

/* Writes the commands that come before figures/tradeoff.gp. */
void bench_tradeoff_panel(const void *tradeoff, size_t panel, const char *csv,
                          FILE *f);

#endif
