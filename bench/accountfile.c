#define _GNU_SOURCE

#include "bench/accountfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "limiter/limits.h"
#include "limiter/tier.h"
#include "mockserver/file.h"
#include "mockserver/json.h"

#define FILE_MAX_BYTES (1 << 20)
#define VALUE_MAX 4096
#define URL_MAX 250
#define NAME_MAX 64
#define VERSION_MAX 40
#define VERSION "abcdefghijklmnopqrstuvwxyz0123456789.-"

/* A file being read. */
struct reading {
    struct bench_accountfile *file;
    int folder_length; /* of the path, up to its last '/' */
    int error;
    struct lim_diag *diag;
};

bool bench_accountfile_is_clean(const char *value)
{
    size_t length = strlen(value);

    if (length == 0 || length > VALUE_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (value[i] <= ' ' || value[i] > '~')
            return false;
    return true;
}

void bench_accountfile_guard(void)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
}

static void check_value(struct mock_json *j, const char *key, const char *value)
{
    if (value != NULL && !bench_accountfile_is_clean(value))
        mock_json_wrong(j, key,
                        "is empty, or holds a blank or a character that "
                        "cannot be sent");
}

/* The first line of a key's file.  Its name is not told: who mistook
   key_file for the key wrote the key there. */
static char *read_key_file(struct reading *r, struct mock_json *j,
                           const char *file)
{
    char line[VALUE_MAX + 3] = "";
    char *path = NULL;

    if (asprintf(&path, "%.*s%s", file[0] == '/' ? 0 : r->folder_length,
                 r->file->path, file) < 0) {
        r->error = LIM_ENOMEM;
        return NULL;
    }
    FILE *in = fopen(path, "re");
    free(path);
    if (in == NULL) {
        mock_json_wrong(j, "key_file", "cannot be read: %s", strerror(errno));
        return NULL;
    }
    if (fgets(line, sizeof line, in) == NULL)
        line[0] = '\0';
    fclose(in);
    line[strcspn(line, "\r\n")] = '\0';
    char *key = strdup(line);
    explicit_bzero(line, sizeof line);
    if (key == NULL)
        r->error = LIM_ENOMEM;
    return key;
}

/* The variable is not named either, for the same reason. */
static char *read_key_env(struct reading *r, struct mock_json *j,
                          const char *variable)
{
    const char *value = getenv(variable);

    if (value == NULL || *value == '\0') {
        mock_json_wrong(j, "key_env",
                        "the environment has no such variable (the name of "
                        "one stands here, not the key)");
        return NULL;
    }
    char *key = strdup(value);
    if (key == NULL)
        r->error = LIM_ENOMEM;
    return key;
}

static char *read_key(struct reading *r, struct mock_json *j)
{
    const char *variable = NULL, *file = NULL;

    mock_json_string(j, "key_env", &variable);
    mock_json_string(j, "key_file", &file);
    if (r->error != LIM_OK)
        return NULL;
    if ((variable == NULL) == (file == NULL)) {
        mock_json_wrong(j, variable != NULL ? "key_file" : "key_env",
                        "an account has its key in key_env (a variable of "
                        "the environment) or in key_file, one of them");
        return NULL;
    }
    char *key =
        file != NULL ? read_key_file(r, j, file) : read_key_env(r, j, variable);
    if (key != NULL)
        check_value(j, file != NULL ? "key_file" : "key_env", key);
    return key;
}

/* Limits are read for their form: {"gpt-4o": {"rpm": 500}}. */
static void check_limits(struct reading *r, struct mock_json *j)
{
    const cJSON *limits = mock_json_get(j, "limits");

    if (limits != NULL && !cJSON_IsObject(limits))
        mock_json_wrong(j, "limits", "an object of models");
    for (const cJSON *m = cJSON_IsObject(limits) ? limits->child : NULL;
         m != NULL && r->error == LIM_OK; m = m->next) {
        char path[256];
        struct mock_json model;
        struct lim_limits read;
        snprintf(path, sizeof path, "accounts[%zu].limits.%.100s",
                 r->file->count - 1, m->string);
        mock_json_open(&model, m, path, &r->error, r->diag);
        mock_json_limits(&model, &read);
    }
}

