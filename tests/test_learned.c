/*
 * A pool that is told nothing of the limits, against the provider: what it
 * believes after a few answers, and what it makes of answers that are late,
 * silent or false.
 */

#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/pool.h"
#include "limiter/rng.h"
#include "limiter/tier.h"
#include "sim/provider.h"
#include "sim/world.h"
#include "tests/failmalloc.h"

#define ANY LIM_UNLIMITED
#define FLIGHTS 4096

struct flight {
    lim_id id;
    lim_time due; /* LIM_NEVER: nothing is on its way here */
    struct lim_outcome outcome;
};

/* One organisation, whose provider may be another by and by. */
struct fixture {
    struct lim_table *table;
    struct sim_provider *provider;
    struct lim_pool *pool;
    unsigned group;
    uint64_t seed, draws;
    lim_time now;
    int64_t tokens; /* of each request that is sent */
    int64_t latency_ns, jitter_ns;
    /* Changes an answer on its way; NULL: none. */
    void (*mangle)(struct fixture *f, struct lim_feedback *feedback);
    uint64_t sent, refused, succeeded, failed;
    struct flight flights[FLIGHTS];
};

static uint64_t draw(struct fixture *f, uint64_t below)
{
    return lim_rng_draw(f->seed, 3, f->draws++) % below;
}

static void use_tier(struct fixture *f, enum lim_tier tier)
{
    const struct sim_organisation o = { .name = "o", .tier = tier, .keys = 1 };
    struct sim_provider_config config = sim_provider_config_default();
    config.table = f->table;
    config.organisations = &o;
    config.organisation_count = 1;
    config.start = f->now;
    sim_provider_free(f->provider);
    f->provider = sim_provider_new(&config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->provider);
    f->group = (unsigned)sim_provider_group(f->provider, "gpt-3.5-turbo");
}

