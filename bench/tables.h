#ifndef BENCH_TABLES_H
#define BENCH_TABLES_H

#include <stddef.h>
#include <stdio.h>

#include "bench/answer.h"
#include "bench/grid.h"
#include "bench/rank.h"
#include "bench/result.h"

/*
 * The tables of a report, as HTML.  Every text in them is escaped.
 */

/* The variants: mean and 95 % interval of each figure; the best is marked. */
void bench_tables_variants(FILE *f, const struct bench_result *r,
                           const struct bench_grid *g,
                           const struct bench_answer *a);

/* How a run's load was sent, for results over HTTP: the rates asked for and
   reached, and how the generator fared. */
void bench_tables_load(FILE *f, const struct bench_result *r,
                       const struct bench_grid *g);

/* The variants of the grid as `k` ranks them, the best first; the best and
   what is not told apart from it are marked. */
void bench_tables_rank(FILE *f, const struct bench_grid *g,
                       const struct bench_rank *k);

/*
 * `other` beside `r`: the runs of equal settings and equal seed that both
 * have, and by how much they differ.  `g` is the grid of `r`.
 */
void bench_tables_beside(FILE *f, const struct bench_result *r,
                         const struct bench_grid *g,
                         const struct bench_result *other);

#endif
