#include "bench/tables.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/asked.h"
#include "bench/svg.h"
#include "bench/words.h"

enum measure { PLAIN, TIME, OF_BOUND, OF_REQUESTS };

static const struct column {
    const char *metric, *heading;
    enum measure measure;
} columns[] = {
    { "goodput_rpm", "goodput, a&nbsp;minute", PLAIN },
    { "goodput_rpm", "of the bound, %", OF_BOUND },
    { "latency_ms.p50", "p50 latency", TIME },
    { "latency_ms.p95", "p95 latency", TIME },
    { "http_429%", "429s, % of attempts", PLAIN },
    { "unfinished", "unfinished, % of requests", OF_REQUESTS },
};

#define COLUMNS (sizeof columns / sizeof columns[0])

static void put_number(FILE *f, double x)
{
    char *s = bench_words_number(x);
    fputs(s != NULL ? s : "", f);
    free(s);
}

static struct bench_estimate scaled(struct bench_estimate e, double by)
{
    e.mean *= by;
    e.ci95 = e.ci95 < 0 ? e.ci95 : e.ci95 * by;
    return e;
}

static struct bench_estimate over(struct bench_estimate e,
                                  struct bench_estimate whole)
{
    if (whole.n == 0 || !(whole.mean > 0))
        return (struct bench_estimate){ .n = 0 };
    return scaled(e, 100 / whole.mean);
}

static struct bench_estimate figure(const struct bench_result *r,
                                    size_t variant, const struct column *c,
                                    double unit_ms)
{
    struct bench_estimate e = bench_aggregate(r, variant, c->metric);
    switch (c->measure) {
    case TIME:
        return scaled(e, 1 / unit_ms);
    case OF_BOUND:
        return over(e, bench_aggregate(r, variant, "bound_rpm"));
    case OF_REQUESTS:
        return over(e, bench_aggregate(r, variant, "requests"));
    case PLAIN:
        break;
    }
    return e;
}

/* One unit for all times of a table. */
static double unit_of(const struct bench_result *r, const struct bench_grid *g)
{
    double most = 0;
    for (size_t i = 0; i < g->variants; i++)
        most = fmax(most,
                    bench_aggregate(r, g->numbers[i], "latency_ms.p95").mean);
    return most < 2e3 ? 1 : 1e3;
}

static void put_cell(FILE *f, struct bench_estimate e)
{
    fputs("<td>", f);
    if (e.n == 0) {
        fputs("none</td>", f);
        return;
    }
    put_number(f, e.mean);
    if (e.ci95 > 1e-6 * fabs(e.mean)) {
        fputs(" <span class=\"ci\">±&nbsp;", f);
        put_number(f, e.ci95);
        fputs("</span>", f);
    }
    fputs("</td>", f);
}

static void put_dimension_heads(FILE *f, const struct bench_grid *g)
{
    for (size_t d = 0; d < g->count; d++) {
        char *words = bench_words_path(g->dims[d].path);
        if (words != NULL)
            words[strcspn(words, ":")] = 0;
        fputs("<th scope=\"col\" class=\"word\" title=\"", f);
        bench_svg_escape(f, g->dims[d].path);
        fputs("\">", f);
        bench_svg_escape(f, words != NULL ? words : "");
        fputs("</th>", f);
        free(words);
    }
}

static void put_settings(FILE *f, const struct bench_grid *g, size_t i)
{
    for (size_t d = 0; d < g->count; d++) {
        size_t value = bench_grid_at(g, i, d);
        const struct bench_dimension *dim = &g->dims[d];
        fputs(d == 0 ? "<th scope=\"row\" class=\"word\">"
                     : "<td class=\"word\">",
              f);
        bench_svg_escape(f, value < dim->count ? dim->labels[value] : "");
        fputs(d == 0 ? "</th>" : "</td>", f);
    }
}

/* Tells whether there is anything in a column. */
static bool tells(const struct bench_result *r, const struct bench_grid *g,
                  const struct column *c)
{
    for (size_t i = 0; i < g->variants; i++)
        if (figure(r, g->numbers[i], c, 1).n > 0)
            return true;
    return false;
}

static void put_heads(FILE *f, const struct bench_result *r,
                      const struct bench_grid *g, double unit_ms)
{
    fputs("<thead><tr>", f);
    put_dimension_heads(f, g);
    for (size_t c = 0; c < COLUMNS; c++)
        if (tells(r, g, &columns[c]))
            fprintf(f, "<th scope=\"col\">%s%s</th>", columns[c].heading,
                    columns[c].measure != TIME ? ""
                    : unit_ms > 1              ? ", s"
                                               : ", ms");
    fputs("</tr></thead>\n", f);
}

