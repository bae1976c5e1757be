#ifndef BENCH_AGGREGATE_H
#define BENCH_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/result.h"

/* A figure over the replications of one variant. */
struct bench_estimate {
    size_t n; /* runs that have the figure; 0: none, or no memory */
    double mean;
    double ci95; /* half-width of the t interval; < 0: n is 1, but a run
                    over HTTP has those of its batch means */
};

/*
 * The figure at `metric`, a full dotted path into the summary
 * ("latency_ms.p95").  A count with '%' at its end is its share of the
 * attempts, in percent ("http_429%").
 */
struct bench_estimate bench_aggregate(const struct bench_result *r,
                                      size_t variant, const char *metric);

/*
 * The figure of `variant` less that of `other`, replication by replication:
 * n is the number of pairs that both have.  As a replication has the same
 * seed in each variant, what it does to both falls out of the difference,
 * and the interval is narrower than those of the two figures.
 */
struct bench_estimate bench_aggregate_paired(const struct bench_result *r,
                                             size_t variant, size_t other,
                                             const char *metric);

/* The figure of one run; false: it is null there, or is no number. */
bool bench_aggregate_run(const struct bench_run *run, const char *metric,
                         double *out);

/* The settings of a variant, or NULL if no run of it is there. */
const cJSON *bench_aggregate_settings(const struct bench_result *r,
                                      size_t variant);

/*
 * Every figure of a variant: an object shaped as the summary, each number
 * of which is {"mean", "ci95", "n"}.  NULL: no memory.  The caller frees it.
 */
cJSON *bench_aggregate_json(const struct bench_result *r, size_t variant);

#endif
