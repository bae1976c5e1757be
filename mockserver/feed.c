#include "mockserver/feed.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct feed {
    const struct mock_feed_form *form;
    lim_time first, end;  /* of the first token, and of the last that comes */
    int64_t span_ns;      /* from the first to the last, were it not cut */
    int64_t tokens, told; /* all of the reply, and those that come */
    int64_t next;         /* token; -1: it has not begun */
    int64_t broken;       /* the token whose event is malformed; -1: none */
    bool cut;
    max_align_t state[];
};

/* Exact and without overflow: token i is due at i / (tokens - 1) of it. */
static lim_time due(const struct feed *f, int64_t i)
{
    int64_t gaps = f->tokens - 1;
    if (i == 0)
        return f->first;
    return f->first + f->span_ns / gaps * i + f->span_ns % gaps * i / gaps;
}

void mock_feed_break(struct mock_text *out, size_t start)
{
    if (out->length <= start)
        return;
    out->length = start + (out->length - start) / 2;
    out->data[out->length] = '\0';
}

static void tell(struct feed *f, struct mock_text *out)
{
    size_t start = out->length;
    f->form->token(f->state, f->next, out);
    if (f->next == f->broken) {
        mock_feed_break(out, start);
        mock_text_puts(out, "\n\n");
    }
    f->next++;
}

static lim_time finish(struct feed *f, lim_time now, struct mock_text *out)
{
    size_t start = out->length;
    if (!f->cut) {
        f->form->end(f->state, out);
        if (f->broken == f->tokens) /* there was no token to break */
            mock_feed_break(out, start);
        return LIM_NEVER;
    }
    if (now < f->end)
        return f->end;
    bool told = f->form->fail != NULL && f->form->fail(f->state, out);
    return told ? LIM_NEVER : MOCK_STREAM_CUT;
}

static lim_time next(void *context, lim_time now, struct mock_text *out)
{
    struct feed *f = context;
    if (f->next < 0) {
        f->form->begin(f->state, out);
        f->next = 0;
    }
    while (f->next < f->told && due(f, f->next) <= now)
        tell(f, out);
    return f->next < f->told ? due(f, f->next) : finish(f, now, out);
}

static void free_feed(void *context)
{
    struct feed *f = context;
    if (f->form->fini != NULL)
        f->form->fini(f->state);
    free(f);
}

static int64_t token_to_break(const struct sim_plan *plan)
{
    return plan->fault == SIM_FAULT_MALFORMED ? plan->told_tokens / 2 : -1;
}

void mock_feed_answer(struct mock_visit *v, const struct sim_plan *plan,
                      const struct mock_feed_form *form, void *state)
{
    struct feed *f = malloc(sizeof *f + form->size);
    int64_t span = plan->timing.total_ns - plan->timing.ttft_ns;
    bool cut = plan->fault == SIM_FAULT_CUT_STREAM;
    assert(plan->told_tokens <= plan->completion_tokens);
    if (f == NULL) {
        if (form->fini != NULL)
            form->fini(state);
        v->a->body.failed = true;
        return;
    }
    *f = (struct feed){ .form = form,
                        .first = v->a->at,
                        .end = v->a->at + span,
                        .span_ns = cut ? span * 2 : span,
                        .tokens = plan->completion_tokens,
                        .told = plan->told_tokens,
                        .next = -1,
                        .broken = token_to_break(plan),
                        .cut = cut };
    memcpy(f->state, state, form->size);
    v->a->type = "text/event-stream; charset=utf-8";
    v->a->stream = (struct mock_stream){ next, free_feed, f };
}
