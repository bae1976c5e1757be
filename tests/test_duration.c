#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/duration.h"
#include "limiter/time.h"

#define EACH(rows) for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)

/* As they stand in response headers and messages. */
static void reads_and_writes_what_the_api_prints(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "0s", 0 },
        { "1ms", 1 },
        { "6ms", 6 },
        { "17ms", 17 },
        { "120ms", 120 },
        { "176ms", 176 },
        { "999ms", 999 },
        { "1s", 1000 },
        { "1.001s", 1001 },
        { "3.114s", 3114 },
        { "3.362s", 3362 },
        { "8.64s", 8640 },
        { "20s", 20000 },
        { "45.175s", 45175 },
        { "59.999s", 59999 },
        { "1m0s", 60000 },
        { "1m26.4s", 86400 },
        { "4m12.172s", 252172 },
        { "6m0s", 360000 },
        { "7m12s", 432000 },
        { "16m33.562s", 993562 },
        { "21m36s", 1296000 },
        { "59m59.999s", 3599999 },
        { "1h0m0s", 3600000 },
        { "1h0m0.05s", 3600050 },
        { "4h36m28.223s", 16588223 },
        { "23h18m29.144s", 83909144 },
        { "24h0m0s", 86400000 },
        { "114h18m0s", 411480000 },
    };
    EACH(rows)
    {
        char text[LIM_DURATION_SIZE];
        int64_t ns = -1;
        size_t length = strlen(rows[i].text);
        CU_ASSERT_TRUE(lim_duration_parse(rows[i].text, length, &ns));
        CU_ASSERT_EQUAL(ns, rows[i].ms * LIM_MSEC);
        CU_ASSERT_STRING_EQUAL(lim_duration_format(rows[i].ms * LIM_MSEC, text),
                               rows[i].text);
    }
}

static void reads_every_form_of_go(void)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        { "0", 0 },
        { "250us", 250 * LIM_USEC },
        { "250\xc2\xb5s", 250 * LIM_USEC },
        { "250\xce\xbcs", 250 * LIM_USEC },
        { "7ns", 7 },
        { "1.5ms", 1500 * LIM_USEC },
        { ".5s", 500 * LIM_MSEC },
        { "5.s", 5 * LIM_SEC },
        { "0.1h", 6 * LIM_MIN },
        { "1h2m3.5s", LIM_HOUR + 2 * LIM_MIN + 3500 * LIM_MSEC },
        { "3s1h", LIM_HOUR + 3 * LIM_SEC },
        { "1s1s", 2 * LIM_SEC },
        { "0.000000000277777777777h", 999 },
        { "0.9999999999999999999999s", LIM_SEC - 1 },
        { "007s", 7 * LIM_SEC },
        { "876600h", 36525 * LIM_DAY },
    };
    EACH(rows)
    {
        int64_t ns = -1;
        CU_ASSERT_TRUE(
            lim_duration_parse(rows[i].text, strlen(rows[i].text), &ns));
        CU_ASSERT_EQUAL(ns, rows[i].ns);
    }
}

static void refuses_all_else(void)
{
    static const char *const rows[] = {
        "",      " ",      "s",      ".",           "1",
        "1.5",   ".s",     "-1s",    "+1s",         "1 s",
        " 1s",   "1s ",    "1S",     "1d",          "1sec",
        "1..5s", "1.5.5s", "1h2",    "1mss",        "1,5s",
        "1e3s",  "0x1s",   "inf",    "NaN",         "876600h1ns",
        "00",    "1\xc2s", "1\xb5s", "876600.1h",   "99999999999999999999s",
        "m",     "--1s",   "1s-1s",  "9999999999s",
    };
    EACH(rows)
    {
        int64_t ns = 42;
        CU_ASSERT_FALSE(lim_duration_parse(rows[i], strlen(rows[i]), &ns));
        CU_ASSERT_EQUAL(ns, 42);
    }
    int64_t ns = 42;
    CU_ASSERT_FALSE(lim_duration_parse("1s\0", 3, &ns));
}

static void is_cut_to_whole_milliseconds(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        { 1, "0s" },
        { LIM_MSEC - 1, "0s" },
        { 2 * LIM_MSEC - 1, "1ms" },
        { LIM_SEC - 1, "999ms" },
        { LIM_MIN - 1, "59.999s" },
        { INT64_MAX, "2562047h47m16.854s" },
    };
    EACH(rows)
    {
        char text[LIM_DURATION_SIZE];
        CU_ASSERT_STRING_EQUAL(lim_duration_format(rows[i].ns, text),
                               rows[i].text);
    }
}

static void what_is_written_is_read_back(void)
{
    for (int64_t ms = 0; ms < 100000000; ms += 1 + ms / 1000) {
        char text[LIM_DURATION_SIZE];
        int64_t ns = -1;
        lim_duration_format(ms * LIM_MSEC, text);
        CU_ASSERT_TRUE(lim_duration_parse(text, strlen(text), &ns));
        CU_ASSERT_EQUAL(ns, ms * LIM_MSEC);
    }
}

CU_TestInfo duration_tests[] = {
    { "reads and writes what the API prints",
      reads_and_writes_what_the_api_prints },
    { "reads every form of Go", reads_every_form_of_go },
    { "refuses all else", refuses_all_else },
    { "is cut to whole milliseconds", is_cut_to_whole_milliseconds },
    { "what is written is read back", what_is_written_is_read_back },
    CU_TEST_INFO_NULL
};
