/* The state machine of requests. */

#include "limiter/pool_parts.h"

#include <assert.h>

#include "limiter/cold.h"
#include "limiter/rng.h"

static lim_id id_of(const struct lim_pool *p, uint32_t i)
{
    return (uint64_t)p->records[i].generation << 32 | i;
}

/* The record of an id, or LIM_NOBODY. */
static uint32_t find(const struct lim_pool *p, lim_id id)
{
    uint32_t i = (uint32_t)lim_hedged(id);
    if (i >= p->used || p->records[i].state == FREE ||
        p->records[i].generation != (uint32_t)(id >> 32))
        return LIM_NOBODY;
    return i;
}

LIM_COLD static void turn_month(struct lim_pool *p)
{
    lim_members_turn_month(p->members, p->now);
    p->month_end = lim_members_month_end(p->members);
}

static inline void advance(struct lim_pool *p, lim_time now)
{
    if (now <= p->now)
        return;
    p->now = now;
    if (now >= p->month_end)
        turn_month(p);
}

/* Its lane has it. */
static void wait(struct lim_pool *p, uint32_t i)
{
    struct lim_record *r = &p->records[i];
    r->state = WAITING;
    p->counts.waiting++;
    if (r->deadline != LIM_NEVER)
        lim_timerq_set(p->timers, i, r->deadline, 0);
}

/* The attempt of a request that an id names, or NULL if it is not on its way;
   `i` from `find`. */
static struct lim_flight *flight_of(const struct lim_pool *p, uint32_t i,
                                    lim_id id)
{
    const struct lim_record *r = &p->records[i];
    bool hedge = lim_is_hedge(id);
    if (r->state != IN_FLIGHT || (p->pairs == NULL && hedge) ||
        (p->pairs != NULL &&
         (p->pairs[i].flying & (hedge ? HEDGE : FIRST)) == 0))
        return NULL;
    return hedge ? &p->pairs[i].hedge : &p->flights[i];
}

/* A request has left its lane: it is sent, or gone. */
static inline void stop_waiting(struct lim_pool *p, uint32_t i)
{
    const struct lim_record *r = &p->records[i];
    assert(r->state == WAITING);
    p->counts.waiting--;
    if (r->deadline != LIM_NEVER)
        lim_timerq_cancel(p->timers, i);
}

static void dequeue(struct lim_pool *p, uint32_t i)
{
    lim_lanes_remove(p->lanes, i);
    stop_waiting(p, i);
}

/* A free record, or LIM_NOBODY.  Memory is first touched when it is needed. */
static uint32_t take_record(struct lim_pool *p)
{
    uint32_t i = p->free;
    if (i != LIM_NOBODY)
        p->free = p->records[i].next;
    else if (p->used < p->record_count)
        p->records[i = p->used++].generation = 0;
    return i;
}

static void release(struct lim_pool *p, uint32_t i)
{
    struct lim_record *r = &p->records[i];
    r->state = FREE;
    r->generation++;
    r->next = p->free;
    p->free = i;
}

static bool is_valid(const struct lim_pool *p, const struct lim_request *r)
{
    uint64_t most = 0; /* below 0 is above all */
    for (int d = 0; d < LIM_DIMENSIONS; d++)
        most = (uint64_t)r->cost.amount[d] > most ? (uint64_t)r->cost.amount[d]
                                                  : most;
    return r->group < p->groups && r->tenant < p->tenants &&
           (unsigned)r->priority < LIM_PRIORITIES && most <= LIM_LIMIT_MAX;
}

LIM_COLD static int refuse(struct lim_pool *p, int answer)
{
    p->counts.submitted++;
    p->counts.refused++;
    return answer;
}

