#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/aggregate.h"
#include "bench/grid.h"
#include "bench/result.h"

/*
 * What a chart of a grid shows: which dimension lies along x, which makes the
 * series, and where on x each value stands.
 *
 * The positions of a numeric axis run from 0 to 1, by logarithm where the
 * values span a decade; "none" stands apart, at 1, and the numbers end at
 * 0.86 then.  Those of names are 0, 1, 2, ...
 */
struct bench_chart {
    const struct bench_result *result;
    const struct bench_grid *grid;
    bool any; /* something varies */
    size_t x; /* dimension */
    bool has_series;
    size_t series; /* dimension, if has_series */
    bool numeric, log;
    double *at;     /* owned: position of each value of x */
    bool *apart;    /* owned */
    size_t *order;  /* owned: values of x from left to right */
    size_t *slices; /* owned: a variant for each combination of the values
                        of dimensions that are neither x nor series */
    size_t slice_count;
};

/* LIM_OK, or LIM_ENOMEM.  Result and grid must outlive it. */
int bench_chart_init(struct bench_chart *c, const struct bench_result *r,
                     const struct bench_grid *g);
void bench_chart_fini(struct bench_chart *c);

/* The number of series: 1 where no dimension makes any. */
size_t bench_chart_series(const struct bench_chart *c);

/* The label of a series; "" where there is but one. */
const char *bench_chart_series_name(const struct bench_chart *c, size_t series);

/*
 * The variant (index in the grid) of a slice, series and value of x; false:
 * the result has no run of it.
 */
bool bench_chart_find(const struct bench_chart *c, size_t slice, size_t series,
                      size_t value, size_t *out);

/*
 * The values that single a slice out, "tier tier1"; "" when there is but one
 * slice.  NULL: no memory.  The caller frees it.
 */
char *bench_chart_slice_name(const struct bench_chart *c, size_t slice);

#endif
