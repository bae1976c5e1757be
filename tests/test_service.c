#include <CUnit/CUnit.h>

#include "limiter/time.h"
#include "sim/service.h"

/* One organisation of the mid-2024 table at tier1, and a call to make. */
struct world {
    struct lim_table *table;
    struct sim_provider_config config;
    struct sim_service service;
    struct sim_call call;
    struct sim_plan plan;
};

static void begin(struct world *w, struct sim_call call)
{
    static const struct sim_organisation o = { .name = "org",
                                               .tier = LIM_TIER_1,
                                               .keys = 1 };
    *w = (struct world){ .table = lim_table_builtin("official-2024-mid", NULL),
                         .config = sim_provider_config_default() };
    w->config.table = w->table;
    w->config.organisations = &o;
    w->config.organisation_count = 1;
    CU_ASSERT_EQUAL_FATAL(sim_service_init(&w->service, &w->config, NULL),
                          LIM_OK);
    w->call = call;
    sim_service_resolve(&w->service, &w->call);
}

static void ask(struct world *w)
{
    sim_service_begin(&w->service, &w->call, w->config.start, &w->plan);
}

static void end(struct world *w)
{
    sim_service_fini(&w->service);
    lim_table_free(w->table);
}

static void a_request_is_charged_for_prompt_and_allowance(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 300,
                                 .max_tokens = 600,
                                 .completion_tokens = 100 });
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_REQUESTS], 1);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_TOKENS], 900);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_IMAGES], 0);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_MONEY], 0);
    CU_ASSERT_EQUAL(w.plan.completion_tokens, 100);
    w.call.max_tokens = -1;
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_TOKENS], 300);
    end(&w);
}

static void the_real_cost_is_spent_at_the_end(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 1000,
                                 .max_tokens = 600,
                                 .completion_tokens = 100 });
    ask(&w);
    int64_t price = lim_price_cost(lim_price_find("gpt-4o"), 1000, 100, 0);
    CU_ASSERT(price > 0);
    CU_ASSERT_EQUAL(w.plan.microusd, price);
    CU_ASSERT_EQUAL(sim_provider_spent(w.service.provider, 0, w.config.start),
                    0);
    lim_time done = w.config.start + w.plan.timing.total_ns;
    sim_service_end(&w.service, &w.call, &w.plan, done);
    CU_ASSERT_EQUAL(sim_provider_spent(w.service.provider, 0, done), price);
    end(&w);
}

static void a_price_that_is_not_known_is_told_and_not_spent(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "no-such-model", .max_tokens = -1 });
    w.config.table = NULL;
    sim_service_fini(&w.service);
    sim_service_init(&w.service, &w.config, NULL);
    sim_service_resolve(&w.service, &w.call);
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(w.plan.microusd, -1);
    sim_service_end(&w.service, &w.call, &w.plan, w.config.start);
    CU_ASSERT_EQUAL(sim_provider_spent(w.service.provider, 0, w.config.start),
                    0);
    end(&w);
}

static void replies_are_cut_at_max_tokens(void)
{
    const struct {
        int64_t given, max, length;
    } rows[] = {
        { 100, -1, 100 }, { 100, 99, 99 }, { 100, 1, 1 },
        { 0, -1, 0 },     { 0, 10, 0 },    { 1, 0, 1 },
    };
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o", .prompt_tokens = 10 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w.call.completion_tokens = rows[i].given;
        w.call.max_tokens = rows[i].max;
        ask(&w);
        CU_ASSERT_EQUAL(w.plan.completion_tokens, rows[i].length);
    }
    end(&w);
}

static void lengths_that_are_not_given_are_drawn(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-3.5-turbo",
                                 .max_tokens = -1,
                                 .completion_tokens = -1 });
    w.config.table = NULL;
    sim_service_fini(&w.service);
    sim_service_init(&w.service, &w.config, NULL);
    w.call.group = 0;
    int below_p50 = 0, below_p95 = 0, n = 10000;
    for (int i = 0; i < n; i++) {
        w.call.request = (uint64_t)i;
        ask(&w);
        int64_t length = w.plan.completion_tokens;
        CU_ASSERT(length >= 1);
        below_p50 += length <= 129;
        below_p95 += length <= 451;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)below_p50 / n, 0.5, 0.015);
    CU_ASSERT_DOUBLE_EQUAL((double)below_p95 / n, 0.95, 0.006);
    int64_t last = w.plan.completion_tokens;
    w.call.attempt = 1; /* another try has the same reply */
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.completion_tokens, last);
    struct sim_dist a = sim_default_completion();
    struct sim_dist b = sim_dist_lognormal(129, 451);
    CU_ASSERT_DOUBLE_EQUAL(a.a, b.a, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(a.b, b.b, 1e-14);
    end(&w);
}

static void latency_is_the_models_or_the_given(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o-2024-08-06",
                                 .max_tokens = -1,
                                 .completion_tokens = 50,
                                 .request = 7,
                                 .attempt = 2 });
    ask(&w);
    const struct sim_latency_of of = {
        .request = 7, .attempt = 2, .completion_tokens = 50, .factor = 1
    };
    struct sim_timing t = sim_latency_draw(&sim_profile_find("gpt-4o")->latency,
                                           w.config.seed, &of);
    CU_ASSERT_EQUAL(w.plan.timing.ttft_ns, t.ttft_ns);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, t.total_ns);
    w.service.config.latency_source = SIM_LATENCY_GIVEN;
    w.service.config.latency = sim_latency_constant(10);
    sim_service_resolve(&w.service, &w.call);
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, 10 * LIM_SEC);
    end(&w);
}

static void a_refusal_comes_at_once(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 100000000,
                                 .max_tokens = -1,
                                 .completion_tokens = 5 });
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_TOO_LARGE);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, 0);
    CU_ASSERT_EQUAL(w.plan.completion_tokens, 0);
    CU_ASSERT_EQUAL(w.plan.microusd, 0);
    end(&w);
    begin(&w, (struct sim_call){ .model = "gpt-99" });
    CU_ASSERT_EQUAL(w.call.group, -1);
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_NO_MODEL);
    CU_ASSERT_EQUAL(w.plan.verdict.max, 0);
    CU_ASSERT_EQUAL(w.plan.verdict.admitted_at, LIM_NEVER);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, 0);
    end(&w);
}

CU_TestInfo service_tests[] = {
    { "a request is charged for prompt and allowance",
      a_request_is_charged_for_prompt_and_allowance },
    { "the real cost is spent at the end", the_real_cost_is_spent_at_the_end },
    { "a price that is not known is told and not spent",
      a_price_that_is_not_known_is_told_and_not_spent },
    { "replies are cut at max_tokens", replies_are_cut_at_max_tokens },
    { "lengths that are not given are drawn",
      lengths_that_are_not_given_are_drawn },
    { "latency is the model's or the given",
      latency_is_the_models_or_the_given },
    { "a refusal comes at once", a_refusal_comes_at_once },
    CU_TEST_INFO_NULL
};
