/* The "organisations" of a provider, with payments and projects. */

#include "mockserver/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 100
#define KEYS_MAX 100000
#define LIST_MAX 1000 /* payments, or projects, of an organisation */
#define PAYMENT_AFTER_MAX (36500 * LIM_DAY)
#define WEIGHT_MIN 1e-6
#define WEIGHT_MAX 1e6
#define PRIORITY_MAX 1000
#define ORGANISATION_CHARACTERS                                                \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"                     \
    "0123456789_-"

/* One entry of the list; `count` of such organisations follow each other. */
struct entry {
    struct sim_organisation organisation;
    int64_t count;
    bool numbered;
};

static void read_tier(struct mock_json *j, const struct lim_table *table,
                      struct entry *e)
{
    const char *name = "tier1";
    struct lim_diag why = { 0 };
    mock_json_string(j, "tier", &name);
    int error = mock_config_tier_name(name, &e->organisation.tier, &why);
    if (error == LIM_OK)
        error = mock_config_tier(table, e->organisation.tier, &why);
    mock_config_told(j, "tier", error, &why);
}

/* A list of at most LIST_MAX objects, or NULL: there is none to be read. */
static const cJSON *list_at(struct mock_json *j, const char *key, size_t *count)
{
    const cJSON *list = mock_json_get(j, key);
    if (list == NULL)
        return NULL;
    int size = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    *count = (size_t)size;
    if (size >= 0 && size <= LIST_MAX)
        return list;
    mock_json_wrong(j, key, "expected a list of at most %d objects", LIST_MAX);
    return NULL;
}

static void read_payment(struct mock_json *j, const struct sim_payment *last,
                         struct sim_payment *out)
{
    *out = (struct sim_payment){ 0, 0 };
    mock_json_duration(j, "after", &out->after_ns);
    mock_json_money(j, "amount", &out->microusd);
    mock_json_close(j);
    if (out->microusd <= 0)
        mock_json_wrong(j, "amount", "expected an amount above $0");
    if (out->after_ns < 0 || out->after_ns > PAYMENT_AFTER_MAX)
        mock_json_wrong(j, "after", "expected at most 36500d");
    if (last != NULL && out->after_ns < last->after_ns)
        mock_json_wrong(j, "after", "comes before the payment listed before");
}

static void read_payments(struct mock_config *c, struct mock_json *j,
                          struct sim_organisation *o)
{
    size_t count = 0;
    const cJSON *list = list_at(j, "payments", &count);
    const cJSON *item;
    if (list == NULL || count == 0)
        return;
    struct sim_payment *payments =
        mock_config_keep(c, j, count * sizeof *payments);
    if (payments == NULL)
        return;
    size_t i = 0;
    cJSON_ArrayForEach(item, list)
    {
        struct mock_json one;
        mock_json_enter_at(&one, item, j, "payments", i);
        read_payment(&one, i > 0 ? &payments[i - 1] : NULL, &payments[i]);
        i++;
    }
    o->payments = payments;
    o->payment_count = count;
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) <= NAME_MAX_LENGTH &&
           name[strspn(name, ORGANISATION_CHARACTERS)] == '\0';
}

static void check_name(struct mock_json *j, const char *name)
{
    if (name == NULL)
        mock_json_wrong(j, "name", "is missing");
    else if (!is_name(name))
        mock_json_wrong(j, "name",
                        "expected 1 to %d characters of [A-Za-z0-9_-]",
                        NAME_MAX_LENGTH);
}

static void read_limit(struct mock_config *c, struct mock_json *j,
                       const char *model, struct sim_project_limit *out)
{
    mock_json_limits(j, &out->limits);
    if (c->table != NULL && lim_table_group(c->table, model) == NULL &&
        lim_table_group_index(c->table, model) < 0)
        mock_json_wrong(j, NULL, "table \"%s\" has no such model",
                        lim_table_name(c->table));
    out->model = mock_config_keep_text(c, j, model);
}

/* The keys of "limits" are models. */
static void read_limits(struct mock_config *c, struct mock_json *j,
                        struct sim_project *project)
{
    struct mock_json all;
    const cJSON *item;
    mock_json_enter(&all, j, "limits");
    if (all.object == NULL || *j->error != LIM_OK)
        return;
    size_t count = (size_t)cJSON_GetArraySize(all.object);
    struct sim_project_limit *limits =
        mock_config_keep(c, j, (count + 1) * sizeof *limits);
    if (limits == NULL)
        return;
    project->limits = limits;
    cJSON_ArrayForEach(item, all.object)
    {
        struct mock_json of_all = all, one;
        mock_json_enter(&one, &of_all, item->string);
        read_limit(c, &one, item->string, &limits[project->limit_count++]);
    }
}

static void read_project(struct mock_config *c, struct mock_json *j,
                         const struct sim_organisation *o,
                         struct sim_project *out)
{
    const char *name = NULL;
    *out = (struct sim_project){ 0 };
    mock_json_string(j, "name", &name);
    read_limits(c, j, out);
    mock_json_close(j);
    check_name(j, name);
    if (*j->error != LIM_OK)
        return;
    for (size_t i = 0; i < o->project_count; i++)
        if (strcmp(o->projects[i].name, name) == 0)
            mock_json_wrong(j, "name", "two projects are named \"%s\"", name);
    out->name = mock_config_keep_text(c, j, name);
}

