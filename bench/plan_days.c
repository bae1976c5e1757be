#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/plan_figures.h"
#include "bench/scale.h"

#define ROWS_MAX 9
#define DAYS_LEAST 14
#define NAME_WIDTH 0.0078
#define LEFT 0.03

/* Rows are the lots of organisations that pay alike, plan after plan. */
struct row {
    struct bench_plan_group group;
    const struct bench_plan_option *option;
    bool first; /* of its plan */
    char name[BENCH_PLAN_NAME_SIZE + 40];
};

static void name_row(struct row *r)
{
    char plan[BENCH_PLAN_NAME_SIZE];
    const struct bench_plan_group *g = &r->group;
    bench_plan_mix_name(&r->option->mix, plan);
    if (g->fresh)
        snprintf(r->name, sizeof r->name, "%s: %lld new", plan,
                 (long long)g->count);
    else
        snprintf(r->name, sizeof r->name, "%s: %lld now at %s", plan,
                 (long long)g->count, lim_tier_name(g->path.from));
}

static size_t find_rows(const struct bench_plan *p, struct row rows[ROWS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < p->good_count && i < BENCH_PLAN_SHOWN; i++) {
        struct bench_plan_group g;
        const struct bench_plan_option *o = &p->options[i];
        for (int64_t at = 0;
             n < ROWS_MAX && bench_plan_next_group(p, o, at, &g);
             at += g.count) {
            rows[n] = (struct row){ .group = g, .option = o, .first = at == 0 };
            name_row(&rows[n++]);
        }
    }
    return n;
}

static int days_shown(const struct row *rows, size_t n)
{
    int most = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].group.path.day > most)
            most = rows[i].group.path.day;
    int days = most + most / 3;
    return days > DAYS_LEAST ? days : DAYS_LEAST;
}

/* What is paid then; "" for nothing. */
static void put_sum(const struct row *r, const struct bench_plan_step *s,
                    FILE *f)
{
    double usd = (double)s->microusd / 1e6;
    if (s->microusd == 0)
        return;
    fprintf(f, usd == floor(usd) ? "$%.0f" : "$%.2f", usd);
    if (r->group.count > 1)
        fputs(" each", f);
}

static void put_bar(const struct row *r, size_t i, double from, double to,
                    enum lim_tier tier, const struct bench_plan_step *s,
                    FILE *f)
{
    bool there = tier >= r->group.tier;
    if (to <= from)
        return;
    fprintf(f, "%.10g,%.10g,%zu,%d,%d,%s,", from, to, i, (int)tier, there,
            lim_tier_name(tier));
    if (s != NULL)
        put_sum(r, s, f);
    fputc(',', f);
    bench_gnuplot_csv(f, r->name);
    fputc('\n', f);
}

void bench_plan_payments_csv(const void *plan, FILE *f)
{
    struct row rows[ROWS_MAX];
    size_t n = find_rows(plan, rows);
    int end = days_shown(rows, n);
    fputs("from day,to day,row,tier number,there,tier,paid,plan\n", f);
    for (size_t i = 0; i < n; i++) {
        const struct bench_plan_path *path = &rows[i].group.path;
        double first = path->count > 0 ? path->steps[0].day : end;
        put_bar(&rows[i], i, 0, first, path->from, NULL, f);
        for (size_t k = 0; k < path->count; k++)
            put_bar(&rows[i], i, path->steps[k].day,
                    k + 1 < path->count ? path->steps[k + 1].day : end,
                    path->steps[k].tier, &path->steps[k], f);
    }
}

void bench_plan_payments_panel(const void *plan, size_t panel, const char *csv,
                               FILE *f)
{
    struct row rows[ROWS_MAX];
    size_t n = find_rows(plan, rows), longest = 0;
    int end = days_shown(rows, n);
    struct bench_scale x = bench_scale_make(0, end, 7, INFINITY);
    (void)panel;
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fputs("\nunit_name = ''\nset xlabel 'days from today' tc rgb '#333333'\n",
          f);
    bench_scale_write(&x, 'x', f);
    fprintf(f, "set xrange [0:%d]\nset ytics (", end);
    for (size_t i = 0; i < n; i++) {
        if (strlen(rows[i].name) > longest)
            longest = strlen(rows[i].name);
        bench_gnuplot_tic(f, rows[i].name, i);
    }
    fprintf(f, ")\nset yrange [%zu.6:-0.6]\nset lmargin at screen x(%.4f)\n",
            n > 0 ? n - 1 : 0, LEFT + NAME_WIDTH * (double)longest);
    for (size_t i = 1; i < n; i++)
        if (rows[i].first)
            fprintf(f,
                    "set arrow %zu from graph 0, first %.1f to graph 1, first "
                    "%.1f nohead lw 0.7 lc rgb pale\n",
                    10 + i, (double)i - 0.5, (double)i - 0.5);
}
