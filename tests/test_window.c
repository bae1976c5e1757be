#include <CUnit/CUnit.h>

#include "limiter/limits.h"
#include "limiter/window.h"

/* A cost comes at `at`, may go at `goes`, is taken then, and leaves. */
struct row {
    lim_time at;
    int64_t cost;
    lim_time goes;
    int64_t remaining;
};

static void play(struct lim_rate r, const struct row *rows, size_t n)
{
    struct lim_window w;
    lim_window_init(&w, 0);
    for (size_t i = 0; i < n; i++) {
        const struct row *x = &rows[i];
        CU_ASSERT_EQUAL(lim_window_ready(&r, &w, x->cost, x->at), x->goes);
        lim_window_take(&r, &w, x->cost, x->goes);
        CU_ASSERT_EQUAL(lim_window_remaining(&r, &w, x->goes), x->remaining);
    }
}

#define PLAY(rate, rows) play(rate, rows, sizeof(rows) / sizeof((rows)[0]))

static void three_at_once_then_one_each_twenty_seconds(void)
{
    const struct row rows[] = {
        { 0, 1, 0, 2 },
        { 0, 1, 0, 1 },
        { 0, 1, 0, 0 },
        { 0, 1, 20 * LIM_SEC, 0 },
        { 25 * LIM_SEC, 1, 40 * LIM_SEC, 0 },
        { 100 * LIM_SEC, 1, 100 * LIM_SEC, 2 },
    };
    PLAY(lim_rate_make(3, LIM_MIN, 3), rows);
}

static void the_remainder_is_carried(void)
{
    /* 7 a minute is 8,571,428,571 3/7 ns: seven of them are a minute. */
    struct lim_rate r = lim_rate_make(7, LIM_MIN, 7);
    struct lim_window w;
    lim_window_init(&w, 0);
    for (int i = 0; i < 7; i++)
        lim_window_take(&r, &w, 1, 0);
    for (int minute = 1; minute <= 1000; minute++) {
        for (int i = 1; i <= 7; i++) {
            lim_time exact = (minute - 1) * LIM_MIN + (i * LIM_MIN + 6) / 7;
            lim_time ready = lim_window_ready(&r, &w, 1, 0);
            CU_ASSERT_EQUAL(ready, exact);
            lim_window_take(&r, &w, 1, ready);
        }
    }
    CU_ASSERT_EQUAL(lim_window_reset(&w, 1000 * LIM_MIN), LIM_MIN);
}

static void what_does_not_fit_never_goes(void)
{
    struct lim_rate r = lim_rate_make(10000, LIM_MIN, 10000);
    struct lim_window w;
    lim_window_init(&w, 0);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, 10000, 0), 0);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, 10001, 0), LIM_NEVER);
    r = lim_rate_make(0, LIM_MIN, 0);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, 1, 0), LIM_NEVER);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, 0, 0), 0);
    r = lim_rate_make(LIM_UNLIMITED, LIM_MIN, 0);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, LIM_LIMIT_MAX, 0), 0);
}

static void the_largest_limits_do_not_overflow(void)
{
    const struct {
        int64_t limit, window;
    } cases[] = {
        { 150000000, LIM_MIN },
        { 1500000, LIM_DAY },
        { 999999937, LIM_DAY },
        { LIM_LIMIT_MAX, LIM_DAY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t limit = cases[i].limit;
        struct lim_rate r = lim_rate_make(limit, cases[i].window, limit);
        struct lim_window w;
        lim_window_init(&w, 0);
        lim_window_take(&r, &w, limit, 0);
        CU_ASSERT_EQUAL(lim_window_remaining(&r, &w, 0), 0);
        CU_ASSERT_EQUAL(lim_window_reset(&w, 0), cases[i].window);
        CU_ASSERT_EQUAL(lim_window_ready(&r, &w, limit, 0), cases[i].window);
    }
}

static void giving_back_undoes_taking(void)
{
    struct lim_rate r = lim_rate_make(7, LIM_MIN, 7);
    struct lim_window w, before;
    lim_window_init(&w, 5);
    lim_window_take(&r, &w, 3, 5);
    before = w;
    lim_window_take(&r, &w, 2, 5);
    lim_window_give(&r, &w, 2);
    CU_ASSERT_EQUAL(w.tat, before.tat);
    CU_ASSERT_EQUAL(w.frac, before.frac);
}

static void a_clock_that_steps_back_gives_no_credit(void)
{
    struct lim_rate r = lim_rate_make(60, LIM_MIN, 1);
    struct lim_window w;
    lim_window_init(&w, 0);
    lim_window_take(&r, &w, 1, 100 * LIM_SEC);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, 1, 50 * LIM_SEC), 101 * LIM_SEC);
    lim_window_take(&r, &w, 0, 50 * LIM_SEC);
    CU_ASSERT_EQUAL(lim_window_ready(&r, &w, 1, 100 * LIM_SEC), 101 * LIM_SEC);
}

static void a_small_burst_spreads_requests(void)
{
    const struct row rows[] = {
        { 0, 6, 0, 0 },
        { 0, 1, LIM_SEC, 0 },
        { 600 * LIM_SEC, 6, 600 * LIM_SEC, 0 },
    };
    PLAY(lim_rate_make(60, LIM_MIN, 6), rows);
}

static void months_follow_the_calendar(void)
{
    lim_time t = lim_date(2026, 11, 23) + 7 * LIM_HOUR;
    CU_ASSERT_EQUAL(lim_month_start(t), lim_date(2026, 11, 1));
    CU_ASSERT_EQUAL(lim_month_end(t), lim_date(2026, 12, 1));
    CU_ASSERT_EQUAL(lim_month_end(lim_date(2026, 12, 31)),
                    lim_date(2027, 1, 1));
    CU_ASSERT_EQUAL(lim_month_start(lim_date(2024, 2, 29)),
                    lim_date(2024, 2, 1));
    CU_ASSERT_EQUAL(lim_date(1970, 1, 1), 0);
    CU_ASSERT_EQUAL(lim_date(2000, 3, 1), 951868800 * LIM_SEC);
    CU_ASSERT_EQUAL(lim_month_start(-1), lim_date(1969, 12, 1));
}

CU_TestInfo window_tests[] = {
    { "three at once, then one each twenty seconds",
      three_at_once_then_one_each_twenty_seconds },
    { "the remainder is carried", the_remainder_is_carried },
    { "what does not fit never goes", what_does_not_fit_never_goes },
    { "the largest limits do not overflow",
      the_largest_limits_do_not_overflow },
    { "giving back undoes taking", giving_back_undoes_taking },
    { "a clock that steps back gives no credit",
      a_clock_that_steps_back_gives_no_credit },
    { "a small burst spreads requests", a_small_burst_spreads_requests },
    { "months follow the calendar", months_follow_the_calendar },
    CU_TEST_INFO_NULL
};
