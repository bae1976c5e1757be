#include "bench/metric.h"

#include <string.h>

#include "bench/path.h"
#include "bench/result.h"

/* By the first word of their paths.  What is not here is neither better nor
   worse: the workload, the bound, the seed. */
static const struct figure {
    const char *name;
    enum bench_better better;
    bool count;
} figures[] = {
    { "requests", BENCH_NEITHER, true },
    { "succeeded", BENCH_LARGER, true },
    { "failed", BENCH_SMALLER, true },
    { "refused", BENCH_SMALLER, true },
    { "expired", BENCH_SMALLER, true },
    { "unfinished", BENCH_SMALLER, true },
    { "attempts", BENCH_SMALLER, true },
    { "http_429", BENCH_SMALLER, true },
    { "http_5xx", BENCH_SMALLER, true },
    { "hedges", BENCH_SMALLER, true },
    { "makespan_s", BENCH_SMALLER, false },
    { "achieved_rpm", BENCH_LARGER, false },
    { "throughput_rps", BENCH_LARGER, false },
    { "goodput_rpm", BENCH_LARGER, false },
    { "tokens_per_min", BENCH_LARGER, false },
    { "latency_ms", BENCH_SMALLER, false },
    { "service_ms", BENCH_SMALLER, false },
    { "wait_ms", BENCH_SMALLER, false },
    { "ttft_ms", BENCH_SMALLER, false },
    { "utilisation", BENCH_LARGER, false },
    { "efficiency", BENCH_LARGER, false },
    { "fairness", BENCH_LARGER, false },
    { "spend_usd", BENCH_SMALLER, false },
};

static const struct figure *find(const char *metric, size_t length)
{
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        if (strlen(figures[i].name) == length &&
            memcmp(figures[i].name, metric, length) == 0)
            return &figures[i];
    return NULL;
}

/* Looks it up in a summary that has every figure. */
static bool exists(const char *metric)
{
    static const char organisations[] = "utilisation.organisations.";
    const struct sim_summary all = {
        .latency_ms.any = true,
        .service_ms.any = true,
        .wait_ms.any = true,
        .ttft_ms.any = true,
    };
    cJSON *summary = bench_summary_to_json(&all, "", 0, -1);
    double unused;
    bool there = bench_path_number(summary, metric, &unused) ||
                 strncmp(metric, organisations, strlen(organisations)) == 0;
    cJSON_Delete(summary);
    return there;
}

int bench_metric_check(const char *metric, const char *text,
                       struct lim_diag *diag)
{
    if (exists(metric))
        return LIM_OK;
    return lim_fail(diag, LIM_EINVAL, 0,
                    "'%.80s': the summary has no figure '%.127s'", text,
                    metric);
}

bool bench_metric_is_count(const char *metric)
{
    const struct figure *f = find(metric, strlen(metric));
    return f != NULL && f->count;
}

enum bench_better bench_metric_better(const char *metric)
{
    const struct figure *f = find(metric, strcspn(metric, ".%"));
    return f == NULL ? BENCH_NEITHER : f->better;
}
