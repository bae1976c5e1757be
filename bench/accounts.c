#define _GNU_SOURCE

#include "bench/accounts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/accountfile.h"
#include "bench/span.h"
#include "bench/transport.h"

#define DEFAULT_URL "https://api.openai.com/v1"
#define NAME_SIZE 80 /* bench_accountfile bounds names */

struct organisation {
    struct bench_credential *credentials; /* owned, lines and URL too */
    size_t count;
};

struct bench_accounts {
    struct organisation *organisations;
    size_t count;
};

/* Lines are written by us alone: they are const for those who read. */
static void free_text(const char *text)
{
    union {
        const char *in;
        char *out;
    } owned = { .in = text };

    free(owned.out);
}

static struct bench_accounts *new_accounts(size_t organisations)
{
    struct bench_accounts *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->organisations =
        calloc(organisations > 0 ? organisations : 1, sizeof *a->organisations);
    if (a->organisations == NULL) {
        free(a);
        return NULL;
    }
    a->count = organisations;
    return a;
}

static void free_credential(struct bench_credential *c)
{
    for (size_t i = 0; i < BENCH_CREDENTIAL_LINES; i++)
        free_text(c->lines[i]);
    free_text(c->base_url);
    free_text(c->api_version);
    cJSON_Delete(c->models);
    *c = (struct bench_credential){ 0 };
}

void bench_accounts_free(struct bench_accounts *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < a->organisations[i].count; k++)
            free_credential(&a->organisations[i].credentials[k]);
        free(a->organisations[i].credentials);
    }
    free(a->organisations);
    free(a);
}

size_t bench_accounts_organisations(const struct bench_accounts *a)
{
    return a->count;
}

const struct bench_credential *bench_accounts_key(
    const struct bench_accounts *a, uint32_t organisation, unsigned key)
{
    assert(organisation < a->count);
    const struct organisation *o = &a->organisations[organisation];
    assert(o->count > 0);
    return &o->credentials[key % o->count];
}

const char *bench_accounts_default_url(void)
{
    const char *url = getenv("OPENAI_BASE_URL");

    return url != NULL && *url != '\0' ? url : DEFAULT_URL;
}

const char *bench_accounts_model(const struct bench_credential *c,
                                 const char *model)
{
    if (c->models == NULL)
        return model;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(c->models, model);
    return cJSON_IsString(name) ? name->valuestring : NULL;
}

/* False: it is too long. */
static bool put_url(const struct bench_credential *c, const char *base,
                    const char *path, const char *name,
                    struct bench_transfer *x)
{
    int n = (int)strlen(base), length;
    while (n > 0 && base[n - 1] == '/')
        n--;
    bool told = n >= 7 && strncmp(base + n - 7, "/openai", 7) == 0;
    const char *room = told ? "" : "/openai";
    if (!c->azure || (n >= 3 && strncmp(base + n - 3, "/v1", 3) == 0))
        length = snprintf(x->url, sizeof x->url, "%.*s%s", n, base, path);
    else if (c->api_version == NULL)
        length =
            snprintf(x->url, sizeof x->url, "%.*s%s/v1%s", n, base, room, path);
    else if (strcmp(path, "/responses") == 0)
        length = snprintf(x->url, sizeof x->url, "%.*s%s%s?api-version=%s", n,
                          base, room, path, c->api_version);
    else
        length = snprintf(x->url, sizeof x->url,
                          "%.*s%s/deployments/%s%s?api-version=%s", n, base,
                          room, name, path, c->api_version);
    return (size_t)length < sizeof x->url;
}

/* The name is a clean one: it needs no escapes. */
static bool rename_model(const char *name, struct bench_buffer *body)
{
    struct bench_span model;
    char quoted[NAME_SIZE];
    int n = snprintf(quoted, sizeof quoted, "\"%s\"", name);
    return n < (int)sizeof quoted &&
           bench_span_find(body->data, body->length, "model", &model) &&
           bench_span_replace(body, model, quoted, (size_t)n);
}

bool bench_accounts_address(const struct bench_credential *c,
                            const char *base_url, const char *path,
                            const char *model, struct bench_transfer *x)
{
    const char *name = bench_accounts_model(c, model);
    x->lines = c->lines;
    if (name != NULL && name != model && !rename_model(name, &x->body))
        return false;
    return put_url(c, c->base_url != NULL ? c->base_url : base_url, path,
                   name != NULL ? name : model, x);
}

static bool add_line(struct bench_credential *c, const char *name,
                     const char *value)
{
    size_t at = 0;
    char *line;

    while (c->lines[at] != NULL)
        at++;
    assert(at < BENCH_CREDENTIAL_LINES);
    if (asprintf(&line, "%s%s", name, value) < 0)
        return false;
    c->lines[at] = line;
    return true;
}

/* The parts of a credential; only the key must be there. */
struct parts {
    const char *key, *organisation, *project, *base_url, *api_version;
    bool azure;
    const cJSON *models;
};

static bool add_lines(struct bench_credential *c, const struct parts *p)
{
    if (p->azure)
        return add_line(c, "api-key: ", p->key);
    return add_line(c, "Authorization: Bearer ", p->key) &&
           (p->organisation == NULL ||
            add_line(c, "OpenAI-Organization: ", p->organisation)) &&
           (p->project == NULL || add_line(c, "OpenAI-Project: ", p->project));
}

static bool copy(const char *text, const char **out)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

