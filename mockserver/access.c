#include "mockserver/access.h"

#include <string.h>

#include "mockserver/azure.h"

/* "organisation/project", and "organisation/" where it has projects; names
   have no slash.  Longer ones there are not. */
#define FULL_NAME_MAX 256

static size_t full_name(const char *organisation, struct mock_slice project,
                        char out[FULL_NAME_MAX])
{
    size_t length = strlen(organisation);
    if (length + 1 + project.length > FULL_NAME_MAX)
        return 0;
    memcpy(out, organisation, length);
    out[length] = '/';
    if (project.length > 0)
        memcpy(out + length + 1, project.at, project.length);
    return length + 1 + project.length;
}

static bool add_project(struct mock_api *api, uint32_t index)
{
    char text[FULL_NAME_MAX];
    uint32_t found;
    const char *name = sim_provider_project_name(api->provider, index);
    const char *owner = sim_provider_organisation_name(api->provider, index);
    size_t length = full_name(owner, (struct mock_slice){ NULL, 0 }, text);
    if (length > 0 && !mock_keys_find(&api->keys, text, length, &found) &&
        !mock_keys_add(&api->keys, text, length, index))
        return false;
    length = full_name(owner, (struct mock_slice){ name, strlen(name) }, text);
    return length == 0 || mock_keys_add(&api->keys, text, length, index);
}

int64_t mock_access_project(const struct mock_api *api, const char *owner,
                            const char *project)
{
    char text[FULL_NAME_MAX];
    uint32_t index;
    size_t length =
        full_name(owner, (struct mock_slice){ project, strlen(project) }, text);
    bool found = length > 0 && mock_keys_find(&api->keys, text, length, &index);
    return found ? (int64_t)index : -1;
}

bool mock_access_grow(struct mock_api *api, uint32_t organisation,
                      uint32_t project)
{
    uint32_t n = sim_provider_organisations(api->provider);
    uint32_t projects = sim_provider_projects(api->provider);
    for (uint32_t i = organisation; i < n; i++) {
        const char *name = sim_provider_organisation_name(api->provider, i);
        if (!mock_keys_add(&api->keys, name, strlen(name), i))
            return false;
    }
    for (uint32_t i = project; i < projects; i++)
        if (!add_project(api, SIM_PROJECT_FIRST + i))
            return false;
    return true;
}

static int add_organisation(struct mock_api *api, const char *name,
                            struct lim_diag *diag)
{
    const struct sim_organisation o = { .name = name,
                                        .tier = api->config.tier,
                                        .keys = 1,
                                        .first_payment_days_ago = -1 };
    return sim_provider_add(api->provider, &o, diag);
}

int mock_access_init(struct mock_api *api, struct lim_diag *diag)
{
    if (!api->config.any_key && !mock_access_grow(api, 0, 0))
        return lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
    if (api->config.one_organisation)
        return add_organisation(api, "org", diag) < 0 ? LIM_EINVAL : LIM_OK;
    return LIM_OK;
}

/* A new key's organisation: its name tells nothing of the key. */
static int64_t new_organisation(struct mock_api *api, struct mock_slice key)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
                                  "ghijklmnopqrstuvwxyz0123456789Aa";
    uint64_t bits = 0;
    uint32_t index = sim_provider_organisations(api->provider);
    char name[] = "org-000000000000000000000000";
    for (size_t i = 0; i < 24; i++, bits >>= 6) {
        if (i % 8 == 0)
            bits = mock_api_draw(api, UINT64_MAX - index, i);
        name[4 + i] = letters[bits & 63];
    }
    if (add_organisation(api, name, NULL) < 0 ||
        !mock_keys_add(&api->keys, key.at, key.length, index))
        return -1;
    return index;
}

enum access {
    ACCESS_GIVEN,
    ACCESS_BAD_KEY,
    ACCESS_BAD_PROJECT,
    ACCESS_NO_ROOM
};

static enum access find_any(struct mock_visit *v, struct mock_slice key)
{
    struct mock_api *api = v->api;
    uint32_t index = 0;
    if (!mock_keys_well_formed(key.at, key.length))
        return ACCESS_BAD_KEY;
    v->organisation = 0;
    if (api->config.one_organisation)
        return ACCESS_GIVEN;
    if (mock_keys_find(&api->keys, key.at, key.length, &index))
        v->organisation = index;
    else
        v->organisation = new_organisation(api, key);
    return v->organisation >= 0 ? ACCESS_GIVEN : ACCESS_NO_ROOM;
}

