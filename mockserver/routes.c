#include "mockserver/routes.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/access.h"
#include "mockserver/azure.h"
#include "mockserver/feed.h"
#include "mockserver/flight.h"
#include "mockserver/refuse.h"

/* A path that ends with '*' takes one further segment. */
static const struct route {
    const char *method, *path;
    mock_room_fn *room;
} routes[] = {
    { "POST", "/v1/chat/completions", mock_chat_post },
    { "POST", "/v1/completions", mock_completions_post },
    { "POST", "/v1/responses", mock_responses_post },
    { "POST", "/v1/embeddings", mock_embeddings_post },
    { "POST", "/v1/images/generations", mock_images_post },
    { "POST", "/v1/audio/speech", mock_speech_post },
    { "POST", "/v1/audio/transcriptions", mock_transcriptions_post },
    { "POST", "/v1/audio/translations", mock_translations_post },
    { "POST", "/v1/moderations", mock_moderations_post },
    { "GET", "/v1/models", mock_models_list },
    { "GET", "/v1/models/*", mock_models_one },
    { "GET", "/healthz", mock_control_health },
    { "GET", "/mock/images/*", mock_images_get },
    { "GET", "/metrics", mock_metrics_get },
    { "GET", "/", mock_diary_page },
    { "GET", "/mock/journal", mock_diary_journal },
    { "GET", "/mock/state", mock_control_state },
    { "GET", "/mock/orgs", mock_orgs_get },
    { "POST", "/mock/orgs", mock_orgs_set },
    { "GET", "/mock/faults", mock_steer_faults },
    { "POST", "/mock/faults", mock_steer_set_faults },
    { "DELETE", "/mock/faults", mock_steer_no_faults },
    { "GET", "/mock/kinds", mock_orders_kinds },
    { "GET", "/mock/next", mock_orders_get },
    { "POST", "/mock/next", mock_orders_post },
    { "DELETE", "/mock/next", mock_orders_delete },
    { "POST", "/mock/reset", mock_steer_reset },
    { "GET", "/mock/clock", mock_control_clock },
    { "POST", "/mock/clock", mock_control_set_clock },
};

/* Of the API, in this table. */
#define ROOT "/v1"

#define ROUTES (sizeof routes / sizeof routes[0])

static bool begins(struct mock_slice s, const char *text, size_t length)
{
    return s.length >= length && memcmp(s.at, text, length) == 0;
}

/*
 * What is asked for.  The API's paths are known by what stands behind their
 * root, which is "/v1", or one of Azure's.
 */
struct aim {
    bool api;
    struct mock_slice path;
};

static bool matches(const struct route *r, const struct aim *aim,
                    struct mock_slice *rest)
{
    bool api = strncmp(r->path, ROOT "/", strlen(ROOT "/")) == 0;
    const char *known = r->path + (api ? strlen(ROOT) : 0);
    struct mock_slice path = aim->path;
    size_t length = strlen(known);
    if (api != aim->api)
        return false;
    if (known[length - 1] != '*')
        return mock_slice_is(path, known);
    if (!begins(path, known, length - 1) || path.length < length ||
        memchr(path.at + length - 1, '/', path.length - length + 1) != NULL)
        return false;
    *rest =
        (struct mock_slice){ path.at + length - 1, path.length - length + 1 };
    return true;
}

static bool method_fits(const struct route *r, struct mock_slice method)
{
    return mock_slice_is(method, r->method) ||
           (mock_slice_is(method, "HEAD") && strcmp(r->method, "GET") == 0);
}

static bool is_azure(const struct mock_visit *v)
{
    return v->api->config.manner.dialect == MOCK_AZURE;
}

/* Slices for %.*s in messages, cut to what stays readable. */
static int cut(struct mock_slice s)
{
    return s.length < 200 ? (int)s.length : 200;
}

static void refuse(struct mock_visit *v, const char *allow)
{
    struct mock_slice method = v->q->method;
    struct mock_slice path = v->q->path;
    if (is_azure(v) && !begins(path, "/mock/", 6)) {
        mock_azure_no_resource(v);
        return;
    }
    if (allow[0] == '\0') {
        mock_visit_fail(v, 404, NULL, NULL, "Invalid URL (%.*s %.*s)",
                        cut(method), method.at, cut(path), path.at);
        return;
    }
    mock_visit_fail(v, 405, NULL, "method_not_supported",
                    "Not allowed to %.*s on %.*s.", cut(method), method.at,
                    cut(path), path.at);
    mock_text_printf(&v->a->headers, "allow: %s\r\n", allow);
}

/* What a hand ordered comes in place of all else.  Who is told so may come
   again at once. */
static bool answer_as_ordered(struct mock_visit *v)
{
    struct mock_api *api = v->api;
    uint32_t owner = mock_access_owner(api, v->organisation);
    const struct mock_kind *kind = mock_orders_take(&api->orders, owner);
    if (kind == NULL)
        return false;
    mock_refuse_kind(v, kind, NULL);
    for (unsigned g = 0; g < api->patience.groups; g++)
        mock_patience_excuse(&api->patience, owner, g);
    return true;
}

/* Authentication comes before everything else.  False: it is answered. */
static bool enter(struct mock_visit *v, struct aim *aim)
{
    const char *root = is_azure(v) ? "/openai/" : ROOT "/";
    aim->path = v->q->path;
    aim->api = begins(aim->path, root, strlen(root));
    if (!aim->api)
        return true;
    v->is_api = true;
    v->api->decisions++;
    if (!mock_access_check(v) || answer_as_ordered(v))
        return false;
    if (is_azure(v))
        return mock_azure_enter(v, &aim->path);
    aim->path.at += strlen(ROOT);
    aim->path.length -= strlen(ROOT);
    return true;
}

/* An answer whose body the client cannot read; a stream breaks itself. */
static void break_malformed(struct mock_answer *a)
{
    if (a->flight != NULL && a->stream.next == NULL &&
        a->flight->plan.fault == SIM_FAULT_MALFORMED)
        mock_feed_break(&a->body, 0);
}

void mock_routes_go(struct mock_visit *v)
{
    char allow[64] = "";
    struct aim aim;
    if (!enter(v, &aim))
        return;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!matches(&routes[i], &aim, &v->rest))
            continue;
        if (method_fits(&routes[i], v->q->method)) {
            routes[i].room(v);
            break_malformed(v->a);
            return;
        }
        size_t used = strlen(allow);
        snprintf(allow + used, sizeof allow - used, "%s%s",
                 used > 0 ? ", " : "", routes[i].method);
    }
    refuse(v, allow);
}
