#include "bench/client.h"

#include <stdlib.h>
#include <string.h>

#include "bench/names.h"
#include "bench/plugin.h"
#include "bench/preset.h"

#define CAP_MAX 1000000
#define RETRIES_MAX 1000
#define QUANTUM_MAX 1000000000

static void read_measure(struct mock_json *j, struct lim_cap_options *o)
{
    static const char *const names[] = { "total", "first_token", "per_token",
                                         NULL };
    static const enum lim_measure measures[] = { LIM_MEASURE_TOTAL,
                                                 LIM_MEASURE_FIRST_TOKEN,
                                                 LIM_MEASURE_PER_TOKEN };
    const char *found = NULL;
    mock_json_string(j, "measure", &found);
    if (found == NULL || !bench_names_check(j, "measure", found, names))
        return;
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], found) == 0)
            o->measure = measures[i];
}

static void read_options(struct mock_json *cap, const char *name,
                         struct lim_cap_options *o)
{
    struct mock_json j;
    mock_json_enter(&j, cap, name);
    mock_json_number(&j, "initial", 1, CAP_MAX, &o->initial);
    mock_json_number(&j, "min", 1, CAP_MAX, &o->min);
    mock_json_number(&j, "max", 1, CAP_MAX, &o->max);
    mock_json_number(&j, "backoff", 0.01, 0.99, &o->backoff);
    mock_json_duration(&j, "timeout", &o->timeout_ns);
    mock_json_bool(&j, "drops", &o->drops);
    read_measure(&j, o);
    if (o->max > 0 && o->min > o->max)
        mock_json_wrong(&j, "min", "is above \"max\"");
    mock_json_close(&j);
}

static void read_scope(struct mock_json *j, struct sim_client_config *c)
{
    static const char *const names[] = { "organisation", "pool", NULL };
    const char *found = NULL;
    mock_json_string(j, "scope", &found);
    if (found != NULL && bench_names_check(j, "scope", found, names))
        c->cap_whole = strcmp(found, "pool") == 0;
}

/* {"per_organisation": 5}, {"aimd": {}, "scope": "pool"}, or both. */
static void read_cap_object(struct mock_json *parent,
                            struct sim_client_config *c)
{
    struct mock_json j;
    mock_json_enter(&j, parent, "cap");
    mock_json_int(&j, "per_organisation", 1, CAP_MAX, &c->cap_organisation);
    mock_json_int(&j, "pool", 1, CAP_MAX, &c->cap_pool);
    for (size_t i = 0; lim_caps[i] != NULL; i++) {
        const char *name = lim_caps[i]->name;
        if (mock_json_get(&j, name) == NULL)
            continue;
        if (c->cap != NULL)
            mock_json_wrong(&j, name, "there is a \"%s\" already",
                            c->cap->name);
        c->cap = lim_caps[i];
        read_options(&j, name, &c->cap_options);
    }
    read_scope(&j, c);
    mock_json_close(&j);
    if (c->cap == NULL && c->cap_organisation == LIM_UNLIMITED &&
        c->cap_pool == LIM_UNLIMITED)
        mock_json_wrong(parent, "cap",
                        "write a number, \"none\", {\"per_organisation\": N}, "
                        "or an adaptive one as {\"aimd\": {}}");
}

/* A number, a name, or an object. */
static void read_cap(struct mock_json *j, struct sim_client_config *c)
{
    const char *names[BENCH_NAMES_MAX];
    const cJSON *cap = mock_json_get(j, "cap");
    if (cap == NULL)
        return;
    c->cap = NULL;
    c->cap_pool = c->cap_organisation = LIM_UNLIMITED;
    if (cJSON_IsObject(cap)) {
        read_cap_object(j, c);
        return;
    }
    bool word = cJSON_IsString(cap) &&
                strchr("0123456789", cap->valuestring[0]) == NULL;
    if (!word) {
        mock_json_int(j, "cap", 1, CAP_MAX, &c->cap_pool);
        return;
    }
    bench_names_caps(names);
    if (bench_names_check(j, "cap", cap->valuestring, names))
        c->cap = lim_cap_find(cap->valuestring);
}

