#include "mockserver/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/jsontext.h"
#include "mockserver/units.h"

#define TABLE_FILE_MAX (4 << 20)
#define NAME_MAX_LENGTH 100
#define KEYS_MAX 100000
#define WEIGHT_MIN 1e-6
#define WEIGHT_MAX 1e6
#define PRIORITY_MAX 1000
#define SIZE_MAX_TOKENS 1e9
#define ORGANISATION_CHARACTERS                                                \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"                     \
    "0123456789_-"

void mock_config_init(struct mock_config *c)
{
    *c = (struct mock_config){ .provider = sim_provider_config_default() };
    c->provider.table = NULL;
}

void mock_config_fini(struct mock_config *c)
{
    for (size_t i = 0; c->names != NULL && i < c->organisation_count; i++)
        free(c->names[i]);
    free(c->names);
    free(c->organisations);
    lim_table_free(c->table);
    *c = (struct mock_config){ 0 };
}

static bool is_builtin(const char *name)
{
    for (size_t i = 0; lim_table_names[i] != NULL; i++)
        if (strcmp(lim_table_names[i], name) == 0)
            return true;
    return false;
}

/* Appends the names to a list of words in `text`. */
static void list_names(char *text, size_t size, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, " %s", names[i]);
    }
}

static int table_file(const char *name, const char *folder,
                      struct lim_table **out, struct lim_diag *diag)
{
    char quoted[100];
    struct lim_diag why = { 0 };
    size_t length;
    bool absolute = name[0] == '/' || folder == NULL || strcmp(name, "-") == 0;
    size_t size = strlen(name) + (absolute ? 0 : strlen(folder)) + 2;
    char *path = malloc(size);
    if (path == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
    snprintf(path, size, "%s%s%s", absolute ? "" : folder, absolute ? "" : "/",
             name);
    char *text = mock_read_file(path, TABLE_FILE_MAX, &length, &why);
    free(path);
    mock_jsontext_quote(name, quoted, sizeof quoted);
    if (text == NULL) {
        char names[200] = " none";
        list_names(names, sizeof names, lim_table_names);
        const char *near = mock_json_nearest(name, lim_table_names);
        return lim_fail(
            diag, LIM_EINVAL, 0,
            "\"%s\" is neither a table nor a file (%s)%s%s%s "
            "(tables:%s)",
            quoted, why.text, near != NULL ? "; did you mean \"" : "",
            near != NULL ? near : "", near != NULL ? "\"?" : "", names);
    }
    *out = lim_table_parse(name, text, length, &why);
    free(text);
    if (*out == NULL)
        return lim_fail(diag, LIM_EPARSE, 0, "%s:%d: %s", quoted, why.line,
                        why.text);
    return LIM_OK;
}

int mock_config_table(const char *name, const char *folder,
                      struct lim_table **out, struct lim_diag *diag)
{
    *out = NULL;
    if (strcmp(name, "none") == 0)
        return LIM_OK;
    if (!is_builtin(name))
        return table_file(name, folder, out, diag);
    *out = lim_table_builtin(name, diag);
    return *out != NULL ? LIM_OK : LIM_EINVAL;
}

int mock_config_tier_name(const char *name, enum lim_tier *out,
                          struct lim_diag *diag)
{
    char quoted[64];
    if (lim_tier_find(name, out))
        return LIM_OK;
    return lim_fail(diag, LIM_EINVAL, 0,
                    "\"%s\" is not a tier (valid: free tier1 tier2 tier3 "
                    "tier4 tier5)",
                    mock_jsontext_quote(name, quoted, sizeof quoted));
}

int mock_config_tier(const struct lim_table *table, enum lim_tier tier,
                     struct lim_diag *diag)
{
    const char *names[LIM_TIERS + 1] = { NULL };
    char list[100] = "";
    size_t n = 0;
    if (table == NULL)
        return LIM_OK;
    for (int t = 0; t < LIM_TIERS; t++) {
        if (!lim_table_qualification(table, (enum lim_tier)t)->defined)
            continue;
        if (t == (int)tier)
            return LIM_OK;
        names[n++] = lim_tier_name((enum lim_tier)t);
    }
    list_names(list, sizeof list, names);
    return lim_fail(diag, LIM_EINVAL, 0,
                    "table \"%s\" has no tier \"%s\" (it has:%s)",
                    lim_table_name(table), lim_tier_name(tier), list);
}

int mock_config_discipline(const char *name, enum lim_discipline *out,
                           struct lim_diag *diag)
{
    const char *names[LIM_DISCIPLINES + 1] = { NULL };
    char quoted[64], list[100] = "";
    if (lim_discipline_find(name, out))
        return LIM_OK;
    for (int i = 0; i < LIM_DISCIPLINES; i++)
        names[i] = lim_discipline_name((enum lim_discipline)i);
    list_names(list, sizeof list, names);
    return lim_fail(diag, LIM_EINVAL, 0,
                    "\"%s\" is not a discipline (valid:%s)",
                    mock_jsontext_quote(name, quoted, sizeof quoted), list);
}

static double seconds_of(int64_t ns)
{
    return (double)ns / (double)LIM_SEC;
}

int mock_config_latency(const char *text, struct sim_provider_config *out,
                        struct lim_diag *diag)
{
    char quoted[64], list[400] = " none";
    int64_t ns = 0;
    const struct sim_profile *profile = sim_profile_find(text);
    if (profile != NULL) {
        out->latency_source = SIM_LATENCY_GIVEN;
        out->latency = profile->latency;
        return LIM_OK;
    }
    if (strcmp(text, "none") == 0 || mock_units_duration(text, &ns)) {
        out->latency_source = SIM_LATENCY_GIVEN;
        out->latency = sim_latency_constant(seconds_of(ns));
        return LIM_OK;
    }
    for (size_t i = 0; i < sim_profiles(); i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, " %s",
                 sim_profile_at(i)->name);
    }
    return lim_fail(diag, LIM_EINVAL, 0,
                    "\"%s\" is neither a duration nor a profile (valid:%s)",
                    mock_jsontext_quote(text, quoted, sizeof quoted), list);
}

