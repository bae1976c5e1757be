#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "limiter/apierror.h"
#include "limiter/duration.h"
#include "limiter/time.h"
#include "tests/seen_errors.h"

static void check(const struct seen_error *r, const char *body, size_t length)
{
    struct lim_apierror e;
    lim_apierror_read(&e, r->status, body, length);
    int64_t hint = r->hint_ms < 0 ? -1 : r->hint_ms * LIM_MSEC;
    bool same = e.class == r->class && e.limit == r->limit && e.max == r->max &&
                e.used == r->used && e.requested == r->requested &&
                e.hint_ns == hint && strcmp(e.code, r->code) == 0;
    CU_ASSERT_TRUE(same);
    if (!same)
        printf("\n  %s: limit %d, %lld %lld %lld, hint %lld, code %s: %s\n",
               lim_class_name(e.class), e.limit, (long long)e.max,
               (long long)e.used, (long long)e.requested, (long long)e.hint_ns,
               e.code, body);
}

#define EACH(rows) for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)

static void reads_every_body_that_was_seen(void)
{
    EACH(seen) check(&seen[i], seen[i].body, strlen(seen[i].body));
}

static void a_cut_body_still_has_a_class(void)
{
    EACH(seen)
    {
        struct lim_apierror e;
        for (size_t n = 0; n < strlen(seen[i].body); n++) {
            lim_apierror_read(&e, seen[i].status, seen[i].body, n);
            CU_ASSERT_TRUE(e.class < LIM_CLASSES);
            CU_ASSERT_TRUE(strlen(e.message) < sizeof e.message);
        }
    }
    struct seen_error cut = {
        429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 30000, 28039, 3906, 3890, "", NULL
    };
    const char body[] = "{\"error\": {\"message\": \"Rate limit reached for "
                        "gpt-4.1 in organization org-1 on tokens per min "
                        "(TPM): Limit 30000, Used 28039, Requested 3906. "
                        "Please try again in 3.89s. Vis";
    check(&cut, body, strlen(body));
}

/* wait = (used + requested - limit) x window / limit, cut to ms. */
static void the_numbers_of_a_refusal_give_its_hint(void)
{
    const struct {
        int64_t limit, used, requested, window_s, hint_ms;
    } rows[] = {
        { 3, 3, 1, 60, 20000 },
        { 20, 20, 1, 60, 3000 },
        { 200, 200, 1, 86400, 432000 },
        { 10000, 10000, 1, 60, 6 },
        { 10000, 10000, 1, 86400, 8640 },
        { 10000, 6701, 4497, 60, 7188 },
        { 10000, 8554, 3082, 60, 9816 },
        { 30000, 14567, 24754, 60, 18642 },
        { 30000, 28039, 3906, 60, 3890 },
        { 40000, 40000, 1, 60, 1 },
        { 60000, 60000, 1, 60, 1 },
        { 200000, 170583, 180002, 60, 45175 },
        { 500000, 442231, 249686, 60, 23030 },
        { 100000, 96749, 19126, 2592000, 411480000 },
    };
    EACH(rows)
    {
        char wait[LIM_DURATION_SIZE], body[200];
        int64_t over = rows[i].used + rows[i].requested - rows[i].limit;
        int64_t ms = over * rows[i].window_s * 1000 / rows[i].limit;
        CU_ASSERT_EQUAL(ms, rows[i].hint_ms);
        snprintf(body, sizeof body,
                 "on tokens per min (TPM): Limit %lld, Used %lld, Requested "
                 "%lld. Please try again in %s. Visit",
                 (long long)rows[i].limit, (long long)rows[i].used,
                 (long long)rows[i].requested,
                 lim_duration_format(ms * LIM_MSEC, wait));
        struct seen_error r = {
            429,          LIM_CLASS_RATE_LIMIT, LIM_TPM,         rows[i].limit,
            rows[i].used, rows[i].requested,    rows[i].hint_ms, "",
            NULL
        };
        check(&r, body, strlen(body));
    }
}

