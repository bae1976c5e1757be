#include "bench/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/names.h"
#include "mockserver/config.h"
#include "mockserver/file.h"
#include "sim/service.h"

#define BATCH_MAX 10000000
#define TRACE_MAX (256 << 20)
#define MAX_TOKENS_MAX 10000000
#define IMAGES_MAX 10
#define AFFINITY_MAX 1000000000
#define TENANT_MAX_LENGTH 100

/* The names of the models of a table, for suggestions.  NULL: no memory. */
static const char **models_of(const struct lim_table *t)
{
    size_t n = lim_table_rows(t);
    const char **names = calloc(n + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < n; i++)
        names[i] = lim_table_row(t, i)->model;
    return names;
}

static void unknown_model(struct mock_json *j, const struct lim_table *t,
                          const char *model)
{
    const char **names = models_of(t);
    const char *near = names ? mock_json_nearest(model, names) : NULL;
    mock_json_wrong(j, "model",
                    "table '%s' has no model '%s'%s%s%s; `tierlab tiers` "
                    "lists them",
                    lim_table_name(t), model, near ? ", did you mean '" : "",
                    near ? near : "", near ? "'?" : "");
    free(names);
}

static bool someone_serves(const struct sim_provider_config *p,
                           const char *model)
{
    for (size_t i = 0; i < p->organisation_count; i++)
        if (lim_table_find(p->table, model, p->organisations[i].tier) != NULL)
            return true;
    return false;
}

static void read_model(struct mock_json *j,
                       const struct sim_provider_config *provider,
                       const char **model)
{
    *model = NULL;
    mock_json_string(j, "model", model);
    if (*model == NULL)
        mock_json_wrong(j, "model", "missing: which model is asked?");
    else if (provider->table == NULL)
        return;
    else if (!lim_table_knows(provider->table, *model))
        unknown_model(j, provider->table, *model);
    else if (!someone_serves(provider, *model))
        mock_json_wrong(j, "model",
                        "no organisation is at a tier that has access to "
                        "'%s' in table '%s'",
                        *model, lim_table_name(provider->table));
}

static char *join(const char *folder, const char *file)
{
    bool bare = folder == NULL || file[0] == '/';
    size_t size = strlen(file) + (bare ? 0 : strlen(folder)) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s%s%s", bare ? "" : folder, bare ? "" : "/",
                 file);
    return path;
}

static void load_trace(struct mock_json *j, const char *path,
                       struct sim_arrivals *a, struct sim_trace_row **rows)
{
    struct lim_diag diag = { 0 };
    size_t length;
    char *text = mock_read_file(path, TRACE_MAX, &length, &diag);
    if (text == NULL) {
        mock_json_wrong(j, "trace", "%s: %s", path, diag.text);
        return;
    }
    if (sim_trace_parse(text, length, rows, &a->row_count, &diag) != LIM_OK)
        mock_json_wrong(j, "trace", "%s:%d: %s", path, diag.line, diag.text);
    else if (a->row_count == 0)
        mock_json_wrong(j, "trace", "%s: no rows", path);
    free(text);
    a->rows = *rows;
}

static void read_trace(struct mock_json *j, const char *folder,
                       struct sim_arrivals *a, struct sim_trace_row **rows)
{
    const char *file = NULL;
    mock_json_string(j, "trace", &file);
    mock_json_number(j, "speed", 1e-6, 1e6, &a->speed);
    if (file == NULL)
        return;
    char *path = join(folder, file);
    if (path == NULL)
        mock_json_wrong(j, "trace", "out of memory");
    else
        load_trace(j, path, a, rows);
    free(path);
}

/* The rate of random arrivals, which stands under `key`. */
static void read_rate(struct mock_json *j, const char *key, bool bounded,
                      struct sim_arrivals *a)
{
    a->rate_per_s = 1;
    mock_json_rate(j, key, &a->rate_per_s);
    if (!(a->rate_per_s > 0 && a->rate_per_s <= 1e6))
        mock_json_wrong(j, key, "a rate must be above 0 and at most 1M/s");
    else if (!bounded)
        mock_json_wrong(j, key,
                        "arrivals without an end need a \"duration\" of the "
                        "scenario");
}

static void must_have(struct mock_json *j, const char *key, const char *example)
{
    if (mock_json_get(j, key) == NULL)
        mock_json_wrong(j, key, "missing: write %s", example);
}

/* Gamma or Weibull arrivals, by rate and coefficient of variation. */
static void read_renewal(struct mock_json *parent, const char *kind,
                         bool bounded, struct sim_arrivals *a)
{
    struct mock_json j;
    mock_json_enter(&j, parent, kind);
    must_have(&j, "rate", "\"rate\": \"100/m\"");
    must_have(&j, "cv", "\"cv\": 3, the coefficient of variation of the gaps");
    read_rate(&j, "rate", bounded, a);
    mock_json_number(&j, "cv", SIM_CV_MIN, SIM_CV_MAX, &a->cv);
    mock_json_close(&j);
}

