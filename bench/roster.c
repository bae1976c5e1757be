#define _POSIX_C_SOURCE 200809L

#include "bench/roster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/json.h"

/* A file being read, with the table of its tiers. */
struct reading {
    struct bench_roster *roster;
    const struct bench_batch *batch;
    const struct bench_accountfile *file;
    const struct lim_table *table;
};

static const char *name_of(const struct bench_account *a)
{
    return a->organisation != NULL ? a->organisation : a->name;
}

/* Tells whether whoever serves one of them serves both. */
static bool go_together(const struct reading *x, const char *a, const char *b)
{
    for (size_t i = 0; i < x->file->count; i++) {
        const cJSON *models = x->file->accounts[i].models;
        if (models != NULL &&
            cJSON_HasObjectItem(models, a) != cJSON_HasObjectItem(models, b))
            return false;
    }
    return true;
}

/* Models that share a limit in the table share a group; others are alone. */
static bool make_groups(const struct reading *x)
{
    struct bench_roster *r = x->roster;
    size_t n = x->batch->model_count;
    r->group_of = calloc(n, sizeof *r->group_of);
    if (r->group_of == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *group = lim_table_group(x->table, x->batch->models[i]);
        size_t like = 0;
        for (; like < i; like++) {
            const char *other =
                lim_table_group(x->table, x->batch->models[like]);
            if (group != NULL && other != NULL && strcmp(group, other) == 0 &&
                go_together(x, x->batch->models[i], x->batch->models[like]))
                break;
        }
        r->group_of[i] = like < i ? r->group_of[like] : r->groups++;
    }
    return r->groups <= LIM_GROUPS_MAX;
}

/* The limits that an account's entry in the file tells of a model. */
static bool told_limits(const cJSON *entry, const char *model,
                        struct lim_limits *out)
{
    const cJSON *limits = cJSON_GetObjectItemCaseSensitive(entry, "limits");
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(limits, model);
    struct lim_diag diag = { 0 };
    struct mock_json j;
    int error = LIM_OK;
    if (of == NULL)
        return false;
    mock_json_open(&j, of, "limits", &error, &diag);
    mock_json_limits(&j, out);
    assert(error == LIM_OK); /* the file was checked */
    return true;
}

/* Tells whether all accounts of an organisation serve a model. */
static bool serves(const struct reading *x, const char *name, const char *model)
{
    for (size_t i = 0; i < x->file->count; i++) {
        const struct bench_account *a = &x->file->accounts[i];
        if (a->models != NULL && strcmp(name_of(a), name) == 0 &&
            !cJSON_HasObjectItem(a->models, model))
            return false;
    }
    return true;
}

/* False: nothing is known. */
static bool find_limits(const struct reading *x, const cJSON *entry,
                        const char *model, struct lim_limits *out, bool *serves)
{
    const cJSON *tier = cJSON_GetObjectItemCaseSensitive(entry, "tier");
    enum lim_tier t;
    *serves = true;
    if (told_limits(entry, model, out))
        return true;
    *out = lim_limits_none();
    if (!cJSON_IsString(tier) || !lim_tier_find(tier->valuestring, &t) ||
        !lim_table_knows(x->table, model))
        return false;
    const struct lim_tier_row *row = lim_table_find(x->table, model, t);
    *serves = row != NULL;
    if (row != NULL)
        *out = row->limits;
    return true;
}

static bool add_organisation(const struct reading *x, const char *name,
                             const cJSON *entry)
{
    struct bench_roster *r = x->roster;
    struct lim_limits *limits = calloc(r->groups, sizeof *limits);
    bool *served = calloc(r->groups, sizeof *served);
    char *copy = strdup(name);
    if (limits == NULL || served == NULL || copy == NULL) {
        free(limits);
        free(served);
        free(copy);
        return false;
    }
    for (size_t m = 0; m < x->batch->model_count; m++) {
        unsigned g = r->group_of[m];
        bool known =
            find_limits(x, entry, x->batch->models[m], &limits[g], &served[g]);
        if (!serves(x, name, x->batch->models[m]))
            served[g] = false;
        r->limits_known = r->limits_known && (known || !served[g]);
    }
    r->organisations[r->count++] =
        (struct lim_organisation){ .name = copy,
                                   .keys = 1,
                                   .limits = limits,
                                   .serves = served,
                                   .spend_max = LIM_UNLIMITED };
    return true;
}

