#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "bench/scenario.h"
#include "mockserver/json.h"

static int load(struct bench_scenario *s, const char *text,
                struct lim_diag *diag)
{
    cJSON *tree = mock_json_parse(text, strlen(text), diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    int error = bench_scenario_from_json(s, tree, NULL, diag);
    cJSON_Delete(tree);
    return error;
}

/* A scenario that is refused, and words that its reason holds. */
struct wrong {
    const char *text, *says;
};

static void refused(const struct wrong *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct bench_scenario s;
        struct lim_diag diag = { 0 };
        int error = load(&s, rows[i].text, &diag);
        CU_ASSERT_NOT_EQUAL(error, LIM_OK);
        if (error == LIM_OK)
            bench_scenario_fini(&s);
        if (strstr(diag.text, rows[i].says) == NULL)
            printf("\n%s\n  said: %s\n", rows[i].text, diag.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].says));
    }
}

#define REFUSED(rows) refused(rows, sizeof(rows) / sizeof((rows)[0]))

#define WORK                                                                   \
    "\"workload\": {\"model\": \"gpt-4o\", \"arrivals\": {\"batch\": 1}}"

static void the_seed_s_example_is_read(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    int error =
        load(&s,
             "{\"client\": {\"cap\": 30, \"strategy\": \"round_robin\"},"
             " \"workload\": {\"model\": \"gpt-3.5-turbo\","
             "  \"arrivals\": {\"batch\": 100}},"
             " \"provider\": {\"table\": \"none\", \"latency\": \"10s\"}}",
             &diag);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    CU_ASSERT_EQUAL(s.sim.seed, 1);
    CU_ASSERT_EQUAL(s.sim.duration_ns, LIM_NEVER);
    CU_ASSERT_FALSE(s.sim.drain);
    CU_ASSERT_EQUAL(s.sim.client.cap_pool, 30);
    CU_ASSERT_STRING_EQUAL(s.sim.client.strategy->name, "round_robin");
    CU_ASSERT_PTR_NULL(s.sim.provider.table);
    CU_ASSERT_EQUAL(s.sim.provider.organisation_count, 1);
    CU_ASSERT_EQUAL_FATAL(s.sim.workload_count, 1);
    CU_ASSERT_STRING_EQUAL(s.sim.workloads[0].model, "gpt-3.5-turbo");
    CU_ASSERT_EQUAL(s.sim.workloads[0].arrivals.kind, SIM_ARRIVE_BATCH);
    CU_ASSERT_EQUAL(s.sim.workloads[0].arrivals.batch, 100);
    CU_ASSERT_EQUAL(s.sim.workloads[0].max_tokens, -1);
    bench_scenario_fini(&s);
}

static void the_defaults_are_those_of_the_contract(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    const struct sim_client_config d = sim_client_config_default();
    CU_ASSERT_EQUAL_FATAL(load(&s, "{" WORK "}", &diag), LIM_OK);
    CU_ASSERT_STRING_EQUAL(s.sim.client.strategy->name, "headroom");
    CU_ASSERT_STRING_EQUAL(s.sim.client.retry.backoff->name, "full_jitter");
    CU_ASSERT_EQUAL(s.sim.client.retry.max, 6);
    CU_ASSERT_EQUAL(s.sim.client.belief, LIM_BELIEF_KNOWN);
    CU_ASSERT_EQUAL(s.sim.client.cap_pool, d.cap_pool);
    CU_ASSERT_STRING_EQUAL(s.sim.provider.organisations[0].name, "org");
    CU_ASSERT_EQUAL(s.sim.provider.organisations[0].tier, LIM_TIER_1);
    CU_ASSERT_EQUAL(s.sim.workloads[0].deadline_ns, LIM_NEVER);
    bench_scenario_fini(&s);
}