static void other_wordings(void)
{
    static const struct seen_error rows[] = {
        { 429, LIM_CLASS_RATE_LIMIT, LIM_TPD, 500000, 499000, 2000, 172800, "",
          "Rate limit reached for model `m` in organization `org-1` "
          "service tier `on_demand` on tokens per day (TPD): Limit "
          "500000, Used 499000, Requested 2000. Please try again in "
          "2m52.8s." },
        { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, -1, -1, -1, 10000, "429",
          "{\"error\":{\"code\":429,\"message\":\"Requests to the Embeddings "
          "Operation have exceeded call rate limit of your current tier. "
          "Please retry after 10 seconds.\"}}" },
        { 429, LIM_CLASS_RATE_LIMIT, -1, 900000, -1, -1, -1, "",
          "Enqueued token limit reached for gpt-4.1 in organization org-1. "
          "Limit: 900,000 enqueued tokens. Please try again once some "
          "in_progress batches have been completed." },
        { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, 360000, "",
          "Too many requests, retry after 6 minutes" },
        { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, 86400000, "",
          "Please try again in 1 day." },
        { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, -1, "",
          "Please try again in 500 days." },
        { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, -1, "",
          "Limit 99999999999999999999, please try again in -3s" },
        { 413, LIM_CLASS_TOO_LARGE, LIM_TPM, 6000, -1, 9000, -1,
          "rate_limit_exceeded",
          "{\"error\":{\"message\":\"Request too large for model `m` on "
          "tokens per minute (TPM): Limit 6000, Requested 9000\",\"type\":"
          "\"tokens\",\"code\":\"rate_limit_exceeded\"}}" },
        { 429, LIM_CLASS_TOO_LARGE, LIM_RPD, 0, 0, 1, -1, "",
          "on requests per day (RPD): Limit 0, Used 0, Requested 1." },
        { 413, LIM_CLASS_CALLER, -1, -1, -1, -1, -1, "",
          "{\"error\":{\"message\":\"Request too large\"}}" },
        { 402, LIM_CLASS_QUOTA, -1, -1, -1, -1, -1, "", "Payment Required" },
        { 503, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, 5000, "",
          "{\"error\": \"Overloaded, retry after 5 seconds\"}" },
        { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, 3, 1, 20000, "",
          "[{\"error\": {\"message\": \"(RPM)\\u003a Limit 3, Used 3, "
          "Requested 1. Please try again in 20\\u0073.\"}}]" },
    };
    EACH(rows) check(&rows[i], rows[i].body, strlen(rows[i].body));
}

static void the_status_alone_has_a_class(void)
{
    static const struct {
        int status;
        enum lim_class class;
    } rows[] = {
        { 0, LIM_CLASS_TRANSIENT },    { 100, LIM_CLASS_TRANSIENT },
        { 200, LIM_CLASS_OK },         { 204, LIM_CLASS_OK },
        { 302, LIM_CLASS_CALLER },     { 400, LIM_CLASS_CALLER },
        { 401, LIM_CLASS_CREDENTIAL }, { 403, LIM_CLASS_NO_ACCESS },
        { 404, LIM_CLASS_NO_ACCESS },  { 408, LIM_CLASS_TRANSIENT },
        { 409, LIM_CLASS_TRANSIENT },  { 413, LIM_CLASS_CALLER },
        { 415, LIM_CLASS_CALLER },     { 422, LIM_CLASS_CALLER },
        { 429, LIM_CLASS_RATE_LIMIT }, { 500, LIM_CLASS_TRANSIENT },
        { 502, LIM_CLASS_TRANSIENT },  { 503, LIM_CLASS_TRANSIENT },
        { 504, LIM_CLASS_TRANSIENT },  { 999, LIM_CLASS_TRANSIENT },
    };
    EACH(rows)
    {
        struct seen_error r = {
            rows[i].status, rows[i].class, -1, -1, -1, -1, -1, "", ""
        };
        check(&r, "", 0);
    }
}

