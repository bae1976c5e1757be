#include <CUnit/CUnit.h>

#include <stdlib.h>

#include "limiter/time.h"
#include "sim/burst.h"
#include "sim/dispersion.h"

#define MINUTES 120
#define ROWS_MAX 6000

static struct sim_trace_row rows[ROWS_MAX];
static size_t row_count;

static void put(int64_t at_ns)
{
    rows[row_count] =
        (struct sim_trace_row){ .at_ns = at_ns,
                                .prompt_tokens = (int32_t)row_count };
    row_count++;
}

/* Evenly, `n` of them in the minute. */
static void put_minute(int64_t minute, int n)
{
    for (int i = 0; i < n; i++)
        put(minute * LIM_MIN + i * LIM_MIN / n);
}

/* An empty last minute, but for its end: so the span is of whole minutes. */
static void put_minutes(const int *counts, size_t n)
{
    row_count = 0;
    for (int64_t m = 0; m < MINUTES; m++)
        put_minute(m, counts[(size_t)m % n]);
    put(MINUTES * LIM_MIN - 1);
}

static int counted(int64_t minute)
{
    int n = 0;
    for (size_t i = 0; i < row_count; i++)
        n += rows[i].at_ns / LIM_MIN == minute;
    return n;
}

static double dispersion(void)
{
    struct sim_dispersion d;
    sim_dispersion_init(&d, 0);
    for (size_t i = 0; i < row_count; i++)
        sim_dispersion_add(&d, rows[i].at_ns);
    return sim_dispersion_index(&d, MINUTES * LIM_MIN);
}

static void minutes_lie_twice_as_far_from_the_mean(void)
{
    put_minutes((const int[]){ 10, 20 }, 2);
    double before = dispersion();
    CU_ASSERT_EQUAL(sim_trace_burst(rows, row_count, 2), LIM_OK);
    for (int64_t m = 40; m < 80; m++) {
        int wanted = m % 2 == 0 ? 5 : 25;
        CU_ASSERT(abs(counted(m) - wanted) <= 1);
    }
    CU_ASSERT_DOUBLE_EQUAL(dispersion() / before, 4, 0.3);
}

static void none_is_lost_and_the_order_stays(void)
{
    put_minutes((const int[]){ 0, 3, 0, 0, 40, 2 }, 6);
    int64_t last = rows[row_count - 1].at_ns;
    CU_ASSERT_EQUAL(sim_trace_burst(rows, row_count, 2), LIM_OK);
    for (size_t i = 0; i < row_count; i++) {
        CU_ASSERT_EQUAL(rows[i].prompt_tokens, (int32_t)i);
        CU_ASSERT(rows[i].at_ns >= (i > 0 ? rows[i - 1].at_ns : 0));
        CU_ASSERT(rows[i].at_ns <= last);
    }
}

/* Minutes of 3 and 30 can not lie evenly about their mean. */
static void none_falls_below_nothing(void)
{
    put_minutes((const int[]){ 3, 3, 30, 3, 3 }, 5);
    double before = dispersion();
    CU_ASSERT_EQUAL(sim_trace_burst(rows, row_count, 1.4), LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(dispersion() / before, 1.96, 0.1);
}

static void one_changes_nothing_and_none_makes_it_even(void)
{
    put_minutes((const int[]){ 10, 20 }, 2);
    double before = dispersion();
    CU_ASSERT_EQUAL(sim_trace_burst(rows, row_count, 1), LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(dispersion(), before, 0.05 * before);
    CU_ASSERT_EQUAL(sim_trace_burst(rows, row_count, 0), LIM_OK);
    CU_ASSERT(dispersion() < 0.1 * before);
}

/* A day's shape is no burst: hours of 10 and of 40 a minute keep their mean. */
static void the_shape_of_the_hours_stays(void)
{
    row_count = 0;
    for (int64_t m = 0; m < MINUTES; m++)
        put_minute(m, (m < 60 ? 5 : 35) + (m % 2 == 0 ? 0 : 10));
    CU_ASSERT_EQUAL(sim_trace_burst(rows, row_count, 1.5), LIM_OK);
    int first = 0, last = 0;
    for (int64_t m = 0; m < 30; m++)
        first += counted(m);
    for (int64_t m = 90; m < MINUTES; m++)
        last += counted(m);
    CU_ASSERT(abs(first - 300) < 30);
    CU_ASSERT(abs(last - 1200) < 100);
}

static void what_is_even_or_too_long_stays(void)
{
    struct sim_trace_row one = { .at_ns = 0 };
    CU_ASSERT_EQUAL(sim_trace_burst(&one, 1, 2), LIM_OK);
    CU_ASSERT_EQUAL(one.at_ns, 0);
    CU_ASSERT_EQUAL(sim_trace_burst(&one, 0, 2), LIM_OK);
    struct sim_trace_row two[] = {
        { .at_ns = 0 },
        { .at_ns = (SIM_BURST_MINUTES_MAX + INT64_C(2)) * LIM_MIN }
    };
    CU_ASSERT_EQUAL(sim_trace_burst(two, 2, 2), LIM_EINVAL);
    CU_ASSERT_EQUAL(two[1].at_ns,
                    (SIM_BURST_MINUTES_MAX + INT64_C(2)) * LIM_MIN);
}

CU_TestInfo burst_tests[] = {
    { "minutes lie twice as far from the mean",
      minutes_lie_twice_as_far_from_the_mean },
    { "none is lost, and the order stays", none_is_lost_and_the_order_stays },
    { "none falls below nothing", none_falls_below_nothing },
    { "one changes nothing, and none makes it even",
      one_changes_nothing_and_none_makes_it_even },
    { "the shape of the hours stays", the_shape_of_the_hours_stays },
    { "what is even or too long stays", what_is_even_or_too_long_stays },
    CU_TEST_INFO_NULL
};
