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

#include "limiter/lanes.h"
#include "limiter/members.h"
#include "limiter/rng.h"
#include "limiter/timerq.h"

#define LIM_NOBODY UINT32_MAX
#define HINT_EXTRA LIM_MSEC /* the wire cuts hints to ms */

enum state { FREE, WAITING, IN_FLIGHT, BACKING_OFF };

struct record {
    struct lim_cost cost;
    lim_time deadline;
    uint64_t number;
    struct lim_mark mark;
    uint32_t generation;
    uint32_t next; /* of those that are free */
    uint32_t organisation;
    uint16_t group;
    uint16_t attempt; /* tries so far */
    uint8_t state;
};

struct lim_pool {
    struct record *records;
    uint32_t record_count;
    uint32_t used; /* records that were ever taken */
    uint32_t free; /* list by `next` of those given back */
    struct lim_lanes *lanes;
    unsigned groups;
    struct lim_members *members;
    struct lim_timerq *timers; /* by record */
    struct lim_retry retry;
    enum lim_belief belief;
    bool settle;
    int64_t cap;
    uint64_t draw_strategy, draw_backoff;
    lim_time now;
    struct lim_counts counts;
};

struct lim_config lim_config_default(void)
{
    return (struct lim_config){
        .groups = 1,
        .strategy = lim_strategy_find("headroom"),
        .belief = LIM_BELIEF_KNOWN,
        .burst = 1,
        .cap_pool = LIM_UNLIMITED,
        .cap_organisation = LIM_UNLIMITED,
        .retry = { .max = 6,
                   .backoff = lim_backoff_find("full_jitter"),
                   .base_ns = 500 * LIM_MSEC,
                   .cap_ns = 8 * LIM_SEC },
        .requests_max = 4096,
        .seed = 1,
    };
}

static int check_organisation(const struct lim_config *c, unsigned i,
                              struct lim_diag *diag)
{
    const struct lim_organisation *o = &c->organisations[i];
    const char *name = o->name != NULL ? o->name : "?";
    if (o->keys < 1 || o->limits == NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "organisation %s has no keys or no limits", name);
    if (o->spend_max < LIM_UNLIMITED || o->spend_max > LIM_LIMIT_MAX ||
        o->spent < 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "organisation %s: spend is out of range", name);
    for (unsigned g = 0; g < c->groups; g++)
        for (unsigned w = 0; w < LIM_WINDOWS; w++)
            if (o->limits[g].max[w] < LIM_UNLIMITED ||
                o->limits[g].max[w] > LIM_LIMIT_MAX)
                return lim_fail(diag, LIM_EINVAL, 0,
                                "organisation %s: %s is out of range", name,
                                lim_limit_name((enum lim_limit)w));
    return LIM_OK;
}

static int check(const struct lim_config *c, struct lim_diag *diag)
{
    if (c->groups < 1 || c->groups > LIM_GROUPS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "limit groups: 1 to %d",
                        LIM_GROUPS_MAX);
    if (c->organisation_count < 1 ||
        c->organisation_count > LIM_ORGANISATIONS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "organisations: 1 to %d",
                        LIM_ORGANISATIONS_MAX);
    if (c->requests_max < 1 || c->requests_max > LIM_REQUESTS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "requests at a time: 1 to %d",
                        LIM_REQUESTS_MAX);
    if (c->strategy == NULL || c->strategy->abi != LIM_STRATEGY_ABI)
        return lim_fail(diag, LIM_EINVAL, 0, "no strategy of ABI %d",
                        LIM_STRATEGY_ABI);
    if (c->retry.backoff == NULL || c->retry.base_ns < 0 ||
        c->retry.cap_ns < 0 || c->retry.max > UINT16_MAX - 1)
        return lim_fail(diag, LIM_EINVAL, 0, "retry is out of range");
    if (!(c->burst > 0 && c->burst <= 1))
        return lim_fail(diag, LIM_EINVAL, 0, "burst: above 0, at most 1");
    if (c->cap_pool < LIM_UNLIMITED || c->cap_pool == 0 ||
        c->cap_organisation < LIM_UNLIMITED || c->cap_organisation == 0)
        return lim_fail(diag, LIM_EINVAL, 0, "caps: at least 1");
    for (unsigned i = 0; i < c->organisation_count; i++)
        if (check_organisation(c, i, diag) != LIM_OK)
            return LIM_EINVAL;
    return LIM_OK;
}

