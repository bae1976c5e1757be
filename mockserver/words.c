#include "mockserver/words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/duration.h"
#include "limiter/rng.h"
#include "mockserver/jsontext.h"

#define SETTINGS_PAGE "https://platform.openai.com/account"
#define LEARN_MORE " Visit " SETTINGS_PAGE "/rate-limits to learn more."
#define ADD_PAYMENT                                                            \
    " You can increase your rate limit by adding a payment "                   \
    "method to your account at " SETTINGS_PAGE "/billing."

void mock_words_error(struct mock_text *out, const struct mock_error *e)
{
    mock_text_puts(out, "{\n    \"error\": {\n        \"message\": ");
    mock_text_json_or_null(out, e->message);
    mock_text_puts(out, ",\n        \"type\": ");
    mock_text_json_or_null(out, e->type);
    mock_text_puts(out, ",\n        \"param\": ");
    mock_text_json_or_null(out, e->param);
    mock_text_puts(out, ",\n        \"code\": ");
    mock_text_json_or_null(out, e->code);
    mock_text_puts(out, "\n    }\n}\n");
}

static const struct {
    const char *phrase, *type;
} limits[LIM_WINDOWS] = {
    [LIM_RPM] = { "requests per min (RPM)", "requests" },
    [LIM_RPD] = { "requests per day (RPD)", "requests" },
    [LIM_TPM] = { "tokens per min (TPM)", "tokens" },
    [LIM_TPD] = { "tokens per day (TPD)", "tokens" },
    [LIM_IPM] = { "input-images per min", "requests" },
};

static void add_subject(struct mock_text *m, const struct mock_refused *r)
{
    char model[256];
    mock_text_printf(m, "for %s",
                     mock_jsontext_quote(r->model, model, sizeof model));
    if (r->group != NULL && strcmp(r->group, r->model) != 0)
        mock_text_printf(m, " (for limit %s)", r->group);
    mock_text_printf(m, " in organization %s on ", r->organisation);
}

static void add_sentence(struct mock_text *m, const struct mock_refused *r,
                         const struct sim_verdict *v)
{
    char hint[LIM_DURATION_SIZE];
    bool large = v->answer == SIM_TOO_LARGE;
    mock_text_puts(m, large ? "Request too large " : "Rate limit reached ");
    add_subject(m, r);
    mock_text_printf(m, "%s: Limit %" PRId64, limits[v->limit].phrase, v->max);
    if (!large)
        mock_text_printf(m, ", Used %" PRId64, v->used);
    mock_text_printf(m, ", Requested %" PRId64 ". ", v->requested);
    if (large)
        mock_text_puts(m, "The input or output tokens must be reduced in "
                          "order to run successfully.");
    else
        mock_text_printf(m, "Please try again in %s.",
                         lim_duration_format(v->shown.hint_ns, hint));
    mock_text_puts(m, LEARN_MORE);
    if (r->free_tier)
        mock_text_puts(m, ADD_PAYMENT);
}

static void add_quota(struct mock_text *out)
{
    const struct mock_error e = {
        .message = "You exceeded your current quota, please check your plan "
                   "and billing details. For more information on this error, "
                   "read the docs: https://platform.openai.com/docs/guides/"
                   "error-codes/api-errors.",
        .type = "insufficient_quota",
        .code = "insufficient_quota",
    };
    mock_words_error(out, &e);
}

void mock_words_refusal(struct mock_text *out, const struct mock_refused *r,
                        const struct sim_verdict *v)
{
    struct mock_text m = { 0 };
    if (v->answer == SIM_QUOTA) {
        add_quota(out);
        return;
    }
    assert(v->answer == SIM_RATE_LIMITED || v->answer == SIM_TOO_LARGE);
    assert(v->limit < LIM_WINDOWS);
    add_sentence(&m, r, v);
    const struct mock_error e = {
        .message = m.failed ? NULL : m.data,
        .type = limits[v->limit].type,
        .code = "rate_limit_exceeded",
    };
    mock_words_error(out, &e);
    out->failed = out->failed || m.failed;
    mock_text_fini(&m);
}

static void add_masked(struct mock_text *out, const char *key, size_t length)
{
    size_t shown = length < 16 ? 0 : 12;
    size_t stars = length - shown < 200 ? length - shown : 200;
    if (shown > 0)
        mock_text_add(out, key, 8);
    for (size_t i = 0; i < stars; i++)
        mock_text_add(out, "*", 1);
    if (shown > 0)
        mock_text_add(out, key + length - 4, 4);
}