static void what_a_user_wrote_is_no_error(void)
{
    static const char *const bodies[] = {
        "{\"choices\": [{\"message\": {\"content\": \"{\\\"error\\\": "
        "{\\\"code\\\": \\\"insufficient_quota\\\"}}\"}}], \"error\": null}",
        "{\"tools\": [{\"parameters\": {\"error\": {\"message\": \"x\", "
        "\"type\": \"server_error\"}}}], \"type\": \"response\"}",
        "{\"error\": {}}",
        "{\"message\": \"hello\", \"type\": \"greeting\"}",
        "Rate limit reached for tokens.",
        "{\"error\": \"",
    };
    struct seen_error ok = { 200, LIM_CLASS_OK, -1, -1, -1, -1, -1, "", NULL };
    EACH(bodies) check(&ok, bodies[i], strlen(bodies[i]));
}

static void failures_within_a_success_go_by_their_words(void)
{
    static const struct {
        enum lim_class class;
        const char *code, *body;
    } rows[] = {
        { LIM_CLASS_QUOTA, "insufficient_quota",
          "data: {\"error\":{\"code\":\"insufficient_quota\"}}\n\n" },
        { LIM_CLASS_RATE_LIMIT, "rate_limit_exceeded",
          "data: {\"choices\":[]}\n\ndata: {\"error\":{\"code\":"
          "\"rate_limit_exceeded\"}}\n\n" },
        { LIM_CLASS_RATE_LIMIT, "", "{\"error\":{\"type\":\"tokens\"}}" },
        { LIM_CLASS_CREDENTIAL, "invalid_api_key",
          "{\"error\":{\"code\":\"invalid_api_key\"}}" },
        { LIM_CLASS_NO_ACCESS, "model_not_found",
          "{\"error\":{\"code\":\"model_not_found\"}}" },
        { LIM_CLASS_CALLER, "",
          "{\"error\":{\"type\":\"invalid_request_error\"}}" },
        { LIM_CLASS_TRANSIENT, "",
          "{\"type\":\"error\",\"message\":\"broken\",\"code\":null}" },
    };
    EACH(rows)
    {
        struct seen_error r = { 200, rows[i].class, -1,  -1, -1, -1,
                                -1,  rows[i].code,  NULL };
        check(&r, rows[i].body, strlen(rows[i].body));
    }
}

static void expect_message(const char *body, size_t length, const char *message)
{
    struct lim_apierror e;
    lim_apierror_read(&e, 400, body, length);
    CU_ASSERT_STRING_EQUAL(e.message, message);
}

#define MESSAGE(body, message) expect_message(body, sizeof(body) - 1, message)

static void messages_are_clean_text(void)
{
    MESSAGE("{\"message\": \"a\\n\\\"b\\\"\\u00e9\\ud83d\\ude00\\/\"}",
            "a \"b\"\xc3\xa9\xf0\x9f\x98\x80/");
    MESSAGE("{\"message\": \"\\ud83d \\udc00 \\u12 \\u0000\"}", "? ? ?12  ");
    MESSAGE("  <html>\r\n\x1b[31m\0\xff\xc3\xa9\xed\xa0\x80 ",
            "<html>   [31m ?\xc3\xa9???");
    MESSAGE("", "");
    char body[2000];
    memset(body, 'x', sizeof body);
    memcpy(body + 254, "\xc3\xa9", 2);
    struct lim_apierror e;
    lim_apierror_read(&e, 500, body, sizeof body);
    CU_ASSERT_EQUAL(strlen(e.message), 254);
}

static void keys_are_masked(void)
{
    MESSAGE("{\"message\": \"Incorrect API key provided: sk-test-1_b. Go\"}",
            "Incorrect API key provided: sk-********. Go");
    MESSAGE("key sk-test", "key sk-****");
    MESSAGE("key sk-mock-****word; a task-force", "key sk-mock-****word; a "
                                                  "task-force");
}

CU_TestInfo apierror_tests[] = {
    { "reads every body that was seen", reads_every_body_that_was_seen },
    { "a cut body still has a class", a_cut_body_still_has_a_class },
    { "the numbers of a refusal give its hint",
      the_numbers_of_a_refusal_give_its_hint },
    { "other wordings", other_wordings },
    { "the status alone has a class", the_status_alone_has_a_class },
    { "what a user wrote is no error", what_a_user_wrote_is_no_error },
    { "failures within a success go by their words",
      failures_within_a_success_go_by_their_words },
    { "messages are clean text", messages_are_clean_text },
    { "keys are masked", keys_are_masked },
    CU_TEST_INFO_NULL
};