/* Adds a credential; false: no memory. */
static bool add_credential(struct organisation *o, const struct parts *p)
{
    struct bench_credential c = { .azure = p->azure };
    struct bench_credential *grown =
        realloc(o->credentials, (o->count + 1) * sizeof *grown);

    if (grown == NULL)
        return false;
    o->credentials = grown;
    if (p->models != NULL)
        c.models = cJSON_Duplicate(p->models, true);
    if (!add_lines(&c, p) || !copy(p->base_url, &c.base_url) ||
        !copy(p->api_version, &c.api_version) ||
        (p->models != NULL && c.models == NULL)) {
        free_credential(&c);
        return false;
    }
    o->credentials[o->count++] = c;
    return true;
}

static void *out_of_memory(struct bench_accounts *a, struct lim_diag *diag)
{
    bench_accounts_free(a);
    lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    return NULL;
}

struct bench_accounts *bench_accounts_mock(const struct sim_provider_config *p,
                                           struct lim_diag *diag)
{
    struct bench_accounts *a = new_accounts(p->organisation_count);

    if (a == NULL)
        return out_of_memory(NULL, diag);
    for (size_t i = 0; i < a->count; i++) {
        const struct sim_organisation *o = &p->organisations[i];
        for (unsigned k = 1; k <= o->keys; k++) {
            char *key;
            if (asprintf(&key, "sk-mock-%s-%u", o->name, k) < 0)
                return out_of_memory(a, diag);
            bool good = add_credential(&a->organisations[i],
                                       &(struct parts){ .key = key });
            free(key);
            if (!good)
                return out_of_memory(a, diag);
        }
    }
    return a;
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

struct bench_accounts *bench_accounts_environment(
    const struct sim_provider_config *p, struct lim_diag *diag)
{
    struct parts parts = { .key = from_environment("OPENAI_API_KEY"),
                           .organisation = from_environment("OPENAI_ORG_ID"),
                           .project = from_environment("OPENAI_PROJECT_ID") };
    const char *bad = NULL;

    bench_accountfile_guard();
    if (p->organisation_count != 1) {
        lim_fail(diag, LIM_EINVAL, 0,
                 "the scenario has %zu organisations, OPENAI_API_KEY is of "
                 "one: name their keys in an accounts file (--accounts)",
                 p->organisation_count);
        return NULL;
    }
    if (parts.key == NULL) {
        lim_fail(diag, LIM_EINVAL, 0,
                 "no key: set OPENAI_API_KEY, or name an accounts file "
                 "(--accounts)");
        return NULL;
    }
    if (!bench_accountfile_is_clean(parts.key))
        bad = "OPENAI_API_KEY";
    else if (parts.organisation != NULL &&
             !bench_accountfile_is_clean(parts.organisation))
        bad = "OPENAI_ORG_ID";
    else if (parts.project != NULL &&
             !bench_accountfile_is_clean(parts.project))
        bad = "OPENAI_PROJECT_ID";
    if (bad != NULL) {
        lim_fail(diag, LIM_EINVAL, 0,
                 "%s holds a blank or a character that cannot be sent", bad);
        return NULL;
    }
    struct bench_accounts *a = new_accounts(1);
    if (a == NULL || !add_credential(&a->organisations[0], &parts))
        return out_of_memory(a, diag);
    return a;
}

static const char *group_of(const struct bench_account *a)
{
    return a->organisation != NULL ? a->organisation : a->name;
}

static bool is_one_organisation(const struct bench_accountfile *f)
{
    for (size_t i = 1; i < f->count; i++)
        if (strcmp(group_of(&f->accounts[i]), group_of(&f->accounts[0])) != 0)
            return false;
    return true;
}

/* Gives the scenario's organisation its accounts; false: no memory. */
static bool assign(const struct bench_accountfile *f, struct organisation *o,
                   const char *name, bool any)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct bench_account *a = &f->accounts[i];
        bool slug =
            a->organisation != NULL && strncmp(a->organisation, "org-", 4) == 0;
        struct parts parts = { .key = a->key,
                               .project = a->project,
                               .organisation = slug ? a->organisation : NULL,
                               .base_url = a->base_url,
                               .api_version = a->api_version,
                               .azure = a->azure,
                               .models = a->models };
        if ((any || strcmp(group_of(a), name) == 0) &&
            !add_credential(o, &parts))
            return false;
    }
    return true;
}

static struct bench_accounts *assign_all(const struct bench_accountfile *f,
                                         const struct sim_provider_config *p,
                                         struct lim_diag *diag)
{
    struct bench_accounts *a = new_accounts(p->organisation_count);
    bool any = p->organisation_count == 1 && is_one_organisation(f);

    if (a == NULL)
        return out_of_memory(NULL, diag);
    for (size_t i = 0; i < a->count; i++) {
        const char *name = p->organisations[i].name;
        if (!assign(f, &a->organisations[i], name, any))
            return out_of_memory(a, diag);
        if (a->organisations[i].count == 0) {
            lim_fail(diag, LIM_EINVAL, 0,
                     "%.200s has no account for the scenario's organisation "
                     "\"%.100s\"",
                     f->path, name);
            bench_accounts_free(a);
            return NULL;
        }
    }
    return a;
}

struct bench_accounts *bench_accounts_read(const char *path,
                                           const struct sim_provider_config *p,
                                           struct lim_diag *diag)
{
    struct bench_accountfile f;
    struct bench_accounts *a = NULL;

    if (bench_accountfile_read(&f, path, diag) == LIM_OK) {
        a = assign_all(&f, p, diag);
        bench_accountfile_fini(&f);
    }
    return a;
}
