/*
 * POST /v1/chat/completions, read; mockserver/talk answers it.
 *
 * The API does not say how it estimates a prompt of several messages; here
 * each message is estimated by itself (its characters / 4, rounded, + 2) and
 * the estimates are added.  Images, tools and names count nothing.  With `n`
 * choices the bound on the reply is reserved n times.
 *
 * Taken, and without effect: stop, seed, the penalties, logit_bias, logprobs
 * (null in the answer) and the older functions.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/family.h"
#include "mockserver/flight.h"
#include "mockserver/jsontext.h"
#include "mockserver/params.h"
#include "mockserver/talk.h"

#define TOKENS_MAX 100000000
#define CHOICES_MAX 128
#define TOP_LOGPROBS_MAX 20

struct chat {
    struct mock_meter m;
    struct mock_wish wish;
    int64_t choices;
    int64_t max_tokens; /* where one choice is cut; -1: nowhere */
    int64_t reserved;   /* for one choice; -1: nothing */
    bool usage;
};

/* Those that are read together stand together. */
enum {
    STREAM = 2,
    BOUNDS = 4,
    SAMPLING = 7,
    LOGPROBS = 13,
    WISH = 15,
    REST = 19
};

/* clang-format off */
static const char *const parameters[] = {
    "messages", "model",
    [STREAM] = "stream", "stream_options",
    [BOUNDS] = "max_tokens", "max_completion_tokens", "n",
    [SAMPLING] = "temperature", "top_p", "stop", "user", "presence_penalty",
    "frequency_penalty",
    [LOGPROBS] = "logprobs", "top_logprobs",
    [WISH] = "tools", "tool_choice", "response_format", "parallel_tool_calls",
    [REST] = "seed", "audio", "function_call", "functions", "logit_bias",
    "metadata", "modalities", "moderation", "prediction", "prompt_cache_key",
    "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
    "safety_identifier", "service_tier", "store", "verbosity",
    "web_search_options", NULL
};
/* clang-format on */

static const char *const roles[] = { "system", "assistant", "user", "function",
                                     "tool",   "developer", NULL };

/* Where a mistake is; written only when there is one. */
struct place {
    int message, part;
    char param[64];
};

static const char *part_at(struct place *p, const char *member)
{
    snprintf(p->param, sizeof p->param, "messages[%d].content[%d]%s",
             p->message, p->part, member);
    return p->param;
}

static const char *message_at(struct place *p, const char *member)
{
    snprintf(p->param, sizeof p->param, "messages[%d]%s", p->message, member);
    return p->param;
}

static int64_t part_characters(struct mock_meter *m, const cJSON *part,
                               struct place *at)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(part, "type");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(part, "text");
    if (!cJSON_IsObject(part)) {
        mock_meter_type(m, part_at(at, ""), part, "an object");
        return 0;
    }
    if (!cJSON_IsString(type)) {
        mock_params_missing(m, part_at(at, ".type"));
        return 0;
    }
    if (strcmp(type->valuestring, "text") != 0)
        return 0;
    if (!cJSON_IsString(text)) {
        mock_meter_type(m, part_at(at, ".text"), text, "a string");
        return 0;
    }
    return mock_jsontext_characters(text->valuestring);
}

/* The characters of a message's content: a string, parts, or null. */
static int64_t content_characters(struct mock_meter *m, const cJSON *content,
                                  struct place *at)
{
    const cJSON *part;
    int64_t characters = 0;
    if (content == NULL || cJSON_IsNull(content))
        return 0;
    if (cJSON_IsString(content))
        return mock_jsontext_characters(content->valuestring);
    if (!cJSON_IsArray(content)) {
        mock_meter_type(m, message_at(at, ".content"), content,
                        "a string or an array of parts");
        return 0;
    }
    cJSON_ArrayForEach(part, content)
    {
        characters += part_characters(m, part, at);
        at->part++;
    }
    return characters;
}

static bool is_role(const cJSON *role)
{
    if (!cJSON_IsString(role))
        return false;
    for (size_t i = 0; roles[i] != NULL; i++)
        if (strcmp(role->valuestring, roles[i]) == 0)
            return true;
    return false;
}

