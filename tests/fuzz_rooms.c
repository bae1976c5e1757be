/* What a body does to images, audio and moderations: the first byte chooses
   the route, the rest is the body; what is answered as JSON is JSON. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/api.h"
#include "mockserver/jsontext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mock_slice slice(const char *text)
{
    return (struct mock_slice){ text, strlen(text) };
}

static void check(const struct mock_answer *a)
{
    struct lim_diag d;
    assert(a->status == 200 || a->status == 400 || a->status == 404);
    assert(strlen(a->headers.data) == a->headers.length);
    if (strcmp(a->type, "application/json") == 0)
        assert(mock_jsontext_check(a->body.data, a->body.length, 16, &d));
    else
        assert(a->status == 200);
}

static void ask(struct mock_api *api, const char *path, struct mock_slice body)
{
    struct mock_answer a = { 0 };
    const struct mock_question q = {
        .method = slice(strncmp(path, "/mock/", 6) == 0 ? "GET" : "POST"),
        .path = slice(path),
        .body = body,
        .host = body,
        .authorization = slice("Bearer sk-mock-a-1"),
        .content_type = slice("multipart/form-data; boundary=xx"),
        .now = api->config.provider.start,
    };
    mock_api_answer(api, &q, &a);
    check(&a);
    if (a.flight != NULL)
        mock_api_end(api, a.flight, a.at);
    mock_answer_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const routes[8] = {
        "/v1/images/generations",   "/v1/audio/speech",
        "/v1/audio/transcriptions", "/v1/audio/translations",
        "/v1/moderations",          "/mock/images/img-0123456789abcdef.png",
        "/v1/audio/transcriptions", "/v1/moderations",
    };
    static const struct sim_organisation o = { .name = "a", .keys = 1 };
    struct mock_api_config c = { .provider = sim_provider_config_default(),
                                 .version = "fuzz" };
    if (size == 0)
        return 0;
    c.provider.organisations = &o;
    c.provider.organisation_count = 1;
    struct mock_api *api = mock_api_new(&c, NULL);
    char *copy = malloc(size); /* exact, so that ASan guards it */
    if (api != NULL && copy != NULL) {
        memcpy(copy, data + 1, size - 1);
        ask(api, routes[data[0] & 7], (struct mock_slice){ copy, size - 1 });
    }
    free(copy);
    mock_api_free(api);
    return 0;
}
