#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/grid.h"
#include "bench/result.h"

/*
 * What an experiment says, in a sentence or two: which variant gets most done
 * (goodput_rpm), which ones cannot be told apart from it, and which of those
 * has the lowest latency (latency_ms.p95).
 *
 * Variants are compared replication by replication, on the same arrivals.
 * Two can be told apart when the t interval of their difference leaves out 0,
 * at 95 % over all comparisons with the best (Bonferroni).
 */
struct bench_answer {
    bool any;         /* some run tells something */
    size_t best;      /* index in the grid: most goodput */
    size_t fastest;   /* among those like `best`: lowest p95 */
    size_t like_best; /* variants not told apart from `best`, itself too */
    size_t like_fastest;
    bool *tied; /* owned: like `best`, one a variant of the grid */
};

/* LIM_OK, or LIM_ENOMEM. */
int bench_answer_init(struct bench_answer *a, const struct bench_result *r,
                      const struct bench_grid *g);
void bench_answer_fini(struct bench_answer *a);

/* The sentence.  NULL: no memory.  The caller frees it. */
char *bench_answer_text(const struct bench_answer *a,
                        const struct bench_result *r,
                        const struct bench_grid *g);

#endif
