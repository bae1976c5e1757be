/*
 * The workload feeds the pool, the pool says what to send, a tally counts.
 * A request's slot is the number of its record in the pool (the low half of
 * its lim_id), so that what is known of it here lies in an array beside.  Where
 * the pool hedges it has two, one for each attempt at a time.
 */

#include "sim/client_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/tier.h"

void sim_client_gauge(struct sim_client *c, const struct sim_gauge *gauge)
{
    c->gauge = *gauge;
}

/* Whether somebody follows the run; those who tell much ask first. */
static bool told(const struct sim_client *c)
{
    return c->watch.event != NULL;
}

/* Says what happened, for people who follow a run. */
LIM_COLD __attribute__((format(printf, 3, 4))) static void tell(
    const struct sim_client *c, lim_time now, const char *format, ...)
{
    char text[256];
    va_list args;
    if (!told(c))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->watch.event(c->watch.context, now - c->start, text);
}

static const char *name_of(const struct sim_client *c, uint32_t organisation)
{
    return c->account.organisations[organisation].name;
}

static void leave(struct sim_client *c, struct sim_job *j)
{
    j->here = false;
    sim_station_leave(&c->system, j->arrival);
}

static uint32_t slot_of(const struct sim_client *c, lim_id id)
{
    uint32_t record = (uint32_t)lim_hedged(id);
    return c->hedges ? record << 1 | lim_is_hedge(id) : record;
}

/* The job that stands for the request itself: that of its own attempts. */
static struct sim_job *request_of(const struct sim_client *c, uint32_t slot)
{
    return &c->jobs[c->hedges ? slot & ~UINT32_C(1) : slot];
}

/* A slot that was never used, and its hedge's. */
LIM_COLD static void open_slots(struct sim_client *c, uint32_t slot)
{
    c->slots = slot + 1;
    if (c->hedges)
        c->jobs[c->slots++] = (struct sim_job){ .here = false };
}

/* An accepted request is there; what is of its attempts, `send` says. */
static void enter(struct sim_client *c, const struct sim_newcomer *n, lim_id id)
{
    uint32_t slot = slot_of(c, id);
    struct sim_job *j = &c->jobs[slot];
    j->id = id;
    j->request = n->request;
    j->arrival = n->arrival;
    j->prompt_tokens = n->prompt_tokens;
    j->completion_tokens = n->completion_tokens;
    j->user = n->user;
    j->source = n->source;
    j->workload = n->workload;
    j->here = true;
    j->flying = false;
    if (slot >= c->slots)
        open_slots(c, slot);
    sim_station_enter(&c->system, n->arrival);
}

LIM_COLD static void refuse(struct sim_client *c, const struct sim_newcomer *n,
                            int answer, const struct lim_refusal *why,
                            lim_time now)
{
    c->tally.refused++;
    if (answer == LIM_REFUSED)
        tell(c, now, "refused    request %llu: %s, asked %lld of at most %lld",
             (unsigned long long)n->request, lim_limit_name(why->limit),
             (long long)why->asked, (long long)why->largest);
    else
        tell(c, now, "refused    request %llu: too many at a time",
             (unsigned long long)n->request);
    sim_intake_ended(&c->intake, n->source, n->user, now);
}

static void arrive(struct sim_client *c, lim_time now)
{
    struct sim_newcomer n;
    struct lim_refusal refusal;
    lim_id id;
    sim_intake_take(&c->intake, &n);
    const struct sim_workload *w = &c->scenario->workloads[n.workload];
    const struct lim_request r = {
        .group = c->account.group_of_workload[n.workload],
        .cost = sim_account_cost(&c->account, w, n.workload, n.prompt_tokens),
        .deadline = w->deadline_ns == LIM_NEVER ? LIM_NEVER
                                                : n.arrival + w->deadline_ns,
        .number = n.request,
        .tenant = c->account.tenant_of_workload[n.workload],
        .priority = w->priority,
        .affinity = n.affinity,
    };
    sim_tally_arrival(&c->tally, n.arrival);
    sim_account_arrived(&c->account, r.group, &r.cost);
    int answer = lim_submit(c->pool, &r, now, &id, &refusal);
    if (answer != LIM_ACCEPTED) {
        refuse(c, &n, answer, &refusal, now);
        return;
    }
    enter(c, &n, id);
    if (told(c))
        tell(c, now, "arrives    request %llu, %s, %lld tokens",
             (unsigned long long)n.request, w->model,
             (long long)r.cost.amount[LIM_TOKENS]);
}