/* Passes on what one of the functions above found wrong. */
static void told(struct mock_json *j, const char *key, int error,
                 const struct lim_diag *diag)
{
    if (error != LIM_OK)
        mock_json_wrong(j, key, "%s", diag->text);
}

static void read_table(struct mock_config *c, struct mock_json *j,
                       const char *folder)
{
    const char *name = "current";
    struct lim_diag why = { 0 };
    mock_json_string(j, "table", &name);
    if (*j->error != LIM_OK)
        return;
    told(j, "table", mock_config_table(name, folder, &c->table, &why), &why);
    c->provider.table = c->table;
}

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
    told(j, "tier", error, &why);
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

static void read_organisations(struct mock_config *c, struct mock_json *j)
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
        told(j, "organisations", mock_config_tier(c->table, LIM_TIER_1, &why),
             &why);
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

static void read_charge(struct mock_json *j, struct sim_charge *charge)
{
    struct mock_json one;
    mock_json_enter(&one, j, "charge");
    mock_json_bool(&one, "refused", &charge->refused);
    mock_json_bool(&one, "bad_request", &charge->bad_request);
    mock_json_bool(&one, "settle", &charge->settle);
    mock_json_close(&one);
}

/* Reads an amount into a double: a duration in seconds, or a count. */
static void read_amount(struct mock_json *j, const char *key, bool seconds,
                        double *out)
{
    int64_t ns = -1;
    if (!seconds) {
        mock_json_number(j, key, 0, SIZE_MAX_TOKENS, out);
        return;
    }
    mock_json_duration(j, key, &ns);
    if (ns >= 0)
        *out = seconds_of(ns);
}

static void read_lognormal(struct mock_json *j, bool seconds,
                           struct sim_dist *out)
{
    struct mock_json one;
    double p50 = 0;
    double p95 = 0;
    mock_json_enter(&one, j, "lognormal");
    read_amount(&one, "p50", seconds, &p50);
    read_amount(&one, "p95", seconds, &p95);
    mock_json_close(&one);
    if (*j->error != LIM_OK)
        return;
    if (p50 > 0 && p50 <= p95)
        *out = sim_dist_lognormal(p50, p95);
    else
        mock_json_wrong(j, "lognormal",
                        "expected p50 and p95, with 0 < p50 <= p95");
}

