/* The way of a request of a batch; see sender_parts.h. */

#include "bench/sender_parts.h"

#include <math.h>
#include <stdio.h>

#include "bench/grown.h"
#include "bench/received.h"

static const struct bench_batch_request *request_of(
    const struct bench_sending *x, uint32_t slot)
{
    return &x->s->batch->requests[x->slots[lim_hedged(slot)].request];
}

static unsigned group_of(const struct bench_sending *x, size_t request)
{
    return x->s->roster->group_of[x->s->batch->requests[request].model];
}

void bench_sending_stop(struct bench_sending *x)
{
    x->over = true;
    mock_loop_stop(x->s->loop);
}

void bench_sending_fail(struct bench_sending *x, int error)
{
    x->error = error;
    bench_sending_stop(x);
}

void bench_sending_end(struct bench_sending *x, enum bench_end why)
{
    if (x->sent.ending == BENCH_END_DONE || why == BENCH_END_CUT)
        x->sent.ending = why;
    if (why == BENCH_END_CUT)
        bench_sending_stop(x);
}

void bench_sending_note_left(struct bench_sending *x, size_t request, bool left)
{
    struct lim_cost cost = bench_batch_cost(&x->s->batch->requests[request]);
    struct lim_cost *sum = &x->left[group_of(x, request)];
    if (x->marks[request].left == left)
        return;
    x->marks[request].left = left;
    for (int d = 0; d < LIM_DIMENSIONS; d++)
        sum->amount[d] += left ? cost.amount[d] : -cost.amount[d];
}

static void write_reply(struct bench_sending *x,
                        const struct bench_reply *reply)
{
    x->sent.succeeded += reply->good;
    x->sent.failed += !reply->good;
    x->s->done[reply->request] = true;
    x->marks[reply->request].taken = false;
    bench_sending_note_left(x, reply->request, false);
    if (!bench_replies_add(x->s->replies, reply))
        bench_sending_end(x, BENCH_END_UNWRITTEN);
}

static void give_up(struct bench_sending *x, size_t request, const char *code,
                    const char *why)
{
    write_reply(x, &(struct bench_reply){
                       .request = request, .code = code, .message = why });
}

static void refuse(struct bench_sending *x, size_t request, int answer,
                   const struct lim_refusal *why)
{
    char text[400];
    unsigned group = group_of(x, request);
    const struct bench_batch *b = x->s->batch;
    if (answer == LIM_SHED)
        snprintf(text, sizeof text, "too many requests wait");
    else if (answer == LIM_REFUSED && why->largest >= 0)
        snprintf(text, sizeof text,
                 "%s: it asks for %lld, and no organisation takes more than "
                 "%lld",
                 lim_limit_name(why->limit), (long long)why->asked,
                 (long long)why->largest);
    else
        snprintf(text, sizeof text, "no organisation has access to %.100s%s%s",
                 b->models[b->requests[request].model],
                 x->shutout.denied[group][0] != '\0' ? "; the last answer: "
                                                     : "",
                 x->shutout.denied[group]);
    give_up(x, request, "never_sent", text);
}

struct lim_request bench_send_request(const struct bench_sender *s,
                                      size_t request)
{
    const struct bench_batch_request *q = &s->batch->requests[request];
    return (struct lim_request){
        .group = s->roster->group_of[q->model],
        .cost = bench_batch_cost(q),
        .deadline = LIM_NEVER,
        .number = request,
    };
}

int64_t bench_send_most(const struct bench_roster *r,
                        const struct bench_batch *b, size_t request)
{
    const struct bench_batch_request *q = &b->requests[request];
    return lim_price_cost(bench_roster_price(r, b->models[q->model]), 0,
                          q->tokens, q->images);
}

/* Fills the pool from the batch; those whose organisations are shut out stay
   behind. */
