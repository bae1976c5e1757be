#include "bench/workload.h"

#include <stdlib.h>
#include <string.h>

#include "bench/arrivals.h"
#include "bench/message.h"
#include "mockserver/family.h"
#include "sim/service.h"

#define MAX_TOKENS_MAX 10000000
#define IMAGES_MAX 10
#define SHARE_MAX 1e6
#define AFFINITY_MAX 1000000000
#define TENANT_MAX_LENGTH 100
#define COMPLETION_TOKENS 16 /* if nothing is said, as the API has it */

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

/* Of tokens that would be told and paid for. */
static bool has_no_reply(const struct sim_workload *w)
{
    return w->images > 0 ||
           (w->model != NULL && !mock_family_replies(mock_family_of(w->model)));
}

static void read_stream(struct mock_json *j, struct sim_workload *w)
{
    mock_json_bool(j, "stream", &w->stream);
    if (!w->stream || w->model == NULL)
        return;
    if (w->images > 0)
        mock_json_wrong(j, "stream", "images do not come as streams");
    else if (has_no_reply(w))
        mock_json_wrong(j, "stream", "'%s' does not answer in a stream",
                        w->model);
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
                         struct sim_workload *w,
                         struct bench_workload_files *files)
{
    *files = (struct bench_workload_files){ .rows = NULL };
    *w = (struct sim_workload){
        .arrivals = { .speed = 1, .cv = 1 },
        .prompt_tokens = sim_dist_constant(300),
        .completion_tokens = sim_default_completion(),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
    read_model(j, place->provider, &w->model);
    mock_json_number(j, "share", 0, SHARE_MAX, &w->share);
    if (w->share > 0 && mock_json_get(j, "arrivals") == NULL)
        w->arrivals.kind = SIM_ARRIVE_SHARED;
    else
        bench_arrivals_read(j, place, &w->arrivals, &files->rows);
    mock_json_int(j, "images", 0, IMAGES_MAX, &w->images);
    if (has_no_reply(w))
        w->completion_tokens = sim_dist_constant(0);
    else if (w->model != NULL &&
             mock_family_of(w->model) == MOCK_FAMILY_COMPLETION)
        w->max_tokens = COMPLETION_TOKENS;
    bench_sizes_read(j, place->folder, w, &files->sizes);
    mock_json_int(j, "max_tokens", 1, MAX_TOKENS_MAX, &w->max_tokens);
    if (w->model != NULL && has_no_reply(w) && w->max_tokens > 0)
        mock_json_wrong(j, "max_tokens", "'%s' has no reply to bound",
                        w->model);
    read_stream(j, w);
    mock_json_duration(j, "deadline", &w->deadline_ns);
    read_standing(j, w);
    mock_json_close(j);
}

void bench_workload_files_fini(struct bench_workload_files *files)
{
    free(files->rows);
    bench_sizes_fini(&files->sizes);
    files->rows = NULL;
}