LIM_COLD static void give_up(struct sim_client *c, const struct lim_action *a,
                             lim_time now)
{
    struct sim_job *j = &c->jobs[slot_of(c, a->id)];
    leave(c, j);
    if (a->reason == LIM_REASON_DEADLINE)
        c->tally.expired++;
    else if (a->reason == LIM_REASON_SHED)
        c->tally.refused++;
    else
        c->tally.failed++;
    tell(c, now, "gives up   request %llu: %s", (unsigned long long)j->request,
         a->reason == LIM_REASON_DEADLINE ? "its deadline passed"
         : a->reason == LIM_REASON_SHED   ? "it was the last, too many wait"
                                          : "no organisation can take it");
    sim_intake_ended(&c->intake, j->source, j->user, now);
}

/* A hedge has a job of its own, which is not there as a request. */
LIM_COLD static void open_hedge(struct sim_client *c, uint32_t slot, lim_id id)
{
    struct sim_job *j = &c->jobs[slot];
    *j = *request_of(c, slot);
    j->id = id;
    j->here = false;
    c->tally.hedges++;
}

static void send(struct sim_client *c, const struct lim_action *a, lim_time now,
                 struct sim_send *out)
{
    uint32_t slot = slot_of(c, a->id);
    struct sim_job *j = &c->jobs[slot];
    if (a->hedge)
        open_hedge(c, slot, a->id);
    j->admitted = now;
    j->flying = true;
    sim_station_enter(&c->flights, now);
    j->attempt = (uint16_t)a->attempt;
    j->organisation = a->organisation;
    sim_tally_sent(&c->tally, a->attempt == 0, now);
    *out = (struct sim_send){
        .slot = slot,
        .request = j->request,
        .attempt = a->attempt,
        .organisation = a->organisation,
        .key = a->key,
        .workload = j->workload,
        .prompt_tokens = j->prompt_tokens,
        .completion_tokens = j->completion_tokens,
    };
    if (told(c))
        tell(c, now, "%s request %llu to %s%s",
             a->hedge ? "hedges    " : "sends     ",
             (unsigned long long)j->request, name_of(c, a->organisation),
             a->attempt > 0 && !a->hedge ? ", again" : "");
}

/* How far an organisation's scarcest window is used, as the pool believes. */
static double believed(const struct sim_client *c, uint32_t organisation,
                       lim_time now)
{
    double most = 0;
    for (unsigned g = 0; g < c->account.group_count; g++)
        for (int l = 0; l < LIM_WINDOWS; l++) {
            const struct lim_window_belief b = lim_pool_belief(
                c->pool, organisation, g, (enum lim_limit)l, now);
            double share = b.limit == LIM_UNLIMITED || b.limit <= 0
                               ? 0
                               : 1 - (double)b.remaining / (double)b.limit;
            most = share > most ? share : most;
        }
    return most < 1 ? most : 1;
}

static void read_gauges(const struct sim_client *c, lim_time now,
                        struct sim_gauges *out)
{
    unsigned n = c->account.organisation_count;
    if (c->gauge.read != NULL) {
        c->gauge.read(c->gauge.context, now, out);
        return;
    }
    if (c->scenario->client.belief == LIM_BELIEF_NONE)
        return;
    out->count = (uint8_t)(n < SIM_GAUGES_MAX ? n : SIM_GAUGES_MAX);
    for (uint32_t o = 0; o < out->count; o++)
        out->percent[o] = (uint8_t)(100 * believed(c, o, now) + 0.5);
}

