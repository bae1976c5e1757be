#include "tests/drawn_pool.h"

#include <string.h>

#include "limiter/headers.h"
#include "limiter/rng.h"

uint64_t dice_roll(struct dice *d, uint64_t n)
{
    return lim_rng_draw(d->stream, 0, d->rolls++) % n;
}

bool dice_one_in(struct dice *d, uint64_t n)
{
    return dice_roll(d, n) == 0;
}

int64_t dice_size(struct dice *d, unsigned bits)
{
    uint64_t top = UINT64_C(1) << dice_roll(d, bits);
    return (int64_t)(top + dice_roll(d, top));
}

static struct lim_limits draw_limits(struct dice *d)
{
    struct lim_limits x = lim_limits_none();
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        if (dice_one_in(d, 2))
            continue;
        x.max[w] = dice_size(d, w == LIM_TPM || w == LIM_TPD ? 20 : 8);
        if (dice_one_in(d, 30))
            x.max[w] = 0;
        if (dice_one_in(d, 30))
            x.max[w] = LIM_LIMIT_MAX - (int64_t)dice_roll(d, 1000);
    }
    return x;
}

static void draw_organisations(struct drawn *c, struct dice *d)
{
    struct lim_limits classes[DRAWN_CLASSES][DRAWN_GROUPS];
    int64_t spend[DRAWN_CLASSES];
    unsigned kinds = 1 + (unsigned)dice_roll(d, DRAWN_CLASSES);
    for (unsigned k = 0; k < kinds; k++) {
        spend[k] = dice_one_in(d, 3) ? dice_size(d, 16) : LIM_UNLIMITED;
        for (unsigned g = 0; g < DRAWN_GROUPS; g++)
            classes[k][g] = draw_limits(d);
    }
    for (unsigned i = 0; i < c->config.organisation_count; i++) {
        unsigned k = (unsigned)dice_roll(d, kinds);
        memcpy(c->limits[i], classes[k], sizeof classes[k]);
        for (unsigned g = 0; g < DRAWN_GROUPS; g++)
            c->serves[i][g] = !dice_one_in(d, 5);
        c->organisations[i] = (struct lim_organisation){
            .name = "one",
            .keys = 1 + (unsigned)dice_roll(d, 3),
            .limits = c->limits[i],
            .serves = dice_one_in(d, 2) ? c->serves[i] : NULL,
            .spend_max = spend[k],
            .spent = dice_one_in(d, 4) ? dice_size(d, 14) : 0,
            .weight = (double)dice_roll(d, 4),
            .priority = (int)dice_roll(d, 3),
            .price = (double)dice_roll(d, 3),
        };
        for (unsigned g = 0; g < DRAWN_GROUPS; g++)
            if (c->organisations[i].serves == NULL)
                c->serves[i][g] = true;
    }
}

/* One of an array that ends with NULL. */
static unsigned draw_of(struct dice *d, const void *const *list)
{
    unsigned n = 0;
    while (list[n] != NULL)
        n++;
    return (unsigned)dice_roll(d, n);
}

#define DRAW_OF(d, list) ((list)[draw_of(d, (const void *const *)(list))])

static void draw_throttle(struct lim_config *x, struct dice *d)
{
    if (dice_one_in(d, 4))
        x->cap_pool = dice_size(d, 6);
    if (dice_one_in(d, 4))
        x->cap_organisation = dice_size(d, 4);
    if (dice_one_in(d, 3)) {
        x->cap = DRAW_OF(d, lim_caps);
        x->cap_whole = dice_one_in(d, 2);
        x->cap_options.initial = (double)dice_roll(d, 4);
        x->cap_options.drops = dice_one_in(d, 2);
        x->cap_options.measure = (enum lim_measure)dice_roll(d, 3);
    }
    if (dice_one_in(d, 4)) {
        x->breaker = lim_breaker_config_default();
        x->breaker.failures = 1 + (unsigned)dice_roll(d, 3);
        x->breaker.probes = 1 + (unsigned)dice_roll(d, 2);
        x->breaker.slow_start = (unsigned)dice_roll(d, 4);
    }
}

