#include <CUnit/CUnit.h>

#include "limiter/error.h"
#include "limiter/meter.h"
#include "tests/failmalloc.h"
#include "tests/one_meter.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A cost comes at `at`, may go at `goes`, is taken then, and leaves; reset is
   from then on.  All in ms. */
struct row {
    int64_t at, cost, goes, remaining, reset;
};

static void play(enum lim_discipline d, int64_t limit, const struct row *rows,
                 size_t n)
{
    struct one o = make(d, limit, LIM_MIN, 0);
    for (size_t i = 0; i < n; i++) {
        const struct row *x = &rows[i];
        lim_time goes = x->goes * LIM_MSEC;
        CU_ASSERT_EQUAL(ready(&o, x->cost, x->at * LIM_MSEC), goes);
        take(&o, x->cost, goes);
        CU_ASSERT_EQUAL(left(&o, goes), x->remaining);
        CU_ASSERT_EQUAL(reset(&o, goes), x->reset * LIM_MSEC);
    }
    end(&o);
}

static void a_bucket_refills_all_the_time(void)
{
    const struct row rows[] = {
        { 50000, 60, 50000, 0, 60000 },
        { 50000, 1, 51000, 0, 60000 },
        { 60000, 9, 60000, 0, 60000 },
        { 60000, 30, 90000, 0, 60000 },
    };
    play(LIM_DISCIPLINE_BUCKET, 60, rows, COUNT(rows));
}

static void a_slice_is_a_second_of_the_minute(void)
{
    const struct row rows[] = {
        { 0, 1, 0, 59, 1000 },
        { 0, 1, 1000, 59, 1000 },
        { 1500, 1, 2000, 59, 1000 },
        { 9000, 1, 9000, 59, 1000 },
    };
    play(LIM_DISCIPLINE_QUANTISED, 60, rows, COUNT(rows));
}

static void more_than_a_slice_leaves_a_debt(void)
{
    const struct row rows[] = {
        { 0, 30, 0, 30, 30000 },       /* a second holds one */
        { 0, 1, 30000, 59, 1000 },     /* 29 owed, and one */
        { 30500, 60, 31000, 0, 60000 } /* a full slice, and a full minute */
    };
    play(LIM_DISCIPLINE_QUANTISED, 60, rows, COUNT(rows));
}

static void a_share_of_a_slice_is_rounded_up(void)
{
    const struct row rows[] = {
        { 0, 2, 0, 98, 1200 },
        { 0, 1, 500, 97, 1300 }, /* two a second, not 1.67 */
    };
    play(LIM_DISCIPLINE_QUANTISED, 100, rows, COUNT(rows));
}

static void a_fixed_window_ends_with_the_minute(void)
{
    const struct row rows[] = {
        { 50000, 60, 50000, 0, 10000 },   { 50001, 1, 60000, 59, 60000 },
        { 60001, 59, 60001, 0, 59999 },   { 60001, 60, 120000, 0, 60000 },
        { 500000, 1, 500000, 59, 40000 },
    };
    play(LIM_DISCIPLINE_FIXED, 60, rows, COUNT(rows));
}

static void a_log_counts_for_one_minute(void)
{
    const struct row rows[] = {
        { 0, 30, 0, 30, 60000 },
        { 20000, 20, 20000, 10, 60000 },
        { 40000, 10, 40000, 0, 60000 },
        { 40000, 1, 60000, 29, 60000 },  /* the 30 leave */
        { 60000, 49, 80000, 0, 60000 },  /* and the 20 */
        { 80000, 60, 140000, 0, 60000 }, /* and all */
        { 500000, 1, 500000, 59, 60000 },
    };
    play(LIM_DISCIPLINE_SLIDING_LOG, 60, rows, COUNT(rows));
}

static void a_counter_weighs_the_minute_before(void)
{
    const struct row rows[] = {
        { 30000, 60, 30000, 0, 90000 },
        { 30000, 1, 61000, 0, 119000 },    /* 59 s of 60 are 59 */
        { 61000, 29, 90000, 0, 90000 },    /* 30 s of 60, and 30 */
        { 90000, 60, 180000, 0, 120000 },  /* nothing of the 30 may count */
        { 180000, 60, 300000, 0, 120000 }, /* nor of the 60 */
        { 900000, 1, 900000, 59, 120000 },
    };
    play(LIM_DISCIPLINE_SLIDING_COUNTER, 60, rows, COUNT(rows));
}

