#include "tests/lockstep_draw.h"

#include <stdio.h>
#include <stdlib.h>

#include "limiter/rng.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define ONE_OF(d, list) one_of(d, list, COUNT(list))

struct drawing {
    uint64_t seed, index;
};

static uint64_t below(struct drawing *d, uint64_t n)
{
    return lim_rng_draw(lim_rng_mix(d->seed), 0, d->index++) % n;
}

static const char *one_of(struct drawing *d, const char *const *list, size_t n)
{
    return list[below(d, n)];
}

static void put(cJSON *o, const char *key, const char *json)
{
    cJSON_AddItemToObject(o, key, cJSON_Parse(json));
}

static void draw_faults(struct drawing *d, cJSON *provider)
{
    static const char *const some[] = {
        "http_429",      "edge_429",         "http_503",
        "slow_down",     "http_500",         "timeout",
        "reset",         "reset_in_head",    "no_headers",
        "lying_headers", "reset_after_head", "malformed",
    };
    if (below(d, 2) == 0)
        return;
    cJSON *faults = cJSON_AddObjectToObject(provider, "faults");
    for (uint64_t n = 1 + below(d, 4); n > 0; n--) {
        const char *name = ONE_OF(d, some);
        if (!cJSON_HasObjectItem(faults, name))
            cJSON_AddNumberToObject(faults, name,
                                    0.01 * (double)(1 + below(d, 8)));
    }
    cJSON_AddStringToObject(faults, "timeout_after", "7s");
}

static const char *const disciplines[] = { "bucket", "quantised", "fixed",
                                           "sliding-log", "sliding-counter" };

static void draw_windows(struct drawing *d, cJSON *provider)
{
    static const char *const bursts[] = { "1", "0.5", "0.25" };
    static const char *const quanta[] = { "\"1s\"", "\"10s\"", "\"1m\"" };
    static const char *const yes_no[] = { "true", "false" };
    const char *name = ONE_OF(d, disciplines);
    cJSON_AddStringToObject(provider, "discipline", name);
    if (name == disciplines[0])
        put(provider, "burst", ONE_OF(d, bursts));
    if (name == disciplines[1])
        put(provider, "quantum", ONE_OF(d, quanta));
    cJSON *charge = cJSON_AddObjectToObject(provider, "charge");
    put(charge, "refused", below(d, 4) == 0 ? "true" : "false");
    put(charge, "settle", ONE_OF(d, yes_no));
    put(charge, "bad_request", ONE_OF(d, yes_no));
}

static void draw_organisations(struct drawing *d, cJSON *provider)
{
    static const char *const tiers[] = { "free", "tier1", "tier1" };
    cJSON *list = cJSON_AddArrayToObject(provider, "organisations");
    for (uint64_t i = 0, n = 1 + below(d, 4); i < n; i++) {
        char name[8];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToArray(list, o);
        snprintf(name, sizeof name, "o%d", (int)i);
        cJSON_AddStringToObject(o, "name", name);
        cJSON_AddStringToObject(o, "tier", ONE_OF(d, tiers));
        cJSON_AddNumberToObject(o, "keys", (double)(1 + below(d, 3)));
        if (below(d, 6) == 0)
            put(o, "paid", "\"$40\"");
        if (below(d, 6) == 0)
            put(o, "payments", "[{\"after\": \"40s\", \"amount\": \"$60\"}]");
        if (below(d, 6) == 0)
            put(o, "first_payment_days_ago", "20");
    }
}

static cJSON *draw_provider(struct drawing *d)
{
    static const char *const latencies[] = {
        "\"2s\"",
        "\"none\"",
        "\"gpt-4o-mini\"",
        "{\"exponential\": {\"mean\": \"3s\"}}",
        "{\"ttft\": \"300ms\", \"per_token\": \"20ms\"}",
    };
    cJSON *provider = cJSON_CreateObject();
    cJSON_AddStringToObject(provider, "table", "seed");
    draw_organisations(d, provider);
    draw_windows(d, provider);
    put(provider, "latency", ONE_OF(d, latencies));
    if (below(d, 3) == 0)
        put(provider, "load", "{\"in_flight\": 5, \"slope\": 0.5}");
    draw_faults(d, provider);
    return provider;
}

/* Early ones, or none would be needed. */
static void draw_hedge(struct drawing *d, cJSON *client)
{
    static const char *const some[] = {
        "{\"after\": \"500ms\", \"budget\": 0.5}",
        "{\"after\": \"2500ms\", \"budget\": 0.2}",
        "{\"after\": \"p50\", \"budget\": 0.3}",
    };
    if (below(d, 3) == 0)
        put(client, "hedge", ONE_OF(d, some));
}

