#include "bench/forecast.h"

#include <stdlib.h>

#include "limiter/rng.h"
#include "limiter/timerq.h"
#include "sim/latency.h"
#include "sim/service.h"

struct forecast {
    const struct bench_sender *s;
    struct lim_pool *pool;
    struct lim_timerq *due; /* answers, by slot: two a record of the pool's,
                               the second for a hedge */
    lim_id ids[2 * BENCH_AT_ONCE_MAX];
    size_t requests[BENCH_AT_ONCE_MAX]; /* by record */
    size_t next;
    uint64_t in_flight;
    lim_time now;
    struct bench_forecast *out;
};

static void submit(struct forecast *f)
{
    const struct bench_sender *s = f->s;
    for (; f->next < s->batch->count; f->next++) {
        struct lim_request r;
        lim_id id;
        if (s->done[f->next])
            continue;
        r = bench_send_request(s, f->next);
        int answer = lim_submit(f->pool, &r, f->now, &id, NULL);
        if (answer == LIM_EFULL)
            return;
        if (answer != LIM_ACCEPTED) {
            f->out->refused++;
            continue;
        }
        f->requests[(uint32_t)id] = f->next;
    }
}

static int64_t takes(const struct forecast *f, size_t request, unsigned attempt)
{
    const struct bench_batch_request *q = &f->s->batch->requests[request];
    struct sim_dist reply = sim_default_completion();
    uint64_t stream = lim_rng_stream(f->s->seed, LIM_DRAW_COMPLETION);
    double tokens = sim_dist_draw(&reply, lim_rng_draw(stream, request, 0));
    const struct sim_latency_of of = {
        .request = request,
        .attempt = attempt,
        .prompt_tokens = q->tokens,
        .completion_tokens = tokens < 1 ? 1 : (int64_t)(tokens + 0.5),
        .factor = 1,
    };
    return sim_latency_draw(
               &sim_profile_for(f->s->batch->models[q->model])->latency,
               f->s->seed, &of)
        .total_ns;
}

static void send(struct forecast *f, const struct lim_action *a)
{
    uint32_t record = (uint32_t)lim_hedged(a->id);
    uint32_t slot = record << 1 | lim_is_hedge(a->id);
    f->ids[slot] = a->id;
    lim_timerq_set(f->due, slot,
                   f->now + takes(f, f->requests[record], a->attempt), 0);
    f->in_flight++;
    *(a->hedge ? &f->out->hedges : &f->out->sent) += 1;
}

static void send_all(struct forecast *f)
{
    struct lim_action a;
    submit(f);
    while (lim_next(f->pool, f->now, &a)) {
        if (a.kind == LIM_SEND) {
            send(f, &a);
        } else {
            f->out->refused++;
        }
        submit(f);
    }
}

static void end_all(struct forecast *f)
{
    const struct lim_outcome good = { .class = LIM_CLASS_OK,
                                      .status = 200,
                                      .microusd = -1,
                                      .first_token_ns = -1,
                                      .reply_tokens = -1,
                                      .feedback = lim_feedback_none() };
    uint32_t slot;
    while (lim_timerq_pop(f->due, f->now, &slot)) {
        f->in_flight--;
        if (lim_complete(f->pool, f->ids[slot], &good, f->now, NULL) !=
            LIM_FATE_WON)
            continue;
        lim_timerq_cancel(f->due, slot ^ 1);
        f->in_flight--;
    }
}

static void run(struct forecast *f)
{
    lim_time began = f->now;
    for (;;) {
        end_all(f);
        send_all(f);
        lim_time due = lim_timerq_next(f->due);
        lim_time wakeup = lim_wakeup(f->pool);
        lim_time next = due < wakeup ? due : wakeup;
        if (next == LIM_NEVER ||
            (f->in_flight == 0 && lim_pool_counts(f->pool).waiting == 0))
            break;
        f->now = next > f->now ? next : f->now + 1;
    }
    f->out->seconds = (double)(f->now - began) / (double)LIM_SEC;
}

int bench_forecast_make(struct bench_forecast *out,
                        const struct bench_sender *s, struct lim_diag *diag)
{
    *out = (struct bench_forecast){
        .known =
            s->roster->limits_known && s->client->belief == LIM_BELIEF_KNOWN,
    };
    if (!out->known)
        return LIM_OK;
    struct forecast *f = calloc(1, sizeof *f);
    if (f == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    *f = (struct forecast){ .s = s, .out = out, .now = LIM_DAY };
    f->pool = bench_send_pool(s, f->now, diag);
    f->due = lim_timerq_new(2 * BENCH_AT_ONCE_MAX);
    int error = f->pool == NULL ? LIM_EINVAL : LIM_OK;
    if (error == LIM_OK && f->due == NULL)
        error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK)
        run(f);
    lim_timerq_free(f->due);
    lim_pool_free(f->pool);
    free(f);
    return error;
}