/* Of 7 a minute, 3 in the minute before: 3 x (60 s - e) / 60 s <= 2 units from
   e = 20 s on, exactly; of 11, from e = 32.727272727... s on. */
static void a_counter_waits_to_the_nanosecond(void)
{
    struct one o = make(LIM_DISCIPLINE_SLIDING_COUNTER, 11, LIM_MIN, 0);
    take(&o, 11, 10 * LIM_SEC);
    CU_ASSERT_EQUAL(ready(&o, 6, 20 * LIM_SEC), 92727272728);
    CU_ASSERT_EQUAL(left(&o, 92727272728), 6);
    CU_ASSERT_EQUAL(left(&o, 92727272727), 5);
    double level = lim_meter_level(&o.rule, &o.meter, 90 * LIM_SEC);
    CU_ASSERT_DOUBLE_EQUAL(level, 5.5, 1e-12);
    end(&o);
}

static void days_are_those_of_the_calendar(void)
{
    const struct {
        int year, month, day;
    } rows[] = { { 2026, 1, 1 },  { 2026, 12, 31 }, { 2027, 2, 28 },
                 { 2028, 2, 28 }, { 2028, 2, 29 },  { 2000, 3, 1 } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        lim_time day = lim_date(rows[i].year, rows[i].month, rows[i].day);
        struct one o = make(LIM_DISCIPLINE_FIXED, 200, LIM_DAY, day);
        take(&o, 200, day + 9 * LIM_HOUR);
        CU_ASSERT_EQUAL(ready(&o, 1, day + 10 * LIM_HOUR), day + LIM_DAY);
        CU_ASSERT_EQUAL(reset(&o, day + 23 * LIM_HOUR), LIM_HOUR);
        CU_ASSERT_EQUAL(left(&o, day + LIM_DAY), 200);
        end(&o);
        o = make(LIM_DISCIPLINE_SLIDING_LOG, 200, LIM_DAY, day);
        take(&o, 200, day + 9 * LIM_HOUR);
        CU_ASSERT_EQUAL(ready(&o, 1, day + 10 * LIM_HOUR),
                        day + LIM_DAY + 9 * LIM_HOUR);
        end(&o);
    }
}

static void names_are_found(void)
{
    enum lim_discipline d;
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        CU_ASSERT_TRUE(lim_discipline_find(
            lim_discipline_name((enum lim_discipline)i), &d));
        CU_ASSERT_EQUAL((int)d, i);
    }
    CU_ASSERT_FALSE(lim_discipline_find("leaky", &d));
}

static void none_and_nothing_are_limits_too(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        struct one o = make((enum lim_discipline)i, LIM_UNLIMITED, LIM_MIN, 0);
        CU_ASSERT_EQUAL(lim_meter_largest(&o.rule), INT64_MAX);
        CU_ASSERT_EQUAL(ready(&o, LIM_LIMIT_MAX, 5), 5);
        take(&o, LIM_LIMIT_MAX, 5);
        give(&o, 1, 5);
        CU_ASSERT_EQUAL(left(&o, 5), LIM_UNLIMITED);
        CU_ASSERT_EQUAL(reset(&o, 5), 0);
        end(&o);
        o = make((enum lim_discipline)i, 0, LIM_MIN, 0);
        CU_ASSERT_EQUAL(lim_meter_largest(&o.rule), 0);
        CU_ASSERT_EQUAL(ready(&o, 1, 5), LIM_NEVER);
        CU_ASSERT_EQUAL(ready(&o, 0, 5), 5);
        CU_ASSERT_EQUAL(left(&o, 5), 0);
        end(&o);
        o = make((enum lim_discipline)i, 10, LIM_MIN, 0);
        CU_ASSERT_EQUAL(lim_meter_largest(&o.rule), 10);
        CU_ASSERT_EQUAL(ready(&o, 10, 5), 5);
        CU_ASSERT_EQUAL(ready(&o, 11, 5), LIM_NEVER);
        end(&o);
    }
}