/* Exactly one of the kinds must be there.  Returns its name, or NULL. */
static const char *kind_of(struct mock_json *j, enum sim_arrival_kind *out)
{
    static const char *const kinds[] = {
        [SIM_ARRIVE_BATCH] = "batch", [SIM_ARRIVE_POISSON] = "poisson",
        [SIM_ARRIVE_GAMMA] = "gamma", [SIM_ARRIVE_WEIBULL] = "weibull",
        [SIM_ARRIVE_TRACE] = "trace", [SIM_ARRIVE_TRACE + 1] = NULL
    };
    const char *kind = NULL;
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (mock_json_get(j, kinds[i]) == NULL)
            continue;
        if (kind != NULL)
            mock_json_wrong(j, kinds[i], "there is a \"%s\" already", kind);
        kind = kinds[i];
        *out = (enum sim_arrival_kind)i;
    }
    return kind;
}

static void read_kind(struct mock_json *j, const char *name,
                      const struct bench_workload_place *place,
                      struct sim_arrivals *a, struct sim_trace_row **rows)
{
    switch (a->kind) {
    case SIM_ARRIVE_BATCH:
        mock_json_int(j, name, 1, BATCH_MAX, &a->batch);
        break;
    case SIM_ARRIVE_POISSON:
        read_rate(j, name, place->bounded, a);
        break;
    case SIM_ARRIVE_GAMMA:
    case SIM_ARRIVE_WEIBULL:
        read_renewal(j, name, place->bounded, a);
        break;
    case SIM_ARRIVE_TRACE:
        read_trace(j, place->folder, a, rows);
        break;
    }
}

static void read_arrivals(struct mock_json *parent,
                          const struct bench_workload_place *place,
                          struct sim_arrivals *a, struct sim_trace_row **rows)
{
    static const char *const later[] = { "mmpp",  "diurnal", "closed",
                                         "scale", "loop",    NULL };
    struct mock_json j;
    if (mock_json_get(parent, "arrivals") == NULL) {
        mock_json_wrong(parent, "arrivals",
                        "missing: write {\"batch\": N}, {\"poisson\": "
                        "\"100/m\"} or {\"trace\": \"FILE\"}");
        return;
    }
    mock_json_enter(&j, parent, "arrivals");
    bench_names_planned(&j, later);
    const char *kind = kind_of(&j, &a->kind);
    if (kind != NULL)
        read_kind(&j, kind, place, a, rows);
    mock_json_close(&j);
    if (kind == NULL)
        mock_json_wrong(parent, "arrivals",
                        "write one of batch, poisson, gamma, weibull, trace");
}

/* Whose the requests are, how urgent, and how alike. */
static void read_standing(struct mock_json *j, struct sim_workload *w)
{
    int64_t priority = 0, affinity = 0;
    mock_json_string(j, "tenant", &w->tenant);
    if (w->tenant != NULL &&
        (w->tenant[0] == 0 || strlen(w->tenant) > TENANT_MAX_LENGTH))
        mock_json_wrong(j, "tenant", "a name has 1 to %d bytes",
                        TENANT_MAX_LENGTH);
    mock_json_int(j, "priority", 0, LIM_PRIORITIES - 1, &priority);
    mock_json_int(j, "affinity", 0, AFFINITY_MAX, &affinity);
    w->priority = (int)priority;
    w->affinity = (uint64_t)affinity;
}

void bench_workload_read(struct mock_json *j,
                         const struct bench_workload_place *place,
                         struct sim_workload *w, struct sim_trace_row **rows)
{
    static const char *const later[] = { "share", NULL };
    *rows = NULL;
    *w = (struct sim_workload){
        .arrivals = { .speed = 1 },
        .prompt_tokens = sim_dist_constant(300),
        .completion_tokens = sim_default_completion(),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
    bench_names_planned(j, later);
    read_model(j, place->provider, &w->model);
    read_arrivals(j, place, &w->arrivals, rows);
    mock_config_dist(j, "prompt_tokens", false, &w->prompt_tokens);
    mock_config_dist(j, "completion_tokens", false, &w->completion_tokens);
    mock_json_int(j, "max_tokens", 1, MAX_TOKENS_MAX, &w->max_tokens);
    mock_json_int(j, "images", 0, IMAGES_MAX, &w->images);
    mock_json_duration(j, "deadline", &w->deadline_ns);
    read_standing(j, w);
    mock_json_close(j);
}
