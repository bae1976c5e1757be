/* Rates that change, closed loops, and traces that go on or are scaled. */

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arrivals.h"
#include "sim/world.h"

#define WEEK (7 * LIM_DAY)
#define MONDAY (4 * LIM_DAY) /* 5 January 1970 */

static struct sim_source begun(const struct sim_arrivals *a, uint64_t seed,
                               lim_time start)
{
    struct sim_source s;
    CU_ASSERT_EQUAL_FATAL(sim_source_init(&s, a, seed, 0, start), LIM_OK);
    return s;
}

static int64_t count_within(const struct sim_arrivals *a, uint64_t seed,
                            lim_time from, lim_time to)
{
    struct sim_source s = begun(a, seed, from);
    int64_t n = 0;
    for (; sim_source_next(&s) < to; sim_source_take(&s))
        n++;
    sim_source_fini(&s);
    return n;
}

/* Factors 0, 1, 0, 3 of four quarters of a day, with a mean of 1. */
static struct sim_arrivals quarters(double cv)
{
    static const double factors[] = { 0, 1, 0, 3 };
    struct sim_arrivals a = { .kind = SIM_ARRIVE_DIURNAL,
                              .rate_per_s = 1,
                              .cv = cv,
                              .factor_count = 24 };
    for (int i = 0; i < 24; i++)
        a.factors[i] = factors[i / 6];
    return a;
}

static void each_hour_of_the_day_has_its_rate(void)
{
    struct sim_arrivals a = quarters(1);
    struct sim_source s = begun(&a, 3, MONDAY);
    double counts[4] = { 0 };
    for (; sim_source_next(&s) < MONDAY + 4 * LIM_DAY; sim_source_take(&s))
        counts[(sim_source_next(&s) - MONDAY) % LIM_DAY / (6 * LIM_HOUR)]++;
    /* 4 days of 6 hours a quarter: 86,400 s; 4.5 standard deviations */
    CU_ASSERT_EQUAL(counts[0], 0);
    CU_ASSERT_DOUBLE_EQUAL(counts[1], 86400, 4.5 * sqrt(86400));
    CU_ASSERT_EQUAL(counts[2], 0);
    CU_ASSERT_DOUBLE_EQUAL(counts[3], 3 * 86400, 4.5 * sqrt(3 * 86400));
    sim_source_fini(&s);
}

static void a_week_begins_on_monday(void)
{
    struct sim_arrivals a = { .kind = SIM_ARRIVE_DIURNAL,
                              .rate_per_s = 1,
                              .cv = 1,
                              .factor_count = SIM_HOURS };
    a.factors[24 + 5] = SIM_HOURS; /* Tuesday, 05:00 to 06:00 */
    struct sim_source s = begun(&a, 1, MONDAY + 3 * WEEK + LIM_MIN);
    lim_time first = sim_source_next(&s) - MONDAY - 3 * WEEK;
    CU_ASSERT(first >= LIM_DAY + 5 * LIM_HOUR);
    CU_ASSERT(first < LIM_DAY + 5 * LIM_HOUR + LIM_SEC);
    sim_source_fini(&s);
}

/* What is bursty within the hour is as bursty on the clock of the rates. */
static void bursts_and_hours_go_together(void)
{
    struct sim_arrivals a = quarters(3);
    double sum = 0, squares = 0;
    const int seeds = 2000;
    lim_time from = MONDAY + 6 * LIM_HOUR, to = from + 5 * LIM_MIN;
    for (int seed = 0; seed < seeds; seed++) {
        double n = (double)count_within(&a, (uint64_t)seed, from, to);
        sum += n;
        squares += n * n;
    }
    double mean = sum / seeds;
    double variance = squares / seeds - mean * mean;
    CU_ASSERT_DOUBLE_EQUAL(mean, 300, 3.3 * sqrt(variance / seeds));
    /* a renewal process scatters by cv^2 in the long run */
    CU_ASSERT(variance / mean > 7);
    CU_ASSERT(variance / mean < 10);
}

static struct sim_arrivals two_states(void)
{
    return (struct sim_arrivals){ .kind = SIM_ARRIVE_MMPP,
                                  .cv = 1,
                                  .states = { { 0.5, 30 }, { 10, 5 } },
                                  .state_count = 2 };
}

