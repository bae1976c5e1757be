/* What a body, a query and a header do to the API: the first byte chooses
   the route, the rest is the body and the query. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/apierror.h"
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
    struct lim_apierror e;
    if (a->status == 0 || a->stream.next != NULL)
        return; /* streams: fuzz_replies */
    assert(a->status >= 200);
    assert(mock_jsontext_check(a->body.data, a->body.length, 16, &d));
    assert(strlen(a->headers.data) == a->headers.length);
    lim_apierror_read(&e, a->status, a->body.data, a->body.length);
    assert((a->status == 200) == (e.class == LIM_CLASS_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const routes[][2] = {
        { "POST", "/v1/chat/completions" },
        { "POST", "/v1/embeddings" },
        { "GET", "/mock/orgs" },
        { "POST", "/mock/clock" },
    };
    static const struct sim_organisation o = { .name = "a", .keys = 1 };
    if (size == 0)
        return 0;
    struct mock_api_config c = { .provider = sim_provider_config_default(),
                                 .version = "fuzz" };
    c.provider.organisations = &o;
    c.provider.organisation_count = 1;
    struct mock_api *api = mock_api_new(&c, NULL);
    struct mock_answer a = { 0 };
    struct mock_slice rest = { (const char *)data + 1, size - 1 };
    char *copy = malloc(size); /* exact, so that ASan guards it */
    if (api != NULL && copy != NULL) {
        memcpy(copy, rest.at, rest.length);
        rest.at = copy;
        struct mock_question q = { .method = slice(routes[data[0] & 3][0]),
                                   .path = slice(routes[data[0] & 3][1]),
                                   .query = rest,
                                   .body = rest,
                                   .authorization = slice("Bearer sk-mock-a-1"),
                                   .now = c.provider.start };
        if ((data[0] & 4) != 0)
            q.client_request = q.completion_tokens = rest;
        mock_api_answer(api, &q, &a);
        check(&a);
        if (a.stream.next != NULL)
            a.stream.free(a.stream.context);
        if (a.flight != NULL)
            mock_api_end(api, a.flight, a.at);
    }
    free(copy);
    mock_answer_fini(&a);
    mock_api_free(api);
    return 0;
}