static bool has(const cJSON *message, const char *member)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(message, member);
    return value != NULL && !cJSON_IsNull(value);
}

/* Only what an assistant said in another way may be without words.  The path
   with its dot is the API's own: langchainjs#4153, 2024-07. */
static void check_content(struct mock_meter *m, const cJSON *message,
                          const cJSON *role, struct place *at)
{
    bool assistant =
        cJSON_IsString(role) && strcmp(role->valuestring, "assistant") == 0;
    if (has(message, "content") ||
        (assistant && (has(message, "tool_calls") || has(message, "refusal") ||
                       has(message, "function_call") || has(message, "audio"))))
        return;
    snprintf(at->param, sizeof at->param, "messages.[%d].content", at->message);
    mock_meter_wrong(m, at->param, NULL,
                     "Invalid value for 'content': expected a string, got "
                     "null.");
}

static void read_message(struct mock_meter *m, const cJSON *message, int index)
{
    struct place at = { .message = index };
    const cJSON *role = cJSON_GetObjectItemCaseSensitive(message, "role");
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(message, "content");
    if (!cJSON_IsObject(message)) {
        mock_meter_type(m, message_at(&at, ""), message, "an object");
        return;
    }
    if (!is_role(role))
        mock_params_one_of(m, message_at(&at, ".role"), role, roles);
    check_content(m, message, role, &at);
    m->prompt_tokens += lim_estimate_text(content_characters(m, content, &at));
}

static void read_messages(struct mock_meter *m)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(m->root, "messages");
    const cJSON *message;
    int index = 0;
    if (list == NULL)
        mock_params_missing(m, "messages");
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

static void check_bound(struct mock_meter *m, const char *key, int64_t tokens)
{
    int64_t most = mock_family_reply_max(m->model);
    if (most > 0 && tokens > most)
        mock_meter_wrong(
            m, key, "invalid_value",
            "%s is too large: %" PRId64 ". This model supports at most %" PRId64
            " completion tokens, whereas you provided %" PRId64 ".",
            key, tokens, most, tokens);
}

/* MetaGPT#1709, 2025-02; gpt-5.4: ESPHomeDesigner#379, 2026-04. */
static void check_bounds(struct mock_meter *m, int64_t old, int64_t new)
{
    if (old >= 0 && mock_family_reasons(m->model))
        mock_meter_wrong(m, "max_tokens", "unsupported_parameter",
                         "Unsupported parameter: 'max_tokens' is not supported "
                         "with this model. Use 'max_completion_tokens' "
                         "instead.");
    check_bound(m, "max_tokens", old);
    check_bound(m, "max_completion_tokens", new);
}

/* The larger of the two bounds is reserved; the newer name's holds. */
static void read_bounds(struct chat *c)
{
    int64_t old = -1;
    int64_t new = -1;
    mock_meter_int(&c->m, "max_tokens", 1, TOKENS_MAX, &old);
    mock_meter_int(&c->m, "max_completion_tokens", 1, TOKENS_MAX, &new);
    mock_meter_int(&c->m, "n", 1, CHOICES_MAX, &c->choices);
    check_bounds(&c->m, old, new);
    c->max_tokens = new >= 0 ? new : old;
    c->reserved = lim_estimate_reply(old, new);
    if (c->reserved >= 0)
        c->m.max_tokens = c->reserved * c->choices;
}

static void read_logprobs(struct mock_meter *m)
{
    int64_t top = -1;
    bool asked = false;
    mock_meter_bool(m, "logprobs", &asked);
    mock_meter_int(m, "top_logprobs", 0, TOP_LOGPROBS_MAX, &top);
    if (top >= 0 && !asked)
        mock_meter_wrong(m, "top_logprobs", NULL,
                         "The 'top_logprobs' parameter is only allowed when "
                         "'logprobs' is enabled.");
}

