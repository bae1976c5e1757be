#include "bench/timeline.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/gnuplot.h"
#include "bench/scale.h"

/* About three arrivals in each, within these numbers. */
#define INTERVALS_MIN 30
#define INTERVALS_MAX 90
#define PANELS 4
#define NAMES_LEFT 0.04
#define NAME_WIDTH 0.009

static const double lengths[] = {
    1,   2,   5,    10,   15,   30,         60,         120,        300,
    600, 900, 1800, 3600, 7200, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0
};

/* A round length, and not below the moments' own. */
static double length_for(double end_s, double moment_s, double most)
{
    size_t i = 0, last = sizeof lengths / sizeof lengths[0] - 1;
    while (i < last &&
           (end_s / lengths[i] > most || lengths[i] < 0.999 * moment_s))
        i++;
    double days = ceil(end_s / INTERVALS_MAX / 86400);
    return end_s / lengths[i] > INTERVALS_MAX ? days * 86400 : lengths[i];
}

static void gather(struct bench_timeline *t, const struct sim_moment *m)
{
    double at = fmax(m->t_s / t->length_s - 1e-6, 0);
    size_t i = at < (double)t->count ? (size_t)at : t->count - 1;
    double a_minute = 60 / t->length_s;
    struct bench_interval *x = &t->list[i];
    x->arrived += (double)m->arrived * a_minute;
    x->admitted += (double)m->admitted * a_minute;
    x->succeeded += (double)m->succeeded * a_minute;
    x->http_429 += (double)m->http_429 * a_minute;
    x->waiting = (double)m->waiting;
    x->in_flight = (double)m->in_flight;
    for (size_t g = 0; g < t->gauges && g < m->gauges.count; g++)
        x->used[g] = fmax(x->used[g], m->gauges.percent[g]);
}

/* Those whose names the summary has, in its order. */
static void find_gauges(struct bench_timeline *t, const struct bench_run *run)
{
    const cJSON *u =
        cJSON_GetObjectItemCaseSensitive(run->summary, "utilisation");
    const cJSON *o;
    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(u, "organisations"))
    {
        if (t->gauges == run->moments[0].gauges.count)
            break;
        t->names[t->gauges++] = o->string;
    }
}

static bool any_used(const struct bench_timeline *t)
{
    for (size_t i = 0; i < t->count; i++)
        for (size_t g = 0; g < t->gauges; g++)
            if (t->list[i].used[g] > 0)
                return true;
    return false;
}

int bench_timeline_init(struct bench_timeline *t, const struct bench_run *run,
                        bool believed)
{
    double end_s = run->moments[run->moment_count - 1].t_s;
    double moment_s = end_s / (double)run->moment_count, arrived = 0;
    for (size_t i = 0; i < run->moment_count; i++)
        arrived += (double)run->moments[i].arrived;
    double most = fmin(fmax(arrived / 3, INTERVALS_MIN), INTERVALS_MAX);
    *t = (struct bench_timeline){ .length_s =
                                      length_for(end_s, moment_s, most) };
    double count = ceil(end_s / t->length_s - 1e-6);
    t->count = count < 1 ? 1 : count > 1000 ? 1000 : (size_t)count;
    t->list = calloc(t->count, sizeof *t->list);
    if (t->list == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < t->count; i++)
        t->list[i].t_s = (double)i * t->length_s;
    t->believed = believed;
    find_gauges(t, run);
    for (size_t i = 0; i < run->moment_count; i++)
        gather(t, &run->moments[i]);
    if (!any_used(t))
        t->gauges = 0;
    if (!bench_aggregate_run(run, "bound_rpm", &t->bound_rpm))
        t->bound_rpm = NAN;
    return LIM_OK;
}

void bench_timeline_fini(struct bench_timeline *t)
{
    free(t->list);
    *t = (struct bench_timeline){ .count = 0 };
}

/* Seconds, minutes or hours, as the length of the whole asks for. */
static double time_unit(const struct bench_timeline *t, const char **name)
{
    double end = (double)t->count * t->length_s;
    *name = end <= 300         ? "seconds"
            : end <= 3 * 3600  ? "minutes"
            : end <= 3 * 86400 ? "hours"
                               : "days";
    return end <= 300         ? 1
           : end <= 3 * 3600  ? 60
           : end <= 3 * 86400 ? 3600
                              : 86400;
}

