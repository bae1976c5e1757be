#include "bench/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "bench/path.h"
#include "sim/stats.h"

#define METRIC_SIZE 256

/* "http_429%" is http_429 over attempts, in percent. */
static bool share_of(const cJSON *summary, const char *metric, size_t length,
                     double *out)
{
    char name[METRIC_SIZE];
    double count, attempts;
    if (length >= sizeof name)
        return false;
    memcpy(name, metric, length);
    name[length] = 0;
    if (!bench_path_number(summary, name, &count) ||
        !bench_path_number(summary, "attempts", &attempts))
        return false;
    *out = attempts > 0 ? 100 * count / attempts : 0;
    return true;
}

bool bench_aggregate_run(const struct bench_run *run, const char *metric,
                         double *out)
{
    size_t n = strlen(metric);
    if (n > 0 && metric[n - 1] == '%')
        return share_of(run->summary, metric, n - 1, out);
    return bench_path_number(run->summary, metric, out);
}

static bool whole(const struct bench_run *run)
{
    return !cJSON_IsTrue(
        cJSON_GetObjectItemCaseSensitive(run->summary, "partial"));
}

/* Runs of one variant stand together. */
static size_t first_of(const struct bench_result *r, size_t variant)
{
    size_t low = 0, high = r->run_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->runs[middle].variant < variant)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct bench_result *r, size_t i, size_t variant)
{
    return i < r->run_count && r->runs[i].variant == variant;
}

static bool figure(const struct bench_run *run, const char *metric, double *out)
{
    return whole(run) && bench_aggregate_run(run, metric, out);
}

static struct bench_estimate estimate(const double *values, size_t n)
{
    struct bench_estimate e = { .n = n, .ci95 = -1 };
    if (n > 0)
        e.mean = sim_mean(values, n);
    if (n > 1)
        e.ci95 = sim_half_width(values, n);
    return e;
}

/* One run that cannot be repeated has intervals of its own for two means. */
static void estimate_alone(const struct bench_run *run, const char *metric,
                           struct bench_estimate *e)
{
    bool goodput = strcmp(metric, "goodput_rpm") == 0;
    double half;
    if ((goodput || strcmp(metric, "latency_ms.mean") == 0) &&
        bench_path_number(run->summary,
                          goodput ? "batch_means.goodput.ci95"
                                  : "batch_means.latency.ci95",
                          &half))
        e->ci95 = half;
}

struct bench_estimate bench_aggregate(const struct bench_result *r,
                                      size_t variant, const char *metric)
{
    size_t n = 0;
    double *values = malloc((r->run_count + 1) * sizeof *values);
    if (values == NULL)
        return estimate(NULL, 0);
    for (size_t i = first_of(r, variant); is_of(r, i, variant); i++)
        n += figure(&r->runs[i], metric, &values[n]);
    struct bench_estimate e = estimate(values, n);
    if (n == 1)
        estimate_alone(&r->runs[first_of(r, variant)], metric, &e);
    free(values);
    return e;
}

/* The runs of a variant stand by replication. */
struct bench_estimate bench_aggregate_paired(const struct bench_result *r,
                                             size_t variant, size_t other,
                                             const char *metric)
{
    size_t n = 0, i = first_of(r, variant), j = first_of(r, other);
    double x, y, *values = malloc((r->run_count + 1) * sizeof *values);
    if (values == NULL)
        return estimate(NULL, 0);
    while (is_of(r, i, variant) && is_of(r, j, other)) {
        const struct bench_run *a = &r->runs[i], *b = &r->runs[j];
        if (a->replication == b->replication && figure(a, metric, &x) &&
            figure(b, metric, &y))
            values[n++] = x - y;
        i += a->replication <= b->replication;
        j += b->replication <= a->replication;
    }
    struct bench_estimate e = estimate(values, n);
    free(values);
    return e;
}

const cJSON *bench_aggregate_settings(const struct bench_result *r,
                                      size_t variant)
{
    size_t first = first_of(r, variant);
    return is_of(r, first, variant) ? r->runs[first].settings : NULL;
}

static void add_estimate(cJSON *o, const char *key, struct bench_estimate e)
{
    cJSON *figure = cJSON_AddObjectToObject(o, key);
    if (e.n > 0)
        cJSON_AddNumberToObject(figure, "mean", e.mean);
    else
        cJSON_AddNullToObject(figure, "mean");
    if (e.ci95 >= 0)
        cJSON_AddNumberToObject(figure, "ci95", e.ci95);
    else
        cJSON_AddNullToObject(figure, "ci95");
    cJSON_AddNumberToObject(figure, "n", (double)e.n);
}

/* Every number below `from`, whose path is `path`. */
static void add_all(cJSON *o, const cJSON *from, const char *path,
                    const struct bench_result *r, size_t variant)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, from)
    {
        char full[METRIC_SIZE];
        size_t n = strlen(path), more = strlen(item->string);
        if (n + more + 2 > sizeof full)
            continue;
        memcpy(full, path, n);
        full[n] = '.';
        memcpy(full + n + (n > 0), item->string, more + 1);
        if (cJSON_IsObject(item))
            add_all(cJSON_AddObjectToObject(o, item->string), item, full, r,
                    variant);
        else if (cJSON_IsNumber(item) && strcmp(full, "seed") != 0)
            add_estimate(o, item->string, bench_aggregate(r, variant, full));
    }
}

/* A figure that is null in one run may be a number in another; the shape is
   that of the run with most to tell. */
static const cJSON *fullest(const struct bench_result *r, size_t variant)
{
    const cJSON *best = NULL;
    double most = -1, requests;
    for (size_t i = first_of(r, variant); is_of(r, i, variant); i++)
        if (bench_path_number(r->runs[i].summary, "succeeded", &requests) &&
            requests > most) {
            most = requests;
            best = r->runs[i].summary;
        }
    return best;
}

cJSON *bench_aggregate_json(const struct bench_result *r, size_t variant)
{
    cJSON *o = cJSON_CreateObject();
    if (o != NULL)
        add_all(o, fullest(r, variant), "", r, variant);
    return o;
}
