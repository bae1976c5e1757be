#include "mockserver/kinds.h"

#include <assert.h>
#include <string.h>

#include "mockserver/azure.h"
#include "mockserver/words.h"

#define JSON "application/json"
#define EVENTS "text/event-stream; charset=utf-8"
#define HELP                                                                   \
    "You can retry your request, or contact us through our help center at "    \
    "help.openai.com if the error persists."
#define BROKEN                                                                 \
    "An error occurred while processing your request. " HELP                   \
    " Please include the request ID {id} in your message."
#define BATCH(code, message)                                                   \
    "{\"id\":\"batch_mock\",\"object\":\"batch\",\"status\":\"failed\","       \
    "\"errors\":{\"object\":\"list\",\"data\":[{\"code\":\"" code "\","        \
    "\"message\":\"" message "\",\"param\":null,\"line\":null}]}}\n"

enum kind {
    RATE_STORM,
    EDGE,
    EDGE_SLOW_DOWN,
    SLOW_DOWN,
    OVERLOADED,
    OVERLOADED_2023,
    SERVER_ERROR,
    STREAM_ERROR,
    RESPONSE_FAILED,
    FLEX,
    QUOTA,
    QUOTA_2023,
    USAGE_LIMIT,
    HARD_LIMIT,
    IMAGES_SLOW_DOWN,
    COUNTRY,
    PROJECT_NO_MODEL,
    NO_MODEL,
    NO_MODEL_2023,
    BATCH_TOKENS,
    BATCH_REQUESTS,
    BATCH_EXPIRED,
    KINDS
};

const struct mock_kind mock_kinds[KINDS + 1] = {
    [RATE_STORM] = { "too_many_requests", 429, JSON },
    [EDGE] = { "cloudflare", 429, "text/plain; charset=UTF-8" },
    [EDGE_SLOW_DOWN] = { "slow_down_edge", 429, JSON },
    [SLOW_DOWN] = { "slow_down", 503, JSON },
    [OVERLOADED] = { "overloaded", 503, JSON },
    [OVERLOADED_2023] = { "overloaded_2023", 503, JSON },
    [SERVER_ERROR] = { "server_error", 500, JSON },
    [STREAM_ERROR] = { "server_error_in_stream", 200, EVENTS },
    [RESPONSE_FAILED] = { "response_failed_in_stream", 200, EVENTS },
    [FLEX] = { "flex_resource_unavailable", 429, JSON },
    [QUOTA] = { "insufficient_quota", 429, JSON },
    [QUOTA_2023] = { "insufficient_quota_2023", 429, JSON },
    [USAGE_LIMIT] = { "usage_limit", 429, JSON },
    [HARD_LIMIT] = { "billing_hard_limit", 400, JSON },
    [IMAGES_SLOW_DOWN] = { "images_slow_down", 429, JSON },
    [COUNTRY] = { "unsupported_country", 403, JSON },
    [PROJECT_NO_MODEL] = { "project_no_model", 403, JSON },
    [NO_MODEL] = { "model_not_found", 404, JSON },
    [NO_MODEL_2023] = { "model_not_found_2023", 404, JSON },
    [BATCH_TOKENS] = { "batch_enqueued_tokens", 200, JSON },
    [BATCH_REQUESTS] = { "batch_enqueued_requests", 200, JSON },
    [BATCH_EXPIRED] = { "batch_expired", 200, JSON },
};

/* "{model}" and the like stand for names; JSON's braces are followed by no
   letter.  With `whole` it is all of the body, else an error's parts. */
struct form {
    const char *whole;
    struct mock_error error;
    bool coded; /* laid out by mock_words_coded */
};

#define QUOTA_TEXT                                                             \
    "You exceeded your current quota, please check your plan and billing "     \
    "details."
#define NO_MODEL_TEXT                                                          \
    "The model `{model}` does not exist or you do not have access to it."

