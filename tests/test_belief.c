/* A pool that takes its provider's windows for something else than buckets. */

#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/pool.h"

#define NOON lim_date(2026, 1, 1) + 12 * 60 * LIM_MIN

struct fixture {
    struct lim_limits limits;
    struct lim_organisation organisation;
    struct lim_config config;
    struct lim_pool *pool;
    lim_time noon;
};

/* One organisation, 60 requests a minute, believed to count so. */
static void set_up(struct fixture *f, enum lim_discipline discipline)
{
    memset(f, 0, sizeof *f);
    f->noon = NOON;
    f->limits = lim_limits_none();
    f->limits.max[LIM_RPM] = 60;
    f->organisation = (struct lim_organisation){
        .name = "a", .keys = 1, .limits = &f->limits, .spend_max = LIM_UNLIMITED
    };
    f->config = lim_config_default();
    f->config.organisations = &f->organisation;
    f->config.organisation_count = 1;
    f->config.discipline = discipline;
    f->config.start = f->noon;
}

static void start(struct fixture *f)
{
    f->pool = lim_pool_new(&f->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
}

static void submit(struct fixture *f, int64_t tokens, lim_time at)
{
    const struct lim_request r = { .cost = { { 1, tokens, 0, 0 } },
                                   .deadline = LIM_NEVER };
    lim_id id;
    CU_ASSERT_EQUAL(lim_submit(f->pool, &r, f->noon + at, &id, NULL),
                    LIM_ACCEPTED);
}

/* Submits one and sends it. */
static lim_id send(struct fixture *f, int64_t tokens, lim_time at)
{
    struct lim_action a = { .kind = LIM_GIVE_UP };
    submit(f, tokens, at);
    CU_ASSERT_TRUE(lim_next(f->pool, f->noon + at, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_SEND);
    return a.id;
}

static int64_t left(struct fixture *f, enum lim_limit limit, lim_time at)
{
    return lim_pool_belief(f->pool, 0, 0, limit, f->noon + at).remaining;
}

/* The answer to a request shows so many left. */
static void answer(struct fixture *f, lim_id id, enum lim_class class,
                   int64_t remaining, lim_time at)
{
    struct lim_outcome o = { .class = class,
                             .status = class == LIM_CLASS_OK ? 200 : 429,
                             .feedback = lim_feedback_none() };
    o.feedback.requests = (struct lim_shown){ 60, remaining, 30 * LIM_SEC };
    lim_complete(f->pool, id, &o, f->noon + at, NULL);
}

/* All 60 go at 12:00:59.9; when may the next? */
static void each_discipline_waits_as_the_provider_does(void)
{
    static const struct {
        enum lim_discipline discipline;
        lim_time next;
    } rows[] = {
        { LIM_DISCIPLINE_BUCKET, 60900 * LIM_MSEC },
        { LIM_DISCIPLINE_FIXED, 60000 * LIM_MSEC },
        { LIM_DISCIPLINE_SLIDING_LOG, 119900 * LIM_MSEC },
        /* 60 of the minute before count for 59 when a 60th of it is over */
        { LIM_DISCIPLINE_SLIDING_COUNTER, 61000 * LIM_MSEC },
    };
    const lim_time at = 59900 * LIM_MSEC;
    struct lim_action a;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        set_up(&f, rows[i].discipline);
        start(&f);
        for (int k = 0; k < 60; k++)
            send(&f, 1, at);
        submit(&f, 1, at);
        CU_ASSERT_FALSE(lim_next(f.pool, f.noon + at, &a));
        CU_ASSERT_EQUAL(lim_wakeup(f.pool) - f.noon, rows[i].next);
        CU_ASSERT_FALSE(lim_next(f.pool, f.noon + rows[i].next - 1, &a));
        CU_ASSERT_TRUE(lim_next(f.pool, f.noon + rows[i].next, &a));
        lim_pool_free(f.pool);
    }
}

static void slices_go_one_by_one(void)
{
    struct fixture f;
    struct lim_action a;
    set_up(&f, LIM_DISCIPLINE_QUANTISED);
    f.limits.max[LIM_TPM] = 60000;
    start(&f);
    send(&f, 5000, 0);
    submit(&f, 1, 0);
    CU_ASSERT_FALSE(lim_next(f.pool, f.noon, &a));
    /* 5,000 tokens are five slices, and of the last a token is needed */
    CU_ASSERT_EQUAL(lim_wakeup(f.pool) - f.noon, 4001 * LIM_MSEC);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, 0), 59);
    lim_pool_free(f.pool);
}