static void submit(struct bench_sending *x, lim_time now)
{
    const struct bench_sender *s = x->s;
    for (; x->next < s->batch->count; x->next++) {
        const struct lim_request r = bench_send_request(s, x->next);
        struct lim_refusal why = { .largest = -1 };
        lim_id id;
        if (s->done[x->next] || x->marks[x->next].taken ||
            bench_shutout_group(&x->shutout, r.group) == BENCH_GROUP_PARKED)
            continue;
        if (bench_shutout_group(&x->shutout, r.group) == BENCH_GROUP_CLOSED) {
            refuse(x, x->next, LIM_REFUSED, &why);
            continue;
        }
        int answer = lim_submit(x->pool, &r, now, &id, &why);
        if (answer == LIM_EFULL)
            return;
        x->marks[x->next].taken = answer == LIM_ACCEPTED;
        if (answer == LIM_ACCEPTED)
            x->slots[(uint32_t)id] = (struct bench_slot){ .id = id,
                                                          .request = x->next,
                                                          .held = true };
        else
            refuse(x, x->next, answer, &why);
    }
}

/* A request is not the pool's any more, and not done: its turn comes again. */
static void put_back(struct bench_sending *x, struct bench_slot *slot)
{
    slot->held = false;
    x->marks[slot->request].taken = false;
    bench_sending_note_left(x, slot->request, true);
    if (slot->request < x->next)
        x->next = slot->request;
}

/* What nobody takes any more leaves the pool, if it is not in flight. */
static void withdraw(struct bench_sending *x, struct bench_slot *slot)
{
    enum bench_group_is group =
        bench_shutout_group(&x->shutout, group_of(x, slot->request));
    if (group == BENCH_GROUP_OPEN || !lim_cancel(x->pool, slot->id))
        return;
    put_back(x, slot);
    if (group == BENCH_GROUP_CLOSED)
        refuse(x, slot->request, LIM_REFUSED,
               &(struct lim_refusal){ .largest = -1 });
}

static void withdraw_all(struct bench_sending *x)
{
    for (uint32_t i = 0; i < BENCH_AT_ONCE_MAX; i++)
        if (x->slots[i].held)
            withdraw(x, &x->slots[i]);
}

/* What an attempt may cost is put aside; what it did not cost comes back,
   unless its answer was lost. */
static bool reserve(struct bench_sending *x, size_t request)
{
    bool any = bench_budget_take(x->s->budget);
    if (any)
        bench_budget_spend(x->s->budget,
                           bench_send_most(x->s->roster, x->s->batch, request));
    return any;
}

static void settle(struct bench_sending *x, size_t request,
                   const struct bench_received *r)
{
    struct bench_budget *b = x->s->budget;
    int64_t most = bench_send_most(x->s->roster, x->s->batch, request);
    int64_t cost = r->outcome.class == LIM_CLASS_OK ? r->outcome.microusd : 0;
    if (b->microusd != INT64_MAX && !r->lost && most >= 0 && cost >= 0)
        b->microusd += most - cost;
}

static bool write_request(struct bench_sending *x, size_t request,
                          const struct bench_credential *c,
                          struct bench_transfer *t)
{
    const struct bench_batch *b = x->s->batch;
    const struct bench_batch_request *q = &b->requests[request];
    return bench_batch_get(b, request, &x->line) &&
           bench_buffer_add(&t->body, x->line.body.at, x->line.body.length) &&
           bench_accounts_address(c, x->s->base_url, b->paths[q->path],
                                  b->models[q->model], t);
}

static void send_one(struct bench_sending *x, const struct lim_action *a)
{
    uint32_t i = (uint32_t)a->id;
    struct bench_slot *slot = &x->slots[lim_hedged(i)];
    const struct bench_credential *c =
        bench_accounts_key(x->s->roster->accounts, a->organisation, a->key);
    struct bench_transfer *t = bench_transport_take(x->transport);
    if (t == NULL || !write_request(x, slot->request, c, t)) {
        bench_sending_fail(
            x, lim_fail(x->diag, LIM_EINVAL, 0,
                        "line %u of the requests could not be read again, or "
                        "memory is short",
                        request_of(x, i)->number));
        return;
    }
    if (!bench_replies_sent(x->s->replies, slot->request))
        bench_sending_end(x, BENCH_END_UNWRITTEN);
    bench_sending_note_left(x, slot->request, false);
    t->slot = i;
    t->tag = a->organisation;
    snprintf(t->own_lines[0], sizeof t->own_lines[0],
             "X-Client-Request-Id: %zu-%u", slot->request, a->attempt);
    x->sent.attempts++;
    bench_transport_send(x->transport, t);
}