static cJSON *draw_client(struct drawing *d)
{
    static const char *const strategies[] = {
        "round_robin", "random",
        "weighted",    "swrr",
        "fill_first",  "p2c",
        "headroom",    "earliest",
        "best_fit",    "least_in_flight",
        "cheapest",    "sticky",
        "peak_ewma",   "opportunity",
    };
    static const char *const caps[] = { "\"none\"", "5", "30",
                                        "{\"per_organisation\": 4}",
                                        "{\"aimd\": {}}" };
    static const char *const beliefs[] = { "known", "learned", "none" };
    static const char *const queues[] = { "fifo", "shortest", "priority" };
    static const char *const backoffs[] = { "full_jitter", "sdk", "hinted",
                                            "decorrelated" };
    cJSON *client = cJSON_CreateObject();
    cJSON_AddStringToObject(client, "strategy", ONE_OF(d, strategies));
    put(client, "cap", ONE_OF(d, caps));
    cJSON_AddStringToObject(client, "limits", ONE_OF(d, beliefs));
    cJSON_AddStringToObject(client, "queue", ONE_OF(d, queues));
    cJSON *retry = cJSON_AddObjectToObject(client, "retry");
    cJSON_AddNumberToObject(retry, "max", (double)below(d, 7));
    cJSON_AddStringToObject(retry, "backoff", ONE_OF(d, backoffs));
    cJSON_AddStringToObject(client, "discipline",
                            below(d, 2) == 0 ? disciplines[0]
                                             : ONE_OF(d, disciplines));
    draw_hedge(d, client);
    return client;
}

static cJSON *draw_workload(struct drawing *d)
{
    static const char *const models[] = { "gpt-3.5-turbo", "gpt-4",
                                          "text-embedding-ada-002",
                                          "gpt-3.5-turbo", "dall-e-2" };
    static const char *const arrivals[] = {
        "{\"batch\": 60}",
        "{\"poisson\": \"40/m\"}",
        "{\"poisson\": \"120/m\"}",
        "{\"gamma\": {\"rate\": \"60/m\", \"cv\": 3}}",
    };
    static const char *const prompts[] = {
        "300",
        "2000",
        "{\"lognormal\": {\"p50\": 100, \"p95\": 700}}",
        "{\"lognormal\": {\"p50\": 3000, \"p95\": 20000}}",
    };
    cJSON *w = cJSON_CreateObject();
    const char *model = ONE_OF(d, models);
    cJSON_AddStringToObject(w, "model", model);
    if (model[0] == 'd')
        cJSON_AddNumberToObject(w, "images", (double)(1 + below(d, 2)));
    put(w, "arrivals", ONE_OF(d, arrivals));
    put(w, "prompt_tokens", ONE_OF(d, prompts));
    if (below(d, 2) == 0 && model[0] == 'g')
        cJSON_AddNumberToObject(w, "max_tokens", (double)(50 + below(d, 800)));
    if (below(d, 2) == 0 && model[0] == 'g')
        put(w, "stream", "true");
    return w;
}

/* At some of them the month's money is soon spent.  Answers of dall-e tell no
   usage, so that tokens cost nothing there, as in the list. */
static void draw_prices(struct drawing *d, cJSON *provider, const char *model)
{
    static const char *const of_tokens[] = {
        "{\"input\": \"$2.50\", \"output\": 10}",
        "{\"input\": \"$2k\", \"output\": \"$5k\"}",
        "{\"input\": 0}",
    };
    static const char *const of_images[] = { "{\"image\": \"$0.07\"}",
                                             "{\"image\": 2}" };
    if (below(d, 2) == 0)
        put(cJSON_AddObjectToObject(provider, "prices"), model,
            model[0] == 'd' ? ONE_OF(d, of_images) : ONE_OF(d, of_tokens));
}

cJSON *lockstep_draw(uint64_t seed)
{
    struct drawing d = { seed, 0 };
    cJSON *s = cJSON_CreateObject();
    cJSON_AddStringToObject(s, "name", "lockstep");
    cJSON_AddStringToObject(s, "duration", "3m");
    cJSON_AddNumberToObject(s, "seed", (double)seed);
    cJSON *provider = draw_provider(&d);
    cJSON_AddItemToObject(s, "provider", provider);
    cJSON_AddItemToObject(s, "client", draw_client(&d));
    cJSON *work = draw_workload(&d);
    cJSON_AddItemToObject(s, "workload", work);
    draw_prices(&d, provider,
                cJSON_GetObjectItemCaseSensitive(work, "model")->valuestring);
    return s;
}
