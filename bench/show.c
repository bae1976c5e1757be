#include "bench/show.h"

#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/grid.h"
#include "bench/table.h"
#include "bench/words.h"

/* Milliseconds, with as many digits as a person reads. */
static const char *time_text(double ms, char out[32])
{
    if (ms < 1)
        snprintf(out, 32, "%.3g ms", ms);
    else if (ms < 1000)
        snprintf(out, 32, "%.1f ms", ms);
    else if (ms < 120e3)
        snprintf(out, 32, "%.2f s", ms / 1e3);
    else
        snprintf(out, 32, "%.1f min", ms / 60e3);
    return out;
}

static void add_times(struct bench_table *t, const char *name,
                      const struct sim_quantiles *q)
{
    const double values[] = { q->mean, q->p50, q->p90, q->p95, q->p99, q->max };
    char text[32];
    bench_table_add(t, "  %s", name);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (q->any)
            bench_table_add(t, "%s", time_text(values[i], text));
        else
            bench_table_add(t, "-");
    }
}

static void show_times(FILE *f, const struct sim_summary *s)
{
    static const char *const heads[] = { "",    "mean", "p50", "p90",
                                         "p95", "p99",  "max" };
    struct bench_table *t = bench_table_new(sizeof heads / sizeof heads[0]);
    if (t == NULL)
        return;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        bench_table_add(t, "%s", heads[i]);
    add_times(t, "latency", &s->latency_ms);
    add_times(t, "wait", &s->wait_ms);
    add_times(t, "service", &s->service_ms);
    if (s->ttft_ms.any)
        add_times(t, "first token", &s->ttft_ms);
    bench_table_print(t, f);
    bench_table_free(t);
    if (s->latency_ms.error > 0)
        fprintf(f, "  (p50 to p99 to %.1f %% of themselves)\n",
                100 * s->latency_ms.error);
}

static void show_requests(FILE *f, const struct sim_summary *s)
{
    fprintf(f, "  %llu succeeded", (unsigned long long)s->succeeded);
    const struct {
        const char *name;
        uint64_t count;
    } others[] = { { "failed", s->failed },
                   { "refused", s->refused },
                   { "expired", s->expired },
                   { "unfinished", s->unfinished } };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].count > 0)
            fprintf(f, ", %llu %s", (unsigned long long)others[i].count,
                    others[i].name);
    double share =
        s->attempts == 0 ? 0 : 100 * (double)s->http_429 / (double)s->attempts;
    fprintf(f, "\n  %llu attempts, %llu of them 429 (%.3g %%)",
            (unsigned long long)s->attempts, (unsigned long long)s->http_429,
            share);
    if (s->http_5xx > 0)
        fprintf(f, ", %llu 5xx", (unsigned long long)s->http_5xx);
    if (s->hedges > 0)
        fprintf(f, ", %llu hedges", (unsigned long long)s->hedges);
    fputc('\n', f);
}

static void show_rates(FILE *f, const struct sim_summary *s)
{
    fprintf(f, "  %.1f requests a minute came, %.1f were sent\n",
            s->requested_rpm, s->achieved_rpm);
    fprintf(f, "  %.1f requests and %.0f tokens a minute succeeded",
            s->goodput_rpm, s->tokens_per_min);
    if (s->bound_rpm >= 0)
        fprintf(f, "; the limits allow %.1f", s->bound_rpm);
    if (s->efficiency >= 0)
        fprintf(f, " (efficiency %.1f %%)", 100 * s->efficiency);
    fputc('\n', f);
    fprintf(f, "  used of the limits:");
    bool any = false;
    for (int l = 0; l < LIM_LIMITS; l++) {
        if (s->pool.share[l] < 0)
            continue;
        any = true;
        fprintf(f, " %s %.1f %%%s", lim_limit_name((enum lim_limit)l),
                100 * s->pool.share[l], l == s->binding ? " (binds)" : "");
    }
    fprintf(f, "%s\n", any ? "" : " there are none");
    if (s->dispersion_60s >= 0)
        fprintf(f, "  arrivals: index of dispersion %.3g a minute\n",
                s->dispersion_60s);
    if (s->spend_usd >= 0)
        fprintf(f, "  $%.4f spent\n", s->spend_usd);
    else
        fprintf(f, "  spent: not known, a price is missing\n");
}