static void set_up(struct fixture *f, enum lim_tier tier)
{
    const struct lim_limits nothing = lim_limits_none();
    const struct lim_organisation o = {
        .name = "o", .keys = 1, .limits = &nothing, .spend_max = LIM_UNLIMITED
    };
    struct lim_config config = lim_config_default();
    memset(f, 0, sizeof *f);
    f->now = sim_provider_config_default().start;
    f->seed = 1;
    f->latency_ns = LIM_SEC;
    f->table = lim_table_builtin("seed", NULL);
    use_tier(f, tier);
    config.organisations = &o;
    config.organisation_count = 1;
    config.belief = LIM_BELIEF_LEARNED;
    config.requests_max = FLIGHTS;
    config.start = f->now;
    config.retry.max = 100;
    f->pool = lim_pool_new(&config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
    for (int i = 0; i < FLIGHTS; i++)
        f->flights[i].due = LIM_NEVER;
}

static void tear_down(struct fixture *f)
{
    lim_pool_free(f->pool);
    sim_provider_free(f->provider);
    lim_table_free(f->table);
}

static struct lim_cost cost_of(int64_t tokens)
{
    return (struct lim_cost){ { 1, tokens, 0, 0 } };
}

static int submit(struct fixture *f, int64_t tokens)
{
    const struct lim_request r = { .cost = cost_of(tokens),
                                   .deadline = LIM_NEVER,
                                   .number = f->draws++ };
    lim_id id;
    return lim_submit(f->pool, &r, f->now, &id, NULL);
}

static struct lim_outcome answer(struct fixture *f, int64_t tokens)
{
    const struct lim_cost cost = cost_of(tokens);
    struct lim_outcome o = { .class = LIM_CLASS_OK, .status = 200 };
    struct sim_verdict v;
    sim_provider_admit(f->provider, 0, f->group, &cost, f->now, &v);
    o.feedback = v.shown;
    if (v.answer != SIM_ADMITTED) {
        o.class = v.answer == SIM_TOO_LARGE ? LIM_CLASS_TOO_LARGE
                                            : LIM_CLASS_RATE_LIMIT;
        o.status = 429;
        o.feedback.refused_by = (int)v.limit;
        o.feedback.refused_max = v.max;
        f->refused++;
    }
    if (f->mangle != NULL)
        f->mangle(f, &o.feedback);
    return o;
}

static void depart(struct fixture *f, lim_id id, int64_t tokens)
{
    int i = 0;
    while (f->flights[i].due != LIM_NEVER)
        i++;
    f->flights[i] = (struct flight){ .id = id, .outcome = answer(f, tokens) };
    f->flights[i].due = f->now + f->latency_ns;
    if (f->jitter_ns > 0)
        f->flights[i].due += (int64_t)draw(f, (uint64_t)f->jitter_ns);
    f->sent++;
}

static lim_time arrive(struct fixture *f)
{
    lim_time next = LIM_NEVER;
    for (int i = 0; i < FLIGHTS; i++) {
        struct flight *x = &f->flights[i];
        if (x->due <= f->now) {
            enum lim_fate fate =
                lim_complete(f->pool, x->id, &x->outcome, f->now, NULL);
            f->succeeded += fate == LIM_FATE_SUCCEEDED;
            f->failed += fate == LIM_FATE_FAILED;
            x->due = LIM_NEVER;
        }
        next = x->due < next ? x->due : next;
    }
    return next;
}

static void submit_many(struct fixture *f, int n, int64_t tokens)
{
    f->tokens = tokens;
    for (int i = 0; i < n; i++)
        CU_ASSERT_EQUAL(submit(f, tokens), LIM_ACCEPTED);
}

static void run(struct fixture *f, int64_t ns)
{
    lim_time end = f->now + ns;
    while (f->now < end) {
        struct lim_action a;
        lim_time next = arrive(f);
        while (lim_next(f->pool, f->now, &a)) {
            if (a.kind == LIM_SEND)
                depart(f, a.id, f->tokens);
            else
                f->failed++;
            next =
                next < f->now + f->latency_ns ? next : f->now + f->latency_ns;
        }
        lim_time wakeup = lim_wakeup(f->pool);
        next = next < wakeup ? next : wakeup;
        f->now = next < end ? next : end;
    }
    arrive(f);
}

static int64_t believed(const struct fixture *f, enum lim_limit limit)
{
    return lim_pool_belief(f->pool, 0, 0, limit, f->now).limit;
}

static void believes_the_table(const struct fixture *f, enum lim_tier tier)
{
    const struct lim_tier_row *row =
        lim_table_find(f->table, "gpt-3.5-turbo", tier);
    for (int w = 0; w < LIM_WINDOWS; w++)
        CU_ASSERT_EQUAL(believed(f, (enum lim_limit)w), row->limits.max[w]);
}

static void few_answers_teach_the_whole_table(void)
{
    static struct fixture f;
    static const struct {
        enum lim_tier tier;
        int requests; /* the first that meets what headers hide */
        uint64_t refused;
    } rows[] = {
        { LIM_TIER_FREE, 4, 1 },
        { LIM_TIER_1, 3502, 1 },
        { LIM_TIER_4, 1, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up(&f, rows[i].tier);
        submit_many(&f, rows[i].requests, 5);
        run(&f, LIM_SEC / 2);
        CU_ASSERT_EQUAL(f.sent, 1); /* until the first answer */
        f.latency_ns = LIM_MSEC;
        run(&f, LIM_SEC);
        CU_ASSERT(f.sent >= (uint64_t)rows[i].requests);
        CU_ASSERT(f.refused <= 2 * rows[i].refused);
        believes_the_table(&f, rows[i].tier);
        tear_down(&f);
    }
}

static void an_upgrade_is_used_within_a_round_trip(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_FREE);
    submit_many(&f, 100, 10);
    run(&f, LIM_MIN);
    believes_the_table(&f, LIM_TIER_FREE);
    CU_ASSERT(f.refused <= 8);
    use_tier(&f, LIM_TIER_4);
    run(&f, 20 * LIM_SEC); /* the next that 3 a minute let go */
    run(&f, f.latency_ns);
    CU_ASSERT_EQUAL(f.sent - f.refused, 100);
    run(&f, f.latency_ns);
    CU_ASSERT_EQUAL(f.succeeded, 100);
    believes_the_table(&f, LIM_TIER_4);
    tear_down(&f);
}

static void a_downgrade_costs_a_few_refusals(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_4);
    submit_many(&f, 100, 10);
    run(&f, 5 * LIM_SEC);
    CU_ASSERT_EQUAL(f.succeeded, 100);
    use_tier(&f, LIM_TIER_FREE);
    f.latency_ns = LIM_MSEC;
    for (int i = 0; i < 10; i++) {
        submit_many(&f, 1, 10);
        run(&f, LIM_SEC);
    }
    CU_ASSERT(f.refused <= 2);
    believes_the_table(&f, LIM_TIER_FREE);
    tear_down(&f);
}

static void no_headers(struct fixture *f, struct lim_feedback *feedback)
{
    (void)f;
    feedback->requests = feedback->tokens = lim_feedback_none().requests;
}

static void neither_headers_nor_numbers(struct fixture *f,
                                        struct lim_feedback *feedback)
{
    no_headers(f, feedback);
    feedback->refused_by = -1;
    feedback->refused_max = -1;
}