/* The pool sees no way for it. */
static void abandon(struct bench_sending *x, const struct lim_action *a)
{
    struct bench_slot *slot = &x->slots[(uint32_t)a->id];
    enum bench_group_is group =
        bench_shutout_group(&x->shutout, group_of(x, slot->request));
    put_back(x, slot);
    if (a->reason != LIM_REASON_NOWHERE)
        give_up(x, slot->request, "given_up", "it waited too long");
    else if (group == BENCH_GROUP_OPEN)
        give_up(x, slot->request, "never_fits",
                "it is larger than every limit that answers told of");
    else if (group == BENCH_GROUP_CLOSED)
        refuse(x, slot->request, LIM_REFUSED,
               &(struct lim_refusal){ .largest = -1 });
}

/* While money is put aside for answers to come, who waits for it waits. */
static bool may_send(struct bench_sending *x)
{
    const struct bench_budget *b = x->s->budget;
    x->poor = b->microusd != INT64_MAX && b->microusd < x->dearest;
    if (b->requests == 0 ||
        (x->poor && bench_transport_in_flight(x->transport) == 0))
        bench_sending_end(x, BENCH_END_BUDGET);
    return !x->over && !x->poor && x->sent.ending == BENCH_END_DONE;
}

/* The request goes back to those that wait for a better time. */
static void hold_back(struct bench_sending *x, const struct lim_action *a)
{
    bench_sending_end(x, BENCH_END_BUDGET);
    lim_complete(x->pool, a->id,
                 &(struct lim_outcome){ .class = LIM_CLASS_TRANSIENT,
                                        .feedback = lim_feedback_none() },
                 mock_loop_now(x->s->loop), NULL);
}

void bench_sending_pump(struct bench_sending *x)
{
    struct lim_action a;
    lim_time now = mock_loop_update(x->s->loop);
    if (!may_send(x))
        return;
    submit(x, now);
    while (may_send(x) && lim_next(x->pool, now, &a)) {
        if (a.kind == LIM_GIVE_UP)
            abandon(x, &a);
        else if (!reserve(x, x->slots[lim_hedged((uint32_t)a.id)].request))
            hold_back(x, &a);
        else
            send_one(x, &a);
        now = mock_loop_update(x->s->loop);
        submit(x, now);
    }
}

/* A clock at another speed than the server's makes every limit another. */
static bool speed_fits(struct bench_sending *x, const struct bench_transfer *t)
{
    double told = t->mock_speed >= 0 ? t->mock_speed : 1;
    if (t->status == 0 || fabs(told - x->s->speed) <= 1e-6 * x->s->speed)
        return true;
    bench_sending_fail(
        x, lim_fail(x->diag, LIM_EINVAL, 0,
                    "%s runs at speed %g, this run at %g (--speed)",
                    t->mock_speed >= 0 ? "the mock server" : "the server", told,
                    x->s->speed));
    return false;
}

static struct lim_limits believed(const struct bench_sending *x,
                                  uint32_t organisation, unsigned group,
                                  lim_time now)
{
    struct lim_limits l =
        x->s->roster->organisations[organisation].limits[group];
    for (int w = 0; w < LIM_WINDOWS; w++)
        l.max[w] = lim_pool_belief(x->pool, organisation, group,
                                   (enum lim_limit)w, now)
                       .limit;
    return l;
}