static void show_head(FILE *f, const struct bench_scenario *s,
                      const struct sim_summary *summary)
{
    const struct sim_client_config *c = &s->sim.client;
    const struct sim_client_config none = sim_client_config_default();
    size_t n = s->sim.provider.organisation_count;
    fprintf(f, "%s: %llu requests in %.4g s of virtual time%s\n", s->sim.name,
            (unsigned long long)summary->requests, summary->makespan_s,
            summary->partial ? ", interrupted" : "");
    fprintf(f, "  %zu organisation%s, %s, ", n, n == 1 ? "" : "s",
            c->strategy->name);
    if (c->cap_pool != none.cap_pool)
        fprintf(f, "cap %lld\n", (long long)c->cap_pool);
    else if (c->cap_organisation != none.cap_organisation)
        fprintf(f, "cap %lld an organisation\n",
                (long long)c->cap_organisation);
    else
        fprintf(f, "no cap\n");
}

void bench_show_summary(FILE *f, const struct bench_scenario *s,
                        const struct sim_summary *summary)
{
    show_head(f, s, summary);
    show_requests(f, summary);
    show_rates(f, summary);
    show_times(f, summary);
}

/* The columns of an experiment after its settings. */
static const struct column {
    const char *head, *metric;
    double scale;
    int digits;
} columns[] = {
    { "done", "succeeded", 1, 0 },
    { "done/min", "goodput_rpm", 1, 1 },
    { "bound", "bound_rpm", 1, 1 },
    { "p50 s", "latency_ms.p50", 1e-3, 2 },
    { "p95 s", "latency_ms.p95", 1e-3, 2 },
    { "wait p95 s", "wait_ms.p95", 1e-3, 2 },
    { "429 %", "http_429%", 1, 2 },
    { "unfinished", "unfinished", 1, 1 },
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void add_figure(struct bench_table *t, struct bench_estimate e,
                       const struct column *c)
{
    if (e.n == 0)
        bench_table_add(t, "-");
    else if (e.ci95 > 0)
        bench_table_add(t, "%.*f ±%.*f", c->digits, c->scale * e.mean,
                        c->digits, c->scale * e.ci95);
    else
        bench_table_add(t, "%.*f", c->digits, c->scale * e.mean);
}

/* The settings of a variant, by what tells them from each other. */
static void add_settings(struct bench_table *t, const struct bench_grid *g,
                         size_t i)
{
    for (size_t d = 0; d < g->count; d++) {
        size_t value = bench_grid_at(g, i, d);
        const struct bench_dimension *dim = &g->dims[d];
        bench_table_add(t, "%s", value < dim->count ? dim->labels[value] : "");
    }
}

/* A table that begins with the settings and has `more` columns after them. */
static struct bench_table *table_of(const struct bench_grid *g, size_t more)
{
    struct bench_table *t = bench_table_new(g->count + more);
    for (size_t d = 0; t != NULL && d < g->count; d++)
        bench_table_add(t, "%s", g->dims[d].path);
    return t;
}

/* The largest of a figure over all runs; < 0: none has it. */
static double largest(const struct bench_result *r, const char *metric)
{
    double most = -1, x;
    for (size_t i = 0; i < r->run_count; i++)
        if (bench_aggregate_run(&r->runs[i], metric, &x) && x > most)
            most = x;
    return most;
}

/* How the load was sent, over HTTP. */
static void show_load(FILE *f, const struct bench_result *r)
{
    double lag_ms = largest(r, "generator.lag_ms_max");
    double cpu = largest(r, "generator.cpu");
    double asked = 0, sent = 0, x;
    char text[32];
    if (lag_ms < 0 || r->run_count == 0)
        return;
    for (size_t i = 0; i < r->run_count; i++) {
        if (bench_aggregate_run(&r->runs[i], "requested_rpm", &x))
            asked += x / (double)r->run_count;
        if (bench_aggregate_run(&r->runs[i], "achieved_rpm", &x))
            sent += x / (double)r->run_count;
    }
    fprintf(f,
            "load: %.1f requests a minute asked for, %.1f sent; the generator "
            "was late by at most %s of the run's time and busy for at most "
            "%.0f %%\n",
            asked, sent, time_text(lag_ms, text), 100 * cpu);
}

static void show_variants(FILE *f, const struct bench_result *r,
                          const struct bench_grid *g)
{
    struct bench_table *t = table_of(g, COLUMNS);
    if (t == NULL)
        return;
    for (size_t c = 0; c < COLUMNS; c++)
        bench_table_add(t, "%s", columns[c].head);
    for (size_t i = 0; i < g->variants; i++) {
        add_settings(t, g, i);
        for (size_t c = 0; c < COLUMNS; c++)
            add_figure(t, bench_aggregate(r, g->numbers[i], columns[c].metric),
                       &columns[c]);
    }
    bench_table_print(t, f);
    bench_table_free(t);
}

void bench_show_result(FILE *f, const struct bench_result *r)
{
    struct bench_grid g;
    size_t saturated = bench_result_saturated(r);
    if (bench_grid_init(&g, r) != LIM_OK)
        return;
    fprintf(f, "%s, on %s: %zu run%s%s\n", r->name, r->on, r->run_count,
            r->run_count == 1 ? "" : "s", r->partial ? ", interrupted" : "");
    show_variants(f, r, &g);
    show_load(f, r);
    if (saturated > 0)
        fprintf(f,
                "saturated: in %zu of %zu runs the generator was at its "
                "end; the figures are its own\n",
                saturated, r->run_count);
    bench_grid_fini(&g);
}

static void add_number(struct bench_table *t, double x, double ci95)
{
    char *number = bench_words_number(x);
    char *half = ci95 < 0 ? NULL : bench_words_number(ci95);
    bench_table_add(t, "%s%s%s", number != NULL ? number : "",
                    half != NULL ? " ±" : "", half != NULL ? half : "");
    free(number);
    free(half);
}

static void add_ranked(struct bench_table *t, const struct bench_ranked *x,
                       bool best)
{
    struct bench_estimate d = x->difference;
    if (x->figure.n == 0)
        bench_table_add(t, "-");
    else
        add_number(t, x->figure.mean, -1);
    if (best || d.n == 0)
        bench_table_add(t, "-");
    else
        add_number(t, d.mean, d.ci95);
    bench_table_add(t, "%s",
                    best       ? ""
                    : x->alike ? "not told from the best"
                               : "");
}

void bench_show_rank(FILE *f, const struct bench_result *r,
                     const struct bench_rank *k)
{
    struct bench_grid g;
    if (bench_grid_init(&g, r) != LIM_OK)
        return;
    struct bench_table *t = table_of(&g, 3);
    char *title = bench_rank_title(k);
    if (t != NULL && title != NULL) {
        bench_table_add(t, "%s", k->metric);
        bench_table_add(t, "difference");
        bench_table_add(t, "%s", "");
        for (size_t i = 0; i < k->count; i++) {
            add_settings(t, &g, bench_grid_place(&g, k->list[i].variant));
            add_ranked(t, &k->list[i], i == 0);
        }
        fprintf(f, "\n%s:\n", title);
        bench_table_print(t, f);
    }
    free(title);
    bench_table_free(t);
    bench_grid_fini(&g);
}

int bench_show_json(FILE *f, const struct bench_result *r,
                    const struct bench_rank *k)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", r->name);
    cJSON_AddStringToObject(o, "on", r->on);
    cJSON_AddNumberToObject(o, "seed", (double)r->seed);
    cJSON_AddBoolToObject(o, "partial", r->partial);
    cJSON *list = cJSON_AddArrayToObject(o, "variants");
    for (size_t v = 0; v < r->variants; v++) {
        const cJSON *settings = bench_aggregate_settings(r, v);
        if (settings == NULL)
            continue;
        cJSON *variant = cJSON_CreateObject();
        cJSON_AddItemToObject(variant, "settings",
                              cJSON_Duplicate(settings, true));
        cJSON_AddItemToObject(variant, "figures", bench_aggregate_json(r, v));
        cJSON_AddItemToArray(list, variant);
    }
    if (k != NULL) {
        cJSON_AddStringToObject(o, "rank_by", k->metric);
        cJSON_AddItemToObject(o, "rank", bench_rank_json(k, r));
    }
    char *text = o == NULL ? NULL : cJSON_PrintUnformatted(o);
    if (text != NULL)
        fprintf(f, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(o);
    return text == NULL ? LIM_ENOMEM : LIM_OK;
}