/* A model that is not told of JSON goes on and on; the API demands it. */
static void check_json_is_named(struct mock_meter *m, const cJSON *format)
{
    const cJSON *messages =
        cJSON_GetObjectItemCaseSensitive(m->root, "messages");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(format, "type");
    if (cJSON_IsString(type) && strcmp(type->valuestring, "json_object") == 0 &&
        !mock_params_mention(messages, "json"))
        mock_meter_wrong(m, "messages", NULL,
                         "'messages' must contain the word 'json' in some "
                         "form, to use 'response_format' of type "
                         "'json_object'.");
}

static void read_wish(struct mock_visit *v, struct chat *c)
{
    const cJSON *format =
        cJSON_GetObjectItemCaseSensitive(c->m.root, "response_format");
    bool parallel = true;
    mock_tools_read(&c->m, MOCK_TOOLS_NESTED, mock_visit_draw(v, 3), &c->wish);
    mock_tools_format(&c->m, format, "response_format", MOCK_TOOLS_NESTED,
                      &c->wish);
    check_json_is_named(&c->m, format);
    mock_meter_bool(&c->m, "parallel_tool_calls", &parallel);
}

static void check_context(struct chat *c)
{
    int64_t reply = c->reserved > 0 ? c->reserved : 0;
    int64_t prompt = c->m.prompt_tokens;
    int64_t room = sim_service_room(c->m.call.price, prompt);
    if (reply <= room)
        return;
    int64_t context = c->m.call.price->context_tokens;
    if (room < 0)
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

/*
 * A reply that the newer bound cuts below the reserved one: its plan ends
 * where the cut is.
 */
static void shorten(struct mock_visit *v, const struct chat *c)
{
    struct mock_flight *f = v->a->flight;
    struct sim_plan *p = &f->plan;
    int64_t most = c->max_tokens * c->choices;
    int64_t gaps = p->completion_tokens - 1;
    if (c->max_tokens < 0 || p->completion_tokens <= most)
        return;
    double kept = (double)(most - 1) / (double)gaps;
    int64_t span = p->timing.total_ns - p->timing.ttft_ns;
    p->told_tokens = p->told_tokens * most / p->completion_tokens;
    p->completion_tokens = most;
    p->timing.total_ns =
        p->timing.ttft_ns + (int64_t)((double)span * kept + 0.5);
    p->microusd =
        p->microusd <= 0
            ? p->microusd
            : lim_price_cost(f->call.price, c->m.prompt_tokens, most, 0);
    if (!c->m.stream)
        v->a->at = v->q->now + p->timing.total_ns;
}

/* Where a choice ends that has more to say; -1: nowhere. */
static int64_t longest(const struct chat *c)
{
    int64_t room = sim_service_room(c->m.call.price, c->m.prompt_tokens);
    if (room == INT64_MAX || (c->max_tokens >= 0 && c->max_tokens < room))
        return c->max_tokens;
    return room;
}

void mock_chat_post(struct mock_visit *v)
{
    struct chat c = { .choices = 1, .max_tokens = -1, .reserved = -1 };
    if (mock_meter_open(v, &c.m, NULL) &&
        mock_family_fits(v, c.m.model, MOCK_ROOM_CHAT)) {
        uint64_t known =
            mock_params_known(&c.m, parameters, MOCK_PARAMS_UNRECOGNIZED);
        read_messages(&c.m);
        if (mock_params_any(known, STREAM, BOUNDS))
            mock_params_stream(&c.m, &c.usage);
        if (mock_params_any(known, BOUNDS, SAMPLING))
            read_bounds(&c);
        if (mock_params_any(known, SAMPLING, LOGPROBS))
            mock_params_sampling(&c.m);
        if (mock_params_any(known, LOGPROBS, WISH))
            read_logprobs(&c.m);
        if (mock_params_any(known, WISH, REST))
            read_wish(v, &c);
        check_context(&c);
        const struct sim_plan *plan = mock_meter_admit(v, &c.m);
        if (plan != NULL) {
            shorten(v, &c);
            struct mock_talk t = { .prose = { .choices = c.choices,
                                              .max_tokens = longest(&c) },
                                   .wish = c.wish,
                                   .prompt_tokens = c.m.prompt_tokens,
                                   .usage = c.usage };
            mock_talk_answer(v, plan, &t, c.m.stream);
        }
    }
    mock_meter_fini(&c.m);
}