static void check_tier(struct mock_json *j)
{
    const char *names[LIM_TIERS + 1];
    const char *tier = NULL;
    enum lim_tier found;

    mock_json_string(j, "tier", &tier);
    if (tier == NULL || lim_tier_find(tier, &found))
        return;
    for (int t = 0; t < LIM_TIERS; t++)
        names[t] = lim_tier_name((enum lim_tier)t);
    names[LIM_TIERS] = NULL;
    mock_json_unknown_name(j, "tier", tier, names);
}

struct endpoint {
    const char *name, *url, *api_version;
    bool azure;
};

static void read_dialect(struct mock_json *j, struct endpoint *e)
{
    static const char *const names[] = { "openai", "azure", NULL };
    const char *dialect = names[0];

    mock_json_string(j, "dialect", &dialect);
    mock_json_string(j, "api_version", &e->api_version);
    e->azure = strcmp(dialect, "azure") == 0;
    if (!e->azure && strcmp(dialect, "openai") != 0)
        mock_json_unknown_name(j, "dialect", dialect, names);
    if (e->api_version != NULL && !e->azure)
        mock_json_wrong(j, "api_version", "only Azure's dialect has one");
    if (e->api_version != NULL &&
        (e->api_version[0] == '\0' ||
         e->api_version[strspn(e->api_version, VERSION)] != '\0' ||
         strlen(e->api_version) > VERSION_MAX))
        mock_json_wrong(j, "api_version", "a date such as 2024-10-21");
}

static struct endpoint read_endpoint(struct mock_json *root,
                                     const cJSON *element, size_t index)
{
    struct endpoint e = { .name = NULL };
    struct mock_json j;

    mock_json_enter_at(&j, element, root, "endpoints", index);
    mock_json_string(&j, "name", &e.name);
    mock_json_string(&j, "base_url", &e.url);
    read_dialect(&j, &e);
    if (e.name == NULL || e.url == NULL)
        mock_json_wrong(&j, e.name == NULL ? "name" : "base_url",
                        "every endpoint has one");
    else if ((strncmp(e.url, "http://", 7) != 0 &&
              strncmp(e.url, "https://", 8) != 0) ||
             strchr(e.url, '@') != NULL || strlen(e.url) > URL_MAX)
        mock_json_wrong(&j, "base_url",
                        "begins with http:// or https://, has no user or "
                        "password in it, and at most %d characters",
                        URL_MAX);
    mock_json_close(&j);
    return e;
}

/* An account's endpoint; without a name the only one. */
static struct endpoint find_endpoint(struct reading *r, struct mock_json *root,
                                     struct mock_json *account)
{
    const cJSON *all = mock_json_get(root, "endpoints");
    struct endpoint found = { .name = NULL };
    const char *wanted = NULL;
    size_t index = 0;

    mock_json_string(account, "endpoint", &wanted);
    for (const cJSON *e = cJSON_IsArray(all) ? all->child : NULL;
         e != NULL && r->error == LIM_OK; e = e->next) {
        struct endpoint one = read_endpoint(root, e, index++);
        bool only = e->next == NULL && index == 1;
        if (wanted == NULL ? only
                           : one.name != NULL && strcmp(one.name, wanted) == 0)
            found = one;
    }
    if (wanted != NULL && found.name == NULL)
        mock_json_wrong(account, "endpoint", "no endpoint has that name");
    return found;
}

/* {"gpt-4o": "my-deployment"}: it serves these, and calls them so. */
static const cJSON *read_models(struct reading *r, struct mock_json *j)
{
    const cJSON *models = mock_json_get(j, "models");

    if (models != NULL && !cJSON_IsObject(models))
        mock_json_wrong(j, "models", "an object of names");
    for (const cJSON *m = cJSON_IsObject(models) ? models->child : NULL;
         m != NULL && r->error == LIM_OK; m = m->next)
        if (!cJSON_IsString(m) || !bench_accountfile_is_clean(m->valuestring) ||
            strlen(m->valuestring) > NAME_MAX ||
            strpbrk(m->valuestring, "/?#%\"\\") != NULL)
            mock_json_wrong(j, "models",
                            "\"%.100s\" is to be the name that this account "
                            "has for the model, of at most %d characters",
                            m->string, NAME_MAX);
    return models;
}