static const struct form forms[KINDS] = {
    [RATE_STORM] = { .error = { "Too many requests.", "requests", NULL,
                                "rate_limit_exceeded" } },
    [EDGE] = { .whole = "error code: 1015" },
    [EDGE_SLOW_DOWN] = { .whole = "{\"error\":\"slow down\"}\n" },
    [SLOW_DOWN] = { .error = { "Slow Down", "server_error", NULL, NULL } },
    [OVERLOADED] = { .error = { "The engine is currently overloaded, please "
                                "try again later",
                                "server_error", NULL, NULL } },
    [OVERLOADED_2023] = { .error = { "That model is currently overloaded with "
                                     "other requests. " HELP
                                     " (Please include the request ID {id} in "
                                     "your message.)",
                                     "server_error", NULL, NULL } },
    [SERVER_ERROR] = { .error = { "The server had an error while processing "
                                  "your request. Sorry about that!",
                                  "server_error", NULL, NULL } },
    [STREAM_ERROR] = { .whole = "data: {\"error\":{\"type\":\"server_error\","
                                "\"code\":\"server_error\",\"message\":"
                                "\"" BROKEN "\",\"param\":null}}\n\n" },
    [RESPONSE_FAILED] = { .whole =
                              "event: response.failed\ndata: {\"response\":{"
                              "\"id\":\"resp_mock\",\"object\":\"response\","
                              "\"error\":{\"code\":\"server_error\","
                              "\"message\":\"" BROKEN "\"},\"model\":"
                              "\"{model}\",\"output\":[],\"status\":"
                              "\"failed\",\"usage\":null},"
                              "\"sequence_number\":0,"
                              "\"type\":\"response.failed\"}\n\n" },
    [FLEX] = { .error = { "Resource Unavailable", "requests", NULL,
                          "resource_unavailable" } },
    [QUOTA] = { .error = { QUOTA_TEXT
                           " For more information on this error, read the "
                           "docs: https://platform.openai.com/docs/guides/"
                           "error-codes/api-errors.",
                           "insufficient_quota", NULL, "insufficient_quota" } },
    [QUOTA_2023] = { .error = { QUOTA_TEXT, "insufficient_quota", NULL,
                                "insufficient_quota" } },
    [USAGE_LIMIT] = { .error = { "Organization usage limit reached", "requests",
                                 NULL, "organization_usage_limit_exceeded" } },
    [HARD_LIMIT] = { .error = { "Billing hard limit has been reached",
                                MOCK_INVALID_REQUEST, NULL,
                                "billing_hard_limit_reached" },
                     .coded = true },
    [IMAGES_SLOW_DOWN] = { .error = { "You've exceeded the rate limit, please "
                                      "slow down and try again after 51.84 "
                                      "seconds.",
                                      "requests", NULL,
                                      "rate_limit_exceeded" } },
    [COUNTRY] = { .error = { "Country, region, or territory not supported",
                             "request_forbidden", NULL,
                             "unsupported_country_region_territory" },
                  .coded = true },
    [PROJECT_NO_MODEL] = { .error = { "Project `{project}` does not have "
                                      "access to model `{model}`",
                                      MOCK_INVALID_REQUEST, NULL,
                                      "model_not_found" } },
    [NO_MODEL] = { .error = { NO_MODEL_TEXT, MOCK_INVALID_REQUEST, NULL,
                              "model_not_found" } },
    [NO_MODEL_2023] = { .error = { NO_MODEL_TEXT
                                   " Learn more: https://help.openai.com/en/"
                                   "articles/7102672-how-can-i-access-gpt-4.",
                                   MOCK_INVALID_REQUEST, NULL,
                                   "model_not_found" } },
    [BATCH_TOKENS] = { .whole =
                           BATCH("token_limit_exceeded",
                                 "Enqueued token limit reached for {model} in "
                                 "organization {organisation}. Limit: 900,000 "
                                 "enqueued tokens. Please try again once some "
                                 "in_progress batches have been completed.") },
    [BATCH_REQUESTS] = { .whole = BATCH(
                             "request_limit_exceeded",
                             "Enqueued request limit reached for {model}\\nin "
                             "organization {organisation}. Limit: 1,000,000 "
                             "enqueued requests.\\nPlease try again once some "
                             "in_progress batches have been completed.") },
    [BATCH_EXPIRED] = { .whole =
                            "{\"id\": \"batch_req_123\", \"custom_id\": "
                            "\"request-3\", \"response\": null, \"error\": "
                            "{\"code\": \"batch_expired\", \"message\": "
                            "\"This request could not be executed before the "
                            "completion window expired.\"}}\n" },
};

