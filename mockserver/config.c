#include "mockserver/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/azure.h"
#include "mockserver/config_parts.h"
#include "mockserver/jsontext.h"
#include "mockserver/words.h"

#define TABLE_FILE_MAX (4 << 20)

void mock_config_init(struct mock_config *c)
{
    *c = (struct mock_config){ .provider = sim_provider_config_default() };
    c->provider.table = NULL;
    mock_config_faults_init(&c->faults);
}

void mock_config_fini(struct mock_config *c)
{
    for (size_t i = 0; c->names != NULL && i < c->organisation_count; i++)
        free(c->names[i]);
    free(c->names);
    for (size_t i = 0; i < c->block_count; i++)
        free(c->blocks[i]);
    free(c->blocks);
    free(c->organisations);
    mock_config_faults_fini(&c->faults);
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

/* Passes on what one of the functions above found wrong. */
void mock_config_told(struct mock_json *j, const char *key, int error,
                      const struct lim_diag *diag)
{
    if (error != LIM_OK)
        mock_json_wrong(j, key, "%s", diag->text);
}

void *mock_config_keep(struct mock_config *c, struct mock_json *j, size_t size)
{
    void **blocks = realloc(c->blocks, (c->block_count + 1) * sizeof(void *));
    void *block = NULL;
    if (blocks != NULL) {
        c->blocks = blocks;
        block = malloc(size);
    }
    if (block == NULL)
        mock_json_wrong(j, NULL, "%s", lim_strerror(LIM_ENOMEM));
    else
        c->blocks[c->block_count++] = block;
    return block;
}

char *mock_config_keep_text(struct mock_config *c, struct mock_json *j,
                            const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mock_config_keep(c, j, size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static void read_table(struct mock_config *c, struct mock_json *j,
                       const char *folder)
{
    const char *name = "current";
    struct lim_diag why = { 0 };
    mock_json_string(j, "table", &name);
    if (*j->error != LIM_OK)
        return;
    mock_config_told(j, "table",
                     mock_config_table(name, folder, &c->table, &why), &why);
    c->provider.table = c->table;
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

static void read_windows(struct mock_json *j, struct sim_provider_config *p)
{
    const char *name = lim_discipline_name(p->discipline);
    struct lim_diag why = { 0 };
    mock_json_string(j, "discipline", &name);
    mock_config_told(j, "discipline",
                     mock_config_discipline(name, &p->discipline, &why), &why);
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

static void read_upgrades(struct mock_json *j, struct sim_provider_config *p)
{
    static const char *const names[] = { [SIM_UPGRADES_AUTOMATIC] = "automatic",
                                         [SIM_UPGRADES_ON_PAYMENT] = "payment",
                                         NULL };
    const char *name = names[p->upgrades];
    mock_json_string(j, "upgrades", &name);
    if (strcmp(name, names[SIM_UPGRADES_ON_PAYMENT]) == 0)
        p->upgrades = SIM_UPGRADES_ON_PAYMENT;
    else if (strcmp(name, names[SIM_UPGRADES_AUTOMATIC]) == 0)
        p->upgrades = SIM_UPGRADES_AUTOMATIC;
    else
        mock_json_unknown_name(j, "upgrades", name, names);
}

static void read_manner(struct mock_json *j, struct mock_manner *m)
{
    const char *eras[MOCK_ERAS + 1] = { NULL };
    const char *dialects[MOCK_DIALECTS + 1] = { NULL };
    const char *era = mock_words_era_name(m->era);
    const char *dialect = mock_azure_dialect_name(m->dialect);
    for (int i = 0; i < MOCK_ERAS; i++)
        eras[i] = mock_words_era_name((enum mock_era)i);
    for (int i = 0; i < MOCK_DIALECTS; i++)
        dialects[i] = mock_azure_dialect_name((enum mock_dialect)i);
    mock_json_string(j, "era", &era);
    mock_json_string(j, "dialect", &dialect);
    if (!mock_words_era_find(era, &m->era))
        mock_json_unknown_name(j, "era", era, eras);
    if (!mock_azure_dialect_find(dialect, &m->dialect))
        mock_json_unknown_name(j, "dialect", dialect, dialects);
}

static void read_faults(struct mock_config *c, struct mock_json *j)
{
    struct sim_provider_config *p = &c->provider;
    struct mock_json one;
    if (mock_json_get(j, "faults") == NULL)
        return;
    mock_json_enter(&one, j, "faults");
    mock_config_faults_read(&c->faults, &one, p, p->start);
    p->faults = c->faults.faults;
}

void mock_config_read(struct mock_config *c, struct mock_json *j,
                      const char *folder)
{
    struct sim_provider_config *p = &c->provider;
    read_table(c, j, folder);
    mock_config_prices(c, j);
    mock_config_organisations(c, j);
    read_upgrades(j, p);
    read_windows(j, p);
    read_charge(j, &p->charge);
    mock_config_read_latency(j, p);
    mock_json_date(j, "start", &p->start);
    read_faults(c, j);
    read_manner(j, &c->manner);
    mock_json_close(j);
}