static void read_account(struct reading *r, struct mock_json *root,
                         const cJSON *element)
{
    size_t index = r->file->count++;
    struct bench_account *a = &r->file->accounts[index];
    struct mock_json j;

    *a = (struct bench_account){ 0 };
    mock_json_enter_at(&j, element, root, "accounts", index);
    mock_json_string(&j, "name", &a->name);
    mock_json_string(&j, "organisation", &a->organisation);
    mock_json_string(&j, "project", &a->project);
    check_value(&j, "organisation", a->organisation);
    check_value(&j, "project", a->project);
    check_tier(&j);
    check_limits(r, &j);
    a->models = read_models(r, &j);
    struct endpoint e = find_endpoint(r, root, &j);
    a->base_url = e.url;
    a->azure = e.azure;
    a->api_version = e.api_version;
    a->key = read_key(r, &j);
    mock_json_close(&j);
    if (a->name == NULL)
        mock_json_wrong(&j, "name", "every account has one");
}

static void read_accounts(struct reading *r)
{
    struct bench_accountfile *f = r->file;
    struct mock_json root;

    mock_json_open(&root, f->tree, "", &r->error, r->diag);
    const cJSON *list = mock_json_get(&root, "accounts");
    const cJSON *endpoints = mock_json_get(&root, "endpoints");
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (count == 0)
        mock_json_wrong(&root, "accounts", "a list of at least one account");
    if (endpoints != NULL && !cJSON_IsArray(endpoints))
        mock_json_wrong(&root, "endpoints", "a list of endpoints");
    f->accounts = calloc(count > 0 ? (size_t)count : 1, sizeof *f->accounts);
    if (f->accounts == NULL)
        r->error = LIM_ENOMEM;
    for (const cJSON *e = count > 0 ? list->child : NULL;
         e != NULL && r->error == LIM_OK; e = e->next)
        read_account(r, &root, e);
    mock_config_prices(&f->priced, &root);
    mock_json_close(&root);
}

void bench_accountfile_fini(struct bench_accountfile *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->accounts[i].key);
    free(f->accounts);
    cJSON_Delete(f->tree);
    mock_config_fini(&f->priced);
    *f = (struct bench_accountfile){ 0 };
}

static bool is_key_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* A key that stands where a name belongs must not get into the message
   which tells that. */
static void mask_keys(char *text)
{
    for (char *at = strstr(text, "sk-"); at != NULL; at = strstr(at, "sk-"))
        for (at += 3; is_key_character(*at); at++)
            *at = '*';
}

/* Puts "file: " or "file:line: " before what is wrong. */
static int tell(const struct lim_diag *inner, int error, const char *path,
                struct lim_diag *diag)
{
    char text[sizeof inner->text];

    memcpy(text, inner->text, sizeof text);
    mask_keys(text);
    if (inner->line > 0)
        return lim_fail(diag, error, inner->line, "%.100s:%d: %.380s", path,
                        inner->line, text);
    return lim_fail(diag, error, 0, "%.100s: %.400s", path, text);
}

int bench_accountfile_read(struct bench_accountfile *f, const char *path,
                           struct lim_diag *diag)
{
    struct lim_diag inner = { 0 };
    bench_accountfile_guard();
    const char *slash = strrchr(path, '/');
    struct reading r = {
        .file = f,
        .folder_length = slash != NULL ? (int)(slash - path + 1) : 0,
        .diag = &inner,
    };
    size_t length = 0;

    *f = (struct bench_accountfile){ .path = path };
    char *text = mock_read_file(path, FILE_MAX_BYTES, &length, &inner);
    if (text == NULL)
        return tell(&inner, LIM_EINVAL, path, diag);
    f->tree = mock_json_parse(text, length, &inner);
    free(text);
    if (f->tree == NULL)
        return tell(&inner, LIM_EPARSE, path, diag);
    read_accounts(&r);
    if (r.error == LIM_ENOMEM)
        lim_fail(&inner, LIM_ENOMEM, 0, "out of memory");
    if (r.error == LIM_OK)
        return LIM_OK;
    bench_accountfile_fini(f);
    return tell(&inner, r.error, path, diag);
}
