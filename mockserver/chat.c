/*
 * POST /v1/chat/completions, answered whole.
 *
 * The API does not say how it estimates a prompt of several messages; here
 * each message is estimated by itself (its characters / 4, rounded, + 2) and
 * the estimates are added.  Images, tools and names count nothing.  With `n`
 * choices the bound on the reply is reserved n times.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/jsontext.h"
#include "mockserver/meter.h"

#define TOKENS_MAX 100000000
#define CHOICES_MAX 128

struct chat {
    struct mock_meter m;
    int64_t choices;
    int64_t max_tokens; /* of one choice; -1: none */
};

static int64_t part_characters(struct mock_meter *m, const cJSON *part,
                               const char *param)
{
    char path[64];
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(part, "type");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(part, "text");
    if (!cJSON_IsObject(part)) {
        mock_meter_type(m, param, part, "an object");
        return 0;
    }
    if (!cJSON_IsString(type)) {
        snprintf(path, sizeof path, "%s.type", param);
        mock_meter_wrong(m, path, "missing_required_parameter",
                         "Missing required parameter: '%s'.", path);
        return 0;
    }
    if (strcmp(type->valuestring, "text") != 0)
        return 0;
    if (!cJSON_IsString(text)) {
        snprintf(path, sizeof path, "%s.text", param);
        mock_meter_type(m, path, text, "a string");
        return 0;
    }
    return mock_jsontext_characters(text->valuestring);
}

/* The characters of a message's content: a string, parts, or null. */
static int64_t content_characters(struct mock_meter *m, const cJSON *content,
                                  int index)
{
    char param[48];
    const cJSON *part;
    int64_t characters = 0;
    int i = 0;
    if (content == NULL || cJSON_IsNull(content))
        return 0;
    if (cJSON_IsString(content))
        return mock_jsontext_characters(content->valuestring);
    if (!cJSON_IsArray(content)) {
        snprintf(param, sizeof param, "messages[%d].content", index);
        mock_meter_type(m, param, content, "a string or an array of parts");
        return 0;
    }
    cJSON_ArrayForEach(part, content)
    {
        snprintf(param, sizeof param, "messages[%d].content[%d]", index, i++);
        characters += part_characters(m, part, param);
    }
    return characters;
}

static void read_message(struct mock_meter *m, const cJSON *message, int index)
{
    char param[48];
    const cJSON *role = cJSON_GetObjectItemCaseSensitive(message, "role");
    snprintf(param, sizeof param, "messages[%d]", index);
    if (!cJSON_IsObject(message)) {
        mock_meter_type(m, param, message, "an object");
        return;
    }
    if (!cJSON_IsString(role)) {
        snprintf(param, sizeof param, "messages[%d].role", index);
        mock_meter_wrong(m, param, "missing_required_parameter",
                         "Missing required parameter: '%s'.", param);
    }
    m->prompt_tokens += lim_estimate_text(content_characters(
        m, cJSON_GetObjectItemCaseSensitive(message, "content"), index));
}

static void read_messages(struct mock_meter *m)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(m->root, "messages");
    const cJSON *message;
    int index = 0;
    if (list == NULL)
        mock_meter_wrong(m, "messages", "missing_required_parameter",
                         "Missing required parameter: 'messages'.");
    else if (!cJSON_IsArray(list))
        mock_meter_type(m, "messages", list, "an array of objects");
    else if (list->child == NULL)
        mock_meter_wrong(m, "messages", "empty_array",
                         "Invalid 'messages': empty array. Expected an array "
                         "with minimum length 1, but got an empty array "
                         "instead.");
    if (!cJSON_IsArray(list))
        return;
    cJSON_ArrayForEach(message, list)
    {
        read_message(m, message, index++);
    }
}

static void read_stream(struct mock_meter *m)
{
    const cJSON *stream = cJSON_GetObjectItemCaseSensitive(m->root, "stream");
    if (cJSON_IsTrue(stream))
        mock_meter_wrong(m, "stream", "unsupported_value",
                         "Streaming is not supported by this version of the "
                         "mock: send the request without 'stream'.");
    else if (stream != NULL && !cJSON_IsFalse(stream) && !cJSON_IsNull(stream))
        mock_meter_type(m, "stream", stream, "a boolean");
}

