#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/chart.h"

/*
 * One figure of a chart: up to two panels over the same x axis, each a
 * metric with its intervals, one line (or point) a series.
 */
#define BENCH_PANELS 2

struct bench_panel {
    const char *metric; /* full path, as bench_aggregate has it */
    const char *what;   /* "p95 latency"; the unit is added */
};

struct bench_kind {
    const char *name;  /* of its files: "throughput" */
    const char *title; /* "Throughput"; the x axis is added */
    const char *bound; /* metric of the reference line; NULL: none */
    bool time;         /* the metrics are ms */
    const char *unit;  /* of the rest: "a minute" */
    size_t panels;
    struct bench_panel panel[BENCH_PANELS];
};

struct bench_row {
    size_t series, value, variant; /* variant: index in the grid */
    double at;
    bool apart;
    struct bench_estimate mean[BENCH_PANELS];
    double bound; /* NAN: none */
};

/* Rows of one series stand together, from left to right. */
struct bench_lines {
    const struct bench_chart *chart;
    const struct bench_kind *kind;
    size_t slice;
    struct bench_row *rows; /* owned */
    size_t count;
    double least[BENCH_PANELS], most[BENCH_PANELS]; /* that axes show */
};

/* LIM_OK, or LIM_ENOMEM.  The chart must outlive it. */
int bench_lines_init(struct bench_lines *l, const struct bench_chart *c,
                     const struct bench_kind *kind, size_t slice);
void bench_lines_fini(struct bench_lines *l);

/* Makes the axes of `l` show what those of `other` show: figures of several
   slices are compared. */
void bench_lines_widen(struct bench_lines *l, const struct bench_lines *other);

/* Writes the data, one row a point, with a heading. */
void bench_lines_csv(const void *lines, FILE *f);

/*
 * Writes the commands of one panel that come before its script
 * (figures/lines.gp or points.gp): `data` is the CSV's name.
 */
/* Lines of a narrow figure's legend, and pixels for its slanted names. */
size_t bench_lines_legend(const struct bench_lines *l);
size_t bench_lines_hang(const struct bench_lines *l);

void bench_lines_panel(const void *lines, size_t panel, const char *csv,
                       FILE *f);

#endif
