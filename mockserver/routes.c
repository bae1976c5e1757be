#include "mockserver/routes.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/access.h"

/* A path that ends with '*' takes one further segment. */
static const struct route {
    const char *method, *path;
    mock_room_fn *room;
} routes[] = {
    { "POST", "/v1/chat/completions", mock_chat_post },
    { "POST", "/v1/embeddings", mock_embeddings_post },
    { "GET", "/v1/models", mock_models_list },
    { "GET", "/v1/models/*", mock_models_one },
    { "GET", "/healthz", mock_control_health },
    { "GET", "/mock/state", mock_control_state },
    { "GET", "/mock/orgs", mock_orgs_get },
    { "GET", "/mock/clock", mock_control_clock },
    { "POST", "/mock/clock", mock_control_set_clock },
};

#define ROUTES (sizeof routes / sizeof routes[0])

static bool begins(struct mock_slice s, const char *text, size_t length)
{
    return s.length >= length && memcmp(s.at, text, length) == 0;
}

static bool matches(const struct route *r, struct mock_slice path,
                    struct mock_slice *rest)
{
    size_t length = strlen(r->path);
    if (r->path[length - 1] != '*')
        return mock_slice_is(path, r->path);
    if (!begins(path, r->path, length - 1) || path.length < length ||
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

/* Slices for %.*s in messages, cut to what stays readable. */
static int cut(struct mock_slice s)
{
    return s.length < 200 ? (int)s.length : 200;
}

static void refuse(struct mock_visit *v, const char *allow)
{
    struct mock_slice method = v->q->method;
    struct mock_slice path = v->q->path;
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

void mock_routes_go(struct mock_visit *v)
{
    char allow[64] = "";
    bool api = begins(v->q->path, "/v1/", 4);
    v->api->decisions += api;
    if (api && !mock_access_check(v))
        return;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!matches(&routes[i], v->q->path, &v->rest))
            continue;
        if (method_fits(&routes[i], v->q->method)) {
            routes[i].room(v);
            return;
        }
        size_t used = strlen(allow);
        snprintf(allow + used, sizeof allow - used, "%s%s",
                 used > 0 ? ", " : "", routes[i].method);
    }
    refuse(v, allow);
}