static void every_field_is_read_with_its_units(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    int error =
        load(&s,
             "{\"name\": \"n\", \"seed\": 7, \"duration\": \"10m\","
             " \"drain\": true, \"description\": \"d\","
             " \"provider\": {\"table\": \"seed\", \"organisations\":"
             "  [{\"name\": \"free\", \"tier\": \"free\", \"count\": 5}]},"
             " \"client\": {\"cap\": {\"per_organisation\": 3},"
             "  \"queue\": {\"name\": \"fifo\"}, \"limits\": \"none\","
             "  \"retry\": {\"max\": 2, \"base\": \"1s\", \"cap\": \"4s\","
             "   \"backoff\": \"full_jitter\"}},"
             " \"workload\": [{\"model\": \"gpt-4\","
             "   \"arrivals\": {\"poisson\": \"12/m\"}, \"max_tokens\": \"1k\","
             "   \"deadline\": \"30s\"},"
             "  {\"model\": \"gpt-3.5-turbo\", \"arrivals\": {\"batch\": 4},"
             "   \"images\": 0, \"prompt_tokens\": 20,"
             "   \"completion_tokens\": {\"exponential\": {\"mean\": 10}}}]}",
             &diag);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    CU_ASSERT_EQUAL(s.sim.seed, 7);
    CU_ASSERT_EQUAL(s.sim.duration_ns, 10 * LIM_MIN);
    CU_ASSERT_TRUE(s.sim.drain);
    CU_ASSERT_EQUAL(s.sim.provider.organisation_count, 5);
    CU_ASSERT_EQUAL(s.sim.client.cap_organisation, 3);
    CU_ASSERT_EQUAL(s.sim.client.belief, LIM_BELIEF_NONE);
    CU_ASSERT_EQUAL(s.sim.client.retry.max, 2);
    CU_ASSERT_EQUAL(s.sim.client.retry.base_ns, LIM_SEC);
    CU_ASSERT_EQUAL(s.sim.client.retry.cap_ns, 4 * LIM_SEC);
    CU_ASSERT_EQUAL_FATAL(s.sim.workload_count, 2);
    CU_ASSERT_DOUBLE_EQUAL(s.workloads[0].arrivals.rate_per_s, 0.2, 1e-12);
    CU_ASSERT_EQUAL(s.workloads[0].max_tokens, 1000);
    CU_ASSERT_EQUAL(s.workloads[0].deadline_ns, 30 * LIM_SEC);
    CU_ASSERT_EQUAL(s.workloads[1].prompt_tokens.kind, SIM_DIST_CONSTANT);
    CU_ASSERT_EQUAL(s.workloads[1].completion_tokens.kind,
                    SIM_DIST_EXPONENTIAL);
    bench_scenario_fini(&s);
}

static void bursts_and_tenants_are_read(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    int error =
        load(&s,
             "{\"duration\": \"1h\", \"provider\": {\"organisations\":"
             " [{\"name\": \"a\", \"weight\": 2.5, \"priority\": 3},"
             "  {\"name\": \"b\"}]},"
             " \"workload\": [{\"model\": \"gpt-4o\", \"arrivals\":"
             "   {\"gamma\": {\"rate\": \"90/m\", \"cv\": 13}},"
             "   \"tenant\": \"x\", \"priority\": 9, \"affinity\": \"1k\"},"
             "  {\"model\": \"gpt-4o\", \"arrivals\":"
             "   {\"weibull\": {\"rate\": \"2/s\", \"cv\": 0.5}}}]}",
             &diag);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    const struct sim_organisation *o = s.sim.provider.organisations;
    CU_ASSERT_EQUAL(o[0].weight, 2.5);
    CU_ASSERT_EQUAL(o[0].priority, 3);
    CU_ASSERT_EQUAL(o[1].weight, 1);
    CU_ASSERT_EQUAL(o[1].priority, 0);
    const struct sim_workload *w = s.sim.workloads;
    CU_ASSERT_EQUAL(w[0].arrivals.kind, SIM_ARRIVE_GAMMA);
    CU_ASSERT_EQUAL(w[0].arrivals.rate_per_s, 1.5);
    CU_ASSERT_EQUAL(w[0].arrivals.cv, 13);
    CU_ASSERT_STRING_EQUAL(w[0].tenant, "x");
    CU_ASSERT_EQUAL(w[0].priority, 9);
    CU_ASSERT_EQUAL(w[0].affinity, 1000);
    CU_ASSERT_EQUAL(w[1].arrivals.kind, SIM_ARRIVE_WEIBULL);
    CU_ASSERT_EQUAL(w[1].arrivals.rate_per_s, 2);
    CU_ASSERT_EQUAL(w[1].arrivals.cv, 0.5);
    CU_ASSERT_PTR_NULL(w[1].tenant);
    CU_ASSERT_EQUAL(w[1].priority, 0);
    CU_ASSERT_EQUAL(w[1].affinity, 0);
    bench_scenario_fini(&s);
}