static enum access find_configured(struct mock_visit *v, struct mock_slice key)
{
    const struct mock_api *api = v->api;
    const char *name;
    size_t length;
    uint32_t index, number;
    if (!mock_keys_split(key.at, key.length, &name, &length, &number) ||
        !mock_keys_find(&api->keys, name, length, &index) ||
        index >= SIM_PROJECT_FIRST ||
        number > api->config.provider.organisations[index].keys)
        return ACCESS_BAD_KEY;
    v->organisation = index;
    return ACCESS_GIVEN;
}

/*
 * The project that a header names stands in for its organisation from here
 * on.  One without projects of its own takes every name: what an SDK sends
 * from its environment need not be configured.
 */
static enum access find_project(struct mock_visit *v)
{
    const struct mock_api *api = v->api;
    char text[FULL_NAME_MAX];
    uint32_t index;
    struct mock_slice project = v->q->project;
    if (project.length == 0 || api->config.any_key ||
        api->config.manner.dialect == MOCK_AZURE)
        return ACCESS_GIVEN;
    const char *owner = sim_provider_organisation_name(
        api->provider, (uint32_t)v->organisation);
    size_t length = full_name(owner, project, text);
    if (length > 0 && mock_keys_find(&api->keys, text, length, &index)) {
        v->organisation = index;
        return ACCESS_GIVEN;
    }
    length = full_name(owner, (struct mock_slice){ NULL, 0 }, text);
    if (!mock_keys_find(&api->keys, text, length, &index))
        return ACCESS_GIVEN;
    v->organisation = -1;
    return ACCESS_BAD_PROJECT;
}

static enum access find(struct mock_visit *v, struct mock_slice key)
{
    enum access a =
        v->api->config.any_key ? find_any(v, key) : find_configured(v, key);
    return a == ACCESS_GIVEN ? find_project(v) : a;
}

/* Azure takes a key in a header of its own too. */
static bool find_key(const struct mock_visit *v, struct mock_slice *key)
{
    static const char bearer[] = "Bearer ";
    size_t skip = strlen(bearer);
    *key = v->q->api_key;
    if (v->api->config.manner.dialect == MOCK_AZURE && key->at != NULL)
        return true;
    *key = v->q->authorization;
    if (key->length <= skip || memcmp(key->at, bearer, skip) != 0)
        return false;
    key->at += skip;
    key->length -= skip;
    return true;
}

/* A key that is not there, or is bad. */
static void refuse_key(struct mock_visit *v, const struct mock_slice *key)
{
    const struct mock_manner *m = &v->api->config.manner;
    v->a->status = 401;
    if (m->dialect == MOCK_AZURE)
        mock_azure_bad_key(v);
    else if (key == NULL)
        mock_words_no_key(&v->a->body);
    else
        mock_words_bad_key(&v->a->body, m->era, key->at, key->length);
}

bool mock_access_check(struct mock_visit *v)
{
    struct mock_slice key;
    if (!find_key(v, &key)) {
        refuse_key(v, NULL);
        return false;
    }
    switch (find(v, key)) {
    case ACCESS_GIVEN:
        sim_provider_advance(v->api->provider, (uint32_t)v->organisation,
                             v->q->now);
        return true;
    case ACCESS_BAD_KEY:
        refuse_key(v, &key);
        return false;
    case ACCESS_BAD_PROJECT: /* our words: those of the API were not seen */
        mock_visit_fail(v, 401, NULL, "invalid_project",
                        "The project in the OpenAI-Project header is not one "
                        "of your organization.");
        return false;
    case ACCESS_NO_ROOM:
    default:
        mock_visit_fail(v, 500, NULL, NULL,
                        "This mock has no room for another organisation.");
        return false;
    }
}

uint32_t mock_access_owner(const struct mock_api *api, int64_t index)
{
    int64_t parent = sim_provider_parent(api->provider, (uint32_t)index);
    return (uint32_t)(parent >= 0 ? parent : index);
}
