#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/pool.h"
#include "limiter/rng.h"

#define ORGANISATIONS 4

/* gpt-4 as a free account has it, or what a test says. */
struct fixture {
    struct lim_limits limits[ORGANISATIONS];
    struct lim_organisation organisations[ORGANISATIONS];
    struct lim_config config;
    struct lim_pool *pool;
};

static void set_up(struct fixture *f, unsigned organisations)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    memset(f, 0, sizeof *f);
    for (unsigned i = 0; i < ORGANISATIONS; i++) {
        f->limits[i] = lim_limits_none();
        f->limits[i].max[LIM_RPM] = 3;
        f->limits[i].max[LIM_RPD] = 200;
        f->limits[i].max[LIM_TPM] = 10000;
        f->organisations[i] = (struct lim_organisation){
            .name = names[i],
            .keys = 1,
            .limits = &f->limits[i],
            .spend_max = LIM_UNLIMITED,
        };
    }
    f->config = lim_config_default();
    f->config.organisations = f->organisations;
    f->config.organisation_count = organisations;
}

static void start(struct fixture *f)
{
    struct lim_diag diag;
    f->pool = lim_pool_new(&f->config, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
}

static struct lim_request request(int64_t tokens)
{
    struct lim_request r = { .cost = { { 1, tokens, 0, 0 } },
                             .deadline = LIM_NEVER };
    return r;
}

static lim_id submit(struct fixture *f, int64_t tokens, lim_time now)
{
    struct lim_request r = request(tokens);
    lim_id id = 0;
    CU_ASSERT_EQUAL(lim_submit(f->pool, &r, now, &id, NULL), LIM_ACCEPTED);
    return id;
}

static struct lim_action send_at(struct fixture *f, lim_time at)
{
    struct lim_action a;
    memset(&a, 0, sizeof a);
    CU_ASSERT_TRUE(lim_next(f->pool, at, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_SEND);
    return a;
}

/* Sends the next request at exactly `at` and not before. */
static struct lim_action expect_send(struct fixture *f, lim_time at)
{
    struct lim_action a;
    CU_ASSERT_FALSE(lim_next(f->pool, at - 1, &a));
    return send_at(f, at);
}

static struct lim_outcome outcome(enum lim_class class, int status)
{
    struct lim_outcome o = { .class = class, .status = status };
    o.feedback = lim_feedback_none();
    return o;
}

static void a_free_account_sends_three_then_one_each_twenty_seconds(void)
{
    struct fixture f;
    struct lim_action a;
    set_up(&f, 1);
    start(&f);
    for (int i = 0; i < 5; i++)
        submit(&f, 100, 0);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_FALSE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), 20 * LIM_SEC);
    expect_send(&f, 20 * LIM_SEC);
    CU_ASSERT_FALSE(lim_next(f.pool, 20 * LIM_SEC, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), 40 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void a_hundred_requests_of_ten_seconds_under_a_cap_of_thirty(void)
{
    struct fixture f;
    struct lim_action a;
    lim_id flying[100];
    lim_time ends[100];
    int sent = 0, done = 0;
    lim_time now = 0;
    set_up(&f, 1);
    f.limits[0] = lim_limits_none();
    f.config.cap_pool = 30;
    start(&f);
    for (int i = 0; i < 100; i++)
        submit(&f, 0, 0);
    while (done < 100) {
        while (lim_next(f.pool, now, &a)) {
            flying[sent] = a.id;
            ends[sent++] = now + 10 * LIM_SEC;
        }
        CU_ASSERT_FATAL(sent > done);
        now = ends[done];
        struct lim_outcome o = outcome(LIM_CLASS_OK, 200);
        while (done < sent && ends[done] == now)
            lim_complete(f.pool, flying[done++], &o, now, NULL);
    }
    CU_ASSERT_EQUAL(now, 40 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void what_can_never_be_sent_is_refused_with_the_reason(void)
{
    struct fixture f;
    struct lim_request r = request(10001);
    struct lim_refusal why;
    lim_id id;
    set_up(&f, 2);
    f.limits[1].max[LIM_TPM] = 5000;
    start(&f);
    CU_ASSERT_EQUAL(lim_submit(f.pool, &r, 0, &id, &why), LIM_REFUSED);
    CU_ASSERT_EQUAL(why.limit, LIM_TPM);
    CU_ASSERT_EQUAL(why.asked, 10001);
    CU_ASSERT_EQUAL(why.largest, 10000);
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).refused, 1);
    r.group = 1;
    CU_ASSERT_EQUAL(lim_submit(f.pool, &r, 0, &id, &why), LIM_EINVAL);
    lim_pool_free(f.pool);
}

static void a_large_request_goes_where_it_fits(void)
{
    struct fixture f;
    set_up(&f, 2);
    f.limits[0].max[LIM_TPM] = 5000;
    start(&f);
    submit(&f, 6000, 0);
    CU_ASSERT_EQUAL(send_at(&f, 0).organisation, 1);
    submit(&f, 6000, 0);
    expect_send(&f, 12 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void without_beliefs_a_refused_request_obeys_the_hint(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_RATE_LIMIT, 429);
    set_up(&f, 1);
    f.config.belief = LIM_BELIEF_NONE;
    start(&f);
    submit(&f, 100, 0);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    o.feedback.hint_ns = 20 * LIM_SEC;
    CU_ASSERT_EQUAL(lim_complete(f.pool, a.id, &o, 0, NULL), LIM_FATE_RETRY);
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), 20 * LIM_SEC + LIM_MSEC);
    a = expect_send(&f, 20 * LIM_SEC + LIM_MSEC);
    CU_ASSERT_EQUAL(a.attempt, 1);
    lim_pool_free(f.pool);
}

static void a_refusal_sends_the_request_elsewhere(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_RATE_LIMIT, 429);
    set_up(&f, 2);
    start(&f);
    submit(&f, 100, 0);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(a.organisation, 0);
    o.feedback.hint_ns = 20 * LIM_SEC;
    lim_complete(f.pool, a.id, &o, 0, NULL);
    CU_ASSERT_TRUE(lim_wakeup(f.pool) < 500 * LIM_MSEC);
    a = expect_send(&f, lim_wakeup(f.pool));
    CU_ASSERT_EQUAL(a.organisation, 1);
    /* Organisation 0 gets nothing before its hint, however long the rest. */
    for (int i = 0; i < 3; i++)
        submit(&f, 100, LIM_SEC);
    CU_ASSERT_EQUAL(send_at(&f, LIM_SEC).organisation, 1);
    CU_ASSERT_EQUAL(send_at(&f, LIM_SEC).organisation, 1);
    CU_ASSERT_EQUAL(expect_send(&f, 20 * LIM_SEC + LIM_MSEC).organisation, 0);
    lim_pool_free(f.pool);
}

