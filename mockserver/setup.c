#define _GNU_SOURCE

#include "mockserver/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/azure.h"
#include "mockserver/words.h"

#define CONFIG_FILE_MAX (4 << 20)

int mock_setup_complain(int status, const char *what, const char *why)
{
    fprintf(stderr, MOCK_SETUP_NAME ": %s: %s\n", what, why);
    return status;
}

static int complain_file(const char *file, const struct lim_diag *diag)
{
    if (diag->line > 0)
        fprintf(stderr, MOCK_SETUP_NAME ": %s:%d: %s\n", file, diag->line,
                diag->text);
    else
        fprintf(stderr, MOCK_SETUP_NAME ": %s: %s\n", file, diag->text);
    return BAD_INPUT;
}

/* The folder of a file; the caller frees it.  NULL: no memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

static cJSON *read_json(const char *path, struct lim_diag *why)
{
    size_t length;
    char *text = mock_read_file(path, CONFIG_FILE_MAX, &length, why);
    if (text == NULL)
        return NULL;
    cJSON *root = mock_json_parse(text, length, why);
    free(text);
    return root;
}

static int read_config(const struct mock_options *o, struct mock_config *c)
{
    const char *path = o->config;
    struct lim_diag why = { 0 };
    struct mock_json j;
    int error = LIM_OK;
    cJSON *root = read_json(path, &why);
    if (root == NULL)
        return complain_file(path, &why);
    char *folder = folder_of(path);
    mock_json_open(&j, root, "", &error, &why);
    mock_config_read(c, &j, folder);
    free(folder);
    cJSON_Delete(root);
    return error == LIM_OK ? DONE : complain_file(path, &why);
}

/* Without a configuration: one tier for all, organisations as they come. */
static int choose_table(const struct mock_options *o, struct mock_config *c,
                        enum lim_tier *out)
{
    const char *table = o->table != NULL ? o->table : "current";
    const char *tier = o->tier != NULL ? o->tier : "tier1";
    struct lim_diag why = { 0 };
    if (mock_config_table(o->no_limits ? "none" : table, NULL, &c->table,
                          &why) != LIM_OK)
        return mock_setup_complain(BAD_INPUT, "--table", why.text);
    c->provider.table = c->table;
    if (mock_config_tier_name(tier, out, &why) != LIM_OK ||
        mock_config_tier(c->table, *out, &why) != LIM_OK)
        return mock_setup_complain(BAD_INPUT, "--tier", why.text);
    return DONE;
}

/* In place of what a configuration says.  Without one there are no names of
   organisations yet. */
static int read_faults(const struct mock_options *o, struct mock_config *c)
{
    const char *path = o->faults;
    struct sim_provider_config *p = &c->provider;
    struct mock_faults *f = &c->faults;
    struct lim_diag why = { 0 };
    struct mock_json j;
    int error = LIM_OK;
    if (path == NULL)
        return DONE;
    cJSON *root = read_json(path, &why);
    if (root == NULL)
        return complain_file(path, &why);
    mock_config_faults_fini(f);
    mock_config_faults_init(f);
    mock_json_open(&j, root, "", &error, &why);
    mock_config_faults_read(f, &j, o->config != NULL ? p : NULL, p->start);
    p->faults = f->faults;
    cJSON_Delete(root);
    return error == LIM_OK ? DONE : complain_file(path, &why);
}

static int choose_manner(const struct mock_options *o, struct mock_manner *m)
{
    if (o->era != NULL && !mock_words_era_find(o->era, &m->era))
        return mock_setup_complain(BAD_INPUT, "--era",
                                   "valid: now 2023 2023-03 2022");
    if (o->dialect != NULL && !mock_azure_dialect_find(o->dialect, &m->dialect))
        return mock_setup_complain(BAD_INPUT, "--dialect",
                                   "valid: openai azure");
    return DONE;
}

int mock_setup_read(const struct mock_options *o, lim_time start,
                    struct mock_config *c, enum lim_tier *tier)
{
    struct sim_provider_config *p = &c->provider;
    struct lim_diag why = { 0 };
    int status =
        o->config != NULL ? read_config(o, c) : choose_table(o, c, tier);
    if (status != DONE)
        return status;
    if (o->discipline != NULL &&
        mock_config_discipline(o->discipline, &p->discipline, &why) != LIM_OK)
        return mock_setup_complain(BAD_INPUT, "--discipline", why.text);
    if (p->burst < 1 && !lim_discipline_has_burst(p->discipline))
        return mock_setup_complain(
            BAD_INPUT, "--discipline",
            "such windows have no burst, and --config sets one");
    if (o->latency != NULL &&
        mock_config_latency(o->latency, p, &why) != LIM_OK)
        return mock_setup_complain(BAD_INPUT, "--latency", why.text);
    p->seed = o->seed;
    if (o->start >= 0)
        mock_config_start(c, o->start);
    else if (o->config == NULL)
        p->start = start;
    p->faults = c->faults.faults;
    status = choose_manner(o, &c->manner);
    return status == DONE ? read_faults(o, c) : status;
}
