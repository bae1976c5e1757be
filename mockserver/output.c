#include "mockserver/output.h"

#include <string.h>

#include "mockserver/feed.h"

/* What draws are for; 0 is the prose's. */
enum { ITEM_ID = 1, ITEM_ID_LOW, CALL_ID, CALL_ID_LOW, END };

/* How a response stands when it is told. */
enum stand { IN_PROGRESS, ENDED, FAILED };

#define AT_ITEM "\"output_index\":0"
#define AT_PART AT_ITEM ",\"content_index\":0"
#define SERVER_ERROR                                                           \
    "\"code\":\"server_error\",\"message\":\"An error occurred while "         \
    "processing your request. You can retry your request.\""

static const struct kind {
    const char *type, *prefix; /* of the item, and of its id */
    const char *text;          /* the member that its text is */
    const char *delta, *done;  /* events */
} kinds[] = {
    [MOCK_WISH_TEXT] = { "message", "msg_", "text",
                         "response.output_text.delta",
                         "response.output_text.done" },
    [MOCK_WISH_JSON] = { "message", "msg_", "text",
                         "response.output_text.delta",
                         "response.output_text.done" },
    [MOCK_WISH_CALL] = { "function_call", "fc_", "arguments",
                         "response.function_call_arguments.delta",
                         "response.function_call_arguments.done" },
    [MOCK_WISH_CUSTOM] = { "custom_tool_call", "ctc_", "input",
                           "response.custom_tool_call_input.delta",
                           "response.custom_tool_call_input.done" },
};

static bool is_message(const struct mock_output *o)
{
    return o->wish.kind == MOCK_WISH_TEXT || o->wish.kind == MOCK_WISH_JSON;
}

static void add_id(struct mock_text *b, const struct mock_output *o,
                   const char *prefix, unsigned purpose)
{
    uint64_t high = mock_prose_draw(&o->prose, 0, purpose);
    uint64_t low = mock_prose_draw(&o->prose, 0, purpose + 1);
    mock_text_puts(b, prefix);
    mock_text_hex(b, high, 16);
    mock_text_hex(b, low, 16);
    mock_text_hex(b, high ^ low, 16);
}

static void add_part(struct mock_text *b, const struct mock_output *o,
                     bool ended)
{
    mock_text_puts(b, "{\"type\":\"output_text\",\"annotations\":[],"
                      "\"logprobs\":[],\"text\":");
    if (ended)
        mock_prose_whole(&o->prose, 0, b);
    else
        mock_text_puts(b, "\"\"");
    mock_text_puts(b, "}");
}

static void add_call(struct mock_text *b, const struct mock_output *o,
                     bool ended)
{
    mock_text_puts(b, ",\"call_id\":\"call_");
    mock_text_hex(b, mock_prose_draw(&o->prose, 0, CALL_ID), 12);
    mock_text_hex(b, mock_prose_draw(&o->prose, 0, CALL_ID_LOW), 12);
    mock_text_puts(b, "\",\"name\":\"");
    mock_text_puts(b, o->wish.name);
    mock_text_puts(b, "\",\"");
    mock_text_puts(b, kinds[o->wish.kind].text);
    mock_text_puts(b, "\":");
    if (ended)
        mock_prose_whole(&o->prose, 0, b);
    else
        mock_text_puts(b, "\"\"");
}

static void add_item(struct mock_text *b, const struct mock_output *o,
                     bool ended)
{
    const struct kind *k = &kinds[o->wish.kind];
    bool cut = ended && mock_prose_cut(&o->prose, 0);
    mock_text_puts(b, "{\"id\":\"");
    add_id(b, o, k->prefix, ITEM_ID);
    mock_text_puts(b, "\",\"type\":\"");
    mock_text_puts(b, k->type);
    mock_text_puts(b, "\",\"status\":\"");
    mock_text_puts(b, !ended ? "in_progress"
                      : cut  ? "incomplete"
                             : "completed");
    mock_text_puts(b, "\"");
    if (is_message(o)) {
        mock_text_puts(b, ",\"role\":\"assistant\",\"content\":[");
        if (ended)
            add_part(b, o, true);
        mock_text_puts(b, "]");
    } else {
        add_call(b, o, ended);
    }
    mock_text_puts(b, "}");
}

