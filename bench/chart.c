#define _POSIX_C_SOURCE 200809L

#include "bench/chart.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/words.h"
#include "mockserver/units.h"

/* Where numbers end when a value stands apart at the right. */
#define NUMBERS_END 0.86

static bool as_count(const char *text, double *out)
{
    return mock_units_count(text, out);
}

static bool as_rate(const char *text, double *out)
{
    return strchr(text, '/') != NULL && mock_units_rate(text, out);
}

static bool as_duration(const char *text, double *out)
{
    int64_t ns;
    if (!mock_units_duration(text, &ns))
        return false;
    *out = (double)ns / 1e9;
    return true;
}

static bool as_money(const char *text, double *out)
{
    int64_t microusd;
    if (!mock_units_money(text, &microusd))
        return false;
    *out = (double)microusd / 1e6;
    return true;
}

typedef bool reader_fn(const char *text, double *out);

static reader_fn *const readers[] = { as_count, as_rate, as_duration,
                                      as_money };

static bool stands_apart(const cJSON *value)
{
    return cJSON_IsNull(value) ||
           (cJSON_IsString(value) && strcmp(value->valuestring, "none") == 0);
}

/* A number, a text with a unit, or the same as the only member of an object
   whose key is that of all others, `*key`. */
static bool number_of(const cJSON *value, reader_fn *reader, const char **key,
                      double *out)
{
    const char *own = "";
    if (cJSON_IsObject(value) && cJSON_GetArraySize(value) == 1) {
        value = value->child;
        own = value->string;
    }
    if (*key == NULL)
        *key = own;
    if (strcmp(*key, own) != 0)
        return false;
    if (cJSON_IsNumber(value)) {
        *out = value->valuedouble;
        return isfinite(*out);
    }
    return cJSON_IsString(value) && reader(value->valuestring, out);
}

/* Reads a dimension as numbers, NAN for those apart; false: it is none. */
static bool read_numbers(const struct bench_dimension *d, reader_fn *reader,
                         double *numbers)
{
    size_t count = 0;
    const char *key = NULL;
    for (size_t i = 0; i < d->count; i++) {
        numbers[i] = NAN;
        if (stands_apart(d->values[i]))
            continue;
        if (!number_of(d->values[i], reader, &key, &numbers[i]))
            return false;
        count++;
    }
    return count >= 2;
}

static bool read_dimension(const struct bench_dimension *d, double *numbers)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (read_numbers(d, readers[i], numbers))
            return true;
    return false;
}

/* The numeric axis with most values, the cap before all others; without one,
   the longest list of names. */
static double rank_as_x(const struct bench_dimension *d, double *numbers)
{
    double rank = (double)d->count;
    if (d->count < 2)
        return 0;
    if (read_dimension(d, numbers))
        rank += 1e6;
    if (strcmp(d->path, "client.cap") == 0 && rank >= 1e6)
        rank += 1e6;
    return rank;
}

static double rank_as_series(const struct bench_dimension *d)
{
    if (d->count < 2)
        return 0;
    return strcmp(d->path, "client.strategy") == 0 ? 1e6 : (double)d->count;
}

static void choose(struct bench_chart *c, double *numbers)
{
    double best = 0, best_series = 0;
    for (size_t d = 0; d < c->grid->count; d++) {
        double rank = rank_as_x(&c->grid->dims[d], numbers);
        if (rank > best) {
            best = rank;
            c->x = d;
            c->any = true;
        }
    }
    for (size_t d = 0; d < c->grid->count; d++) {
        double rank = rank_as_series(&c->grid->dims[d]);
        if (d != c->x && rank > best_series) {
            best_series = rank;
            c->series = d;
            c->has_series = true;
        }
    }
}

/* From the numbers in `at` to their positions. */
static void place_numbers(struct bench_chart *c, size_t n)
{
    double min = INFINITY, max = -INFINITY, end = 1;
    for (size_t i = 0; i < n; i++) {
        c->apart[i] = isnan(c->at[i]);
        if (c->apart[i])
            end = NUMBERS_END;
        else {
            min = fmin(min, c->at[i]);
            max = fmax(max, c->at[i]);
        }
    }
    c->log = min > 0 && max / min >= 10;
    for (size_t i = 0; i < n; i++) {
        double share = c->log ? log(c->at[i] / min) / log(max / min)
                              : (c->at[i] - min) / (max - min);
        c->at[i] = c->apart[i] ? 1 : max > min ? end * share : end / 2;
    }
}