/* Mean and index of dispersion of MMPP-2 (Heffes and Lucantoni 1986). */
static void states_that_change_give_mean_and_dispersion(void)
{
    struct sim_arrivals a = two_states();
    double r1 = 1.0 / 30, r2 = 1.0 / 5, l1 = 0.5, l2 = 10;
    double wanted = (l1 * r2 + l2 * r1) / (r1 + r2);
    double dispersion = 1 + 2 * r1 * r2 * (l1 - l2) * (l1 - l2) /
                                ((r1 + r2) * (r1 + r2) * (l1 * r2 + l2 * r1));
    double sum = 0, squares = 0;
    const int seeds = 2000;
    CU_ASSERT_DOUBLE_EQUAL(sim_arrivals_mean(&a), wanted, 1e-12);
    for (int seed = 0; seed < seeds; seed++) {
        int64_t n = count_within(&a, (uint64_t)seed, 0, 10 * LIM_MIN);
        CU_ASSERT(n <= sim_arrivals_most(&a, 10 * LIM_MIN));
        sum += (double)n;
        squares += (double)n * (double)n;
    }
    double mean = sum / seeds;
    double variance = squares / seeds - mean * mean;
    CU_ASSERT_DOUBLE_EQUAL(mean, wanted * 600, 3.3 * sqrt(variance / seeds));
    /* a sample variance of 2,000 scatters by 3.2 %; three times that */
    CU_ASSERT_DOUBLE_EQUAL(variance / mean, dispersion, 0.1 * dispersion);
}

static void random_arrivals_end_with_time(void)
{
    struct sim_arrivals a = quarters(1);
    CU_ASSERT_EQUAL(sim_arrivals_most(&a, LIM_NEVER), -1);
    CU_ASSERT(sim_arrivals_most(&a, LIM_HOUR) >= 3 * 3600);
    CU_ASSERT((double)sim_arrivals_most(&a, 10 * WEEK) < 1.2 * 10 * 7 * 86400);
    a = two_states();
    CU_ASSERT_EQUAL(sim_arrivals_most(&a, LIM_NEVER), -1);
}

static const struct sim_trace_row rows[] = { { 0, 10, 1 },
                                             { LIM_SEC, 20, 2 },
                                             { 3 * LIM_SEC, 30, 3 } };

static void a_trace_that_loops_begins_anew_after_a_mean_gap(void)
{
    struct sim_arrivals a = { .kind = SIM_ARRIVE_TRACE,
                              .rows = rows,
                              .row_count = 3,
                              .speed = 2,
                              .loop = true };
    const double at[] = { 0, 0.5, 1.5, 2.25, 2.75, 3.75, 4.5 };
    struct sim_source s = begun(&a, 1, 0);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        CU_ASSERT_DOUBLE_EQUAL((double)sim_source_next(&s) / LIM_SEC, at[i],
                               1e-8);
        CU_ASSERT_PTR_EQUAL(sim_source_take(&s).row, &rows[i % 3]);
    }
    CU_ASSERT_EQUAL(sim_arrivals_most(&a, LIM_NEVER), -1);
    CU_ASSERT(sim_arrivals_most(&a, 5 * LIM_SEC) >= 7);
    a.loop = false;
    s = begun(&a, 1, 0);
    for (int i = 0; i < 3; i++)
        sim_source_take(&s);
    CU_ASSERT_EQUAL(sim_source_next(&s), LIM_NEVER);
}

/* 1,000 rows, one a second. */
static struct sim_trace_row *long_trace(void)
{
    struct sim_trace_row *r = malloc(1000 * sizeof *r);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    for (int i = 0; i < 1000; i++)
        r[i] = (struct sim_trace_row){ i * LIM_SEC, i, i };
    return r;
}

static void a_scaled_trace_keeps_its_clock(void)
{
    const struct {
        double scale;
        size_t least, most;
    } cases[] = { { 0.3, 240, 360 },
                  { 1, 1000, 1000 },
                  { 2, 2000, 2000 },
                  { 3.5, 3440, 3560 } };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct sim_trace_row *r = long_trace();
        size_t n = 1000, late = 0;
        CU_ASSERT_EQUAL(sim_trace_scale(&r, &n, cases[c].scale), LIM_OK);
        CU_ASSERT(n >= cases[c].least);
        CU_ASSERT(n <= cases[c].most);
        for (size_t i = 0; i < n; i++) {
            CU_ASSERT(i == 0 || r[i].at_ns >= r[i - 1].at_ns);
            late += r[i].at_ns >= 500 * LIM_SEC;
        }
        CU_ASSERT(r[n - 1].at_ns <= 999 * LIM_SEC + 1);
        CU_ASSERT_DOUBLE_EQUAL((double)late / (double)n, 0.5, 0.1);
        free(r);
    }
}

