#define _POSIX_C_SOURCE 200809L

#include "bench/grid.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/labels.h"

static struct bench_dimension *find_dimension(struct bench_grid *g,
                                              const char *path)
{
    for (size_t d = 0; d < g->count; d++)
        if (strcmp(g->dims[d].path, path) == 0)
            return &g->dims[d];
    return NULL;
}

static struct bench_dimension *add_dimension(struct bench_grid *g,
                                             const char *path)
{
    struct bench_dimension *more =
        realloc(g->dims, (g->count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    g->dims = more;
    g->dims[g->count] = (struct bench_dimension){ .path = path };
    return &g->dims[g->count++];
}

static int add_value(struct bench_dimension *d, const cJSON *value)
{
    const cJSON **values = realloc(d->values, (d->count + 1) * sizeof *values);
    if (values == NULL)
        return LIM_ENOMEM;
    d->values = values;
    values[d->count++] = value;
    return LIM_OK;
}

static int name_values(struct bench_dimension *d)
{
    d->labels = calloc(d->count + 1, sizeof *d->labels);
    if (d->labels == NULL)
        return LIM_ENOMEM;
    int error = bench_labels(d->values, d->count, d->labels);
    d->named = error == LIM_OK;
    return error;
}

/* The index of a value; `d->count` if it is new. */
static size_t index_of(const struct bench_dimension *d, const cJSON *value)
{
    size_t i = 0;
    while (i < d->count && !cJSON_Compare(d->values[i], value, true))
        i++;
    return i;
}

static int learn(struct bench_grid *g, const cJSON *settings)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, settings)
    {
        struct bench_dimension *d = find_dimension(g, value->string);
        if (d == NULL)
            d = add_dimension(g, value->string);
        if (d == NULL)
            return LIM_ENOMEM;
        if (index_of(d, value) == d->count && add_value(d, value) != LIM_OK)
            return LIM_ENOMEM;
    }
    return LIM_OK;
}

static void place(struct bench_grid *g, size_t i, const cJSON *settings)
{
    for (size_t d = 0; d < g->count; d++) {
        const cJSON *value =
            cJSON_GetObjectItemCaseSensitive(settings, g->dims[d].path);
        g->at[i * g->count + d] = index_of(&g->dims[d], value);
    }
}

static int learn_all(struct bench_grid *g, const struct bench_result *r)
{
    for (size_t i = 0; i < r->run_count; i++) {
        size_t v = r->runs[i].variant;
        if (g->variants > 0 && g->numbers[g->variants - 1] == v)
            continue;
        if (learn(g, r->runs[i].settings) != LIM_OK)
            return LIM_ENOMEM;
        g->numbers[g->variants++] = v;
    }
    for (size_t d = 0; d < g->count; d++)
        if (name_values(&g->dims[d]) != LIM_OK)
            return LIM_ENOMEM;
    return LIM_OK;
}

int bench_grid_init(struct bench_grid *g, const struct bench_result *r)
{
    *g = (struct bench_grid){ .count = 0 };
    g->numbers = calloc(r->run_count + 1, sizeof *g->numbers);
    if (g->numbers == NULL || learn_all(g, r) != LIM_OK)
        goto no_memory;
    g->at = calloc(g->variants * g->count + 1, sizeof *g->at);
    if (g->at == NULL)
        goto no_memory;
    for (size_t i = 0; i < g->variants; i++)
        place(g, i, bench_aggregate_settings(r, g->numbers[i]));
    return LIM_OK;
no_memory:
    bench_grid_fini(g);
    return LIM_ENOMEM;
}

void bench_grid_fini(struct bench_grid *g)
{
    for (size_t d = 0; d < g->count; d++) {
        for (size_t i = 0; g->dims[d].named && i < g->dims[d].count; i++)
            free(g->dims[d].labels[i]);
        free(g->dims[d].labels);
        free(g->dims[d].values);
    }
    free(g->dims);
    free(g->numbers);
    free(g->at);
    *g = (struct bench_grid){ .count = 0 };
}

size_t bench_grid_at(const struct bench_grid *g, size_t i, size_t dim)
{
    assert(i < g->variants && dim < g->count);
    return g->at[i * g->count + dim];
}

size_t bench_grid_place(const struct bench_grid *g, size_t number)
{
    size_t i = 0;
    while (i + 1 < g->variants && g->numbers[i] != number)
        i++;
    return i;
}

static const char *last_name(const struct bench_dimension *d)
{
    const char *name = strrchr(d->path, '.');
    return name == NULL ? d->path : name + 1;
}

/* Another path ends so, too: "provider.discipline", "client.discipline". */
static bool is_namesake(const struct bench_grid *g, size_t dim)
{
    for (size_t d = 0; d < g->count; d++)
        if (d != dim &&
            strcmp(last_name(&g->dims[d]), last_name(&g->dims[dim])) == 0)
            return true;
    return false;
}

void bench_grid_put(FILE *f, const struct bench_grid *g, size_t i, size_t dim)
{
    const struct bench_dimension *d = &g->dims[dim];
    size_t value = bench_grid_at(g, i, dim);
    if (value >= d->count)
        return;
    const char *name = last_name(d);
    if (is_namesake(g, dim) && name > d->path)
        fprintf(f, "%.*s ", (int)(name - 1 - d->path), d->path);
    if (!bench_labels_plain(name, d->values[value]))
        fprintf(f, "%s ", name);
    fputs(d->labels[value], f);
}

char *bench_grid_name(const struct bench_grid *g, size_t i)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return NULL;
    for (size_t d = 0; d < g->count; d++) {
        fputs(d > 0 ? ", " : "", f);
        bench_grid_put(f, g, i, d);
    }
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