/* Both names bound the reply; the smaller one holds. */
static void read_bounds(struct chat *c)
{
    int64_t bound = -1;
    mock_meter_int(&c->m, "max_tokens", 1, TOKENS_MAX, &c->max_tokens);
    mock_meter_int(&c->m, "max_completion_tokens", 1, TOKENS_MAX, &bound);
    if (bound >= 0 && (c->max_tokens < 0 || bound < c->max_tokens))
        c->max_tokens = bound;
    mock_meter_int(&c->m, "n", 1, CHOICES_MAX, &c->choices);
    if (c->max_tokens >= 0)
        c->m.max_tokens = c->max_tokens * c->choices;
}

static void check_context(struct chat *c)
{
    const struct lim_price *price = lim_price_find(c->m.model);
    int64_t context = price != NULL ? price->context_tokens : -1;
    int64_t reply = c->max_tokens > 0 ? c->max_tokens : 0;
    int64_t prompt = c->m.prompt_tokens;
    if (context <= 0 || prompt + reply <= context)
        return;
    if (prompt > context)
        mock_meter_wrong(&c->m, "messages", "context_length_exceeded",
                         "This model's maximum context length is %" PRId64
                         " tokens. However, your messages resulted in %" PRId64
                         " tokens. Please reduce the length of the messages.",
                         context, prompt);
    else
        mock_meter_wrong(&c->m, "messages", "context_length_exceeded",
                         "This model's maximum context length is %" PRId64
                         " tokens. However, you requested %" PRId64
                         " tokens (%" PRId64 " in the messages, %" PRId64
                         " in the completion). Please reduce the length of "
                         "the messages or completion.",
                         context, prompt + reply, prompt, reply);
}

static void write_choices(struct mock_visit *v, const struct chat *c,
                          int64_t tokens)
{
    struct mock_text *b = &v->a->body;
    for (int64_t i = 0; i < c->choices; i++) {
        int64_t share = tokens / c->choices + (i < tokens % c->choices);
        bool cut = c->max_tokens >= 0 && share >= c->max_tokens;
        mock_text_puts(b, i > 0 ? ",{\"index\":" : "{\"index\":");
        mock_text_int(b, i);
        mock_text_puts(b, ",\"message\":{\"role\":\"assistant\",\"content\":");
        mock_words_reply(b, share, mock_visit_draw(v, 2 + (uint64_t)i));
        mock_text_puts(b, ",\"refusal\":null,\"annotations\":[]},"
                          "\"logprobs\":null,\"finish_reason\":");
        mock_text_puts(b, cut ? "\"length\"}" : "\"stop\"}");
    }
}

static void write_usage(struct mock_text *b, int64_t prompt, int64_t reply)
{
    mock_text_puts(b, "\"usage\":{\"prompt_tokens\":");
    mock_text_int(b, prompt);
    mock_text_puts(b, ",\"completion_tokens\":");
    mock_text_int(b, reply);
    mock_text_puts(b, ",\"total_tokens\":");
    mock_text_int(b, prompt + reply);
    mock_text_puts(
        b,
        ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":0,"
        "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
        "\"rejected_prediction_tokens\":0}}");
}

static void write_answer(struct mock_visit *v, const struct chat *c,
                         const struct sim_plan *plan)
{
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"id\":\"chatcmpl-");
    mock_text_hex(b, mock_visit_draw(v, 0) >> 12, 13);
    mock_text_hex(b, mock_visit_draw(v, 1), 16);
    mock_text_puts(b, "\",\"object\":\"chat.completion\",\"created\":");
    mock_text_int(b, v->q->now / LIM_SEC);
    mock_text_puts(b, ",\"model\":");
    mock_text_json(b, c->m.model, strlen(c->m.model));
    mock_text_puts(b, ",\"choices\":[");
    write_choices(v, c, plan->completion_tokens);
    mock_text_puts(b, "],");
    write_usage(b, c->m.prompt_tokens, plan->completion_tokens);
    mock_text_puts(b, ",\"service_tier\":\"default\","
                      "\"system_fingerprint\":\"fp_tierlab\"}\n");
}

void mock_chat_post(struct mock_visit *v)
{
    struct chat c = { .choices = 1, .max_tokens = -1 };
    if (mock_meter_open(v, &c.m, NULL)) {
        read_messages(&c.m);
        read_stream(&c.m);
        read_bounds(&c);
        check_context(&c);
        const struct sim_plan *plan = mock_meter_admit(v, &c.m);
        if (plan != NULL)
            write_answer(v, &c, plan);
    }
    mock_meter_fini(&c.m);
}
