/*
 * The whole pool under random configurations and histories, one for each
 * seed, against a model that keeps plain lists.  LIM_SEEDS sets how many seeds,
 * LIM_SEED the first.
 *
 * Each history runs twice, the second time with a clock that never steps
 * back: both must do the same at the same (counted) times.
 */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>

#include "limiter/pool.h"
#include "limiter/rng.h"
#include "tests/drawn_pool.h"
#include "tests/pool_model.h"

#define SEEDS 500
#define EVENTS MODEL_ITEMS

/* Notes the first thing that is wrong; the run then ends. */
static void must(struct run *r, bool right, const char *what, int line)
{
    if (right || r->wrong != NULL)
        return;
    r->wrong = what;
    r->line = line;
}

#define MUST(r, condition) must((r), (condition), #condition, __LINE__)

static void mix(struct run *r, uint64_t x)
{
    r->hash = lim_rng_mix(r->hash ^ x);
}

/* The time at which an event comes: now, most times. */
static lim_time event_time(struct run *r)
{
    if (dice_one_in(&r->dice, 12))
        return model_pass(r, r->now - dice_size(&r->dice, 40));
    if (dice_one_in(&r->dice, 4))
        return model_pass(r, r->now + dice_size(&r->dice, 34));
    return model_pass(r, r->now);
}

/* What the pool said, against the model. */

static struct item *item_of(struct run *r, lim_id id)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->items[i].id == lim_hedged(id))
            return &r->items[i];
    return NULL;
}

static void check_counts(struct run *r)
{
    const struct lim_counts c = lim_pool_counts(r->pool), *m = &r->counts;
    MUST(r, c.submitted == m->submitted);
    MUST(r, c.waiting + c.backing_off == m->waiting);
    MUST(r, c.in_flight == m->in_flight);
    MUST(r, c.succeeded == m->succeeded);
    MUST(r, c.failed == m->failed);
    MUST(r, c.expired == m->expired);
    MUST(r, c.refused == m->refused);
    MUST(r, c.cancelled == m->cancelled);
    MUST(r, c.hedging == m->hedging);
    MUST(r, c.hedges == m->hedges);
    MUST(r, (double)c.hedges <= r->config->hedge.budget * (double)r->firsts);
}

/* A first try is out for some time, and nothing has been heard of it. */
static void hedged(struct run *r, struct item *x)
{
    const struct lim_hedging *h = &r->config->hedge;
    MUST(r, x->attempt == 2 && x->tries[0].flying);
    MUST(r, r->now >= x->tries[0].sent_at + h->after_ns);
    x->hedges = 1;
    r->counts.hedging++;
    r->counts.hedges++;
}

static void sent(struct run *r, struct item *x, const struct lim_action *a)
{
    const struct lim_request *q = &x->request;
    unsigned o = a->organisation;
    MUST(r, o < r->config->organisation_count);
    if (r->wrong != NULL)
        return;
    MUST(r, model_fits(r, o, q->group, &q->cost));
    MUST(r, model_room(r, o));
    MUST(r, model_ready(r, o, q->group, &q->cost) <= r->now);
    MUST(r, r->now < q->deadline);
    MUST(r, a->hedge == lim_is_hedge(a->id));
    MUST(r, a->attempt == x->attempt);
    MUST(r, a->key == r->next_key[o]);
    r->next_key[o] = (a->key + 1) % r->drawn->organisations[o].keys;
    model_charge_all(r, o, q->group, &q->cost);
    r->spent[o] += q->cost.amount[LIM_MONEY];
    r->flying[o]++;
    r->firsts += x->attempt == 0;
    x->attempt++;
    x->tries[a->hedge] = (struct try){ true, r->now, o };
    if (a->hedge) {
        hedged(r, x);
        return;
    }
    MUST(r, r->now >= x->not_before);
    r->counts.waiting--;
    r->counts.in_flight++;
    x->state = FLYING;
}

/* Nobody will ever take it. */
static bool nowhere(const struct run *r, const struct lim_request *q)
{
    for (unsigned o = 0; o < r->config->organisation_count; o++)
        if (model_fits(r, o, q->group, &q->cost) &&
            r->places[o][q->group].blocked != LIM_NEVER)
            return false;
    return true;
}

