/* Whole runs in virtual time, through the same path as a user's scenario. */

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "sim/arrivals.h"
#include "sim/world.h"

struct fixture {
    struct lim_table *table;
    struct sim_organisation organisations[32];
    char names[32][16];
    struct sim_workload workload;
    struct sim_scenario scenario;
};

static void set_up(struct fixture *f, const char *table, enum lim_tier tier,
                   unsigned organisations, unsigned keys, const char *model)
{
    memset(f, 0, sizeof *f);
    f->scenario = (struct sim_scenario){
        .name = "test",
        .seed = 1,
        .duration_ns = LIM_NEVER,
        .provider = sim_provider_config_default(),
        .client = sim_client_config_default(),
        .workloads = &f->workload,
        .workload_count = 1,
    };
    if (table != NULL) {
        f->table = lim_table_builtin(table, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(f->table);
    }
    for (unsigned i = 0; i < organisations; i++) {
        snprintf(f->names[i], sizeof f->names[i], "free-%u", i + 1);
        f->organisations[i] =
            (struct sim_organisation){ .name = f->names[i],
                                       .tier = tier,
                                       .keys = keys,
                                       .first_payment_days_ago = -1 };
    }
    f->scenario.provider.table = f->table;
    f->scenario.provider.organisations = f->organisations;
    f->scenario.provider.organisation_count = organisations;
    f->scenario.provider.latency_source = SIM_LATENCY_GIVEN;
    f->scenario.provider.latency = sim_latency_constant(1);
    f->workload = (struct sim_workload){
        .model = model,
        .arrivals = { .kind = SIM_ARRIVE_BATCH, .batch = 100 },
        .prompt_tokens = sim_dist_constant(100),
        .completion_tokens = sim_dist_constant(10),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
}

static struct sim_summary run(const struct fixture *f,
                              const struct sim_watch *watch)
{
    struct sim_summary s;
    struct lim_diag diag = { 0, "" };
    int error = sim_world_run(&f->scenario, f->scenario.seed, watch, NULL, &s,
                              NULL, NULL, &diag);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    CU_ASSERT_EQUAL(s.requests, s.succeeded + s.failed + s.refused + s.expired +
                                    s.unfinished);
    return s;
}

static void the_seed_takes_forty_seconds(void)
{
    struct fixture f;
    set_up(&f, NULL, LIM_TIER_1, 1, 1, "gpt-3.5-turbo");
    f.scenario.client.cap_pool = 30;
    f.scenario.provider.latency = sim_latency_constant(10);
    struct sim_summary s = run(&f, NULL);
    CU_ASSERT_EQUAL(s.succeeded, 100);
    CU_ASSERT_EQUAL(s.makespan_s, 40.0);
    CU_ASSERT_EQUAL(s.latency_ms.max, 40000.0);
    CU_ASSERT_EQUAL(s.binding, -1);
    sim_summary_fini(&s);
}

/* All succeed within the minute, and answers that nobody waits for any more
   end after them. */
static void a_run_with_hedges_lasts_as_long_as_any(void)
{
    for (int hedging = 0; hedging <= 1; hedging++) {
        struct fixture f;
        set_up(&f, NULL, LIM_TIER_1, 2, 1, "gpt-3.5-turbo");
        f.workload.arrivals.batch = 5;
        f.scenario.duration_ns = LIM_MIN;
        f.scenario.provider.latency.ttft = sim_dist_lognormal(1, 8);
        f.scenario.client.hedge =
            (struct lim_hedging){ .after_ns = LIM_SEC, .budget = hedging };
        struct sim_summary s = run(&f, NULL);
        CU_ASSERT_EQUAL(s.hedges > 0, hedging == 1);
        CU_ASSERT_EQUAL(s.succeeded, 5);
        CU_ASSERT_EQUAL(s.goodput_rpm, 5.0);
        sim_summary_fini(&s);
    }
}

/* 100 requests of 100 tokens and 10, at the list's $0.50 and $1.50 a million
   and then at $3 and $20: 65 and 500 micro-dollars each.  The client knows, of
   the $100 that tier 1 of the seed may spend in a month. */
static void what_is_spent_follows_the_prices(void)
{
    static const struct lim_price mine[] = {
        { "gpt-3.5-turbo", 3000000, 20000000, -1, -1, "", "" },
        { "my-model", 3000000, -1, -1, -1, "", "" },
    };
    static const struct {
        const char *table, *model;
        size_t own;
        double usd, share;
    } rows[] = {
        { "seed", "gpt-3.5-turbo", 0, 0.0065, 0.000065 },
        { "seed", "gpt-3.5-turbo", 2, 0.05, 0.0005 },
        { NULL, "my-model", 0, -1, -1 },
        { NULL, "my-model", 2, -1, -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        set_up(&f, rows[i].table, LIM_TIER_1, 1, 1, rows[i].model);
        f.scenario.provider.prices = (struct lim_prices){ mine, rows[i].own };
        struct sim_summary s = run(&f, NULL);
        CU_ASSERT_DOUBLE_EQUAL(s.spend_usd, rows[i].usd, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(s.pool.share[LIM_SPEND], rows[i].share, 1e-12);
        sim_summary_fini(&s);
        lim_table_free(f.table);
    }
}

static void keys_do_not_multiply_limits_organisations_do(void)
{
    const struct {
        unsigned organisations, keys;
        uint64_t through;
    } rows[] = { { 1, 1, 182 }, { 1, 10, 182 }, { 10, 1, 1820 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        set_up(&f, "seed", LIM_TIER_FREE, rows[i].organisations, rows[i].keys,
               "gpt-4");
        f.workload.arrivals.batch = 2500;
        f.scenario.duration_ns = LIM_HOUR;
        struct sim_summary s = run(&f, NULL);
        CU_ASSERT_EQUAL(s.attempts, rows[i].through);
        CU_ASSERT_EQUAL(s.http_429, 0);
        CU_ASSERT_EQUAL(s.binding, LIM_RPM);
        CU_ASSERT(s.efficiency > 0.99);
        CU_ASSERT(s.efficiency <= 1);
        sim_summary_fini(&s);
        lim_table_free(f.table);
    }
}

struct sent {
    int64_t at[300];
    unsigned count;
};

static void note_sent(void *context, const struct sim_attempt *a)
{
    struct sent *s = context;
    if (s->count < 300)
        s->at[s->count++] = a->sent_ns;
}

/* Three at once, then one each 20 s; from the 210th the day's bucket. */
static void the_day_takes_over_from_the_minute(void)
{
    struct fixture f;
    struct sent sent = { .count = 0 };
    const struct sim_watch watch = { &sent, note_sent, NULL };
    set_up(&f, "seed", LIM_TIER_FREE, 1, 1, "gpt-4");
    f.workload.arrivals.batch = 250;
    struct sim_summary s = run(&f, &watch);
    CU_ASSERT_EQUAL_FATAL(sent.count, 250);
    CU_ASSERT_EQUAL(sent.at[2], 0);
    for (int i = 3; i < 209; i++)
        CU_ASSERT_EQUAL(sent.at[i], (i - 2) * 20 * LIM_SEC);
    CU_ASSERT_EQUAL(sent.at[208], 4120 * LIM_SEC);
    for (int i = 209; i < 250; i++)
        CU_ASSERT_EQUAL(sent.at[i], (4320 + (i - 209) * 432) * LIM_SEC);
    sim_summary_fini(&s);
    lim_table_free(f.table);
}

struct story {
    char text[4000];
};

static void tell(void *context, lim_time at, const char *text)
{
    struct story *s = context;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%6.3f %s\n", (double)at / 1e9,
             text);
}

/* A client that knows no limits meets the fourth request's refusal. */
static void the_story_of_a_refusal(void)
{
    struct fixture f;
    struct story story = { "" };
    const struct sim_watch watch = { &story, NULL, tell };
    set_up(&f, "seed", LIM_TIER_FREE, 1, 1, "gpt-4");
    f.workload.arrivals.batch = 4;
    f.scenario.client.belief = LIM_BELIEF_NONE;
    struct sim_summary s = run(&f, &watch);
    CU_ASSERT_STRING_EQUAL(
        story.text,
        " 0.000 arrives    request 0, gpt-4, 100 tokens\n"
        " 0.000 arrives    request 1, gpt-4, 100 tokens\n"
        " 0.000 arrives    request 2, gpt-4, 100 tokens\n"
        " 0.000 arrives    request 3, gpt-4, 100 tokens\n"
        " 0.000 sends      request 0 to free-1\n"
        " 0.000 sends      request 1 to free-1\n"
        " 0.000 sends      request 2 to free-1\n"
        " 0.000 sends      request 3 to free-1\n"
        " 0.000 answer     request 3 from free-1: 429 rate_limit, rpm\n"
        " 1.000 answer     request 0 from free-1: 200 ok\n"
        " 1.000 answer     request 1 from free-1: 200 ok\n"
        " 1.000 answer     request 2 from free-1: 200 ok\n"
        "20.001 sends      request 3 to free-1, again\n"
        "21.001 answer     request 3 from free-1: 200 ok\n");
    CU_ASSERT_EQUAL(s.http_429, 1);
    sim_summary_fini(&s);
    lim_table_free(f.table);
}

static void who_knows_the_limits_is_never_refused(void)
{
    const char *const models[] = { "gpt-4o", "gpt-3.5-turbo", "gpt-4" };
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct fixture f;
        set_up(&f, "official-2024-mid", (enum lim_tier)(1 + seed % 5),
               1 + (unsigned)seed % 7, 1, models[seed % 3]);
        f.scenario.seed = seed;
        f.scenario.duration_ns = 10 * LIM_MIN;
        f.scenario.provider.burst = seed % 4 == 0 ? 0.3 : 1;
        f.scenario.client.strategy = lim_strategies[seed % 3];
        f.scenario.provider.charge.settle = seed % 2;
        f.scenario.provider.latency.ttft = sim_dist_lognormal(1, 8);
        f.workload.arrivals = (struct sim_arrivals){ .kind = SIM_ARRIVE_POISSON,
                                                     .rate_per_s = 40 };
        f.workload.prompt_tokens = sim_dist_lognormal(300, 1500);
        f.workload.max_tokens = seed % 3 == 0 ? 200 : -1;
        struct sim_summary s = run(&f, NULL);
        CU_ASSERT_EQUAL(s.http_429, 0);
        CU_ASSERT(s.attempts > 100);
        sim_summary_fini(&s);
        lim_table_free(f.table);
    }
}

static void a_seed_tells_all(void)
{
    struct fixture f;
    set_up(&f, "official-2024-mid", LIM_TIER_1, 3, 1, "gpt-4o");
    f.scenario.duration_ns = 5 * LIM_MIN;
    f.scenario.provider.latency.ttft = sim_dist_lognormal(1, 8);
    f.workload.arrivals =
        (struct sim_arrivals){ .kind = SIM_ARRIVE_POISSON, .rate_per_s = 5 };
    struct sim_summary a = run(&f, NULL), b = run(&f, NULL);
    CU_ASSERT_EQUAL(a.latency_ms.mean, b.latency_ms.mean);
    CU_ASSERT_EQUAL(a.requests, b.requests);
    f.scenario.seed = 2;
    struct sim_summary c = run(&f, NULL);
    CU_ASSERT_NOT_EQUAL(a.latency_ms.mean, c.latency_ms.mean);
    sim_summary_fini(&a);
    sim_summary_fini(&b);
    sim_summary_fini(&c);
    lim_table_free(f.table);
}

static void what_waits_at_the_end_is_unfinished_unless_drained(void)
{
    struct fixture f;
    set_up(&f, "seed", LIM_TIER_FREE, 1, 1, "gpt-4");
    f.workload.arrivals.batch = 10;
    f.scenario.duration_ns = LIM_MIN;
    struct sim_summary s = run(&f, NULL);
    CU_ASSERT_EQUAL(s.succeeded, 5);
    CU_ASSERT_EQUAL(s.unfinished, 5);
    sim_summary_fini(&s);
    f.scenario.drain = true;
    s = run(&f, NULL);
    CU_ASSERT_EQUAL(s.succeeded, 10);
    CU_ASSERT_EQUAL(s.makespan_s, 141.0);
    sim_summary_fini(&s);
    lim_table_free(f.table);
}

static void an_unknown_model_is_told(void)
{
    struct fixture f;
    struct sim_summary s;
    struct lim_diag diag;
    set_up(&f, "seed", LIM_TIER_FREE, 1, 1, "gpt-9");
    CU_ASSERT_EQUAL(
        sim_world_run(&f.scenario, 1, NULL, NULL, &s, NULL, NULL, &diag),
        LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "gpt-9"));
    lim_table_free(f.table);
}

static struct sim_arrivals bursty(enum sim_arrival_kind kind, double cv)
{
    return (struct sim_arrivals){ .kind = kind, .rate_per_s = 2, .cv = cv };
}

static int64_t arrivals_within(const struct sim_arrivals *a, uint64_t seed,
                               int64_t duration_ns)
{
    struct sim_source s;
    int64_t n = 0;
    for (sim_source_init(&s, a, seed, 0, 0); sim_source_next(&s) < duration_ns;
         sim_source_take(&s))
        n++;
    return n;
}

#define SEEDS 2000

/* Of the counts of many seeds the mean is within 3.3 standard errors. */
static void check_rate(const struct sim_arrivals *a, int64_t duration_ns)
{
    double wanted = a->rate_per_s * (double)duration_ns / (double)LIM_SEC;
    int64_t most = sim_arrivals_most(a, duration_ns);
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int64_t n = arrivals_within(a, seed, duration_ns);
        CU_ASSERT(n <= most);
        sum += (double)n;
        squares += (double)n * (double)n;
    }
    double mean = sum / SEEDS;
    double error = sqrt((squares / SEEDS - mean * mean) / SEEDS);
    CU_ASSERT_DOUBLE_EQUAL(mean, wanted, 3.3 * error);
}

static void bursty_arrivals_have_their_rate_from_the_start(void)
{
    static const double cvs[] = { 0.05, 0.5, 1, 3, 13 };
    for (size_t i = 0; i < sizeof cvs / sizeof cvs[0]; i++) {
        struct sim_arrivals g = bursty(SIM_ARRIVE_GAMMA, cvs[i]);
        struct sim_arrivals w = bursty(SIM_ARRIVE_WEIBULL, cvs[i]);
        check_rate(&g, 20 * LIM_SEC);
        check_rate(&w, 20 * LIM_SEC);
        check_rate(&w, LIM_SEC / 3);
    }
}

/* A process of the largest spread comes nearest to what is set aside. */
static void room_for_arrivals_is_enough_and_not_absurd(void)
{
    struct sim_arrivals g = bursty(SIM_ARRIVE_GAMMA, 13);
    CU_ASSERT_EQUAL(sim_arrivals_most(&g, LIM_NEVER), -1);
    CU_ASSERT(sim_arrivals_most(&g, LIM_HOUR) < 4 * 7200);
    CU_ASSERT((double)sim_arrivals_most(&g, 100 * LIM_DAY) <
              1.1 * 100 * 86400 * 2);
    g.cv = SIM_CV_MAX;
    check_rate(&g, LIM_MIN);
}

static void a_seed_tells_all_arrivals(void)
{
    struct sim_arrivals g = bursty(SIM_ARRIVE_GAMMA, 3);
    struct sim_source a, b, other;
    unsigned same = 0;
    sim_source_init(&a, &g, 5, 1, 0);
    sim_source_init(&b, &g, 5, 1, 0);
    sim_source_init(&other, &g, 5, 2, 0);
    for (int i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL(sim_source_next(&a), sim_source_next(&b));
        same += sim_source_next(&a) == sim_source_next(&other);
        sim_source_take(&a);
        sim_source_take(&b);
        sim_source_take(&other);
    }
    CU_ASSERT_EQUAL(same, 0);
}

/* Tenants `a` and `b` of 10 and 30 requests, all of one size. */
static double fairness_of(const char *a, const char *b)
{
    struct fixture f;
    set_up(&f, NULL, LIM_TIER_1, 1, 1, "gpt-4");
    struct sim_workload both[2] = { f.workload, f.workload };
    both[0].tenant = a;
    both[0].arrivals.batch = 10;
    both[1].tenant = b;
    both[1].arrivals.batch = 30;
    f.scenario.workloads = both;
    f.scenario.workload_count = 2;
    struct sim_summary s = run(&f, NULL);
    CU_ASSERT_EQUAL(s.succeeded, 40);
    sim_summary_fini(&s);
    return s.fairness_tenants;
}

static void fairness_is_told_of_two_tenants_or_more(void)
{
    char again[] = "a";
    CU_ASSERT_DOUBLE_EQUAL(fairness_of("a", "b"), 16.0 / (2 * 10), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(fairness_of(NULL, "b"), 0.8, 1e-12);
    CU_ASSERT_EQUAL(fairness_of("a", again), -1);
    CU_ASSERT_EQUAL(fairness_of(NULL, NULL), -1);
}

CU_TestInfo world_tests[] = {
    { "a run with hedges lasts as long as any",
      a_run_with_hedges_lasts_as_long_as_any },
    { "the seed takes forty seconds", the_seed_takes_forty_seconds },
    { "what is spent follows the prices", what_is_spent_follows_the_prices },
    { "keys do not multiply limits, organisations do",
      keys_do_not_multiply_limits_organisations_do },
    { "the day takes over from the minute",
      the_day_takes_over_from_the_minute },
    { "the story of a refusal", the_story_of_a_refusal },
    { "who knows the limits is never refused",
      who_knows_the_limits_is_never_refused },
    { "a seed tells all", a_seed_tells_all },
    { "what waits at the end is unfinished unless drained",
      what_waits_at_the_end_is_unfinished_unless_drained },
    { "an unknown model is told", an_unknown_model_is_told },
    { "bursty arrivals have their rate from the start",
      bursty_arrivals_have_their_rate_from_the_start },
    { "room for arrivals is enough and not absurd",
      room_for_arrivals_is_enough_and_not_absurd },
    { "a seed tells all arrivals", a_seed_tells_all_arrivals },
    { "fairness is told of two tenants or more",
      fairness_is_told_of_two_tenants_or_more },
    CU_TEST_INFO_NULL
};