static void draw_queue(struct lim_config *x, struct dice *d)
{
    x->queue.discipline = DRAW_OF(d, lim_queues);
    if (dice_one_in(d, 3)) {
        x->queue.max = dice_size(d, 5);
        x->queue.shed_last = dice_one_in(d, 2);
    }
    x->queue.quantum = dice_size(d, 12);
    if (dice_one_in(d, 2))
        x->queue.aging_ns = dice_size(d, 36);
}

static void draw_retry(struct lim_config *x, struct dice *d)
{
    x->retry.max = (unsigned)dice_roll(d, 6);
    x->retry.backoff = DRAW_OF(d, lim_backoffs);
    x->retry.base_ns = dice_size(d, 32);
    x->retry.cap_ns = dice_size(d, 36);
    if (dice_one_in(d, 3)) {
        x->retry.budget = (double)(1 + dice_roll(d, 8)) / 4;
        x->retry.budget_reserve = dice_size(d, 4);
    }
}

static void draw_hedge(struct lim_config *x, struct dice *d)
{
    x->hedge.budget = (double)(1 + dice_roll(d, 100)) / 100;
    if (dice_one_in(d, 2))
        x->hedge.quantile = (double)(1 + dice_roll(d, 98)) / 100;
    else
        x->hedge.after_ns = dice_size(d, 36);
}

void drawn_config(struct drawn *c, struct dice *d)
{
    static const enum lim_belief beliefs[] = {
        LIM_BELIEF_KNOWN, LIM_BELIEF_KNOWN, LIM_BELIEF_KNOWN, LIM_BELIEF_NONE,
        LIM_BELIEF_LEARNED
    };
    struct lim_config *x = &c->config;
    *x = lim_config_default();
    x->groups = 1 + (unsigned)dice_roll(d, DRAWN_GROUPS);
    x->tenants = 1 + (unsigned)dice_roll(d, DRAWN_TENANTS);
    x->organisations = c->organisations;
    x->organisation_count =
        (unsigned)(dice_one_in(d, 3) ? 1 + dice_roll(d, 3)
                                     : 1 + dice_roll(d, DRAWN_ORGANISATIONS));
    draw_organisations(c, d);
    x->strategy = DRAW_OF(d, lim_strategies);
    x->belief = beliefs[dice_roll(d, 5)];
    if (dice_one_in(d, 2)) {
        x->discipline = (enum lim_discipline)dice_roll(d, LIM_DISCIPLINES);
        x->quantum_ns = dice_size(d, 35);
    }
    if (dice_one_in(d, 3))
        x->burst = (double)(1 + dice_roll(d, 100)) / 100;
    if (!dice_one_in(d, 3))
        draw_throttle(x, d);
    draw_queue(x, d);
    draw_retry(x, d);
    if (dice_one_in(d, 3))
        draw_hedge(x, d);
    x->requests_max = (unsigned)dice_size(d, 7);
    x->settle = dice_one_in(d, 2);
    x->seed = dice_roll(d, UINT64_MAX);
    x->start = lim_date(2026, 1 + (int)dice_roll(d, 12), 1) - dice_size(d, 52);
    c->headers = dice_one_in(d, 3);
    c->hints = dice_one_in(d, 2);
    c->exact = x->belief == LIM_BELIEF_KNOWN && x->cap == NULL &&
               x->breaker.failures == 0 && !c->headers;
}

