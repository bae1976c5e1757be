#include "mockserver/talk.h"

#include <string.h>

#include "mockserver/feed.h"

/* What draws are for; 0 is the prose's. */
enum { CALL_ID = 1, CALL_ID_LOW };

static bool calls(const struct mock_talk *t)
{
    return t->wish.kind == MOCK_WISH_CALL || t->wish.kind == MOCK_WISH_CUSTOM;
}

static const char *reason(const struct mock_talk *t, int64_t choice)
{
    if (mock_prose_cut(&t->prose, choice))
        return "length";
    /* who named the function is told "stop", as the API does */
    return calls(t) && !t->wish.named ? "tool_calls" : "stop";
}

static void add_usage(struct mock_text *b, const struct mock_talk *t)
{
    mock_text_puts(b, "\"usage\":{\"prompt_tokens\":");
    mock_text_int(b, t->prompt_tokens);
    mock_text_puts(b, ",\"completion_tokens\":");
    mock_text_int(b, t->prose.tokens);
    mock_text_puts(b, ",\"total_tokens\":");
    mock_text_int(b, t->prompt_tokens + t->prose.tokens);
    mock_text_puts(
        b,
        ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":0,"
        "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
        "\"rejected_prediction_tokens\":0}}");
}

/* Up to where the call's arguments, or input, are to follow. */
static void add_call(struct mock_text *b, const struct mock_talk *t,
                     int64_t choice)
{
    bool custom = t->wish.kind == MOCK_WISH_CUSTOM;
    mock_text_puts(b, "\"id\":\"call_");
    mock_text_hex(b, mock_prose_draw(&t->prose, choice, CALL_ID), 12);
    mock_text_hex(b, mock_prose_draw(&t->prose, choice, CALL_ID_LOW), 12);
    mock_text_puts(b, custom ? "\",\"type\":\"custom\",\"custom\":{\"name\":\""
                             : "\",\"type\":\"function\",\"function\":{"
                               "\"name\":\"");
    mock_text_puts(b, t->wish.name);
    mock_text_puts(b, custom ? "\",\"input\":" : "\",\"arguments\":");
}

static void add_choice(struct mock_text *b, const struct mock_talk *t,
                       int64_t choice)
{
    mock_text_puts(b, choice > 0 ? ",{\"index\":" : "{\"index\":");
    mock_text_int(b, choice);
    mock_text_puts(b, ",\"message\":{\"role\":\"assistant\",\"content\":");
    if (calls(t)) {
        mock_text_puts(b, "null,\"tool_calls\":[{");
        add_call(b, t, choice);
        mock_prose_whole(&t->prose, choice, b);
        mock_text_puts(b, "}}]");
    } else {
        mock_prose_whole(&t->prose, choice, b);
    }
    mock_text_puts(b, ",\"refusal\":null,\"annotations\":[]},"
                      "\"logprobs\":null,\"finish_reason\":\"");
    mock_text_puts(b, reason(t, choice));
    mock_text_puts(b, "\"}");
}

/* Up to the choices. */
static void add_head(struct mock_text *b, struct mock_visit *v,
                     const char *object)
{
    mock_text_puts(b, "{\"id\":\"chatcmpl-");
    mock_text_hex(b, mock_visit_draw(v, 0) >> 12, 13);
    mock_text_hex(b, mock_visit_draw(v, 1), 16);
    mock_text_puts(b, "\",\"object\":\"");
    mock_text_puts(b, object);
    mock_text_puts(b, "\",\"created\":");
    mock_text_int(b, v->q->now / LIM_SEC);
    mock_text_puts(b, ",\"model\":");
    mock_text_json(b, v->model, strlen(v->model));
    mock_text_puts(b, ",\"service_tier\":\"default\","
                      "\"system_fingerprint\":\"fp_tierlab\",\"choices\":[");
}

static void write_whole(struct mock_visit *v, const struct mock_talk *t)
{
    struct mock_text *b = &v->a->body;
    add_head(b, v, "chat.completion");
    for (int64_t i = 0; i < t->prose.choices; i++)
        add_choice(b, t, i);
    mock_text_puts(b, "],");
    add_usage(b, t);
    mock_text_puts(b, "}\n");
}