static bool allocate(struct lim_pool *p, const struct lim_config *c)
{
    p->records = calloc(c->requests_max, sizeof *p->records);
    p->lanes = lim_lanes_new(c->groups, c->requests_max);
    p->timers = lim_timerq_new(c->requests_max);
    p->members = lim_members_new(c);
    return p->records != NULL && p->lanes != NULL && p->timers != NULL &&
           p->members != NULL;
}

struct lim_pool *lim_pool_new(const struct lim_config *c, struct lim_diag *diag)
{
    if (check(c, diag) != LIM_OK)
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
    p->retry = c->retry;
    p->belief = c->belief;
    p->settle = c->settle;
    p->cap = c->cap_pool;
    p->draw_strategy = lim_rng_stream(c->seed, LIM_DRAW_STRATEGY);
    p->draw_backoff = lim_rng_stream(c->seed, LIM_DRAW_BACKOFF);
    p->now = c->start;
    return p;
}

void lim_pool_free(struct lim_pool *p)
{
    if (p == NULL)
        return;
    lim_members_free(p->members);
    lim_timerq_free(p->timers);
    lim_lanes_free(p->lanes);
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
    lim_members_turn_month(p->members, p->now);
    return p->now;
}

static void enqueue(struct lim_pool *p, uint32_t i, bool returned)
{
    struct record *r = &p->records[i];
    r->state = WAITING;
    p->counts.waiting++;
    lim_lanes_push(p->lanes, r->group, i, returned);
    if (r->deadline != LIM_NEVER)
        lim_timerq_set(p->timers, i, r->deadline, 0);
}

static void dequeue(struct lim_pool *p, uint32_t i)
{
    const struct record *r = &p->records[i];
    assert(r->state == WAITING);
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

int lim_submit(struct lim_pool *p, const struct lim_request *r, lim_time now,
               lim_id *id, struct lim_refusal *refusal)
{
    if (r->group >= p->groups)
        return LIM_EINVAL;
    for (int d = 0; d < LIM_DIMENSIONS; d++)
        if (r->cost.amount[d] < 0 || r->cost.amount[d] > LIM_LIMIT_MAX)
            return LIM_EINVAL;
    advance(p, now);
    if (!lim_members_fit(p->members, r->group, &r->cost, refusal)) {
        p->counts.submitted++;
        p->counts.refused++;
        return LIM_REFUSED;
    }
    uint32_t i = take_record(p);
    if (i == LIM_NOBODY)
        return LIM_EFULL;
    struct record *record = &p->records[i];
    record->cost = r->cost;
    record->deadline = r->deadline;
    record->number = r->number;
    record->group = (uint16_t)r->group;
    record->attempt = 0;
    p->counts.submitted++;
    enqueue(p, i, false);
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
        dequeue(p, i);
    else
        p->counts.backing_off--;
    if (reason == LIM_REASON_DEADLINE)
        p->counts.expired++;
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
        enqueue(p, i, true);
    }
    return false;
}

static void send(struct lim_pool *p, uint32_t i, uint32_t organisation,
                 struct lim_action *out)
{
    struct record *r = &p->records[i];
    dequeue(p, i);
    r->state = IN_FLIGHT;
    r->organisation = organisation;
    p->counts.in_flight++;
    unsigned key = lim_members_send(p->members, organisation, r->group,
                                    &r->cost, p->now, &r->mark);
    *out = (struct lim_action){ .kind = LIM_SEND,
                                .id = id_of(p, i),
                                .organisation = organisation,
                                .key = key,
                                .attempt = r->attempt };
    check_counts(p);
}

