#include <CUnit/CUnit.h>

#include <string.h>

#include "sim/ledger.h"

#define FIRST (INT64_C(1) << 62) /* instants whose sum is out of range */

/* Of three, two leave; the last one came at 4 and is there. */
static void fill(struct sim_station *s)
{
    sim_station_enter(s, FIRST + 1);
    sim_station_enter(s, FIRST + 2);
    sim_station_leave(s, FIRST + 1);
    sim_station_enter(s, FIRST + 4);
    sim_station_leave(s, FIRST + 2);
}

static void what_comes_out_even_is_good(void)
{
    struct sim_station s = { .entered = 0 };
    struct lim_diag diag = { 0 };
    fill(&s);
    CU_ASSERT_EQUAL(sim_station_check(&s, "requests", 1, FIRST + 4, &diag),
                    LIM_OK);
}

static void one_that_is_lost_breaks_conservation(void)
{
    struct sim_station s = { .entered = 0 };
    struct lim_diag diag = { 0 };
    fill(&s);
    CU_ASSERT_EQUAL(sim_station_check(&s, "requests", 0, 0, &diag),
                    SIM_EBROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "of 3 requests, 2 came"));
}

static void a_wrong_time_breaks_littles_law(void)
{
    struct sim_station s = { .entered = 0 };
    struct lim_diag diag = { 0 };
    fill(&s);
    CU_ASSERT_EQUAL(
        sim_station_check(&s, "attempts", 1, FIRST + 4 + LIM_SEC, &diag),
        SIM_EBROKEN);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(diag.text, "Little's law: attempts by time and their times "
                          "together are 1 s apart"));
}

/*
 * The number there, integrated step by step, and the times that each was
 * there: who comes late counts from when it was due, and two are left.
 */
static void the_sums_tell_the_area(void)
{
    static const struct step {
        int64_t at, since; /* since < 0: the one since -since leaves */
    } steps[] = { { 5, 3 },   { 7, 7 },   { 9, -3 },
                  { 12, 11 }, { 12, 12 }, { 20, -11 } };
    const int64_t end = 31;
    int64_t there = 0, area = 0, stay = 0, last = 0;
    struct sim_station s = { .entered = 0 };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int64_t at = steps[i].at, since = steps[i].since;
        area += there * (at - last);
        last = at;
        if (since < 0) {
            sim_station_leave(&s, -since);
            stay += at + since;
            there--;
        } else {
            sim_station_enter(&s, since);
            area += at - since;
            there++;
        }
    }
    area += there * (end - last);
    stay += (end - 7) + (end - 12);
    CU_ASSERT_EQUAL(area, stay);
    CU_ASSERT_EQUAL(sim_station_check(&s, "requests", 2, 7 + 12, NULL), LIM_OK);
}

CU_TestInfo ledger_tests[] = {
    { "what comes out even is good", what_comes_out_even_is_good },
    { "one that is lost breaks conservation",
      one_that_is_lost_breaks_conservation },
    { "a wrong time breaks Little's law", a_wrong_time_breaks_littles_law },
    { "the sums tell the area", the_sums_tell_the_area },
    CU_TEST_INFO_NULL
};
