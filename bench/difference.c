#define _POSIX_C_SOURCE 200809L

#include "bench/difference.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/grid.h"
#include "bench/scale.h"

/* Of the figure, in shares of its width. */
#define LEFT 0.03
#define NAME_WIDTH 0.0078
#define NAMES_MAX 0.4
#define RIGHT 0.975
#define BETWEEN 0.03
#define PANEL_LEAST 0.105
#define FIGURE 900.0 /* pixels; a character has so many of them a point */
#define CHARACTER 0.82
#define ROWS_LARGE 16 /* more are written smaller */
/* Where an interval of a few runs would dwarf all else, it leaves the axis. */
#define INTERVAL_SHOWN 4.0

/* "cap 30, headroom"; "all" where nothing varies.  The caller frees it. */
static char *variant_name(const struct bench_grid *g, size_t variant)
{
    size_t i = 0;
    while (g->numbers[i] != variant)
        i++;
    char *name = bench_grid_name(g, i);
    if (name == NULL || *name != 0)
        return name;
    free(name);
    return strdup("all");
}

/* Whether any figure of it is called better or worse. */
static bool differs(const struct bench_comparison *c, size_t variant)
{
    for (size_t m = 0; m < c->metric_count; m++) {
        enum bench_verdict v = c->variants[variant].differences[m].verdict;
        if (v != BENCH_SAME && v != BENCH_ABSENT)
            return true;
    }
    return false;
}

/* All, in their order; of more than have room those that differ, and the
   first of the others. */
static size_t choose_rows(struct bench_difference_plot *p)
{
    const struct bench_comparison *c = p->comparison;
    size_t n = 0, room = BENCH_DIFFERENCE_ROWS, different = 0;
    for (size_t v = 0; v < c->variant_count; v++)
        different += differs(c, v);
    room -= different < room ? different : room;
    for (size_t v = 0; v < c->variant_count && n < BENCH_DIFFERENCE_ROWS; v++) {
        if (!differs(c, v) && room-- == 0) {
            room = 0;
            continue;
        }
        p->variants[n++] = v;
    }
    return n;
}

static int name_rows(struct bench_difference_plot *p)
{
    const struct bench_comparison *c = p->comparison;
    struct bench_grid grid;
    if (bench_grid_init(&grid, c->base) != LIM_OK)
        return LIM_ENOMEM;
    int error = LIM_OK;
    size_t n = choose_rows(p);
    while (p->rows < n && error == LIM_OK) {
        size_t base = c->variants[p->variants[p->rows]].base;
        char *name = variant_name(&grid, base);
        if (name == NULL)
            error = LIM_ENOMEM;
        else
            p->names[p->rows++] = name;
    }
    bench_grid_fini(&grid);
    return error;
}

/* 2: called better or worse somewhere; 1: differs at all; 0: nowhere. */
static int weight(const struct bench_comparison *c, size_t metric,
                  bool *percent)
{
    int most = 0;
    *percent = true;
    for (size_t v = 0; v < c->variant_count; v++) {
        const struct bench_difference *d = &c->variants[v].differences[metric];
        if (d->verdict == BENCH_ABSENT)
            continue;
        if (d->base == 0)
            *percent = false;
        int own = d->verdict != BENCH_SAME ? 2 : d->low < d->high ? 1 : 0;
        most = own > most ? own : most;
    }
    return most;
}

static double names_end(const struct bench_difference_plot *p)
{
    double longest = 0;
    for (size_t i = 0; i < p->rows; i++)
        longest = fmax(longest, (double)strlen(p->names[i]));
    return LEFT + fmin(NAME_WIDTH * longest, NAMES_MAX);
}

/* As many as have room to be read. */
static size_t room_for_panels(const struct bench_difference_plot *p)
{
    double room = (RIGHT - names_end(p) + BETWEEN) / (PANEL_LEAST + BETWEEN);
    return room < BENCH_DIFFERENCE_PANELS ? (size_t)room
                                          : BENCH_DIFFERENCE_PANELS;
}

static void choose_panels(struct bench_difference_plot *p)
{
    const struct bench_comparison *c = p->comparison;
    size_t room = room_for_panels(p);
    bool percent;
    for (int wanted = 2; wanted >= 1; wanted--)
        for (size_t m = 0; m < c->metric_count; m++) {
            if (weight(c, m, &percent) != wanted)
                continue;
            if (p->panels == room)
                return;
            p->percent[p->panels] = percent;
            p->metrics[p->panels++] = m;
        }
    if (p->panels == 0 && c->metric_count > 0) { /* nothing differs */
        p->percent[0] = true;
        p->panels = 1;
    }
}

int bench_difference_init(struct bench_difference_plot *p,
                          const struct bench_comparison *c)
{
    *p = (struct bench_difference_plot){ .comparison = c };
    if (name_rows(p) != LIM_OK) {
        bench_difference_fini(p);
        return LIM_ENOMEM;
    }
    choose_panels(p);
    return LIM_OK;
}