static void a_cap_of_none_is_no_cap(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(
        load(&s, "{\"client\": {\"cap\": \"none\"}, " WORK "}", &diag), LIM_OK);
    CU_ASSERT_EQUAL(s.sim.client.cap_pool,
                    sim_client_config_default().cap_pool);
    bench_scenario_fini(&s);
}

static void mistakes_are_named_with_place_and_remedy(void)
{
    static const struct wrong rows[] = {
        { "{\"clinet\": {}, " WORK "}", "client" },
        { "{\"client\": {\"stratgy\": \"headroom\"}, " WORK "}", "strategy" },
        { "{\"client\": {\"strategy\": \"hedroom\"}, " WORK "}", "headroom" },
        { "{\"client\": {\"cap\": 0}, " WORK "}", "client.cap" },
        { "{\"client\": {\"cap\": true}, " WORK "}", "client.cap" },
        { "{\"client\": {\"cap\": \"nine\"}, " WORK "}", "client.cap" },
        { "{\"client\": {\"cap\": {}}, " WORK "}", "per_organisation" },
        { "{\"client\": 5, " WORK "}", "client" },
        { "{\"client\": {\"retry\": {\"max\": -1}}, " WORK "}",
          "client.retry.max" },
        { "{\"seed\": 1.5, " WORK "}", "seed" },
        { "{\"duration\": \"10 minutes\", " WORK "}", "duration" },
        { "{\"duration\": 0, " WORK "}", "duration" },
        { "{\"drain\": \"yes\", " WORK "}", "drain" },
        { "{\"vary\": [], " WORK "}", "vary" },
        { "{\"replications\": 0, " WORK "}", "replications" },
        { "{\"workload\": {\"model\": \"text-embedding-3-small\","
          " \"arrivals\": {\"batch\": 1}, \"max_tokens\": 5}}",
          "no reply to bound" },
        { "{\"workload\": {\"model\": \"dall-e-3\", \"images\": 1,"
          " \"arrivals\": {\"batch\": 1}, \"max_tokens\": 5}}",
          "no reply to bound" },
        { "{}", "workload" },
        { "{\"workload\": []}", "workload" },
        { "{\"workload\": [1]}", "workload[0]" },
    };
    REFUSED(rows);
}

#define ARRIVE(a) "{\"workload\": {\"model\": \"gpt-4o\", \"arrivals\": " a "}}"
#define ENDED(a)                                                               \
    "{\"duration\": \"1h\", \"workload\": {\"model\": \"gpt-4o\", "            \
    "\"arrivals\": " a "}}"
#define STANDING(s)                                                            \
    "{\"workload\": {\"model\": \"gpt-4o\", \"arrivals\": {\"batch\": 1}, " s  \
    "}}"
#define ORGANISATION(o)                                                        \
    "{\"provider\": {\"organisations\": [{\"name\": \"a\", " o "}]}, " WORK "}"
