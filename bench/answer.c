#define _POSIX_C_SOURCE 200809L

#include "bench/answer.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/metric.h"
#include "bench/student.h"
#include "bench/words.h"
#include "sim/stats.h"

#define GOODPUT "goodput_rpm"
#define LATENCY "latency_ms.p95"
#define LEVEL 0.05
#define NAMES_MAX 3
#define VALUES_MAX 8 /* likewise, of one parameter */

/* Chance that so large a difference is nothing; 1 where nothing can be
   said. */
static double chance(struct bench_estimate d)
{
    if (d.n < 2)
        return 1;
    double error = d.ci95 / sim_t95((int64_t)d.n - 1);
    if (error < 1e-12 * fabs(d.mean) || error == 0)
        return d.mean == 0 ? 1 : 0;
    return bench_student_tail(d.mean / error, d.n - 1);
}

static struct bench_estimate estimate(const struct bench_result *r,
                                      const struct bench_grid *g, size_t i,
                                      const char *metric)
{
    return bench_aggregate(r, g->numbers[i], metric);
}

/* The variant, of those in `among` (NULL: of all), with the largest goodput
   or the lowest latency. */
static bool find_best(const struct bench_result *r, const struct bench_grid *g,
                      const char *metric, const bool *among, size_t *out)
{
    double sign = bench_metric_better(metric) == BENCH_LARGER ? 1 : -1;
    double best = -INFINITY;
    bool any = false;
    for (size_t i = 0; i < g->variants; i++) {
        struct bench_estimate e = estimate(r, g, i, metric);
        if ((among != NULL && !among[i]) || e.n == 0 || sign * e.mean <= best)
            continue;
        best = sign * e.mean;
        *out = i;
        any = true;
    }
    return any;
}

/* Marks those that cannot be told apart from `best`; returns their number. */
static size_t mark(const struct bench_result *r, const struct bench_grid *g,
                   const char *metric, size_t best, const bool *among,
                   bool *tied)
{
    size_t candidates = 0, count = 0;
    for (size_t i = 0; i < g->variants; i++)
        candidates += among == NULL || among[i];
    double level = LEVEL / (double)(candidates > 1 ? candidates - 1 : 1);
    for (size_t i = 0; i < g->variants; i++) {
        bool in = among == NULL || among[i];
        struct bench_estimate d =
            bench_aggregate_paired(r, g->numbers[best], g->numbers[i], metric);
        tied[i] = in && (i == best || chance(d) >= level);
        count += tied[i];
    }
    return count;
}

int bench_answer_init(struct bench_answer *a, const struct bench_result *r,
                      const struct bench_grid *g)
{
    *a = (struct bench_answer){ .any = false };
    a->tied = calloc(g->variants + 1, sizeof *a->tied);
    bool *fast = calloc(g->variants + 1, sizeof *fast);
    if (a->tied == NULL || fast == NULL) {
        free(fast);
        bench_answer_fini(a);
        return LIM_ENOMEM;
    }
    if (find_best(r, g, GOODPUT, NULL, &a->best)) {
        a->any = true;
        a->like_best = mark(r, g, GOODPUT, a->best, NULL, a->tied);
        if (find_best(r, g, LATENCY, a->tied, &a->fastest))
            a->like_fastest = mark(r, g, LATENCY, a->fastest, a->tied, fast);
    }
    free(fast);
    return LIM_OK;
}

void bench_answer_fini(struct bench_answer *a)
{
    free(a->tied);
    *a = (struct bench_answer){ .any = false };
}

static void put_number(FILE *f, double x)
{
    char *s = bench_words_number(x);
    fputs(s != NULL ? s : "", f);
    free(s);
}

static void put_ms(FILE *f, double ms)
{
    char *s = bench_words_ms(ms);
    fputs(s != NULL ? s : "", f);
    free(s);
}

static void put_name(FILE *f, const struct bench_grid *g, size_t i)
{
    char *s = bench_grid_name(g, i);
    fputs(s != NULL ? s : "", f);
    free(s);
}

/* "14.2 ± 0.1 requests a minute (98 % of the bound)" */
static void put_goodput(FILE *f, const struct bench_result *r,
                        const struct bench_grid *g, size_t i)
{
    struct bench_estimate e = estimate(r, g, i, GOODPUT);
    struct bench_estimate bound = estimate(r, g, i, "bound_rpm");
    put_number(f, e.mean);
    if (e.ci95 > 1e-6 * fabs(e.mean)) {
        fputs(" ± ", f);
        put_number(f, e.ci95);
    }
    fputs(" requests a minute", f);
    if (bound.n > 0 && bound.mean > 0)
        fprintf(f, " (%.0f %% of the bound)", 100 * e.mean / bound.mean);
}

static void put_p95(FILE *f, const struct bench_result *r,
                    const struct bench_grid *g, size_t i)
{
    struct bench_estimate e = estimate(r, g, i, LATENCY);
    put_ms(f, e.mean);
    if (e.ci95 > 1e-6 * fabs(e.mean)) {
        fputs(" ± ", f);
        put_ms(f, e.ci95);
    }
}

static void put_alone(FILE *f, const struct bench_result *r,
                      const struct bench_grid *g)
{
    fputs("Goodput is ", f);
    put_goodput(f, r, g, 0);
    if (estimate(r, g, 0, LATENCY).n > 0) {
        fputs(", the p95 latency ", f);
        put_p95(f, r, g, 0);
    }
    fputs("; ", f);
    put_number(f, estimate(r, g, 0, "http_429%").mean);
    fputs(" % of the attempts were answered 429.", f);
}