/*
 * Nobody can take the head of a lane now: it sleeps until somebody can.
 * True: nobody ever will, whatever answers come.
 */
static bool put_to_sleep(struct lim_pool *p, unsigned lane,
                         const struct record *head)
{
    lim_time at =
        lim_members_earliest(p->members, lane, &head->cost, true, p->now);
    lim_lanes_sleep(p->lanes, lane, at);
    return at == LIM_NEVER &&
           lim_members_earliest(p->members, lane, &head->cost, false, p->now) ==
               LIM_NEVER;
}

static bool cap_reached(const struct lim_pool *p)
{
    return p->cap != LIM_UNLIMITED && p->counts.in_flight >= (uint64_t)p->cap;
}

bool lim_next(struct lim_pool *p, lim_time now, struct lim_action *out)
{
    int lane;
    advance(p, now);
    if (lim_timerq_next(p->timers) <= p->now && run_timers(p, out))
        return true;
    if (cap_reached(p))
        return false;
    while ((lane = lim_lanes_next(p->lanes, p->now)) >= 0) {
        uint32_t i = lim_lanes_head(p->lanes, (unsigned)lane), organisation;
        const struct record *r = &p->records[i];
        uint64_t draw = lim_rng_draw(p->draw_strategy, r->number, r->attempt);
        if (lim_members_choose(p->members, r->group, &r->cost, draw, p->now,
                               &organisation)) {
            send(p, i, organisation, out);
            return true;
        }
        if (put_to_sleep(p, (unsigned)lane, r)) {
            give_up(p, i, LIM_REASON_NOWHERE, out);
            return true;
        }
    }
    return false;
}

lim_time lim_wakeup(const struct lim_pool *p)
{
    lim_time timer = lim_timerq_next(p->timers);
    lim_time lane = cap_reached(p) ? LIM_NEVER : lim_lanes_earliest(p->lanes);
    lim_time t = timer < lane ? timer : lane;
    return t > p->now ? t : p->now;
}

/* An organisation may have become ready earlier: who waits may go there. */
static void reconsider(struct lim_pool *p, uint32_t organisation)
{
    for (unsigned g = 0; g < p->groups; g++) {
        if (!lim_lanes_sleeps(p->lanes, g, p->now))
            continue;
        uint32_t head = lim_lanes_head(p->lanes, g);
        lim_lanes_wake(p->lanes, g,
                       lim_members_ready(p->members, organisation, g,
                                         &p->records[head].cost, p->now));
    }
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
    lim_members_observe(p->members, r->organisation, r->group, &r->mark, f);
}