static void retries_run_out(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_TRANSIENT, 500);
    enum lim_reason why;
    set_up(&f, 1);
    f.limits[0] = lim_limits_none();
    f.config.retry.max = 2;
    start(&f);
    submit(&f, 100, 0);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(lim_next(f.pool, lim_wakeup(f.pool), &a));
        CU_ASSERT_EQUAL(lim_complete(f.pool, a.id, &o, 0, &why),
                        LIM_FATE_RETRY);
    }
    CU_ASSERT_TRUE(lim_next(f.pool, lim_wakeup(f.pool), &a));
    CU_ASSERT_EQUAL(lim_complete(f.pool, a.id, &o, 0, &why), LIM_FATE_FAILED);
    CU_ASSERT_EQUAL(why, LIM_REASON_RETRIES);
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), LIM_NEVER);
    lim_pool_free(f.pool);
}

static void a_caller_fault_fails_at_once(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_CALLER, 400);
    enum lim_reason why;
    set_up(&f, 1);
    start(&f);
    submit(&f, 100, 0);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(lim_complete(f.pool, a.id, &o, 0, &why), LIM_FATE_FAILED);
    CU_ASSERT_EQUAL(why, LIM_REASON_FATAL);
    lim_pool_free(f.pool);
}

static void no_money_takes_an_organisation_out_until_the_month_ends(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_QUOTA, 429);
    lim_time now = lim_date(2026, 11, 23), december = lim_date(2026, 12, 1);
    set_up(&f, 1);
    f.config.start = now;
    start(&f);
    submit(&f, 100, now);
    CU_ASSERT_TRUE(lim_next(f.pool, now, &a));
    CU_ASSERT_EQUAL(lim_complete(f.pool, a.id, &o, now, NULL), LIM_FATE_RETRY);
    CU_ASSERT_FALSE(lim_next(f.pool, now, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), december);
    expect_send(&f, december);
    lim_pool_free(f.pool);
}