/* The largest limit and costs, over years: nothing overflows. */
static void the_largest_limit_is_counted_exactly(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        lim_time now = lim_date(2026, 1, 1);
        struct one o =
            make((enum lim_discipline)i, LIM_LIMIT_MAX, LIM_DAY, now);
        for (int k = 0; k < 20000; k++) {
            CU_ASSERT_EQUAL(ready(&o, LIM_LIMIT_MAX, now), now);
            take(&o, LIM_LIMIT_MAX, now);
            CU_ASSERT_EQUAL(left(&o, now), 0);
            lim_time next = ready(&o, 1, now);
            CU_ASSERT(next > now && next <= now + 2 * LIM_DAY);
            CU_ASSERT_EQUAL(ready(&o, 1, next - 1), next);
            now = ready(&o, LIM_LIMIT_MAX, now);
            CU_ASSERT(now <= next + 2 * LIM_DAY);
        }
        end(&o);
    }
}

static void a_clock_that_steps_back_gives_nothing(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        struct one o = make((enum lim_discipline)i, 10, LIM_MIN, 10 * LIM_MIN);
        lim_time last = 10 * LIM_MIN + LIM_SEC;
        take(&o, 10, last);
        lim_time goes = ready(&o, 10, last);
        for (int back = 1; back < 600; back++) {
            lim_time now = last - back * LIM_SEC;
            CU_ASSERT_EQUAL(ready(&o, 10, now), goes);
            CU_ASSERT(left(&o, now) <= 0);
            CU_ASSERT(reset(&o, now) > 0);
        }
        end(&o);
    }
}

/* A log that gets 3 takes a ms for 3 minutes keeps one entry of each ms. */
static void a_logs_memory_is_bounded(void)
{
    struct one o =
        make(LIM_DISCIPLINE_SLIDING_LOG, INT64_C(1000000000), LIM_MIN, 0);
    lim_time now = 0;
    for (int i = 0; i < 3 * 180000; i++) {
        now = i * LIM_MSEC / 3;
        take(&o, 1, now);
        CU_ASSERT(o.meter.u.log.count <= 60001);
        CU_ASSERT(o.meter.u.log.room <= 65536);
    }
    int64_t used = 1000000000 - left(&o, now);
    CU_ASSERT(used >= 180000 && used <= 180003);
    end(&o);
}

/* Two in one ms: the first counts until the second leaves. */
static void a_logs_error_is_below_a_millisecond(void)
{
    struct one o = make(LIM_DISCIPLINE_SLIDING_LOG, 2, LIM_MIN, 0);
    take(&o, 1, 100);
    take(&o, 1, 999999);
    CU_ASSERT_EQUAL(ready(&o, 1, LIM_SEC), LIM_MIN + 999999);
    end(&o);
    o = make(LIM_DISCIPLINE_SLIDING_LOG, 2, LIM_MIN, 0);
    take(&o, 1, 999999);
    take(&o, 1, 1000000);
    CU_ASSERT_EQUAL(ready(&o, 1, LIM_SEC), LIM_MIN + 999999);
    end(&o);
}

static void without_memory_a_log_stays_as_it_was(void)
{
    struct one o = make(LIM_DISCIPLINE_SLIDING_LOG, 1000, LIM_MIN, 0);
    int failures = 0;
    for (int i = 0; i < 500; i++) {
        lim_time now = i * 2 * LIM_MSEC;
        fail_after(1);
        int error = lim_meter_reserve(&o.rule, &o.meter, now);
        CU_ASSERT_EQUAL(error, fail_happened() ? LIM_ENOMEM : LIM_OK);
        failures += fail_happened();
        fail_after(0);
        CU_ASSERT_EQUAL(left(&o, now), 1000 - i);
        CU_ASSERT_EQUAL(ready(&o, 1000, now),
                        i == 0 ? now : LIM_MIN + (i - 1) * 2 * LIM_MSEC);
        take(&o, 1, now);
    }
    CU_ASSERT_EQUAL(failures, 6); /* 16 entries, and five doublings */
    end(&o);
}

