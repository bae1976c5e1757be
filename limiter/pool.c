/*
 * The state machine of requests.  Where a request stands:
 *
 *     state        lane           timer               members
 *     FREE         -              -                   -
 *     WAITING      in its own     deadline, if any    -
 *     IN_FLIGHT    -              -                   counted, charged
 *     BACKING_OFF  -              next try            -
 */

#include "limiter/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/config.h"
#include "limiter/lanes.h"
#include "limiter/members.h"
#include "limiter/retrier.h"
#include "limiter/rng.h"
#include "limiter/timerq.h"

enum state { FREE, WAITING, IN_FLIGHT, BACKING_OFF };

/* Ordered for size: 72 bytes. */
struct record {
    struct lim_cost cost;
    lim_time deadline;
    uint64_t number, affinity;
    uint32_t generation;
    uint32_t next; /* of those that are free */
    uint16_t group, tenant;
    uint16_t attempt; /* tries so far */
    uint8_t state;
};

/* What is known of a request that has been sent: kept apart, so that one
   that waits takes no memory for it. */
struct flight {
    struct lim_mark mark;
    int64_t wait; /* the last between two tries */
    uint32_t organisation;
};

struct lim_pool {
    struct record *records;
    struct flight *flights; /* by record */
    uint32_t record_count;
    uint32_t used; /* records that were ever taken */
    uint32_t free; /* list by `next` of those given back */
    struct lim_lanes *lanes;
    unsigned groups, tenants;
    int64_t waiting_max;
    bool shed_last;
    struct lim_members *members;
    struct lim_timerq *timers; /* by record */
    struct lim_retrier retrier;
    enum lim_belief belief;
    bool lossy; /* what may take a request now may never do so later */
    bool settle;
    bool bounded; /* a cap or a pace holds for all */
    bool draws;   /* the strategy wants random bits */
    uint64_t draw_strategy;
    lim_time now, month_end;
    struct lim_counts counts;
};

static bool allocate(struct lim_pool *p, const struct lim_config *c)
{
    const struct lim_lanes_config lanes = {
        .queue = c->queue.discipline,
        .groups = c->groups,
        .tenants = c->tenants,
        .requests = c->requests_max,
        .quantum = c->queue.quantum,
        .aging_ns = c->queue.aging_ns > 0
                        ? c->queue.aging_ns
                        : c->queue.discipline->aging_default_ns,
    };
    p->records = calloc(c->requests_max, sizeof *p->records);
    p->flights = calloc(c->requests_max, sizeof *p->flights);
    p->lanes = lim_lanes_new(&lanes);
    p->timers = lim_timerq_new(c->requests_max);
    p->members = lim_members_new(c);
    return p->records != NULL && p->flights != NULL && p->lanes != NULL &&
           p->timers != NULL && p->members != NULL;
}

