#define _POSIX_C_SOURCE 200809L

#include "bench/dots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/grid.h"
#include "bench/scale.h"

#define NAME_WIDTH 0.0085
#define LEFT 0.04
#define ROWS_LARGE 16 /* more are written smaller */
#define DRAWN 2       /* metrics of a comparison */
/* Where an interval of a few runs would dwarf all else, it leaves the axes. */
#define INTERVAL_SHOWN 3.0
#define PERCENT_LEAST 5.0

static int init(struct bench_dots *d, const char *what)
{
    *d = (struct bench_dots){ .what = what };
    d->rows = calloc(BENCH_DOTS_ROWS, sizeof *d->rows);
    return d->rows != NULL ? LIM_OK : LIM_ENOMEM;
}

void bench_dots_fini(struct bench_dots *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(d->rows[i].name);
    free(d->rows);
    *d = (struct bench_dots){ .count = 0 };
}

/* The row of that name, which is copied; NULL: no room, or no memory. */
static struct bench_dot_row *add_row(struct bench_dots *d, const char *name)
{
    if (d->count == BENCH_DOTS_ROWS) {
        d->left_out++;
        return NULL;
    }
    struct bench_dot_row *row = &d->rows[d->count];
    row->name = strdup(name);
    if (row->name == NULL)
        return NULL;
    d->count++;
    for (size_t s = 0; s < BENCH_DOTS_SERIES; s++)
        row->dot[s] = (struct bench_dot){ NAN, NAN, NAN };
    return row;
}

static const cJSON *organisations_of(const struct bench_run *run)
{
    const cJSON *u =
        cJSON_GetObjectItemCaseSensitive(run->summary, "utilisation");
    return cJSON_GetObjectItemCaseSensitive(u, "organisations");
}

/* The mean of a limit's share over the runs of a variant; NAN: none. */
static double mean_share(const struct bench_result *r, size_t variant,
                         const char *organisation, const char *limit)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].variant != variant)
            continue;
        const cJSON *o = cJSON_GetObjectItemCaseSensitive(
            organisations_of(&r->runs[i]), organisation);
        const cJSON *x = cJSON_GetObjectItemCaseSensitive(o, limit);
        if (!cJSON_IsNumber(x))
            continue;
        sum += x->valuedouble;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

static void set_share(struct bench_dots *d, struct bench_dot_row *row,
                      const char *limit, double share)
{
    size_t s = 0;
    if (isnan(share))
        return;
    while (s < d->series_count && strcmp(d->series[s], limit) != 0)
        s++;
    if (s == BENCH_DOTS_SERIES)
        return;
    if (s == d->series_count)
        d->series[d->series_count++] = limit;
    row->dot[s] = (struct bench_dot){ 100 * share, 100 * share, 100 * share };
}

int bench_dots_utilisation(struct bench_dots *d, const struct bench_result *r,
                           size_t variant)
{
    const struct bench_run *run = r->runs;
    if (init(d, "percent of the limit") != LIM_OK)
        return LIM_ENOMEM;
    while (run < r->runs + r->run_count && run->variant != variant)
        run++;
    if (run == r->runs + r->run_count)
        return LIM_OK;
    const cJSON *o, *limit;
    cJSON_ArrayForEach(o, organisations_of(run))
    {
        struct bench_dot_row *row = add_row(d, o->string);
        if (row == NULL && d->left_out == 0) {
            bench_dots_fini(d);
            return LIM_ENOMEM;
        }
        if (row == NULL)
            continue;
        cJSON_ArrayForEach(limit, o)
            set_share(d, row, limit->string,
                      mean_share(r, variant, o->string, limit->string));
    }
    return LIM_OK;
}

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

/* Those that most ask for, if they were compared; else the first. */
static size_t choose_metrics(const struct bench_comparison *c,
                             size_t metrics[DRAWN])
{
    static const char *const usual[DRAWN] = { "goodput_rpm", "latency_ms.p95" };
    size_t n = 0;
    for (size_t u = 0; u < DRAWN; u++)
        for (size_t i = 0; i < c->metric_count; i++)
            if (strcmp(c->metrics[i], usual[u]) == 0)
                metrics[n++] = i;
    for (size_t i = 0; n == 0 && i < c->metric_count && i < DRAWN; i++)
        metrics[i] = i;
    if (n == 0)
        n = c->metric_count < DRAWN ? c->metric_count : DRAWN;
    return n;
}

static void set_differences(struct bench_dots *d, struct bench_dot_row *row,
                            const struct bench_compared *v,
                            const size_t metrics[DRAWN])
{
    for (size_t s = 0; s < d->series_count; s++) {
        const struct bench_difference *x = &v->differences[metrics[s]];
        double percent = 100 / fabs(x->base);
        if (x->verdict != BENCH_ABSENT && isfinite(percent))
            row->dot[s] =
                (struct bench_dot){ percent * x->difference, percent * x->low,
                                    percent * x->high };
    }
}