static void gave_up(struct run *r, struct item *x, const struct lim_action *a)
{
    if (a->reason == LIM_REASON_DEADLINE) {
        MUST(r, r->now >= x->request.deadline);
        r->counts.expired++;
    } else if (a->reason == LIM_REASON_SHED) {
        MUST(r, r->config->queue.max != LIM_UNLIMITED);
        MUST(r, r->counts.waiting > (uint64_t)r->config->queue.max);
        r->counts.refused++;
    } else {
        MUST(r, a->reason == LIM_REASON_NOWHERE);
        MUST(r, r->config->belief == LIM_BELIEF_LEARNED ||
                    nowhere(r, &x->request));
        r->counts.failed++;
    }
    r->counts.waiting--;
    x->state = GONE;
}

static void act(struct run *r, const struct lim_action *a)
{
    struct item *x = item_of(r, a->id);
    MUST(r, x != NULL && x->state == (a->hedge ? FLYING : HERE));
    if (r->wrong != NULL)
        return;
    if (a->kind == LIM_SEND)
        sent(r, x, a);
    else
        gave_up(r, x, a);
    mix(r, a->id);
    mix(r,
        (uint64_t)a->kind << 40 | (uint64_t)a->reason << 32 | a->organisation);
    mix(r, (uint64_t)r->now);
}

static bool somebody_takes(struct run *r, const struct lim_request *q)
{
    for (unsigned o = 0; o < r->config->organisation_count; o++)
        if (model_may_go(r, o, q->group, &q->cost))
            return true;
    return false;
}

/*
 * Some request of each group that has any cannot go: if all could, its head
 * could.  Who had an attempt may still back off.
 */
static void check_not_idle(struct run *r)
{
    bool waits[DRAWN_GROUPS] = { false }, stuck[DRAWN_GROUPS] = { false };
    for (unsigned i = 0; i < r->count; i++) {
        const struct lim_request *q = &r->items[i].request;
        if (r->items[i].state != HERE)
            continue;
        waits[q->group] |= r->items[i].attempt == 0;
        stuck[q->group] = stuck[q->group] || !somebody_takes(r, q);
    }
    for (unsigned g = 0; g < DRAWN_GROUPS; g++)
        MUST(r, !waits[g] || stuck[g]);
}

/* Queues, each with its own time to wake. */
static unsigned lanes(const struct run *r)
{
    return r->config->groups *
           (r->config->queue.discipline->fair ? r->config->tenants : 1);
}

/* Time alone came, and lim_next said no.  A new month may bring no money, and
   nobody may take a hedge. */
static void check_vain(struct run *r, const struct lim_counts *before)
{
    const struct lim_counts after = lim_pool_counts(r->pool);
    if (r->now < r->wake || after.waiting != before->waiting ||
        r->wake == lim_month_start(r->now) || r->config->hedge.budget > 0)
        return;
    r->vain++;
    MUST(r, r->vain <= lanes(r));
    MUST(r, !r->drawn->exact || lanes(r) > 1 || r->drawn->hints || r->owed);
}

/* Does what there is to do at the pool's time `told`. */
static void drain(struct run *r, lim_time told)
{
    const struct lim_counts before = lim_pool_counts(r->pool);
    struct lim_action a;
    bool said = false;
    while (r->wrong == NULL && lim_next(r->pool, told, &a)) {
        MUST(r, !r->quiet || said || r->now >= r->wake);
        said = true;
        act(r, &a);
    }
    if (r->quiet && !said)
        check_vain(r, &before);
    if (!r->quiet || said)
        r->vain = 0;
    const struct lim_counts after = lim_pool_counts(r->pool);
    r->quiet = true;
    r->wake = lim_wakeup(r->pool);
    mix(r, (uint64_t)r->wake);
    MUST(r, r->wake > r->now);
    MUST(r, r->config->queue.max == LIM_UNLIMITED ||
                after.waiting <= (uint64_t)r->config->queue.max);
    check_counts(r);
    if (r->drawn->exact && r->monotone)
        check_not_idle(r);
}

/* Events. */

