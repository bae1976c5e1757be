#include <CUnit/CUnit.h>

#include "limiter/pool.h"

/*
 * Requests that leave later than they were sent, as their connections are made
 * first (lim_sent): to one organisation with 3 a minute, so that one flows in
 * each 20 s.
 */
static struct lim_pool *start(int requests)
{
    struct lim_limits limits = lim_limits_none();
    const struct lim_organisation one = {
        .name = "one", .keys = 1, .limits = &limits, .spend_max = LIM_UNLIMITED
    };
    struct lim_config config = lim_config_default();
    limits.max[LIM_RPM] = 3;
    config.organisations = &one;
    config.organisation_count = 1;
    config.tells_sent = true;
    struct lim_pool *pool = lim_pool_new(&config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    for (int i = 0; i < requests; i++) {
        const struct lim_request r = { .cost = { { 1, 100, 0, 0 } },
                                       .deadline = LIM_NEVER };
        lim_id id;
        CU_ASSERT_EQUAL(lim_submit(pool, &r, 0, &id, NULL), LIM_ACCEPTED);
    }
    return pool;
}

static lim_id send_at(struct lim_pool *pool, lim_time at)
{
    struct lim_action a = { .kind = LIM_GIVE_UP };
    CU_ASSERT_TRUE(lim_next(pool, at, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_SEND);
    return a.id;
}

/* Sends the next at exactly `at` and not before. */
static lim_id expect_send(struct lim_pool *pool, lim_time at)
{
    struct lim_action a;
    CU_ASSERT_FALSE(lim_next(pool, at - 1, &a));
    return send_at(pool, at);
}

static void what_leaves_later_was_not_there_to_refill(void)
{
    struct lim_pool *pool = start(4);
    lim_id first = send_at(pool, 0), second = send_at(pool, 0);
    lim_id third = send_at(pool, 0);
    /* Their connections take 5 s and more: the bucket was full until then. */
    lim_sent(pool, second, 5 * LIM_SEC);
    lim_sent(pool, first, 6 * LIM_SEC);
    lim_sent(pool, third, 8 * LIM_SEC);
    expect_send(pool, 25 * LIM_SEC);
    lim_pool_free(pool);
}

static void what_leaves_at_once_changes_nothing(void)
{
    struct lim_pool *pool = start(5);
    for (int i = 0; i < 3; i++)
        lim_sent(pool, send_at(pool, 0), 0);
    lim_id fourth = expect_send(pool, 20 * LIM_SEC);
    lim_sent(pool, fourth, 20 * LIM_SEC);
    lim_sent(pool, fourth, 30 * LIM_SEC); /* it has left already */
    lim_sent(pool, ~fourth, 30 * LIM_SEC);
    expect_send(pool, 40 * LIM_SEC);
    lim_pool_free(pool);
}

static void an_answer_is_dated_by_when_its_request_left(void)
{
    struct lim_outcome o = { .class = LIM_CLASS_OK, .status = 200 };
    struct lim_pool *pool = start(4);
    lim_id first = send_at(pool, 0), second = send_at(pool, 0);
    lim_sent(pool, second, LIM_SEC);
    lim_sent(pool, first, 4 * LIM_SEC);
    /* It came second, as its answer says; the other is not counted again. */
    o.feedback = lim_feedback_none();
    o.feedback.requests = (struct lim_shown){ 3, 1, 37 * LIM_SEC };
    lim_complete(pool, first, &o, 5 * LIM_SEC, NULL);
    send_at(pool, 5 * LIM_SEC);
    expect_send(pool, 21 * LIM_SEC);
    lim_pool_free(pool);
}

CU_TestInfo sent_tests[] = { { "what leaves later was not there to refill",
                               what_leaves_later_was_not_there_to_refill },
                             { "what leaves at once changes nothing",
                               what_leaves_at_once_changes_nothing },
                             { "an answer is dated by when its request left",
                               an_answer_is_dated_by_when_its_request_left },
                             CU_TEST_INFO_NULL };
