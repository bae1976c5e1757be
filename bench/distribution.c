#define _POSIX_C_SOURCE 200809L

#include "bench/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/canvas.h"
#include "bench/chart.h"
#include "bench/gnuplot.h"
#include "bench/scale.h"
#include "bench/words.h"

#define AS_GOOD 0.999 /* of the best goodput: then the p95 decides */
#define DECADES 0.7   /* from which on the axis is logarithmic */
#define LABEL_GAP 0.05
#define LABEL_WIDTH 0.0085
#define LABEL_CHARACTERS 44
#define RIGHT 0.975
/* p90 and p95 have no room side by side in a narrow figure of so many. */
#define CROWDED 1
#define CROWDED_FROM 5

const struct bench_distribution_point
    bench_distribution_points[BENCH_DISTRIBUTION_POINTS] = {
        { "p50", "latency_ms.p50", 0.5 },
        { "p90", "latency_ms.p90", 0.9 },
        { "p95", "latency_ms.p95", 0.95 },
        { "p99", "latency_ms.p99", 0.99 },
        { "p99.9", "latency_ms.p999", 0.999 },
        { "p99.99", "latency_ms.p9999", 0.9999 },
    };

/* Of one series, or of one value of x. */
struct best {
    size_t variant; /* index in the grid */
    double goodput, p95;
};

static void consider(struct best *b, const struct bench_result *r,
                     const struct bench_grid *g, size_t i)
{
    struct bench_estimate x = bench_aggregate(r, g->numbers[i], "goodput_rpm");
    struct bench_estimate y =
        bench_aggregate(r, g->numbers[i], "latency_ms.p95");
    if (x.n == 0 || y.n == 0)
        return;
    bool more = x.mean * AS_GOOD > b->goodput;
    bool calmer = x.mean >= b->goodput * AS_GOOD && y.mean < b->p95;
    if (more || calmer)
        *b = (struct best){ i, x.mean, y.mean };
}