static void submit(struct run *r)
{
    if (r->count == MODEL_ITEMS)
        return;
    lim_time told = event_time(r);
    const struct lim_config *c = r->config;
    struct lim_request q = drawn_request(r->drawn, &r->dice, r->count, r->now);
    const struct lim_counts before = lim_pool_counts(r->pool);
    bool never = true, crowded = c->queue.max != LIM_UNLIMITED &&
                                 before.waiting >= (uint64_t)c->queue.max;
    lim_id id = 0;
    for (unsigned o = 0; o < c->organisation_count; o++)
        never = never && !model_fits(r, o, q.group, &q.cost);
    int rc = lim_submit(r->pool, &q, told, &id, NULL);
    mix(r, (uint64_t)rc);
    MUST(r, c->belief == LIM_BELIEF_LEARNED || (rc == LIM_REFUSED) == never);
    if (rc != LIM_REFUSED)
        MUST(r, (rc == LIM_SHED) == (crowded && !c->queue.shed_last));
    if (rc == LIM_EFULL)
        MUST(r, r->counts.waiting + r->counts.in_flight == c->requests_max);
    r->counts.submitted += rc != LIM_EFULL;
    r->counts.refused += rc == LIM_REFUSED || rc == LIM_SHED;
    if (rc != LIM_ACCEPTED)
        return;
    MUST(r, item_of(r, id) == NULL);
    r->items[r->count++] =
        (struct item){ .id = id, .request = q, .not_before = INT64_MIN };
    r->counts.waiting++;
}

/* Somebody of this state, or NULL. */
static struct item *pick(struct run *r, int state)
{
    unsigned found = 0;
    struct item *x = NULL;
    for (unsigned i = 0; i < r->count; i++)
        if ((int)r->items[i].state == state && dice_one_in(&r->dice, ++found))
            x = &r->items[i];
    return x;
}

/* What is left charged of an attempt. */
static void settled(struct run *r, const struct item *x, const struct try *t,
                    const struct lim_outcome *o)
{
    const struct lim_request *q = &x->request;
    struct lim_cost take = q->cost;
    if (o->class == LIM_CLASS_RATE_LIMIT || o->class == LIM_CLASS_TOO_LARGE ||
        o->class == LIM_CLASS_QUOTA)
        take = (struct lim_cost){ { 0 } };
    if (o->class == LIM_CLASS_OK && o->usage_known && r->config->settle)
        take.amount[LIM_TOKENS] = o->tokens_used;
    if (o->class == LIM_CLASS_OK && o->usage_known && o->microusd >= 0)
        take.amount[LIM_MONEY] = o->microusd;
    for (int i = 0; i < LIM_DIMENSIONS; i++)
        r->owed |= take.amount[i] > q->cost.amount[i];
    model_settle_all(r, t->organisation, q->group, &take, &q->cost, t->sent_at);
    r->spent[t->organisation] +=
        take.amount[LIM_MONEY] - q->cost.amount[LIM_MONEY];
}

/* Who is out after an answer, and until when. */
static void judged(struct run *r, const struct item *x, const struct try *t,
                   const struct lim_outcome *o)
{
    const struct lim_request *q = &x->request;
    r->owed |= o->class == LIM_CLASS_CREDENTIAL ||
               o->class == LIM_CLASS_QUOTA || o->class == LIM_CLASS_NO_ACCESS;
    if (o->class == LIM_CLASS_CREDENTIAL)
        model_block_all(r, t->organisation, LIM_NEVER);
    if (o->class == LIM_CLASS_QUOTA)
        model_block_all(r, t->organisation, r->month_end);
    if (o->class == LIM_CLASS_NO_ACCESS)
        model_block(r, t->organisation, q->group, LIM_NEVER);
    if (o->class != LIM_CLASS_RATE_LIMIT || o->feedback.hint_ns < 0 ||
        r->config->belief != LIM_BELIEF_KNOWN || r->drawn->headers)
        return;
    lim_time until = r->now + o->feedback.hint_ns + LIM_MSEC;
    if (model_ready(r, t->organisation, q->group, &q->cost) < until)
        model_block(r, t->organisation, q->group, until);
}

