#define _POSIX_C_SOURCE 200809L

#include "bench/finding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/words.h"

/* As good as the best, for the eye. */
#define NEARLY 0.95

static double value(const struct bench_row *row, size_t panel)
{
    return row->mean[panel].n > 0 ? row->mean[panel].mean : NAN;
}

/* The row with the largest (or smallest) mean; NULL: no row has one. */
static const struct bench_row *extreme(const struct bench_lines *l,
                                       size_t panel, bool largest)
{
    const struct bench_row *best = NULL;
    for (size_t i = 0; i < l->count; i++) {
        double x = value(&l->rows[i], panel);
        if (isfinite(x) && (best == NULL || (largest ? x > value(best, panel)
                                                     : x < value(best, panel))))
            best = &l->rows[i];
    }
    return best;
}

/* "headroom, cap 30"; what a slice has in common is in the title. */
static char *name_of(const struct bench_lines *l, const struct bench_row *row)
{
    const struct bench_chart *c = l->chart;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return NULL;
    if (c->has_series) {
        bench_grid_put(f, c->grid, row->variant, c->series);
        fputs(", ", f);
    }
    bench_grid_put(f, c->grid, row->variant, c->x);
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

/* The leftmost number of the best row's series from which on the figure
   stays nearly the best. */
static const struct bench_row *knee(const struct bench_lines *l,
                                    const struct bench_row *best)
{
    const struct bench_row *from = best;
    for (size_t i = (size_t)(best - l->rows) + 1; i-- > 0;) {
        const struct bench_row *row = &l->rows[i];
        if (row->series != best->series ||
            !(value(row, 0) >= NEARLY * value(best, 0)))
            break;
        from = row;
    }
    return from;
}

static void put_interval(FILE *f, struct bench_estimate e)
{
    char *mean = bench_words_number(e.mean);
    char *half =
        e.ci95 > 1e-6 * fabs(e.mean) ? bench_words_number(e.ci95) : NULL;
    fprintf(f, "%s%s%s", mean != NULL ? mean : "", half != NULL ? " ± " : "",
            half != NULL ? half : "");
    free(mean);
    free(half);
}

static const char *last_word(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}

static void put_best(const struct bench_lines *l, const struct bench_row *best,
                     const char *name, FILE *f)
{
    const struct bench_row *from = knee(l, best);
    fprintf(f, "Most goodput at %s: ", name);
    put_interval(f, best->mean[0]);
    fputs(" a minute", f);
    if (best->bound > 0)
        fprintf(f, ", %.0f %% of the bound",
                100 * value(best, 0) / best->bound);
    if (l->chart->numeric && from != best)
        fprintf(f, "; 95 %% of that from %s %s on",
                last_word(l->chart->grid->dims[l->chart->x].path),
                l->chart->grid->dims[l->chart->x].labels[from->value]);
    fputc('.', f);
}

static char *finish(FILE *f, char **text)
{
    if (fclose(f) == 0)
        return *text;
    free(*text);
    return NULL;
}

char *bench_finding_throughput(const struct bench_lines *l)
{
    const struct bench_row *best = extreme(l, 0, true);
    if (best == NULL || !(value(best, 0) > 0))
        return strdup("Nothing succeeded.");
    char *name = name_of(l, best), *text = NULL;
    size_t size;
    FILE *f = name == NULL ? NULL : open_memstream(&text, &size);
    if (f != NULL)
        put_best(l, best, name, f);
    free(name);
    return f == NULL ? NULL : finish(f, &text);
}

char *bench_finding_latency(const struct bench_lines *l)
{
    const struct bench_row *low = extreme(l, 0, false);
    const struct bench_row *high = extreme(l, 0, true);
    if (low == NULL)
        return strdup("Nothing succeeded.");
    char *best = bench_words_ms(value(low, 0)), *at_best = name_of(l, low);
    char *worst = bench_words_ms(value(high, 0)), *at_worst = name_of(l, high);
    char *s = NULL;
    if (best != NULL && at_best != NULL && worst != NULL && at_worst != NULL)
        s = bench_words("p95 is lowest at %s: %s; highest at %s: %s.", at_best,
                        best, at_worst, worst);
    free(best);
    free(at_best);
    free(worst);
    free(at_worst);
    return s;
}

char *bench_finding_refusals(const struct bench_lines *l)
{
    const struct bench_row *most = extreme(l, 0, true);
    const struct bench_row *least = extreme(l, 0, false);
    if (most == NULL || !(value(most, 0) > 0))
        return strdup("No attempt was answered 429, anywhere.");
    char *name = name_of(l, most), *share = bench_words_number(value(most, 0));
    char *rest = bench_words_number(value(least, 0)), *s = NULL;
    if (name != NULL && share != NULL && rest != NULL)
        s = bench_words("Most 429s at %s: %s %% of attempts; least: %s %%.",
                        name, share, rest);
    free(name);
    free(share);
    free(rest);
    return s;
}

static double number(const struct bench_run *run, const char *metric)
{
    double x;
    return bench_aggregate_run(run, metric, &x) ? x : 0;
}

char *bench_finding_timeline(const struct bench_run *run)
{
    double p95;
    char *goodput = bench_words_number(number(run, "goodput_rpm"));
    char *latency = bench_aggregate_run(run, "latency_ms.p95", &p95)
                        ? bench_words_ms(p95)
                        : strdup("none");
    char *s = NULL;
    if (goodput != NULL && latency != NULL)
        s = bench_words("%.0f of %.0f requests succeeded, %s a minute; p95 "
                        "%s; %.0f attempts, %.0f of them answered 429.",
                        number(run, "succeeded"), number(run, "requests"),
                        goodput, latency, number(run, "attempts"),
                        number(run, "http_429"));
    free(goodput);
    free(latency);
    return s;
}

bool bench_finding_best(const struct bench_result *r,
                        const struct bench_grid *g, size_t *out)
{
    double best = -1, lowest = INFINITY;
    bool any = false;
    for (size_t i = 0; i < g->variants; i++)
        best =
            fmax(best, bench_aggregate(r, g->numbers[i], "goodput_rpm").mean);
    for (size_t i = 0; i < g->variants; i++) {
        struct bench_estimate e =
            bench_aggregate(r, g->numbers[i], "goodput_rpm");
        struct bench_estimate p95 =
            bench_aggregate(r, g->numbers[i], "latency_ms.p95");
        double wait = p95.n > 0 ? p95.mean : INFINITY;
        if (e.n == 0 || e.mean < 0.999 * best || (any && !(wait < lowest)))
            continue;
        *out = i;
        lowest = wait;
        any = true;
    }
    return any;
}

bool bench_finding_refused(const struct bench_result *r,
                           const struct bench_grid *g, size_t *out,
                           double *percent)
{
    *percent = -1;
    for (size_t i = 0; i < g->variants; i++) {
        struct bench_estimate e =
            bench_aggregate(r, g->numbers[i], "http_429%");
        if (e.n > 0 && e.mean > *percent) {
            *percent = e.mean;
            *out = i;
        }
    }
    return *percent >= 0;
}

char *bench_finding_heat(const struct bench_lines *l)
{
    const struct bench_row *best = extreme(l, 0, true);
    size_t near = 0, cells = 0, most = 0, whose = 0, of = 0, ties = 0;
    if (best == NULL)
        return bench_words("Nothing succeeded.");
    for (size_t s = 0; s < bench_chart_series(l->chart); s++) {
        size_t mine = 0, all = 0;
        for (size_t i = 0; i < l->count; i++) {
            if (l->rows[i].series != s || !isfinite(value(&l->rows[i], 0)))
                continue;
            all++;
            mine += value(&l->rows[i], 0) >= NEARLY * value(best, 0);
        }
        near += mine;
        cells += all;
        ties = mine > most ? 1 : ties + (mine == most);
        if (mine > most) {
            most = mine;
            whose = s;
            of = all;
        }
    }
    if (ties > 1)
        return bench_words("%zu of %zu pairs reach 95 %% of the best goodput; "
                           "%zu rows do so equally often, at %zu of %zu.",
                           near, cells, ties, most, of);
    return bench_words("%zu of %zu pairs reach 95 %% of the best goodput; %s "
                       "does so most often, at %zu of %zu.",
                       near, cells, bench_chart_series_name(l->chart, whose),
                       most, of);
}

static char *point_name(const struct bench_tradeoff *t,
                        const struct bench_point *p)
{
    char *name = bench_grid_name(t->grid, p->variant);
    char *rate = bench_words_number(p->goodput_rpm);
    char *wait = bench_words_ms(p->p95_ms);
    char *text = name && rate && wait
                     ? bench_words("%s (%s a minute, p95 %s)", name, rate, wait)
                     : NULL;
    free(name);
    free(rate);
    free(wait);
    return text;
}

char *bench_finding_tradeoff(const struct bench_tradeoff *t)
{
    const struct bench_point *first = NULL, *last = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (!t->list[i].frontier)
            continue;
        n++;
        last = &t->list[i];
        first = first == NULL ? last : first;
    }
    if (n == 0)
        return bench_words("No variant has both figures.");
    char *from = point_name(t, first), *to = point_name(t, last);
    char *text = NULL;
    if (from != NULL && to != NULL)
        text = n == 1 ? bench_words("One of %zu variants is beaten by none in "
                                    "either: %s.",
                                    t->count, to)
                      : bench_words("%zu of %zu variants are not beaten in "
                                    "both: from %s to %s.",
                                    n, t->count, from, to);
    free(from);
    free(to);
    return text;
}

