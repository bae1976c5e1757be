#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "bench/place.h"
#include "bench/scenario.h"
#include "bench/settle.h"

static void load(struct bench_scenario *s, const char *warmup,
                 const char *poisson)
{
    char text[1000];
    struct lim_diag diag = { 0 };
    snprintf(text, sizeof text,
             "{\"duration\": \"2h\", \"warmup\": \"%s\", \"provider\": "
             "{\"table\": \"none\", \"latency\": {\"exponential\": {\"mean\": "
             "\"1s\"}}}, \"client\": {\"cap\": 1}, \"workload\": {\"model\": "
             "\"m\", \"arrivals\": {\"poisson\": \"%s\"}}}",
             warmup, poisson);
    cJSON *tree = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    CU_ASSERT_EQUAL_FATAL(bench_scenario_from_json(s, tree, NULL, &diag),
                          LIM_OK);
    cJSON_Delete(tree);
}

/* The same figures, from the attempts. */
struct late {
    int64_t from;
    double latency_ns;
    unsigned arrived, ended;
};

static void see(void *context, const struct sim_attempt *a)
{
    struct late *l = context;
    l->ended += a->done_ns >= l->from;
    if (a->arrival_ns < l->from)
        return;
    l->arrived++;
    l->latency_ns += (double)(a->done_ns - a->arrival_ns);
}

/* With enough seeds that some request is under way as the warm-up ends. */
static void times_and_rates_leave_the_warmup_out(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    load(&s, "30m", "48/m");
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct late late = { .from = 30 * LIM_MIN };
        const struct sim_watch watch = { .context = &late, .attempt = see };
        struct sim_summary out;
        CU_ASSERT_EQUAL_FATAL(
            sim_world_run(&s.sim, seed, &watch, NULL, &out, NULL, NULL, &diag),
            LIM_OK);
        CU_ASSERT(out.succeeded > late.ended + 1000);
        CU_ASSERT_EQUAL(out.warmup_s, 1800);
        CU_ASSERT_DOUBLE_EQUAL(out.latency_ms.mean,
                               late.latency_ns / late.arrived / 1e6, 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(out.goodput_rpm, late.ended / 90.0, 1e-9);
        sim_summary_fini(&out);
    }
    bench_scenario_fini(&s);
}

static void it_is_found_alike_each_time(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    struct bench_place place = { .world = BENCH_ON_SIM, .name = "sim" };
    struct bench_outcome out;
    int64_t found = 0, again = -1, most = 0;
    load(&s, "auto", "54/m");
    for (uint64_t seed = 1; seed <= 8; seed++) {
        int error = bench_settle(&s.sim, seed, NULL, &found, &diag);
        if (error != LIM_OK)
            continue;
        CU_ASSERT(found >= 0 && found < LIM_HOUR + 20 * LIM_MIN);
        bench_settle(&s.sim, seed, NULL, &again, &diag);
        CU_ASSERT_EQUAL(found, again);
        CU_ASSERT_EQUAL(
            bench_place_run(&place, &s, seed, NULL, NULL, &out, &diag), LIM_OK);
        CU_ASSERT_DOUBLE_EQUAL(out.summary.warmup_s, (double)found / LIM_SEC,
                               1e-9);
        bench_outcome_fini(&out);
        most = found > most ? found : most;
    }
    CU_ASSERT(most > 0);
    bench_scenario_fini(&s);
}

/* Twice the load that one at a time can bear. */
static void a_run_that_never_settles_fails(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    struct bench_place place = { .world = BENCH_ON_SIM, .name = "sim" };
    struct bench_outcome out;
    load(&s, "auto", "120/m");
    CU_ASSERT_EQUAL(bench_place_run(&place, &s, 1, NULL, NULL, &out, &diag),
                    LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "have not settled"));
    bench_scenario_fini(&s);
}

static void what_a_warmup_cannot_be_is_told(void)
{
    static const char *const wrong[] = {
        "{\"warmup\": \"1m\", \"workload\": {\"model\": \"gpt-4o\", "
        "\"arrivals\": {\"batch\": 5}}}",
        "{\"warmup\": \"10m\", \"duration\": \"10m\", \"workload\": {\"model\":"
        " \"gpt-4o\", \"arrivals\": {\"batch\": 5}}}",
        "{\"warmup\": \"automatic\", \"duration\": \"10m\", \"workload\": "
        "{\"model\": \"gpt-4o\", \"arrivals\": {\"batch\": 5}}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bench_scenario s;
        struct lim_diag diag = { 0 };
        cJSON *tree = cJSON_Parse(wrong[i]);
        CU_ASSERT_NOT_EQUAL(bench_scenario_from_json(&s, tree, NULL, &diag),
                            LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "warmup"));
        cJSON_Delete(tree);
    }
}

CU_TestInfo settle_tests[] = {
    { "times and rates leave the warm-up out",
      times_and_rates_leave_the_warmup_out },
    { "it is found alike each time", it_is_found_alike_each_time },
    { "a run that never settles fails", a_run_that_never_settles_fails },
    { "what a warm-up cannot be is told", what_a_warmup_cannot_be_is_told },
    CU_TEST_INFO_NULL
};