LIM_EVERYWHERE int lim_submit(struct lim_pool *p, const struct lim_request *r,
                              lim_time now, lim_id *id,
                              struct lim_refusal *refusal)
{
    if (!is_valid(p, r))
        return LIM_EINVAL;
    advance(p, now);
    if (!lim_members_fit(p->members, r->group, &r->cost, p->now, refusal))
        return refuse(p, LIM_REFUSED);
    if (p->counts.waiting >= p->waiting_max && !p->shed_last)
        return refuse(p, LIM_SHED);
    uint32_t i = take_record(p);
    if (i == LIM_NOBODY)
        return LIM_EFULL;
    struct lim_record *record = &p->records[i];
    record->cost = r->cost;
    record->deadline = r->deadline;
    record->number = r->number;
    record->affinity = r->affinity;
    record->group = (uint8_t)r->group;
    record->attempt = 0;
    if (p->pairs != NULL)
        p->pairs[i].flying = 0;
    p->counts.submitted++;
    const struct lim_waiting waiting = { .since = p->now,
                                         .priority = r->priority,
                                         .deadline = r->deadline,
                                         .tokens = r->cost.amount[LIM_TOKENS] };
    lim_lanes_push(p->lanes, i, r->group, r->tenant, &waiting);
    wait(p, i);
    *id = id_of(p, i);
    return LIM_ACCEPTED;
}

/* Ends a request that waits or backs off. */
LIM_APART static void give_up(struct lim_pool *p, uint32_t i,
                              enum lim_reason reason, struct lim_action *out)
{
    struct lim_record *r = &p->records[i];
    *out = (struct lim_action){ .kind = LIM_GIVE_UP,
                                .id = id_of(p, i),
                                .organisation = LIM_NOBODY,
                                .attempt = r->attempt,
                                .reason = reason };
    if (r->state == WAITING)
        dequeue(p, i);
    else
        p->counts.backing_off--;
    if (reason == LIM_REASON_DEADLINE)
        p->counts.expired++;
    else if (reason == LIM_REASON_SHED)
        p->counts.refused++;
    else
        p->counts.failed++;
    release(p, i);
    lim_pool_check(p);
}

static bool send_hedge(struct lim_pool *p, uint32_t i, struct lim_action *out);

/* Handles the timers that are due; true: that was something to do. */
LIM_APART static bool run_timers(struct lim_pool *p, struct lim_action *out)
{
    uint32_t i;
    while (lim_timerq_pop(p->timers, p->now, &i)) {
        struct lim_record *r = &p->records[i];
        if (r->state == IN_FLIGHT) {
            if (send_hedge(p, i, out))
                return true;
            continue;
        }
        if (r->deadline <= p->now) {
            give_up(p, i, LIM_REASON_DEADLINE, out);
            return true;
        }
        assert(r->state == BACKING_OFF);
        p->counts.backing_off--;
        lim_lanes_return(p->lanes, i);
        wait(p, i);
    }
    return false;
}

static struct lim_asked asked(const struct lim_pool *p,
                              const struct lim_record *r)
{
    return (struct lim_asked){
        .group = r->group,
        .cost = &r->cost,
        .affinity = r->affinity,
        .draw = p->draws ? lim_rng_draw(p->draw_strategy, r->number, r->attempt)
                         : 0,
    };
}

/* Likewise, for those who do not choose.  Field by field: to clear the rest
   takes longer than all of it. */
static inline struct lim_asked asked_cost(const struct lim_record *r)
{
    return (struct lim_asked){
        .group = r->group, .cost = &r->cost, .affinity = 0, .draw = 0
    };
}

/* Charges an attempt, whose number is r->attempt, and says where it goes. */
static inline void launch(struct lim_pool *p, uint32_t i,
                          const struct lim_asked *a, uint32_t organisation,
                          bool hedge, struct lim_action *out)
{
    struct lim_flight *f = hedge ? &p->pairs[i].hedge : &p->flights[i];
    f->organisation = organisation;
    f->mark.place = hedge ? p->record_count + i : i;
    unsigned key =
        lim_members_send(p->members, organisation, a, p->now, &f->mark);
    *out = (struct lim_action){ .kind = LIM_SEND,
                                .id = id_of(p, i) | (hedge ? LIM_HEDGE : 0),
                                .organisation = organisation,
                                .key = key,
                                .attempt = p->records[i].attempt,
                                .hedge = hedge };
}