static void a_bad_key_leaves_nowhere_to_go(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_CREDENTIAL, 401);
    set_up(&f, 2);
    start(&f);
    submit(&f, 100, 0);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    lim_complete(f.pool, a.id, &o, 0, NULL);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(a.organisation, 1);
    lim_complete(f.pool, a.id, &o, 0, NULL);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_GIVE_UP);
    CU_ASSERT_EQUAL(a.reason, LIM_REASON_NOWHERE);
    lim_pool_free(f.pool);
}

static void who_waits_past_its_deadline_is_given_up(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_request r = request(100);
    lim_id id;
    set_up(&f, 1);
    start(&f);
    for (int i = 0; i < 3; i++)
        submit(&f, 100, 0);
    r.deadline = 5 * LIM_SEC;
    lim_submit(f.pool, &r, 0, &id, NULL);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_FALSE(lim_next(f.pool, 5 * LIM_SEC - 1, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), 5 * LIM_SEC);
    CU_ASSERT_TRUE(lim_next(f.pool, 5 * LIM_SEC, &a));
    CU_ASSERT_EQUAL(a.kind, LIM_GIVE_UP);
    CU_ASSERT_EQUAL(a.id, id);
    CU_ASSERT_EQUAL(lim_pool_counts(f.pool).expired, 1);
    lim_pool_free(f.pool);
}

