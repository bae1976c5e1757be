#include <CUnit/CUnit.h>

#include <string.h>

#include "sim/ledger.h"

/* Two that stay 3 and 5, one that came at 4, late by 1, and is there. */
static void fill(struct sim_station *s)
{
    sim_station_enter(s, 1, 1);
    sim_station_enter(s, 2, 2);
    sim_station_leave(s, 1, 4);
    sim_station_enter(s, 4, 5);
    sim_station_leave(s, 2, 7);
}

static void what_comes_out_even_is_good(void)
{
    struct sim_station s = { .entered = 0 };
    struct lim_diag diag = { 0 };
    fill(&s);
    CU_ASSERT_EQUAL(sim_station_check(&s, "requests", 1, 6, 10, &diag), LIM_OK);
    CU_ASSERT(s.area == 14);
}

static void one_that_is_lost_breaks_conservation(void)
{
    struct sim_station s = { .entered = 0 };
    struct lim_diag diag = { 0 };
    fill(&s);
    CU_ASSERT_EQUAL(sim_station_check(&s, "requests", 0, 0, 10, &diag),
                    SIM_EBROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "of 3 requests, 2 came"));
}

static void a_wrong_time_breaks_littles_law(void)
{
    struct sim_station s = { .entered = 0 };
    struct lim_diag diag = { 0 };
    fill(&s);
    CU_ASSERT_EQUAL(sim_station_check(&s, "attempts", 1, 5, 10, &diag),
                    SIM_EBROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "Little's law: attempts"));
}

CU_TestInfo ledger_tests[] = {
    { "what comes out even is good", what_comes_out_even_is_good },
    { "one that is lost breaks conservation",
      one_that_is_lost_breaks_conservation },
    { "a wrong time breaks Little's law", a_wrong_time_breaks_littles_law },
    CU_TEST_INFO_NULL
};