static bool is_best(const struct bench_answer *a, const struct bench_grid *g,
                    size_t i)
{
    size_t best = a->like_fastest > 0 ? a->fastest : a->best;
    return a->any && g->variants > 1 && i == best;
}

void bench_tables_variants(FILE *f, const struct bench_result *r,
                           const struct bench_grid *g,
                           const struct bench_answer *a)
{
    double unit_ms = unit_of(r, g);
    fprintf(
        f,
        "<div class=\"wide\" tabindex=\"0\"><table>\n<caption><span>Mean over "
        "%zu replication%s%s%s</span></caption>\n",
        r->replications, r->replications == 1 ? "" : "s",
        r->replications > 1 ? ", ± half of the 95&nbsp;% interval." : ".",
        g->variants > 1 ? " In bold: the answer's variant." : "");
    put_heads(f, r, g, unit_ms);
    fputs("<tbody>\n", f);
    for (size_t i = 0; i < g->variants; i++) {
        fputs(is_best(a, g, i) ? "<tr class=\"best\">" : "<tr>", f);
        put_settings(f, g, i);
        for (size_t c = 0; c < COLUMNS; c++)
            if (tells(r, g, &columns[c]))
                put_cell(f, figure(r, g->numbers[i], &columns[c], unit_ms));
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}

/* What is told of the generator: the mean of all runs of a variant, or the
   largest. */
static const struct load {
    const char *metric, *heading;
    double scale;
    bool largest;
} loads[] = {
    { "requested_rpm", "asked for, a&nbsp;minute", 1, false },
    { "achieved_rpm", "sent, a&nbsp;minute", 1, false },
    { "generator.lag_ms_max", "largest lag, ms", 1, true },
    { "generator.cpu", "busy, % of a processor", 100, true },
    { "generator.connections", "connections", 1, true },
    { "generator.network_errors", "without an answer", 1, false },
};

#define LOADS (sizeof loads / sizeof loads[0])

static struct bench_estimate load_of(const struct bench_result *r,
                                     size_t variant, const struct load *l)
{
    struct bench_estimate e = bench_aggregate(r, variant, l->metric);
    double x;
    for (size_t i = 0; l->largest && i < r->run_count; i++)
        if (r->runs[i].variant == variant &&
            bench_aggregate_run(&r->runs[i], l->metric, &x))
            e.mean = fmax(e.mean, x);
    if (l->largest)
        e.ci95 = -1;
    return scaled(e, l->scale);
}

void bench_tables_load(FILE *f, const struct bench_result *r,
                       const struct bench_grid *g)
{
    fputs(
        "<div class=\"wide\" tabindex=\"0\"><table>\n<caption><span>Means over "
        "replications; of lag, processor and connections the largest."
        "</span></caption>\n<thead><tr>",
        f);
    put_dimension_heads(f, g);
    for (size_t c = 0; c < LOADS; c++)
        fprintf(f, "<th scope=\"col\">%s</th>", loads[c].heading);
    fputs("</tr></thead>\n<tbody>\n", f);
    for (size_t i = 0; i < g->variants; i++) {
        fputs("<tr>", f);
        put_settings(f, g, i);
        for (size_t c = 0; c < LOADS; c++)
            put_cell(f, load_of(r, g->numbers[i], &loads[c]));
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}

static void put_ranked(FILE *f, const struct bench_grid *g,
                       const struct bench_ranked *x, bool best)
{
    struct bench_estimate mean = x->figure;
    mean.ci95 = -1;
    fputs(x->alike ? "<tr class=\"best\">" : "<tr>", f);
    put_settings(f, g, bench_grid_place(g, x->variant));
    put_cell(f, mean);
    if (best)
        fputs("<td>the best</td>", f);
    else
        put_cell(f, x->difference);
    fputs("</tr>\n", f);
}

void bench_tables_rank(FILE *f, const struct bench_grid *g,
                       const struct bench_rank *k)
{
    char *title = bench_rank_title(k);
    fputs("<div class=\"wide\" tabindex=\"0\"><table>\n<caption><span>", f);
    bench_svg_escape(f, title != NULL ? title : "");
    fputs(". In bold: the best, and what differs from it by no more than half "
          "of the 95&nbsp;% interval.</span></caption>\n<thead><tr>",
          f);
    put_dimension_heads(f, g);
    fputs("<th scope=\"col\">", f);
    bench_svg_escape(f, k->metric);
    fputs("</th><th scope=\"col\">difference</th></tr></thead>\n<tbody>\n", f);
    for (size_t i = 0; i < k->count; i++)
        put_ranked(f, g, &k->list[i], i == 0);
    fputs("</tbody></table></div>\n", f);
    free(title);
}

static const struct column compared[] = {
    { "goodput_rpm", "goodput, a&nbsp;minute", PLAIN },
    { "latency_ms.p50", "p50 latency", TIME },
    { "latency_ms.p95", "p95 latency", TIME },
    { "http_429", "429s", PLAIN },
};

#define COMPARED (sizeof compared / sizeof compared[0])

/* The run of the same settings and seed in the other result, or NULL. */
static const struct bench_run *twin_of(const struct bench_run *run,
                                       const struct bench_result *other)
{
    for (size_t i = 0; i < other->run_count; i++)
        if (other->runs[i].seed == run->seed &&
            cJSON_Compare(other->runs[i].settings, run->settings, true))
            return &other->runs[i];
    return NULL;
}

/* Both means of one metric over the pairs of a variant. */
struct pairs {
    size_t n;
    double here, there;
};

static struct pairs pair_up(const struct bench_result *r, size_t variant,
                            const struct bench_result *other,
                            const char *metric)
{
    struct pairs p = { .n = 0 };
    double x, y;
    for (size_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].variant != variant)
            continue;
        const struct bench_run *twin = twin_of(&r->runs[i], other);
        if (twin == NULL || !bench_aggregate_run(&r->runs[i], metric, &x) ||
            !bench_aggregate_run(twin, metric, &y))
            continue;
        p.n++;
        p.here += x;
        p.there += y;
    }
    if (p.n > 0) {
        p.here /= (double)p.n;
        p.there /= (double)p.n;
    }
    return p;
}