/* Somebody else uses the organisation too: its headers say so. */
static void headers_lower_a_belief_that_is_too_high(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_OK, 200);
    set_up(&f, 1);
    f.limits[0].max[LIM_RPD] = LIM_UNLIMITED;
    start(&f);
    submit(&f, 100, 0);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    o.feedback.requests = (struct lim_shown){ 3, 0, 60 * LIM_SEC };
    lim_complete(f.pool, a.id, &o, 2 * LIM_SEC, NULL);
    submit(&f, 100, 2 * LIM_SEC);
    expect_send(&f, 20 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void headers_of_one_answer_count_what_was_sent_since(void)
{
    struct fixture f;
    struct lim_action a, b;
    struct lim_outcome o = outcome(LIM_CLASS_OK, 200);
    set_up(&f, 1);
    f.limits[0].max[LIM_RPD] = LIM_UNLIMITED;
    start(&f);
    submit(&f, 100, 0);
    submit(&f, 100, 0);
    submit(&f, 100, 0);
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_TRUE(lim_next(f.pool, 0, &b));
    /* One of the three was used by somebody else before the first. */
    o.feedback.requests = (struct lim_shown){ 3, 1, 40 * LIM_SEC };
    lim_complete(f.pool, a.id, &o, LIM_SEC, NULL);
    CU_ASSERT_EQUAL(lim_pool_belief(f.pool, 0, 0, LIM_RPM, LIM_SEC).remaining,
                    0);
    expect_send(&f, 20 * LIM_SEC);
    lim_pool_free(f.pool);
}

static void headers_that_agree_change_nothing(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_outcome o = outcome(LIM_CLASS_OK, 200);
    set_up(&f, 1);
    f.limits[0].max[LIM_RPM] = 7;
    start(&f);
    for (int i = 0; i < 8; i++)
        submit(&f, 100, 0);
    for (int i = 0; i < 7; i++) {
        CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
        int64_t used = (i + 1) * LIM_MIN / 7 / LIM_MSEC * LIM_MSEC;
        o.feedback.requests = (struct lim_shown){ 7, 6 - i, used };
        lim_observe(f.pool, a.id, &o.feedback, 0);
    }
    expect_send(&f, (LIM_MIN + 6) / 7);
    lim_pool_free(f.pool);
}

static void a_blocked_group_does_not_hold_up_another(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_limits both[2];
    struct lim_request r = request(100);
    lim_id id;
    set_up(&f, 1);
    both[0] = f.limits[0];
    both[1] = f.limits[0];
    f.organisations[0].limits = both;
    f.config.groups = 2;
    start(&f);
    for (int i = 0; i < 4; i++)
        submit(&f, 100, 0);
    r.group = 1;
    lim_submit(f.pool, &r, 0, &id, NULL);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
    CU_ASSERT_EQUAL(a.id, id);
    CU_ASSERT_FALSE(lim_next(f.pool, 0, &a));
    lim_pool_free(f.pool);
}

static void keys_take_turns(void)
{
    struct fixture f;
    struct lim_action a;
    set_up(&f, 1);
    f.organisations[0].keys = 2;
    start(&f);
    for (unsigned i = 0; i < 3; i++) {
        submit(&f, 100, 0);
        CU_ASSERT_TRUE(lim_next(f.pool, 0, &a));
        CU_ASSERT_EQUAL(a.key, i % 2);
    }
    lim_pool_free(f.pool);
}

static void a_spend_limit_holds_the_pool_until_the_month_ends(void)
{
    struct fixture f;
    struct lim_action a;
    struct lim_request r = request(100);
    lim_time now = lim_date(2026, 2, 10), march = lim_date(2026, 3, 1);
    lim_id id;
    set_up(&f, 1);
    f.config.start = now;
    f.organisations[0].spend_max = 1000;
    f.organisations[0].spent = 500;
    start(&f);
    r.cost.amount[LIM_MONEY] = 300;
    for (int i = 0; i < 2; i++)
        lim_submit(f.pool, &r, now, &id, NULL);
    CU_ASSERT_TRUE(lim_next(f.pool, now, &a));
    CU_ASSERT_FALSE(lim_next(f.pool, now, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool), march);
    expect_send(&f, march);
    lim_pool_free(f.pool);
}

static void bad_configurations_are_told(void)
{
    struct fixture f;
    struct lim_diag diag;
    set_up(&f, 1);
    struct lim_config c = f.config;
    c.organisation_count = 0;
    CU_ASSERT_PTR_NULL(lim_pool_new(&c, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "organisations"));
    c = f.config;
    c.cap_pool = 0;
    CU_ASSERT_PTR_NULL(lim_pool_new(&c, &diag));
    c = f.config;
    c.burst = 0;
    CU_ASSERT_PTR_NULL(lim_pool_new(&c, &diag));
    c = f.config;
    c.strategy = NULL;
    CU_ASSERT_PTR_NULL(lim_pool_new(&c, &diag));
    f.limits[0].max[LIM_TPM] = LIM_LIMIT_MAX + 1;
    CU_ASSERT_PTR_NULL(lim_pool_new(&f.config, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "tpm"));
}

/* Random life: whatever answers come, nothing is lost and waits are exact. */
struct life {
    struct fixture f;
    uint64_t stream, draws;
    lim_id flying[64];
    unsigned count;
    lim_time now;
    double taken[ORGANISATIONS]; /* tokens sent to each */
};

static int64_t below(struct life *l, int64_t n)
{
    return (int64_t)(lim_rng_draw(l->stream, l->draws++, 0) % (uint64_t)n);
}

static void answer_one(struct life *l)
{
    static const enum lim_class classes[] = {
        LIM_CLASS_OK,     LIM_CLASS_OK, LIM_CLASS_OK, LIM_CLASS_TRANSIENT,
        LIM_CLASS_CALLER, LIM_CLASS_OK, LIM_CLASS_OK, LIM_CLASS_OK,
    };
    unsigned i = (unsigned)below(l, l->count);
    struct lim_outcome o = outcome(classes[below(l, 8)], 200);
    lim_complete(l->f.pool, l->flying[i], &o, l->now, NULL);
    l->flying[i] = l->flying[--l->count];
}

static void live(struct life *l)
{
    struct lim_action a;
    struct lim_request r = request(below(l, 4000));
    lim_id id;
    switch (below(l, 4)) {
    case 0:
    case 1:
        r.deadline = below(l, 3) ? LIM_NEVER : l->now + below(l, LIM_MIN);
        lim_submit(l->f.pool, &r, l->now, &id, NULL);
        if (below(l, 10) == 0)
            lim_cancel(l->f.pool, id);
        break;
    case 2:
        if (l->count > 0)
            answer_one(l);
        break;
    default:
        l->now += below(l, 10 * LIM_SEC);
    }
    while (l->count < 64 && lim_next(l->f.pool, l->now, &a))
        if (a.kind == LIM_SEND)
            l->flying[l->count++] = a.id;
    lim_time wakeup = lim_wakeup(l->f.pool);
    if (l->count < 64 && wakeup != LIM_NEVER && below(l, 4) == 0) {
        CU_ASSERT_TRUE(wakeup > l->now);
        CU_ASSERT_FALSE(lim_next(l->f.pool, wakeup - 1, &a));
        l->now = wakeup - 1;
    }
}

static void nothing_is_lost_whatever_comes(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct life l = { .stream = lim_rng_stream(seed, LIM_DRAW_ID) };
        set_up(&l.f, 1 + (unsigned)(seed % ORGANISATIONS));
        l.f.limits[2].max[LIM_TPM] = 7000;
        l.f.config.strategy = lim_strategies[seed % 3];
        l.f.config.cap_organisation = seed % 5 == 0 ? 2 : LIM_UNLIMITED;
        l.f.config.requests_max = 500;
        start(&l.f);
        for (int i = 0; i < 800; i++)
            live(&l);
        struct lim_counts c = lim_pool_counts(l.f.pool);
        CU_ASSERT_EQUAL(c.in_flight, l.count);
        CU_ASSERT_EQUAL(c.submitted, c.waiting + c.in_flight + c.backing_off +
                                         c.succeeded + c.failed + c.expired +
                                         c.refused + c.cancelled);
        lim_pool_free(l.f.pool);
    }
}