static void read_exponential(struct mock_json *j, bool seconds,
                             struct sim_dist *out)
{
    struct mock_json one;
    double mean = 0;
    mock_json_enter(&one, j, "exponential");
    read_amount(&one, "mean", seconds, &mean);
    mock_json_close(&one);
    if (*j->error != LIM_OK)
        return;
    if (mean > 0)
        *out = sim_dist_exponential(mean);
    else
        mock_json_wrong(j, "exponential", "expected mean, above 0");
}

void mock_config_dist(struct mock_json *j, const char *key, bool seconds,
                      struct sim_dist *out)
{
    const cJSON *value = mock_json_get(j, key);
    struct mock_json one;
    double constant = -1;
    if (value == NULL)
        return;
    if (!cJSON_IsObject(value)) {
        read_amount(j, key, seconds, &constant);
        if (*j->error == LIM_OK)
            *out = sim_dist_constant(constant);
        return;
    }
    mock_json_enter(&one, j, key);
    bool lognormal = mock_json_get(&one, "lognormal") != NULL;
    bool exponential = mock_json_get(&one, "exponential") != NULL;
    mock_json_close(&one);
    if (lognormal == exponential)
        mock_json_wrong(&one, NULL,
                        "expected one of \"lognormal\" and \"exponential\"");
    else if (lognormal)
        read_lognormal(&one, seconds, out);
    else
        read_exponential(&one, seconds, out);
}

static void read_latency(struct mock_json *j, struct sim_provider_config *p)
{
    const cJSON *value = mock_json_get(j, "latency");
    struct sim_latency l = sim_latency_constant(0);
    struct mock_json one;
    if (value == NULL)
        return;
    if (cJSON_IsString(value)) {
        struct lim_diag why = { 0 };
        told(j, "latency", mock_config_latency(value->valuestring, p, &why),
             &why);
        return;
    }
    if (cJSON_GetObjectItemCaseSensitive(value, "ttft") != NULL ||
        cJSON_GetObjectItemCaseSensitive(value, "per_token") != NULL) {
        mock_json_enter(&one, j, "latency");
        mock_config_dist(&one, "ttft", true, &l.ttft);
        mock_config_dist(&one, "per_token", true, &l.per_token);
        mock_json_close(&one);
    } else {
        mock_config_dist(j, "latency", true, &l.ttft);
    }
    p->latency_source = SIM_LATENCY_GIVEN;
    p->latency = l;
}

static void read_windows(struct mock_json *j, struct sim_provider_config *p)
{
    const char *name = lim_discipline_name(p->discipline);
    struct lim_diag why = { 0 };
    mock_json_string(j, "discipline", &name);
    told(j, "discipline", mock_config_discipline(name, &p->discipline, &why),
         &why);
    mock_json_duration(j, "quantum", &p->quantum_ns);
    if (p->quantum_ns <= 0 || p->quantum_ns > LIM_MIN)
        mock_json_wrong(j, "quantum",
                        "expected a duration above 0, at most 1m");
    mock_json_number(j, "burst", 0, 1, &p->burst);
    if (!(p->burst > 0))
        mock_json_wrong(j, "burst", "expected a share above 0, at most 1");
    if (p->burst < 1 && !lim_discipline_has_burst(p->discipline))
        mock_json_wrong(j, "burst", "%s windows have none: expected 1",
                        lim_discipline_name(p->discipline));
}

void mock_config_read(struct mock_config *c, struct mock_json *j,
                      const char *folder)
{
    struct sim_provider_config *p = &c->provider;
    read_table(c, j, folder);
    read_organisations(c, j);
    if (mock_json_get(j, "faults") != NULL)
        mock_json_wrong(j, "faults", "faults are not in this version");
    read_windows(j, p);
    read_charge(j, &p->charge);
    read_latency(j, p);
    mock_json_date(j, "start", &p->start);
    mock_json_close(j);
}
