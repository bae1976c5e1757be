#include "mockserver/words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/duration.h"
#include "limiter/rng.h"
#include "mockserver/eras.h"
#include "mockserver/jsontext.h"

#define SETTINGS_PAGE "https://platform.openai.com/account"
#define LEARN_MORE " Visit " SETTINGS_PAGE "/rate-limits to learn more."
#define ADD_PAYMENT                                                            \
    " You can increase your rate limit by adding a payment "                   \
    "method to your account at " SETTINGS_PAGE "/billing."

static void add_key(struct mock_text *out, const char *key, const char *value)
{
    mock_text_puts(out, key);
    mock_text_json_or_null(out, value);
}

void mock_words_error(struct mock_text *out, const struct mock_error *e)
{
    add_key(out, "{\n    \"error\": {\n        \"message\": ", e->message);
    add_key(out, ",\n        \"type\": ", e->type);
    add_key(out, ",\n        \"param\": ", e->param);
    add_key(out, ",\n        \"code\": ", e->code);
    mock_text_puts(out, "\n    }\n}\n");
}

void mock_words_coded(struct mock_text *out, const struct mock_error *e)
{
    add_key(out, "{\n  \"error\": {\n    \"code\": ", e->code);
    add_key(out, ",\n    \"message\": ", e->message);
    add_key(out, ",\n    \"param\": ", e->param);
    add_key(out, ",\n    \"type\": ", e->type);
    mock_text_puts(out, "\n  }\n}\n");
}

static const char *const era_names[MOCK_ERAS] = {
    [MOCK_ERA_NOW] = "now",
    [MOCK_ERA_2022] = "2022",
    [MOCK_ERA_2023_SPRING] = "2023-03",
    [MOCK_ERA_2023] = "2023",
};

const char *mock_words_era_name(enum mock_era era)
{
    return era_names[era];
}

bool mock_words_era_find(const char *name, enum mock_era *out)
{
    for (int i = 0; i < MOCK_ERAS; i++) {
        if (strcmp(name, era_names[i]) == 0) {
            *out = (enum mock_era)i;
            return true;
        }
    }
    return false;
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
    if (r->model != NULL)
        mock_text_printf(m, "for %s ",
                         mock_jsontext_quote(r->model, model, sizeof model));
    if (r->model != NULL && r->group != NULL && strcmp(r->group, r->model) != 0)
        mock_text_printf(m, "(for limit %s) ", r->group);
    mock_text_printf(m, "in organization %s on ", r->organisation);
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
    if (v->requested >= 0)
        mock_text_printf(m, ", Requested %" PRId64, v->requested);
    mock_text_puts(m, ".");
    if (large)
        mock_text_puts(m, " The input or output tokens must be reduced in "
                          "order to run successfully.");
    else if (v->shown.hint_ns >= 0)
        mock_text_printf(m, " Please try again in %s.",
                         lim_duration_format(v->shown.hint_ns, hint));
    mock_text_puts(m, LEARN_MORE);
    if (r->free_tier)
        mock_text_puts(m, ADD_PAYMENT);
}

static void add_images(struct mock_text *m, const struct mock_refused *r,
                       const struct sim_verdict *v)
{
    mock_text_printf(m,
                     "Rate limit exceeded for images per minute in "
                     "organization %s. Limit: %" PRId64
                     "/1min. Current: %" PRId64
                     "/1min. Please visit https://platform.openai.com/docs/"
                     "guides/rate-limits to learn how to increase your rate "
                     "limit.",
                     r->organisation, v->max, v->used + v->requested);
}

/* Of early 2023 it is known that its code was null. */
static int add_quota(struct mock_text *out, enum mock_era era, bool images)
{
    static const struct mock_error drawn = {
        .code = "billing_hard_limit_reached",
        .message = "Billing hard limit has been reached",
        .type = MOCK_INVALID_REQUEST,
    };
    static const char text[] =
        "You exceeded your current quota, please check your plan and billing "
        "details. For more information on this error, read the docs: https://"
        "platform.openai.com/docs/guides/error-codes/api-errors.";
    char message[sizeof text];
    struct mock_error e = { .message = message,
                            .type = "insufficient_quota",
                            .code = "insufficient_quota" };
    if (images) {
        mock_words_coded(out, &drawn);
        return 400;
    }
    memcpy(message, text, sizeof text);
    if (era != MOCK_ERA_NOW)
        *(strstr(message, " For more")) = '\0';
    if (era == MOCK_ERA_2022 || era == MOCK_ERA_2023_SPRING)
        e.code = NULL;
    mock_words_error(out, &e);
    return 429;
}