#define MODEL(m)                                                               \
    "{\"workload\": {\"model\": \"" m "\", \"arrivals\": {\"batch\": 1}}, "    \
    "\"provider\": {\"table\": \"seed\", "                                     \
    "\"organisations\": [{\"name\": \"a\", \"tier\": \"free\"}]}}"

static void what_a_workload_cannot_be_is_named(void)
{
    static const struct wrong rows[] = {
        { "{\"workload\": {\"arrivals\": {\"batch\": 1}}}", "workload.model" },
        { "{\"workload\": {\"model\": \"gpt-4o\"}}", "workload.arrivals" },
        { ARRIVE("{}"), "diurnal, mmpp, trace, closed" },
        { ARRIVE("{\"batch\": 1, \"poisson\": \"1/s\"}"), "batch" },
        { ARRIVE("{\"batch\": 0}"), "workload.arrivals.batch" },
        { ARRIVE("{\"poisson\": \"1/m\"}"), "duration" },
        { ARRIVE("{\"poisson\": \"fast\"}"), "workload.arrivals.poisson" },
        { ARRIVE("{\"trace\": \"there/is/none.csv\"}"), "none.csv" },
        { ARRIVE("{\"batch\": 1, \"speed\": 2}"), "speed" },
        { ARRIVE("{\"gamma\": 3}"), "workload.arrivals.gamma" },
        { ARRIVE("{\"gamma\": {}}"), "workload.arrivals.gamma.rate" },
        { ARRIVE("{\"weibull\": {\"rate\": \"1/s\"}}"),
          "workload.arrivals.weibull.cv" },
        { ARRIVE("{\"gamma\": {\"rate\": \"1/s\", \"cv\": 3}}"), "duration" },
        { ENDED("{\"gamma\": {\"rate\": 0, \"cv\": 3}}"), "gamma.rate" },
        { ENDED("{\"gamma\": {\"rate\": 1, \"cv\": 0.04}}"), "gamma.cv" },
        { ENDED("{\"weibull\": {\"rate\": 1, \"cv\": 101}}"),
          "from 0.05 to 100" },
        { ENDED("{\"weibull\": {\"rate\": 1, \"cv\": 1, \"shape\": 2}}"),
          "weibull.shape" },
        { ENDED("{\"mmpp\": {\"rates\": [1, 2], \"stay\": [1]}}"),
          "expected 2 durations" },
        { ENDED("{\"mmpp\": {\"rates\": [], \"stay\": []}}"), "1 to 8 rates" },
        { ENDED("{\"mmpp\": {\"rates\": [\"1/m\"], \"stay\": [0]}}"),
          "state 1" },
        { ENDED("{\"mmpp\": {\"rates\": [0], \"stay\": [1]}}"), "above 0" },
        { ARRIVE("{\"mmpp\": {\"rates\": [1], \"stay\": [1]}}"), "duration" },
        { ENDED("{\"diurnal\": {\"mean\": 1, \"hourly\": [1, 2]}}"),
          "24 factors" },
        { ENDED("{\"diurnal\": {\"hourly\": [1, 2]}}"), "diurnal.mean" },
        { ENDED("{\"closed\": {\"users\": 0, \"think\": 1}}"), "closed.users" },
        { ENDED("{\"closed\": {\"users\": 3, \"think\": 0}}"), "above 0" },
        { ARRIVE("{\"closed\": {\"users\": 3, \"think\": 1}}"), "duration" },
        { "{\"workload\": {\"model\": \"gpt-4o\", \"share\": 1}}",
          "all share" },
        { STANDING("\"tenant\": 5"), "workload.tenant" },
        { STANDING("\"tenant\": \"\""), "1 to 100 bytes" },
        { STANDING("\"priority\": 10"), "from 0 to 9" },
        { STANDING("\"priority\": 1.5"), "workload.priority" },
        { STANDING("\"affinity\": -1"), "workload.affinity" },
        { ORGANISATION("\"weight\": 0"), "organisations[0].weight" },
        { ORGANISATION("\"priority\": -1"), "organisations[0].priority" },
        { MODEL("gpt-5-imaginary"), "gpt-5-imaginary" },
        { MODEL("gpt-3.5-trubo"), "gpt-3.5-turbo" },
    };
    REFUSED(rows);
}

