#include "bench/message.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "bench/events.h"
#include "bench/usage.h"
#include "limiter/apierror.h"
#include "mockserver/family.h"
#include "sim/service.h"

static const char filler[] = " the and for you not are but had"
                             " his her was one our out day get";

enum { CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, SPEECH, MODERATIONS, IMAGES };

/*
 * Where it goes, what stands around its text, and how many characters that may
 * have: as many as every image model takes (gpt-image takes 32000), and every
 * voice.
 */
static const struct form {
    const char *path, *before, *after;
    int64_t chars_max;
} forms[] = {
    [CHAT] = { "/chat/completions",
               ",\"messages\":[{\"role\":\"user\",\"content\":\"", "\"}]",
               INT64_MAX },
    [COMPLETIONS] = { "/completions", ",\"prompt\":\"", "\"", INT64_MAX },
    [RESPONSES] = { "/responses", ",\"input\":\"", "\"", INT64_MAX },
    [EMBEDDINGS] = { "/embeddings", ",\"input\":\"", "\"", INT64_MAX },
    [SPEECH] = { "/audio/speech", ",\"input\":\"", "\",\"voice\":\"alloy\"",
                 4096 },
    [MODERATIONS] = { "/moderations", ",\"input\":\"", "\"", INT64_MAX },
    [IMAGES] = { "/images/generations", ",\"prompt\":\"", "\"", 1000 },
};

/* NULL: a file goes there. */
static const struct form *form_of(const struct sim_workload *w)
{
    if (w->images > 0)
        return &forms[IMAGES];
    switch (mock_family_of(w->model)) {
    case MOCK_FAMILY_COMPLETION:
        return &forms[COMPLETIONS];
    case MOCK_FAMILY_RESPONSES:
        return &forms[RESPONSES];
    case MOCK_FAMILY_EMBEDDING:
        return &forms[EMBEDDINGS];
    case MOCK_FAMILY_SPEECH:
        return &forms[SPEECH];
    case MOCK_FAMILY_MODERATION:
        return &forms[MODERATIONS];
    case MOCK_FAMILY_TRANSCRIPTION:
        return NULL;
    case MOCK_FAMILY_ANY:
    case MOCK_FAMILY_CHAT:
    case MOCK_FAMILY_OTHER:
        break;
    }
    return &forms[CHAT];
}

/* Of an image, in characters. */
static int64_t prompt_max(const char *model)
{
    return sim_image_tokens(model) >= 0 ? 32000 : forms[IMAGES].chars_max;
}

/* What the bound of its reply is called. */
static const char *bound_of(const struct form *form, const char *model)
{
    if (form == &forms[RESPONSES])
        return "max_output_tokens";
    return mock_family_reasons(model) ? "max_completion_tokens" : "max_tokens";
}

int bench_message_init(struct bench_message *m, const struct sim_workload *w,
                       const struct lim_prices *prices)
{
    const struct form *form = form_of(w);
    const char *before = "{\"model\":";

    if (form == NULL)
        return LIM_EINVAL;
    *m = (struct bench_message){
        .price = lim_prices_find(prices, w->model),
        .path = form->path,
        .images = w->images,
        .chars_max =
            form == &forms[IMAGES] ? prompt_max(w->model) : form->chars_max,
        .sounds = form == &forms[SPEECH],
        .stream = w->stream && form <= &forms[RESPONSES],
        .tail = form->after,
        .bound = bound_of(form, w->model),
    };
    cJSON *name = cJSON_CreateString(w->model);
    char *quoted = name != NULL ? cJSON_PrintUnformatted(name) : NULL;
    cJSON_Delete(name);
    if (quoted == NULL)
        return LIM_ENOMEM;
    size_t size = strlen(before) + strlen(quoted) + strlen(form->before) + 1;
    m->head = malloc(size);
    if (m->head != NULL)
        m->head_length = (size_t)snprintf(m->head, size, "%s%s%s", before,
                                          quoted, form->before);
    cJSON_free(quoted);
    return m->head != NULL ? LIM_OK : LIM_ENOMEM;
}

void bench_message_fini(struct bench_message *m)
{
    free(m->head);
    m->head = NULL;
}

