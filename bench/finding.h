#ifndef BENCH_FINDING_H
#define BENCH_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/compare.h"
#include "bench/distribution.h"
#include "bench/dots.h"
#include "bench/grid.h"
#include "bench/lines.h"
#include "bench/result.h"
#include "bench/timeline.h"
#include "bench/tradeoff.h"

/*
 * What there is to see in a figure, in a sentence, computed from its data.
 * Every function returns a string of its own, which the caller frees; NULL:
 * no memory.
 */

/* Best goodput, its share of the bound, and from where on it is reached. */
char *bench_finding_throughput(const struct bench_lines *l);

/* Lowest and highest p95. */
char *bench_finding_latency(const struct bench_lines *l);

/* Who is refused most. */
char *bench_finding_refusals(const struct bench_lines *l);

/* How many pairs come near the best, and which series does so most often. */
char *bench_finding_heat(const struct bench_lines *l);

/* Whose tail is the shortest, and whose the longest. */
char *bench_finding_distribution(const struct bench_distribution *d);

/* Which variants are not beaten in both, from the calmest to the busiest. */
char *bench_finding_tradeoff(const struct bench_tradeoff *t);

/* Who used the most of its scarcest limit, and who the least. */
char *bench_finding_utilisation(const struct bench_dots *d);

/* How many figures became worse, and how many better. */
char *bench_finding_difference(const struct bench_comparison *c);

/* What the run came to. */
char *bench_finding_timeline(const struct bench_run *run);

/* How long organisations were at the end of a window. */
char *bench_finding_windows(const struct bench_timeline *t);

/*
 * The variant (index in the grid) with the highest goodput and, among those
 * within a thousandth of it, the lowest p95; false: no run tells.
 */
bool bench_finding_best(const struct bench_result *r,
                        const struct bench_grid *g, size_t *out);

/* The variant with the largest share of attempts answered 429. */
bool bench_finding_refused(const struct bench_result *r,
                           const struct bench_grid *g, size_t *out,
                           double *percent);

#endif