/* The hint is the least that an attempt waits, but where others take it. */
static lim_time not_before(const struct run *r, const struct lim_outcome *o)
{
    bool elsewhere = o->class == LIM_CLASS_QUOTA ||
                     o->class == LIM_CLASS_CREDENTIAL ||
                     o->class == LIM_CLASS_NO_ACCESS ||
                     (o->class == LIM_CLASS_RATE_LIMIT &&
                      r->config->belief != LIM_BELIEF_NONE);
    if (elsewhere || r->config->retry.backoff->obeys || o->feedback.hint_ns < 0)
        return r->now;
    return r->now + o->feedback.hint_ns + LIM_MSEC;
}

static void check_budget(struct run *r)
{
    const struct lim_retry *c = &r->config->retry;
    MUST(r,
         c->budget <= 0 || (double)r->retries <= c->budget * (double)r->firsts +
                                                     (double)c->budget_reserve);
}

static void completed(struct run *r, struct item *x, enum lim_fate fate,
                      const struct lim_outcome *o, enum lim_reason reason)
{
    const struct lim_retry *c = &r->config->retry;
    bool ok = o->class == LIM_CLASS_OK;
    MUST(r, (fate == LIM_FATE_SUCCEEDED || fate == LIM_FATE_WON) == ok);
    MUST(r, (fate == LIM_FATE_FAILED) == (reason != LIM_REASON_NONE));
    MUST(r, fate != LIM_FATE_RETRY || x->attempt - x->hedges <= c->max);
    MUST(r, reason != LIM_REASON_BUDGET || c->budget > 0);
    if (fate == LIM_FATE_OTHER)
        return;
    r->counts.in_flight--;
    r->counts.succeeded += ok;
    r->counts.failed += fate == LIM_FATE_FAILED;
    x->state = GONE;
    if (fate != LIM_FATE_RETRY)
        return;
    r->counts.waiting++;
    r->retries++;
    x->state = HERE;
    x->not_before = not_before(r, o);
    check_budget(r);
}

/* One of the attempts, drawn, if there are two. */
static struct try *pick_try(struct run *r, struct item *x)
{
    bool both = x->tries[0].flying && x->tries[1].flying;
    unsigned which = x->tries[1].flying;
    if (both)
        which = (unsigned)dice_roll(&r->dice, 2);
    return &x->tries[which];
}

static lim_id id_of(const struct item *x, const struct try *t)
{
    return x->id | (t == &x->tries[1] ? LIM_HEDGE : 0);
}

static void complete(struct run *r, struct item *x, struct try *t,
                     lim_time told, const struct lim_outcome *o)
{
    enum lim_reason reason = LIM_REASON_NONE;
    struct try *other = &x->tries[t == &x->tries[0]];
    bool ok = o->class == LIM_CLASS_OK, two = other->flying;
    r->flying[t->organisation]--;
    t->flying = false;
    r->counts.hedging -= two;
    settled(r, x, t, o);
    judged(r, x, t, o);
    enum lim_fate fate = lim_complete(r->pool, id_of(x, t), o, told, &reason);
    MUST(r, (fate == LIM_FATE_WON) == (ok && two));
    MUST(r, (fate == LIM_FATE_OTHER) == (!ok && two));
    if (fate == LIM_FATE_WON) {
        r->flying[other->organisation]--;
        other->flying = false;
    }
    completed(r, x, fate, o, reason);
    mix(r, (uint64_t)fate << 8 | (uint64_t)reason);
}

static void answer(struct run *r)
{
    struct item *x = pick(r, FLYING);
    if (x == NULL)
        return;
    lim_time told = event_time(r);
    struct try *t = pick_try(r, x);
    if (dice_one_in(&r->dice, 3)) {
        struct lim_feedback f = drawn_feedback(
            r->drawn, &r->dice, t->organisation, x->request.group);
        lim_observe(r->pool, id_of(x, t), &f, told);
    }
    struct lim_outcome o =
        drawn_outcome(r->drawn, &r->dice, t->organisation, &x->request);
    complete(r, x, t, told, &o);
}

static void cancel(struct run *r)
{
    struct item *x = pick(r, (int)dice_roll(&r->dice, 3));
    if (x == NULL)
        return;
    bool gone = lim_cancel(r->pool, x->id);
    MUST(r, gone == (x->state == HERE));
    if (x->state != HERE)
        return;
    x->state = GONE;
    r->counts.waiting--;
    r->counts.cancelled++;
}

