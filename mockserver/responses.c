/*
 * POST /v1/responses, read; mockserver/output answers it.
 *
 * Nothing is kept: a previous_response_id or a conversation is taken, but adds
 * nothing to the input, and there is no response to be fetched later.  What
 * an item of the input costs is estimated as a message of chat is (its
 * characters / 4, rounded, + 2); images and files count nothing.
 */

#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/family.h"
#include "mockserver/jsontext.h"
#include "mockserver/output.h"
#include "mockserver/params.h"

#define TOKENS_MIN 16
#define TOKENS_MAX 100000000
#define TOP_LOGPROBS_MAX 20

/* clang-format off */
static const char *const parameters[] = {
    "model", "input", "instructions", "max_output_tokens", "stream", "tools",
    "tool_choice", "text", "temperature", "top_p", "metadata", "store",
    "previous_response_id", "reasoning", "background", "context_management",
    "conversation", "include", "max_tool_calls", "moderation",
    "parallel_tool_calls", "prompt", "prompt_cache_key",
    "prompt_cache_options", "prompt_cache_retention", "safety_identifier",
    "service_tier", "stream_options", "top_logprobs", "truncation", "user",
    NULL
};

/* Of chat, and what they are called here. */
static const char *const moved[][2] = {
    { "messages", "input" },
    { "max_tokens", "max_output_tokens" },
    { "max_completion_tokens", "max_output_tokens" },
    { "response_format", "text.format" },
    { "reasoning_effort", "reasoning.effort" },
};
/* clang-format on */

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

static void refuse_moved(struct mock_meter *m)
{
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++)
        if (get(m->root, moved[i][0]) != NULL)
            mock_meter_wrong(m, moved[i][0], "unsupported_parameter",
                             "Unsupported parameter: '%s'. In the Responses "
                             "API, this parameter has moved to '%s'. Try again "
                             "with the new parameter.",
                             moved[i][0], moved[i][1]);
}

/* The characters of a content: a string, or parts of which some are text. */
static int64_t characters(struct mock_meter *m, const cJSON *content)
{
    const cJSON *part;
    int64_t n = 0;
    if (content == NULL)
        return 0;
    if (cJSON_IsString(content))
        return mock_jsontext_characters(content->valuestring);
    if (!cJSON_IsArray(content)) {
        mock_meter_type(m, "input", content, "a string or an array of parts");
        return 0;
    }
    cJSON_ArrayForEach(part, content)
    {
        const cJSON *text = get(part, "text");
        if (cJSON_IsString(text))
            n += mock_jsontext_characters(text->valuestring);
    }
    return n;
}

static void read_item(struct mock_meter *m, const cJSON *item, int index)
{
    static const char *const roles[] = { "assistant", "system", "developer",
                                         "user", NULL };
    static const char *const texts[] = { "content", "output", "arguments" };
    char param[32];
    int64_t n = 0;
    snprintf(param, sizeof param, "input[%d]", index);
    if (!cJSON_IsObject(item)) {
        mock_meter_type(m, param, item, "an object");
        return;
    }
    const cJSON *type = get(item, "type");
    if (type != NULL && !cJSON_IsString(type))
        mock_meter_type(m, param, type, "a string");
    if (type == NULL || !cJSON_IsString(type) ||
        strcmp(type->valuestring, "message") == 0) {
        snprintf(param, sizeof param, "input[%d].role", index);
        mock_params_one_of(m, param, get(item, "role"), roles);
    }
    for (size_t i = 0; i < 3; i++)
        n += characters(m, get(item, texts[i]));
    m->prompt_tokens += lim_estimate_text(n);
}

static void read_input(struct mock_meter *m)
{
    const cJSON *input = get(m->root, "input");
    const cJSON *instructions = get(m->root, "instructions");
    const cJSON *item;
    int index = 0;
    if (input == NULL) {
        if (get(m->root, "previous_response_id") == NULL &&
            get(m->root, "prompt") == NULL &&
            get(m->root, "conversation") == NULL)
            mock_params_missing(m, "input");
    } else if (cJSON_IsString(input)) {
        m->prompt_tokens +=
            lim_estimate_text(mock_jsontext_characters(input->valuestring));
    } else if (cJSON_IsArray(input)) {
        cJSON_ArrayForEach(item, input) read_item(m, item, index++);
    } else {
        mock_meter_type(m, "input", input, "a string or an array of items");
    }
    if (cJSON_IsString(instructions))
        m->prompt_tokens += lim_estimate_text(
            mock_jsontext_characters(instructions->valuestring));
    else if (instructions != NULL)
        mock_meter_type(m, "instructions", instructions, "a string");
}

static void read_previous(struct mock_meter *m)
{
    static const char key[] = "previous_response_id";
    const cJSON *id = get(m->root, key);
    char quoted[80];
    if (id == NULL)
        return;
    if (!cJSON_IsString(id))
        mock_meter_type(m, key, id, "a string");
    else if (strncmp(id->valuestring, "resp_", 5) != 0)
        mock_meter_wrong(
            m, key, "invalid_value",
            "Invalid 'previous_response_id': '%s'. Expected an ID "
            "that begins with 'resp'.",
            mock_jsontext_quote(id->valuestring, quoted, sizeof quoted));
}

