#include "mockserver/azure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400

static const char *const dialect_names[MOCK_DIALECTS] = {
    [MOCK_OPENAI] = "openai",
    [MOCK_AZURE] = "azure",
};

const char *mock_azure_dialect_name(enum mock_dialect dialect)
{
    return dialect_names[dialect];
}

bool mock_azure_dialect_find(const char *name, enum mock_dialect *out)
{
    for (int i = 0; i < MOCK_DIALECTS; i++) {
        if (strcmp(name, dialect_names[i]) == 0) {
            *out = (enum mock_dialect)i;
            return true;
        }
    }
    return false;
}

void mock_azure_error(struct mock_text *out, int status, const char *code,
                      const char *message)
{
    mock_text_puts(out, "{\"error\":{\"code\":");
    if (code != NULL) {
        mock_text_json(out, code, strlen(code));
    } else {
        mock_text_puts(out, "\"");
        mock_text_int(out, status);
        mock_text_puts(out, "\"");
    }
    mock_text_puts(out, ",\"message\":");
    mock_text_json_or_null(out, message);
    mock_text_puts(out, "}}");
}

static void fail(struct mock_visit *v, int status, const char *code,
                 const char *message)
{
    v->a->status = status;
    mock_text_clear(&v->a->body);
    mock_azure_error(&v->a->body, status, code, message);
}

void mock_azure_no_resource(struct mock_visit *v)
{
    fail(v, 404, NULL, "Resource not found");
}

void mock_azure_no_deployment(struct mock_visit *v)
{
    fail(v, 404, "DeploymentNotFound",
         "The API deployment for this resource does not exist. If you created "
         "the deployment within the last 5 minutes, please wait a moment and "
         "try again.");
}

void mock_azure_bad_key(struct mock_visit *v)
{
    fail(v, 401, NULL,
         "Access denied due to invalid subscription key or wrong API endpoint. "
         "Make sure to provide a valid key for an active subscription and use "
         "a correct regional API endpoint for your resource.");
}

/* Cuts a prefix off; false: there is none such. */
static bool skip(struct mock_slice *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->length < n || memcmp(s->at, prefix, n) != 0)
        return false;
    s->at += n;
    s->length -= n;
    return true;
}

static bool has_version(const struct mock_visit *v, char *out, size_t size)
{
    return mock_slice_query(v->q->query, "api-version", out, size) == 1 &&
           out[0] != '\0';
}

/* "<deployment>/<operation>": keeps the name, leaves "/<operation>". */
static bool take_deployment(struct mock_visit *v, struct mock_slice *path)
{
    const char *end = memchr(path->at, '/', path->length);
    size_t n = end != NULL ? (size_t)(end - path->at) : 0;
    if (n == 0 || n >= sizeof v->deployment)
        return false;
    memcpy(v->deployment, path->at, n);
    v->deployment[n] = '\0';
    path->at += n;
    path->length -= n;
    return true;
}

bool mock_azure_enter(struct mock_visit *v, struct mock_slice *path)
{
    char version[64];
    bool found = skip(path, "/openai");
    if (found && skip(path, "/v1/")) {
        path->at--;
        path->length++;
        return true;
    }
    found = found && has_version(v, version, sizeof version) &&
            (!skip(path, "/deployments/") || take_deployment(v, path));
    if (!found)
        mock_azure_no_resource(v);
    return found;
}

static const char *operation_of(struct mock_slice path)
{
    static const struct {
        const char *tail, *operation;
    } names[] = {
        { "/chat/completions", "ChatCompletions_Create" },
        { "/completions", "Completions_Create" },
        { "/embeddings", "Embeddings_Create" },
        { "/responses", "Responses_Create" },
        { "/images/generations", "ImageGenerations_Create" },
        { "/audio/transcriptions", "Transcriptions_Create" },
        { "/audio/translations", "Translations_Create" },
        { "/audio/speech", "Speech_Create" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i].tail);
        if (path.length >= n &&
            memcmp(path.at + path.length - n, names[i].tail, n) == 0)
            return names[i].operation;
    }
    return "Unknown";
}

void mock_azure_refusal(struct mock_text *out,
                        const struct mock_azure_refused *r,
                        const struct sim_verdict *verdict)
{
    char message[600];
    bool tokens = lim_limit_dimension(verdict->limit) == LIM_TOKENS;
    int64_t hint_ns = verdict->shown.hint_ns;
    int64_t wait_s = (hint_ns + LIM_SEC - 1) / LIM_SEC;
    if (hint_ns < 0 || verdict->answer == SIM_TOO_LARGE)
        wait_s = DAY_S;
    snprintf(message, sizeof message,
             "Requests to the %s Operation under Azure OpenAI API version %s "
             "have exceeded %s rate limit of your current OpenAI S0 pricing "
             "tier. Please retry after %" PRId64
             " seconds. Please go here: https://aka.ms/oai/quotaincrease if "
             "you would like to further increase the default rate limit.",
             r->operation, r->version, tokens ? "token" : "call", wait_s);
    mock_azure_error(out, 429, NULL, message);
}

void mock_azure_refuse(struct mock_visit *v, const struct sim_verdict *verdict)
{
    char version[64];
    bool told = has_version(v, version, sizeof version);
    const struct mock_azure_refused r = {
        .operation = operation_of(v->q->path),
        .version = told ? version : "v1",
    };
    v->a->status = 429;
    mock_azure_refusal(&v->a->body, &r, verdict);
    if (verdict->answer == SIM_TOO_LARGE)
        mock_text_printf(&v->a->headers, "retry-after: %d\r\n", DAY_S);
}