const struct mock_kind *mock_kinds_find(const char *name)
{
    for (int i = 0; i < KINDS; i++)
        if (strcmp(mock_kinds[i].name, name) == 0)
            return &mock_kinds[i];
    return NULL;
}

const struct mock_kind *mock_kinds_of_fault(enum sim_fault fault,
                                            enum mock_era era)
{
    static const enum kind of[SIM_FAULTS] = {
        [SIM_FAULT_HTTP_429] = RATE_STORM,   [SIM_FAULT_EDGE_429] = EDGE,
        [SIM_FAULT_HTTP_503] = OVERLOADED,   [SIM_FAULT_SLOW_DOWN] = SLOW_DOWN,
        [SIM_FAULT_HTTP_500] = SERVER_ERROR,
    };
    assert(sim_fault_in_front(fault) || fault == SIM_FAULT_HTTP_500);
    if (fault == SIM_FAULT_HTTP_503 && era != MOCK_ERA_NOW)
        return &mock_kinds[OVERLOADED_2023];
    return &mock_kinds[of[fault]];
}

bool mock_kinds_is_edge(const struct mock_kind *kind)
{
    return kind == &mock_kinds[EDGE];
}

static const char *name_of(const struct mock_kinds_names *n, const char *at,
                           size_t length)
{
    const struct {
        const char *word, *value;
    } words[] = {
        { "{model}", n->model },
        { "{organisation}", n->organisation },
        { "{project}", n->project },
        { "{id}", n->request_id },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].word) == length &&
            memcmp(words[i].word, at, length) == 0)
            return words[i].value;
    return NULL;
}

/* Names within JSON text lose what would have to be escaped there. */
static void add_plain(struct mock_text *out, const char *name, bool in_json)
{
    for (; *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;
        bool odd = c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
        mock_text_add(out, in_json && odd ? "?" : name, 1);
    }
}

static void fill_in(struct mock_text *out, const char *form,
                    const struct mock_kinds_names *names, bool in_json)
{
    while (*form != '\0') {
        size_t plain = strcspn(form, "{");
        mock_text_add(out, form, plain);
        form += plain;
        size_t length = strcspn(form, "}") + 1;
        const char *name = *form != '\0' ? name_of(names, form, length) : NULL;
        if (name != NULL) {
            add_plain(out, name, in_json);
            form += length;
        } else if (*form != '\0') {
            mock_text_add(out, form++, 1);
        }
    }
}

void mock_kinds_write(struct mock_text *out, const struct mock_kind *kind,
                      const struct mock_manner *m,
                      const struct mock_kinds_names *names)
{
    const struct form *f = &forms[kind - mock_kinds];
    struct mock_text message = { 0 };
    if (f->whole != NULL) {
        fill_in(out, f->whole, names, true);
        return;
    }
    fill_in(&message, f->error.message, names, false);
    struct mock_error e = f->error;
    e.message = message.failed ? NULL : message.data;
    if (m->dialect == MOCK_AZURE)
        mock_azure_error(out, kind->status, e.code, e.message);
    else if (f->coded)
        mock_words_coded(out, &e);
    else
        mock_words_error(out, &e);
    out->failed = out->failed || message.failed;
    mock_text_fini(&message);
}