static void add_usage(struct mock_text *b, const struct mock_output *o)
{
    mock_text_puts(b, "{\"input_tokens\":");
    mock_text_int(b, o->input_tokens);
    mock_text_puts(b, ",\"input_tokens_details\":{\"cached_tokens\":0,"
                      "\"cache_write_tokens\":0},\"output_tokens\":");
    mock_text_int(b, o->prose.tokens);
    mock_text_puts(b, ",\"output_tokens_details\":{\"reasoning_tokens\":0},"
                      "\"total_tokens\":");
    mock_text_int(b, o->input_tokens + o->prose.tokens);
    mock_text_puts(b, "}");
}

static const char *status_of(const struct mock_output *o, enum stand stand)
{
    if (stand == IN_PROGRESS)
        return "in_progress";
    if (stand == FAILED)
        return "failed";
    return mock_prose_cut(&o->prose, 0) ? "incomplete" : "completed";
}

static void add_response(struct mock_text *b, const struct mock_output *o,
                         enum stand stand)
{
    bool cut = stand == ENDED && mock_prose_cut(&o->prose, 0);
    mock_text_add(b, o->head.data, o->head.length);
    mock_text_add(b, o->asked.data, o->asked.length);
    mock_text_puts(b, "\"status\":\"");
    mock_text_puts(b, status_of(o, stand));
    mock_text_puts(b, "\",\"error\":");
    mock_text_puts(b, stand == FAILED ? "{" SERVER_ERROR "}" : "null");
    mock_text_puts(b, ",\"incomplete_details\":");
    mock_text_puts(b, cut ? "{\"reason\":\"max_output_tokens\"}" : "null");
    mock_text_puts(b, ",\"output\":[");
    if (stand == ENDED)
        add_item(b, o, true);
    mock_text_puts(b, "],\"usage\":");
    if (stand == ENDED)
        add_usage(b, o);
    else
        mock_text_puts(b, "null");
    mock_text_puts(b, "}");
}

static void open_event(struct mock_text *out, struct mock_output *o,
                       const char *type)
{
    mock_text_puts(out, "event: ");
    mock_text_puts(out, type);
    mock_text_puts(out, "\ndata: {\"type\":\"");
    mock_text_puts(out, type);
    mock_text_puts(out, "\",\"sequence_number\":");
    mock_text_int(out, o->sequence++);
    mock_text_puts(out, ",");
}

static void tell_response(struct mock_text *out, struct mock_output *o,
                          const char *type, enum stand stand)
{
    open_event(out, o, type);
    mock_text_puts(out, "\"response\":");
    add_response(out, o, stand);
    mock_text_puts(out, "}\n\n");
}

static void tell_item(struct mock_text *out, struct mock_output *o,
                      const char *type, bool ended)
{
    open_event(out, o, type);
    mock_text_puts(out, AT_ITEM ",\"item\":");
    add_item(out, o, ended);
    mock_text_puts(out, "}\n\n");
}

/* Of something inside the item; a value is to follow. */
static void open_inner(struct mock_text *out, struct mock_output *o,
                       const char *type, const char *member)
{
    open_event(out, o, type);
    mock_text_puts(out, "\"item_id\":\"");
    add_id(out, o, kinds[o->wish.kind].prefix, ITEM_ID);
    mock_text_puts(out,
                   is_message(o) ? "\"," AT_PART ",\"" : "\"," AT_ITEM ",\"");
    mock_text_puts(out, member);
    mock_text_puts(out, "\":");
}

static void tell_part(struct mock_text *out, struct mock_output *o,
                      const char *type, bool ended)
{
    open_inner(out, o, type, "part");
    add_part(out, o, ended);
    mock_text_puts(out, "}\n\n");
}

