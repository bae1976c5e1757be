#define _POSIX_C_SOURCE 200809L

#include "bench/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "bench/client.h"
#include "mockserver/file.h"

#define SEED_MAX (INT64_C(1) << 53)
#define DURATION_MAX (3660 * LIM_DAY)

char *bench_scenario_folder(const char *path)
{
    const char *slash = strcmp(path, "-") == 0 ? NULL : strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* A scenario without a name has that of its file. */
static int name_after(cJSON *tree, const char *path)
{
    if (cJSON_HasObjectItem(tree, "name"))
        return LIM_OK;
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    if (strcmp(path, "-") == 0)
        base = "scenario";
    size_t n = strlen(base);
    if (n > 5 && strcmp(base + n - 5, ".json") == 0)
        n -= 5;
    char *name = strndup(base, n);
    cJSON *added =
        name == NULL ? NULL : cJSON_AddStringToObject(tree, "name", name);
    free(name);
    return added == NULL ? LIM_ENOMEM : LIM_OK;
}

cJSON *bench_scenario_read(const char *path, struct lim_diag *diag)
{
    size_t length;
    char *text = mock_read_file(path, BENCH_SCENARIO_MAX, &length, diag);
    if (text == NULL)
        return NULL;
    cJSON *tree = mock_json_parse(text, length, diag);
    free(text);
    if (tree == NULL)
        return NULL;
    int error = LIM_OK;
    if (!cJSON_IsObject(tree))
        error =
            lim_fail(diag, LIM_EPARSE, 0, "a scenario is a JSON object, {...}");
    else if (name_after(tree, path) != LIM_OK)
        error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK)
        return tree;
    cJSON_Delete(tree);
    return NULL;
}

static void read_head(struct mock_json *j, struct sim_scenario *s)
{
    const char *description = NULL;
    int64_t seed = 1, replications = 1;
    mock_json_string(j, "name", &s->name);
    mock_json_string(j, "description", &description);
    mock_json_int(j, "seed", 0, SEED_MAX, &seed);
    mock_json_duration(j, "duration", &s->duration_ns);
    mock_json_bool(j, "drain", &s->drain);
    const cJSON *vary = mock_json_get(j, "vary");
    if (vary != NULL && !cJSON_IsObject(vary))
        mock_json_wrong(j, "vary", "must be an object of lists");
    const cJSON *plan = mock_json_get(j, "plan");
    if (plan != NULL && !cJSON_IsObject(plan))
        mock_json_wrong(j, "plan", "must be an object");
    mock_json_int(j, "replications", 1, INT32_MAX, &replications);
    s->seed = (uint64_t)seed;
    if (s->duration_ns != LIM_NEVER &&
        (s->duration_ns <= 0 || s->duration_ns > DURATION_MAX))
        mock_json_wrong(j, "duration", "must be above 0 and at most 10 years");
}

/* A time, or "auto". */
static void read_warmup(struct mock_json *j, struct bench_scenario *s)
{
    const cJSON *value = mock_json_get(j, "warmup");
    s->warmup_auto =
        cJSON_IsString(value) && strcmp(value->valuestring, "auto") == 0;
    if (value != NULL && s->sim.duration_ns == LIM_NEVER)
        mock_json_wrong(j, "warmup",
                        "only a run with a \"duration\" has a steady state");
    if (value == NULL || s->warmup_auto)
        return;
    mock_json_duration(j, "warmup", &s->sim.warmup_ns);
    if (s->sim.warmup_ns < 0 || s->sim.warmup_ns >= s->sim.duration_ns)
        mock_json_wrong(j, "warmup",
                        "expected \"auto\" or a time below the duration");
}

static void read_provider(struct mock_json *j, struct bench_scenario *s,
                          const char *folder)
{
    struct mock_json provider;
    cJSON *none = NULL;
    if (mock_json_get(j, "provider") != NULL) {
        mock_json_enter(&provider, j, "provider");
    } else {
        none = cJSON_CreateObject();
        mock_json_open(&provider, none, "provider", j->error, j->diag);
    }
    mock_config_read(&s->config, &provider, folder);
    cJSON_Delete(none);
    s->sim.provider = s->config.provider;
    s->sim.provider.seed = s->sim.seed;
}

