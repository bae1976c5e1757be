/* Queue bounds, budgets, breakers, caps and back-offs as a pool uses them. */

#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/pool.h"

struct fixture {
    struct lim_limits limits;
    struct lim_organisation organisations[2];
    struct lim_config config;
    struct lim_pool *pool;
};

/* Two organisations without limits, unless the test says otherwise. */
static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->limits = lim_limits_none();
    for (int i = 0; i < 2; i++)
        f->organisations[i] = (struct lim_organisation){
            .name = i == 0 ? "a" : "b",
            .keys = 1,
            .limits = &f->limits,
            .spend_max = LIM_UNLIMITED,
        };
    f->config = lim_config_default();
    f->config.organisations = f->organisations;
    f->config.organisation_count = 1;
}

static void start(struct fixture *f)
{
    f->pool = lim_pool_new(&f->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
}

static int submit(struct fixture *f, int64_t tokens, lim_time now, lim_id *id)
{
    const struct lim_request r = { .cost = { { 1, tokens, 0, 0 } },
                                   .deadline = LIM_NEVER };
    return lim_submit(f->pool, &r, now, id, NULL);
}

static struct lim_action send(struct fixture *f, lim_time now)
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
                         int64_t hint_ns, lim_time now, enum lim_reason *why)
{
    struct lim_outcome o = { .class = class,
                             .status = class == LIM_CLASS_OK ? 200 : 429,
                             .feedback = lim_feedback_none() };
    o.feedback.hint_ns = hint_ns;
    return lim_complete(f->pool, id, &o, now, why);
}

static void a_full_queue_sheds_the_newest(void)
{
    struct fixture f;
    lim_id id;
    set_up(&f);
    f.config.queue.max = 2;
    f.config.cap_pool = 1;
    start(&f);
    CU_ASSERT_EQUAL(submit(&f, 1, 0, &id), LIM_ACCEPTED);
    send(&f, 0);
    CU_ASSERT_EQUAL(submit(&f, 1, 0, &id), LIM_ACCEPTED);
    CU_ASSERT_EQUAL(submit(&f, 1, 0, &id), LIM_ACCEPTED);
    CU_ASSERT_EQUAL(submit(&f, 1, 0, &id), LIM_SHED);
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).refused, 1);
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).waiting, 2);
    lim_pool_free(f.pool);
}

static void a_full_queue_may_shed_the_last_in_rank(void)
{
    struct fixture f;
    struct lim_action a;
    lim_id large, small;
    set_up(&f);
    f.config.queue.discipline = lim_queue_find("shortest");
    f.config.queue.max = 1;
    f.config.queue.shed_last = true;
    f.config.cap_pool = 1;
    start(&f);
    CU_ASSERT_EQUAL(submit(&f, 1, 0, &small), LIM_ACCEPTED);
    send(&f, 0);
    CU_ASSERT_EQUAL(submit(&f, 9000, 0, &large), LIM_ACCEPTED);
    CU_ASSERT_EQUAL(submit(&f, 10, 0, &small), LIM_ACCEPTED);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_GIVE_UP);
    CU_ASSERT_EQUAL(a.reason, LIM_REASON_SHED);
    CU_ASSERT_EQUAL(a.id, large);
    CU_ASSERT_TRUE(nothing(&f, 0));
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).refused, 1);
    lim_pool_free(f.pool);
}

static void a_spent_budget_ends_retries(void)
{
    struct fixture f;
    enum lim_reason why;
    lim_id id;
    set_up(&f);
    f.config.retry.budget = 0.5;
    f.config.retry.budget_reserve = 1;
    start(&f);
    submit(&f, 1, 0, &id);
    CU_ASSERT_EQUAL(end(&f, send(&f, 0).id, LIM_CLASS_TRANSIENT, -1, 0, &why),
                    LIM_FATE_RETRY);
    submit(&f, 1, 0, &id);
    CU_ASSERT_EQUAL(end(&f, send(&f, 0).id, LIM_CLASS_TRANSIENT, -1, 0, &why),
                    LIM_FATE_FAILED);
    CU_ASSERT_EQUAL(why, LIM_REASON_BUDGET);
    lim_pool_free(f.pool);
}