static void without_headers_refusals_teach(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_FREE);
    f.mangle = no_headers;
    f.latency_ns = LIM_MSEC;
    submit_many(&f, 40, 10);
    run(&f, 10 * LIM_MIN);
    CU_ASSERT_EQUAL(believed(&f, LIM_RPM), 3);
    CU_ASSERT_EQUAL(believed(&f, LIM_RPD), LIM_UNLIMITED);
    CU_ASSERT(f.succeeded >= 30);
    CU_ASSERT(f.refused <= 37);
    uint64_t refused = f.refused;
    run(&f, 2 * LIM_MIN);
    CU_ASSERT_EQUAL(f.refused, refused);
    tear_down(&f);
}

static void without_any_numbers_hints_pace(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_FREE);
    f.mangle = neither_headers_nor_numbers;
    f.latency_ns = LIM_MSEC;
    submit_many(&f, 20, 10);
    run(&f, 10 * LIM_MIN);
    for (int w = 0; w < LIM_WINDOWS; w++)
        CU_ASSERT_EQUAL(believed(&f, (enum lim_limit)w), LIM_UNLIMITED);
    CU_ASSERT_EQUAL(f.succeeded, 20);
    tear_down(&f);
}

static void answers_in_any_order_teach_the_same(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_1);
    f.jitter_ns = 20 * LIM_SEC;
    submit_many(&f, 3000, 100);
    run(&f, 3 * LIM_MIN);
    CU_ASSERT_EQUAL(believed(&f, LIM_TPM), 40000);
    CU_ASSERT_EQUAL(believed(&f, LIM_RPD), 10000);
    CU_ASSERT(f.sent >= 400 + 1000);
    CU_ASSERT(f.refused * 200 <= f.sent);
    tear_down(&f);
}

static int64_t one_of(struct fixture *f, const int64_t *list, size_t n)
{
    return list[draw(f, n)];
}

static struct lim_shown lie(struct fixture *f)
{
    static const int64_t units[] = { -1, 0, 1, 60, 200, 10000, 1000000 };
    static const int64_t ms[] = { -1, 0, 6, 8640, 432000, 86400000 };
    int64_t limit = one_of(f, units, 7), remaining = one_of(f, units, 7);
    return (struct lim_shown){ limit, remaining, one_of(f, ms, 6) * LIM_MSEC };
}

static void lies_now_and_then(struct fixture *f, struct lim_feedback *feedback)
{
    if (draw(f, 10) == 0)
        feedback->requests = lie(f);
    if (draw(f, 10) == 0)
        feedback->tokens = lie(f);
}

/* A tenth of the headers are lies.  One that is whole in itself and comes
   first, "200 a day, all used", is believed as if it were true. */
static void lies_neither_lock_out_nor_let_a_flood_through(void)
{
    static struct fixture f;
    unsigned well = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        set_up(&f, LIM_TIER_1);
        f.seed = seed;
        f.mangle = lies_now_and_then;
        submit_many(&f, 3000, 100);
        run(&f, 3 * LIM_MIN);
        CU_ASSERT(f.refused * 2 <= f.sent);
        CU_ASSERT(f.succeeded > 100);
        well += f.succeeded >= 1500; /* of 1600 that the limits allow */
        f.mangle = NULL;
        run(&f, LIM_MIN);
        if (f.succeeded >= 1900) {
            CU_ASSERT_EQUAL(believed(&f, LIM_TPM), 40000);
            CU_ASSERT_EQUAL(believed(&f, LIM_RPD), 10000);
        }
        tear_down(&f);
    }
    CU_ASSERT(well >= 16);
}

static void shows_fifty_tokens(struct fixture *f, struct lim_feedback *feedback)
{
    (void)f;
    feedback->tokens = (struct lim_shown){ 50, 40, 12 * LIM_SEC };
}

static void a_limit_that_shuts_a_request_out_is_put_to_the_test(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_1);
    f.mangle = shows_fifty_tokens;
    submit_many(&f, 1, 10);
    run(&f, 2 * LIM_SEC);
    CU_ASSERT_EQUAL(believed(&f, LIM_TPM), 50);
    submit_many(&f, 2, 1000); /* a lie would refuse them for ever */
    run(&f, LIM_SEC / 2);
    CU_ASSERT_EQUAL(f.sent, 2); /* one asks */
    f.mangle = NULL;
    run(&f, 4 * LIM_SEC);
    CU_ASSERT_EQUAL(f.succeeded, 3);
    CU_ASSERT_EQUAL(submit(&f, 1000000), LIM_ACCEPTED); /* one asks again */
    f.tokens = 1000000;
    run(&f, 4 * LIM_SEC);
    CU_ASSERT_EQUAL(f.refused, 1);
    CU_ASSERT_EQUAL(f.failed, 1); /* a 429 named the limit: */
    CU_ASSERT_EQUAL(submit(&f, 1000000), LIM_REFUSED);
    CU_ASSERT_EQUAL(believed(&f, LIM_TPM), 40000);
    tear_down(&f);
}

