#define _POSIX_C_SOURCE 200809L

#include "bench/dots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/canvas.h"
#include "bench/gnuplot.h"
#include "bench/scale.h"

#define NAME_WIDTH 0.0085
#define LEFT 0.04
#define ROWS_LARGE 16 /* more are written smaller */

static int init(struct bench_dots *d)
{
    *d = (struct bench_dots){ .count = 0 };
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
        row->share[s] = NAN;
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
    row->share[s] = 100 * share;
}

int bench_dots_utilisation(struct bench_dots *d, const struct bench_result *r,
                           size_t variant)
{
    const struct bench_run *run = r->runs;
    if (init(d) != LIM_OK)
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

void bench_dots_csv(const void *dots, FILE *f)
{
    const struct bench_dots *d = dots;
    fputs("row,series,percent,organisation,limit\n", f);
    for (size_t i = 0; i < d->count; i++)
        for (size_t s = 0; s < d->series_count; s++) {
            if (isnan(d->rows[i].share[s]))
                continue;
            fprintf(f, "%zu,%zu,%.10g,", i, s, d->rows[i].share[s]);
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

void bench_dots_panel(const void *dots, size_t panel, const char *csv, FILE *f)
{
    const struct bench_dots *d = dots;
    (void)panel;
    double most = 100, longest = 0;
    for (size_t i = 0; i < d->count; i++) {
        longest = fmax(longest, (double)strlen(d->rows[i].name));
        for (size_t s = 0; s < d->series_count; s++)
            most = fmax(most, d->rows[i].share[s]);
    }
    double step = most > 100 ? bench_scale_make(0, most, 5, INFINITY).step : 20;
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit_name = ''\n");
    for (size_t s = 0; s < d->series_count; s++)
        bench_canvas_legend(f, s, s + 1, d->series[s]);
    put_series(d, f);
    for (size_t i = 0; i < d->count; i++)
        bench_gnuplot_tic(f, d->rows[i].name, i);
    fprintf(f, ")%s\nset yrange [%zu.5:-0.5]\n",
            d->count > ROWS_LARGE ? " font face.',8'" : "",
            d->count > 0 ? d->count - 1 : 0);
    fprintf(f, "set xrange [0:%.9g]\nset xtics %.9g\n",
            step * ceil(most / step - 1e-9), step);
    fprintf(f,
            "set lmargin at screen x(%.4f)\n"
            "set xlabel 'percent of the limit' tc rgb '#333333'\n",
            LEFT + NAME_WIDTH * fmin(longest, 45));
}
