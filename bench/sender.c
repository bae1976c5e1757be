#define _POSIX_C_SOURCE 200809L

#include "bench/sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/transport.h"
#include "limiter/apierror.h"
#include "limiter/pool.h"
#include "mockserver/loop.h"

#define TIMEOUT_NS (600 * LIM_SEC) /* as the SDKs wait */
#define PACE_WALL_NS (100 * LIM_MSEC)

/* A request that the pool holds, by the low half of its id. */
struct slot {
    lim_id id;
    size_t request;
};

struct sending {
    const struct bench_sender *s;
    struct lim_diag *diag;
    struct mock_loop *loop;
    struct bench_transport *transport;
    struct lim_pool *pool;
    struct slot slots[BENCH_AT_ONCE_MAX];
    size_t next; /* of the batch, not yet in the pool */
    uint32_t wake_timer, pace_timer;
    lim_time began;
    struct bench_sent sent;
    char denial[200]; /* the last answer that shut an organisation out */
    bool over;
    int error;
};

static const struct bench_batch_request *request_of(const struct sending *x,
                                                    uint32_t slot)
{
    return &x->s->batch->requests[x->slots[slot].request];
}

static void stop(struct sending *x)
{
    x->over = true;
    mock_loop_stop(x->loop);
}

static void fail(struct sending *x, int error)
{
    x->error = error;
    stop(x);
}

static void refuse(struct sending *x, const struct bench_batch_request *q,
                   int answer, const struct lim_refusal *why)
{
    char text[160];
    x->sent.failed++;
    if (answer == LIM_SHED)
        snprintf(text, sizeof text, "too many requests wait");
    else if (answer == LIM_REFUSED && why->largest >= 0)
        snprintf(text, sizeof text,
                 "%s: it asks for %lld, and no organisation takes more than "
                 "%lld",
                 lim_limit_name(why->limit), (long long)why->asked,
                 (long long)why->largest);
    else
        snprintf(text, sizeof text, "no organisation has access to %.100s",
                 q->model);
    bench_replies_fail(x->s->replies, q, "never_sent", text);
}

struct lim_request bench_send_request(const struct bench_sender *s,
                                      size_t request)
{
    const struct bench_batch_request *q = &s->batch->requests[request];
    return (struct lim_request){
        .group = s->roster->group_of[bench_batch_model(s->batch, q)],
        .cost = q->cost,
        .deadline = LIM_NEVER,
        .number = request,
    };
}

/* Fills the pool from the batch. */
static void submit(struct sending *x, lim_time now)
{
    const struct bench_sender *s = x->s;
    for (; x->next < s->batch->count; x->next++) {
        const struct bench_batch_request *q = &s->batch->requests[x->next];
        struct lim_refusal why = { .largest = -1 };
        lim_id id;
        if (s->done != NULL && s->done[x->next])
            continue;
        const struct lim_request r = bench_send_request(s, x->next);
        int answer = lim_submit(x->pool, &r, now, &id, &why);
        if (answer == LIM_EFULL)
            return;
        if (answer == LIM_ACCEPTED)
            x->slots[(uint32_t)id] = (struct slot){ id, x->next };
        else
            refuse(x, q, answer, &why);
    }
}

static void put_url(char *out, size_t size, const char *base, const char *path)
{
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    snprintf(out, size, "%.*s%s", (int)length, base, path);
}

static bool send_one(struct sending *x, const struct lim_action *a)
{
    uint32_t slot = (uint32_t)a->id;
    const struct bench_batch_request *q = request_of(x, slot);
    const struct bench_credential *c =
        bench_accounts_key(x->s->roster->accounts, a->organisation, a->key);
    struct bench_transfer *t = bench_transport_take(x->transport);
    char *body = bench_batch_body(q);
    bool good = t != NULL && body != NULL &&
                bench_buffer_add(&t->body, body, strlen(body));
    cJSON_free(body);
    if (!good)
        return false;
    t->slot = slot;
    t->tag = a->organisation;
    t->lines = c->lines;
    put_url(t->url, sizeof t->url,
            c->base_url != NULL ? c->base_url : x->s->base_url, q->path);
    snprintf(t->own_lines[0], sizeof t->own_lines[0],
             "X-Client-Request-Id: %zu-%u", x->slots[slot].request, a->attempt);
    x->sent.attempts++;
    bench_transport_send(x->transport, t);
    return true;
}

static void give_up(struct sending *x, const struct lim_action *a)
{
    char text[300] = "it waited too long";
    x->sent.failed++;
    if (a->reason == LIM_REASON_NOWHERE)
        snprintf(text, sizeof text,
                 "no organisation that could take it is left%s%s",
                 x->denial[0] != '\0' ? "; the last one was answered " : "",
                 x->denial);
    bench_replies_fail(x->s->replies, request_of(x, (uint32_t)a->id),
                       "given_up", text);
}

static void pump(struct sending *x)
{
    struct lim_action a;
    lim_time now = mock_loop_update(x->loop);
    submit(x, now);
    while (!x->over && lim_next(x->pool, now, &a)) {
        if (a.kind == LIM_GIVE_UP)
            give_up(x, &a);
        else if (!send_one(x, &a))
            fail(x, lim_fail(x->diag, LIM_ENOMEM, 0, "out of memory"));
        now = mock_loop_update(x->loop);
        submit(x, now);
    }
}