/* The scarcest limit's share. */
static double scarcest(const struct bench_dots *d, size_t row)
{
    double most = 0;
    for (size_t s = 0; s < d->series_count; s++)
        most = fmax(most, d->rows[row].share[s]);
    return most;
}

char *bench_finding_utilisation(const struct bench_dots *d)
{
    size_t most = 0, least = 0;
    for (size_t i = 1; i < d->count; i++) {
        most = scarcest(d, i) > scarcest(d, most) ? i : most;
        least = scarcest(d, i) < scarcest(d, least) ? i : least;
    }
    if (lround(scarcest(d, most)) == lround(scarcest(d, least)))
        return bench_words("Of its scarcest limit each used %.0f %%.",
                           scarcest(d, most));
    return bench_words("Of its scarcest limit %s used the most, %.0f %%, and "
                       "%s the least, %.0f %%.",
                       d->rows[most].name, scarcest(d, most),
                       d->rows[least].name, scarcest(d, least));
}

char *bench_finding_difference(const struct bench_comparison *c)
{
    size_t all = c->variant_count * c->metric_count;
    if (c->worse + c->better + c->allowed == 0)
        return bench_words("No difference shown in any of %zu figures.", all);
    return bench_words("Of %zu figures %zu became worse, %zu better, and %zu "
                       "worse by no more than is allowed.",
                       all, c->worse, c->better, c->allowed);
}