void bench_difference_fini(struct bench_difference_plot *p)
{
    while (p->rows > 0)
        free(p->names[--p->rows]);
}

static const struct bench_difference *at(const struct bench_difference_plot *p,
                                         size_t row, size_t panel)
{
    return &p->comparison->variants[p->variants[row]]
                .differences[p->metrics[panel]];
}

/* What a difference is multiplied by. */
static double unit_of(const struct bench_difference_plot *p, size_t row,
                      size_t panel)
{
    return p->percent[panel] ? 100 / fabs(at(p, row, panel)->base) : 1;
}

static int colour_of(enum bench_verdict verdict)
{
    return verdict == BENCH_BETTER ? 1 : verdict == BENCH_SAME ? 0 : 2;
}

void bench_difference_csv(const void *plot, FILE *f)
{
    const struct bench_difference_plot *p = plot;
    fputs("panel,row,difference,low,high,colour,unit,figure,verdict,variant\n",
          f);
    for (size_t s = 0; s < p->panels; s++)
        for (size_t i = 0; i < p->rows; i++) {
            const struct bench_difference *d = at(p, i, s);
            double unit = unit_of(p, i, s);
            if (d->verdict == BENCH_ABSENT)
                continue;
            fprintf(f, "%zu,%zu,%.10g,%.10g,%.10g,%d,%s,", s, i,
                    unit * d->difference, unit * d->low, unit * d->high,
                    colour_of(d->verdict),
                    p->percent[s] ? "percent of the base" : "its own");
            bench_gnuplot_csv(f, d->metric);
            fprintf(f, ",%s,", bench_verdict_name(d->verdict));
            bench_gnuplot_csv(f, p->names[i]);
            fputc('\n', f);
        }
}

/* The scale of a panel: as far as the marks and most of their bars go. */
static void put_range(const struct bench_difference_plot *p, size_t panel,
                      FILE *f)
{
    double least = 0, most = 0, end = p->percent[panel] ? 1 : 0;
    for (size_t i = 0; i < p->rows; i++)
        if (at(p, i, panel)->verdict != BENCH_ABSENT)
            end = fmax(
                end, fabs(unit_of(p, i, panel) * at(p, i, panel)->difference));
    for (size_t i = 0; i < p->rows; i++) {
        const struct bench_difference *d = at(p, i, panel);
        double unit = unit_of(p, i, panel);
        if (d->verdict == BENCH_ABSENT)
            continue;
        least = fmin(least, fmax(unit * d->low, -INTERVAL_SHOWN * end));
        most = fmax(most, fmin(unit * d->high, INTERVAL_SHOWN * end));
    }
    if (!(most > least)) {
        least = -1;
        most = 1;
    }
    double far = fmax(most, -least);
    double step = bench_scale_make(0, far, 2, INFINITY).step;
    if (step > far)
        step = bench_scale_make(0, far, 3, INFINITY).step;
    if (fmin(most, -least) > 0.4 * far && 2 * step <= far)
        step *= 2;
    fprintf(f, "set xrange [%.9g:%.9g]\nset xtics %.9g\nset format x '%s'\n",
            fmin(least * 1.1, -0.1 * (most - least)),
            fmax(most * 1.1, 0.1 * (most - least)), step,
            far < 1e4 ? "%g" : "%.0s%c");
}

static void put_names(const struct bench_difference_plot *p, size_t panel,
                      FILE *f)
{
    fputs("set ytics (", f);
    for (size_t i = 0; i < p->rows; i++)
        bench_gnuplot_tic(f, panel == 0 ? p->names[i] : "", i);
    fprintf(f, ")%s\nset yrange [%zu.5:-0.5]\n",
            p->rows > ROWS_LARGE ? " font face.',8'" : "",
            p->rows > 0 ? p->rows - 1 : 0);
}

void bench_difference_panel(const void *plot, size_t panel, const char *csv,
                            FILE *f)
{
    const struct bench_difference_plot *p = plot;
    double left = names_end(p);
    double width =
        (RIGHT - left - BETWEEN * (double)(p->panels - 1)) / (double)p->panels;
    double from = left + (double)panel * (width + BETWEEN);
    fprintf(f, "unset label\nunset arrow\npanel = %zu\ndata = ", panel + 1);
    bench_gnuplot_string(f, csv);
    fputs("\nunit_name = ", f);
    const char *metric = p->comparison->metrics[p->metrics[panel]];
    bench_gnuplot_string(f, metric);
    fprintf(f, "\nheading = %.1f",
            fmin(11, width * FIGURE / CHARACTER / (double)strlen(metric)));
    fprintf(f, "\nset lmargin at screen %.4f\nset rmargin at screen %.4f\n",
            from, from + width);
    put_names(p, panel, f);
    put_range(p, panel, f);
    fprintf(f, "set xlabel '%s' tc rgb '#333333'\n",
            p->percent[panel] ? "percent" : "in its unit");
}