static void users_think_send_and_wait(void)
{
    struct sim_arrivals a = { .kind = SIM_ARRIVE_CLOSED,
                              .users = 2,
                              .think = sim_dist_constant(5) };
    struct sim_source s = begun(&a, 1, 0);
    CU_ASSERT_EQUAL(sim_source_next(&s), 5 * LIM_SEC);
    CU_ASSERT_EQUAL(sim_source_take(&s).user, 0);
    CU_ASSERT_EQUAL(sim_source_take(&s).user, 1);
    CU_ASSERT_EQUAL(sim_source_next(&s), LIM_NEVER);
    sim_source_ended(&s, 1, 7 * LIM_SEC);
    CU_ASSERT_EQUAL(sim_source_next(&s), 12 * LIM_SEC);
    CU_ASSERT_EQUAL(sim_source_take(&s).user, 1);
    CU_ASSERT_EQUAL(sim_arrivals_most(&a, LIM_HOUR), 2);
    CU_ASSERT_EQUAL(sim_arrivals_most(&a, LIM_NEVER), -1);
    sim_source_fini(&s);
}

static struct sim_workload asks(struct sim_arrivals a)
{
    return (struct sim_workload){
        .model = "gpt-4o",
        .arrivals = a,
        .prompt_tokens = sim_dist_constant(100),
        .completion_tokens = sim_dist_constant(10),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
}

static struct sim_summary run(const struct sim_workload *w, size_t n,
                              int64_t duration_ns,
                              const struct sim_watch *watch)
{
    static const struct sim_organisation o = {
        .name = "org", .tier = LIM_TIER_1, .keys = 1, .weight = 1
    };
    struct sim_summary out;
    struct sim_scenario s = { .name = "test",
                              .duration_ns = duration_ns,
                              .provider = sim_provider_config_default(),
                              .client = sim_client_config_default(),
                              .workloads = w,
                              .workload_count = n };
    s.provider.organisations = &o;
    s.provider.organisation_count = 1;
    s.provider.latency_source = SIM_LATENCY_GIVEN;
    s.provider.latency = sim_latency_constant(1);
    CU_ASSERT_EQUAL_FATAL(
        sim_world_run(&s, 1, watch, NULL, &out, NULL, NULL, NULL), LIM_OK);
    return out;
}

/* 10 users, each 1 s of service after 4 s of thought: 2 requests a second. */
static void a_closed_loop_keeps_its_users_busy(void)
{
    struct sim_workload w =
        asks((struct sim_arrivals){ .kind = SIM_ARRIVE_CLOSED,
                                    .users = 10,
                                    .think = sim_dist_constant(4) });
    struct sim_summary s = run(&w, 1, 1000 * LIM_SEC, NULL);
    CU_ASSERT_EQUAL(s.requests, 2000);
    CU_ASSERT_EQUAL(s.succeeded, 1990); /* the last end with the run */
    sim_summary_fini(&s);
}

static void count_model(void *context, const struct sim_attempt *a)
{
    int64_t *n = context;
    n[a->model[0] - 'a']++;
}

static void shared_arrivals_fall_to_each_by_its_share(void)
{
    int64_t n[3] = { 0 };
    const struct sim_watch watch = { .context = n, .attempt = count_model };
    struct sim_workload w[3] = {
        asks((struct sim_arrivals){ .kind = SIM_ARRIVE_SHARED }),
        asks((struct sim_arrivals){ .kind = SIM_ARRIVE_BATCH, .batch = 10000 }),
        asks((struct sim_arrivals){ .kind = SIM_ARRIVE_BATCH, .batch = 7 }),
    };
    w[0].model = "a";
    w[0].share = 3;
    w[1].model = "b";
    w[1].share = 1;
    w[2].model = "c";
    struct sim_summary s = run(w, 3, LIM_HOUR, &watch);
    CU_ASSERT_EQUAL(s.succeeded, 10007);
    CU_ASSERT_DOUBLE_EQUAL((double)n[0], 7500, 4.5 * sqrt(10000 * 0.75 * 0.25));
    CU_ASSERT_EQUAL(n[0] + n[1], 10000);
    CU_ASSERT_EQUAL(n[2], 7);
    sim_summary_fini(&s);
}

CU_TestInfo arrivals_tests[] = {
    { "each hour of the day has its rate", each_hour_of_the_day_has_its_rate },
    { "a week begins on Monday", a_week_begins_on_monday },
    { "bursts and hours go together", bursts_and_hours_go_together },
    { "states that change give mean and dispersion",
      states_that_change_give_mean_and_dispersion },
    { "random arrivals end with time", random_arrivals_end_with_time },
    { "a trace that loops begins anew after a mean gap",
      a_trace_that_loops_begins_anew_after_a_mean_gap },
    { "a scaled trace keeps its clock", a_scaled_trace_keeps_its_clock },
    { "users think, send and wait", users_think_send_and_wait },
    { "a closed loop keeps its users busy",
      a_closed_loop_keeps_its_users_busy },
    { "shared arrivals fall to each by its share",
      shared_arrivals_fall_to_each_by_its_share },
    CU_TEST_INFO_NULL,
};
