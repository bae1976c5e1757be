#include <CUnit/CUnit.h>

#include "sim/dispersion.h"

#define START (5 * LIM_DAY + 7)

static void add(struct sim_dispersion *d, int64_t at_s, int n)
{
    for (int i = 0; i < n; i++)
        sim_dispersion_add(d, START + at_s * LIM_SEC);
}

/* 4, 0, 0 and 8 in four minutes: mean 3, variance 44 / 3. */
static void it_is_variance_over_mean_of_whole_minutes(void)
{
    struct sim_dispersion d;
    sim_dispersion_init(&d, START);
    add(&d, 0, 3);
    add(&d, 59, 1);
    add(&d, 180, 5);
    add(&d, 239, 3);
    add(&d, 240, 100);
    CU_ASSERT_DOUBLE_EQUAL(sim_dispersion_index(&d, START + 299 * LIM_SEC),
                           44.0 / 9, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(sim_dispersion_index(&d, LIM_NEVER), 44.0 / 9,
                           1e-12);
}

static void minutes_without_a_request_at_the_end_count(void)
{
    struct sim_dispersion d;
    sim_dispersion_init(&d, START);
    add(&d, 10, 2);
    CU_ASSERT_DOUBLE_EQUAL(sim_dispersion_index(&d, START + 2 * LIM_MIN), 2,
                           1e-12);
}

static void even_arrivals_have_none(void)
{
    struct sim_dispersion d;
    sim_dispersion_init(&d, START);
    for (int64_t i = 0; i < 600; i++)
        add(&d, i, 1);
    CU_ASSERT_EQUAL(sim_dispersion_index(&d, START + 10 * LIM_MIN), 0);
}

static void too_little_tells_nothing(void)
{
    struct sim_dispersion d;
    sim_dispersion_init(&d, START);
    add(&d, 30, 5);
    CU_ASSERT_EQUAL(sim_dispersion_index(&d, START + 119 * LIM_SEC), -1);
    sim_dispersion_init(&d, START);
    CU_ASSERT_EQUAL(sim_dispersion_index(&d, START + LIM_HOUR), -1);
    CU_ASSERT_EQUAL(sim_dispersion_index(&d, LIM_NEVER), -1);
}

CU_TestInfo dispersion_tests[] = {
    { "it is variance over mean of whole minutes",
      it_is_variance_over_mean_of_whole_minutes },
    { "minutes without a request at the end count",
      minutes_without_a_request_at_the_end_count },
    { "even arrivals have none", even_arrivals_have_none },
    { "too little tells nothing", too_little_tells_nothing },
    CU_TEST_INFO_NULL
};