/* Each moment as it was at its end: since then nothing has happened. */
LIM_COLD static void end_moments(struct sim_client *c, lim_time now)
{
    while (c->tally.moments != NULL && now >= c->tally.moment_end) {
        struct lim_counts n = lim_pool_counts(c->pool);
        struct sim_gauges gauges = { .count = 0 };
        lim_time end = c->tally.moment_end;
        read_gauges(c, end, &gauges);
        sim_tally_advance(&c->tally, end, n.waiting + n.backing_off,
                          n.in_flight, &gauges);
    }
}

static void advance(struct sim_client *c, lim_time now)
{
    if (now >= c->tally.moment_end)
        end_moments(c, now);
}

LIM_EVERYWHERE bool sim_client_next(struct sim_client *c, lim_time now,
                                    struct sim_send *out)
{
    struct lim_action a;
    advance(c, now);
    if (now >= c->latest)
        return false;
    while (sim_intake_next(&c->intake) <= now)
        arrive(c, now);
    while (lim_next(c->pool, now, &a)) {
        if (a.kind == LIM_SEND) {
            send(c, &a, now, out);
            return true;
        }
        give_up(c, &a, now);
    }
    return false;
}

bool sim_client_waiting(const struct sim_client *c)
{
    return lim_pool_counts(c->pool).waiting > 0;
}

lim_time sim_client_wakeup(const struct sim_client *c)
{
    lim_time t = lim_wakeup(c->pool);
    if (sim_intake_next(&c->intake) < t)
        t = sim_intake_next(&c->intake);
    return t < c->latest ? t : c->latest;
}

void sim_client_sent(struct sim_client *c, uint32_t slot, lim_time now)
{
    lim_sent(c->pool, c->jobs[slot].id, now);
}

/* When an attempt left; `told` is NULL in virtual time. */
static lim_time left_at(const struct sim_job *j,
                        const struct sim_stations *told)
{
    return told != NULL && told->sent > j->admitted ? told->sent : j->admitted;
}

/* When the first byte came.  A refusal is there all at once; where no answer
   came there is none. */
static lim_time first_byte_at(const struct lim_outcome *o, lim_time sent,
                              const struct sim_stations *told, lim_time now)
{
    if (told != NULL && told->first_byte != LIM_NEVER)
        return told->first_byte;
    if (o->first_token_ns >= 0 && o->class == LIM_CLASS_OK)
        return sent + o->first_token_ns;
    return o->status != 0 ? now : LIM_NEVER;
}

/* Writes down an attempt and its answer. */
LIM_COLD static void report(const struct sim_client *c, const struct sim_job *j,
                            const struct lim_cost *cost,
                            const struct lim_outcome *o,
                            const struct sim_stations *s, lim_time now)
{
    const struct sim_workload *w = &c->scenario->workloads[j->workload];
    const struct sim_attempt a = {
        .request = j->request,
        .attempt = j->attempt,
        .organisation = j->organisation,
        .model = w->model,
        .arrival_ns = j->arrival - c->start,
        .admitted_ns = j->admitted - c->start,
        .sent_ns = s->sent - c->start,
        .first_byte_ns =
            s->first_byte == LIM_NEVER ? -1 : s->first_byte - c->start,
        .done_ns = now - c->start,
        .status = o->status,
        .limit = o->feedback.refused_by,
        .estimate = cost->amount[LIM_TOKENS],
    };
    if (c->watch.attempt != NULL)
        c->watch.attempt(c->watch.context, &a);
}

/* An answer, for those who follow the run. */
LIM_COLD static void report_answer(const struct sim_client *c,
                                   const struct sim_job *j,
                                   const struct lim_cost *cost,
                                   const struct lim_outcome *o,
                                   const struct sim_stations *told,
                                   lim_time now)
{
    int limit = o->feedback.refused_by;
    lim_time sent = left_at(j, told);
    const struct sim_stations s = { sent, first_byte_at(o, sent, told, now) };
    report(c, j, cost, o, &s, now);
    tell(c, now, "answer     request %llu from %s: %d %s%s%s",
         (unsigned long long)j->request, name_of(c, j->organisation), o->status,
         lim_class_name(o->class), limit >= 0 ? ", " : "",
         limit >= 0 ? lim_limit_name((enum lim_limit)limit) : "");
}

