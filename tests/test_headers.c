#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/headers.h"
#include "limiter/httpdate.h"

#define EACH(rows) for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)

/* Lines, separated by newlines, at the given time. */
static struct lim_feedback read_at(const char *lines, lim_time now)
{
    struct lim_headers h;
    lim_headers_init(&h);
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");
        lim_headers_read_line(&h, lines, n, now);
        lines += n + (lines[n] == '\n');
    }
    return h.feedback;
}

struct row {
    const char *lines;
    int64_t requests[3], tokens[3]; /* limit, remaining, reset in ms */
};

static void expect(const struct lim_shown *shown, const int64_t row[3])
{
    CU_ASSERT_EQUAL(shown->limit, row[0]);
    CU_ASSERT_EQUAL(shown->remaining, row[1]);
    CU_ASSERT_EQUAL(shown->reset_ns, row[2] < 0 ? -1 : row[2] * LIM_MSEC);
}

static void check(const struct row *r)
{
    struct lim_feedback f = read_at(r->lines, 0);
    expect(&f.requests, r->requests);
    expect(&f.tokens, r->tokens);
}

#define REQUESTS(limit, remaining, reset)                                      \
    "x-ratelimit-limit-requests: " limit "\n"                                  \
    "x-ratelimit-remaining-requests: " remaining "\n"                          \
    "x-ratelimit-reset-requests: " reset "\n"
#define TOKENS(limit, remaining, reset)                                        \
    "x-ratelimit-limit-tokens: " limit "\n"                                    \
    "x-ratelimit-remaining-tokens: " remaining "\n"                            \
    "x-ratelimit-reset-tokens: " reset "\n"
#define USAGE(limit, remaining, reset)                                         \
    "x-ratelimit-limit-tokens_usage_based: " limit "\n"                        \
    "x-ratelimit-remaining-tokens_usage_based: " remaining "\n"                \
    "x-ratelimit-reset-tokens_usage_based: " reset "\n"

/* Answers of 2023 to 2026 as issues, forums and probes show them. */
static const struct row seen[] = {
    { REQUESTS("60", "59", "1s") TOKENS("150000", "149984", "6m0s"),
      { 60, 59, 1000 },
      { 150000, 149984, 360000 } },
    { REQUESTS("3500", "3499", "17ms"), { 3500, 3499, 17 }, { -1, -1, -1 } },
    { REQUESTS("500", "499", "120ms") TOKENS("1500000", "1495621", "4m12.172s")
          USAGE("1500000", "1495621", "4m12.172s"),
      { 500, 499, 120 },
      { 1500000, 1495621, 252172 } },
    { REQUESTS("500", "499", "120ms") TOKENS("1500000", "1482750", "16m33.562s")
          USAGE("1500000", "1490773", "8m51.438s"),
      { 500, 499, 120 },
      { 1500000, 1482750, 993562 } },
    { REQUESTS("500", "498", "176ms") TOKENS("1500000", "1478342", "20m47.458s")
          USAGE("1500000", "1486365", "13m5.333s"),
      { 500, 498, 176 },
      { 1500000, 1478342, 1247458 } },
    { REQUESTS("500", "496", "464ms")
          TOKENS("1500000", "43244", "23h18m29.144s")
              USAGE("1500000", "1212010", "4h36m28.223s"),
      { 500, 496, 464 },
      { 1500000, 43244, 83909144 } },
    { REQUESTS("50", "47", "3.362s"), { 50, 47, 3362 }, { -1, -1, -1 } },
    { REQUESTS("50", "46", "4.529s"), { 50, 46, 4529 }, { -1, -1, -1 } },
    { REQUESTS("500", "499", "120ms") TOKENS("30000", "29996", "8ms"),
      { 500, 499, 120 },
      { 30000, 29996, 8 } },
    { "openai-organization: user-1\nopenai-processing-ms: 1032\n"
      "openai-version: 2020-10-01\nx-request-id: req_1\nserver: cloudflare\n",
      { -1, -1, -1 },
      { -1, -1, -1 } },
    { REQUESTS("10000", "9999", "8.64s") TOKENS("200000", "199978", "6ms"),
      { 10000, 9999, 8640 },
      { 200000, 199978, 6 } },
    { REQUESTS("10000", "9999", "8.64s") TOKENS("10000", "9481", "3.114s"),
      { 10000, 9999, 8640 },
      { 10000, 9481, 3114 } },
    { REQUESTS("5000", "4999", "12ms") TOKENS("160000", "159976", "9ms")
          USAGE("160000", "159976", "9ms"),
      { 5000, 4999, 12 },
      { 160000, 159976, 9 } },
    { REQUESTS("10000", "9999", "8.64s") TOKENS("200000", "199993", "2ms"),
      { 10000, 9999, 8640 },
      { 200000, 199993, 2 } },
    { REQUESTS("500", "499", "120ms") TOKENS("30000", "29992", "16ms"),
      { 500, 499, 120 },
      { 30000, 29992, 16 } },
    { TOKENS("200000", "19998", "54s"),
      { -1, -1, -1 },
      { 200000, 19998, 54000 } },
};

