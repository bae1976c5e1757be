/* A second attempt beside a first that takes long. */

#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/blocking.h"
#include "limiter/pool.h"
#include "limiter/quantile.h"

struct fixture {
    struct lim_limits limits;
    struct lim_organisation organisations[2];
    struct lim_config config;
    struct lim_pool *pool;
};

/* Two organisations of 10 requests a minute; hedges after 2 s, one each. */
static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->limits = lim_limits_none();
    f->limits.max[LIM_RPM] = 10;
    for (int i = 0; i < 2; i++)
        f->organisations[i] =
            (struct lim_organisation){ .name = i == 0 ? "a" : "b",
                                       .keys = 1,
                                       .limits = &f->limits,
                                       .spend_max = LIM_UNLIMITED };
    f->config = lim_config_default();
    f->config.organisations = f->organisations;
    f->config.organisation_count = 2;
    f->config.strategy = lim_strategy_find("fill_first");
    f->config.hedge =
        (struct lim_hedging){ .after_ns = 2 * LIM_SEC, .budget = 1 };
}

static void start(struct fixture *f)
{
    f->pool = lim_pool_new(&f->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
}

static void submit(struct fixture *f, lim_time now)
{
    const struct lim_request r = { .cost = { { 1, 1, 0, 0 } },
                                   .deadline = LIM_NEVER };
    lim_id id;
    CU_ASSERT_EQUAL(lim_submit(f->pool, &r, now, &id, NULL), LIM_ACCEPTED);
}

static struct lim_action next(struct fixture *f, lim_time now)
{
    struct lim_action a = { .kind = LIM_GIVE_UP };
    CU_ASSERT_TRUE(lim_next(f->pool, now, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_SEND);
    return a;
}

static bool nothing(struct fixture *f, lim_time now)
{
    struct lim_action a;
    return !lim_next(f->pool, now, &a);
}

static enum lim_fate end(struct fixture *f, lim_id id, enum lim_class class,
                         lim_time now)
{
    const struct lim_outcome o = { .class = class,
                                   .feedback = lim_feedback_none() };
    return lim_complete(f->pool, id, &o, now, NULL);
}

static int64_t left(struct fixture *f, uint32_t organisation, lim_time now)
{
    return lim_pool_belief(f->pool, organisation, 0, LIM_RPM, now).remaining;
}

/* One request is on its way twice. */
static void hedged(struct fixture *f, struct lim_action a[2])
{
    start(f);
    submit(f, 0);
    a[0] = next(f, 0);
    CU_ASSERT_TRUE(nothing(f, 0));
    CU_ASSERT_EQUAL(lim_wakeup(f->pool), 2 * LIM_SEC);
    CU_ASSERT_TRUE(nothing(f, 2 * LIM_SEC - 1));
    a[1] = next(f, 2 * LIM_SEC);
}

static void goes_elsewhere_once_it_takes_long(void)
{
    struct fixture f;
    struct lim_action a[2];
    set_up(&f);
    hedged(&f, a);
    CU_ASSERT_FALSE(a[0].hedge);
    CU_ASSERT_TRUE(a[1].hedge);
    CU_ASSERT_EQUAL(a[0].attempt, 0);
    CU_ASSERT_EQUAL(a[1].attempt, 1);
    CU_ASSERT_EQUAL(a[0].organisation, 0);
    CU_ASSERT_EQUAL(a[1].organisation, 1);
    CU_ASSERT_NOT_EQUAL(a[1].id, a[0].id);
    CU_ASSERT_EQUAL(lim_hedged(a[1].id), a[0].id);
    CU_ASSERT_EQUAL(left(&f, 0, 0), 9);
    CU_ASSERT_EQUAL(left(&f, 1, 0), 9);
    struct lim_counts c = lim_pool_counts(f.pool);
    CU_ASSERT_EQUAL(c.in_flight, 1);
    CU_ASSERT_EQUAL(c.hedging, 1);
    CU_ASSERT_EQUAL(c.hedges, 1);
    CU_ASSERT_TRUE(nothing(&f, LIM_MIN));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), LIM_NEVER);
    lim_pool_free(f.pool);
}