static void read_projects(struct mock_config *c, struct mock_json *j,
                          struct sim_organisation *o)
{
    size_t count = 0;
    const cJSON *list = list_at(j, "projects", &count);
    const cJSON *item;
    if (list == NULL)
        return;
    struct sim_project *projects =
        mock_config_keep(c, j, (count + 1) * sizeof *projects);
    if (projects == NULL)
        return;
    o->projects = projects;
    cJSON_ArrayForEach(item, list)
    {
        struct mock_json one;
        mock_json_enter_at(&one, item, j, "projects", o->project_count);
        read_project(c, &one, o, &projects[o->project_count]);
        if (*j->error != LIM_OK)
            return;
        o->project_count++;
    }
}

static void read_entry(struct mock_config *c, struct mock_json *j,
                       struct entry *e)
{
    struct sim_organisation *o = &e->organisation;
    int64_t keys = 1;
    int64_t days = -1;
    int64_t priority = 0;
    *e = (struct entry){ .organisation = { .weight = 1 }, .count = 1 };
    mock_json_string(j, "name", &o->name);
    read_tier(j, c->table, e);
    e->numbered = mock_json_get(j, "count") != NULL;
    mock_json_int(j, "count", 1, LIM_ORGANISATIONS_MAX, &e->count);
    mock_json_int(j, "keys", 1, KEYS_MAX, &keys);
    mock_json_money(j, "paid", &o->paid_microusd);
    mock_json_int(j, "first_payment_days_ago", 0, 36500, &days);
    mock_json_money(j, "spent", &o->spent_microusd);
    mock_json_number(j, "weight", WEIGHT_MIN, WEIGHT_MAX, &o->weight);
    mock_json_int(j, "priority", 0, PRIORITY_MAX, &priority);
    read_payments(c, j, o);
    read_projects(c, j, o);
    mock_json_close(j);
    check_name(j, o->name);
    o->keys = (unsigned)keys;
    o->first_payment_days_ago = (int)days;
    o->priority = (int)priority;
}

static bool grow(struct mock_config *c, size_t by)
{
    size_t total = c->organisation_count + by;
    struct sim_organisation *o = realloc(c->organisations, total * sizeof *o);
    if (o == NULL)
        return false;
    c->organisations = o;
    char **names = realloc(c->names, total * sizeof *names);
    if (names == NULL)
        return false;
    c->names = names;
    return true;
}

static bool add_organisations(struct mock_config *c, const struct entry *e)
{
    if (!grow(c, (size_t)e->count))
        return false;
    for (int64_t i = 1; i <= e->count; i++) {
        size_t size = strlen(e->organisation.name) + 24;
        char *name = malloc(size);
        if (name == NULL)
            return false;
        if (e->numbered)
            snprintf(name, size, "%s-%lld", e->organisation.name, (long long)i);
        else
            snprintf(name, size, "%s", e->organisation.name);
        c->names[c->organisation_count] = name;
        c->organisations[c->organisation_count] = e->organisation;
        c->organisations[c->organisation_count++].name = name;
    }
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the array of names, whose order nobody reads. */
static void check_names(struct mock_config *c, struct mock_json *j)
{
    qsort(c->names, c->organisation_count, sizeof *c->names, compare_names);
    for (size_t i = 1; i < c->organisation_count; i++)
        if (strcmp(c->names[i - 1], c->names[i]) == 0)
            mock_json_wrong(j, "organisations",
                            "two organisations are named \"%s\"", c->names[i]);
}

static void add_entry(struct mock_config *c, struct mock_json *j,
                      const struct entry *e)
{
    if (*j->error != LIM_OK)
        return;
    if (c->organisation_count + (size_t)e->count > LIM_ORGANISATIONS_MAX)
        mock_json_wrong(j, "organisations", "more than %d organisations",
                        LIM_ORGANISATIONS_MAX);
    else if (!add_organisations(c, e))
        mock_json_wrong(j, "organisations", "%s", lim_strerror(LIM_ENOMEM));
}

void mock_config_organisations(struct mock_config *c, struct mock_json *j)
{
    const cJSON *list = mock_json_get(j, "organisations");
    const cJSON *item;
    struct entry e = { .organisation = { .name = "org",
                                         .tier = LIM_TIER_1,
                                         .keys = 1,
                                         .first_payment_days_ago = -1,
                                         .weight = 1 },
                       .count = 1 };
    struct lim_diag why = { 0 };
    size_t index = 0;
    if (list == NULL) {
        mock_config_told(j, "organisations",
                         mock_config_tier(c->table, LIM_TIER_1, &why), &why);
        add_entry(c, j, &e);
    } else if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0) {
        mock_json_wrong(j, "organisations",
                        "expected a list of at least one organisation");
    }
    cJSON_ArrayForEach(item, list)
    {
        struct mock_json one;
        mock_json_enter_at(&one, item, j, "organisations", index++);
        read_entry(c, &one, &e);
        add_entry(c, j, &e);
    }
    if (*j->error == LIM_OK)
        check_names(c, j);
    c->provider.organisations = c->organisations;
    c->provider.organisation_count = c->organisation_count;
}