static void reads_every_answer_that_was_seen(void)
{
    EACH(seen) check(&seen[i]);
}

static void reads_other_dialects(void)
{
    static const struct row rows[] = {
        /* Azure: plain seconds, and a family that says nothing */
        { "x-ratelimit-remaining-requests: 5\n"
          "x-ratelimit-remaining-tokens: 1200\n"
          "x-ratelimit-reset-tokens: 33\n",
          { -1, 5, -1 },
          { -1, 1200, 33000 } },
        { REQUESTS("-1", "-1", "0") TOKENS("100", "90", "0.5"),
          { -1, -1, -1 },
          { 100, 90, 500 } },
        { "x-ratelimit-reset-tokens: 0\nx-ratelimit-remaining-tokens: -1\n"
          "x-ratelimit-limit-tokens: 70\n",
          { -1, -1, -1 },
          { -1, -1, -1 } },
        { "x-ratelimit-limit-project-tokens: 7\n"
          "x-ratelimit-remaining-project-tokens: 6\n"
          "x-ratelimit-reset-project-tokens: 1s\n"
          "x-ratelimit-limit-images: 5\nx-ratelimit-tokens: 3\n",
          { -1, -1, -1 },
          { -1, -1, -1 } },
        { "X-RateLimit-Limit-Requests:60\r\nX-RATELIMIT-REMAINING-REQUESTS:\t"
          "59 \r\nx-ratelimit-reset-requests:1s\r",
          { 60, 59, 1000 },
          { -1, -1, -1 } },
    };
    EACH(rows) check(&rows[i]);
}

static void leaves_nonsense_alone(void)
{
    static const struct row rows[] = {
        { REQUESTS("", "", ""), { -1, -1, -1 }, { -1, -1, -1 } },
        { REQUESTS("many", "0x10", "soon"), { -1, -1, -1 }, { -1, -1, -1 } },
        { REQUESTS("1e3", "5, 5", "1s, 1s"), { -1, -1, -1 }, { -1, -1, -1 } },
        { REQUESTS("1000000000000001", "99999999999999999999", "10000h"),
          { -1, -1, -1 },
          { -1, -1, -1 } },
        { REQUESTS("1000000000000000", "0", "9600h"),
          { LIM_LIMIT_MAX, 0, 34560000000 },
          { -1, -1, -1 } },
        { REQUESTS("+5", "5.0", "-1s"), { -1, -1, -1 }, { -1, -1, -1 } },
        { "x-ratelimit-limit-requests\n: 5\n\nHTTP/1.1 200 OK\n",
          { -1, -1, -1 },
          { -1, -1, -1 } },
        { "x-ratelimit-limit-requests : 5\n x-ratelimit-limit-tokens: 5\n",
          { -1, -1, -1 },
          { -1, -1, -1 } },
    };
    EACH(rows) check(&rows[i]);
}