static void a_log_counts_for_120_ms_too_long_at_most(void)
{
    struct fixture f;
    set_up(&f, LIM_DISCIPLINE_SLIDING_LOG);
    start(&f);
    send(&f, 1, 0);
    send(&f, 1, 119 * LIM_MSEC);
    send(&f, 1, 120 * LIM_MSEC);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_MIN), 57);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_MIN + 119 * LIM_MSEC), 59);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_MIN + 120 * LIM_MSEC), 60);
    lim_pool_free(f.pool);
}

static void burst_is_of_buckets_alone(void)
{
    struct fixture f;
    set_up(&f, LIM_DISCIPLINE_FIXED);
    f.config.burst = 0.5;
    start(&f);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, 0), 60);
    lim_pool_free(f.pool);
    set_up(&f, LIM_DISCIPLINE_QUANTISED);
    f.config.burst = 0.5;
    start(&f);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, 0), 30);
    lim_pool_free(f.pool);
}

static const enum lim_discipline others[] = { LIM_DISCIPLINE_QUANTISED,
                                              LIM_DISCIPLINE_FIXED,
                                              LIM_DISCIPLINE_SLIDING_LOG,
                                              LIM_DISCIPLINE_SLIDING_COUNTER };
#define OTHERS (sizeof others / sizeof others[0])

static void an_answer_that_agrees_changes_nothing(void)
{
    for (size_t i = 0; i < OTHERS; i++) {
        struct fixture f;
        set_up(&f, others[i]);
        start(&f);
        lim_id first = send(&f, 1, 0);
        lim_id second = send(&f, 1, LIM_SEC);
        int64_t then = left(&f, LIM_RPM, LIM_SEC);
        CU_ASSERT(then == 58 || others[i] == LIM_DISCIPLINE_QUANTISED);
        answer(&f, second, LIM_CLASS_OK, then, LIM_SEC);
        answer(&f, first, LIM_CLASS_OK, 59, LIM_SEC);
        CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_SEC), then);
        lim_pool_free(f.pool);
    }
}

/* Others took ten: both answers show it, and it is taken once. */
static void what_others_took_is_taken_once(void)
{
    for (size_t i = 0; i < OTHERS; i++) {
        struct fixture f;
        set_up(&f, others[i]);
        start(&f);
        lim_id first = send(&f, 1, 0);
        lim_id second = send(&f, 1, LIM_SEC);
        int64_t then = left(&f, LIM_RPM, LIM_SEC);
        answer(&f, first, LIM_CLASS_OK, 49, LIM_SEC);
        CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_SEC), then - 10);
        answer(&f, second, LIM_CLASS_OK, then - 10, LIM_SEC);
        CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_SEC), then - 10);
        lim_pool_free(f.pool);
    }
}

static void a_refusal_took_nothing_and_says_what_is_left(void)
{
    struct fixture f;
    set_up(&f, LIM_DISCIPLINE_FIXED);
    start(&f);
    lim_id id = send(&f, 1, 0);
    answer(&f, id, LIM_CLASS_RATE_LIMIT, 0, 0);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, 0), 0);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_MIN), 60);
    lim_pool_free(f.pool);
}

static void the_minute_before_says_nothing_of_this_one(void)
{
    struct fixture f;
    set_up(&f, LIM_DISCIPLINE_FIXED);
    start(&f);
    lim_id id = send(&f, 1, 59 * LIM_SEC);
    answer(&f, id, LIM_CLASS_OK, 0, 61 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, 61 * LIM_SEC), 60);
    lim_pool_free(f.pool);
}

static void real_use_is_settled_where_it_was_charged(void)
{
    struct fixture f;
    struct lim_outcome o = { .class = LIM_CLASS_OK,
                             .status = 200,
                             .usage_known = true,
                             .tokens_used = 100,
                             .microusd = -1,
                             .feedback = lim_feedback_none() };
    set_up(&f, LIM_DISCIPLINE_FIXED);
    f.config.settle = true;
    f.limits.max[LIM_TPM] = 1000;
    start(&f);
    lim_id now = send(&f, 900, 0);
    lim_complete(f.pool, now, &o, f.noon + 10 * LIM_SEC, NULL);
    CU_ASSERT_EQUAL(left(&f, LIM_TPM, 10 * LIM_SEC), 900);
    lim_id late = send(&f, 500, 50 * LIM_SEC);
    lim_complete(f.pool, late, &o, f.noon + 70 * LIM_SEC, NULL);
    CU_ASSERT_EQUAL(left(&f, LIM_TPM, 70 * LIM_SEC), 1000);
    o.tokens_used = 5000; /* more than was charged: owed, up to a limit */
    lim_id more = send(&f, 500, 80 * LIM_SEC);
    lim_complete(f.pool, more, &o, f.noon + 90 * LIM_SEC, NULL);
    CU_ASSERT_EQUAL(left(&f, LIM_TPM, 90 * LIM_SEC), -1000);
    lim_pool_free(f.pool);
}

