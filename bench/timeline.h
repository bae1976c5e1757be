#ifndef BENCH_TIMELINE_H
#define BENCH_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/result.h"

/*
 * One run over time.  Its moments (sim/summary.h) are gathered into equal
 * intervals of a round length, at most 90 of them, so that rates a minute
 * can be read.
 */
struct bench_interval {
    double t_s;                                    /* where it begins */
    double arrived, admitted, succeeded, http_429; /* a minute */
    double waiting, in_flight;                     /* at its end */
    double used[SIM_GAUGES_MAX]; /* percent, the most of its moments */
};

struct bench_timeline {
    struct bench_interval *list; /* owned */
    size_t count;
    double length_s;
    double bound_rpm; /* NAN: none */
    size_t gauges;    /* organisations that have `used`; 0: it is not known, or
                         nothing was ever used of any */
    const char *names[SIM_GAUGES_MAX]; /* theirs, borrowed from the run */
    bool believed; /* by the pool; else the provider's own count */
};

/* LIM_OK, or LIM_ENOMEM.  `run` has moments; `believed`: it was over HTTP. */
int bench_timeline_init(struct bench_timeline *t, const struct bench_run *run,
                        bool believed);
void bench_timeline_fini(struct bench_timeline *t);

/* Writes the data, one row an interval, with a heading. */
void bench_timeline_csv(const void *timeline, FILE *f);

/* Writes the commands that come before figures/timeline.gp. */
void bench_timeline_panel(const void *timeline, size_t panel, const char *csv,
                          FILE *f);

/* The same for a map of the organisations' windows, if there are gauges. */
void bench_timeline_windows_csv(const void *timeline, FILE *f);
void bench_timeline_windows_panel(const void *timeline, size_t panel,
                                  const char *csv, FILE *f);

#endif