static void count_cost(struct sim_tally *t, const struct lim_outcome *o)
{
    if (o->microusd >= 0)
        t->microusd += o->microusd;
    else
        t->price_unknown = true;
}

/* Counts a failed answer; true: the provider had admitted it. */
LIM_APART static bool count_failure(struct sim_tally *t,
                                    const struct lim_outcome *o)
{
    bool admitted =
        o->class == LIM_CLASS_TRANSIENT || o->class == LIM_CLASS_CALLER;
    if (o->status == 429) {
        t->http_429++;
        t->open.http_429++;
    }
    if (o->status >= 500)
        t->http_5xx++;
    t->lost += admitted;
    return admitted;
}

static void count(struct sim_client *c, const struct sim_job *j,
                  const struct lim_cost *cost, const struct lim_outcome *o)
{
    struct sim_tally *t = &c->tally;
    if (o->class != LIM_CLASS_OK && !count_failure(t, o))
        return;
    if (o->class == LIM_CLASS_OK && (o->usage_known || o->microusd >= 0))
        count_cost(t, o);
    t->admitted++;
    t->open.admitted++;
    sim_account_admitted(&c->account, j->organisation,
                         c->account.group_of_workload[j->workload], cost);
}

/* An attempt is not wanted any more.  It was admitted, as far as one can know;
   its cost is as estimated. */
LIM_COLD static void abandon(struct sim_client *c, uint32_t slot,
                             const struct lim_cost *cost, lim_time now)
{
    const struct lim_outcome o = { .status = SIM_ABANDONED,
                                   .feedback = lim_feedback_none() };
    struct sim_job *j = &c->jobs[slot];
    j->flying = false;
    sim_station_leave(&c->flights, j->admitted);
    c->tally.microusd += cost->amount[LIM_MONEY];
    sim_account_admitted(&c->account, j->organisation,
                         c->account.group_of_workload[j->workload], cost);
    report(c, j, cost, &o, &(struct sim_stations){ j->admitted, LIM_NEVER },
           now);
    tell(c, now, "abandons   request %llu at %s",
         (unsigned long long)j->request, name_of(c, j->organisation));
}

static void succeeded(struct sim_client *c, uint32_t slot,
                      const struct lim_outcome *o, lim_time sent, lim_time now)
{
    const struct sim_job *j = &c->jobs[slot];
    lim_time first = o->first_token_ns < 0 ? -1 : sent + o->first_token_ns;
    sim_tally_success(&c->tally, c->account.tenant_of_workload[j->workload],
                      j->arrival, sent, first, now, o->tokens_used);
    leave(c, request_of(c, slot));
    sim_intake_ended(&c->intake, j->source, j->user, now);
}

static void fail(struct sim_client *c, uint32_t slot, enum lim_reason reason,
                 lim_time now)
{
    const struct sim_job *j = &c->jobs[slot];
    c->tally.failed++;
    tell(c, now, "fails      request %llu: %s", (unsigned long long)j->request,
         reason == LIM_REASON_RETRIES ? "no retries left"
                                      : "no retry would mend it");
    leave(c, request_of(c, slot));
    sim_intake_ended(&c->intake, j->source, j->user, now);
}

LIM_EVERYWHERE uint32_t sim_client_done(struct sim_client *c, uint32_t slot,
                                        const struct lim_outcome *o,
                                        const struct sim_stations *stations,
                                        lim_time now)
{
    struct sim_job *j = &c->jobs[slot];
    enum lim_reason reason;
    const struct lim_cost cost = *lim_cost_of(c->pool, j->id);
    advance(c, now);
    c->tally.last_end = now;
    j->flying = false;
    sim_station_leave(&c->flights, j->admitted);
    count(c, j, &cost, o);
    if (c->watched)
        report_answer(c, j, &cost, o, stations, now);
    enum lim_fate fate = lim_complete(c->pool, j->id, o, now, &reason);
    if (fate == LIM_FATE_FAILED)
        fail(c, slot, reason, now);
    if (fate == LIM_FATE_WON)
        abandon(c, slot ^ 1, &cost, now);
    if (fate == LIM_FATE_SUCCEEDED || fate == LIM_FATE_WON)
        succeeded(c, slot, o, left_at(j, stations), now);
    return fate == LIM_FATE_WON ? slot ^ 1 : SIM_NO_SLOT;
}

