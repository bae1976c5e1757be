#ifndef BENCH_GRID_H
#define BENCH_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "bench/result.h"

/*
 * The variants of a result as points of a grid: one dimension for each
 * parameter that varies, in the order of `vary`, and on it the values in the
 * order in which they come up.  {"client.cap": [1, 5], "client.strategy":
 * ["a", "b"]} has two dimensions of two values, and four variants.
 */
struct bench_dimension {
    const char *path;     /* borrowed from the result */
    const cJSON **values; /* owned array, borrowed values */
    char **labels;        /* owned, by bench_labels */
    bool named;           /* the labels are there */
    size_t count;
};

struct bench_grid {
    struct bench_dimension *dims; /* owned */
    size_t count;
    size_t variants; /* with at least one run */
    size_t *numbers; /* owned: the number of each variant in the result */
    size_t *at;      /* owned: variants x count indices of values */
};

/* LIM_OK, or LIM_ENOMEM.  The result must outlive the grid. */
int bench_grid_init(struct bench_grid *g, const struct bench_result *r);
void bench_grid_fini(struct bench_grid *g);

/* Where the variant of that number in the result, which has a run, stands. */
size_t bench_grid_place(const struct bench_grid *g, size_t number);

/* The index of the value that variant `i` (below g->variants) has. */
size_t bench_grid_at(const struct bench_grid *g, size_t i, size_t dim);

/* Writes the words for one dimension of a variant: "cap 30", "headroom". */
void bench_grid_put(FILE *f, const struct bench_grid *g, size_t i, size_t dim);

/*
 * The words for one variant: "cap 30, headroom".  NULL: no memory.  The
 * caller frees it.
 */
char *bench_grid_name(const struct bench_grid *g, size_t i);

#endif