static const struct lim_organisation *find(const struct bench_roster *r,
                                           const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->organisations[i].name, name) == 0)
            return &r->organisations[i];
    return NULL;
}

/* Every organisation of the file, once, with the limits that its first
   account tells. */
static bool add_file(const struct reading *x)
{
    struct bench_roster *r = x->roster;
    const cJSON *list =
        cJSON_GetObjectItemCaseSensitive(x->file->tree, "accounts");
    for (size_t i = 0; i < x->file->count; i++) {
        const char *name = name_of(&x->file->accounts[i]);
        if (find(r, name) == NULL &&
            !add_organisation(x, name, cJSON_GetArrayItem(list, (int)i)))
            return false;
    }
    return true;
}

static unsigned keys_of(const struct bench_accountfile *f, const char *name)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->count; i++)
        n += strcmp(name_of(&f->accounts[i]), name) == 0;
    return n > 0 ? n : 1;
}

/* The credentials come in the same order. */
static int add_credentials(struct bench_roster *r, const char *path,
                           const struct bench_accountfile *f,
                           struct lim_diag *diag)
{
    struct sim_organisation *o = calloc(r->count, sizeof *o);
    struct sim_provider_config p = { .organisations = o,
                                     .organisation_count = r->count };
    if (o == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < r->count; i++) {
        r->organisations[i].keys =
            f != NULL ? keys_of(f, r->organisations[i].name) : 1;
        o[i] = (struct sim_organisation){ .name = r->organisations[i].name,
                                          .keys = r->organisations[i].keys };
    }
    r->accounts = path != NULL ? bench_accounts_read(path, &p, diag)
                               : bench_accounts_environment(&p, diag);
    free(o);
    return r->accounts != NULL ? LIM_OK : LIM_EINVAL;
}

int bench_roster_init(struct bench_roster *r, const char *path,
                      const struct bench_batch *batch, struct lim_diag *diag)
{
    struct bench_accountfile file = { 0 };
    struct lim_table *table = lim_table_builtin("current", diag);
    int error = table != NULL ? LIM_OK : LIM_ENOMEM;
    *r = (struct bench_roster){ .limits_known = true, .table = table };
    if (error == LIM_OK && path != NULL)
        error = bench_accountfile_read(&file, path, diag);
    if (error == LIM_OK) {
        const struct reading x = { r, batch, &file, table };
        r->organisations = calloc(file.count + 1, sizeof *r->organisations);
        bool good = r->organisations != NULL && make_groups(&x) &&
                    (path != NULL ? add_file(&x)
                                  : add_organisation(&x, "default", NULL));
        error =
            good ? add_credentials(r, path, path != NULL ? &file : NULL, diag)
                 : lim_fail(diag, LIM_EINVAL, 0,
                            "out of memory, or more than %d models",
                            LIM_GROUPS_MAX);
    }
    r->priced = file.priced;
    file.priced = (struct mock_config){ 0 };
    if (path != NULL && file.tree != NULL)
        bench_accountfile_fini(&file);
    if (error != LIM_OK)
        bench_roster_fini(r);
    return error;
}

const struct lim_price *bench_roster_price(const struct bench_roster *r,
                                           const char *model)
{
    return lim_prices_find(&r->priced.provider.prices, model);
}

/* Made by add_organisation; the pool only reads them. */
static void free_const(const void *memory)
{
    union {
        const void *in;
        void *out;
    } owned = { .in = memory };
    free(owned.out);
}

void bench_roster_fini(struct bench_roster *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free_const(r->organisations[i].name);
        free_const(r->organisations[i].limits);
        free_const(r->organisations[i].serves);
    }
    free(r->organisations);
    free(r->group_of);
    bench_accounts_free(r->accounts);
    lim_table_free(r->table);
    mock_config_fini(&r->priced);
    *r = (struct bench_roster){ 0 };
}