static void hints(void)
{
    static const struct {
        const char *lines;
        int64_t hint_ms;
    } rows[] = {
        { "", -1 },
        { "retry-after: 46\nretry-after-ms: 45175", 45175 },
        { "retry-after-ms: 45175\nretry-after: 46", 45175 },
        { "retry-after-ms: 8640", 8640 },
        { "retry-after-ms: 12.5", 13 },
        { "Retry-After: 20\r", 20000 },
        { "retry-after: 1.5", 1500 },
        { "retry-after: 0.0001", 1 },
        { "retry-after: 0", 0 },
        { "retry-after: 54749", 54749000 },
        { "retry-after: 34560000", 34560000000 },
        { "retry-after: 34560001", -1 },
        { "retry-after: 99999999999999999999999", -1 },
        { "retry-after: -5", -1 },
        { "retry-after: 5s", -1 },
        { "retry-after: 1e3", -1 },
        { "retry-after: nan", -1 },
        { "retry-after: .", -1 },
        { "retry-after: 7\nretry-after-ms: soon", 7000 },
        { "retry-after: Thu, 01 Jan 1970 00:00:30 GMT", 20000 },
        { "retry-after: Thursday, 01-Jan-70 00:00:30 GMT", 20000 },
        { "retry-after: Thu Jan  1 00:00:30 1970", 20000 },
        { "retry-after: Thu, 01 Jan 1970 00:00:09 GMT", -1 },
        { "retry-after: Fri, 01 Jan 1971 00:00:00 GMT", 31535990000 },
        { "retry-after: Sat, 01 Jan 1972 00:00:00 GMT", -1 },
        { "retry-after: Thu, 32 Jan 1970 00:00:30 GMT", -1 },
    };
    EACH(rows)
    {
        struct lim_feedback f = read_at(rows[i].lines, 10 * LIM_SEC);
        int64_t ms = rows[i].hint_ms;
        CU_ASSERT_EQUAL(f.hint_ns, ms < 0 ? -1 : ms * LIM_MSEC);
    }
    struct lim_feedback f =
        read_at("retry-after: Thu, 01 Jan 1970 00:00:30 GMT", INT64_MIN);
    CU_ASSERT_EQUAL(f.hint_ns, -1);
}

static void should_retry_is_true_or_false(void)
{
    CU_ASSERT_EQUAL(read_at("x-should-retry: true", 0).should_retry, 1);
    CU_ASSERT_EQUAL(read_at("X-Should-Retry:False", 0).should_retry, 0);
    CU_ASSERT_EQUAL(read_at("x-should-retry: maybe", 0).should_retry, -1);
    CU_ASSERT_EQUAL(lim_feedback_none().should_retry, -1);
}

static void dates(void)
{
    lim_time t =
        lim_date(1994, 11, 6) + 8 * LIM_HOUR + 49 * LIM_MIN + 37 * LIM_SEC;
    static const char *const good[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    static const char *const bad[] = {
        "",
        ",",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nib 1994 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov 9999 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT ",
        "1994-11-06T08:49:37Z",
    };
    EACH(good)
    {
        lim_time read = 0;
        CU_ASSERT_TRUE(lim_httpdate_parse(good[i], strlen(good[i]), &read));
        CU_ASSERT_EQUAL(read, t);
        for (size_t n = 0; n < strlen(good[i]); n++)
            CU_ASSERT_FALSE(lim_httpdate_parse(good[i], n, &read));
    }
    EACH(bad)
    {
        lim_time read = 0;
        CU_ASSERT_FALSE(lim_httpdate_parse(bad[i], strlen(bad[i]), &read));
    }
}

CU_TestInfo headers_tests[] = {
    { "reads every answer that was seen", reads_every_answer_that_was_seen },
    { "reads other dialects", reads_other_dialects },
    { "leaves nonsense alone", leaves_nonsense_alone },
    { "hints", hints },
    { "should-retry is true or false", should_retry_is_true_or_false },
    { "dates in three forms", dates },
    CU_TEST_INFO_NULL
};
