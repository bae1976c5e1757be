/* The "organisations" of a provider. */

#include "mockserver/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 100
#define KEYS_MAX 100000
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

static void read_entry(struct mock_json *j, const struct lim_table *table,
                       struct entry *e)
{
    struct sim_organisation *o = &e->organisation;
    int64_t keys = 1;
    int64_t days = -1;
    int64_t priority = 0;
    *e = (struct entry){ .organisation = { .weight = 1 }, .count = 1 };
    mock_json_string(j, "name", &o->name);
    read_tier(j, table, e);
    e->numbered = mock_json_get(j, "count") != NULL;
    mock_json_int(j, "count", 1, LIM_ORGANISATIONS_MAX, &e->count);
    mock_json_int(j, "keys", 1, KEYS_MAX, &keys);
    mock_json_money(j, "paid", &o->paid_microusd);
    mock_json_int(j, "first_payment_days_ago", 0, 36500, &days);
    mock_json_money(j, "spent", &o->spent_microusd);
    mock_json_number(j, "weight", WEIGHT_MIN, WEIGHT_MAX, &o->weight);
    mock_json_int(j, "priority", 0, PRIORITY_MAX, &priority);
    mock_json_close(j);
    if (o->name == NULL)
        mock_json_wrong(j, "name", "is missing");
    else if (o->name[0] == '\0' || strlen(o->name) > NAME_MAX_LENGTH ||
             o->name[strspn(o->name, ORGANISATION_CHARACTERS)] != '\0')
        mock_json_wrong(j, "name",
                        "expected 1 to %d characters of [A-Za-z0-9_-]",
                        NAME_MAX_LENGTH);
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
        read_entry(&one, c->table, &e);
        add_entry(c, j, &e);
    }
    if (*j->error == LIM_OK)
        check_names(c, j);
    c->provider.organisations = c->organisations;
    c->provider.organisation_count = c->organisation_count;
}