static void read_client(struct mock_json *j, const struct lim_strategy *own,
                        struct sim_client_config *c)
{
    struct mock_json client;
    *c = sim_client_config_default();
    if (mock_json_get(j, "client") == NULL)
        return;
    mock_json_enter(&client, j, "client");
    bench_client_read(&client, own, c);
}

/* Shares are of arrivals that one of those workloads has to bring. */
static void check_shares(struct mock_json *j, const struct bench_scenario *s)
{
    bool shared = false, brought = false;
    for (size_t i = 0; i < s->sim.workload_count; i++) {
        const struct sim_workload *w = &s->workloads[i];
        bool without = w->arrivals.kind == SIM_ARRIVE_SHARED;
        shared = shared || without;
        brought = brought || (w->share > 0 && !without);
    }
    if (shared && !brought)
        mock_json_wrong(j, "workload",
                        "of the workloads with a \"share\", one must have "
                        "the \"arrivals\" that all share");
}

/* A workload is one stream, or a list of them. */
static void read_workloads(struct mock_json *j, struct bench_scenario *s,
                           const char *folder)
{
    const cJSON *all = mock_json_get(j, "workload");
    bool many = cJSON_IsArray(all);
    int n = many ? cJSON_GetArraySize(all) : 1;
    if (all == NULL)
        mock_json_wrong(j, "workload", "missing: what is asked, and when?");
    if (n < 1 || n > BENCH_WORKLOADS_MAX)
        mock_json_wrong(j, "workload", "must have 1 to %d elements",
                        BENCH_WORKLOADS_MAX);
    if (*j->error != LIM_OK)
        return;
    s->workloads = calloc((size_t)n, sizeof *s->workloads);
    s->files = calloc((size_t)n, sizeof *s->files);
    if (s->workloads == NULL || s->files == NULL) {
        mock_json_wrong(j, "workload", "out of memory");
        return;
    }
    const struct bench_workload_place place = {
        .provider = &s->sim.provider,
        .bounded = s->sim.duration_ns != LIM_NEVER,
        .folder = folder,
    };
    s->sim.workloads = s->workloads;
    s->sim.workload_count = (size_t)n;
    for (int i = 0; i < n; i++) {
        struct mock_json one;
        if (many)
            mock_json_enter_at(&one, cJSON_GetArrayItem(all, i), j, "workload",
                               (size_t)i);
        else
            mock_json_enter(&one, j, "workload");
        bench_workload_read(&one, &place, &s->workloads[i], &s->files[i]);
    }
    check_shares(j, s);
}

int bench_scenario_from_json(struct bench_scenario *s, const cJSON *tree,
                             const char *folder, struct lim_diag *diag)
{
    return bench_scenario_with(s, tree, folder, NULL, diag);
}

int bench_scenario_with(struct bench_scenario *s, const cJSON *tree,
                        const char *folder, const struct lim_strategy *own,
                        struct lim_diag *diag)
{
    *s = (struct bench_scenario){ .sim = { .name = "scenario",
                                           .duration_ns = LIM_NEVER } };
    mock_config_init(&s->config);
    s->tree = cJSON_Duplicate(tree, true);
    if (s->tree == NULL) {
        mock_config_fini(&s->config);
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    int error = LIM_OK;
    struct mock_json j;
    mock_json_open(&j, s->tree, "", &error, diag);
    read_head(&j, &s->sim);
    read_warmup(&j, s);
    read_provider(&j, s, folder);
    read_client(&j, own, &s->sim.client);
    read_workloads(&j, s, folder);
    mock_json_close(&j);
    if (error != LIM_OK)
        bench_scenario_fini(s);
    return error;
}

void bench_scenario_fini(struct bench_scenario *s)
{
    for (size_t i = 0; s->files != NULL && i < s->sim.workload_count; i++)
        bench_workload_files_fini(&s->files[i]);
    free(s->files);
    free(s->workloads);
    mock_config_fini(&s->config);
    cJSON_Delete(s->tree);
    *s = (struct bench_scenario){ .tree = NULL };
}