void sim_client_foresee(const struct sim_client *c, uint32_t slot)
{
    __builtin_prefetch(&c->jobs[slot]);
    lim_foresee(c->pool, c->hedges ? slot >> 1 : slot);
}

lim_time sim_client_end(const struct sim_client *c)
{
    return c->latest;
}

bool sim_client_finished(const struct sim_client *c, lim_time now)
{
    if (now >= c->latest)
        return true;
    if (sim_intake_next(&c->intake) != LIM_NEVER)
        return false;
    struct lim_counts n = lim_pool_counts(c->pool);
    return n.waiting + n.in_flight + n.backing_off == 0;
}

/* Whether what the tally, the pool and the jobs say fits together. */
static int check_books(const struct sim_client *c, const struct lim_counts *n,
                       uint64_t unfinished, struct lim_diag *diag)
{
    uint64_t since = 0, sent = 0; /* sums of instants */
    uint64_t here = 0, flying = 0, on_their_way = n->in_flight + n->hedging;
    for (uint32_t i = 0; i < c->slots; i++) {
        const struct sim_job *j = &c->jobs[i];
        here += j->here;
        flying += j->flying;
        since += j->here ? (uint64_t)j->arrival : 0;
        sent += j->flying ? (uint64_t)j->admitted : 0;
    }
    if (here != n->waiting + n->in_flight + n->backing_off ||
        here != unfinished || flying != on_their_way ||
        c->flights.entered != c->tally.attempts)
        return lim_fail(diag, SIM_EBROKEN, 0,
                        "the run broke conservation: %llu requests and %llu "
                        "attempts are left, but %llu are unfinished and %llu "
                        "in flight; please report it",
                        (unsigned long long)here, (unsigned long long)flying,
                        (unsigned long long)unfinished,
                        (unsigned long long)on_their_way);
    int error = sim_station_check(&c->system, "requests", here, since, diag);
    if (error == LIM_OK)
        error = sim_station_check(&c->flights, "attempts", flying, sent, diag);
    return error;
}

/* What was due before the end, but for which the driver came too late. */
static void miss(struct sim_client *c, lim_time now)
{
    struct sim_newcomer n;
    lim_time at;
    while ((at = sim_intake_next(&c->intake)) < now) {
        sim_intake_take(&c->intake, &n);
        sim_tally_missed(&c->tally, at);
    }
}

int sim_client_finish(struct sim_client *c, lim_time now,
                      struct sim_summary *out, struct lim_diag *diag)
{
    const struct sim_scenario *s = c->scenario;
    struct lim_counts n = lim_pool_counts(c->pool);
    *out = (struct sim_summary){ .requests = 0 };
    if (now < c->start)
        now = c->start;
    advance(c, now);
    miss(c, now);
    sim_tally_summary(&c->tally, now, s->duration_ns, out);
    int error = check_books(c, &n, out->unfinished, diag);
    if (error != LIM_OK)
        return error;
    /* What is in flight at the end was admitted, as far as one can know. */
    uint64_t got = c->tally.admitted + n.in_flight - c->tally.lost;
    error = sim_account_summary(&c->account, got, now - c->start, out);
    if (error != LIM_OK || c->tally.out_of_memory) {
        sim_summary_fini(out);
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    return LIM_OK;
}

size_t sim_client_moments(const struct sim_client *c,
                          const struct sim_moment **out)
{
    *out = c->tally.moments;
    return c->tally.moment_count;
}

int sim_client_batches(const struct sim_client *c, struct sim_batches *goodput,
                       struct sim_batches *latency)
{
    return sim_tally_batches(&c->tally, goodput, latency);
}