/* What is only looked at: it has no effect here. */
static void read_rest(struct mock_meter *m)
{
    static const char *const truncations[] = { "auto", "disabled", NULL };
    int64_t number = 0;
    bool yes = false;
    const cJSON *truncation = get(m->root, "truncation");
    const cJSON *metadata = get(m->root, "metadata");
    mock_meter_bool(m, "store", &yes);
    mock_meter_bool(m, "parallel_tool_calls", &yes);
    mock_meter_int(m, "top_logprobs", 0, TOP_LOGPROBS_MAX, &number);
    if (truncation != NULL)
        mock_params_one_of(m, "truncation", truncation, truncations);
    if (metadata != NULL && !cJSON_IsObject(metadata))
        mock_meter_type(m, "metadata", metadata, "an object");
    yes = false;
    mock_meter_bool(m, "background", &yes);
    if (yes)
        mock_meter_wrong(m, "background", "unsupported_value",
                         "This mock keeps no responses, so none can run in "
                         "the background.");
}

static void read_wish(struct mock_visit *v, struct mock_meter *m,
                      struct mock_wish *wish)
{
    const cJSON *text = get(m->root, "text");
    const cJSON *format = get(text, "format");
    const cJSON *type = get(format, "type");
    if (text != NULL && !cJSON_IsObject(text))
        mock_meter_type(m, "text", text, "an object");
    mock_tools_read(m, MOCK_TOOLS_FLAT, mock_visit_draw(v, 3), wish);
    mock_tools_format(m, format, "text.format", MOCK_TOOLS_FLAT, wish);
    if (cJSON_IsString(type) && strcmp(type->valuestring, "json_object") == 0 &&
        !mock_params_mention(get(m->root, "input"), "json"))
        mock_meter_wrong(m, "input", NULL,
                         "Response input messages must contain the word 'json' "
                         "in some form to use 'text.format' of type "
                         "'json_object'.");
}

static void check_context(struct mock_meter *m)
{
    if (sim_service_room(m->call.price, m->prompt_tokens) < 0)
        mock_meter_wrong(m, "input", "context_length_exceeded",
                         "Your input exceeds the context window of this model. "
                         "Please adjust your input and try again.");
}

/* What a response repeats of its request, and what stands there otherwise. */
static void write_asked(const struct mock_meter *m, struct mock_text *out)
{
    static const char *const repeated[][2] = {
        { "instructions", "null" },
        { "max_output_tokens", "null" },
        { "metadata", "{}" },
        { "parallel_tool_calls", "true" },
        { "previous_response_id", "null" },
        { "reasoning", "{\"effort\":null,\"summary\":null}" },
        { "store", "true" },
        { "temperature", "1.0" },
        { "text", "{\"format\":{\"type\":\"text\"}}" },
        { "tool_choice", "\"auto\"" },
        { "tools", "[]" },
        { "top_logprobs", "0" },
        { "top_p", "1.0" },
        { "truncation", "\"disabled\"" },
        { "user", "null" },
    };
    mock_text_puts(out, "\"background\":false,\"service_tier\":\"default\",");
    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++) {
        const cJSON *value = get(m->root, repeated[i][0]);
        char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
        out->failed = out->failed || (value != NULL && text == NULL);
        mock_text_puts(out, "\"");
        mock_text_puts(out, repeated[i][0]);
        mock_text_puts(out, "\":");
        mock_text_puts(out, text != NULL ? text : repeated[i][1]);
        mock_text_puts(out, ",");
        cJSON_free(text);
    }
}

void mock_responses_post(struct mock_visit *v)
{
    struct mock_meter m;
    struct mock_output o = { .prose = { .choices = 1, .max_tokens = -1 } };
    bool usage;
    if (mock_meter_open(v, &m, NULL) &&
        mock_family_fits(v, m.model, MOCK_ROOM_RESPONSES)) {
        refuse_moved(&m);
        mock_params_known(&m, parameters, MOCK_PARAMS_UNKNOWN);
        read_input(&m);
        mock_params_stream(&m, &usage);
        mock_meter_int(&m, "max_output_tokens", TOKENS_MIN, TOKENS_MAX,
                       &m.max_tokens);
        mock_params_sampling(&m);
        read_previous(&m);
        read_rest(&m);
        read_wish(v, &m, &o.wish);
        check_context(&m);
        const struct sim_plan *plan = mock_meter_admit(v, &m);
        if (plan != NULL) {
            o.prose.max_tokens = m.max_tokens;
            o.input_tokens = m.prompt_tokens;
            write_asked(&m, &o.asked);
            mock_output_answer(v, plan, &o, m.stream);
        }
    }
    mock_meter_fini(&m);
}
