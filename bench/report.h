#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>

#include "bench/rank.h"
#include "bench/result.h"
#include "limiter/error.h"

/*
 * The report: one HTML file that needs nothing else, neither network nor
 * script.  What was asked, the answer in a sentence, the table of variants,
 * the figures, method and assumptions, the limits and where they are from,
 * the scenario, and how to do it again.
 *
 * `results[0]` is what it is about.  Further results stand beside it, variant
 * by variant: the same experiment, or a part of it, in another world.
 */

/*
 * Draws the figures of `results[0]` into the folder of `path` (see
 * bench/figure.h) and writes the report to `path`.  `n` is at least 1; `rank`
 * (NULL: none) ranks `results[0]`.
 * Returns LIM_OK, or as bench_figures_draw.  When the figures could not be
 * drawn the report is written all the same, without them; it says so, and the
 * error of the drawing is returned.
 */
int bench_report(const struct bench_result *const *results, size_t n,
                 const struct bench_rank *rank, const char *path,
                 struct lim_diag *diag);

#endif
