/* Cases that random histories of the pool found, each as short as it goes. */

#include <CUnit/CUnit.h>

#include "limiter/pool.h"

struct fixture {
    struct lim_limits limits;
    struct lim_organisation organisation;
    struct lim_config config;
    struct lim_pool *pool;
};

/* One organisation without limits, no retries. */
static void set_up(struct fixture *f)
{
    f->limits = lim_limits_none();
    f->organisation = (struct lim_organisation){ .name = "one",
                                                 .keys = 1,
                                                 .limits = &f->limits,
                                                 .spend_max = LIM_UNLIMITED };
    f->config = lim_config_default();
    f->config.organisations = &f->organisation;
    f->config.organisation_count = 1;
    f->config.retry.max = 0;
    f->config.start = lim_date(2026, 11, 30);
}

static void start(struct fixture *f)
{
    f->pool = lim_pool_new(&f->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
}

static int submit(struct fixture *f, int64_t tokens, int64_t microusd,
                  lim_id *id)
{
    struct lim_request r = { .cost = { { 1, tokens, 0, microusd } },
                             .deadline = LIM_NEVER };
    return lim_submit(f->pool, &r, f->config.start, id, NULL);
}

/* Sends one at once. */
static lim_id sent(struct fixture *f, int64_t microusd)
{
    struct lim_action a = { .kind = LIM_GIVE_UP };
    lim_id id = 0;
    CU_ASSERT_EQUAL(submit(f, 1, microusd, &id), LIM_ACCEPTED);
    CU_ASSERT_TRUE(lim_next(f->pool, f->config.start, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_SEND);
    return id;
}

static struct lim_outcome outcome(enum lim_class class)
{
    struct lim_outcome o = { .class = class, .microusd = -1 };
    o.feedback = lim_feedback_none();
    return o;
}

static void who_waits_for_room_where_the_key_is_bad_is_given_up(void)
{
    struct fixture f;
    struct lim_action a = { .kind = LIM_SEND };
    struct lim_outcome bad = outcome(LIM_CLASS_CREDENTIAL);
    lim_id second;
    set_up(&f);
    f.config.cap_organisation = 1;
    start(&f);
    lim_id first = sent(&f, 0);
    submit(&f, 1, 0, &second);
    CU_ASSERT_FALSE(lim_next(f.pool, f.config.start, &a));
    lim_complete(f.pool, first, &bad, f.config.start, NULL);
    CU_ASSERT_TRUE(lim_next(f.pool, f.config.start, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_GIVE_UP);
    CU_ASSERT_EQUAL(a.id, second);
    CU_ASSERT_EQUAL(a.reason, LIM_REASON_NOWHERE);
    lim_pool_free(f.pool);
}

/* The refusal halves the cap of two: the other request fills it. */
static void a_hint_holds_where_the_cap_is_reached_too(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome full = outcome(LIM_CLASS_RATE_LIMIT);
    struct lim_outcome ok = outcome(LIM_CLASS_OK);
    lim_id third;
    set_up(&f);
    f.config.cap = lim_cap_find("aimd");
    f.config.cap_options.initial = 2;
    start(&f);
    lim_time now = f.config.start + LIM_SEC;
    lim_time until = now + 20 * LIM_SEC + LIM_MSEC;
    lim_id first = sent(&f, 0), second = sent(&f, 0);
    submit(&f, 1, 0, &third);
    full.feedback.hint_ns = 20 * LIM_SEC;
    lim_complete(f.pool, first, &full, now, NULL);
    lim_complete(f.pool, second, &ok, now, NULL);
    CU_ASSERT_FALSE(lim_next(f.pool, until - 1, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), until);
    CU_ASSERT_TRUE(lim_next(f.pool, until, &a));
    lim_pool_free(f.pool);
}

/* Refused after the turn: what comes back is last month's. */
static void last_months_money_is_not_spent_again(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome full = outcome(LIM_CLASS_RATE_LIMIT);
    lim_time december = lim_date(2026, 12, 1);
    lim_id id;
    set_up(&f);
    f.organisation.spend_max = 100;
    start(&f);
    lim_id first = sent(&f, 60);
    lim_complete(f.pool, first, &full, december, NULL);
    submit(&f, 1, 60, &id);
    submit(&f, 1, 60, &id);
    CU_ASSERT_TRUE(lim_next(f.pool, december, &a));
    CU_ASSERT_FALSE(lim_next(f.pool, december, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), lim_date(2027, 1, 1));
    lim_pool_free(f.pool);
}

/* Still in flight at the turn, it is paid for in the new month. */
static void money_in_flight_counts_in_the_new_month(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome ok = outcome(LIM_CLASS_OK);
    lim_time december = lim_date(2026, 12, 1);
    lim_id id;
    set_up(&f);
    f.organisation.spend_max = 100;
    start(&f);
    lim_id first = sent(&f, 60);
    submit(&f, 1, 60, &id);
    CU_ASSERT_FALSE(lim_next(f.pool, december, &a));
    ok.usage_known = true;
    ok.microusd = 40;
    lim_complete(f.pool, first, &ok, december, NULL);
    CU_ASSERT_TRUE(lim_next(f.pool, december, &a));
    lim_pool_free(f.pool);
}

/* The sanitizers watch. */
static void the_largest_numbers_do_not_overflow(void)
{
    struct fixture f;
    struct lim_outcome absurd = outcome(LIM_CLASS_OK);
    lim_id id;
    set_up(&f);
    f.limits.max[LIM_TPD] = 1;
    f.config.settle = true;
    start(&f);
    CU_ASSERT_EQUAL(submit(&f, LIM_LIMIT_MAX, 0, &id), LIM_REFUSED);
    absurd.usage_known = true;
    absurd.tokens_used = INT64_MAX;
    lim_id first = sent(&f, 0);
    lim_complete(f.pool, first, &absurd, f.config.start, NULL);
    CU_ASSERT_EQUAL(submit(&f, 1, 0, &id), LIM_ACCEPTED);
    struct lim_action a;
    CU_ASSERT_FALSE(lim_next(f.pool, f.config.start, &a));
    CU_ASSERT_TRUE(lim_wakeup(f.pool) <= f.config.start + 1000 * LIM_DAY);
    lim_pool_free(f.pool);
}

/* Three of three a minute are in flight.  With nine a minute six are left, who
   waited for a third of a minute goes now, and what was used stays used. */
static void limits_that_change_keep_what_was_used(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_limits nine = lim_limits_none();
    lim_id id;
    nine.max[LIM_RPM] = 9;
    set_up(&f);
    f.limits.max[LIM_RPM] = 3;
    start(&f);
    lim_time now = f.config.start;
    for (int i = 0; i < 3; i++)
        sent(&f, 0);
    for (int i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(submit(&f, 1, 0, &id), LIM_ACCEPTED);
    CU_ASSERT_FALSE(lim_next(f.pool, now, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), now + 20 * LIM_SEC);
    CU_ASSERT_EQUAL(lim_change_limits(f.pool, 0, 0, &nine, now), LIM_OK);
    CU_ASSERT(lim_wakeup(f.pool) <= now);
    for (int i = 0; i < 6; i++)
        CU_ASSERT_TRUE(lim_next(f.pool, now, &a));
    CU_ASSERT_FALSE(lim_next(f.pool, now, &a));
    CU_ASSERT_EQUAL(lim_pool_belief(f.pool, 0, 0, LIM_RPM, now).remaining, 0);
    CU_ASSERT_EQUAL(lim_pool_belief(f.pool, 0, 0, LIM_RPM, now).limit, 9);
    lim_pool_free(f.pool);
}

static void limits_that_there_are_not_do_not_change(void)
{
    struct fixture f;
    struct lim_limits odd = lim_limits_none();
    set_up(&f);
    start(&f);
    lim_time now = f.config.start;
    CU_ASSERT_EQUAL(lim_change_limits(f.pool, 1, 0, &odd, now), LIM_EINVAL);
    CU_ASSERT_EQUAL(lim_change_limits(f.pool, 0, 1, &odd, now), LIM_EINVAL);
    odd.max[LIM_TPM] = LIM_LIMIT_MAX + 1;
    CU_ASSERT_EQUAL(lim_change_limits(f.pool, 0, 0, &odd, now), LIM_EINVAL);
    lim_pool_free(f.pool);
    f.config.belief = LIM_BELIEF_LEARNED;
    start(&f);
    odd = lim_limits_none();
    CU_ASSERT_EQUAL(lim_change_limits(f.pool, 0, 0, &odd, now), LIM_EINVAL);
    lim_pool_free(f.pool);
}

CU_TestInfo pool_corners_tests[] = {
    { "limits that change keep what was used",
      limits_that_change_keep_what_was_used },
    { "limits that there are not do not change",
      limits_that_there_are_not_do_not_change },
    { "who waits for room where the key is bad is given up",
      who_waits_for_room_where_the_key_is_bad_is_given_up },
    { "a hint holds where the cap is reached too",
      a_hint_holds_where_the_cap_is_reached_too },
    { "last month's money is not spent again",
      last_months_money_is_not_spent_again },
    { "money in flight counts in the new month",
      money_in_flight_counts_in_the_new_month },
    { "the largest numbers do not overflow",
      the_largest_numbers_do_not_overflow },
    CU_TEST_INFO_NULL
};
