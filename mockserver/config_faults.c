/* The "faults" of a provider, which also stand in files of their own. */

#define _POSIX_C_SOURCE 200809L

#include "mockserver/config_parts.h"

#include <stdlib.h>
#include <string.h>

#include "mockserver/jsontext.h"

#define LIST_MAX 1000 /* rules of one fault */
#define TIMEOUT_MAX (36500 * LIM_DAY)

/* Whom rules may name, and from when they count. */
struct place {
    const struct sim_provider_config *provider; /* NULL: anybody */
    lim_time start;
};

void mock_config_faults_init(struct mock_faults *f)
{
    *f = (struct mock_faults){ .faults = sim_faults_none() };
}

void mock_config_faults_fini(struct mock_faults *f)
{
    for (size_t i = 0; i < f->text_count; i++)
        free(f->texts[i]);
    free(f->texts);
    free(f->rules);
    mock_config_faults_init(f);
}

/* A list of rules, or one. */
static size_t count_rules(const cJSON *value)
{
    if (cJSON_IsArray(value))
        return (size_t)cJSON_GetArraySize(value);
    return value != NULL;
}

static bool make_room(struct mock_faults *f, struct mock_json *j)
{
    size_t count = 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, j->object)
    {
        if (count_rules(value) > LIST_MAX)
            mock_json_wrong(j, value->string, "expected at most %d rules",
                            LIST_MAX);
        count += count_rules(value);
    }
    if (*j->error != LIM_OK)
        return false;
    f->rules = calloc(count + 1, sizeof *f->rules);
    f->texts = calloc(2 * count + 1, sizeof *f->texts);
    if (f->rules != NULL && f->texts != NULL)
        return true;
    mock_json_wrong(j, NULL, "%s", lim_strerror(LIM_ENOMEM));
    return false;
}

/* Reads a name that outlives the JSON. */
static const char *read_name(struct mock_faults *f, struct mock_json *j,
                             const char *key)
{
    const char *text = NULL;
    mock_json_string(j, key, &text);
    if (text == NULL)
        return NULL;
    char *copy = strdup(text);
    if (copy == NULL)
        mock_json_wrong(j, key, "%s", lim_strerror(LIM_ENOMEM));
    else
        f->texts[f->text_count++] = copy;
    return copy;
}

static void unknown_organisation(struct mock_json *j, const char *name,
                                 const struct sim_provider_config *p)
{
    char quoted[64], suggested[64];
    const char **names = calloc(p->organisation_count + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < p->organisation_count; i++)
        names[i] = p->organisations[i].name;
    const char *near = names != NULL ? mock_json_nearest(name, names) : NULL;
    if (near != NULL)
        mock_jsontext_quote(near, suggested, sizeof suggested);
    mock_json_wrong(j, "organisation", "there is no organisation \"%s\"%s%s%s",
                    mock_jsontext_quote(name, quoted, sizeof quoted),
                    near != NULL ? "; did you mean \"" : "",
                    near != NULL ? suggested : "", near != NULL ? "\"?" : "");
    free(names);
}

static void check_names(struct mock_json *j, const struct place *place,
                        const struct sim_fault_rule *r)
{
    const struct sim_provider_config *p = place->provider;
    char quoted[64];
    if (p == NULL || *j->error != LIM_OK)
        return;
    bool found = r->organisation == NULL;
    for (size_t i = 0; i < p->organisation_count && !found; i++)
        found = strcmp(p->organisations[i].name, r->organisation) == 0;
    if (!found)
        unknown_organisation(j, r->organisation, p);
    if (r->model != NULL && p->table != NULL &&
        !lim_table_knows(p->table, r->model))
        mock_json_wrong(j, "model", "table \"%s\" has no model \"%s\"",
                        lim_table_name(p->table),
                        mock_jsontext_quote(r->model, quoted, sizeof quoted));
}

/* An instant `after_ns` after the start; LIM_NEVER where that is too far. */
static lim_time instant(lim_time start, int64_t after_ns)
{
    return after_ns < LIM_NEVER - start ? start + after_ns : LIM_NEVER;
}