/* Where a pool hedges: a request is on its way. */
LIM_APART static void pair_up(struct lim_pool *p, uint32_t i)
{
    p->pairs[i].flying |= FIRST;
    if (p->records[i].attempt > 0)
        return;
    lim_time due = lim_hedger_first(p->hedger, p->now);
    if (due != LIM_NEVER)
        lim_timerq_set(p->timers, i, due, 0);
}

/* Who is next has waited for long, where many do: its record comes in time. */
static inline void foresee_head(const struct lim_pool *p, unsigned group)
{
    uint32_t head =
        p->counts.waiting > 0 ? lim_lanes_head(p->lanes, group) : LIM_NOBODY;
    if (head != LIM_NOBODY)
        __builtin_prefetch(&p->records[head]);
}

static inline void send(struct lim_pool *p, uint32_t i,
                        const struct lim_asked *a, uint32_t organisation,
                        struct lim_action *out)
{
    struct lim_record *r = &p->records[i];
    lim_lanes_serve(p->lanes, i, r->cost.amount[LIM_TOKENS]);
    stop_waiting(p, i);
    foresee_head(p, r->group);
    r->state = IN_FLIGHT;
    p->counts.in_flight++;
    if (r->attempt == 0) {
        p->flights[i].wait = 0;
        lim_budget_deposit(&p->retrier.budget);
    }
    launch(p, i, a, organisation, false, out);
    if (p->pairs != NULL)
        pair_up(p, i);
}

static bool cap_reached(const struct lim_pool *p)
{
    int64_t cap = lim_members_cap(p->members);
    return cap != LIM_UNLIMITED &&
           p->counts.in_flight + p->counts.hedging >= (uint64_t)cap;
}

/* A first try has taken so long that a second goes out beside it, if it may,
   and if somebody takes it now. */
static bool send_hedge(struct lim_pool *p, uint32_t i, struct lim_action *out)
{
    struct lim_record *r = &p->records[i];
    uint32_t organisation;
    if (r->deadline <= p->now || !lim_hedger_may(p->hedger) || cap_reached(p) ||
        lim_members_not_before(p->members) > p->now)
        return false;
    r->attempt++;
    const struct lim_asked a = asked(p, r);
    if (!lim_members_choose_other(p->members, &a, p->flights[i].organisation,
                                  p->now, &organisation)) {
        r->attempt--;
        return false;
    }
    lim_hedger_take(p->hedger);
    p->pairs[i].flying |= HEDGE | HEDGED;
    p->counts.hedging++;
    p->counts.hedges++;
    launch(p, i, &a, organisation, true, out);
    return true;
}

/* A cap or a pace for all holds everybody up. */
LIM_APART static bool held_up(const struct lim_pool *p)
{
    return cap_reached(p) || lim_members_not_before(p->members) > p->now;
}

/* Nobody takes it before `at`; true: nobody ever does, and it is given up. */
LIM_APART static bool put_off(struct lim_pool *p, uint32_t i, lim_time at,
                              struct lim_action *out)
{
    const struct lim_asked a = asked_cost(&p->records[i]);
    lim_lanes_sleep(p->lanes, a.group, at);
    if (at < LIM_NEVER || lim_members_hope(p->members, &a, p->now))
        return false;
    give_up(p, i, LIM_REASON_NOWHERE, out);
    return true;
}

LIM_EVERYWHERE bool lim_next(struct lim_pool *p, lim_time now,
                             struct lim_action *out)
{
    uint32_t i, organisation;
    advance(p, now);
    if (lim_timerq_next(p->timers) <= p->now && run_timers(p, out))
        return true;
    if (p->counts.waiting == 0)
        return false;
    if (p->counts.waiting > p->waiting_max) {
        give_up(p, lim_lanes_last(p->lanes), LIM_REASON_SHED, out);
        return true;
    }
    if (p->bounded && held_up(p))
        return false;
    while ((i = lim_lanes_next(p->lanes, p->now)) != LIM_NOBODY) {
        const struct lim_asked a = asked(p, &p->records[i]);
        lim_time at = lim_members_choose(p->members, &a, p->now, &organisation);
        if (at <= p->now) {
            send(p, i, &a, organisation, out);
            return true;
        }
        if (put_off(p, i, at, out))
            return true;
    }
    return false;
}