static void short_memory_leaves_the_old_belief(void)
{
    static struct fixture f;
    set_up(&f, LIM_TIER_4);
    submit_many(&f, 2, 10);
    run(&f, LIM_SEC / 2);
    fail_after(1);
    run(&f, LIM_SEC);
    CU_ASSERT(fail_happened());
    fail_after(0);
    CU_ASSERT_EQUAL(f.succeeded, 1);
    CU_ASSERT_EQUAL(believed(&f, LIM_RPM), LIM_UNLIMITED);
    run(&f, LIM_SEC);
    CU_ASSERT_EQUAL(f.succeeded, 2);
    believes_the_table(&f, LIM_TIER_4);
    fail_after(1);
    submit_many(&f, 500, 10);
    run(&f, 5 * LIM_SEC);
    CU_ASSERT_FALSE(fail_happened()); /* nothing new, so no memory is taken */
    fail_after(0);
    CU_ASSERT_EQUAL(f.succeeded, 502);
    tear_down(&f);
}

/* Free, tier1 and tier4 together, at 120 % of what their limits carry. */
static struct sim_summary mixed(enum lim_belief belief, uint64_t seed)
{
    static const enum lim_tier tiers[] = { LIM_TIER_FREE, LIM_TIER_FREE,
                                           LIM_TIER_1,    LIM_TIER_1,
                                           LIM_TIER_1,    LIM_TIER_4 };
    static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
    struct sim_organisation o[6];
    struct sim_workload workload = {
        .model = "gpt-4",
        .arrivals = { .kind = SIM_ARRIVE_POISSON, .rate_per_s = 22.1 },
        .prompt_tokens = sim_dist_constant(300),
        .completion_tokens = sim_dist_constant(100),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
    struct sim_scenario s = {
        .name = "mixed",
        .duration_ns = 10 * LIM_MIN,
        .provider = sim_provider_config_default(),
        .client = sim_client_config_default(),
        .workloads = &workload,
        .workload_count = 1,
    };
    struct lim_table *table = lim_table_builtin("seed", NULL);
    struct sim_summary out;
    for (int i = 0; i < 6; i++)
        o[i] = (struct sim_organisation){ .name = names[i],
                                          .tier = tiers[i],
                                          .keys = 1,
                                          .first_payment_days_ago = -1 };
    s.provider.table = table;
    s.provider.organisations = o;
    s.provider.organisation_count = 6;
    s.provider.latency_source = SIM_LATENCY_GIVEN;
    s.provider.latency = sim_latency_constant(5);
    s.client.belief = belief;
    CU_ASSERT_EQUAL_FATAL(
        sim_world_run(&s, seed, NULL, NULL, &out, NULL, NULL, NULL), LIM_OK);
    sim_summary_fini(&out);
    lim_table_free(table);
    return out;
}

static void as_much_goes_through_as_with_known_limits(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct sim_summary known = mixed(LIM_BELIEF_KNOWN, seed);
        struct sim_summary learned = mixed(LIM_BELIEF_LEARNED, seed);
        CU_ASSERT(learned.succeeded * 100 >= known.succeeded * 97);
        CU_ASSERT(learned.http_429 * 200 <= learned.attempts);
        CU_ASSERT(learned.efficiency >= 0.97);
    }
}