/* What leaves in the next minute is of the next minute. */
static void what_leaves_late_counts_from_then(void)
{
    struct fixture f;
    set_up(&f, LIM_DISCIPLINE_FIXED);
    f.config.tells_sent = true;
    start(&f);
    lim_id id = send(&f, 1, 59 * LIM_SEC);
    lim_sent(f.pool, id, f.noon + 61 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&f, LIM_RPM, 61 * LIM_SEC), 59);
    lim_pool_free(f.pool);
}

static void limits_are_learned_too(void)
{
    for (size_t i = 0; i < OTHERS; i++) {
        struct fixture f;
        set_up(&f, others[i]);
        f.config.belief = LIM_BELIEF_LEARNED;
        start(&f);
        CU_ASSERT_EQUAL(left(&f, LIM_RPM, 0), LIM_UNLIMITED);
        lim_id id = send(&f, 1, 0);
        answer(&f, id, LIM_CLASS_OK, 40, LIM_SEC);
        CU_ASSERT_EQUAL(left(&f, LIM_RPM, LIM_SEC), 40);
        CU_ASSERT_EQUAL(left(&f, LIM_RPD, LIM_SEC), LIM_UNLIMITED);
        lim_pool_free(f.pool);
    }
}

static void fail(struct fixture *f, lim_id id, lim_time at)
{
    const struct lim_outcome o = { .class = LIM_CLASS_TRANSIENT,
                                   .status = 503,
                                   .feedback = lim_feedback_none() };
    lim_complete(f->pool, id, &o, f->noon + at, NULL);
}

/* Of five requests four are answered by 503, and were not charged: the fifth
   shows it.  While one is on its way that may be counted later, one less. */
static void what_was_charged_in_vain_comes_back(void)
{
    for (size_t i = 0; i < OTHERS; i++)
        for (int ahead = 0; ahead < 2; ahead++) {
            struct fixture f;
            set_up(&f, others[i]);
            f.config.belief = LIM_BELIEF_LEARNED;
            f.config.retry.max = 0;
            start(&f);
            answer(&f, send(&f, 1, 0), LIM_CLASS_OK, 40, 0);
            for (int n = 1; n < 5; n++)
                fail(&f, send(&f, 1, n * LIM_SEC), n * LIM_SEC);
            int64_t then = left(&f, LIM_RPM, 4 * LIM_SEC);
            if (ahead > 0)
                send(&f, 1, 5 * LIM_SEC);
            answer(&f, send(&f, 1, 6 * LIM_SEC), LIM_CLASS_OK, 40 - 1,
                   6 * LIM_SEC);
            if (others[i] != LIM_DISCIPLINE_QUANTISED) {
                CU_ASSERT_EQUAL(then, 36);
                CU_ASSERT_EQUAL(left(&f, LIM_RPM, 6 * LIM_SEC), 39 - ahead);
            }
            lim_pool_free(f.pool);
        }
}

static void nonsense_is_refused(void)
{
    struct fixture f;
    struct lim_diag diag;
    set_up(&f, LIM_DISCIPLINES);
    CU_ASSERT_PTR_NULL(lim_pool_new(&f.config, &diag));
    set_up(&f, LIM_DISCIPLINE_QUANTISED);
    f.config.quantum_ns = 0;
    CU_ASSERT_PTR_NULL(lim_pool_new(&f.config, &diag));
}

CU_TestInfo belief_tests[] = {
    { "what was charged in vain comes back",
      what_was_charged_in_vain_comes_back },
    { "each discipline waits as the provider does",
      each_discipline_waits_as_the_provider_does },
    { "slices go one by one", slices_go_one_by_one },
    { "a log counts for 120 ms too long at most",
      a_log_counts_for_120_ms_too_long_at_most },
    { "burst is of buckets alone", burst_is_of_buckets_alone },
    { "an answer that agrees changes nothing",
      an_answer_that_agrees_changes_nothing },
    { "what others took is taken once", what_others_took_is_taken_once },
    { "a refusal took nothing, and says what is left",
      a_refusal_took_nothing_and_says_what_is_left },
    { "the minute before says nothing of this one",
      the_minute_before_says_nothing_of_this_one },
    { "real use is settled where it was charged",
      real_use_is_settled_where_it_was_charged },
    { "what leaves late counts from then", what_leaves_late_counts_from_then },
    { "limits are learned, too", limits_are_learned_too },
    { "nonsense is refused", nonsense_is_refused },
    CU_TEST_INFO_NULL
};