static void read_strategy(struct mock_json *j, const struct lim_strategy *own,
                          struct sim_client_config *c)
{
    const char *names[BENCH_NAMES_MAX], *found = NULL;
    mock_json_string(j, "strategy", &found);
    bench_names_strategies(names);
    if (found != NULL && own != NULL && strcmp(found, own->name) == 0)
        c->strategy = own;
    else if (found != NULL && bench_plugin_is_file(found))
        mock_json_wrong(j, "strategy",
                        "is a file; only --strategy loads one, which may then "
                        "be named here as it names itself");
    else if (found != NULL && bench_names_check(j, "strategy", found, names))
        c->strategy = lim_strategy_find(found);
}

static void read_queue_name(struct mock_json *j, const char *key,
                            struct lim_queueing *q)
{
    const char *names[BENCH_NAMES_MAX], *found = NULL;
    mock_json_string(j, key, &found);
    bench_names_queues(names);
    if (found != NULL && bench_names_check(j, key, found, names))
        q->discipline = lim_queue_find(found);
}

/* "fifo" or {"name": "fifo", ...}. */
static void read_queue(struct mock_json *j, struct lim_queueing *q)
{
    static const char *const sheds[] = { "newest", "last", NULL };
    const char *found = NULL;
    if (!cJSON_IsObject(mock_json_get(j, "queue"))) {
        read_queue_name(j, "queue", q);
        return;
    }
    struct mock_json queue;
    mock_json_enter(&queue, j, "queue");
    read_queue_name(&queue, "name", q);
    mock_json_int(&queue, "max", 1, LIM_REQUESTS_MAX, &q->max);
    mock_json_string(&queue, "shed", &found);
    if (found != NULL && bench_names_check(&queue, "shed", found, sheds))
        q->shed_last = strcmp(found, "last") == 0;
    mock_json_int(&queue, "quantum", 1, QUANTUM_MAX, &q->quantum);
    mock_json_duration(&queue, "aging", &q->aging_ns);
    if (q->aging_ns < 0 || q->aging_ns > LIM_AGING_MAX)
        mock_json_wrong(&queue, "aging", "must be 0 to 1000 days");
    mock_json_close(&queue);
}

/* {"ratio": 0.2, "reserve": 10}. */
static void read_budget(struct mock_json *retry, struct lim_retry *r)
{
    struct mock_json j;
    if (mock_json_get(retry, "budget") == NULL)
        return;
    r->budget = 0.2;
    r->budget_reserve = 10;
    mock_json_enter(&j, retry, "budget");
    mock_json_number(&j, "ratio", 0.001, 1000, &r->budget);
    mock_json_int(&j, "reserve", 1, CAP_MAX, &r->budget_reserve);
    mock_json_close(&j);
}

static void read_retry(struct mock_json *j, struct lim_retry *r)
{
    if (mock_json_get(j, "retry") == NULL)
        return;
    const char *names[BENCH_NAMES_MAX], *found = NULL;
    int64_t max = r->max;
    struct mock_json retry;
    mock_json_enter(&retry, j, "retry");
    mock_json_int(&retry, "max", 0, RETRIES_MAX, &max);
    mock_json_string(&retry, "backoff", &found);
    bench_names_backoffs(names);
    if (found != NULL && bench_names_check(&retry, "backoff", found, names))
        r->backoff = lim_backoff_find(found);
    mock_json_duration(&retry, "base", &r->base_ns);
    mock_json_duration(&retry, "cap", &r->cap_ns);
    read_budget(&retry, r);
    mock_json_close(&retry);
    r->max = (unsigned)max;
}