static bool is_tied_at(const struct bench_answer *a, const struct bench_grid *g,
                       size_t dim, size_t value)
{
    for (size_t i = 0; i < g->variants; i++)
        if (a->tied[i] && bench_grid_at(g, i, dim) == value)
            return true;
    return false;
}

/* "10, 12 or 16": the values that tied ones have, or those that none has. */
static void put_values(FILE *f, const struct bench_answer *a,
                       const struct bench_grid *g, size_t dim, bool tied,
                       size_t n)
{
    const struct bench_dimension *d = &g->dims[dim];
    size_t put = 0;
    for (size_t v = 0; v < d->count; v++)
        if (is_tied_at(a, g, dim, v) == tied) {
            if (put > 0)
                fputs(put + 1 == n ? tied ? " or " : " and " : ", ", f);
            fputs(d->labels[v], f);
            put++;
        }
}

/* "; cap 10, 12 or 16" of the values that the tied ones have, unless these
   are all that there are; of many "; every cap but 1". */
static bool put_common(FILE *f, const struct bench_answer *a,
                       const struct bench_grid *g, size_t dim,
                       const char *before)
{
    const struct bench_dimension *d = &g->dims[dim];
    const char *dot = strrchr(d->path, '.');
    const char *name = dot == NULL ? d->path : dot + 1;
    size_t used = 0;
    for (size_t v = 0; v < d->count; v++)
        used += is_tied_at(a, g, dim, v);
    if (used == d->count)
        return false;
    if (used <= VALUES_MAX) {
        fprintf(f, "%s%s ", before, name);
        put_values(f, a, g, dim, true, used);
    } else if (d->count - used <= NAMES_MAX) {
        fprintf(f, "%severy %s but ", before, name);
        put_values(f, a, g, dim, false, d->count - used);
    } else {
        fprintf(f, "%s%zu of %zu values of %s", before, used, d->count, name);
    }
    return true;
}

static void put_tied(FILE *f, const struct bench_answer *a,
                     const struct bench_grid *g)
{
    const char *before = " (";
    if (a->like_best <= NAMES_MAX) {
        for (size_t i = 0; i < g->variants; i++)
            if (a->tied[i]) {
                fputs(before, f);
                put_name(f, g, i);
                before = "; ";
            }
        fputc(')', f);
        return;
    }
    for (size_t d = 0; d < g->count; d++)
        if (put_common(f, a, g, d, before))
            before = "; ";
    fputs(before[0] == ';' ? ")" : "", f);
}

static void put_goodputs(FILE *f, const struct bench_answer *a,
                         const struct bench_result *r,
                         const struct bench_grid *g)
{
    if (a->like_best == 1) {
        fputs("Most goodput has ", f);
        put_name(f, g, a->best);
        fputs(": ", f);
        put_goodput(f, r, g, a->best);
        fputs("; every other variant has less.", f);
        return;
    }
    if (a->like_best == g->variants)
        fprintf(f, "By goodput the %zu variants cannot be told apart",
                g->variants);
    else
        fprintf(f,
                "By goodput the best %zu of %zu variants cannot be told "
                "apart",
                a->like_best, g->variants);
    put_tied(f, a, g);
    fputs(": up to ", f);
    put_goodput(f, r, g, a->best);
    fputc('.', f);
}

static void put_latencies(FILE *f, const struct bench_answer *a,
                          const struct bench_result *r,
                          const struct bench_grid *g)
{
    if (a->like_fastest == 0)
        return;
    if (a->like_best == 1) {
        fputs(" Its p95 latency is ", f);
        put_p95(f, r, g, a->best);
        fputc('.', f);
        return;
    }
    fputs(" Of these, ", f);
    put_name(f, g, a->fastest);
    fputs(" has the lowest p95 latency: ", f);
    put_p95(f, r, g, a->fastest);
    if (a->like_fastest > 1)
        fprintf(f, "; %zu other%s cannot be told apart from it by that either",
                a->like_fastest - 1, a->like_fastest > 2 ? "s" : "");
    fputc('.', f);
}

/* One replication tells nothing of chance. */
static void put_single(FILE *f, const struct bench_answer *a,
                       const struct bench_result *r, const struct bench_grid *g)
{
    size_t fastest;
    fputs("The highest goodput is that of ", f);
    put_name(f, g, a->best);
    fputs(": ", f);
    put_goodput(f, r, g, a->best);
    if (find_best(r, g, LATENCY, NULL, &fastest)) {
        fputs("; the lowest p95 latency that of ", f);
        put_name(f, g, fastest);
        fputs(": ", f);
        put_p95(f, r, g, fastest);
    }
    fputs(". With one replication each, no interval can be given: what is "
          "chance in this cannot be told.",
          f);
}

char *bench_answer_text(const struct bench_answer *a,
                        const struct bench_result *r,
                        const struct bench_grid *g)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return NULL;
    if (!a->any) {
        fputs("No run came to its end, so there is no answer.", f);
    } else if (g->variants == 1) {
        put_alone(f, r, g);
    } else if (r->replications < 2) {
        put_single(f, a, r, g);
    } else {
        put_goodputs(f, a, r, g);
        put_latencies(f, a, r, g);
    }
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}