/* Without a "from" it is not bound to the start, which may be moved. */
static void read_object(struct mock_faults *f, struct mock_json *j,
                        const struct place *place, struct sim_fault_rule *r)
{
    int64_t from_ns = 0;
    int64_t until_ns = LIM_NEVER;
    mock_json_number(j, "share", 0, 1, &r->share);
    r->organisation = read_name(f, j, "organisation");
    r->model = read_name(f, j, "model");
    mock_json_duration(j, "from", &from_ns);
    mock_json_duration(j, "until", &until_ns);
    bool later = mock_json_get(j, "from") != NULL;
    if (mock_json_get(j, "share") == NULL)
        mock_json_wrong(j, "share", "missing: of the requests, 0 to 1");
    mock_json_close(j);
    if (until_ns <= from_ns)
        mock_json_wrong(j, "until", "expected a time after \"from\"");
    check_names(j, place, r);
    if (later)
        r->from = instant(place->start, from_ns);
    r->until = instant(place->start, until_ns);
}

static struct sim_fault_rule *next_rule(struct mock_faults *f,
                                        enum sim_fault fault)
{
    struct sim_fault_rule *r = &f->rules[f->faults.count++];
    *r = (struct sim_fault_rule){ .fault = fault,
                                  .from = INT64_MIN,
                                  .until = LIM_NEVER };
    return r;
}

/* The rules of one fault: a share, an object, or a list of objects. */
static void read_fault(struct mock_faults *f, struct mock_json *j,
                       const struct place *place, enum sim_fault fault)
{
    const char *name = sim_fault_name(fault);
    const cJSON *value = mock_json_get(j, name);
    const cJSON *item;
    struct mock_json one;
    size_t i = 0;
    if (value == NULL)
        return;
    if (cJSON_IsObject(value)) {
        mock_json_enter(&one, j, name);
        read_object(f, &one, place, next_rule(f, fault));
    } else if (!cJSON_IsArray(value)) {
        mock_json_number(j, name, 0, 1, &next_rule(f, fault)->share);
    }
    if (!cJSON_IsArray(value))
        return;
    cJSON_ArrayForEach(item, value)
    {
        mock_json_enter_at(&one, item, j, name, i++);
        read_object(f, &one, place, next_rule(f, fault));
    }
}

/* Shares that hold for every request at every time are parts of one whole. */
static void check_whole(struct mock_json *j, const struct mock_faults *f)
{
    double sum = 0;
    for (size_t i = 0; i < f->faults.count; i++) {
        const struct sim_fault_rule *r = &f->rules[i];
        if (r->organisation == NULL && r->model == NULL &&
            r->from == INT64_MIN && r->until == LIM_NEVER)
            sum += r->share;
    }
    if (sum > 1 + 1e-9)
        mock_json_wrong(j, NULL,
                        "the shares of faults that strike all requests come "
                        "to %.6g, more than 1",
                        sum);
}

/* Moves an instant that is one, LIM_NEVER and "always" being none. */
static void move(lim_time *at, int64_t by)
{
    if (*at != LIM_NEVER && *at != INT64_MIN)
        *at += by;
}

void mock_config_start(struct mock_config *c, lim_time start)
{
    int64_t by = start - c->provider.start;
    for (size_t i = 0; i < c->faults.faults.count; i++) {
        move(&c->faults.rules[i].from, by);
        move(&c->faults.rules[i].until, by);
    }
    c->provider.start = start;
}

void mock_config_faults_read(struct mock_faults *f, struct mock_json *j,
                             const struct sim_provider_config *provider,
                             lim_time start)
{
    const struct place place = { .provider = provider, .start = start };
    if (!make_room(f, j))
        return;
    f->faults.rules = f->rules;
    for (int i = SIM_FAULT_NONE + 1; i < SIM_FAULTS; i++)
        read_fault(f, j, &place, (enum sim_fault)i);
    mock_json_duration(j, "timeout_after", &f->faults.timeout_ns);
    if (f->faults.timeout_ns <= 0 || f->faults.timeout_ns > TIMEOUT_MAX)
        mock_json_wrong(j, "timeout_after",
                        "expected a duration above 0, at most 36500d");
    mock_json_close(j);
    check_whole(j, f);
}