static void a_breaker_sends_elsewhere_and_then_one_probe(void)
{
    struct fixture f;
    lim_id id;
    set_up(&f);
    f.config.organisation_count = 2;
    f.config.strategy = lim_strategy_find("fill_first");
    f.config.retry.max = 0;
    f.config.breaker = lim_breaker_config_default();
    f.config.breaker.failures = 2;
    start(&f);
    for (int i = 0; i < 2; i++) {
        submit(&f, 1, i, &id);
        struct lim_action a = send(&f, i);
        CU_ASSERT_EQUAL(a.organisation, 0);
        end(&f, a.id, LIM_CLASS_TRANSIENT, -1, i, NULL);
    }
    submit(&f, 1, 2, &id);
    CU_ASSERT_EQUAL(send(&f, 2).organisation, 1);
    lim_time half = 1 + 30 * LIM_SEC;
    submit(&f, 1, half, &id);
    struct lim_action probe = send(&f, half);
    CU_ASSERT_EQUAL(probe.organisation, 0);
    submit(&f, 1, half, &id);
    CU_ASSERT_EQUAL(send(&f, half).organisation, 1);
    end(&f, probe.id, LIM_CLASS_OK, -1, half + LIM_SEC, NULL);
    submit(&f, 1, half + LIM_SEC, &id);
    CU_ASSERT_EQUAL(send(&f, half + LIM_SEC).organisation, 0);
    lim_pool_free(f.pool);
}

static void an_adaptive_cap_holds_by_organisation(void)
{
    struct fixture f;
    lim_id id;
    set_up(&f);
    f.config.organisation_count = 2;
    f.config.strategy = lim_strategy_find("fill_first");
    f.config.cap = lim_cap_find("aimd");
    f.config.cap_options.initial = 2;
    start(&f);
    for (int i = 0; i < 5; i++)
        submit(&f, 1, 0, &id);
    struct lim_action a = send(&f, 0);
    send(&f, 0);
    CU_ASSERT_EQUAL(send(&f, 0).organisation, 1);
    CU_ASSERT_EQUAL(send(&f, 0).organisation, 1);
    CU_ASSERT_TRUE(nothing(&f, 0));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), LIM_NEVER);
    end(&f, a.id, LIM_CLASS_OK, -1, LIM_SEC, NULL);
    CU_ASSERT_EQUAL(send(&f, LIM_SEC).organisation, 0);
    lim_pool_free(f.pool);
}

static void a_cap_of_the_pool_holds_over_all(void)
{
    struct fixture f;
    lim_id id;
    set_up(&f);
    f.config.organisation_count = 2;
    f.config.cap = lim_cap_find("aimd");
    f.config.cap_options.initial = 2;
    f.config.cap_whole = true;
    start(&f);
    for (int i = 0; i < 3; i++)
        submit(&f, 1, 0, &id);
    send(&f, 0);
    send(&f, 0);
    CU_ASSERT_TRUE(nothing(&f, 0));
    lim_pool_free(f.pool);
}