CU_TestInfo pool_tests[] = {
    { "a free account sends three, then one each twenty seconds",
      a_free_account_sends_three_then_one_each_twenty_seconds },
    { "a hundred requests of ten seconds under a cap of thirty take forty",
      a_hundred_requests_of_ten_seconds_under_a_cap_of_thirty },
    { "what can never be sent is refused with the reason",
      what_can_never_be_sent_is_refused_with_the_reason },
    { "a large request goes where it fits",
      a_large_request_goes_where_it_fits },
    { "without beliefs a refused request obeys the hint",
      without_beliefs_a_refused_request_obeys_the_hint },
    { "a refusal sends the request elsewhere",
      a_refusal_sends_the_request_elsewhere },
    { "retries run out", retries_run_out },
    { "a caller fault fails at once", a_caller_fault_fails_at_once },
    { "no money takes an organisation out until the month ends",
      no_money_takes_an_organisation_out_until_the_month_ends },
    { "a bad key leaves nowhere to go", a_bad_key_leaves_nowhere_to_go },
    { "who waits past its deadline is given up",
      who_waits_past_its_deadline_is_given_up },
    { "headers lower a belief that is too high",
      headers_lower_a_belief_that_is_too_high },
    { "headers of one answer count what was sent since",
      headers_of_one_answer_count_what_was_sent_since },
    { "headers that agree change nothing", headers_that_agree_change_nothing },
    { "a blocked group does not hold up another",
      a_blocked_group_does_not_hold_up_another },
    { "keys take turns", keys_take_turns },
    { "a spend limit holds the pool until the month ends",
      a_spend_limit_holds_the_pool_until_the_month_ends },
    { "bad configurations are told", bad_configurations_are_told },
    { "nothing is lost whatever comes", nothing_is_lost_whatever_comes },
    CU_TEST_INFO_NULL
};