static void put(const struct bench_interval *x, double t, FILE *f)
{
    fprintf(f, "%.10g,%.10g,%.10g,%.10g,%.10g,%.10g,%.10g\n", t, x->arrived,
            x->succeeded, x->admitted, x->waiting, x->in_flight, x->http_429);
}

void bench_timeline_csv(const void *timeline, FILE *f)
{
    const struct bench_timeline *t = timeline;
    const char *name;
    double unit = time_unit(t, &name);
    fprintf(f,
            "%s,arrived a minute,succeeded a minute,admitted a minute,"
            "waiting,in flight,http_429 a minute\n",
            name);
    for (size_t i = 0; i < t->count; i++)
        put(&t->list[i], t->list[i].t_s / unit, f);
    put(&t->list[t->count - 1], (double)t->count * t->length_s / unit, f);
}

static void put_scales(const double *max, FILE *f)
{
    struct bench_scale y[PANELS];
    for (size_t p = 0; p < PANELS; p++) {
        y[p] = bench_scale_make(0, max[p], 3, INFINITY);
        if (!(max[p] > 0))
            y[p].step = 1;
    }
    fprintf(f, "array highest[%d] = [%.9g, %.9g, %.9g, %.9g]\n", PANELS,
            y[0].high, y[1].high, y[2].high, y[3].high);
    fprintf(f, "array step[%d] = [%.9g, %.9g, %.9g, %.9g]\n", PANELS, y[0].step,
            y[1].step, y[2].step, y[3].step);
}

void bench_timeline_panel(const void *timeline, size_t panel, const char *csv,
                          FILE *f)
{
    const struct bench_timeline *t = timeline;
    (void)panel;
    double max[PANELS] = { isfinite(t->bound_rpm) ? t->bound_rpm : 0 };
    const char *name;
    double end = (double)t->count * t->length_s / time_unit(t, &name);
    for (size_t i = 0; i < t->count; i++) {
        const struct bench_interval *x = &t->list[i];
        max[0] = fmax(max[0], fmax(x->arrived, x->succeeded));
        max[1] = fmax(max[1], x->waiting);
        max[2] = fmax(max[2], x->in_flight);
        max[3] = fmax(max[3], x->http_429);
    }
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nset xrange [0:%.9g]\ntime_name = '%s'\nunit_name = ''\n", end,
            name);
    fprintf(f, "array heading[4] = ['requests a minute', "
               "'waiting for admission or a retry', "
               "'in flight', '429 answers a minute']\n");
    if (isfinite(t->bound_rpm))
        fprintf(f, "bound_rate = %.9g\n", t->bound_rpm);
    else
        fputs("bound_rate = NaN\n", f);
    put_scales(max, f);
}

void bench_timeline_windows_csv(const void *timeline, FILE *f)
{
    const struct bench_timeline *t = timeline;
    const char *name;
    double unit = time_unit(t, &name);
    fprintf(f, "%s,until,row,percent used,organisation\n", name);
    for (size_t i = 0; i < t->count; i++)
        for (size_t g = 0; g < t->gauges; g++) {
            fprintf(f, "%.10g,%.10g,%zu,%.10g,", t->list[i].t_s / unit,
                    (double)(i + 1) * t->length_s / unit, g,
                    t->list[i].used[g]);
            bench_gnuplot_csv(f, t->names[g]);
            fputc('\n', f);
        }
}

void bench_timeline_windows_panel(const void *timeline, size_t panel,
                                  const char *csv, FILE *f)
{
    const struct bench_timeline *t = timeline;
    (void)panel;
    const char *name;
    double end = (double)t->count * t->length_s / time_unit(t, &name);
    double longest = 0;
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit_name = ''\nset xrange [0:%.9g]\n", end);
    fprintf(f, "set xlabel '%s' tc rgb '#333333'\nset ytics (", name);
    for (size_t g = 0; g < t->gauges; g++) {
        longest = fmax(longest, (double)strlen(t->names[g]));
        bench_gnuplot_tic(f, t->names[g], g);
    }
    fprintf(f, ")\nset yrange [%zu.5:-0.5]\nset lmargin at screen x(%.4f)\n",
            t->gauges - 1, NAMES_LEFT + NAME_WIDTH * fmin(longest, 32));
}