static void the_first_success_wins(void)
{
    for (int winner = 0; winner < 2; winner++) {
        struct fixture f;
        struct lim_action a[2];
        set_up(&f);
        f.config.cap_organisation = 1;
        hedged(&f, a);
        CU_ASSERT_EQUAL(end(&f, a[winner].id, LIM_CLASS_OK, 3 * LIM_SEC),
                        LIM_FATE_WON);
        struct lim_counts c = lim_pool_counts(f.pool);
        CU_ASSERT_EQUAL(c.succeeded, 1);
        CU_ASSERT_EQUAL(c.in_flight + c.hedging, 0);
        CU_ASSERT_EQUAL(left(&f, 0, 3 * LIM_SEC), 9);
        CU_ASSERT_EQUAL(left(&f, 1, 3 * LIM_SEC), 9);
        /* both organisations are free for another, and the id is void */
        submit(&f, 3 * LIM_SEC);
        submit(&f, 3 * LIM_SEC);
        next(&f, 3 * LIM_SEC);
        next(&f, 3 * LIM_SEC);
        const struct lim_feedback none = lim_feedback_none();
        lim_observe(f.pool, a[1 - winner].id, &none, 3 * LIM_SEC);
        lim_pool_free(f.pool);
    }
}

static void of_one_that_fails_the_other_decides(void)
{
    for (int failed = 0; failed < 2; failed++) {
        struct fixture f;
        struct lim_action a[2];
        set_up(&f);
        hedged(&f, a);
        CU_ASSERT_EQUAL(end(&f, a[failed].id, LIM_CLASS_CALLER, 3 * LIM_SEC),
                        LIM_FATE_OTHER);
        CU_ASSERT_EQUAL(lim_pool_counts(f.pool).in_flight, 1);
        CU_ASSERT_EQUAL(lim_pool_counts(f.pool).hedging, 0);
        CU_ASSERT_FALSE(lim_cancel(f.pool, a[0].id));
        CU_ASSERT_EQUAL(end(&f, a[1 - failed].id, LIM_CLASS_OK, 4 * LIM_SEC),
                        LIM_FATE_SUCCEEDED);
        CU_ASSERT_EQUAL(lim_pool_counts(f.pool).succeeded, 1);
        lim_pool_free(f.pool);
    }
}

/* Both fail: a retry, the first of those allowed, which is not hedged. */
static void what_failed_is_retried(void)
{
    struct fixture f;
    struct lim_action a[2];
    set_up(&f);
    f.config.retry.max = 1;
    hedged(&f, a);
    end(&f, a[0].id, LIM_CLASS_TRANSIENT, 3 * LIM_SEC);
    CU_ASSERT_EQUAL(end(&f, a[1].id, LIM_CLASS_TRANSIENT, 3 * LIM_SEC),
                    LIM_FATE_RETRY);
    lim_time at = lim_wakeup(f.pool);
    struct lim_action again = next(&f, at);
    CU_ASSERT_FALSE(again.hedge);
    CU_ASSERT_EQUAL(again.id, a[0].id);
    CU_ASSERT_EQUAL(again.attempt, 2);
    CU_ASSERT_TRUE(nothing(&f, at + LIM_MIN));
    CU_ASSERT_EQUAL(end(&f, again.id, LIM_CLASS_TRANSIENT, at + LIM_MIN),
                    LIM_FATE_FAILED);
    lim_pool_free(f.pool);
}

static void what_failed_in_time_is_not_hedged(void)
{
    struct fixture f;
    set_up(&f);
    f.config.retry.base_ns = LIM_MIN;
    start(&f);
    submit(&f, 0);
    CU_ASSERT_EQUAL(end(&f, next(&f, 0).id, LIM_CLASS_TRANSIENT, LIM_SEC),
                    LIM_FATE_RETRY);
    next(&f, lim_wakeup(f.pool));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), LIM_NEVER);
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).hedges, 0);
    lim_pool_free(f.pool);
}

/* The other's windows are empty when the time has come. */
static void never_waits(void)
{
    struct fixture f;
    set_up(&f);
    f.config.cap_organisation = 1;
    start(&f);
    submit(&f, 0);
    submit(&f, 0);
    next(&f, 0);
    lim_id second = next(&f, 0).id;
    CU_ASSERT_TRUE(nothing(&f, 2 * LIM_SEC));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), LIM_NEVER);
    end(&f, second, LIM_CLASS_OK, 3 * LIM_SEC);
    CU_ASSERT_TRUE(nothing(&f, 3 * LIM_SEC));
    lim_pool_free(f.pool);
}

