#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/plan_figures.h"
#include "bench/scale.h"

#define BINS_MAX 96
#define BEYOND 3.0 /* limits so far above what is asked are told, not drawn */
#define TOP 0.825
#define FLOOR 0.125
#define GAP 0.1

static const enum lim_limit of_minutes[BENCH_PLAN_LOAD_LIMITS] = { LIM_RPM,
                                                                   LIM_TPM,
                                                                   LIM_IPM };

static int64_t asked(const struct bench_demand_minute *m, enum lim_limit limit)
{
    return limit == LIM_RPM   ? m->requests
           : limit == LIM_TPM ? m->tokens
                              : m->images;
}

static int64_t minutes_of_bin(int64_t minutes)
{
    static const int64_t lengths[] = {
        1, 2, 5, 10, 15, 30, 60, 120, 240, 1440
    };
    size_t i = 0, last = sizeof lengths / sizeof lengths[0] - 1;
    while (i < last && minutes > BINS_MAX * lengths[i])
        i++;
    return minutes > BINS_MAX * lengths[i] ? (minutes + BINS_MAX - 1) / BINS_MAX
                                           : lengths[i];
}

/* What all organisations may have of a minute's limit; INFINITY: one of them
   has no such limit. */
static double capacity_of(const struct bench_plan *p,
                          const struct bench_plan_mix *m, const char *model,
                          enum lim_limit limit)
{
    double sum = 0;
    for (int t = 0; t < LIM_TIERS; t++) {
        const struct lim_tier_row *row =
            lim_table_find(p->question->table, model, (enum lim_tier)t);
        if (m->of[t] == 0 || row == NULL)
            continue;
        int64_t max = row->limits.max[limit];
        if (max == LIM_UNLIMITED ||
            lim_limits_window(&row->limits, limit) != LIM_MIN)
            return INFINITY;
        sum += (double)(m->of[t] * max);
    }
    return sum > 0 ? sum : INFINITY;
}

/* The limits of what is told: the cheapest, or what comes nearest. */
static void find_capacity(struct bench_plan_load *l, const struct bench_plan *p,
                          const char *model)
{
    const struct bench_plan_mix *m =
        p->good_count > 0 ? &p->options[0].mix : &p->nearest.mix;
    bench_plan_mix_name(m, l->name);
    for (size_t i = 0; i < BENCH_PLAN_LOAD_LIMITS; i++) {
        double capacity = capacity_of(p, m, model, of_minutes[i]);
        if (!isfinite(capacity))
            continue;
        l->capacity[l->limit_count] = capacity;
        l->limits[l->limit_count++] = of_minutes[i];
    }
}

