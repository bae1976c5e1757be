#ifndef BENCH_METRIC_H
#define BENCH_METRIC_H

#include <stdbool.h>

#include "limiter/error.h"

/*
 * What is known of the figures of a summary by their names: dotted paths
 * into it ("latency_ms.p95"), and which way each of them gets better.
 */
enum bench_better {
    BENCH_NEITHER, /* "requests", "bound_rpm": given, not achieved */
    BENCH_SMALLER,
    BENCH_LARGER
};

#define BENCH_METRIC_SIZE 128

/*
 * LIM_OK; or LIM_EINVAL and `diag`: a summary has no such figure.  `text` is
 * what the message quotes: the words in which the user named it.
 */
int bench_metric_check(const char *metric, const char *text,
                       struct lim_diag *diag);

/* Counts have no unit; they can be told as a share of the attempts. */
bool bench_metric_is_count(const char *metric);

/* Of a figure, or of a count with '%' at its end. */
enum bench_better bench_metric_better(const char *metric);

#endif
