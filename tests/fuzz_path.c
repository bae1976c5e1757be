/* What a path, a query, a key and a model do to the API, in every dialect and
   era: the first byte chooses those, zeros part the rest. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/apierror.h"
#include "mockserver/api.h"
#include "mockserver/jsontext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts off what stands before the next zero. */
static struct mock_slice next(struct mock_slice *rest)
{
    const char *end =
        rest->length > 0 ? memchr(rest->at, '\0', rest->length) : NULL;
    struct mock_slice part = *rest;
    if (end == NULL) {
        rest->at += rest->length;
        rest->length = 0;
        return part;
    }
    part.length = (size_t)(end - part.at);
    rest->at += part.length + 1;
    rest->length -= part.length + 1;
    return part;
}

static void check(const struct mock_answer *a)
{
    struct lim_diag d;
    struct lim_apierror e;
    if (a->status == 0)
        return;
    assert(a->status >= 200);
    assert(a->status < 600);
    assert(strlen(a->headers.data) == a->headers.length);
    assert(a->headers.length >= 2);
    if (a->status >= 400)
        assert(mock_jsontext_check(a->body.data, a->body.length, 16, &d));
    lim_apierror_read(&e, a->status, a->body.data, a->body.length);
}

static void ask(struct mock_api *api, struct mock_question *q)
{
    struct mock_answer a = { 0 };
    mock_api_answer(api, q, &a);
    check(&a);
    if (a.stream.next != NULL)
        a.stream.free(a.stream.context);
    if (a.flight != NULL)
        mock_api_end(api, a.flight, a.at);
    mock_answer_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sim_organisation o = { .name = "a", .keys = 1 };
    if (size == 0)
        return 0;
    struct mock_api_config c = { .provider = sim_provider_config_default(),
                                 .version = "fuzz" };
    c.manner.dialect = (enum mock_dialect)(data[0] & 1);
    c.manner.era = (enum mock_era)(data[0] >> 1 & 3);
    c.provider.organisations = &o;
    c.provider.organisation_count = 1;
    struct mock_api *api = mock_api_new(&c, NULL);
    char *copy = malloc(size); /* exact, so that ASan guards it */
    if (api != NULL && copy != NULL) {
        struct mock_slice rest = { copy, size - 1 };
        memcpy(copy, data + 1, size - 1);
        struct mock_question q = { .method = next(&rest), .now = 0 };
        q.path = next(&rest);
        q.query = next(&rest);
        q.authorization = next(&rest);
        q.api_key = next(&rest);
        q.project = next(&rest);
        q.body = rest;
        q.now = c.provider.start;
        ask(api, &q);
    }
    free(copy);
    mock_api_free(api);
    return 0;
}