/* What an answer says to the pool. */
static struct lim_outcome outcome_of(struct sending *x,
                                     const struct bench_transfer *t)
{
    struct lim_apierror e;
    struct lim_outcome o = { .class = LIM_CLASS_TRANSIENT,
                             .status = t->status,
                             .microusd = -1,
                             .first_token_ns = -1,
                             .reply_tokens = -1,
                             .feedback = t->feedback };
    if (t->status == 0)
        return o;
    lim_apierror_read(&e, t->status, t->answer.data, t->answer.length);
    o.class = e.class;
    if (e.class == LIM_CLASS_QUOTA || e.class == LIM_CLASS_CREDENTIAL ||
        e.class == LIM_CLASS_NO_ACCESS)
        snprintf(x->denial, sizeof x->denial, "%d: %.160s", t->status,
                 e.message);
    if (o.feedback.hint_ns < 0)
        o.feedback.hint_ns = e.hint_ns;
    o.feedback.refused_by = e.limit;
    o.feedback.refused_max = e.max;
    return o;
}

static void take(struct sending *x, const struct bench_transfer *t)
{
    const struct bench_batch_request *q = request_of(x, t->slot);
    struct lim_outcome o = outcome_of(x, t);
    lim_time now = mock_loop_update(x->loop);
    x->sent.http_429 += t->status == 429;
    enum lim_fate fate =
        lim_complete(x->pool, x->slots[t->slot].id, &o, now, NULL);
    if (fate == LIM_FATE_RETRY)
        return;
    x->sent.succeeded += fate == LIM_FATE_SUCCEEDED;
    x->sent.failed += fate == LIM_FATE_FAILED;
    if (t->status != 0)
        bench_replies_add(x->s->replies, q, t->status, t->answer.data,
                          t->answer.length);
    else
        bench_replies_fail(x->s->replies, q, "no_answer",
                           t->trouble != NULL ? t->trouble : "none came");
}

static bool reap(struct sending *x)
{
    struct bench_transfer *t;
    bool any = false;
    while (!x->over && (t = bench_transport_reap(x->transport)) != NULL) {
        take(x, t);
        bench_transport_give(x->transport, t);
        any = true;
    }
    return any;
}

/* After each event: everything that can be done now is done. */
static void turn(struct sending *x)
{
    if (x->over)
        return;
    do
        pump(x);
    while (reap(x));
    struct lim_counts n = lim_pool_counts(x->pool);
    x->sent.waiting = n.waiting + n.backing_off;
    x->sent.in_flight = n.in_flight;
    mock_loop_timer_set(x->loop, x->wake_timer, lim_wakeup(x->pool));
    if (x->next == x->s->batch->count && n.waiting == 0 && n.in_flight == 0 &&
        n.backing_off == 0)
        stop(x);
}

/* What waits for its connection is believed to be on its way. */
static void on_begun(void *context, const struct bench_transfer *t)
{
    struct sending *x = context;
    lim_sent(x->pool, x->slots[t->slot].id, t->sent);
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

static void on_pace(void *context, uint32_t timer, lim_time now)
{
    struct sending *x = context;
    x->sent.seconds = (double)(now - x->began) / (double)LIM_SEC;
    mock_loop_timer_wall(x->loop, timer, PACE_WALL_NS);
    if (x->s->go_on == NULL || x->s->go_on(x->s->context, &x->sent))
        return;
    x->sent.interrupted = true;
    stop(x);
}

struct lim_pool *bench_send_pool(const struct bench_sender *s, lim_time start,
                                 struct lim_diag *diag)
{
    struct lim_config c = lim_config_default();
    sim_client_configure(s->client, &c);
    c.groups = s->roster->groups;
    c.organisations = s->roster->organisations;
    c.organisation_count = (unsigned)s->roster->count;
    c.requests_max = BENCH_AT_ONCE_MAX;
    c.tells_sent = true;
    c.seed = s->seed;
    c.start = start;
    return lim_pool_new(&c, diag);
}

static int prepare(struct sending *x)
{
    struct timespec t;
    struct bench_transport_config config = {
        .wake = on_wake,
        .begun = on_begun,
        .context = x,
        .timeout_ns = TIMEOUT_NS,
        .proxies = true,
    };
    clock_gettime(CLOCK_REALTIME, &t);
    x->began = t.tv_sec * LIM_SEC + t.tv_nsec;
    x->loop = mock_loop_new(x->began, 1);
    if (x->loop == NULL)
        return lim_fail(x->diag, LIM_ENOMEM, 0, "event loop: %s",
                        strerror(errno));
    config.loop = x->loop;
    x->transport = bench_transport_new(&config);
    x->wake_timer = mock_loop_timer_new(x->loop, on_time, x);
    x->pace_timer = mock_loop_timer_new(x->loop, on_pace, x);
    if (x->transport == NULL || x->wake_timer == UINT32_MAX ||
        x->pace_timer == UINT32_MAX)
        return lim_fail(x->diag, LIM_ENOMEM, 0, "out of memory");
    x->pool = bench_send_pool(x->s, x->began, x->diag);
    return x->pool != NULL ? LIM_OK : LIM_EINVAL;
}

static int run(struct sending *x)
{
    mock_loop_timer_set(x->loop, x->wake_timer, mock_loop_now(x->loop));
    mock_loop_timer_wall(x->loop, x->pace_timer, PACE_WALL_NS);
    if (mock_loop_run(x->loop) != 0)
        return lim_fail(x->diag, LIM_ENOTFOUND, 0, "event loop: %s",
                        strerror(errno));
    x->sent.seconds =
        (double)(mock_loop_now(x->loop) - x->began) / (double)LIM_SEC;
    return x->error;
}

int bench_send_batch(const struct bench_sender *s, struct bench_sent *out,
                     struct lim_diag *diag)
{
    struct sending *x = calloc(1, sizeof *x);
    if (x == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    x->s = s;
    x->diag = diag;
    int error = prepare(x);
    if (error == LIM_OK)
        error = run(x);
    *out = x->sent;
    bench_transport_free(x->transport);
    mock_loop_free(x->loop);
    lim_pool_free(x->pool);
    free(x);
    return error;
}