int bench_dots_difference(struct bench_dots *d,
                          const struct bench_comparison *c)
{
    struct bench_grid grid;
    size_t metrics[DRAWN];
    if (init(d, "difference, percent of the base") != LIM_OK)
        return LIM_ENOMEM;
    if (bench_grid_init(&grid, c->base) != LIM_OK)
        goto no_memory;
    d->series_count = choose_metrics(c, metrics);
    for (size_t s = 0; s < d->series_count; s++)
        d->series[s] = c->metrics[metrics[s]];
    for (size_t v = 0; v < c->variant_count; v++) {
        char *name = variant_name(&grid, c->variants[v].base);
        struct bench_dot_row *row = name != NULL ? add_row(d, name) : NULL;
        free(name);
        if (row != NULL)
            set_differences(d, row, &c->variants[v], metrics);
        else if (d->left_out == 0) {
            bench_grid_fini(&grid);
            goto no_memory;
        }
    }
    bench_grid_fini(&grid);
    return LIM_OK;
no_memory:
    bench_dots_fini(d);
    return LIM_ENOMEM;
}

void bench_dots_csv(const void *dots, FILE *f)
{
    const struct bench_dots *d = dots;
    fputs("row,series,percent,low,high,name,figure\n", f);
    for (size_t i = 0; i < d->count; i++)
        for (size_t s = 0; s < d->series_count; s++) {
            const struct bench_dot *x = &d->rows[i].dot[s];
            if (isnan(x->value))
                continue;
            bool interval = isfinite(x->low) && isfinite(x->high);
            fprintf(f, "%zu,%zu,%.10g,%.10g,%.10g,", i, s, x->value,
                    interval ? x->low : x->value,
                    interval ? x->high : x->value);
            bench_gnuplot_csv(f, d->rows[i].name);
            fputc(',', f);
            bench_gnuplot_csv(f, d->series[s]);
            fputc('\n', f);
        }
}

static void put_series(const struct bench_dots *d, FILE *f)
{
    size_t n = d->series_count > 0 ? d->series_count : 1;
    fprintf(f, "series = %zu\narray name[%zu] = [", n, n);
    for (size_t s = 0; s < n; s++) {
        fputs(s > 0 ? ", " : "", f);
        bench_gnuplot_string(f, s < d->series_count ? d->series[s] : "");
    }
    fputs("]\nset ytics (", f);
}

static double value_of(const struct bench_dot *x)
{
    return isnan(x->value) ? 0 : x->value;
}

void bench_dots_panel(const void *dots, size_t panel, const char *csv, FILE *f)
{
    const struct bench_dots *d = dots;
    (void)panel;
    double least = 0, most = 0, longest = 0, end = PERCENT_LEAST;
    for (size_t i = 0; i < d->count; i++) {
        longest = fmax(longest, (double)strlen(d->rows[i].name));
        for (size_t s = 0; s < d->series_count; s++)
            end =
                fmax(end, INTERVAL_SHOWN * fabs(value_of(&d->rows[i].dot[s])));
    }
    for (size_t i = 0; i < d->count; i++)
        for (size_t s = 0; s < d->series_count; s++) {
            const struct bench_dot *x = &d->rows[i].dot[s];
            least = fmin(least, fmin(x->value, fmax(x->low, -end)));
            most = fmax(most, fmax(x->value, fmin(x->high, end)));
        }
    struct bench_scale right = bench_scale_make(0, most, 5, INFINITY);
    struct bench_scale left = bench_scale_make(0, -least, 5, INFINITY);
    double step = fmax(most > 0 ? right.step : 0, least < 0 ? left.step : 0);
    step = step > 0 ? step : 1;
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit_name = ''\n");
    put_series(d, f);
    for (size_t i = 0; i < d->count; i++)
        bench_gnuplot_tic(f, d->rows[i].name, i);
    fprintf(f, ")%s\nset yrange [%zu.5:-0.5]\n",
            d->count > ROWS_LARGE ? " font face.',8'" : "",
            d->count > 0 ? d->count - 1 : 0);
    fprintf(f, "set xrange [%.9g:%.9g]\nset xtics %.9g\n",
            step * floor(least / step - 1e-9 * (least < 0)),
            step * fmax(ceil(most / step), least < 0 ? 0 : 1), step);
    fprintf(f, "set lmargin at screen %.4f\nset xlabel '%s' tc rgb '#333333'\n",
            LEFT + NAME_WIDTH * fmin(longest, 45), d->what);
}
