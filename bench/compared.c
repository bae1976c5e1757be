#include "bench/compared.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/svg.h"
#include "bench/table.h"
#include "bench/words.h"

/* A figure in short: three digits, or all of its whole ones. */
static void put_figure(char *out, size_t size, double x, const char *plus)
{
    char *words = bench_words_number(fabs(x));
    snprintf(out, size, "%s%.40s",
             x < 0   ? "-"
             : x > 0 ? plus
                     : "",
             words != NULL ? words : "");
    free(words);
}

/* The cells of one difference, as texts. */
struct row {
    char base[48], now[48], change[48], relative[48], low[48], high[48];
};

static struct row row_of(const struct bench_difference *d)
{
    struct row r;
    put_figure(r.base, sizeof r.base, d->base, "");
    put_figure(r.now, sizeof r.now, d->now, "");
    put_figure(r.change, sizeof r.change, d->difference, "+");
    put_figure(r.low, sizeof r.low, d->low, "+");
    put_figure(r.high, sizeof r.high, d->high, "+");
    if (isnan(d->relative))
        snprintf(r.relative, sizeof r.relative, "-");
    else
        snprintf(r.relative, sizeof r.relative, "%+.2f %%", 100 * d->relative);
    return r;
}

/* "client.cap 5, client.strategy headroom"; "" of an only variant. */
static char *name_of(const struct bench_comparison *c, size_t variant)
{
    const cJSON *item;
    char *name = bench_words("%s", "");
    cJSON_ArrayForEach(
        item, bench_aggregate_settings(c->base, c->variants[variant].base))
    {
        char *value = bench_words_value(item);
        char *longer = bench_words("%s%s%s %s", name != NULL ? name : "",
                                   name != NULL && name[0] != '\0' ? ", " : "",
                                   item->string, value != NULL ? value : "");
        free(value);
        free(name);
        name = longer;
    }
    return name;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void put_sentence(FILE *f, const struct bench_comparison *c)
{
    fprintf(f,
            "%zu figure%s worse, %zu better, %zu worse as allowed; intervals "
            "hold together at 99 %% over %zu comparisons, %s.\n",
            c->worse, plural(c->worse), c->better, c->allowed, c->tests,
            c->paired ? "replication by replication"
                      : "of independent replications (the seeds differ)");
}

/* What some runs have and some have not, such as the latency where nothing
   succeeded: once each. */
static void put_partly(FILE *f, const struct bench_comparison *c)
{
    bool any = false;
    for (size_t m = 0; m < c->metric_count; m++) {
        bool partly = false;
        for (size_t v = 0; v < c->variant_count; v++)
            partly = partly || c->variants[v].differences[m].partly;
        if (!partly)
            continue;
        fprintf(f, "%s%s",
                any ? ", " : "Not compared, as not every run has it: ",
                c->metrics[m]);
        any = true;
    }
    fputs(any ? ".\n" : "", f);
}

static void add_row(struct bench_table *t, const struct bench_difference *d)
{
    struct row r = row_of(d);
    bench_table_add(t, "%s", d->metric);
    bench_table_add(t, "%s", r.base);
    bench_table_add(t, "%s", r.now);
    bench_table_add(t, "%s", r.change);
    bench_table_add(t, "%s to %s", r.low, r.high);
    bench_table_add(t, "%s", r.relative);
    bench_table_add(t, "%s", bench_verdict_name(d->verdict));
}

static void put_heading(FILE *f, const struct bench_comparison *c,
                        size_t variant, const char *format)
{
    char *name = name_of(c, variant);
    if (name != NULL && name[0] != '\0')
        fprintf(f, format[0] == '#' ? "### %s\n\n" : "%s\n", name);
    free(name);
}

void bench_compared_text(FILE *f, const struct bench_comparison *c)
{
    static const char *const heads[] = { "figure",     "base",     "new",
                                         "difference", "interval", "relative",
                                         "verdict" };
    for (size_t v = 0; v < c->variant_count; v++) {
        struct bench_table *t = bench_table_new(7);
        if (t == NULL)
            return;
        for (size_t i = 0; i < 7; i++)
            bench_table_add(t, "%s", heads[i]);
        for (size_t m = 0; m < c->metric_count; m++)
            if (c->variants[v].differences[m].verdict != BENCH_ABSENT)
                add_row(t, &c->variants[v].differences[m]);
        put_heading(f, c, v, "");
        bench_table_print(t, f);
        bench_table_free(t);
        fputc('\n', f);
    }
    put_sentence(f, c);
    put_partly(f, c);
}

void bench_compared_markdown(FILE *f, const struct bench_comparison *c)
{
    for (size_t v = 0; v < c->variant_count; v++) {
        put_heading(f, c, v, "#");
        fputs("| figure | base | new | difference | interval | relative | "
              "verdict |\n|---|--:|--:|--:|--:|--:|---|\n",
              f);
        for (size_t m = 0; m < c->metric_count; m++) {
            const struct bench_difference *d = &c->variants[v].differences[m];
            struct row r = row_of(d);
            bool told = d->verdict == BENCH_WORSE;
            if (d->verdict == BENCH_ABSENT)
                continue;
            fprintf(f, "| `%s` | %s | %s | %s | %s to %s | %s | %s%s%s |\n",
                    d->metric, r.base, r.now, r.change, r.low, r.high,
                    r.relative, told ? "**" : "",
                    bench_verdict_name(d->verdict), told ? "**" : "");
        }
        fputc('\n', f);
    }
    put_sentence(f, c);
    put_partly(f, c);
}

static bool is_case(const struct bench_difference *d)
{
    return d->verdict != BENCH_ABSENT || d->partly;
}

static void put_case(FILE *f, const char *variant,
                     const struct bench_difference *d)
{
    struct row r = row_of(d);
    fputs("  <testcase classname=\"", f);
    bench_svg_escape(f, variant[0] != '\0' ? variant : "tierlab");
    fprintf(f, "\" name=\"%s\"", d->metric);
    if (d->partly)
        fputs("><skipped message=\"not every run has it\"/></testcase>\n", f);
    else if (d->verdict != BENCH_WORSE)
        fputs("/>\n", f);
    if (d->verdict != BENCH_WORSE)
        return;
    fprintf(f,
            ">\n    <failure message=\"worse: %s instead of %s (%s, interval "
            "%s to %s)\"/>\n  </testcase>\n",
            r.now, r.base, r.relative, r.low, r.high);
}

void bench_compared_junit(FILE *f, const struct bench_comparison *c)
{
    size_t cases = 0;
    for (size_t v = 0; v < c->variant_count; v++)
        for (size_t m = 0; m < c->metric_count; m++)
            cases += is_case(&c->variants[v].differences[m]);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", f);
    bench_svg_escape(f, c->base->name);
    fprintf(f, "\" tests=\"%zu\" failures=\"%zu\">\n", cases, c->worse);
    for (size_t v = 0; v < c->variant_count; v++) {
        char *name = name_of(c, v);
        for (size_t m = 0; m < c->metric_count; m++)
            if (is_case(&c->variants[v].differences[m]))
                put_case(f, name != NULL ? name : "",
                         &c->variants[v].differences[m]);
        free(name);
    }
    fputs("</testsuite>\n", f);
}

static cJSON *difference_json(const struct bench_difference *d)
{
    cJSON *o = cJSON_CreateObject();
    bool there = d->verdict != BENCH_ABSENT;
    const struct {
        const char *key;
        double value;
    } numbers[] = { { "base", d->base },
                    { "new", d->now },
                    { "difference", d->difference },
                    { "low", d->low },
                    { "high", d->high },
                    { "relative", d->relative } };
    cJSON_AddStringToObject(o, "metric", d->metric);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (there && !isnan(numbers[i].value))
            cJSON_AddNumberToObject(o, numbers[i].key, numbers[i].value);
        else
            cJSON_AddNullToObject(o, numbers[i].key);
    }
    cJSON_AddStringToObject(o, "verdict", bench_verdict_name(d->verdict));
    return o;
}

