#include "bench/experiment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bench/path.h"
#include "limiter/rng.h"
#include "mockserver/json.h"

/* Seeds stand in JSON, whose numbers are exact up to 2^53. */
#define SEED_MAX (INT64_C(1) << 53)

/* What runs of one experiment must have in common. */
static const char *const fixed[] = { "seed", "name", "vary", "replications",
                                     NULL };

static int read_list(struct bench_experiment *e, const cJSON *list,
                     struct lim_diag *diag)
{
    for (size_t i = 0; fixed[i] != NULL; i++)
        if (strcmp(list->string, fixed[i]) == 0)
            return lim_fail(diag, LIM_EINVAL, 0, "vary: %s cannot vary",
                            fixed[i]);
    int count = cJSON_GetArraySize(list);
    if (!cJSON_IsArray(list) || count == 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "vary.%s must be a list of at least one value",
                        list->string);
    e->lists[e->list_count++] = (struct bench_vary){ .path = list->string,
                                                     .values = list,
                                                     .count = (size_t)count };
    if ((size_t)count > BENCH_RUNS_MAX / e->variants)
        return lim_fail(diag, LIM_EINVAL, 0, "vary: more than %d combinations",
                        BENCH_RUNS_MAX);
    e->variants *= (size_t)count;
    return LIM_OK;
}

static int read_lists(struct bench_experiment *e, struct lim_diag *diag)
{
    const cJSON *vary = cJSON_GetObjectItemCaseSensitive(e->tree, "vary");
    if (vary == NULL)
        return LIM_OK;
    if (!cJSON_IsObject(vary))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "vary must be an object of lists, such as "
                        "{\"client.cap\": [1, 5]}");
    size_t n = (size_t)cJSON_GetArraySize(vary);
    e->lists = calloc(n + 1, sizeof *e->lists);
    if (e->lists == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    const cJSON *list;
    cJSON_ArrayForEach(list, vary)
    {
        int error = read_list(e, list, diag);
        if (error != LIM_OK)
            return error;
    }
    return LIM_OK;
}

static int read_numbers(struct bench_experiment *e, struct lim_diag *diag)
{
    int error = LIM_OK;
    int64_t replications = 1, seed = 1;
    struct mock_json j;
    mock_json_open(&j, e->tree, "", &error, diag);
    mock_json_int(&j, "replications", 1, BENCH_RUNS_MAX, &replications);
    mock_json_int(&j, "seed", 0, SEED_MAX, &seed);
    if (error != LIM_OK)
        return error;
    e->replications = (size_t)replications;
    e->seed = (uint64_t)seed;
    if (e->replications > BENCH_RUNS_MAX / e->variants)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "replications: %zu of %zu combinations are more than "
                        "%d runs",
                        e->replications, e->variants, BENCH_RUNS_MAX);
    return LIM_OK;
}

int bench_experiment_init(struct bench_experiment *e, const cJSON *tree,
                          struct lim_diag *diag)
{
    *e = (struct bench_experiment){ .variants = 1, .replications = 1 };
    e->tree = cJSON_Duplicate(tree, true);
    if (e->tree == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    int error = read_lists(e, diag);
    if (error == LIM_OK)
        error = read_numbers(e, diag);
    if (error != LIM_OK)
        bench_experiment_fini(e);
    return error;
}

void bench_experiment_fini(struct bench_experiment *e)
{
    cJSON_Delete(e->tree);
    free(e->lists);
    *e = (struct bench_experiment){ 0 };
}

const char *bench_experiment_name(const struct bench_experiment *e)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(e->tree, "name");
    bool named = cJSON_IsString(name) && name->valuestring[0] != 0;
    return named ? name->valuestring : "scenario";
}

size_t bench_experiment_runs(const struct bench_experiment *e)
{
    return e->variants * e->replications;
}

static uint64_t seed_of(const struct bench_experiment *e, size_t replication)
{
    if (replication == 0)
        return e->seed;
    uint64_t stream = lim_rng_stream(e->seed, LIM_DRAW_REPLICATION);
    return lim_rng_draw(stream, replication, 0) >> 11;
}

struct bench_run_id bench_experiment_run(const struct bench_experiment *e,
                                         size_t run)
{
    assert(run < bench_experiment_runs(e));
    size_t replication = run % e->replications;
    return (struct bench_run_id){
        .variant = run / e->replications,
        .replication = replication,
        .seed = seed_of(e, replication),
    };
}

/* The value that list `l` has in a variant: the last list varies fastest. */
static const cJSON *value_of(const struct bench_experiment *e, size_t l,
                             size_t variant)
{
    for (size_t i = e->list_count - 1; i > l; i--)
        variant /= e->lists[i].count;
    return cJSON_GetArrayItem(e->lists[l].values,
                              (int)(variant % e->lists[l].count));
}

cJSON *bench_experiment_settings(const struct bench_experiment *e,
                                 size_t variant)
{
    cJSON *settings = cJSON_CreateObject();
    for (size_t l = 0; settings != NULL && l < e->list_count; l++) {
        cJSON *value = cJSON_Duplicate(value_of(e, l, variant), true);
        if (!cJSON_AddItemToObject(settings, e->lists[l].path, value)) {
            cJSON_Delete(value);
            cJSON_Delete(settings);
            settings = NULL;
        }
    }
    return settings;
}

cJSON *bench_experiment_scenario(const struct bench_experiment *e,
                                 size_t variant, struct lim_diag *diag)
{
    assert(variant < e->variants);
    cJSON *tree = cJSON_Duplicate(e->tree, true);
    if (tree == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "vary");
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "replications");
    for (size_t l = 0; l < e->list_count; l++) {
        struct lim_diag why = { 0 };
        if (bench_path_set(tree, e->lists[l].path, value_of(e, l, variant),
                           &why) != LIM_OK) {
            lim_fail(diag, LIM_EINVAL, 0, "vary: %s", why.text);
            cJSON_Delete(tree);
            return NULL;
        }
    }
    return tree;
}
