#include <CUnit/CUnit.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/time.h"
#include "sim/latency.h"

static struct sim_timing draw(const struct sim_latency *l, uint64_t seed,
                              uint64_t request, unsigned attempt,
                              int64_t completion_tokens)
{
    const struct sim_latency_of of = { .request = request,
                                       .attempt = attempt,
                                       .completion_tokens = completion_tokens,
                                       .factor = 1 };
    return sim_latency_draw(l, seed, &of);
}

static void a_constant_is_the_whole_time(void)
{
    struct sim_latency l = sim_latency_constant(10);
    struct sim_timing t = draw(&l, 1, 2, 3, 500);
    CU_ASSERT_EQUAL(t.ttft_ns, 10 * LIM_SEC);
    CU_ASSERT_EQUAL(t.total_ns, 10 * LIM_SEC);
    CU_ASSERT_EQUAL(sim_latency_mean(&l, 500), 10);
}

static void each_token_after_the_first_takes_its_time(void)
{
    struct sim_latency l = { .ttft = sim_dist_constant(0.5),
                             .per_token = sim_dist_constant(0.01) };
    const struct {
        int64_t tokens, total_ns;
    } rows[] = {
        { 0, 500 * LIM_MSEC },
        { 1, 500 * LIM_MSEC },
        { 2, 510 * LIM_MSEC },
        { 101, 1500 * LIM_MSEC },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_timing t = draw(&l, 1, 0, 0, rows[i].tokens);
        CU_ASSERT_EQUAL(t.ttft_ns, 500 * LIM_MSEC);
        CU_ASSERT_EQUAL(t.total_ns, rows[i].total_ns);
    }
    CU_ASSERT_DOUBLE_EQUAL(sim_latency_mean(&l, 101), 1.5, 1e-12);
}

static void prompts_are_read_before_the_first_token(void)
{
    struct sim_latency l = { .ttft = sim_dist_constant(0.5),
                             .per_token = sim_dist_constant(0.01),
                             .per_prompt_token = 1e-5 };
    const struct {
        int64_t prompt, completion;
        double factor;
        int64_t ttft_ns, total_ns;
    } rows[] = {
        { 0, 1, 1, 500 * LIM_MSEC, 500 * LIM_MSEC },
        { 1000, 1, 1, 510 * LIM_MSEC, 510 * LIM_MSEC },
        { 100000, 101, 1, 1500 * LIM_MSEC, 2500 * LIM_MSEC },
        { 100000, 101, 2, 3000 * LIM_MSEC, 5000 * LIM_MSEC },
        { 0, 101, 0.5, 250 * LIM_MSEC, 750 * LIM_MSEC },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sim_latency_of of = {
            .prompt_tokens = rows[i].prompt,
            .completion_tokens = rows[i].completion,
            .factor = rows[i].factor,
        };
        struct sim_timing t = sim_latency_draw(&l, 1, &of);
        CU_ASSERT_EQUAL(t.ttft_ns, rows[i].ttft_ns);
        CU_ASSERT_EQUAL(t.total_ns, rows[i].total_ns);
    }
    for (size_t i = 0; i < sim_profiles(); i++) {
        const struct sim_profile *p = sim_profile_at(i);
        double published = strcmp(p->name, "gpt-5") == 0 ? 1e-5 : 0;
        CU_ASSERT_EQUAL(p->latency.per_prompt_token, published);
    }
}