/* Bursts of requests meet a bucket of a quarter, a tenth of the minute. */
static void a_small_bucket_is_learned_like_a_known_one(void)
{
    static const double bursts[] = { 0.5, 0.25, 0.1 };
    const struct sim_organisation o = {
        .name = "o", .tier = LIM_TIER_1, .keys = 1, .first_payment_days_ago = -1
    };
    const struct sim_workload workload = {
        .model = "gpt-3.5-turbo",
        .arrivals = { .kind = SIM_ARRIVE_GAMMA, .rate_per_s = 1, .cv = 8 },
        .prompt_tokens = sim_dist_constant(300),
        .completion_tokens = sim_dist_constant(100),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
    struct sim_scenario s = {
        .name = "bursts",
        .seed = 1,
        .duration_ns = LIM_HOUR,
        .provider = sim_provider_config_default(),
        .client = sim_client_config_default(),
        .workloads = &workload,
        .workload_count = 1,
    };
    struct lim_table *table = lim_table_builtin("seed", NULL);
    s.provider.table = table;
    s.provider.organisations = &o;
    s.provider.organisation_count = 1;
    s.provider.latency_source = SIM_LATENCY_GIVEN;
    s.provider.latency = sim_latency_constant(1);
    s.client.belief = LIM_BELIEF_LEARNED;
    for (size_t i = 0; i < 3; i++) {
        struct sim_summary out;
        s.provider.burst = bursts[i];
        CU_ASSERT_EQUAL_FATAL(
            sim_world_run(&s, 1, NULL, NULL, &out, NULL, NULL, NULL), LIM_OK);
        CU_ASSERT(out.succeeded > 1000);
        CU_ASSERT(out.http_429 * 500 <= out.attempts);
        sim_summary_fini(&out);
    }
    lim_table_free(table);
}

/* A reservation settled where the provider settles, if usage is known. */
static void unknown_usage_is_never_given_back(void)
{
    static const struct {
        enum lim_class class;
        bool known;
        int64_t used, left;
    } rows[] = {
        { LIM_CLASS_OK, true, 100, 9900 },
        { LIM_CLASS_OK, false, 0, 9000 },
        { LIM_CLASS_TRANSIENT, true, 0, 9000 },
        { LIM_CLASS_CALLER, true, 0, 9000 },
        { LIM_CLASS_RATE_LIMIT, false, 0, 10000 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct lim_limits limits = { .max = { 100, ANY, 10000, ANY,
                                                    ANY } };
        const struct lim_organisation o = { .name = "o",
                                            .keys = 1,
                                            .limits = &limits,
                                            .spend_max = LIM_UNLIMITED };
        struct lim_config config = lim_config_default();
        const struct lim_request r = { .cost = cost_of(1000),
                                       .deadline = LIM_NEVER };
        const struct lim_outcome end = { .class = rows[i].class,
                                         .status = 200,
                                         .usage_known = rows[i].known,
                                         .tokens_used = rows[i].used,
                                         .feedback = lim_feedback_none() };
        struct lim_action a;
        lim_id id;
        config.organisations = &o;
        config.organisation_count = 1;
        config.settle = true;
        struct lim_pool *p = lim_pool_new(&config, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(lim_submit(p, &r, 0, &id, NULL), LIM_ACCEPTED);
        CU_ASSERT_TRUE(lim_next(p, 0, &a));
        lim_complete(p, id, &end, 0, NULL);
        CU_ASSERT_EQUAL(lim_pool_belief(p, 0, 0, LIM_TPM, 0).remaining,
                        rows[i].left);
        lim_pool_free(p);
    }
}

static void a_reply_is_reserved_by_its_larger_bound(void)
{
    CU_ASSERT_EQUAL(lim_estimate_tokens(50, -1), 50);
    CU_ASSERT_EQUAL(lim_estimate_tokens(50, lim_estimate_reply(-1, -1)), 50);
    CU_ASSERT_EQUAL(lim_estimate_tokens(50, lim_estimate_reply(1, 4096)), 4146);
    CU_ASSERT_EQUAL(lim_estimate_tokens(50, lim_estimate_reply(600, -1)), 650);
    CU_ASSERT_EQUAL(lim_estimate_tokens(50, lim_estimate_reply(-1, 600)), 650);
}

CU_TestInfo learned_tests[] = {
    { "few answers teach the whole table", few_answers_teach_the_whole_table },
    { "an upgrade is used within a round trip",
      an_upgrade_is_used_within_a_round_trip },
    { "a downgrade costs a few refusals", a_downgrade_costs_a_few_refusals },
    { "without headers, refusals teach", without_headers_refusals_teach },
    { "without any numbers, hints pace", without_any_numbers_hints_pace },
    { "answers in any order teach the same",
      answers_in_any_order_teach_the_same },
    { "lies neither lock out nor let a flood through",
      lies_neither_lock_out_nor_let_a_flood_through },
    { "a limit that shuts a request out is put to the test",
      a_limit_that_shuts_a_request_out_is_put_to_the_test },
    { "short memory leaves the old belief",
      short_memory_leaves_the_old_belief },
    { "a small bucket is learned like a known one",
      a_small_bucket_is_learned_like_a_known_one },
    { "as much goes through as with known limits",
      as_much_goes_through_as_with_known_limits },
    { "unknown usage is never given back", unknown_usage_is_never_given_back },
    { "a reply is reserved by its larger bound",
      a_reply_is_reserved_by_its_larger_bound },
    CU_TEST_INFO_NULL
};