int mock_words_refusal(struct mock_text *out, const struct mock_manner *m,
                       const struct mock_refused *r,
                       const struct sim_verdict *v)
{
    struct mock_text sentence = { 0 };
    enum mock_era era = m->era;
    if (v->answer == SIM_QUOTA)
        return add_quota(out, era, r->images);
    assert(v->answer == SIM_RATE_LIMITED || v->answer == SIM_TOO_LARGE);
    assert(v->limit < LIM_WINDOWS);
    bool drawn = v->limit == LIM_IPM && r->model != NULL &&
                 strncmp(r->model, "dall-e", 6) == 0;
    bool coded = era == MOCK_ERA_NOW || era == MOCK_ERA_2023;
    if (drawn)
        add_images(&sentence, r, v);
    else if (era != MOCK_ERA_NOW)
        mock_eras_sentence(&sentence, era, r, v);
    else
        add_sentence(&sentence, r, v);
    const struct mock_error e = {
        .message = sentence.failed ? NULL : sentence.data,
        .type = limits[v->limit].type,
        .code = coded ? "rate_limit_exceeded" : NULL,
    };
    (drawn ? mock_words_coded : mock_words_error)(out, &e);
    out->failed = out->failed || sentence.failed;
    mock_text_fini(&sentence);
    return 429;
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

static void add_bad_key(struct mock_text *out, enum mock_era era,
                        const char *message)
{
    const struct mock_error e = { .message = message,
                                  .type = MOCK_INVALID_REQUEST,
                                  .code = "invalid_api_key" };
    if (era != MOCK_ERA_NOW) {
        mock_words_error(out, &e);
        return;
    }
    add_key(out, "{\n  \"error\": {\n    \"message\": ", e.message);
    add_key(out, ",\n    \"type\": ", e.type);
    add_key(out, ",\n    \"code\": ", e.code);
    add_key(out, ",\n    \"param\": ", e.param);
    mock_text_puts(out, "\n  },\n  \"status\": 401\n}\n");
}

void mock_words_bad_key(struct mock_text *out, enum mock_era era,
                        const char *key, size_t length)
{
    struct mock_text m = { 0 };
    mock_text_puts(&m, "Incorrect API key provided: ");
    add_masked(&m, key, length);
    mock_text_puts(&m, ". You can find your API key at " SETTINGS_PAGE
                       "/api-keys.");
    add_bad_key(out, era, m.failed ? NULL : m.data);
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

void mock_words_no_model(struct mock_text *out, enum mock_era era,
                         const char *model)
{
    static const char page[] =
        " Learn more: https://help.openai.com/en/articles/7102672-how-can-i-"
        "access-gpt-4.";
    char name[256], message[500];
    bool told = era == MOCK_ERA_2023 && strncmp(model, "gpt-4", 5) == 0;
    snprintf(message, sizeof message,
             "The model `%s` does not exist or you do not have access to it.%s",
             mock_jsontext_quote(model, name, sizeof name), told ? page : "");
    const struct mock_error e = {
        .message = message,
        .type = MOCK_INVALID_REQUEST,
        .code = "model_not_found",
    };
    mock_words_error(out, &e);
}

void mock_words_no_project_model(struct mock_text *out, const char *project,
                                 const char *model)
{
    char name[256], message[500];
    snprintf(message, sizeof message,
             "Project `%s` does not have access to model `%s`", project,
             mock_jsontext_quote(model, name, sizeof name));
    const struct mock_error e = {
        .message = message,
        .type = MOCK_INVALID_REQUEST,
        .code = "model_not_found",
    };
    mock_words_error(out, &e);
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

void mock_words_span(struct mock_text *out, uint64_t draw, int64_t from,
                     int64_t to)
{
    assert(from >= 0);
    assert(from <= to);
    size_t length = (size_t)(to - from) * 4;
    char *at = mock_text_reserve(out, length);
    uint64_t bits = 0;
    if (at == NULL)
        return;
    for (int64_t i = from; i < to; i++) {
        if (i == from || i % 16 == 0)
            bits = lim_rng_mix(draw + (uint64_t)(i / 16));
        memcpy(at, reply_words[bits >> (i % 16 * 4) & 15], 4);
        at += 4;
    }
    *at = '\0';
    out->length += length;
}

void mock_words_reply(struct mock_text *out, int64_t tokens, uint64_t draw)
{
    mock_text_add(out, "\"", 1);
    mock_words_span(out, draw, 0, tokens);
    mock_text_add(out, "\"", 1);
}