static bool add_text(struct bench_buffer *body, int64_t chars)
{
    size_t left = (size_t)chars;
    bool good = bench_buffer_reserve(body, left);
    while (good && left > 0) {
        size_t piece = sizeof filler - 1;
        if (piece > left)
            piece = left;
        good = bench_buffer_add(body, filler, piece);
        left -= piece;
    }
    return good;
}

int bench_message_write(const struct bench_message *m, int64_t prompt_tokens,
                        int64_t max_tokens, struct bench_buffer *body)
{
    char end[160], bound[60] = "", count[40] = "";
    int64_t chars = prompt_tokens > 2 ? 4 * (prompt_tokens - 2) : 0;
    const char *stream = !m->stream ? ""
                         : m->path == forms[RESPONSES].path
                             ? ",\"stream\":true"
                             : ",\"stream\":true,\"stream_options\":"
                               "{\"include_usage\":true}";

    if (chars == 0 && m->path != forms[CHAT].path)
        chars = 1; /* an empty text is an error there */
    if (chars > m->chars_max)
        chars = m->chars_max;
    if (m->images > 0)
        snprintf(count, sizeof count, ",\"n\":%" PRId64, m->images);
    else if (max_tokens >= 0)
        snprintf(bound, sizeof bound, ",\"%s\":%" PRId64, m->bound, max_tokens);
    snprintf(end, sizeof end, "%s%s%s%s}", m->tail, bound, count, stream);
    body->length = 0;
    if (!bench_buffer_add(body, m->head, m->head_length) ||
        !add_text(body, chars) || !bench_buffer_add(body, end, strlen(end)))
        return LIM_ENOMEM;
    return LIM_OK;
}

/* An answer that says 200 and is no JSON was cut or garbled on its way.  In
   the last event of a response's stream the usage stands further in. */
static void read_whole(const struct bench_message *m, const char *body,
                       size_t length, struct lim_outcome *out)
{
    cJSON *root = cJSON_ParseWithLength(body, length);
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(root, "response");

    if (!cJSON_IsObject(root))
        out->class = LIM_CLASS_TRANSIENT;
    else
        bench_usage_read(cJSON_GetObjectItemCaseSensitive(
                             inner != NULL ? inner : root, "usage"),
                         m->price, m->images, out);
    cJSON_Delete(root);
}

static void read_events(const struct bench_message *m, const char *body,
                        size_t length, struct lim_outcome *out)
{
    struct bench_events events;

    bench_events_read(&events, body, length);
    out->class = events.class;
    if (events.class == LIM_CLASS_OK && events.usage != NULL)
        read_whole(m, events.usage, events.usage_length, out);
}

static void read_error(int status, const char *body, size_t length,
                       struct lim_outcome *out)
{
    struct lim_apierror error;

    lim_apierror_read(&error, status, body, length);
    out->class = error.class;
    if (out->feedback.hint_ns < 0)
        out->feedback.hint_ns = error.hint_ns;
    out->feedback.refused_by =
        error.class == LIM_CLASS_QUOTA ? LIM_SPEND : error.limit;
    out->feedback.refused_max = error.max;
}

void bench_message_read(const struct bench_message *m, int status,
                        const struct lim_feedback *f, const char *body,
                        size_t length, struct lim_outcome *out)
{
    bool success = status >= 200 && status < 300;

    assert(status >= 0);
    *out = (struct lim_outcome){
        .class = LIM_CLASS_TRANSIENT,
        .status = status,
        .microusd = -1,
        .first_token_ns = -1,
        .reply_tokens = -1,
        .feedback = *f,
    };
    if (status == 0)
        return;
    if (success && m->stream && bench_events_are(body, length)) {
        read_events(m, body, length, out);
    } else {
        read_error(status, body, length, out);
        if (out->class == LIM_CLASS_OK && !m->sounds)
            read_whole(m, body, length, out);
        if (out->class == LIM_CLASS_OK && m->images > 0 && !out->usage_known)
            out->microusd = lim_price_cost(m->price, 0, 0, m->images);
    }
    if (success && out->class != LIM_CLASS_OK)
        out->status = 0;
}
