#include <CUnit/CUnit.h>

#include <string.h>

#include "bench/left.h"
#include "bench/shutout.h"

#define ORGANISATIONS 2

/* A pool of two organisations and one group, and what is left to be sent. */
struct scene {
    struct lim_limits limits[ORGANISATIONS];
    bool serves[ORGANISATIONS];
    struct lim_organisation organisations[ORGANISATIONS];
    struct bench_roster roster;
    struct lim_cost cost;
    struct lim_pool *pool;
};

static void set_up(struct scene *s, int64_t rpm, int64_t tpm)
{
    static const char *const names[] = { "a", "b" };
    struct lim_config c = lim_config_default();
    memset(s, 0, sizeof *s);
    for (int i = 0; i < ORGANISATIONS; i++) {
        s->limits[i] = lim_limits_none();
        s->limits[i].max[LIM_RPM] = rpm;
        s->limits[i].max[LIM_TPM] = tpm;
        s->serves[i] = true;
        s->organisations[i] =
            (struct lim_organisation){ .name = names[i],
                                       .keys = 1,
                                       .limits = &s->limits[i],
                                       .serves = &s->serves[i],
                                       .spend_max = LIM_UNLIMITED };
    }
    s->roster = (struct bench_roster){ .organisations = s->organisations,
                                       .count = ORGANISATIONS,
                                       .groups = 1 };
    c.organisations = s->organisations;
    c.organisation_count = ORGANISATIONS;
    s->pool = lim_pool_new(&c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->pool);
}

static double seconds(const struct scene *s)
{
    const struct bench_left l = { s->pool, &s->roster, &s->cost };
    return bench_left_seconds(&l, 0);
}

/* Full windows of both, and what flows in: in seconds. */
static void time_is_what_the_limits_grant(void)
{
    static const struct {
        int64_t rpm, tpm, requests, tokens;
        double wanted;
    } rows[] = {
        { 60, LIM_UNLIMITED, 120, 0, 0 },
        { 60, LIM_UNLIMITED, 240, 0, 60 },
        { 60, 1000, 240, 3000, 60 },
        { 60, 1000, 240, 12000, 300 },
        { 60, LIM_UNLIMITED, 0, 0, 0 },
        { LIM_UNLIMITED, LIM_UNLIMITED, 5, 500, -1 },
        { LIM_UNLIMITED, 1000, 5, 2000, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;
        set_up(&s, rows[i].rpm, rows[i].tpm);
        s.cost.amount[LIM_REQUESTS] = rows[i].requests;
        s.cost.amount[LIM_TOKENS] = rows[i].tokens;
        CU_ASSERT_DOUBLE_EQUAL(seconds(&s), rows[i].wanted, 0.01);
        lim_pool_free(s.pool);
    }
}

static void what_holds_all_up_is_named(void)
{
    struct scene s;
    struct lim_action a;
    char text[100] = "";
    set_up(&s, 2, 1000000);
    s.cost.amount[LIM_REQUESTS] = 5;
    s.cost.amount[LIM_TOKENS] = 500;
    const struct bench_left l = { s.pool, &s.roster, &s.cost };
    CU_ASSERT_FALSE(bench_left_waits_for(&l, 0, 0, text, sizeof text));
    for (int i = 0; i < 4; i++) {
        lim_id id;
        const struct lim_request r = { .cost = { { 1, 100, 0, 0 } },
                                       .deadline = LIM_NEVER };
        CU_ASSERT_EQUAL(lim_submit(s.pool, &r, 0, &id, NULL), LIM_ACCEPTED);
        CU_ASSERT_TRUE(lim_next(s.pool, 0, &a));
    }
    CU_ASSERT_TRUE(bench_left_waits_for(&l, 0, 0, text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "rpm of a");
    lim_pool_free(s.pool);
}

static struct lim_outcome outcome(enum lim_class class, int status)
{
    return (struct lim_outcome){ .class = class, .status = status };
}

static void the_work_goes_on_with_who_is_left(void)
{
    struct scene s;
    struct bench_shutout out;
    struct lim_outcome quota = outcome(LIM_CLASS_QUOTA, 429);
    struct lim_outcome key = outcome(LIM_CLASS_CREDENTIAL, 401);
    struct lim_outcome good = outcome(LIM_CLASS_OK, 200);
    char text[200];
    set_up(&s, 60, 1000);
    CU_ASSERT_EQUAL_FATAL(bench_shutout_init(&out, &s.roster), LIM_OK);
    CU_ASSERT_FALSE(bench_shutout_note(&out, 0, 0, &good, ""));
    CU_ASSERT_EQUAL(bench_shutout_group(&out, 0), BENCH_GROUP_OPEN);
    CU_ASSERT_TRUE(bench_shutout_note(&out, 0, 0, &quota, "no money"));
    CU_ASSERT_EQUAL(bench_shutout_group(&out, 0), BENCH_GROUP_OPEN);
    CU_ASSERT_TRUE(bench_shutout_note(&out, 1, 0, &key, "bad key"));
    CU_ASSERT_EQUAL(bench_shutout_group(&out, 0), BENCH_GROUP_PARKED);
    bench_shutout_tell(&out, 0, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "a: 429: no money; b: 401: bad key");
    bench_shutout_forget(&out);
    CU_ASSERT_EQUAL(bench_shutout_group(&out, 0), BENCH_GROUP_OPEN);
    bench_shutout_fini(&out);
    lim_pool_free(s.pool);
}

static void a_model_that_nobody_has_is_closed(void)
{
    struct scene s;
    struct bench_shutout out;
    struct lim_outcome none = outcome(LIM_CLASS_NO_ACCESS, 404);
    struct lim_outcome quota = outcome(LIM_CLASS_QUOTA, 429);
    set_up(&s, 60, 1000);
    s.serves[1] = false;
    CU_ASSERT_EQUAL_FATAL(bench_shutout_init(&out, &s.roster), LIM_OK);
    CU_ASSERT_TRUE(bench_shutout_note(&out, 0, 0, &none, "no such model"));
    CU_ASSERT_EQUAL(bench_shutout_group(&out, 0), BENCH_GROUP_CLOSED);
    CU_ASSERT_STRING_EQUAL(out.denied[0], "404: no such model");
    CU_ASSERT_TRUE(bench_shutout_note(&out, 1, 0, &quota, "no money"));
    bench_shutout_forget(&out);
    CU_ASSERT_EQUAL(bench_shutout_group(&out, 0), BENCH_GROUP_CLOSED);
    bench_shutout_fini(&out);
    lim_pool_free(s.pool);
}

CU_TestInfo left_tests[] = {
    { "time is what the limits grant", time_is_what_the_limits_grant },
    { "what holds all up is named", what_holds_all_up_is_named },
    { "the work goes on with who is left", the_work_goes_on_with_who_is_left },
    { "a model that nobody has is closed", a_model_that_nobody_has_is_closed },
    CU_TEST_INFO_NULL
};