/* Limits that were told grow with those that an answer shows. */
static void note_growth(struct bench_sending *x, const struct bench_transfer *t,
                        size_t request, const struct lim_outcome *o,
                        lim_time now)
{
    const struct bench_batch_request *q = &x->s->batch->requests[request];
    const struct lim_cost cost = bench_batch_cost(q);
    const unsigned group = group_of(x, request);
    const struct lim_lesson lesson = {
        .feedback = &o->feedback,
        .cost = &cost,
        .sent_at = t->sent,
        .admitted = o->class == LIM_CLASS_OK,
        .refused = o->class == LIM_CLASS_RATE_LIMIT,
    };
    struct lim_limits grown;
    if (x->s->client->belief != LIM_BELIEF_KNOWN ||
        !lim_feedback_shows(&o->feedback))
        return;
    const struct bench_grown g = {
        .table = x->s->roster->table,
        .model = x->s->batch->models[q->model],
        .told = believed(x, t->tag, group, now),
    };
    if (bench_grown_read(&g, &lesson, &grown) &&
        lim_change_limits(x->pool, t->tag, group, &grown, now) == LIM_OK)
        x->sent.grown++;
}

static void count(struct bench_sending *x, const struct bench_transfer *t,
                  const struct bench_received *r, enum lim_fate fate)
{
    const struct lim_outcome *o = &r->outcome;
    x->sent.http_429 += t->status == 429;
    x->sent.twice += r->lost && fate == LIM_FATE_RETRY;
    if (fate != LIM_FATE_SUCCEEDED)
        return;
    x->sent.tokens +=
        o->usage_known ? o->tokens_used : request_of(x, t->slot)->tokens;
    x->sent.spend_known = x->sent.spend_known && o->microusd >= 0;
    x->sent.microusd += o->microusd > 0 ? o->microusd : 0;
}

/* Who was only shut out where it was sent has another turn. */
static void conclude(struct bench_sending *x, struct bench_slot *slot,
                     const struct bench_transfer *t,
                     const struct bench_received *r, bool good, bool shut)
{
    slot->held = false;
    if (shut) {
        put_back(x, slot);
        return;
    }
    write_reply(
        x, &(struct bench_reply){ .request = slot->request,
                                  .good = good,
                                  .status = t->status,
                                  .request_id = t->request_id,
                                  .body = r->body,
                                  .length = r->length,
                                  .code = t->status == 0 ? "no_answer" : NULL,
                                  .message = r->message });
}

static void take(struct bench_sending *x, struct bench_transfer *t)
{
    const struct bench_batch_request *q = request_of(x, t->slot);
    struct bench_slot *slot = &x->slots[lim_hedged(t->slot)];
    struct bench_received r;
    bench_received_read(
        &r, q, bench_roster_price(x->s->roster, x->s->batch->models[q->model]),
        t);
    if (!speed_fits(x, t))
        return;
    lim_time now = mock_loop_update(x->s->loop);
    enum lim_fate fate = lim_complete(x->pool, bench_sending_id(x, t->slot),
                                      &r.outcome, now, NULL);
    if (fate == LIM_FATE_WON) {
        bench_transport_cut(x->transport, t->slot ^ (uint32_t)LIM_HEDGE);
        fate = LIM_FATE_SUCCEEDED;
    }
    settle(x, slot->request, &r);
    count(x, t, &r, fate);
    note_growth(x, t, slot->request, &r.outcome, now);
    if (fate == LIM_FATE_SUCCEEDED)
        x->stuck_since = LIM_NEVER;
    bool shut = bench_shutout_note(
        &x->shutout, t->tag, group_of(x, slot->request), &r.outcome, r.message);
    if (fate == LIM_FATE_RETRY)
        withdraw(x, slot);
    else if (fate != LIM_FATE_OTHER)
        conclude(x, slot, t, &r, fate == LIM_FATE_SUCCEEDED, shut);
    if (shut)
        withdraw_all(x);
}

bool bench_sending_reap(struct bench_sending *x)
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
