#ifndef BENCH_DOTS_H
#define BENCH_DOTS_H

#include <stddef.h>
#include <stdio.h>

#include "bench/compare.h"
#include "bench/result.h"

/*
 * Percentages by name: a row for each name, and on it a mark for each of up
 * to BENCH_DOTS_SERIES series, with an interval if it has one.
 */
#define BENCH_DOTS_SERIES 6
#define BENCH_DOTS_ROWS 30

struct bench_dot {
    double value, low, high; /* percent; value NAN: none */
};

struct bench_dot_row {
    char *name; /* owned */
    struct bench_dot dot[BENCH_DOTS_SERIES];
};

struct bench_dots {
    const char *what; /* the axis says */
    const char *series[BENCH_DOTS_SERIES];
    size_t series_count;
    struct bench_dot_row *rows; /* owned */
    size_t count, left_out;
};

/*
 * Of a variant: how much of each of its limits every organisation used, the
 * mean over replications.  LIM_OK, or LIM_ENOMEM.
 */
int bench_dots_utilisation(struct bench_dots *d, const struct bench_result *r,
                           size_t variant);

/* Of a comparison: by how much each metric differs, of its base.  LIM_OK, or
   LIM_ENOMEM.  The comparison must outlive it. */
int bench_dots_difference(struct bench_dots *d,
                          const struct bench_comparison *c);
void bench_dots_fini(struct bench_dots *d);

/* Writes the data, one row a mark, with a heading. */
void bench_dots_csv(const void *dots, FILE *f);

/* Writes the commands that come before figures/dots.gp. */
void bench_dots_panel(const void *dots, size_t panel, const char *csv, FILE *f);

#endif
