#include "bench/received.h"

#include <stdio.h>
#include <string.h>

#include "bench/collect.h"
#include "bench/events.h"
#include "bench/span.h"
#include "bench/usage.h"
#include "limiter/apierror.h"
#include "mockserver/jsontext.h"

#define DEPTH_MAX 1000

static void lose(struct bench_received *r, const char *why)
{
    r->outcome.class = LIM_CLASS_TRANSIENT;
    r->lost = true;
    snprintf(r->message, sizeof r->message, "%s", why);
}

/* An answer that says 200 and is no JSON was cut or garbled on its way. */
static void read_whole(struct bench_received *r,
                       const struct bench_batch_request *q,
                       const struct lim_price *price)
{
    struct bench_span span;
    struct lim_diag why;
    cJSON *usage = NULL;
    if (!mock_jsontext_check(r->body, r->length, DEPTH_MAX, &why)) {
        lose(r, "the answer was cut or garbled");
        return;
    }
    if (bench_span_find(r->body, r->length, "usage", &span))
        usage = cJSON_ParseWithLength(span.at, span.length);
    if (cJSON_IsObject(usage))
        bench_usage_read(usage, price, q->images, &r->outcome);
    else if (q->images > 0)
        r->outcome.microusd = lim_price_cost(price, 0, 0, q->images);
    cJSON_Delete(usage);
}

static void collect(struct bench_received *r,
                    const struct bench_batch_request *q,
                    const struct lim_price *price, struct bench_transfer *t)
{
    struct bench_collected c;
    bench_collect(&c, t->answer.data, t->answer.length);
    r->outcome.class = c.class;
    if (t->first_byte != LIM_NEVER)
        r->outcome.first_token_ns = t->first_byte - t->sent;
    if (c.class != LIM_CLASS_OK) {
        r->lost = c.class == LIM_CLASS_TRANSIENT;
        snprintf(r->message, sizeof r->message, "%s", c.message);
        return;
    }
    char *text = cJSON_PrintUnformatted(c.answer);
    cJSON_Delete(c.answer);
    t->answer.length = 0;
    if (text == NULL || !bench_buffer_add(&t->answer, text, strlen(text))) {
        lose(r, "out of memory");
    } else {
        r->body = t->answer.data;
        r->length = t->answer.length;
        read_whole(r, q, price);
    }
    cJSON_free(text);
}

static void read_error(struct bench_received *r, int status)
{
    struct lim_apierror e;
    struct lim_feedback *f = &r->outcome.feedback;
    lim_apierror_read(&e, status, r->body, r->length);
    r->outcome.class = e.class;
    snprintf(r->message, sizeof r->message, "%s", e.message);
    if (f->hint_ns < 0)
        f->hint_ns = e.hint_ns;
    f->refused_by = e.class == LIM_CLASS_QUOTA ? LIM_SPEND : e.limit;
    f->refused_max = e.max;
}

void bench_received_read(struct bench_received *r,
                         const struct bench_batch_request *q,
                         const struct lim_price *price,
                         struct bench_transfer *t)
{
    bool good = t->status >= 200 && t->status < 300;
    *r = (struct bench_received){
        .outcome = { .class = LIM_CLASS_TRANSIENT,
                     .status = t->status,
                     .microusd = -1,
                     .first_token_ns = -1,
                     .reply_tokens = -1,
                     .feedback = t->feedback },
        .body = t->answer.length > 0 ? t->answer.data : "",
        .length = t->answer.length,
    };
    if (t->status == 0) {
        lose(r, t->trouble != NULL ? t->trouble : "no answer came");
        r->lost = t->begun;
        return;
    }
    if (good && q->stream && bench_events_are(r->body, r->length)) {
        collect(r, q, price, t);
        return;
    }
    read_error(r, t->status);
    if (r->outcome.class == LIM_CLASS_OK)
        read_whole(r, q, price);
}