/* Time alone: to the wakeup, just before it, or anywhere. */
static lim_time wait(struct run *r)
{
    uint64_t how = dice_roll(&r->dice, 4);
    if (r->wake != LIM_NEVER && how < 2)
        return model_pass(r, r->wake - (int64_t)how);
    if (how == 2)
        return model_pass(r, r->now - dice_size(&r->dice, 40));
    return model_pass(r, r->now + dice_size(&r->dice, 40));
}

static void step(struct run *r)
{
    uint64_t what = dice_roll(&r->dice, 20);
    lim_time told = r->now;
    bool alone = what < 6;
    r->quiet = r->quiet && alone;
    if (alone)
        told = wait(r);
    else if (what < 13)
        submit(r);
    else if (what < 19)
        answer(r);
    else
        cancel(r);
    if (alone || !dice_one_in(&r->dice, 8))
        drain(r, told);
    check_counts(r);
}

/* No more arrivals, all answers good: everything ends in so many steps. */
static void finish(struct run *r)
{
    unsigned left = (unsigned)(r->counts.waiting + r->counts.in_flight);
    unsigned steps = 2 * (left + 1) * (lanes(r) + 2 + (r->firsts > 0));
    struct lim_outcome ok = { .class = LIM_CLASS_OK, .status = 200 };
    ok.feedback = lim_feedback_none();
    r->quiet = false;
    drain(r, r->now);
    while (r->counts.waiting + r->counts.in_flight > 0 && r->wrong == NULL) {
        struct item *x = pick(r, FLYING);
        MUST(r, steps-- > 0);
        MUST(r, x != NULL || r->wake != LIM_NEVER);
        if (r->wrong != NULL)
            return;
        r->quiet = x == NULL;
        lim_time told = model_pass(r, x != NULL ? r->now + 1 : r->wake);
        if (x != NULL)
            complete(r, x, pick_try(r, x), told, &ok);
        drain(r, told);
    }
}

static void start(struct run *r, const struct drawn *drawn, uint64_t seed)
{
    const struct lim_config *c = &drawn->config;
    r->drawn = drawn;
    r->config = c;
    r->dice.stream = lim_rng_mix(~seed);
    r->pool = lim_pool_new(c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->pool);
    model_start(r);
    r->wake = c->start;
}

/* Returns whether all was right; `hash` tells what was done when. */
static bool play(const struct drawn *drawn, uint64_t seed, bool monotone,
                 uint64_t *hash)
{
    struct run *r = calloc(1, sizeof *r);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    start(r, drawn, seed);
    r->monotone = monotone;
    for (int i = 0; i < EVENTS && r->wrong == NULL; i++)
        step(r);
    if (r->wrong == NULL)
        finish(r);
    bool right = r->wrong == NULL;
    if (!right)
        printf("\nLIM_SEED=%llu, %s clock: not so, line %d: %s\n",
               (unsigned long long)seed, monotone ? "steady" : "any", r->line,
               r->wrong);
    *hash = r->hash;
    lim_pool_free(r->pool);
    free(r);
    return right;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void all_that_the_header_says_holds_in_any_history(void)
{
    uint64_t first = setting("LIM_SEED", 1), failed = 0;
    uint64_t seeds = setting("LIM_SEEDS", getenv("LIM_SEED") ? 1 : SEEDS);
    struct drawn *drawn = calloc(1, sizeof *drawn);
    CU_ASSERT_PTR_NOT_NULL_FATAL(drawn);
    for (uint64_t seed = first; seed < first + seeds && failed < 10; seed++) {
        struct dice d = { .stream = lim_rng_mix(seed) };
        uint64_t any = 0, steady = 0;
        drawn_config(drawn, &d);
        bool right =
            play(drawn, seed, false, &any) && play(drawn, seed, true, &steady);
        if (right && any != steady)
            printf("\nLIM_SEED=%llu: a clock that steps back matters\n",
                   (unsigned long long)seed);
        failed += !right || any != steady;
    }
    CU_ASSERT_EQUAL(failed, 0);
    free(drawn);
}

CU_TestInfo pool_random_tests[] = {
    { "all that the header says holds in any history",
      all_that_the_header_says_holds_in_any_history },
    CU_TEST_INFO_NULL
};
