/* After its making a pool asks for no memory, whatever its parts. */

#include <CUnit/CUnit.h>

#include "limiter/pool.h"
#include "limiter/rng.h"
#include "tests/failmalloc.h"

#define ORGANISATIONS 40
#define REQUESTS_MAX 200

struct story {
    struct lim_pool *pool;
    lim_id in_flight[REQUESTS_MAX];
    unsigned count;
    uint64_t draws;
    lim_time now;
};

static uint64_t below(struct story *s, uint64_t n)
{
    return lim_rng_mix(s->draws++) % n;
}

static struct lim_outcome some_outcome(struct story *s)
{
    static const enum lim_class classes[] = { LIM_CLASS_RATE_LIMIT,
                                              LIM_CLASS_TRANSIENT,
                                              LIM_CLASS_CALLER };
    struct lim_outcome o = { .class = LIM_CLASS_OK,
                             .usage_known = below(s, 2) == 0,
                             .tokens_used = (int64_t)below(s, 900),
                             .microusd = (int64_t)below(s, 50),
                             .first_token_ns = -1,
                             .reply_tokens = -1,
                             .feedback = lim_feedback_none() };
    if (below(s, 4) == 0)
        o.class = classes[below(s, 3)];
    return o;
}

static void step(struct story *s)
{
    struct lim_request r = { .group = (unsigned)below(s, 2),
                             .cost = { { 1, (int64_t)below(s, 600), 0, 20 } },
                             .deadline = s->now + LIM_MIN,
                             .number = s->draws,
                             .tenant = (unsigned)below(s, 3),
                             .priority = (int)below(s, LIM_PRIORITIES) };
    struct lim_action a;
    lim_id id;
    s->now += (lim_time)below(s, LIM_SEC);
    lim_submit(s->pool, &r, s->now, &id, NULL);
    while (lim_next(s->pool, s->now, &a))
        if (a.kind == LIM_SEND)
            s->in_flight[s->count++] = a.id;
    while (s->count > 0 && below(s, 3) > 0) {
        struct lim_outcome o = some_outcome(s);
        uint64_t i = below(s, s->count);
        lim_complete(s->pool, s->in_flight[i], &o, s->now, NULL);
        s->in_flight[i] = s->in_flight[--s->count];
    }
    lim_wakeup(s->pool);
}

/* The first allocation after set-up would fail, and be noted. */
static void play(const struct lim_config *config)
{
    struct story s = { .pool = lim_pool_new(config, NULL) };
    CU_ASSERT_PTR_NOT_NULL_FATAL(s.pool);
    fail_after(1);
    for (int i = 0; i < 2000; i++)
        step(&s);
    bool asked = fail_happened();
    fail_after(0);
    CU_ASSERT_FALSE(asked);
    struct lim_counts c = lim_pool_counts(s.pool);
    CU_ASSERT(c.succeeded > 100);
    lim_pool_free(s.pool);
}

static struct lim_config config_of(struct lim_organisation *o)
{
    static const struct lim_limits limits[] = {
        { .max = { 30, 2000, 9000, -1, -1 } },
        { .max = { 60, -1, 20000, 1000000, -1 } },
    };
    struct lim_config c = lim_config_default();
    for (int i = 0; i < ORGANISATIONS; i++)
        o[i] = (struct lim_organisation){ .name = "o",
                                          .keys = 1,
                                          .limits = limits,
                                          .spend_max = i % 2 ? 100000 : -1 };
    c.groups = 2;
    c.organisations = o;
    c.organisation_count = ORGANISATIONS;
    c.tenants = 3;
    c.requests_max = REQUESTS_MAX;
    c.settle = true;
    return c;
}

static void whatever_the_strategy(void)
{
    struct lim_organisation o[ORGANISATIONS];
    struct lim_config c = config_of(o);
    for (size_t i = 0; lim_strategies[i] != NULL; i++) {
        c.strategy = lim_strategies[i];
        play(&c);
    }
}

static void whatever_the_queue(void)
{
    struct lim_organisation o[ORGANISATIONS];
    struct lim_config c = config_of(o);
    for (size_t i = 0; lim_queues[i] != NULL; i++) {
        c.queue.discipline = lim_queues[i];
        play(&c);
    }
}

static void whatever_the_cap(void)
{
    struct lim_organisation o[ORGANISATIONS];
    struct lim_config c = config_of(o);
    for (size_t i = 0; lim_caps[i] != NULL; i++) {
        c.cap = lim_caps[i];
        play(&c);
    }
}

static void whatever_the_discipline(void)
{
    struct lim_organisation o[ORGANISATIONS];
    struct lim_config c = config_of(o);
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        c.discipline = (enum lim_discipline)i;
        play(&c);
    }
}

CU_TestInfo allocation_tests[] = {
    { "allocates nothing after set-up, whatever the strategy",
      whatever_the_strategy },
    { "allocates nothing after set-up, whatever the queue",
      whatever_the_queue },
    { "allocates nothing after set-up, whatever the cap", whatever_the_cap },
    { "allocates nothing after set-up, whatever the discipline",
      whatever_the_discipline },
    CU_TEST_INFO_NULL
};
