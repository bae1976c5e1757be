/*
 * What a body does to chat, completions and responses: the first byte chooses
 * the route and a fault, the rest is the body.  Each answer is JSON, and so is
 * each event of a stream, to its end; only a fault breaks one.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/api.h"
#include "mockserver/jsontext.h"

#define DEPTH 70 /* of what a response repeats of its request */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mock_slice slice(const char *text)
{
    return (struct mock_slice){ text, strlen(text) };
}

/* Returns how many events are not JSON. */
static int check_events(const char *at)
{
    struct lim_diag d;
    int broken = 0;
    while (*at != '\0') {
        const char *end = strstr(at, "\n\n");
        assert(end != NULL);
        if (strncmp(at, "event: ", 7) == 0)
            at = strchr(at, '\n') + 1;
        assert(strncmp(at, "data: ", 6) == 0);
        at += 6;
        assert(memchr(at, '\n', (size_t)(end - at)) == NULL);
        if (strncmp(at, "[DONE]\n\n", 8) != 0)
            broken += !mock_jsontext_check(at, (size_t)(end - at), DEPTH, &d);
        at = end + 2;
    }
    return broken;
}

static lim_time take_stream(struct mock_answer *a, enum sim_fault fault)
{
    struct mock_text events = { 0 };
    lim_time now = a->at;
    lim_time next = now;
    while (next != LIM_NEVER && next != MOCK_STREAM_CUT) {
        now = next;
        next = a->stream.next(a->stream.context, now, &events);
        assert(next > now || next == MOCK_STREAM_CUT);
    }
    assert(next == LIM_NEVER || fault == SIM_FAULT_CUT_STREAM);
    a->stream.free(a->stream.context);
    if (fault == SIM_FAULT_MALFORMED && events.length > 0)
        assert(strstr(events.data, "\n\n") != NULL);
    else if (events.length > 0)
        assert(check_events(events.data) == 0);
    mock_text_fini(&events);
    return now;
}

static void ask(struct mock_api *api, const char *path, struct mock_slice body,
                enum sim_fault fault)
{
    struct lim_diag d;
    struct mock_answer a = { 0 };
    const struct mock_question q = {
        .method = slice("POST"),
        .path = slice(path),
        .body = body,
        .authorization = slice("Bearer sk-mock-a-1"),
        .now = api->config.provider.start,
    };
    mock_api_answer(api, &q, &a);
    assert(a.status == 200 || a.status == 400 || a.status == 404);
    lim_time end = a.at;
    bool json = a.stream.next == NULL &&
                (fault != SIM_FAULT_MALFORMED || a.flight == NULL);
    if (json)
        assert(mock_jsontext_check(a.body.data, a.body.length, DEPTH, &d));
    if (a.stream.next != NULL)
        end = take_stream(&a, fault);
    if (a.flight != NULL)
        mock_api_end(api, a.flight, end);
    mock_answer_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const routes[4] = { "/v1/chat/completions",
                                           "/v1/completions", "/v1/responses",
                                           "/v1/chat/completions" };
    static const enum sim_fault faults[4] = { SIM_FAULT_NONE, SIM_FAULT_NONE,
                                              SIM_FAULT_CUT_STREAM,
                                              SIM_FAULT_MALFORMED };
    static const struct sim_organisation o = { .name = "a", .keys = 1 };
    if (size == 0)
        return 0;
    const struct sim_fault_rule rule = { .fault = faults[data[0] >> 2 & 3],
                                         .share = 1,
                                         .until = LIM_NEVER };
    struct mock_api_config c = { .provider = sim_provider_config_default(),
                                 .version = "fuzz" };
    c.provider.organisations = &o;
    c.provider.organisation_count = 1;
    c.provider.faults.rules = &rule;
    c.provider.faults.count = rule.fault != SIM_FAULT_NONE;
    struct mock_api *api = mock_api_new(&c, NULL);
    char *copy = malloc(size); /* exact, so that ASan guards it */
    if (api != NULL && copy != NULL) {
        memcpy(copy, data + 1, size - 1);
        ask(api, routes[data[0] & 3], (struct mock_slice){ copy, size - 1 },
            rule.fault);
    }
    free(copy);
    mock_api_free(api);
    return 0;
}