static void every_part_of_a_client_is_read(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(
        load(&s,
             "{\"client\": {"
             "\"cap\": {\"aimd\": {\"initial\": 3, \"min\": 2, \"max\": 9,"
             " \"backoff\": 0.5, \"timeout\": \"7s\","
             " \"measure\": \"per_token\"},"
             " \"per_organisation\": 8, \"scope\": \"pool\"},"
             " \"queue\": {\"name\": \"priority\", \"max\": 50,"
             " \"shed\": \"last\", \"aging\": \"5s\"},"
             " \"retry\": {\"backoff\": \"sdk\","
             " \"budget\": {\"ratio\": 0.1, \"reserve\": 5}},"
             " \"breaker\": {\"failures\": 3, \"open\": \"10s\"},"
             " \"discipline\": \"sliding-log\", \"quantum\": \"2s\","
             " \"hedge\": {\"after\": \"p99.9\", \"budget\": 0.1},"
             " \"limits\": \"learned\", \"strategy\": \"p2c\"}, " WORK "}",
             &diag),
        LIM_OK);
    const struct sim_client_config *c = &s.sim.client;
    CU_ASSERT_STRING_EQUAL(c->cap->name, "aimd");
    CU_ASSERT_EQUAL(c->cap_options.initial, 3);
    CU_ASSERT_EQUAL(c->cap_options.min, 2);
    CU_ASSERT_EQUAL(c->cap_options.max, 9);
    CU_ASSERT_EQUAL(c->cap_options.backoff, 0.5);
    CU_ASSERT_EQUAL(c->cap_options.timeout_ns, 7 * LIM_SEC);
    CU_ASSERT_EQUAL(c->cap_options.measure, LIM_MEASURE_PER_TOKEN);
    CU_ASSERT_EQUAL(c->cap_organisation, 8);
    CU_ASSERT_TRUE(c->cap_whole);
    CU_ASSERT_STRING_EQUAL(c->queue.discipline->name, "priority");
    CU_ASSERT_EQUAL(c->queue.max, 50);
    CU_ASSERT_TRUE(c->queue.shed_last);
    CU_ASSERT_EQUAL(c->queue.aging_ns, 5 * LIM_SEC);
    CU_ASSERT_STRING_EQUAL(c->retry.backoff->name, "sdk");
    CU_ASSERT_EQUAL(c->retry.budget, 0.1);
    CU_ASSERT_EQUAL(c->retry.budget_reserve, 5);
    CU_ASSERT_EQUAL(c->breaker.failures, 3);
    CU_ASSERT_EQUAL(c->breaker.open_ns, 10 * LIM_SEC);
    CU_ASSERT_EQUAL(c->belief, LIM_BELIEF_LEARNED);
    CU_ASSERT_EQUAL(c->discipline, LIM_DISCIPLINE_SLIDING_LOG);
    CU_ASSERT_EQUAL(c->quantum_ns, 2 * LIM_SEC);
    CU_ASSERT_EQUAL(c->hedge.after_ns, 0);
    CU_ASSERT_DOUBLE_EQUAL(c->hedge.quantile, 0.999, 1e-9);
    CU_ASSERT_EQUAL(c->hedge.budget, 0.1);
    CU_ASSERT_STRING_EQUAL(c->strategy->name, "p2c");
    bench_scenario_fini(&s);
}