void mock_words_bad_key(struct mock_text *out, const char *key, size_t length)
{
    struct mock_text m = { 0 };
    mock_text_puts(&m, "Incorrect API key provided: ");
    add_masked(&m, key, length);
    mock_text_puts(&m, ". You can find your API key at " SETTINGS_PAGE
                       "/api-keys.");
    mock_text_puts(out, "{\n  \"error\": {\n    \"message\": ");
    if (!m.failed)
        mock_text_json(out, m.data, m.length);
    mock_text_puts(out, ",\n    \"type\": \"" MOCK_INVALID_REQUEST "\",\n"
                        "    \"code\": \"invalid_api_key\",\n"
                        "    \"param\": null\n  },\n  \"status\": 401\n}\n");
    out->failed = out->failed || m.failed;
    mock_text_fini(&m);
}

void mock_words_no_key(struct mock_text *out)
{
    const struct mock_error e = {
        .message = "You didn't provide an API key. You need to provide your "
                   "API key in an Authorization header using Bearer auth "
                   "(i.e. Authorization: Bearer YOUR_KEY). You can obtain an "
                   "API key from " SETTINGS_PAGE "/api-keys.",
        .type = MOCK_INVALID_REQUEST,
    };
    mock_words_error(out, &e);
}

void mock_words_no_model(struct mock_text *out, const char *model)
{
    char name[256], message[400];
    snprintf(message, sizeof message,
             "The model `%s` does not exist or you do not have access to it.",
             mock_jsontext_quote(model, name, sizeof name));
    const struct mock_error e = {
        .message = message,
        .type = MOCK_INVALID_REQUEST,
        .code = "model_not_found",
    };
    mock_words_error(out, &e);
}

void mock_words_fault(struct mock_text *out, enum sim_fault fault)
{
    static const struct mock_error of[SIM_FAULTS] = {
        [SIM_FAULT_HTTP_429] = { "Too many requests.", "requests", NULL,
                                 "rate_limit_exceeded" },
        [SIM_FAULT_HTTP_503] = { "The engine is currently overloaded, please "
                                 "try again later",
                                 "server_error", NULL, NULL },
        [SIM_FAULT_SLOW_DOWN] = { "Slow Down", "server_error", NULL, NULL },
        [SIM_FAULT_HTTP_500] = { "The server had an error while processing "
                                 "your request. Sorry about that!",
                                 "server_error", NULL, NULL },
    };
    if (fault == SIM_FAULT_EDGE_429) {
        mock_text_puts(out, "error code: 1015");
        return;
    }
    assert(of[fault].message != NULL);
    mock_words_error(out, &of[fault]);
}

/* Literals, since the server wants static memory. */
#define OF_SERVER(message)                                                     \
    "{\n    \"error\": {\n        \"message\": \"" message                     \
    "\",\n        \"type\": \"" MOCK_INVALID_REQUEST                           \
    "\",\n        \"param\": null,\n        \"code\": null\n    }\n}\n"

const char *mock_words_of_server(int status)
{
    switch (status) {
    case 408:
        return OF_SERVER("The request did not arrive in time.");
    case 413:
        return OF_SERVER("The request body is too large.");
    case 414:
        return OF_SERVER("The request's URL is too long.");
    case 431:
        return OF_SERVER("The request's headers are too large.");
    case 501:
        return OF_SERVER("This transfer encoding is not supported.");
    case 503:
        return OF_SERVER("The server is ending, or has no room.");
    case 505:
        return OF_SERVER("Only HTTP/1.0 and HTTP/1.1 are supported.");
    default:
        return OF_SERVER("The request is not valid HTTP.");
    }
}

/* Each with its blank is four characters: a token by the API's estimate. */
static const char reply_words[][5] = {
    "the ", "sum ", "one ", "day ", "ten ", "sea ", "old ", "new ",
    "way ", "sun ", "two ", "air ", "end ", "big ", "few ", "own ",
};

void mock_words_reply(struct mock_text *out, int64_t tokens, uint64_t draw)
{
    assert(tokens >= 0);
    char *to = mock_text_reserve(out, (size_t)tokens * 4 + 2);
    if (to == NULL)
        return;
    *to++ = '"';
    for (int64_t i = 0; i < tokens; i++) {
        if (i % 16 == 0)
            draw = lim_rng_mix(draw);
        memcpy(to, reply_words[draw >> (i % 16 * 4) & 15], 4);
        to += 4;
    }
    *to++ = '"';
    out->length += (size_t)tokens * 4 + 2;
    out->data[out->length] = '\0';
}
