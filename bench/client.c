#include "bench/client.h"

#include <string.h>

#include "bench/names.h"

#define CAP_MAX 1000000
#define RETRIES_MAX 1000

static void read_cap_object(struct mock_json *j, struct sim_client_config *c)
{
    static const char *const later[] = { "aimd",     "vegas",       "gradient2",
                                         "adaptive", "littles_law", "scope",
                                         NULL };
    struct mock_json cap;
    mock_json_enter(&cap, j, "cap");
    bench_names_planned(&cap, later);
    if (mock_json_get(&cap, "per_organisation") == NULL)
        mock_json_wrong(j, "cap",
                        "write a number, \"none\", or "
                        "{\"per_organisation\": N}");
    mock_json_int(&cap, "per_organisation", 1, CAP_MAX, &c->cap_organisation);
    mock_json_close(&cap);
}

static void read_cap(struct mock_json *j, struct sim_client_config *c)
{
    static const char *const names[] = { "none", NULL };
    const cJSON *cap = mock_json_get(j, "cap");
    if (cJSON_IsObject(cap)) {
        read_cap_object(j, c);
        return;
    }
    bool word = cJSON_IsString(cap) &&
                strchr("0123456789", cap->valuestring[0]) == NULL;
    if (word)
        bench_names_check(j, "cap", cap->valuestring, names);
    else
        mock_json_int(j, "cap", 1, CAP_MAX, &c->cap_pool);
}

static void read_strategy(struct mock_json *j, struct sim_client_config *c)
{
    const char *names[BENCH_NAMES_MAX], *found = NULL;
    mock_json_string(j, "strategy", &found);
    bench_names_strategies(names);
    if (found != NULL && bench_names_check(j, "strategy", found, names))
        c->strategy = lim_strategy_find(found);
}

/* "fifo" or {"name": "fifo"}. */
static void read_queue(struct mock_json *j)
{
    static const char *const later[] = { "max", NULL };
    const char *found = NULL;
    if (!cJSON_IsObject(mock_json_get(j, "queue"))) {
        mock_json_string(j, "queue", &found);
        if (found != NULL)
            bench_names_check(j, "queue", found, bench_names_queues);
        return;
    }
    struct mock_json queue;
    mock_json_enter(&queue, j, "queue");
    mock_json_string(&queue, "name", &found);
    if (found != NULL)
        bench_names_check(&queue, "name", found, bench_names_queues);
    bench_names_planned(&queue, later);
    mock_json_close(&queue);
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
    mock_json_close(&retry);
    r->max = (unsigned)max;
}

static void read_limits(struct mock_json *j, struct sim_client_config *c)
{
    static const char *const names[] = { "known", "none", NULL };
    const char *found = NULL;
    mock_json_string(j, "limits", &found);
    if (found == NULL || !bench_names_check(j, "limits", found, names))
        return;
    c->belief = strcmp(found, "none") == 0 ? LIM_BELIEF_NONE : LIM_BELIEF_KNOWN;
}

static void read_discipline(struct mock_json *j)
{
    static const char *const names[] = { "bucket", NULL };
    const char *found = NULL;
    mock_json_string(j, "discipline", &found);
    if (found != NULL)
        bench_names_check(j, "discipline", found, names);
}

void bench_client_read(struct mock_json *j, struct sim_client_config *c)
{
    static const char *const later[] = { "preset", NULL };
    read_cap(j, c);
    read_strategy(j, c);
    read_queue(j);
    read_retry(j, &c->retry);
    read_limits(j, c);
    read_discipline(j);
    bench_names_planned(j, later);
    mock_json_close(j);
}
