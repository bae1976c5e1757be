#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stddef.h>

#include "bench/canvas.h"
#include "bench/compare.h"
#include "bench/result.h"
#include "limiter/error.h"

/*
 * The figures that a result affords, drawn with gnuplot.  For an experiment
 * over caps and strategies:
 *
 *     throughput   goodput against the cap, one line a strategy
 *     latency      p95 and p50 against the cap
 *     refusals     share of attempts answered 429, against the cap
 *     heat         goodput of each pair of the two
 *     distribution latency from the median to p99.99, of the best of each
 *                  series
 *     tradeoff     goodput against p95: what no other variant beats in both
 *     utilisation  how much of its limits each organisation used
 *     timeline     one run: arrivals and goodput, waiting, in flight, 429s
 *     timeline-windows  how far its organisations have used their windows
 *
 * The x axis is the numeric parameter that varies (client.cap if it does);
 * another parameter makes the series.  Where only names vary there are points
 * in place of lines, and where nothing varies the timeline alone.  A third
 * parameter makes one figure for each of its values (throughput-2, ...).
 */
struct bench_figure {
    char *name;    /* owned: of its files, without ending */
    char *title;   /* owned */
    char *finding; /* owned: what to see, from the data */
    char *reading; /* owned: what lines, bands and axes are */
};

struct bench_figures {
    struct bench_figure *list; /* owned */
    size_t count;
};

/*
 * Draws every figure into `folder`, which exists: NAME.svg, NAME.png and the
 * data in NAME.csv, and NAME-narrow.svg for a phone (bench/canvas.h); the same
 * bytes for the same result.  `prefix` begins
 * every NAME ("" for none; letters, digits, '-').  Returns LIM_OK;
 * LIM_ENOTFOUND: there is no gnuplot; LIM_ENOMEM; or LIM_EINVAL: a file
 * could not be written, or gnuplot failed.  `diag` says what.  After an
 * error `*f` is empty.
 */
int bench_figures_draw(struct bench_figures *f, const struct bench_result *r,
                       const char *folder, const char *prefix,
                       struct lim_diag *diag);
void bench_figures_fini(struct bench_figures *f);

/*
 * Draws one figure more: takes the strings of `figure`, also when it fails (a
 * NULL among them: no memory), and puts them, folder and `diag` into `canvas`,
 * whose data, panels and script are the caller's.  Returns as above.
 */
int bench_figures_add(struct bench_figures *f, struct bench_figure figure,
                      struct bench_canvas canvas, const char *folder,
                      struct lim_diag *diag);

/* Draws a comparison into `folder`, as difference.svg, .png and .csv.
   Returns as bench_figures_draw. */
int bench_figures_difference(const struct bench_comparison *c,
                             const char *folder, struct lim_diag *diag);

#endif