static void sort(struct bench_chart *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && c->at[c->order[j - 1]] > c->at[i]; j--)
            c->order[j] = c->order[j - 1];
        c->order[j] = i;
    }
}

static bool same_slice(const struct bench_chart *c, size_t a, size_t b)
{
    for (size_t d = 0; d < c->grid->count; d++) {
        if (d == c->x || (c->has_series && d == c->series))
            continue;
        if (bench_grid_at(c->grid, a, d) != bench_grid_at(c->grid, b, d))
            return false;
    }
    return true;
}

static void find_slices(struct bench_chart *c)
{
    for (size_t i = 0; i < c->grid->variants; i++) {
        size_t s = 0;
        while (s < c->slice_count && !same_slice(c, i, c->slices[s]))
            s++;
        if (s == c->slice_count)
            c->slices[c->slice_count++] = i;
    }
}

static size_t longest(const struct bench_grid *g)
{
    size_t n = 1;
    for (size_t d = 0; d < g->count; d++)
        n = g->dims[d].count > n ? g->dims[d].count : n;
    return n;
}

int bench_chart_init(struct bench_chart *c, const struct bench_result *r,
                     const struct bench_grid *g)
{
    size_t n = longest(g);
    *c = (struct bench_chart){ .result = r, .grid = g };
    c->at = calloc(n, sizeof *c->at);
    c->apart = calloc(n, sizeof *c->apart);
    c->order = calloc(n, sizeof *c->order);
    c->slices = calloc(g->variants + 1, sizeof *c->slices);
    if (!c->at || !c->apart || !c->order || !c->slices) {
        bench_chart_fini(c);
        return LIM_ENOMEM;
    }
    choose(c, c->at);
    if (!c->any)
        return LIM_OK;
    n = g->dims[c->x].count;
    c->numeric = read_dimension(&g->dims[c->x], c->at);
    if (c->numeric)
        place_numbers(c, n);
    else
        for (size_t i = 0; i < n; i++)
            c->at[i] = (double)i;
    sort(c, n);
    find_slices(c);
    return LIM_OK;
}

void bench_chart_fini(struct bench_chart *c)
{
    free(c->at);
    free(c->apart);
    free(c->order);
    free(c->slices);
    *c = (struct bench_chart){ .any = false };
}

size_t bench_chart_series(const struct bench_chart *c)
{
    return c->has_series ? c->grid->dims[c->series].count : 1;
}

const char *bench_chart_series_name(const struct bench_chart *c, size_t series)
{
    return c->has_series ? c->grid->dims[c->series].labels[series] : "";
}

bool bench_chart_find(const struct bench_chart *c, size_t slice, size_t series,
                      size_t value, size_t *out)
{
    assert(slice < c->slice_count);
    for (size_t i = 0; i < c->grid->variants; i++)
        if (bench_grid_at(c->grid, i, c->x) == value &&
            (!c->has_series ||
             bench_grid_at(c->grid, i, c->series) == series) &&
            same_slice(c, i, c->slices[slice])) {
            *out = i;
            return true;
        }
    return false;
}

char *bench_chart_slice_name(const struct bench_chart *c, size_t slice)
{
    char *name = strdup("");
    if (c->slice_count < 2)
        return name;
    for (size_t d = 0; d < c->grid->count && name != NULL; d++) {
        const struct bench_dimension *dim = &c->grid->dims[d];
        size_t value = bench_grid_at(c->grid, c->slices[slice], d);
        if (d == c->x || (c->has_series && d == c->series) || dim->count < 2 ||
            value >= dim->count)
            continue;
        char *words = bench_words_path(dim->path);
        char *longer = words == NULL
                           ? NULL
                           : bench_words("%s%s%s %s", name, *name ? ", " : "",
                                         words, dim->labels[value]);
        free(words);
        free(name);
        name = longer;
    }
    return name;
}