static void a_bucket_takes_back_what_it_gave(void)
{
    struct one o = make(LIM_DISCIPLINE_BUCKET, 60, LIM_MIN, 0);
    take(&o, 50, 0);
    give(&o, 20, 0);
    CU_ASSERT_EQUAL(left(&o, 10 * LIM_SEC), 40);
    end(&o);
    o = make(LIM_DISCIPLINE_QUANTISED, 60, LIM_MIN, 0);
    take(&o, 50, 0);
    give(&o, 20, 0);
    CU_ASSERT_EQUAL(left(&o, 10 * LIM_SEC), 40);
    CU_ASSERT_EQUAL(ready(&o, 1, 10 * LIM_SEC), 30 * LIM_SEC);
    end(&o);
}

static void more_than_was_taken_does_not_come_back(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        struct one o = make((enum lim_discipline)i, 10, LIM_MIN, 0);
        take(&o, 5, LIM_SEC);
        give(&o, 50, LIM_SEC);
        CU_ASSERT_EQUAL(left(&o, LIM_SEC), 10);
        take(&o, 10, LIM_SEC);
        CU_ASSERT_EQUAL(left(&o, LIM_SEC), 0);
        end(&o);
    }
}

static void what_no_longer_counts_does_not_come_back(void)
{
    for (int i = LIM_DISCIPLINE_FIXED; i < LIM_DISCIPLINES; i++) {
        struct one o = make((enum lim_discipline)i, 10, LIM_MIN, 0);
        lim_time later = 2 * LIM_MIN + 10 * LIM_SEC;
        take(&o, 10, LIM_SEC);
        take(&o, 10, later);
        give(&o, 10, LIM_SEC);
        CU_ASSERT_EQUAL(left(&o, later), 0);
        end(&o);
    }
}

/* A debt (a correction, a charged refusal) is worked off, or ends. */
static void a_debt_delays(void)
{
    static const int64_t goes[LIM_DISCIPLINES] = {
        [LIM_DISCIPLINE_BUCKET] = 31 * LIM_SEC,
        [LIM_DISCIPLINE_QUANTISED] = 90 * LIM_SEC, /* one a second, no more */
        [LIM_DISCIPLINE_FIXED] = 60 * LIM_SEC,
        [LIM_DISCIPLINE_SLIDING_LOG] = 60 * LIM_SEC,
        [LIM_DISCIPLINE_SLIDING_COUNTER] = 80666666667,
    };
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        struct one o = make((enum lim_discipline)i, 60, LIM_MIN, 0);
        take(&o, 60, 0);
        take(&o, 30, 10 * LIM_SEC);
        CU_ASSERT(left(&o, 10 * LIM_SEC) <= -20);
        CU_ASSERT_EQUAL(ready(&o, 1, 10 * LIM_SEC), goes[i]);
        end(&o);
    }
}

CU_TestInfo meter_tests[] = {
    { "a bucket refills all the time", a_bucket_refills_all_the_time },
    { "a slice is a second of the minute", a_slice_is_a_second_of_the_minute },
    { "more than a slice leaves a debt", more_than_a_slice_leaves_a_debt },
    { "a share of a slice is rounded up", a_share_of_a_slice_is_rounded_up },
    { "a fixed window ends with the minute",
      a_fixed_window_ends_with_the_minute },
    { "a log counts for one minute", a_log_counts_for_one_minute },
    { "a counter weighs the minute before",
      a_counter_weighs_the_minute_before },
    { "a counter waits to the nanosecond", a_counter_waits_to_the_nanosecond },
    { "days are those of the calendar", days_are_those_of_the_calendar },
    { "names are found", names_are_found },
    { "no limit and a limit of nothing are limits too",
      none_and_nothing_are_limits_too },
    { "the largest limit is counted exactly",
      the_largest_limit_is_counted_exactly },
    { "a clock that steps back gives nothing",
      a_clock_that_steps_back_gives_nothing },
    { "a log's memory is bounded", a_logs_memory_is_bounded },
    { "a log's error is below a millisecond",
      a_logs_error_is_below_a_millisecond },
    { "without memory a log stays as it was",
      without_memory_a_log_stays_as_it_was },
    { "a bucket takes back what it gave", a_bucket_takes_back_what_it_gave },
    { "more than was taken does not come back",
      more_than_was_taken_does_not_come_back },
    { "what no longer counts does not come back",
      what_no_longer_counts_does_not_come_back },
    { "a debt delays", a_debt_delays },
    CU_TEST_INFO_NULL
};