char *bench_finding_distribution(const struct bench_distribution *d)
{
    size_t points = BENCH_DISTRIBUTION_POINTS, least = 0, most = 0;
    for (size_t i = 0; i < d->count; i++)
        points = d->lines[i].points < points ? d->lines[i].points : points;
    for (size_t i = 1; i < d->count; i++) {
        double ms = d->lines[i].ms[points - 1];
        least = ms < d->lines[least].ms[points - 1] ? i : least;
        most = ms > d->lines[most].ms[points - 1] ? i : most;
    }
    const char *what = bench_distribution_points[points - 1].name;
    char *from = bench_words_ms(d->lines[least].ms[points - 1]);
    char *to = bench_words_ms(d->lines[most].ms[points - 1]);
    char *text = NULL;
    if (from != NULL && to != NULL)
        text =
            d->count == 1 ? bench_words("%s is %s.", what, from)
            : strcmp(from, to) == 0
                ? bench_words("%s is %s with all of them.", what, from)
                : bench_words("%s is %s with %s, and %s with %s.", what, from,
                              d->lines[least].name, to, d->lines[most].name);
    free(from);
    free(to);
    return text;
}

char *bench_finding_windows(const struct bench_timeline *t)
{
    double all = 0, most = -1;
    size_t whose = 0;
    for (size_t g = 0; g < t->gauges; g++) {
        double at_end = 0;
        for (size_t i = 0; i < t->count; i++)
            at_end += t->list[i].used[g] >= 100 * NEARLY;
        at_end *= 100 / (double)t->count;
        all += at_end / (double)t->gauges;
        whose = at_end > most ? g : whose;
        most = fmax(most, at_end);
    }
    if (most <= 0)
        return bench_words("No organisation came to the end of a window.");
    return bench_words("A window was used up to 95 %% or more in %.0f %% of "
                       "the time, on average; at %s most, %.0f %%.",
                       all, t->names[whose], most);
}
