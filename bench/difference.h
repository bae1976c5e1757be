#ifndef BENCH_DIFFERENCE_H
#define BENCH_DIFFERENCE_H

#include <stddef.h>
#include <stdio.h>

#include "bench/compare.h"
#include "limiter/error.h"

/*
 * A comparison as a picture: a row for each variant, side by side a panel for
 * each figure that differs at all, of those that the comparison calls better
 * or worse first; of many variants those that differ.  Differences are in
 * percent of the base; of a figure whose base is 0 somewhere, in its own unit.
 */
#define BENCH_DIFFERENCE_PANELS 6
#define BENCH_DIFFERENCE_ROWS 30

struct bench_difference_plot {
    const struct bench_comparison *comparison;
    char *names[BENCH_DIFFERENCE_ROWS];     /* owned */
    size_t variants[BENCH_DIFFERENCE_ROWS]; /* of the comparison */
    size_t rows;
    size_t metrics[BENCH_DIFFERENCE_PANELS]; /* of the comparison's */
    bool percent[BENCH_DIFFERENCE_PANELS];
    size_t panels;
};

/* LIM_OK, or LIM_ENOMEM.  The comparison must outlive it. */
int bench_difference_init(struct bench_difference_plot *p,
                          const struct bench_comparison *c);
void bench_difference_fini(struct bench_difference_plot *p);

/* Writes all differences, one row each, with a heading. */
void bench_difference_csv(const void *plot, FILE *f);

/* Writes the commands that come before figures/difference.gp. */
void bench_difference_panel(const void *plot, size_t panel, const char *csv,
                            FILE *f);

#endif