/* A pause of the whole pool is waited for, and no longer. */
static void a_pause_holds_up_the_pool(void)
{
    struct fixture f;
    lim_id id;
    set_up(&f);
    f.config.belief = LIM_BELIEF_NONE;
    f.config.cap = lim_cap_find("cooldown");
    f.config.cap_options.timeout_ns = 15 * LIM_SEC;
    f.config.cap_whole = true;
    f.config.retry.max = 0;
    start(&f);
    submit(&f, 1, 0, &id);
    submit(&f, 1, 0, &id);
    struct lim_action a = send(&f, 0);
    end(&f, a.id, LIM_CLASS_RATE_LIMIT, -1, LIM_SEC, NULL);
    CU_ASSERT_TRUE(nothing(&f, 16 * LIM_SEC - 1));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), 16 * LIM_SEC);
    send(&f, 16 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void the_sdk_gives_up_on_a_long_hint(void)
{
    struct fixture f;
    enum lim_reason why;
    lim_id id;
    set_up(&f);
    f.config.belief = LIM_BELIEF_NONE;
    f.config.retry.backoff = lim_backoff_find("sdk");
    start(&f);
    submit(&f, 1, 0, &id);
    CU_ASSERT_EQUAL(
        end(&f, send(&f, 0).id, LIM_CLASS_RATE_LIMIT, 120 * LIM_SEC, 0, &why),
        LIM_FATE_RETRY);
    CU_ASSERT_TRUE(nothing(&f, 120 * LIM_SEC - 1));
    CU_ASSERT_EQUAL(end(&f, send(&f, 120 * LIM_SEC).id, LIM_CLASS_RATE_LIMIT,
                        120 * LIM_SEC + 1, 120 * LIM_SEC, &why),
                    LIM_FATE_FAILED);
    CU_ASSERT_EQUAL(why, LIM_REASON_RETRIES);
    lim_pool_free(f.pool);
}

/*
 * A fixed window's reset is its end, however little is used.  Taken for a
 * bucket's it said that nothing is left.
 */
static void a_reset_of_another_discipline_is_no_debt(void)
{
    struct fixture f;
    struct lim_outcome o = { .class = LIM_CLASS_OK,
                             .status = 200,
                             .feedback = lim_feedback_none() };
    lim_id id;
    set_up(&f);
    f.limits.max[LIM_RPM] = 1000;
    start(&f);
    submit(&f, 1, 0, &id);
    o.feedback.requests = (struct lim_shown){ 1000, 999, 60 * LIM_SEC };
    lim_complete(f.pool, send(&f, 0).id, &o, 0, NULL);
    CU_ASSERT_EQUAL(lim_pool_belief(f.pool, 0, 0, LIM_RPM, 0).remaining, 999);
    lim_pool_free(f.pool);
}

/* An outcome that says nothing of tokens is no answer in no time. */
static void an_answer_without_a_stream_took_all_its_time(void)
{
    struct fixture f;
    struct lim_action a[2];
    lim_id id;
    set_up(&f);
    f.config.organisation_count = 2;
    f.config.strategy = lim_strategy_find("lowest_latency");
    start(&f);
    for (int i = 0; i < 2; i++) {
        submit(&f, 1, 0, &id);
        a[i] = send(&f, 0);
    }
    CU_ASSERT_NOT_EQUAL(a[0].organisation, a[1].organisation);
    unsigned slow = a[0].organisation == 0 ? 0 : 1;
    end(&f, a[1 - slow].id, LIM_CLASS_OK, -1, LIM_SEC, NULL);
    end(&f, a[slow].id, LIM_CLASS_OK, -1, 10 * LIM_SEC, NULL);
    submit(&f, 1, 10 * LIM_SEC, &id);
    CU_ASSERT_EQUAL(send(&f, 10 * LIM_SEC).organisation, 1);
    lim_pool_free(f.pool);
}

CU_TestInfo policy_tests[] = {
    { "an answer without a stream took all its time",
      an_answer_without_a_stream_took_all_its_time },
    { "a full queue sheds the newest", a_full_queue_sheds_the_newest },
    { "a full queue may shed the last in rank",
      a_full_queue_may_shed_the_last_in_rank },
    { "a spent budget ends retries", a_spent_budget_ends_retries },
    { "a breaker sends elsewhere, and then one probe",
      a_breaker_sends_elsewhere_and_then_one_probe },
    { "an adaptive cap holds by organisation",
      an_adaptive_cap_holds_by_organisation },
    { "a cap of the pool holds over all", a_cap_of_the_pool_holds_over_all },
    { "a pause holds up the pool", a_pause_holds_up_the_pool },
    { "the SDK gives up on a long hint", the_sdk_gives_up_on_a_long_hint },
    { "a reset of another discipline is no debt",
      a_reset_of_another_discipline_is_no_debt },
    CU_TEST_INFO_NULL
};