static void counts_for_the_pools_cap(void)
{
    struct fixture f;
    struct lim_action a[2];
    set_up(&f);
    f.config.cap_pool = 2;
    hedged(&f, a);
    submit(&f, 2 * LIM_SEC);
    CU_ASSERT_TRUE(nothing(&f, 2 * LIM_SEC));
    end(&f, a[1].id, LIM_CLASS_TRANSIENT, 3 * LIM_SEC);
    next(&f, 3 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void one_organisation_is_asked_twice(void)
{
    struct fixture f;
    struct lim_action a[2];
    set_up(&f);
    f.config.organisation_count = 1;
    hedged(&f, a);
    CU_ASSERT_EQUAL(a[1].organisation, 0);
    CU_ASSERT_EQUAL(left(&f, 0, 0), 8);
    lim_pool_free(f.pool);
}

/* A fifth of ten first tries; and half a hedge is none. */
static void the_budget_bounds_it(void)
{
    struct fixture f;
    struct lim_action a;
    set_up(&f);
    f.config.hedge.budget = 0.2;
    start(&f);
    for (int i = 0; i < 14; i++)
        submit(&f, 0);
    for (int i = 0; i < 14; i++)
        next(&f, 0);
    while (lim_next(f.pool, 2 * LIM_SEC, &a))
        CU_ASSERT_TRUE(a.hedge);
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).hedges, 2);
    lim_pool_free(f.pool);
}

/* 19 answers took 100 ms, the twentieth 10 s. */
static void waits_for_the_quantile_of_what_was_seen(void)
{
    struct fixture f;
    set_up(&f);
    f.limits.max[LIM_RPM] = LIM_UNLIMITED;
    f.config.hedge = (struct lim_hedging){ .quantile = 0.9, .budget = 1 };
    start(&f);
    for (int i = 0; i < 20; i++) {
        lim_time at = i * 20 * LIM_SEC;
        submit(&f, at);
        lim_id id = next(&f, at).id;
        CU_ASSERT_EQUAL(lim_wakeup(f.pool), LIM_NEVER);
        at += i == 7 ? 10 * LIM_SEC : 100 * LIM_MSEC;
        end(&f, id, LIM_CLASS_OK, at);
    }
    submit(&f, LIM_DAY);
    next(&f, LIM_DAY);
    int64_t after = lim_wakeup(f.pool) - LIM_DAY;
    CU_ASSERT(after > 100 * LIM_MSEC && after <= 113 * LIM_MSEC);
    CU_ASSERT_TRUE(next(&f, LIM_DAY + after).hedge);
    lim_pool_free(f.pool);
}

/* Within an eighth above, of any size; old ones fade. */
static void quantiles_are_near(void)
{
    static const int64_t sizes[] = { 0, 1, LIM_MSEC, 7 * LIM_SEC, LIM_DAY };
    struct lim_quantile q;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        lim_quantile_init(&q, 0.95);
        for (int k = 0; k < 20; k++) {
            CU_ASSERT_EQUAL(lim_quantile_get(&q), -1);
            lim_quantile_add(&q, sizes[i]);
        }
        int64_t got = lim_quantile_get(&q);
        CU_ASSERT(got >= sizes[i]);
        CU_ASSERT(got <= sizes[i] + sizes[i] / 8 + 1024);
    }
    lim_quantile_init(&q, 0.5);
    for (int k = 0; k < 100000; k++)
        lim_quantile_add(&q, LIM_SEC);
    for (int k = 0; k < 20000; k++)
        lim_quantile_add(&q, LIM_MSEC);
    CU_ASSERT(lim_quantile_get(&q) < 2 * LIM_MSEC);
}

static void nonsense_is_refused(void)
{
    static const struct lim_hedging rows[] = {
        { .budget = 1 },
        { .budget = 2, .after_ns = 1 },
        { .budget = -1, .after_ns = 1 },
        { .budget = 1, .after_ns = -1 },
        { .budget = 1, .quantile = 1 },
    };
    struct fixture f;
    struct lim_diag diag;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up(&f);
        f.config.hedge = rows[i];
        CU_ASSERT_PTR_NULL(lim_pool_new(&f.config, &diag));
    }
    set_up(&f);
    CU_ASSERT_PTR_NULL(lim_blocking_new(&f.config, &diag));
}

CU_TestInfo hedge_tests[] = {
    { "goes elsewhere once it takes long", goes_elsewhere_once_it_takes_long },
    { "the first success wins", the_first_success_wins },
    { "of one that fails the other decides",
      of_one_that_fails_the_other_decides },
    { "what failed is retried", what_failed_is_retried },
    { "what failed in time is not hedged", what_failed_in_time_is_not_hedged },
    { "never waits", never_waits },
    { "counts for the pool's cap", counts_for_the_pools_cap },
    { "one organisation is asked twice", one_organisation_is_asked_twice },
    { "the budget bounds it", the_budget_bounds_it },
    { "waits for the quantile of what was seen",
      waits_for_the_quantile_of_what_was_seen },
    { "quantiles are near", quantiles_are_near },
    { "nonsense is refused", nonsense_is_refused },
    CU_TEST_INFO_NULL
};
