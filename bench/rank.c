#include "bench/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/words.h"

int bench_rank_init(struct bench_rank *k, const char *metric,
                    struct lim_diag *diag)
{
    *k = (struct bench_rank){ .better = bench_metric_better(metric) };
    size_t n = strlen(metric);
    if (n >= sizeof k->metric)
        return lim_fail(diag, LIM_EINVAL, 0, "'%.80s' is too long", metric);
    memcpy(k->metric, metric, n + 1);
    if (n > 0 && metric[n - 1] == '%') {
        k->metric[n - 1] = 0;
        if (!bench_metric_is_count(k->metric))
            k->metric[n - 1] = '%';
    }
    if (bench_metric_check(k->metric, metric, diag) != LIM_OK)
        return LIM_EINVAL;
    memcpy(k->metric, metric, n + 1);
    if (k->better == BENCH_NEITHER)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "'%.80s' cannot rank: neither more of it nor less is "
                        "better",
                        metric);
    return LIM_OK;
}

void bench_rank_fini(struct bench_rank *k)
{
    free(k->list);
    k->list = NULL;
    k->count = 0;
}

/* Below 0: x comes before y. */
static int order(const struct bench_ranked *x, const struct bench_ranked *y,
                 double sign)
{
    if ((x->figure.n == 0) != (y->figure.n == 0))
        return x->figure.n == 0 ? 1 : -1;
    double a = sign * x->figure.mean, b = sign * y->figure.mean;
    if (x->figure.n > 0 && a != b)
        return a < b ? -1 : 1;
    return x->variant < y->variant ? -1 : 1;
}

static int smaller_first(const void *a, const void *b)
{
    return order(a, b, 1);
}

static int larger_first(const void *a, const void *b)
{
    return order(a, b, -1);
}

static void compare(struct bench_rank *k, const struct bench_result *r)
{
    for (size_t i = 0; i < k->count; i++) {
        struct bench_ranked *x = &k->list[i];
        x->difference = bench_aggregate_paired(r, x->variant,
                                               k->list[0].variant, k->metric);
        struct bench_estimate d = x->difference;
        x->alike = d.n > 0 && (i == 0 || fabs(d.mean) <= d.ci95);
    }
}

int bench_rank_run(struct bench_rank *k, const struct bench_result *r)
{
    bench_rank_fini(k);
    k->list = calloc(r->variants + 1, sizeof *k->list);
    if (k->list == NULL)
        return LIM_ENOMEM;
    for (size_t v = 0; v < r->variants; v++)
        if (bench_aggregate_settings(r, v) != NULL)
            k->list[k->count++] = (struct bench_ranked){
                .variant = v,
                .figure = bench_aggregate(r, v, k->metric),
            };
    qsort(k->list, k->count, sizeof *k->list,
          k->better == BENCH_LARGER ? larger_first : smaller_first);
    compare(k, r);
    return LIM_OK;
}

char *bench_rank_title(const struct bench_rank *k)
{
    return bench_words("Ranked by %s, %s first; differences to the best, "
                       "replication by replication",
                       k->metric,
                       k->better == BENCH_LARGER ? "largest" : "smallest");
}

static void add_number(cJSON *o, const char *key, bool there, double x)
{
    if (there)
        cJSON_AddNumberToObject(o, key, x);
    else
        cJSON_AddNullToObject(o, key);
}

static cJSON *ranked_json(const struct bench_ranked *x, const cJSON *settings)
{
    struct bench_estimate e = x->figure, d = x->difference;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "settings", cJSON_Duplicate(settings, true));
    add_number(o, "mean", e.n > 0, e.mean);
    cJSON_AddNumberToObject(o, "n", (double)e.n);
    add_number(o, "difference", d.n > 0, d.mean);
    add_number(o, "ci95", d.ci95 >= 0, d.ci95);
    cJSON_AddNumberToObject(o, "pairs", (double)d.n);
    if (x->alike || d.ci95 >= 0)
        cJSON_AddBoolToObject(o, "alike", x->alike);
    else
        cJSON_AddNullToObject(o, "alike");
    return o;
}

cJSON *bench_rank_json(const struct bench_rank *k, const struct bench_result *r)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < k->count; i++) {
        const cJSON *settings = bench_aggregate_settings(r, k->list[i].variant);
        cJSON_AddItemToArray(list, ranked_json(&k->list[i], settings));
    }
    return list;
}