static void open_chunk(const struct mock_talk *t, int64_t choice,
                       struct mock_text *out)
{
    mock_text_add(out, t->head.data, t->head.length);
    mock_text_puts(out, "{\"index\":");
    mock_text_int(out, choice);
    mock_text_puts(out, ",\"delta\":{");
}

/* `why` NULL: the choice goes on. */
static void close_chunk(const struct mock_talk *t, const char *why,
                        struct mock_text *out)
{
    mock_text_puts(out, "},\"logprobs\":null,\"finish_reason\":");
    mock_text_json_or_null(out, why);
    mock_text_puts(out, t->usage ? "}],\"usage\":null}\n\n" : "}]}\n\n");
}

static void begin(void *state, struct mock_text *out)
{
    const struct mock_talk *t = state;
    for (int64_t i = 0; i < t->prose.choices; i++) {
        open_chunk(t, i, out);
        mock_text_puts(out, "\"role\":\"assistant\",\"content\":");
        if (calls(t)) {
            mock_text_puts(out, "null,\"tool_calls\":[{\"index\":0,");
            add_call(out, t, i);
            mock_text_puts(out, "\"\"}}]");
        } else {
            mock_text_puts(out, "\"\"");
        }
        mock_text_puts(out, ",\"refusal\":null");
        close_chunk(t, NULL, out);
    }
}

static void token(void *state, int64_t index, struct mock_text *out)
{
    const struct mock_talk *t = state;
    int64_t choice = index % t->prose.choices;
    size_t start = out->length;
    open_chunk(t, choice, out);
    if (t->wish.kind == MOCK_WISH_CALL)
        mock_text_puts(out, "\"tool_calls\":[{\"index\":0,\"function\":{"
                            "\"arguments\":");
    else if (t->wish.kind == MOCK_WISH_CUSTOM)
        mock_text_puts(out, "\"tool_calls\":[{\"index\":0,\"custom\":{"
                            "\"input\":");
    else
        mock_text_puts(out, "\"content\":");
    if (!mock_prose_piece(&t->prose, choice, index / t->prose.choices, out)) {
        out->length = start;
        return;
    }
    if (calls(t))
        mock_text_puts(out, "}}]");
    close_chunk(t, NULL, out);
}

static void end(void *state, struct mock_text *out)
{
    const struct mock_talk *t = state;
    for (int64_t i = 0; i < t->prose.choices; i++) {
        open_chunk(t, i, out);
        close_chunk(t, reason(t, i), out);
    }
    if (t->usage) {
        mock_text_add(out, t->head.data, t->head.length);
        mock_text_puts(out, "],");
        add_usage(out, t);
        mock_text_puts(out, "}\n\n");
    }
    mock_text_puts(out, "data: [DONE]\n\n");
}

static void fini(void *state)
{
    struct mock_talk *t = state;
    mock_prose_fini(&t->prose);
    mock_text_fini(&t->head);
}

static const struct mock_feed_form form = { .size = sizeof(struct mock_talk),
                                            .begin = begin,
                                            .token = token,
                                            .end = end,
                                            .fini = fini };

void mock_talk_answer(struct mock_visit *v, const struct sim_plan *plan,
                      struct mock_talk *t, bool stream)
{
    t->prose.tokens = plan->completion_tokens;
    t->prose.draw = mock_visit_draw(v, 2);
    mock_tools_fill(&t->wish, &t->prose);
    t->wish.schema = NULL;
    if (stream) {
        mock_text_puts(&t->head, "data: ");
        add_head(&t->head, v, "chat.completion.chunk");
    }
    if (t->prose.texts.failed || t->head.failed) {
        v->a->body.failed = true;
        fini(t);
    } else if (stream) {
        mock_feed_answer(v, plan, &form, t);
    } else {
        write_whole(v, t);
        fini(t);
    }
}
