#include "bench/tradeoff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/gnuplot.h"
#include "bench/scale.h"

#define DECADES 1 /* from which on the axis is logarithmic */
/* Of names, in shares of the axes. */
#define CHARACTER 0.0091
#define CHARACTER_NARROW 0.0222
#define LABEL_HEIGHT 0.055
#define MARK_HEIGHT 0.025
#define LIFT 0.028 /* so far below their point they stand, */
#define LOW 0.06   /* or above it, where it is lower than this */
#define RIGHT_END 1.02
#define LABELS_MAX 24

static int by_goodput(const void *a, const void *b)
{
    const struct bench_point *x = a, *y = b;
    if (x->goodput_rpm != y->goodput_rpm)
        return x->goodput_rpm < y->goodput_rpm ? -1 : 1;
    if (x->p95_ms != y->p95_ms)
        return x->p95_ms > y->p95_ms ? -1 : 1;
    return x->variant < y->variant ? -1 : x->variant > y->variant;
}

int bench_tradeoff_init(struct bench_tradeoff *t, const struct bench_result *r,
                        const struct bench_grid *g)
{
    *t = (struct bench_tradeoff){ .grid = g };
    t->list = calloc(g->variants + 1, sizeof *t->list);
    if (t->list == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < g->variants; i++) {
        struct bench_estimate x =
            bench_aggregate(r, g->numbers[i], "goodput_rpm");
        struct bench_estimate y =
            bench_aggregate(r, g->numbers[i], "latency_ms.p95");
        if (x.n > 0 && y.n > 0)
            t->list[t->count++] =
                (struct bench_point){ i, x.mean, y.mean, false };
    }
    qsort(t->list, t->count, sizeof *t->list, by_goodput);
    double least = INFINITY; /* p95 of all with as much goodput or more */
    for (size_t i = t->count; i-- > 0;) {
        t->list[i].frontier = t->list[i].p95_ms < least;
        least = fmin(least, t->list[i].p95_ms);
    }
    return LIM_OK;
}

void bench_tradeoff_fini(struct bench_tradeoff *t)
{
    free(t->list);
    *t = (struct bench_tradeoff){ .count = 0 };
}

void bench_tradeoff_csv(const void *tradeoff, FILE *f)
{
    const struct bench_tradeoff *t = tradeoff;
    fputs("goodput_rpm,latency_ms.p95,frontier,variant\n", f);
    for (size_t i = 0; i < t->count; i++) {
        const struct bench_point *p = &t->list[i];
        char *name = bench_grid_name(t->grid, p->variant);
        fprintf(f, "%.10g,%.10g,%d,", p->goodput_rpm, p->p95_ms, p->frontier);
        bench_gnuplot_csv(f, name != NULL ? name : "");
        fputc('\n', f);
        free(name);
    }
}

/* Where a name stands: shares of the axes. */
struct place {
    double from, to, height;
};

static struct place place_of(double x, double y, double width, bool *left)
{
    double height = y < LOW ? y + LIFT : y - LIFT;
    *left = x + width > RIGHT_END;
    return *left ? (struct place){ x - width, x, height }
                 : (struct place){ x, x + width, height };
}

static bool is_clear(const struct place *taken, size_t n, struct place p)
{
    for (size_t i = 0; i < n; i++)
        if (p.from < taken[i].to && taken[i].from < p.to &&
            fabs(p.height - taken[i].height) < LABEL_HEIGHT)
            return false;
    return true;
}

/* A place beside the picture is none. */
static bool is_inside(struct place p)
{
    return p.from > -0.05 && p.to < 1.1;
}

static void put_label(FILE *f, size_t number, const char *name, struct place p,
                      bool left)
{
    fprintf(f, "set label %zu ", number);
    bench_gnuplot_string(f, name);
    fprintf(f,
            " %s at graph %.4f, graph %.4f offset character %s tc rgb ink[1]\n",
            left ? "right" : "left", left ? p.to : p.from, p.height,
            left ? "-0.9, 0" : "0.9, 0");
}

/* The axes of a drawing. */
struct axes {
    struct bench_scale x, y;
    double unit;      /* of y, in ms */
    double character; /* of a name, in shares of x */
};

static double x_of(const struct axes *a, const struct bench_point *p)
{
    return bench_scale_at(&a->x, p->goodput_rpm);
}

static double y_of(const struct axes *a, const struct bench_point *p)
{
    return bench_scale_at(&a->y, p->p95_ms / a->unit);
}

/* Whether a name would hide a mark that is not its own. */
static bool hides(const struct bench_tradeoff *t, const struct axes *a,
                  size_t own, struct place at)
{
    for (size_t i = 0; i < t->count; i++) {
        double x = x_of(a, &t->list[i]);
        if (i != own && at.from < x && x < at.to &&
            fabs(at.height - y_of(a, &t->list[i])) < MARK_HEIGHT)
            return true;
    }
    return false;
}

/* Names of the frontier, as far as they keep clear of each other and of
   marks. */
static void put_labels(const struct bench_tradeoff *t, const struct axes *a,
                       FILE *f)
{
    struct place taken[LABELS_MAX];
    size_t n = 0;
    for (size_t i = t->count; i-- > 0 && n < LABELS_MAX;) {
        const struct bench_point *p = &t->list[i];
        char *name = p->frontier ? bench_grid_name(t->grid, p->variant) : NULL;
        if (name == NULL)
            continue;
        bool left;
        struct place at =
            place_of(x_of(a, p), y_of(a, p),
                     a->character * ((double)strlen(name) + 2), &left);
        if (is_inside(at) && is_clear(taken, n, at) && !hides(t, a, i, at)) {
            put_label(f, 10 + i, name, at, left);
            taken[n++] = at;
        }
        free(name);
    }
}

void bench_tradeoff_panel(const void *tradeoff, size_t panel, const char *csv,
                          FILE *f)
{
    const struct bench_tradeoff *t = tradeoff;
    (void)panel;
    double least = INFINITY, most = 0, least_p95 = INFINITY, most_p95 = 0;
    for (size_t i = 0; i < t->count; i++) {
        least = fmin(least, t->list[i].goodput_rpm);
        most = fmax(most, t->list[i].goodput_rpm);
        least_p95 = fmin(least_p95, t->list[i].p95_ms);
        most_p95 = fmax(most_p95, t->list[i].p95_ms);
    }
    bool log = bench_scale_make(least_p95, most_p95, 5, DECADES).log;
    struct bench_unit unit = bench_scale_unit(most_p95, log);
    struct bench_scale x = bench_scale_make(least, most, 6, INFINITY);
    struct bench_scale y = bench_scale_make(least_p95 / unit.size,
                                            most_p95 / unit.size, 5, DECADES);
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit = %g\nunit_name = 'p95 latency, %s%s'\n", unit.size,
            unit.name, y.log ? " (log scale)" : "");
    fputs("set xlabel 'requests succeeded a minute' tc rgb '#333333'\n", f);
    bench_scale_write(&x, 'x', f);
    bench_scale_write(&y, 'y', f);
    struct axes axes = {
        .x = x, .y = y, .unit = unit.size, .character = CHARACTER
    };
    fputs("if (!narrow) {\n", f);
    put_labels(t, &axes, f);
    axes.character = CHARACTER_NARROW;
    fputs("} else {\n", f);
    put_labels(t, &axes, f);
    fputs("}\n", f);
}