/* What the answer says of the organisation, beside the limits it shows. */
static void judge(struct lim_pool *p, const struct record *r,
                  const struct lim_outcome *o)
{
    uint32_t who = r->organisation;
    lim_time hint = o->feedback.hint_ns < 0
                        ? LIM_NEVER
                        : p->now + o->feedback.hint_ns + HINT_EXTRA;
    switch (o->class) {
    case LIM_CLASS_RATE_LIMIT:
        if (p->belief != LIM_BELIEF_NONE && hint != LIM_NEVER &&
            lim_members_ready(p->members, who, r->group, &r->cost, p->now) <
                hint)
            lim_members_block(p->members, who, r->group, hint);
        break;
    case LIM_CLASS_QUOTA:
        lim_members_block(p->members, who, LIM_ALL_GROUPS,
                          lim_members_month_end(p->members));
        break;
    case LIM_CLASS_CREDENTIAL:
        lim_members_block(p->members, who, LIM_ALL_GROUPS, LIM_NEVER);
        break;
    case LIM_CLASS_NO_ACCESS:
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
 * what is unknown is not given back.
 */
static void settle(struct lim_pool *p, const struct record *r,
                   const struct lim_outcome *o)
{
    struct lim_cost take = r->cost;
    if (o->class == LIM_CLASS_RATE_LIMIT || o->class == LIM_CLASS_TOO_LARGE ||
        o->class == LIM_CLASS_QUOTA)
        take = (struct lim_cost){ { 0 } };
    else if (o->class == LIM_CLASS_OK && o->usage_known) {
        if (p->settle)
            take.amount[LIM_TOKENS] = o->tokens_used;
        if (o->microusd >= 0)
            take.amount[LIM_MONEY] = o->microusd;
    }
    if (memcmp(&take, &r->cost, sizeof take) != 0)
        lim_members_settle(p->members, r->organisation, r->group, &r->cost,
                           &take, p->now);
}

static bool worth_retrying(const struct lim_outcome *o)
{
    if (o->feedback.should_retry >= 0)
        return o->feedback.should_retry > 0;
    return o->class == LIM_CLASS_RATE_LIMIT || o->class == LIM_CLASS_QUOTA ||
           o->class == LIM_CLASS_TRANSIENT ||
           o->class == LIM_CLASS_CREDENTIAL || o->class == LIM_CLASS_NO_ACCESS;
}

/* When the next try may start.  Who is out does not make others wait. */
static lim_time retry_at(const struct lim_pool *p, const struct record *r,
                         const struct lim_outcome *o)
{
    if (o->class == LIM_CLASS_QUOTA || o->class == LIM_CLASS_CREDENTIAL ||
        o->class == LIM_CLASS_NO_ACCESS)
        return p->now;
    uint64_t draw = lim_rng_draw(p->draw_backoff, r->number, r->attempt);
    int64_t wait = p->retry.backoff->wait(p->retry.base_ns, p->retry.cap_ns,
                                          r->attempt, draw);
    bool hinted =
        o->feedback.hint_ns >= 0 &&
        (p->belief == LIM_BELIEF_NONE || o->class != LIM_CLASS_RATE_LIMIT);
    if (hinted && o->feedback.hint_ns + HINT_EXTRA > wait)
        wait = o->feedback.hint_ns + HINT_EXTRA;
    return p->now + wait;
}

enum lim_fate lim_complete(struct lim_pool *p, lim_id id,
                           const struct lim_outcome *o, lim_time now,
                           enum lim_reason *reason)
{
    enum lim_reason why = LIM_REASON_NONE;
    enum lim_fate fate = LIM_FATE_SUCCEEDED;
    uint32_t i = find(p, id);
    assert(i != LIM_NOBODY);
    struct record *r = &p->records[i];
    assert(r->state == IN_FLIGHT);
    advance(p, now);
    p->counts.in_flight--;
    lim_members_end(p->members, r->organisation);
    settle(p, r, o);
    if (p->belief != LIM_BELIEF_NONE)
        lim_members_observe(p->members, r->organisation, r->group, &r->mark,
                            &o->feedback);
    judge(p, r, o);
    reconsider(p, r->organisation);
    if (o->class == LIM_CLASS_OK) {
        p->counts.succeeded++;
        release(p, i);
    } else if (worth_retrying(o) && r->attempt < p->retry.max) {
        fate = LIM_FATE_RETRY;
        r->state = BACKING_OFF;
        p->counts.backing_off++;
        lim_time at = retry_at(p, r, o);
        r->attempt++;
        lim_timerq_set(p->timers, i, at < r->deadline ? at : r->deadline, 0);
        check_counts(p);
    } else {
        fate = LIM_FATE_FAILED;
        why = worth_retrying(o) ? LIM_REASON_RETRIES : LIM_REASON_FATAL;
        p->counts.failed++;
        release(p, i);
    }
    if (reason != NULL)
        *reason = why;
    return fate;
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
