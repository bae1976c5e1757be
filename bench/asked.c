#define _POSIX_C_SOURCE 200809L

#include "bench/asked.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/path.h"
#include "bench/words.h"

static const cJSON *get(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

const char *bench_asked_where(const struct bench_result *r)
{
    if (strcmp(r->on, "sim") == 0)
        return "in the simulator";
    if (strcmp(r->on, "mock") == 0)
        return "against the mock server, over HTTP";
    return "against a live endpoint";
}

static void put_value(FILE *f, const cJSON *value)
{
    char *s = bench_words_value(value);
    fputs(s != NULL ? s : "", f);
    free(s);
}

/* "a, b and c" of a dimension; of many the first and the last. */
static void put_values(FILE *f, const struct bench_dimension *d)
{
    size_t shown = d->count > 12 ? 2 : d->count;
    for (size_t i = 0; i < shown; i++) {
        const char *before = i == 0             ? ""
                             : shown < d->count ? " … "
                             : i + 1 == shown   ? " or "
                                                : ", ";
        size_t which = shown < d->count && i > 0 ? d->count - 1 : i;
        fprintf(f, "%s%s", before, d->labels[which]);
    }
}

static void put_question(FILE *f, const struct bench_grid *g)
{
    if (g->count == 0) {
        fputs("What goodput, latency and refusals come of this? ", f);
        return;
    }
    fputs("How do goodput, latency and refusals depend on ", f);
    for (size_t d = 0; d < g->count; d++) {
        char *words = bench_words_path(g->dims[d].path);
        if (words != NULL)
            words[strcspn(words, ":")] = 0;
        fprintf(f, "%sthe %s (",
                d == 0              ? ""
                : d + 1 == g->count ? " and "
                                    : ", ",
                words != NULL ? words : "");
        free(words);
        put_values(f, &g->dims[d]);
        fputc(')', f);
    }
    fputs("? ", f);
}

static const char *file_of(const cJSON *trace)
{
    if (!cJSON_IsString(trace))
        return "a trace";
    const char *slash = strrchr(trace->valuestring, '/');
    return slash == NULL ? trace->valuestring : slash + 1;
}

static void put_arrivals(FILE *f, const cJSON *workload)
{
    const cJSON *arrivals = get(workload, "arrivals");
    const cJSON *kind = arrivals == NULL ? NULL : arrivals->child;
    const cJSON *model = get(workload, "model");
    fputs("Requests", f);
    if (cJSON_IsString(model))
        fprintf(f, " for %s", model->valuestring);
    fputs(" arrive", f);
    if (kind == NULL || kind->string == NULL)
        return;
    if (strcmp(kind->string, "poisson") == 0) {
        fputs(" at random, ", f);
        put_value(f, kind);
        fputs(" on average", f);
    } else if (strcmp(kind->string, "batch") == 0) {
        fputs(" at once, ", f);
        put_value(f, kind);
        fputs(" of them", f);
    } else if (strcmp(kind->string, "trace") == 0) {
        fprintf(f, " as in %s", file_of(kind));
    } else {
        fprintf(f, " (%s)", kind->string);
    }
}

static void put_organisation(FILE *f, const cJSON *o)
{
    const cJSON *tier = get(o, "tier"), *keys = get(o, "keys");
    double count = 1;
    bench_path_number(o, "count", &count);
    const char *name = cJSON_IsString(tier) ? tier->valuestring : "tier1";
    fprintf(f, "%.0f of %s", count,
            strcmp(name, "free") == 0 ? "the free tier" : name);
    if (cJSON_IsNumber(keys) && keys->valuedouble > 1)
        fprintf(f, " with %.0f keys%s", keys->valuedouble,
                count > 1 ? " each" : "");
}

static void put_organisations(FILE *f, const cJSON *provider)
{
    const cJSON *o, *list = get(provider, "organisations");
    if (cJSON_GetArraySize(list) == 0) {
        fputs("; there is one organisation, of tier1", f);
        return;
    }
    const char *before = "; the organisations are ";
    cJSON_ArrayForEach(o, list)
    {
        fputs(before, f);
        put_organisation(f, o);
        before = o->next != NULL && o->next->next != NULL ? ", " : " and ";
    }
}

static void put_length(FILE *f, const struct bench_result *r)
{
    const cJSON *duration = get(r->scenario, "duration");
    fprintf(f, " Each variant ran %zu time%s, ", r->replications,
            r->replications == 1 ? "" : "s");
    if (duration != NULL) {
        fputs("for ", f);
        put_value(f, duration);
        if (cJSON_IsNumber(duration))
            fputs(" s", f);
        fputs(" each, ", f);
    } else {
        fputs("until the work was done, ", f);
    }
    fprintf(f, "%s.", bench_asked_where(r));
}

char *bench_asked(const struct bench_result *r, const struct bench_grid *g)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return NULL;
    const cJSON *workload = get(r->scenario, "workload");
    put_question(f, g);
    if (cJSON_IsArray(workload))
        fprintf(f, "%d workloads arrive side by side",
                cJSON_GetArraySize(workload));
    else
        put_arrivals(f, workload);
    put_organisations(f, get(r->scenario, "provider"));
    fputc('.', f);
    put_length(f, r);
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}
