#ifndef BENCH_DOTS_H
#define BENCH_DOTS_H

#include <stddef.h>
#include <stdio.h>

#include "bench/result.h"

/*
 * What each organisation used of its limits: a row for each, and on it a mark
 * for each of up to BENCH_DOTS_SERIES limits.
 */
#define BENCH_DOTS_SERIES 6
#define BENCH_DOTS_ROWS 30

struct bench_dot_row {
    char *name;                      /* owned */
    double share[BENCH_DOTS_SERIES]; /* percent; NAN: no such limit */
};

struct bench_dots {
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

void bench_dots_fini(struct bench_dots *d);

/* Writes the data, one row a mark, with a heading. */
void bench_dots_csv(const void *dots, FILE *f);

/* Writes the commands that come before figures/dots.gp. */
void bench_dots_panel(const void *dots, size_t panel, const char *csv, FILE *f);

#endif