LIM_APART static lim_time bounded_wakeup(const struct lim_pool *p)
{
    lim_time lane = lim_lanes_earliest(p->lanes);
    lim_time paced = lim_members_not_before(p->members);
    if (cap_reached(p))
        return LIM_NEVER;
    return lane < paced ? paced : lane;
}

lim_time lim_wakeup(const struct lim_pool *p)
{
    lim_time t = lim_timerq_next(p->timers);
    if (p->counts.waiting > 0) {
        lim_time lane =
            p->bounded ? bounded_wakeup(p) : lim_lanes_earliest(p->lanes);
        t = lane < t ? lane : t;
    }
    return t > p->now ? t : p->now;
}

/*
 * An organisation may have become ready earlier: who waits may go there.  Or
 * it turns out that it never will: who waited for it alone is to be given up.
 */
LIM_APART static void reconsider(struct lim_pool *p, uint32_t organisation)
{
    for (unsigned i = 0; i < p->groups; i++) {
        if (!lim_lanes_sleeps(p->lanes, i, p->now))
            continue;
        const struct lim_asked a =
            asked(p, &p->records[lim_lanes_head(p->lanes, i)]);
        lim_time at = lim_members_ready(p->members, organisation, &a, p->now);
        lim_lanes_wake(p->lanes, i,
                       at == LIM_NEVER && p->judge.lossy ? p->now : at);
    }
}

void lim_sent(struct lim_pool *p, lim_id id, lim_time now)
{
    uint32_t i = find(p, id);
    struct lim_flight *x = i == LIM_NOBODY ? NULL : flight_of(p, i, id);
    advance(p, now);
    if (x == NULL)
        return;
    const struct lim_record *r = &p->records[i];
    const struct lim_asked a = asked_cost(r);
    lim_members_gone(p->members, x->organisation, &a, p->now, &x->mark);
}

void lim_observe(struct lim_pool *p, lim_id id, const struct lim_feedback *f,
                 lim_time now)
{
    uint32_t i = find(p, id);
    const struct lim_flight *x = i == LIM_NOBODY ? NULL : flight_of(p, i, id);
    advance(p, now);
    if (x == NULL || p->judge.belief == LIM_BELIEF_NONE)
        return;
    const struct lim_record *r = &p->records[i];
    const struct lim_asked a = asked_cost(r);
    if (lim_members_observe(p->members, x->organisation, &a, &x->mark, f, NULL,
                            p->now))
        reconsider(p, x->organisation);
}

int lim_change_limits(struct lim_pool *p, uint32_t organisation, unsigned group,
                      const struct lim_limits *limits, lim_time now)
{
    advance(p, now);
    if (p->judge.belief != LIM_BELIEF_KNOWN)
        return LIM_EINVAL;
    int error =
        lim_members_change(p->members, organisation, group, limits, p->now);
    if (error == LIM_OK)
        reconsider(p, organisation);
    return error;
}