static void begin(void *state, struct mock_text *out)
{
    struct mock_output *o = state;
    tell_response(out, o, "response.created", IN_PROGRESS);
    tell_response(out, o, "response.in_progress", IN_PROGRESS);
    tell_item(out, o, "response.output_item.added", false);
    if (is_message(o))
        tell_part(out, o, "response.content_part.added", false);
}

static void end_inner(struct mock_text *out, const struct mock_output *o)
{
    mock_text_puts(out, is_message(o) ? ",\"logprobs\":[]}\n\n" : "}\n\n");
}

static void token(void *state, int64_t index, struct mock_text *out)
{
    struct mock_output *o = state;
    size_t start = out->length;
    open_inner(out, o, kinds[o->wish.kind].delta, "delta");
    if (mock_prose_piece(&o->prose, 0, index, out)) {
        end_inner(out, o);
    } else {
        out->length = start;
        o->sequence--;
    }
}

static void end(void *state, struct mock_text *out)
{
    struct mock_output *o = state;
    const struct kind *k = &kinds[o->wish.kind];
    bool cut = mock_prose_cut(&o->prose, 0);
    open_inner(out, o, k->done, k->text);
    mock_prose_whole(&o->prose, 0, out);
    if (o->wish.kind == MOCK_WISH_CALL) {
        mock_text_puts(out, ",\"name\":\"");
        mock_text_puts(out, o->wish.name);
        mock_text_puts(out, "\"");
    }
    end_inner(out, o);
    if (is_message(o))
        tell_part(out, o, "response.content_part.done", true);
    tell_item(out, o, "response.output_item.done", true);
    tell_response(out, o, cut ? "response.incomplete" : "response.completed",
                  ENDED);
}

static bool fail(void *state, struct mock_text *out)
{
    struct mock_output *o = state;
    switch (mock_prose_draw(&o->prose, 0, END) % 3) {
    case 0:
        return false;
    case 1:
        tell_response(out, o, "response.failed", FAILED);
        return true;
    default:
        open_event(out, o, "error");
        mock_text_puts(out, SERVER_ERROR ",\"param\":null}\n\n");
        return true;
    }
}

static void fini(void *state)
{
    struct mock_output *o = state;
    mock_prose_fini(&o->prose);
    mock_text_fini(&o->asked);
    mock_text_fini(&o->head);
}

static const struct mock_feed_form form = { .size = sizeof(struct mock_output),
                                            .begin = begin,
                                            .token = token,
                                            .end = end,
                                            .fail = fail,
                                            .fini = fini };

static void write_head(struct mock_visit *v, struct mock_output *o)
{
    struct mock_text *b = &o->head;
    mock_text_puts(b, "{\"id\":\"resp_");
    for (unsigned i = 0; i < 3; i++)
        mock_text_hex(b, mock_visit_draw(v, 4 + i), 16);
    mock_text_puts(b, "\",\"object\":\"response\",\"created_at\":");
    mock_text_int(b, v->q->now / LIM_SEC);
    mock_text_puts(b, ",\"model\":");
    mock_text_json(b, v->model, strlen(v->model));
    mock_text_puts(b, ",");
}

void mock_output_answer(struct mock_visit *v, const struct sim_plan *plan,
                        struct mock_output *o, bool stream)
{
    o->prose.tokens = plan->completion_tokens;
    o->prose.draw = mock_visit_draw(v, 2);
    mock_tools_fill(&o->wish, &o->prose);
    o->wish.schema = NULL;
    write_head(v, o);
    if (o->prose.texts.failed || o->head.failed || o->asked.failed) {
        v->a->body.failed = true;
        fini(o);
    } else if (stream) {
        mock_feed_answer(v, plan, &form, o);
    } else {
        add_response(&v->a->body, o, ENDED);
        mock_text_puts(&v->a->body, "\n");
        fini(o);
    }
}