static void what_a_client_cannot_be_is_named(void)
{
    static const struct wrong rows[] = {
        { "{\"client\": {\"cap\": {\"aimd\": {}, \"vegas\": {}}}, " WORK "}",
          "aimd" },
        { "{\"client\": {\"cap\": {\"aimd\": {\"initial\": 0}}}, " WORK "}",
          "client.cap.aimd.initial" },
        { "{\"client\": {\"cap\": {\"amid\": {}}}, " WORK "}", "client.cap" },
        { "{\"client\": {\"cap\": \"vega\"}, " WORK "}", "vegas" },
        { "{\"client\": {\"queue\": \"lifo\"}, " WORK "}", "client.queue" },
        { "{\"client\": {\"queue\": {\"max\": 0}}, " WORK "}",
          "client.queue.max" },
        { "{\"client\": {\"queue\": {\"shed\": \"none\"}}, " WORK "}",
          "client.queue.shed" },
        { "{\"client\": {\"retry\": {\"budget\": {\"ratio\": 0}}}, " WORK "}",
          "client.retry.budget.ratio" },
        { "{\"client\": {\"breaker\": {\"open\": \"1h\"}}, " WORK "}",
          "client.breaker.open" },
        { "{\"client\": {\"limits\": \"guessed\"}, " WORK "}",
          "client.limits" },
        { "{\"client\": {\"discipline\": \"slidinglog\"}, " WORK "}",
          "sliding-log" },
        { "{\"client\": {\"quantum\": \"2m\"}, " WORK "}", "client.quantum" },
        { "{\"client\": {\"hedge\": {\"after\": \"p100\"}}, " WORK "}",
          "client.hedge.after" },
        { "{\"client\": {\"hedge\": {\"after\": \"soon\"}}, " WORK "}",
          "client.hedge.after" },
        { "{\"client\": {\"hedge\": {\"after\": \"2s\", "
          "\"budget\": 2}}, " WORK "}",
          "client.hedge.budget" },
        { "{\"client\": {\"hedge\": {\"at\": \"p95\"}}, " WORK "}",
          "client.hedge" },
    };
    REFUSED(rows);
}

/* The provider's prices come with its table, and reach what is asked of it. */
static void prices_are_the_provider_s(void)
{
    static const struct wrong rows[] = {
        { "{\"provider\": {\"prices\": {\"gpt-4o\": 5}}, " WORK "}",
          "provider.prices.gpt-4o: found 5, expected an object" },
        { "{\"prices\": {}, " WORK "}", "prices: unknown key" },
    };
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    REFUSED(rows);
    int error =
        load(&s,
             "{\"provider\": {\"prices\": {\"gpt-4o\": {\"input\": \"$2.50\","
             " \"output\": 10, \"image\": \"$0.04\"}}}, " WORK "}",
             &diag);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    const struct lim_price *p =
        lim_prices_find(&s.sim.provider.prices, s.workloads[0].model);
    CU_ASSERT_EQUAL(lim_price_cost(p, 1000000, 100000, 0), 3500000);
    CU_ASSERT_EQUAL(lim_price_cost(p, 1000000, 100000, 2), 80000);
    bench_scenario_fini(&s);
}

CU_TestInfo scenario_tests[] = {
    { "the seed's example is read", the_seed_s_example_is_read },
    { "the defaults are those of the contract",
      the_defaults_are_those_of_the_contract },
    { "every field is read with its units",
      every_field_is_read_with_its_units },
    { "bursts and tenants are read", bursts_and_tenants_are_read },
    { "a cap of none is no cap", a_cap_of_none_is_no_cap },
    { "mistakes are named with place and remedy",
      mistakes_are_named_with_place_and_remedy },
    { "what a workload cannot be is named",
      what_a_workload_cannot_be_is_named },
    { "every part of a client is read", every_part_of_a_client_is_read },
    { "what a client cannot be is named", what_a_client_cannot_be_is_named },
    { "prices are the provider's", prices_are_the_provider_s },
    CU_TEST_INFO_NULL
};
