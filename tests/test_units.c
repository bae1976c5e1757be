#include <CUnit/CUnit.h>

#include "limiter/time.h"
#include "mockserver/units.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A text and what it means; -1: it is not of the form. */
struct row {
    const char *text;
    int64_t value;
};

static void check(const struct row *rows, size_t n,
                  bool read(const char *text, int64_t *out))
{
    for (size_t i = 0; i < n; i++) {
        int64_t value = -1;
        bool ok = read(rows[i].text, &value);
        CU_ASSERT_EQUAL(ok, rows[i].value >= 0);
        CU_ASSERT_EQUAL(value, rows[i].value);
    }
}

static void durations(void)
{
    const struct row rows[] = {
        { "0", 0 },
        { "10", 10 * LIM_SEC },
        { "0.5", 500 * LIM_MSEC },
        { ".25", 250 * LIM_MSEC },
        { "500us", 500 * LIM_USEC },
        { "500ms", 500 * LIM_MSEC },
        { "10s", 10 * LIM_SEC },
        { "5m", 5 * LIM_MIN },
        { "2h", 2 * LIM_HOUR },
        { "7d", 7 * LIM_DAY },
        { "1.5h", 90 * LIM_MIN },
        { "1m30s", 90 * LIM_SEC },
        { "1d2h3m4s5ms6us", LIM_DAY + 2 * LIM_HOUR + 3 * LIM_MIN + 4 * LIM_SEC +
                                5 * LIM_MSEC + 6 * LIM_USEC },
        { "8.64s", 8640 * LIM_MSEC },
        { "0.000000001", 1 },
        { "36500d", 36500 * LIM_DAY },
        { "36501d", -1 },
        { "99999999999999999999s", -1 },
        { "", -1 },
        { ".", -1 },
        { "s", -1 },
        { "-5s", -1 },
        { "+5s", -1 },
        { " 5s", -1 },
        { "5s ", -1 },
        { "5 s", -1 },
        { "5sec", -1 },
        { "1m30", -1 },
        { "30s1m", -1 },
        { "1s1s", -1 },
        { "1e3", -1 },
        { "0x10", -1 },
        { "inf", -1 },
        { "1,5s", -1 },
    };
    check(rows, COUNT(rows), mock_units_duration);
}

static void money(void)
{
    const struct row rows[] = {
        { "$100", 100000000 },
        { "100", 100000000 },
        { "$0.000001", 1 },
        { "$2.15", 2150000 },
        { "$1.5k", 1500000000 },
        { "$1G", 1000000000000000 },
        { "$1.1G", -1 },
        { "100$", -1 },
        { "$", -1 },
        { "$-1", -1 },
    };
    check(rows, COUNT(rows), mock_units_money);
}

static void dates(void)
{
    const struct row rows[] = {
        { "1970-01-01", 0 },
        { "2000-03-01", 951868800 * LIM_SEC },
        { "2024-02-29", 1709164800 * LIM_SEC },
        { "2023-02-29", -1 },
        { "2026-01-01T00:00:00Z", 1767225600 * LIM_SEC },
        { "2026-01-01T23:59:59Z", 1767311999 * LIM_SEC },
        { "2026-01-01T24:00:00Z", -1 },
        { "2026-01-01T00:00:00", -1 },
        { "2026-01-01T00:00:00Zz", -1 },
        { "2026-1-1", -1 },
        { "2026-13-01", -1 },
        { "2026-00-01", -1 },
        { "2026-01-00", -1 },
        { "2026-04-31", -1 },
        { "1969-12-31", -1 },
        { "2201-01-01", -1 },
        { "now", -1 },
        { "", -1 },
    };
    check(rows, COUNT(rows), mock_units_date);
}

/* Doubles in thousandths, so that rows stay whole. */
static bool count_milli(const char *text, int64_t *out)
{
    double value;
    if (!mock_units_count(text, &value))
        return false;
    *out = (int64_t)(value * 1000 + 0.5);
    return true;
}

static void counts(void)
{
    const struct row rows[] = {
        { "12", 12000 },
        { "40k", 40000000 },
        { "40K", 40000000 },
        { "1.5M", 1500000000 },
        { "2g", 2000000000000 },
        { "0.5", 500 },
        { "50%", 500 },
        { "0.1%", 1 },
        { "12x", -1 },
        { "12kk", -1 },
        { "k", -1 },
        { "", -1 },
        { "-1", -1 },
        { "nan", -1 },
    };
    check(rows, COUNT(rows), count_milli);
}

static void limits_with_windows(void)
{
    static const struct {
        const char *text;
        int64_t max, days; /* -1: refused */
    } rows[] = {
        { "500", 500, 0 },
        { "40k", 40000, 0 },
        { "0", 0, 0 },
        { "100000/30d", 100000, 30 },
        { "100k/1d", 100000, 1 },
        { "7/366d", 7, 366 },
        { "7/367d", -1, 0 },
        { "7/0d", -1, 0 },
        { "7/1.5d", -1, 0 },
        { "7/d", -1, 0 },
        { "7/", -1, 0 },
        { "7/30", -1, 0 },
        { "7/30h", -1, 0 },
        { "7/30dd", -1, 0 },
        { "/30d", -1, 0 },
        { "-/30d", -1, 0 },
        { "0.5", -1, 0 },
        { "-1", -1, 0 },
        { "", -1, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t max = -1, window_ns = -1;
        bool good = mock_units_limit(rows[i].text, &max, &window_ns);
        CU_ASSERT_EQUAL(good, rows[i].max >= 0);
        CU_ASSERT_EQUAL(max, rows[i].max);
        CU_ASSERT_EQUAL(window_ns, good ? rows[i].days * LIM_DAY : -1);
    }
}

static bool rate_an_hour(const char *text, int64_t *out)
{
    double value;
    if (!mock_units_rate(text, &value))
        return false;
    *out = (int64_t)(value * 3600 + 0.5);
    return true;
}

static void rates(void)
{
    const struct row rows[] = {
        { "120/m", 7200 }, { "5/s", 18000 }, { "5", 18000 }, { "40k/h", 40000 },
        { "240/d", 10 },   { "5/ms", -1 },   { "5/", -1 },   { "/s", -1 },
        { "5/sec", -1 },   { "5/s/s", -1 },
    };
    check(rows, COUNT(rows), rate_an_hour);
}

CU_TestInfo units_tests[] = {
    { "durations take units, large ones first", durations },
    { "money is counted in micro-dollars", money },
    { "dates follow the calendar", dates },
    { "counts take k, M, G and per cent", counts },
    { "a limit may have a window of its own", limits_with_windows },
    { "rates are for a second, minute, hour or day", rates },
    CU_TEST_INFO_NULL
};