struct lim_pool *lim_pool_new(const struct lim_config *c, struct lim_diag *diag)
{
    if (lim_config_check(c, diag) != LIM_OK)
        return NULL;
    struct lim_pool *p = calloc(1, sizeof *p);
    if (p == NULL || !allocate(p, c)) {
        lim_pool_free(p);
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    p->record_count = c->requests_max;
    p->free = LIM_NOBODY;
    p->groups = c->groups;
    p->tenants = c->tenants;
    p->waiting_max = c->queue.max;
    p->shed_last = c->queue.shed_last;
    lim_retrier_init(&p->retrier, c);
    p->belief = c->belief;
    p->lossy = c->belief == LIM_BELIEF_LEARNED;
    p->settle = c->settle;
    p->bounded =
        c->cap_pool != LIM_UNLIMITED || (c->cap != NULL && c->cap_whole);
    p->draws = c->strategy->draws || c->strategy->samples > 0;
    p->draw_strategy = lim_rng_stream(c->seed, LIM_DRAW_STRATEGY);
    p->now = c->start;
    p->month_end = lim_members_month_end(p->members);
    return p;
}

void lim_pool_free(struct lim_pool *p)
{
    if (p == NULL)
        return;
    lim_members_free(p->members);
    lim_timerq_free(p->timers);
    lim_lanes_free(p->lanes);
    free(p->flights);
    free(p->records);
    free(p);
}

static void check_counts(const struct lim_pool *p)
{
    const struct lim_counts *c = &p->counts;
    assert(c->submitted == c->waiting + c->in_flight + c->backing_off +
                               c->succeeded + c->failed + c->expired +
                               c->refused + c->cancelled);
    (void)c;
}

static struct flight *flight_of(const struct lim_pool *p,
                                const struct record *r)
{
    return &p->flights[r - p->records];
}

static lim_id id_of(const struct lim_pool *p, uint32_t i)
{
    return (uint64_t)p->records[i].generation << 32 | i;
}

/* The record of an id in one of two states, or LIM_NOBODY. */
static uint32_t find(const struct lim_pool *p, lim_id id)
{
    uint32_t i = (uint32_t)id;
    if (i >= p->record_count || p->records[i].state == FREE ||
        p->records[i].generation != (uint32_t)(id >> 32))
        return LIM_NOBODY;
    return i;
}

static lim_time advance(struct lim_pool *p, lim_time now)
{
    if (now > p->now)
        p->now = now;
    if (p->now >= p->month_end) {
        lim_members_turn_month(p->members, p->now);
        p->month_end = lim_members_month_end(p->members);
    }
    return p->now;
}

static void enqueue(struct lim_pool *p, uint32_t i, const struct lim_waiting *w)
{
    struct record *r = &p->records[i];
    r->state = WAITING;
    p->counts.waiting++;
    lim_lanes_push(p->lanes, i, r->group, r->tenant, w, w == NULL);
    if (r->deadline != LIM_NEVER)
        lim_timerq_set(p->timers, i, r->deadline, 0);
}

/* Takes a request out of its lane: it is sent, or gone. */
static void dequeue(struct lim_pool *p, uint32_t i, bool sent)
{
    const struct record *r = &p->records[i];
    assert(r->state == WAITING);
    if (sent)
        lim_lanes_serve(p->lanes, i, r->cost.amount[LIM_TOKENS]);
    else
        lim_lanes_remove(p->lanes, i);
    p->counts.waiting--;
    if (r->deadline != LIM_NEVER)
        lim_timerq_cancel(p->timers, i);
}

/* A free record, or LIM_NOBODY.  Memory is first touched when it is needed. */
static uint32_t take_record(struct lim_pool *p)
{
    uint32_t i = p->free;
    if (i != LIM_NOBODY)
        p->free = p->records[i].next;
    else if (p->used < p->record_count)
        i = p->used++;
    return i;
}

static void release(struct lim_pool *p, uint32_t i)
{
    struct record *r = &p->records[i];
    r->state = FREE;
    r->generation++;
    r->next = p->free;
    p->free = i;
    check_counts(p);
}

static bool full(const struct lim_pool *p)
{
    return p->waiting_max != LIM_UNLIMITED &&
           p->counts.waiting >= (uint64_t)p->waiting_max;
}

int lim_submit(struct lim_pool *p, const struct lim_request *r, lim_time now,
               lim_id *id, struct lim_refusal *refusal)
{
    if (r->group >= p->groups || r->tenant >= p->tenants || r->priority < 0 ||
        r->priority >= LIM_PRIORITIES)
        return LIM_EINVAL;
    for (int d = 0; d < LIM_DIMENSIONS; d++)
        if (r->cost.amount[d] < 0 || r->cost.amount[d] > LIM_LIMIT_MAX)
            return LIM_EINVAL;
    advance(p, now);
    if (!lim_members_fit(p->members, r->group, &r->cost, p->now, refusal)) {
        p->counts.submitted++;
        p->counts.refused++;
        return LIM_REFUSED;
    }
    if (full(p) && !p->shed_last) {
        p->counts.submitted++;
        p->counts.refused++;
        return LIM_SHED;
    }
    uint32_t i = take_record(p);
    if (i == LIM_NOBODY)
        return LIM_EFULL;
    struct record *record = &p->records[i];
    record->cost = r->cost;
    record->deadline = r->deadline;
    record->number = r->number;
    record->affinity = r->affinity;
    record->group = (uint16_t)r->group;
    record->tenant = (uint16_t)r->tenant;
    record->attempt = 0;
    p->counts.submitted++;
    const struct lim_waiting waiting = { .since = p->now,
                                         .priority = r->priority,
                                         .deadline = r->deadline,
                                         .tokens = r->cost.amount[LIM_TOKENS] };
    enqueue(p, i, &waiting);
    *id = id_of(p, i);
    return LIM_ACCEPTED;
}

/* Ends a request that waits or backs off. */
static void give_up(struct lim_pool *p, uint32_t i, enum lim_reason reason,
                    struct lim_action *out)
{
    struct record *r = &p->records[i];
    *out = (struct lim_action){ .kind = LIM_GIVE_UP,
                                .id = id_of(p, i),
                                .organisation = LIM_NOBODY,
                                .attempt = r->attempt,
                                .reason = reason };
    if (r->state == WAITING)
        dequeue(p, i, false);
    else
        p->counts.backing_off--;
    if (reason == LIM_REASON_DEADLINE)
        p->counts.expired++;
    else if (reason == LIM_REASON_SHED)
        p->counts.refused++;
    else
        p->counts.failed++;
    release(p, i);
}

/* Handles the timers that are due; true: somebody's deadline has passed. */
static bool run_timers(struct lim_pool *p, struct lim_action *out)
{
    uint32_t i;
    while (lim_timerq_pop(p->timers, p->now, &i)) {
        struct record *r = &p->records[i];
        if (r->deadline <= p->now) {
            give_up(p, i, LIM_REASON_DEADLINE, out);
            return true;
        }
        assert(r->state == BACKING_OFF);
        p->counts.backing_off--;
        enqueue(p, i, NULL);
    }
    return false;
}

static struct lim_asked asked(const struct lim_pool *p, const struct record *r)
{
    return (struct lim_asked){
        .group = r->group,
        .cost = &r->cost,
        .affinity = r->affinity,
        .draw = p->draws ? lim_rng_draw(p->draw_strategy, r->number, r->attempt)
                         : 0,
    };
}

static void send(struct lim_pool *p, uint32_t i, const struct lim_asked *a,
                 uint32_t organisation, struct lim_action *out)
{
    struct record *r = &p->records[i];
    dequeue(p, i, true);
    struct flight *f = &p->flights[i];
    r->state = IN_FLIGHT;
    f->organisation = organisation;
    f->mark.place = i;
    p->counts.in_flight++;
    if (r->attempt == 0) {
        f->wait = 0;
        lim_budget_deposit(&p->retrier.budget);
    }
    unsigned key =
        lim_members_send(p->members, organisation, a, p->now, &f->mark);
    *out = (struct lim_action){ .kind = LIM_SEND,
                                .id = id_of(p, i),
                                .organisation = organisation,
                                .key = key,
                                .attempt = r->attempt };
}

/*
 * Nobody can take the head of a group now: it sleeps until somebody can.
 * True: nobody ever will, whatever answers come.
 */
static bool put_to_sleep(struct lim_pool *p, const struct lim_asked *a)
{
    lim_time at = lim_members_earliest(p->members, a, true, p->now);
    lim_lanes_sleep(p->lanes, a->group, at);
    return at == LIM_NEVER &&
           lim_members_earliest(p->members, a, false, p->now) == LIM_NEVER;
}

static bool cap_reached(const struct lim_pool *p)
{
    int64_t cap = lim_members_cap(p->members);
    return cap != LIM_UNLIMITED && p->counts.in_flight >= (uint64_t)cap;
}

/* More wait than may: the last in rank goes. */
static bool shed(struct lim_pool *p, struct lim_action *out)
{
    if (p->waiting_max == LIM_UNLIMITED ||
        p->counts.waiting <= (uint64_t)p->waiting_max)
        return false;
    give_up(p, lim_lanes_last(p->lanes), LIM_REASON_SHED, out);
    return true;
}

bool lim_next(struct lim_pool *p, lim_time now, struct lim_action *out)
{
    uint32_t i, organisation;
    advance(p, now);
    if (lim_timerq_next(p->timers) <= p->now && run_timers(p, out))
        return true;
    if (shed(p, out))
        return true;
    if (p->bounded &&
        (cap_reached(p) || lim_members_not_before(p->members) > p->now))
        return false;
    while ((i = lim_lanes_next(p->lanes, p->now)) != LIM_NOBODY) {
        const struct lim_asked a = asked(p, &p->records[i]);
        if (lim_members_choose(p->members, &a, p->now, &organisation)) {
            send(p, i, &a, organisation, out);
            return true;
        }
        if (put_to_sleep(p, &a)) {
            give_up(p, i, LIM_REASON_NOWHERE, out);
            return true;
        }
    }
    return false;
}

lim_time lim_wakeup(const struct lim_pool *p)
{
    lim_time timer = lim_timerq_next(p->timers);
    lim_time lane = lim_lanes_earliest(p->lanes);
    lim_time paced = lim_members_not_before(p->members);
    if (cap_reached(p))
        lane = LIM_NEVER;
    if (lane < paced)
        lane = paced;
    lim_time t = timer < lane ? timer : lane;
    return t > p->now ? t : p->now;
}

/*
 * An organisation may have become ready earlier: who waits may go there.  Or
 * it turns out that it never will: who waited for it alone is to be given up.
 */
static void reconsider(struct lim_pool *p, uint32_t organisation)
{
    for (unsigned i = 0; i < p->groups; i++) {
        if (!lim_lanes_sleeps(p->lanes, i, p->now))
            continue;
        const struct lim_asked a =
            asked(p, &p->records[lim_lanes_head(p->lanes, i)]);
        lim_time at = lim_members_ready(p->members, organisation, &a, p->now);
        lim_lanes_wake(p->lanes, i, at == LIM_NEVER && p->lossy ? p->now : at);
    }
}

void lim_sent(struct lim_pool *p, lim_id id, lim_time now)
{
    uint32_t i = find(p, id);
    advance(p, now);
    if (i == LIM_NOBODY || p->records[i].state != IN_FLIGHT)
        return;
    const struct record *r = &p->records[i];
    const struct lim_asked a = { .group = r->group, .cost = &r->cost };
    struct flight *x = &p->flights[i];
    lim_members_gone(p->members, x->organisation, &a, p->now, &x->mark);
}

void lim_observe(struct lim_pool *p, lim_id id, const struct lim_feedback *f,
                 lim_time now)
{
    uint32_t i = find(p, id);
    advance(p, now);
    if (i == LIM_NOBODY || p->records[i].state != IN_FLIGHT ||
        p->belief == LIM_BELIEF_NONE)
        return;
    struct record *r = &p->records[i];
    const struct lim_asked a = { .group = r->group, .cost = &r->cost };
    const struct flight *x = &p->flights[i];
    if (lim_members_observe(p->members, x->organisation, &a, &x->mark, f, NULL,
                            p->now))
        reconsider(p, x->organisation);
}

/* What the answer says of the organisation, beside the limits it shows. */
static void judge(struct lim_pool *p, const struct record *r,
                  const struct lim_outcome *o)
{
    uint32_t who = flight_of(p, r)->organisation;
    const struct lim_asked a = { .group = r->group, .cost = &r->cost };
    lim_time hint = o->feedback.hint_ns < 0
                        ? LIM_NEVER
                        : p->now + o->feedback.hint_ns + LIM_HINT_EXTRA;
    lim_time at;
    switch (o->class) {
    case LIM_CLASS_RATE_LIMIT:
        if (p->belief == LIM_BELIEF_NONE || hint == LIM_NEVER)
            break;
        /* Never, if it is full: it may not be so until then. */
        at = lim_members_ready(p->members, who, &a, p->now);
        if (at < hint || at == LIM_NEVER)
            lim_members_block(p->members, who, r->group, hint);
        break;
    case LIM_CLASS_QUOTA:
        lim_members_block(p->members, who, LIM_ALL_GROUPS,
                          lim_members_month_end(p->members));
        break;
    case LIM_CLASS_CREDENTIAL:
        p->lossy = true;
        lim_members_block(p->members, who, LIM_ALL_GROUPS, LIM_NEVER);
        break;
    case LIM_CLASS_NO_ACCESS:
        p->lossy = true;
        lim_members_block(p->members, who, r->group, LIM_NEVER);
        break;
    case LIM_CLASS_OK:
    case LIM_CLASS_TOO_LARGE:
    case LIM_CLASS_TRANSIENT:
    case LIM_CLASS_CALLER:
    case LIM_CLASSES:
        break;
    }
}

/*
 * Settles the charge of an attempt.  A refusal took nothing; a success took
 * what it used, where the provider settles; of all else nothing is known, and
 * what is unknown is not given back.  True: the charge changed.
 */
static bool settle(struct lim_pool *p, const struct record *r,
                   const struct lim_outcome *o)
{
    struct lim_cost take = r->cost;
    if (o->class == LIM_CLASS_OK && !o->usage_known)
        return false;
    if (o->class == LIM_CLASS_RATE_LIMIT || o->class == LIM_CLASS_TOO_LARGE ||
        o->class == LIM_CLASS_QUOTA)
        take = (struct lim_cost){ { 0 } };
    else if (o->class == LIM_CLASS_OK) {
        if (p->settle)
            take.amount[LIM_TOKENS] = o->tokens_used;
        if (o->microusd >= 0)
            take.amount[LIM_MONEY] = o->microusd;
    }
    if (memcmp(&take, &r->cost, sizeof take) == 0)
        return false;
    const struct flight *f = flight_of(p, r);
    lim_members_settle(p->members, f->organisation, r->group, &f->mark,
                       &r->cost, &take, p->now);
    return true;
}

/* An attempt failed: whether there is another, and if not, why. */
static enum lim_reason plan_retry(struct lim_pool *p, uint32_t i,
                                  const struct lim_outcome *o)
{
    struct record *r = &p->records[i];
    struct flight *f = &p->flights[i];
    int64_t wait;
    enum lim_reason why =
        lim_retrier_plan(&p->retrier, o, r->number, r->attempt, f->wait, &wait);
    if (why != LIM_REASON_NONE)
        return why;
    lim_time at = wait < LIM_NEVER - p->now ? p->now + wait : LIM_NEVER;
    f->wait = wait;
    r->state = BACKING_OFF;
    p->counts.backing_off++;
    r->attempt++;
    lim_timerq_set(p->timers, i, at < r->deadline ? at : r->deadline, 0);
    return LIM_REASON_NONE;
}

enum lim_fate lim_complete(struct lim_pool *p, lim_id id,
                           const struct lim_outcome *o, lim_time now,
                           enum lim_reason *reason)
{
    enum lim_reason why = LIM_REASON_NONE;
    uint32_t i = find(p, id);
    assert(i != LIM_NOBODY);
    struct record *r = &p->records[i];
    const struct flight *f = &p->flights[i];
    assert(r->state == IN_FLIGHT);
    advance(p, now);
    p->counts.in_flight--;
    const struct lim_asked a = { .group = r->group, .cost = &r->cost };
    bool looser =
        lim_members_end(p->members, f->organisation, &a, &f->mark, o, p->now);
    looser |= settle(p, r, o);
    if (p->belief == LIM_BELIEF_LEARNED ||
        (p->belief == LIM_BELIEF_KNOWN && lim_feedback_shows(&o->feedback)))
        looser |= lim_members_observe(p->members, f->organisation, &a, &f->mark,
                                      &o->feedback, o, p->now);
    judge(p, r, o);
    if (looser)
        reconsider(p, f->organisation);
    if (o->class != LIM_CLASS_OK)
        why = plan_retry(p, i, o);
    if (reason != NULL)
        *reason = why;
    if (r->state == BACKING_OFF) {
        check_counts(p);
        return LIM_FATE_RETRY;
    }
    bool ok = o->class == LIM_CLASS_OK;
    p->counts.succeeded += ok;
    p->counts.failed += !ok;
    release(p, i);
    return ok ? LIM_FATE_SUCCEEDED : LIM_FATE_FAILED;
}

bool lim_cancel(struct lim_pool *p, lim_id id)
{
    uint32_t i = find(p, id);
    if (i == LIM_NOBODY || p->records[i].state == IN_FLIGHT)
        return false;
    if (p->records[i].state == WAITING) {
        dequeue(p, i, false);
    } else {
        p->counts.backing_off--;
        lim_timerq_cancel(p->timers, i);
    }
    p->counts.cancelled++;
    release(p, i);
    return true;
}

struct lim_counts lim_pool_counts(const struct lim_pool *p)
{
    return p->counts;
}

struct lim_window_belief lim_pool_belief(const struct lim_pool *p,
                                         uint32_t organisation, unsigned group,
                                         enum lim_limit limit, lim_time now)
{
    return lim_members_belief(p->members, organisation, group, limit,
                              now > p->now ? now : p->now);
}