static cJSON *variant_json(const struct bench_comparison *c, size_t v)
{
    cJSON *o = cJSON_CreateObject();
    const cJSON *settings =
        bench_aggregate_settings(c->base, c->variants[v].base);
    cJSON_AddItemToObject(o, "settings", cJSON_Duplicate(settings, true));
    cJSON *list = cJSON_AddArrayToObject(o, "differences");
    for (size_t m = 0; m < c->metric_count; m++)
        cJSON_AddItemToArray(list,
                             difference_json(&c->variants[v].differences[m]));
    return o;
}

cJSON *bench_compared_json(const struct bench_comparison *c)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "paired", c->paired);
    cJSON_AddNumberToObject(o, "replications", (double)c->replications);
    cJSON_AddNumberToObject(o, "comparisons", (double)c->tests);
    cJSON_AddNumberToObject(o, "max_regress", c->max_regress);
    cJSON_AddNumberToObject(o, "worse", (double)c->worse);
    cJSON_AddNumberToObject(o, "better", (double)c->better);
    cJSON_AddNumberToObject(o, "allowed", (double)c->allowed);
    cJSON *list = cJSON_AddArrayToObject(o, "variants");
    for (size_t v = 0; v < c->variant_count; v++)
        cJSON_AddItemToArray(list, variant_json(c, v));
    return o;
}
