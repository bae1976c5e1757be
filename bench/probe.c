#define _POSIX_C_SOURCE 200809L

#include "bench/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/transport.h"
#include "limiter/apierror.h"
#include "limiter/learn.h"
#include "mockserver/loop.h"

#define TIMEOUT_NS (60 * LIM_SEC)
#define AT_ONCE 8

struct probing {
    const struct bench_accounts *accounts;
    const struct bench_probe_to *to;
    struct mock_loop *loop;
    struct bench_transport *transport;
    struct bench_probed *out;
    size_t count, sent, over;
    int error;
};

static bool is_embedding(const char *model)
{
    return strncmp(model, "text-embedding", 14) == 0;
}

/* One word in, one token out: next to nothing. */
static bool write_body(const char *model, struct bench_buffer *body)
{
    char text[400];
    int n = snprintf(text, sizeof text,
                     is_embedding(model)
                         ? "{\"model\":\"%.200s\",\"input\":\"hi\"}"
                         : "{\"model\":\"%.200s\",\"messages\":[{\"role\":"
                           "\"user\",\"content\":\"hi\"}],"
                           "\"max_completion_tokens\":1}",
                     model);
    return bench_buffer_add(body, text, (size_t)n);
}

static bool send_next(struct probing *p)
{
    struct bench_probed *x = &p->out[p->sent];
    const struct bench_credential *c =
        bench_accounts_key(p->accounts, x->organisation, x->key);
    if (bench_accounts_model(c, x->model) == NULL) {
        snprintf(x->trouble, sizeof x->trouble,
                 "its account does not name this model");
        p->sent++;
        p->over++;
        return true;
    }
    struct bench_transfer *t = bench_transport_take(p->transport);
    const char *path =
        is_embedding(x->model) ? "/embeddings" : "/chat/completions";
    if (t == NULL || !write_body(x->model, &t->body) ||
        !bench_accounts_address(c, p->to->base_url, path, x->model, t))
        return false;
    t->slot = (uint32_t)p->sent++;
    bench_transport_send(p->transport, t);
    return true;
}

/* The limits that the headers show, read as the pool reads them. */
static void learn(struct bench_probed *x, const struct bench_transfer *t)
{
    struct lim_learn l;
    struct lim_learned learned;
    const struct lim_cost cost = { { [LIM_REQUESTS] = 1, [LIM_TOKENS] = 3 } };
    const struct lim_lesson lesson = { .feedback = &t->feedback,
                                       .cost = &cost,
                                       .admitted = t->status == 200 };
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    lim_learn_from(&l, &lesson, &learned);
    x->limits = l.limits;
}

static void take(struct probing *p, const struct bench_transfer *t)
{
    struct bench_probed *x = &p->out[t->slot];
    struct lim_apierror e;
    p->over++;
    x->status = t->status;
    if (t->status == 0) {
        snprintf(x->trouble, sizeof x->trouble, "%s",
                 t->trouble != NULL ? t->trouble : "no answer");
        return;
    }
    learn(x, t);
    if (t->status >= 200 && t->status < 300)
        return;
    lim_apierror_read(&e, t->status, t->answer.data, t->answer.length);
    snprintf(x->trouble, sizeof x->trouble, "%.190s", e.message);
}

static void turn(struct probing *p)
{
    struct bench_transfer *t;
    bool any;
    do {
        any = false;
        while (p->sent < p->count &&
               bench_transport_in_flight(p->transport) < AT_ONCE)
            if (!send_next(p)) {
                p->error = LIM_ENOMEM;
                mock_loop_stop(p->loop);
                return;
            }
        while ((t = bench_transport_reap(p->transport)) != NULL) {
            take(p, t);
            bench_transport_give(p->transport, t);
            any = true;
        }
    } while (any);
    if (p->over == p->count)
        mock_loop_stop(p->loop);
}

static void on_wake(void *context)
{
    turn(context);
}

static void on_time(void *context, uint32_t timer, lim_time now)
{
    (void)timer;
    (void)now;
    turn(context);
}

static int run(struct probing *p, struct lim_diag *diag)
{
    struct bench_transport_config config = {
        .wake = on_wake,
        .context = p,
        .timeout_ns = TIMEOUT_NS,
        .proxies = true,
        .cacert = p->to->cacert,
    };
    p->loop = mock_loop_new(0, 1);
    if (p->loop == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "event loop: %s", strerror(errno));
    config.loop = p->loop;
    p->transport = bench_transport_new(&config);
    uint32_t timer = mock_loop_timer_new(p->loop, on_time, p);
    if (p->transport == NULL || timer == UINT32_MAX)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    mock_loop_timer_wall(p->loop, timer, 0);
    if (mock_loop_run(p->loop) != 0)
        return lim_fail(diag, LIM_ENOMEM, 0, "event loop: %s", strerror(errno));
    return p->error == LIM_OK ? LIM_OK
                              : lim_fail(diag, p->error, 0, "out of memory");
}

int bench_probe(const struct bench_accounts *accounts,
                const struct bench_probe_to *to, struct bench_probed *out,
                size_t count, struct lim_diag *diag)
{
    struct probing p = {
        .accounts = accounts, .to = to, .out = out, .count = count
    };
    for (size_t i = 0; i < count; i++)
        out[i].limits = lim_limits_none();
    int error = run(&p, diag);
    bench_transport_free(p.transport);
    mock_loop_free(p.loop);
    return error;
}