struct lim_request drawn_request(const struct drawn *c, struct dice *d,
                                 uint64_t number, lim_time now)
{
    struct lim_request r = {
        .group = (unsigned)dice_roll(d, c->config.groups),
        .cost.amount = { 1, dice_size(d, 16) - 1, 0, 0 },
        .deadline = LIM_NEVER,
        .number = number,
        .tenant = (unsigned)dice_roll(d, c->config.tenants),
        .priority = (int)dice_roll(d, LIM_PRIORITIES),
        .affinity = dice_roll(d, 5),
    };
    if (dice_one_in(d, 10))
        r.cost.amount[LIM_REQUESTS] = (int64_t)dice_roll(d, 4);
    if (dice_one_in(d, 4))
        r.cost.amount[LIM_IMAGES] = dice_size(d, 5);
    if (dice_one_in(d, 2))
        r.cost.amount[LIM_MONEY] = dice_size(d, 14);
    if (dice_one_in(d, 50))
        r.cost.amount[dice_roll(d, LIM_DIMENSIONS)] = LIM_LIMIT_MAX;
    if (dice_one_in(d, 4))
        r.deadline = now - 5 + dice_size(d, 42);
    return r;
}

static struct lim_shown draw_shown(struct dice *d, int64_t a, int64_t b)
{
    int64_t limit = dice_one_in(d, 2) ? a : b;
    if (dice_one_in(d, 8))
        limit = dice_size(d, 24);
    struct lim_shown s = { .limit = limit, .remaining = -1, .reset_ns = -1 };
    if (limit > 0 && !dice_one_in(d, 5))
        s.remaining = (int64_t)dice_roll(d, (uint64_t)limit + 1);
    if (dice_one_in(d, 10))
        s.remaining = dice_size(d, 50);
    if (!dice_one_in(d, 4))
        s.reset_ns = dice_size(d, 47);
    if (dice_one_in(d, 40))
        s.reset_ns = LIM_HINT_MAX;
    return s;
}

struct lim_feedback drawn_feedback(const struct drawn *c, struct dice *d,
                                   uint32_t organisation, unsigned group)
{
    const int64_t *max = c->limits[organisation][group].max;
    struct lim_feedback f = lim_feedback_none();
    if (c->hints && dice_one_in(d, 2))
        f.hint_ns = (int64_t)dice_roll(d, 100000) * LIM_MSEC;
    if (c->hints && dice_one_in(d, 100))
        f.hint_ns = LIM_HINT_MAX;
    if (dice_one_in(d, 10))
        f.should_retry = (int)dice_roll(d, 2);
    if (!c->headers)
        return f;
    if (!dice_one_in(d, 3))
        f.requests = draw_shown(d, max[LIM_RPM], max[LIM_RPD]);
    if (!dice_one_in(d, 3))
        f.tokens = draw_shown(d, max[LIM_TPM], max[LIM_TPD]);
    if (dice_one_in(d, 4)) {
        f.refused_by = (int)dice_roll(d, LIM_LIMITS);
        f.refused_max = dice_size(d, 24) - 1;
    }
    return f;
}

struct lim_outcome drawn_outcome(const struct drawn *c, struct dice *d,
                                 uint32_t organisation,
                                 const struct lim_request *r)
{
    static const int status[LIM_CLASSES] = { 200, 429, 429, 429,
                                             503, 401, 404, 400 };
    struct lim_outcome o = { .class = LIM_CLASS_OK, .microusd = -1 };
    if (dice_one_in(d, 2))
        o.class =
            dice_one_in(d, 2) ? LIM_CLASS_RATE_LIMIT : LIM_CLASS_TRANSIENT;
    if (dice_one_in(d, 12))
        o.class = (enum lim_class)dice_roll(d, LIM_CLASSES);
    o.status = status[o.class];
    o.usage_known = dice_one_in(d, 2);
    o.tokens_used =
        (int64_t)dice_roll(d, 2 * (uint64_t)r->cost.amount[LIM_TOKENS] + 2);
    if (dice_one_in(d, 2))
        o.microusd = dice_size(d, 14) - 1;
    o.first_token_ns = dice_size(d, 32) - 2;
    o.reply_tokens = dice_size(d, 12) - 2;
    o.feedback = drawn_feedback(c, d, organisation, r->group);
    return o;
}
