#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/metric.h"
#include "bench/result.h"
#include "limiter/error.h"

/*
 * Two results of the same provider, workload, duration and replications, and
 * what differs between them: which figures of which variants became better
 * or worse, chance aside.
 *
 * Where both have the same seed, replication k of the one is held against
 * replication k of the other, which saw the same arrivals and service times:
 * their differences scatter little.  Otherwise the means are compared (Welch).
 * All intervals of one comparison hold together at 99 % (Bonferroni).
 */
enum bench_verdict {
    BENCH_SAME,    /* no difference shown: the interval holds 0 */
    BENCH_BETTER,  /* the interval lies on the better side */
    BENCH_WORSE,   /* on the worse side, and by more than is allowed */
    BENCH_ALLOWED, /* on the worse side, by no more than that */
    BENCH_ABSENT   /* not every run has such a figure: not compared */
};

/* Returns "no difference shown", "better", "worse" ... */
const char *bench_verdict_name(enum bench_verdict verdict);

struct bench_difference {
    const char *metric; /* of the options */
    enum bench_better better;
    double base, now;  /* means */
    double difference; /* now - base */
    double low, high;  /* its interval */
    double relative;   /* difference / |base|; NAN: base is 0 */
    enum bench_verdict verdict;
    bool partly; /* absent, but some runs have it */
};

/* One variant of both: `count` differences, of each metric one. */
struct bench_compared {
    size_t base, now;                     /* numbers of the variant */
    struct bench_difference *differences; /* owned */
};

struct bench_compare_options {
    const char *const *metrics; /* NULL: the default ones */
    size_t metric_count;
    double max_regress; /* a share of the base, >= 0 */
};

struct bench_comparison {
    const struct bench_result *base, *now;
    const char *const *metrics;
    size_t metric_count;
    double max_regress;
    bool paired;
    size_t replications;
    struct bench_compared *variants; /* owned */
    size_t variant_count;
    size_t tests; /* intervals that hold together */
    size_t worse, better, allowed;
};

/*
 * Compares.  LIM_OK; LIM_ENOMEM; LIM_EINVAL and `diag`: they cannot be
 * compared (unequal scenarios, variants or replications; a run that was cut
 * short; fewer than two replications), or there is no such metric.  Both
 * results must outlive `out`, which bench_comparison_fini ends.
 */
int bench_compare(const struct bench_result *base,
                  const struct bench_result *now,
                  const struct bench_compare_options *options,
                  struct bench_comparison *out, struct lim_diag *diag);
void bench_comparison_fini(struct bench_comparison *c);

#endif