static void load_makes_slower(void)
{
    const struct {
        struct sim_load load;
        int64_t in_flight;
        double factor;
    } rows[] = {
        { { 100, 0 }, 1000, 1 },  { { 100, 1 }, 0, 1 },
        { { 100, 1 }, 100, 2 },   { { 100, 1 }, 50, 1.5 },
        { { 100, 0.5 }, 200, 2 }, { { 1, 1 }, 9, 10 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(sim_load_factor(&rows[i].load, rows[i].in_flight),
                        rows[i].factor);
}

static void draws_depend_on_request_and_attempt_alone(void)
{
    const struct sim_latency *l = &sim_profile_for("gpt-4o")->latency;
    struct sim_timing a = draw(l, 1, 5, 0, 50);
    struct sim_timing b = draw(l, 1, 5, 0, 50);
    CU_ASSERT_EQUAL(a.ttft_ns, b.ttft_ns);
    CU_ASSERT_EQUAL(a.total_ns, b.total_ns);
    b = draw(l, 1, 5, 0, 200);
    CU_ASSERT_EQUAL(a.ttft_ns, b.ttft_ns);
    CU_ASSERT_NOT_EQUAL(a.ttft_ns, draw(l, 1, 6, 0, 50).ttft_ns);
    CU_ASSERT_NOT_EQUAL(a.ttft_ns, draw(l, 1, 5, 1, 50).ttft_ns);
    CU_ASSERT_NOT_EQUAL(a.ttft_ns, draw(l, 2, 5, 0, 50).ttft_ns);
}

static void absurd_times_are_bounded(void)
{
    struct sim_latency l = { .ttft = sim_dist_constant(1e300),
                             .per_token = sim_dist_constant(1e300) };
    struct sim_timing t = draw(&l, 1, 0, 0, INT32_MAX);
    CU_ASSERT(t.ttft_ns > 0);
    CU_ASSERT(t.total_ns >= t.ttft_ns);
    l.ttft = sim_dist_constant(-1);
    CU_ASSERT_EQUAL(draw(&l, 1, 0, 0, 1).total_ns, 0);
}

static void models_find_their_profile(void)
{
    const struct {
        const char *model, *profile;
    } rows[] = {
        { "gpt-4o", "gpt-4o" },
        { "gpt-4o-2024-08-06", "gpt-4o" },
        { "gpt-4o-mini", "gpt-4o-mini" },
        { "gpt-4o-mini-2024-07-18", "gpt-4o-mini" },
        { "gpt-4.1-mini", "gpt-4.1-mini" },
        { "gpt-4.1", "gpt-4.1" },
        { "gpt-4-0613", "gpt-4" },
        { "gpt-5.2", "gpt-5" },
        { "gpt-3.5-turbo", "default" },
        { "dall-e-3", "default" },
        { "", "default" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_STRING_EQUAL(sim_profile_for(rows[i].model)->name,
                               rows[i].profile);
    CU_ASSERT_PTR_NULL(sim_profile_find("gpt-4o-2024-08-06"));
    CU_ASSERT_PTR_NULL(sim_profile_at(sim_profiles()));
    for (size_t i = 0; i < sim_profiles(); i++) {
        const struct sim_profile *p = sim_profile_at(i);
        CU_ASSERT_PTR_EQUAL(sim_profile_find(p->name), p);
        CU_ASSERT(strlen(p->source) > 0);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

#define DRAWS 100000

/* The published quantiles, in ms, and tokens a second. */
static void a_profile_reproduces_what_was_measured(void)
{
    static int64_t ttft[DRAWS];
    const struct {
        const char *model;
        double p50, p95, p99, rate;
    } rows[] = {
        { "gpt-4o-mini", 536, 844, 4461, 105.3 },
        { "gpt-4o", 639, 1144, 4517, 81 },
        { "gpt-4.1-mini", 661, 1087, 2169, 77.2 },
        { "gpt-4.1", 726, 1220, 1946, 74.8 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sim_latency *l = &sim_profile_find(rows[i].model)->latency;
        double gaps = 0;
        for (uint64_t k = 0; k < DRAWS; k++) {
            struct sim_timing t = draw(l, 3, k, 0, 1001);
            ttft[k] = t.ttft_ns;
            gaps += (double)(t.total_ns - t.ttft_ns) / 1e12;
        }
        qsort(ttft, DRAWS, sizeof ttft[0], by_size);
        double ms = 1e-6;
        CU_ASSERT_DOUBLE_EQUAL((double)ttft[DRAWS / 2] * ms / rows[i].p50, 1,
                               0.04);
        CU_ASSERT_DOUBLE_EQUAL(
            (double)ttft[DRAWS * 95 / 100] * ms / rows[i].p95, 1, 0.04);
        CU_ASSERT_DOUBLE_EQUAL(
            (double)ttft[DRAWS * 99 / 100] * ms / rows[i].p99, 1, 0.06);
        CU_ASSERT_DOUBLE_EQUAL(DRAWS / gaps / rows[i].rate, 1, 0.002);
        CU_ASSERT_DOUBLE_EQUAL(
            (sim_latency_mean(l, 1001) - sim_latency_mean(l, 1)) *
                rows[i].rate / 1000,
            1, 1e-9);
    }
}

static void gpt_4_takes_what_azure_measured(void)
{
    const struct sim_latency *l = &sim_profile_find("gpt-4")->latency;
    CU_ASSERT_DOUBLE_EQUAL(sim_latency_mean(l, 1), 0.84, 0.001);
    CU_ASSERT_DOUBLE_EQUAL(exp(l->ttft.a + 1.645 * l->ttft.b), 1.3, 0.001);
}

CU_TestInfo latency_tests[] = {
    { "a constant is the whole time", a_constant_is_the_whole_time },
    { "each token after the first takes its time",
      each_token_after_the_first_takes_its_time },
    { "prompts are read before the first token",
      prompts_are_read_before_the_first_token },
    { "load makes slower", load_makes_slower },
    { "draws depend on request and attempt alone",
      draws_depend_on_request_and_attempt_alone },
    { "absurd times are bounded", absurd_times_are_bounded },
    { "models find their profile", models_find_their_profile },
    { "a profile reproduces what was measured",
      a_profile_reproduces_what_was_measured },
    { "gpt-4 takes what Azure measured", gpt_4_takes_what_azure_measured },
    CU_TEST_INFO_NULL
};