static void put_pair(FILE *f, struct pairs p, double unit)
{
    if (p.n == 0) {
        fputs("<td>none</td><td>none</td><td></td>", f);
        return;
    }
    fputs("<td>", f);
    put_number(f, p.here / unit);
    fputs("</td><td>", f);
    put_number(f, p.there / unit);
    if (p.here == p.there)
        fputs("</td><td>0&nbsp;%</td>", f);
    else if (p.here > 0)
        fprintf(f, "</td><td>%+.1f&nbsp;%%</td>", 100 * (p.there / p.here - 1));
    else
        fputs("</td><td></td>", f);
}

static const char *short_name(const struct bench_result *r)
{
    return strcmp(r->on, "sim") == 0 || strcmp(r->on, "mock") == 0 ? r->on
                                                                   : "live";
}

static void put_beside_heads(FILE *f, const struct bench_result *r,
                             const struct bench_grid *g,
                             const struct bench_result *other, double unit_ms)
{
    fputs("<thead><tr>", f);
    for (size_t d = 0; d < g->count; d++)
        fputs("<td></td>", f);
    for (size_t c = 0; c < COMPARED; c++)
        fprintf(f, "<th scope=\"colgroup\" colspan=\"3\">%s%s</th>",
                compared[c].heading,
                compared[c].measure != TIME ? ""
                : unit_ms > 1               ? ", s"
                                            : ", ms");
    fputs("</tr>\n<tr>", f);
    put_dimension_heads(f, g);
    for (size_t c = 0; c < COMPARED; c++)
        fprintf(f,
                "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
                "<th scope=\"col\">differ</th>",
                short_name(r), short_name(other));
    fputs("</tr></thead>\n", f);
}

void bench_tables_beside(FILE *f, const struct bench_result *r,
                         const struct bench_grid *g,
                         const struct bench_result *other)
{
    double unit_ms = unit_of(r, g);
    size_t rows = 0;
    fprintf(
        f,
        "<p>The same runs %s and %s: equal settings, equal seeds, so the "
        "same arrivals, sizes and service times. In the simulator a message "
        "takes no time; over HTTP each exchange takes a fraction of a "
        "millisecond, which the speed of the run multiplies, and where 429s "
        "abound, a request sent a moment later sends all that follows "
        "another way.</p>\n<div class=\"wide\" "
        "tabindex=\"0\"><table>\n",
        bench_asked_where(r), bench_asked_where(other));
    put_beside_heads(f, r, g, other, unit_ms);
    fputs("<tbody>\n", f);
    for (size_t i = 0; i < g->variants; i++) {
        if (pair_up(r, g->numbers[i], other, "requests").n == 0)
            continue;
        rows++;
        fputs("<tr>", f);
        put_settings(f, g, i);
        for (size_t c = 0; c < COMPARED; c++)
            put_pair(f, pair_up(r, g->numbers[i], other, compared[c].metric),
                     compared[c].measure == TIME ? unit_ms : 1);
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
    if (rows == 0)
        fputs("<p class=\"note\">No run of the one has settings and seed of a "
              "run of the other.</p>\n",
              f);
}