/* "headroom: cap 9": the series first, for lines are told apart by it. */
static char *name_of(const struct bench_chart *c, size_t variant)
{
    if (!c->has_series)
        return bench_grid_name(c->grid, variant);
    size_t s = bench_grid_at(c->grid, variant, c->series);
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return NULL;
    fprintf(f, "%s, ", bench_chart_series_name(c, s));
    bench_grid_put(f, c->grid, variant, c->x);
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

static int add(struct bench_distribution *d, const struct bench_chart *c,
               size_t variant)
{
    struct bench_distribution_line *l = &d->lines[d->count];
    size_t number = c->grid->numbers[variant];
    struct bench_estimate n = bench_aggregate(c->result, number, "succeeded");
    l->name = name_of(c, variant);
    l->points = 0;
    if (l->name == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < BENCH_DISTRIBUTION_POINTS; i++) {
        const struct bench_distribution_point *p =
            &bench_distribution_points[i];
        struct bench_estimate e = bench_aggregate(c->result, number, p->metric);
        if (e.n == 0 || (i > 0 && n.mean * (1 - p->p) < 1 - 1e-9))
            break;
        l->ms[l->points++] = e.mean;
    }
    if (l->points > 0)
        d->count++;
    else
        free(l->name);
    return LIM_OK;
}

static int find_lines(struct bench_distribution *d, const struct bench_chart *c)
{
    const struct bench_grid *g = c->grid;
    size_t dim = c->has_series ? c->series : c->x;
    size_t lines = c->any ? g->dims[dim].count : 1;
    int error = LIM_OK;
    for (size_t l = 0; l < lines && d->count < BENCH_DISTRIBUTION_LINES; l++) {
        struct best best = { SIZE_MAX, -1, INFINITY };
        for (size_t i = 0; i < g->variants; i++)
            if (!c->any || bench_grid_at(g, i, dim) == l)
                consider(&best, c->result, g, i);
        if (best.variant != SIZE_MAX)
            error = add(d, c, best.variant);
        if (error != LIM_OK)
            break;
    }
    return error;
}

int bench_distribution_init(struct bench_distribution *d,
                            const struct bench_result *r,
                            const struct bench_grid *g)
{
    struct bench_chart c;
    *d = (struct bench_distribution){ .count = 0 };
    if (bench_chart_init(&c, r, g) != LIM_OK)
        return LIM_ENOMEM;
    int error = find_lines(d, &c);
    bench_chart_fini(&c);
    if (error != LIM_OK)
        bench_distribution_fini(d);
    return error;
}

void bench_distribution_fini(struct bench_distribution *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(d->lines[i].name);
    d->count = 0;
}

/* Each tenth of what is left is one step to the right. */
static double place(size_t point)
{
    return -log10(1 - bench_distribution_points[point].p);
}

void bench_distribution_csv(const void *distribution, FILE *f)
{
    const struct bench_distribution *d = distribution;
    fputs("line,at,latency_ms,quantile,variant\n", f);
    for (size_t i = 0; i < d->count; i++)
        for (size_t p = 0; p < d->lines[i].points; p++) {
            fprintf(f, "%zu,%.6g,%.10g,%s,", i, place(p), d->lines[i].ms[p],
                    bench_distribution_points[p].name);
            bench_gnuplot_csv(f, d->lines[i].name);
            fputc('\n', f);
        }
}

/* At the lines' ends, clear of each other. */
static void put_labels(const struct bench_distribution *d,
                       const struct bench_scale *y, double unit, FILE *f)
{
    double heights[BENCH_DISTRIBUTION_LINES];
    for (size_t i = 0; i < d->count; i++) {
        const struct bench_distribution_line *l = &d->lines[i];
        heights[i] = bench_scale_at(y, l->ms[l->points - 1] / unit);
    }
    bench_scale_spread(heights, d->count, LABEL_GAP);
    for (size_t i = 0; i < d->count; i++) {
        fprintf(f, "if (!narrow) { set label %zu ", 10 + i);
        bench_gnuplot_string(f, d->lines[i].name);
        fprintf(f, " at graph 1.012, graph %.4f tc rgb ink[pick(%zu)] }\n",
                heights[i], i + 1);
        bench_canvas_legend(f, i, i + 1, d->lines[i].name);
    }
}

void bench_distribution_panel(const void *distribution, size_t panel,
                              const char *csv, FILE *f)
{
    const struct bench_distribution *d = distribution;
    (void)panel;
    double least = INFINITY, most = 0, longest = 0;
    size_t points = 0;
    for (size_t i = 0; i < d->count; i++) {
        const struct bench_distribution_line *l = &d->lines[i];
        points = l->points > points ? l->points : points;
        longest = fmax(longest, (double)strlen(l->name));
        for (size_t p = 0; p < l->points; p++) {
            least = fmin(least, l->ms[p]);
            most = fmax(most, l->ms[p]);
        }
    }
    bool log = bench_scale_make(least, most, 5, DECADES).log;
    struct bench_unit unit = bench_scale_unit(most, log);
    struct bench_scale y =
        bench_scale_make(least / unit.size, most / unit.size, 5, DECADES);
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit = %g\nseries = %zu\nunit_name = 'latency, %s%s'\n",
            unit.size, d->count, unit.name, y.log ? " (log scale)" : "");
    fputs("set xtics (", f);
    for (size_t p = 0; p < points; p++)
        fprintf(f, "%s%s'%s' %.6g", p > 0 ? ", " : "",
                p == CROWDED && points > CROWDED_FROM ? "narrow ? '' : " : "",
                bench_distribution_points[p].name, place(p));
    fprintf(f, ")\nset xrange [%.6g:%.6g]\n", place(0) - 0.05,
            place(points > 0 ? points - 1 : 0) + 0.05);
    fprintf(f, "set rmargin at screen narrow ? x(0.98) : x(%.4f)\n",
            RIGHT - LABEL_WIDTH * fmin(longest, LABEL_CHARACTERS));
    bench_scale_write(&y, 'y', f);
    put_labels(d, &y, unit.size, f);
}