/* An attempt failed: whether there is another, and if not, why. */
static enum lim_reason plan_retry(struct lim_pool *p, uint32_t i,
                                  const struct lim_outcome *o)
{
    struct lim_record *r = &p->records[i];
    struct lim_flight *f = &p->flights[i];
    int64_t wait;
    bool hedged = p->pairs != NULL && (p->pairs[i].flying & HEDGED) != 0;
    unsigned tries = r->attempt - (unsigned)hedged;
    enum lim_reason why =
        lim_retrier_plan(&p->retrier, o, r->number, tries, f->wait, &wait);
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

/* The last attempt of a request on its way failed.  Why it ends with that;
   LIM_REASON_NONE: it does not. */
LIM_APART static enum lim_reason fail(struct lim_pool *p, uint32_t i,
                                      const struct lim_outcome *o)
{
    enum lim_reason why = plan_retry(p, i, o);
    if (why != LIM_REASON_NONE) {
        p->counts.failed++;
        release(p, i);
    }
    lim_pool_check(p);
    return why;
}

/* The attempt that a request still has on its way is of no use any more. */
static void abandon(struct lim_pool *p, uint32_t i)
{
    struct lim_record *r = &p->records[i];
    struct lim_pair *pair = &p->pairs[i];
    bool hedge = (pair->flying & HEDGE) != 0;
    const struct lim_flight *f = hedge ? &pair->hedge : &p->flights[i];
    const struct lim_asked a = asked_cost(r);
    pair->flying &= (uint8_t)~BOTH;
    lim_hedger_ended(p->hedger, p->now - f->mark.sent_at);
    if (lim_judge_abandoned(&p->judge, f, &a, p->now))
        reconsider(p, f->organisation);
}

/*
 * One of the attempts of a pool that hedges ended.  LIM_FATE_OTHER: the other
 * one decides; LIM_FATE_WON: it is abandoned; else there is none.
 */
LIM_APART static enum lim_fate settle_pair(struct lim_pool *p, uint32_t i,
                                           lim_id id,
                                           const struct lim_flight *f, bool ok)
{
    uint8_t *flying = &p->pairs[i].flying;
    *flying &= lim_is_hedge(id) ? (uint8_t)~HEDGE : (uint8_t)~FIRST;
    lim_timerq_cancel(p->timers, i);
    if (ok)
        lim_hedger_ended(p->hedger, p->now - f->mark.sent_at);
    if ((*flying & BOTH) == 0)
        return LIM_FATE_SUCCEEDED;
    p->counts.hedging--;
    if (!ok)
        return LIM_FATE_OTHER;
    abandon(p, i);
    return LIM_FATE_WON;
}

LIM_EVERYWHERE enum lim_fate lim_complete(struct lim_pool *p, lim_id id,
                                          const struct lim_outcome *o,
                                          lim_time now, enum lim_reason *reason)
{
    enum lim_reason why = LIM_REASON_NONE;
    enum lim_fate fate = LIM_FATE_SUCCEEDED;
    bool ok = o->class == LIM_CLASS_OK;
    uint32_t i = find(p, id);
    assert(i != LIM_NOBODY);
    struct lim_record *r = &p->records[i];
    const struct lim_flight *f = flight_of(p, i, id);
    assert(f != NULL);
    advance(p, now);
    const struct lim_asked a = asked_cost(r);
    if (lim_judge_answer(&p->judge, f, &a, o, p->now))
        reconsider(p, f->organisation);
    if (p->pairs != NULL)
        fate = settle_pair(p, i, id, f, ok);
    if (fate == LIM_FATE_OTHER)
        goto out;
    p->counts.in_flight--;
    if (ok) {
        p->counts.succeeded++;
        release(p, i);
    } else {
        why = fail(p, i, o);
        fate = why == LIM_REASON_NONE ? LIM_FATE_RETRY : LIM_FATE_FAILED;
    }
out:
    if (reason != NULL)
        *reason = why;
    return fate;
}

const struct lim_cost *lim_cost_of(const struct lim_pool *p, lim_id id)
{
    uint32_t i = find(p, id);
    return i != LIM_NOBODY ? &p->records[i].cost : NULL;
}

void lim_foresee(const struct lim_pool *p, lim_id id)
{
    uint32_t i = (uint32_t)lim_hedged(id);
    if (i >= p->used)
        return;
    __builtin_prefetch(&p->records[i]);
    __builtin_prefetch(&p->flights[i]);
}

bool lim_cancel(struct lim_pool *p, lim_id id)
{
    uint32_t i = find(p, id);
    if (i == LIM_NOBODY || p->records[i].state == IN_FLIGHT)
        return false;
    if (p->records[i].state == WAITING) {
        dequeue(p, i);
    } else {
        p->counts.backing_off--;
        lim_timerq_cancel(p->timers, i);
    }
    p->counts.cancelled++;
    release(p, i);
    lim_pool_check(p);
    return true;
}
