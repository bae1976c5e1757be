#ifndef BENCH_RANK_H
#define BENCH_RANK_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/aggregate.h"
#include "bench/metric.h"
#include "bench/result.h"

/*
 * The variants of an experiment, ranked by one figure, and by how much each
 * differs from the best.
 *
 * The figure of every variant follows its replication's seed: with waits of
 * 10, 20 and 30 s in one variant and 11, 21 and 31 s in another the means'
 * intervals, 20 ± 25 s and 21 ± 25 s, say nothing, and yet the second is
 * slower by 1 s in every pair.  Hence the difference is taken pair by pair.
 * Each interval holds at 95 % by itself: of twenty variants that are as good
 * as the best, one is taken for worse.  (The answer of a report is widened
 * for that.)
 */
struct bench_ranked {
    size_t variant;
    struct bench_estimate figure;
    struct bench_estimate difference; /* to the best; its own is 0 */
    bool alike; /* the difference may be nothing: its interval holds 0 */
};

struct bench_rank {
    char metric[BENCH_METRIC_SIZE]; /* as bench_aggregate takes it */
    enum bench_better better;
    struct bench_ranked *list; /* owned: the best first; no figure last */
    size_t count;
};

/*
 * Reads what to rank by: a figure of the summary, or a count with '%' for its
 * share of the attempts.  Ranks nothing yet.  Returns LIM_OK, or LIM_EINVAL
 * and `diag`: there is no such figure, or it is neither good nor bad.
 */
int bench_rank_init(struct bench_rank *k, const char *metric,
                    struct lim_diag *diag);
void bench_rank_fini(struct bench_rank *k);

/* Ranks the variants of `r`, in the place of what was ranked before.  LIM_OK,
   or LIM_ENOMEM. */
int bench_rank_run(struct bench_rank *k, const struct bench_result *r);

/* What the ranking is, in a sentence, for a heading.  NULL: no memory.  The
   caller frees it. */
char *bench_rank_title(const struct bench_rank *k);

/*
 * A list of {"settings", "mean", "n", "difference", "ci95", "pairs",
 * "alike"}, the best first; null where one pair tells nothing of chance.
 * NULL: no memory.  The caller frees it.
 */
cJSON *bench_rank_json(const struct bench_rank *k,
                       const struct bench_result *r);

#endif
