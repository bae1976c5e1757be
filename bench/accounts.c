#define _GNU_SOURCE

#include "bench/accounts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/accountfile.h"

#define DEFAULT_URL "https://api.openai.com/v1"

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
    const char *key, *organisation, *project, *base_url;
};

/* Adds a credential; false: no memory. */
static bool add_credential(struct organisation *o, const struct parts *p)
{
    struct bench_credential c = { 0 };
    struct bench_credential *grown =
        realloc(o->credentials, (o->count + 1) * sizeof *grown);

    if (grown == NULL)
        return false;
    o->credentials = grown;
    if (!add_line(&c, "Authorization: Bearer ", p->key) ||
        (p->organisation != NULL &&
         !add_line(&c, "OpenAI-Organization: ", p->organisation)) ||
        (p->project != NULL && !add_line(&c, "OpenAI-Project: ", p->project)))
        goto free_lines;
    if (p->base_url != NULL) {
        c.base_url = strdup(p->base_url);
        if (c.base_url == NULL)
            goto free_lines;
    }
    o->credentials[o->count++] = c;
    return true;

free_lines:
    free_credential(&c);
    return false;
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
                               .base_url = a->base_url };
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