/* "2s", or "p95" of what was seen. */
static void read_after(struct mock_json *j, struct lim_hedging *h)
{
    const cJSON *after = mock_json_get(j, "after");
    char *end = NULL;
    if (!cJSON_IsString(after) || after->valuestring[0] != 'p') {
        mock_json_duration(j, "after", &h->after_ns);
        if (h->after_ns <= 0)
            mock_json_wrong(j, "after",
                            "expected a duration above 0, or a "
                            "quantile such as \"p95\"");
        return;
    }
    h->quantile = strtod(after->valuestring + 1, &end) / 100;
    if (*end != '\0' || !(h->quantile > 0 && h->quantile < 1))
        mock_json_wrong(j, "after",
                        "expected a quantile such as \"p95\" or "
                        "\"p99.9\"");
}

/* "none", or {"after": "p95", "budget": 0.05}. */
static void read_hedge(struct mock_json *j, struct lim_hedging *h)
{
    struct mock_json hedge;
    const cJSON *found = mock_json_get(j, "hedge");
    if (found == NULL ||
        (cJSON_IsString(found) && strcmp(found->valuestring, "none") == 0))
        return;
    h->budget = 0.05;
    mock_json_enter(&hedge, j, "hedge");
    read_after(&hedge, h);
    mock_json_number(&hedge, "budget", 0.001, 1, &h->budget);
    mock_json_close(&hedge);
}

/* {} is the default breaker. */
static void read_breaker(struct mock_json *j, struct lim_breaker_config *b)
{
    struct mock_json breaker;
    if (mock_json_get(j, "breaker") == NULL)
        return;
    *b = lim_breaker_config_default();
    int64_t failures = b->failures, probes = b->probes, slow = b->slow_start;
    mock_json_enter(&breaker, j, "breaker");
    mock_json_int(&breaker, "failures", 1, CAP_MAX, &failures);
    mock_json_int(&breaker, "probes", 1, CAP_MAX, &probes);
    mock_json_int(&breaker, "slow_start", 0, CAP_MAX, &slow);
    mock_json_duration(&breaker, "open", &b->open_ns);
    mock_json_duration(&breaker, "open_max", &b->open_max_ns);
    if (b->open_ns <= 0 || b->open_max_ns < b->open_ns)
        mock_json_wrong(&breaker, "open",
                        "must be above 0 and at most \"open_max\"");
    mock_json_close(&breaker);
    b->failures = (unsigned)failures;
    b->probes = (unsigned)probes;
    b->slow_start = (unsigned)slow;
}

static void read_limits(struct mock_json *j, struct sim_client_config *c)
{
    static const char *const names[] = { "known", "learned", "none", NULL };
    const char *found = NULL;
    mock_json_string(j, "limits", &found);
    if (found == NULL || !bench_names_check(j, "limits", found, names))
        return;
    c->belief = strcmp(found, "none") == 0      ? LIM_BELIEF_NONE
                : strcmp(found, "learned") == 0 ? LIM_BELIEF_LEARNED
                                                : LIM_BELIEF_KNOWN;
}

static void read_discipline(struct mock_json *j, struct sim_client_config *c)
{
    const char *names[BENCH_NAMES_MAX], *found = NULL;
    mock_json_string(j, "discipline", &found);
    bench_names_disciplines(names);
    if (found != NULL && bench_names_check(j, "discipline", found, names))
        lim_discipline_find(found, &c->discipline);
    mock_json_duration(j, "quantum", &c->quantum_ns);
    if (c->quantum_ns <= 0 || c->quantum_ns > LIM_MIN)
        mock_json_wrong(j, "quantum",
                        "expected a duration above 0, at most 1m");
}

void bench_client_read(struct mock_json *j, const struct lim_strategy *own,
                       struct sim_client_config *c)
{
    cJSON *preset = bench_preset_apply(j);
    read_cap(j, c);
    read_strategy(j, own, c);
    read_queue(j, &c->queue);
    read_retry(j, &c->retry);
    read_hedge(j, &c->hedge);
    read_breaker(j, &c->breaker);
    read_limits(j, c);
    read_discipline(j, c);
    mock_json_close(j);
    cJSON_Delete(preset);
}