static bool same_group(const struct bench_plan *p, size_t a, size_t b)
{
    const struct lim_table *t = p->question->table;
    const char *x = lim_table_group(t, p->demand.models[a].name);
    const char *y = lim_table_group(t, p->demand.models[b].name);
    return a == b || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* Adds minute `at` of each model in the group of `model`. */
static struct bench_demand_minute minute_at(const struct bench_plan *p,
                                            size_t model, int64_t at)
{
    struct bench_demand_minute sum = { 0, 0, 0 };
    for (size_t m = 0; m < p->demand.model_count; m++) {
        const struct bench_demand_model *one = &p->demand.models[m];
        if ((size_t)at >= one->minute_count || !same_group(p, model, m))
            continue;
        sum.requests += one->minutes[at].requests;
        sum.tokens += one->minutes[at].tokens;
        sum.images += one->minutes[at].images;
    }
    return sum;
}

int bench_plan_load_init(struct bench_plan_load *l, const struct bench_plan *p,
                         size_t model)
{
    const struct bench_demand *d = &p->demand;
    const char *name = d->models[model].name;
    const char *group = lim_table_group(p->question->table, name);
    int64_t minutes = (int64_t)ceil(d->span_s / (double)d->runs / 60);
    minutes = minutes < 1 ? 1 : minutes;
    *l = (struct bench_plan_load){ .group = group != NULL ? group : name };
    find_capacity(l, p, name);
    l->minutes = minutes_of_bin(minutes);
    l->count = (size_t)((minutes + l->minutes - 1) / l->minutes);
    l->bins = calloc(l->count, sizeof *l->bins);
    if (l->bins == NULL)
        return LIM_ENOMEM;
    for (int64_t at = 0; at < minutes; at++) {
        struct bench_demand_minute m = minute_at(p, model, at);
        struct bench_plan_load_bin *b = &l->bins[at / l->minutes];
        int64_t first = at - at % l->minutes;
        double length = (double)(first + l->minutes > minutes ? minutes - first
                                                              : l->minutes);
        for (size_t i = 0; i < l->limit_count; i++) {
            double x = (double)asked(&m, l->limits[i]);
            b->mean[i] += x / length;
            b->most[i] = fmax(b->most[i], x);
        }
    }
    return LIM_OK;
}

void bench_plan_load_fini(struct bench_plan_load *l)
{
    free(l->bins);
    *l = (struct bench_plan_load){ .count = 0 };
}

static double most_of(const struct bench_plan_load *l, size_t i)
{
    double most = 0;
    for (size_t b = 0; b < l->count; b++)
        most = fmax(most, l->bins[b].most[i]);
    return most;
}

size_t bench_plan_load_fullest(const struct bench_plan_load *l, double *share)
{
    size_t best = 0;
    *share = 0;
    for (size_t i = 0; i < l->limit_count; i++) {
        double x = l->capacity[i] > 0 ? most_of(l, i) / l->capacity[i] : 0;
        if (x > *share) {
            *share = x;
            best = i;
        }
    }
    return best;
}

/* Minutes, hours or days. */
static double unit_of(const struct bench_plan_load *l, const char **name)
{
    double minutes = (double)l->count * (double)l->minutes;
    *name = minutes <= 180 ? "minutes" : minutes <= 3 * 1440 ? "hours" : "days";
    return minutes <= 180 ? 1 : minutes <= 3 * 1440 ? 60 : 1440;
}

static const char *words_of(enum lim_limit limit)
{
    return limit == LIM_RPM   ? "requests"
           : limit == LIM_TPM ? "tokens"
                              : "images";
}

void bench_plan_load_csv(const void *load, FILE *f)
{
    const struct bench_plan_load *l = load;
    const char *name;
    double unit = unit_of(l, &name);
    fputs(name, f);
    for (size_t i = 0; i < l->limit_count; i++)
        fprintf(f, ",%s a minute,%s in the fullest minute",
                words_of(l->limits[i]), words_of(l->limits[i]));
    fputc('\n', f);
    /* The last row ends the steps. */
    for (size_t b = 0; b <= l->count; b++) {
        const struct bench_plan_load_bin *x =
            &l->bins[b < l->count ? b : l->count - 1];
        fprintf(f, "%.10g", (double)b * (double)l->minutes / unit);
        for (size_t i = 0; i < l->limit_count; i++)
            fprintf(f, ",%.10g,%.10g", x->mean[i], x->most[i]);
        fputc('\n', f);
    }
}

/* Where panel number `i` of `n` stands. */
static void put_place(size_t i, size_t n, FILE *f)
{
    double height = (TOP - FLOOR - GAP * (double)(n - 1)) / (double)n;
    double top = TOP - (double)i * (height + GAP);
    fprintf(f, "set tmargin at screen y(%.4f)\nset bmargin at screen y(%.4f)\n",
            top, top - height);
}

/* "500", "150k", "12M" */
static void put_count(double x, FILE *f)
{
    if (x >= 1e6)
        fprintf(f, "%.4gM", x / 1e6);
    else if (x >= 1e4)
        fprintf(f, "%.4gk", x / 1e3);
    else
        fprintf(f, "%.4g", x);
}

static void put_heights(const struct bench_scale *y, FILE *f)
{
    fprintf(f, "set yrange [0:%.9g]\nset ytics (", y->high);
    for (int i = 0; i * y->step <= y->high * 1.001; i++) {
        fputs(i > 0 ? ", '" : "'", f);
        put_count(i * y->step, f);
        fprintf(f, "' %.9g", i * y->step);
    }
    fputs(")\n", f);
}

/* Above the panel, so that it hides no demand. */
static void put_capacity(double capacity, double high, FILE *f)
{
    bool shown = capacity <= high;
    if (shown)
        fprintf(f, "capacity = %.12g\n", capacity);
    else
        fputs("capacity = NaN\n", f);
    fputs(shown ? "set label 11 'limit "
                : "set label 11 'above the scale: limit ",
          f);
    put_count(capacity, f);
    fputs("' at graph 1, graph 1 right offset 0, character 0.9 tc rgb "
          "ink[2]\n",
          f);
}

/* Hours stand at what a clock shows. */
static void put_times(const struct bench_plan_load *l, FILE *f)
{
    const char *name;
    double unit = unit_of(l, &name);
    double end = (double)l->count * (double)l->minutes / unit;
    double step = unit != 60 ? 0 : end <= 24 ? 3 : end <= 48 ? 6 : 12;
    fprintf(f, "set xrange [0:%.9g]\n", end);
    if (step > 0 && end > step)
        fprintf(f, "set xtics %g\n", step);
    else
        fputs("set xtics autofreq\n", f);
}

void bench_plan_load_panel(const void *load, size_t panel, const char *csv,
                           FILE *f)
{
    const struct bench_plan_load *l = load;
    const char *name, *words = words_of(l->limits[panel]);
    double most = most_of(l, panel);
    double capacity = l->capacity[panel];
    double shown = capacity <= BEYOND * most ? fmax(most, capacity) : most;
    struct bench_scale y =
        bench_scale_make(0, shown, l->limit_count == 1 ? 6 : 4, INFINITY);
    bool bottom = panel + 1 == l->limit_count;
    fprintf(f, "unset label\nunset arrow\npanel = %zu\ndata = ", panel + 1);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit_name = '%s a minute'\nmean = %zu\n", words,
            2 + 2 * panel);
    put_place(panel, l->limit_count, f);
    put_times(l, f);
    unit_of(l, &name);
    if (bottom)
        fprintf(f, "set format x '%%g'\nset xlabel '%s' tc rgb '#333333'\n",
                name);
    else
        fputs("set format x ''\nunset xlabel\n", f);
    put_heights(&y, f);
    put_capacity(capacity, y.high, f);
}
