#include "bench/result.h"

/* Shares below 0 stand for "none" and become null. */
static void add_share(cJSON *o, const char *key, double value)
{
    if (value < 0)
        cJSON_AddNullToObject(o, key);
    else
        cJSON_AddNumberToObject(o, key, value);
}

static void add_count(cJSON *o, const char *key, uint64_t count)
{
    cJSON_AddNumberToObject(o, key, (double)count);
}

static void add_quantiles(cJSON *o, const char *key,
                          const struct sim_quantiles *q)
{
    if (!q->any) {
        cJSON_AddNullToObject(o, key);
        return;
    }
    cJSON *set = cJSON_AddObjectToObject(o, key);
    cJSON_AddNumberToObject(set, "mean", q->mean);
    cJSON_AddNumberToObject(set, "p50", q->p50);
    cJSON_AddNumberToObject(set, "p90", q->p90);
    cJSON_AddNumberToObject(set, "p95", q->p95);
    cJSON_AddNumberToObject(set, "p99", q->p99);
    cJSON_AddNumberToObject(set, "p999", q->p999);
    cJSON_AddNumberToObject(set, "p9999", q->p9999);
    cJSON_AddNumberToObject(set, "max", q->max);
    if (q->error > 0)
        cJSON_AddNumberToObject(set, "error", q->error);
}

static void add_utilisation(cJSON *o, const char *key,
                            const struct sim_utilisation *u)
{
    cJSON *shares = cJSON_AddObjectToObject(o, key);
    for (int l = 0; l < LIM_LIMITS; l++)
        add_share(shares, lim_limit_name((enum lim_limit)l), u->share[l]);
}

static void add_limits(cJSON *o, const struct sim_summary *s)
{
    cJSON *u = cJSON_AddObjectToObject(o, "utilisation");
    add_utilisation(u, "pool", &s->pool);
    cJSON *each = cJSON_AddObjectToObject(u, "organisations");
    for (size_t i = 0; i < s->organisation_count; i++)
        add_utilisation(each, s->organisation_names[i], &s->organisations[i]);
    add_share(o, "bound_rpm", s->bound_rpm);
    add_share(o, "efficiency", s->efficiency);
    cJSON *fairness = cJSON_AddObjectToObject(o, "fairness");
    add_share(fairness, "organisations", s->fairness_organisations);
    add_share(fairness, "tenants", s->fairness_tenants);
    add_share(o, "spend_usd", s->spend_usd);
    if (s->binding < 0)
        cJSON_AddNullToObject(o, "binding");
    else
        cJSON_AddStringToObject(o, "binding",
                                lim_limit_name((enum lim_limit)s->binding));
}

static void add_counts(cJSON *o, const struct sim_summary *s)
{
    add_count(o, "requests", s->requests);
    add_count(o, "succeeded", s->succeeded);
    add_count(o, "failed", s->failed);
    add_count(o, "refused", s->refused);
    add_count(o, "expired", s->expired);
    add_count(o, "unfinished", s->unfinished);
    add_count(o, "attempts", s->attempts);
    add_count(o, "http_429", s->http_429);
    add_count(o, "http_5xx", s->http_5xx);
    add_count(o, "hedges", s->hedges);
}

static void add_batches(cJSON *o, const char *key, const struct sim_batches *b)
{
    if (!b->any) {
        cJSON_AddNullToObject(o, key);
        return;
    }
    cJSON *set = cJSON_AddObjectToObject(o, key);
    cJSON_AddNumberToObject(set, "mean", b->mean);
    cJSON_AddNumberToObject(set, "ci95", b->ci95);
    cJSON_AddNumberToObject(set, "correlation", b->correlation);
}

/* What one run alone tells of how well it knows its means. */
static void add_alone(cJSON *o, const struct sim_summary *s)
{
    cJSON *means = cJSON_AddObjectToObject(o, "batch_means");
    add_batches(means, "goodput", &s->goodput_batches);
    add_batches(means, "latency", &s->latency_batches);
}

static void add_rates(cJSON *o, const struct sim_summary *s)
{
    cJSON_AddNumberToObject(o, "duration_s", s->duration_s);
    if (s->warmup_s > 0)
        cJSON_AddNumberToObject(o, "warmup_s", s->warmup_s);
    cJSON_AddNumberToObject(o, "makespan_s", s->makespan_s);
    cJSON_AddNumberToObject(o, "requested_rpm", s->requested_rpm);
    cJSON_AddNumberToObject(o, "achieved_rpm", s->achieved_rpm);
    cJSON_AddNumberToObject(o, "throughput_rps", s->throughput_rps);
    cJSON_AddNumberToObject(o, "goodput_rpm", s->goodput_rpm);
    cJSON_AddNumberToObject(o, "tokens_per_min", s->tokens_per_min);
    add_share(o, "dispersion_60s", s->dispersion_60s);
}

cJSON *bench_summary_to_json(const struct sim_summary *s, const char *version,
                             uint64_t seed, double wall_s)
{
    cJSON *o = cJSON_CreateObject();
    if (o == NULL)
        return NULL;
    add_counts(o, s);
    add_rates(o, s);
    add_quantiles(o, "latency_ms", &s->latency_ms);
    add_quantiles(o, "service_ms", &s->service_ms);
    add_quantiles(o, "wait_ms", &s->wait_ms);
    add_quantiles(o, "ttft_ms", &s->ttft_ms);
    add_limits(o, s);
    if (s->batched)
        add_alone(o, s);
    if (s->partial)
        cJSON_AddTrueToObject(o, "partial");
    cJSON_AddStringToObject(o, "version", version);
    cJSON *last = cJSON_AddNumberToObject(o, "seed", (double)seed);
    if (wall_s >= 0)
        last = cJSON_AddNumberToObject(o, "wall_s", wall_s);
    if (last != NULL)
        return o;
    cJSON_Delete(o);
    return NULL;
}
