#define _DEFAULT_SOURCE

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/apierror.h"
#include "limiter/headers.h"
#include "mockserver/json.h"
#include "mockserver/jsontext.h"
#include "mockserver/shown.h"
#include "mockserver/words.h"

static const struct mock_manner today = { .era = MOCK_ERA_NOW };

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct sim_verdict refused(enum sim_answer answer, enum lim_limit limit,
                                  int64_t max, int64_t used, int64_t requested,
                                  int64_t hint_ms)
{
    struct sim_verdict v = { .answer = answer,
                             .limit = limit,
                             .max = max,
                             .used = used,
                             .requested = requested,
                             .shown = lim_feedback_none() };
    v.shown.hint_ns = hint_ms < 0 ? -1 : hint_ms * LIM_MSEC;
    return v;
}

/* The sentence in a body, in memory of the caller. */
static char *message_of(const struct mock_text *body)
{
    struct lim_diag d = { 0 };
    cJSON *root = mock_json_parse(body->data, body->length, &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    const cJSON *e = cJSON_GetObjectItemCaseSensitive(root, "error");
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(e, "message");
    CU_ASSERT_TRUE_FATAL(cJSON_IsString(m));
    char *copy = strdup(m->valuestring);
    cJSON_Delete(root);
    return copy;
}

/* What was seen in logs, number by number; organisations made alike. */
struct seen {
    struct mock_refused who;
    enum lim_limit limit;
    int64_t max, used, requested, hint_ms;
    const char *message;
};

static void says_what_was_seen(void)
{
    const struct seen rows[] = {
        { { "gpt-3.5-turbo", "gpt-3.5-turbo", "org-X", true, false },
          LIM_RPM,
          3,
          3,
          1,
          20000,
          "Rate limit reached for gpt-3.5-turbo in organization org-X on "
          "requests per min (RPM): Limit 3, Used 3, Requested 1. Please try "
          "again in 20s. Visit https://platform.openai.com/account/rate-limits "
          "to learn more. You can increase your rate limit by adding a payment "
          "method to your account at https://platform.openai.com/account/"
          "billing." },
        { { "gpt-3.5-turbo", NULL, "org-X", false, false },
          LIM_RPD,
          10000,
          10000,
          1,
          8640,
          "Rate limit reached for gpt-3.5-turbo in organization org-X on "
          "requests per day (RPD): Limit 10000, Used 10000, Requested 1. "
          "Please try again in 8.64s. Visit https://platform.openai.com/"
          "account/rate-limits to learn more." },
        { { "gpt-4", "gpt-4", "org-X", false, false },
          LIM_TPM,
          10000,
          8554,
          3082,
          9816,
          "Rate limit reached for gpt-4 in organization org-X on tokens per "
          "min (TPM): Limit 10000, Used 8554, Requested 3082. Please try again "
          "in 9.816s. Visit https://platform.openai.com/account/rate-limits to "
          "learn more." },
        { { "gpt-4.1-2025-04-14", "gpt-4.1", "org-X", false, false },
          LIM_TPM,
          30000,
          28039,
          3906,
          3890,
          "Rate limit reached for gpt-4.1-2025-04-14 (for limit gpt-4.1) in "
          "organization org-X on tokens per min (TPM): Limit 30000, Used "
          "28039, Requested 3906. Please try again in 3.89s. Visit https://"
          "platform.openai.com/account/rate-limits to learn more." },
        { { "gpt-4o", "gpt-4o", "org-X", false, false },
          LIM_TPM,
          30000,
          0,
          36278,
          -1,
          "Request too large for gpt-4o in organization org-X on tokens per "
          "min (TPM): Limit 30000, Requested 36278. The input or output tokens "
          "must be reduced in order to run successfully. Visit https://"
          "platform.openai.com/account/rate-limits to learn more." },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct seen *r = &rows[i];
        struct mock_text body = { 0 };
        enum sim_answer a = r->hint_ms < 0 ? SIM_TOO_LARGE : SIM_RATE_LIMITED;
        struct sim_verdict v =
            refused(a, r->limit, r->max, r->used, r->requested, r->hint_ms);
        mock_words_refusal(&body, &today, &r->who, &v);
        char *message = message_of(&body);
        CU_ASSERT_STRING_EQUAL(message, r->message);
        free(message);
        mock_text_fini(&body);
    }
}

/* What is written is read back by the limiter. */
static void reader_and_writer_agree(void)
{
    const struct mock_refused who = { "gpt-4", "gpt-4", "org-X", true, false };
    for (int limit = 0; limit < LIM_WINDOWS; limit++) {
        struct mock_text body = { 0 };
        struct lim_apierror e;
        struct sim_verdict v = refused(SIM_RATE_LIMITED, (enum lim_limit)limit,
                                       1500000, 1499999, 77, 7272727);
        mock_words_refusal(&body, &today, &who, &v);
        lim_apierror_read(&e, 429, body.data, body.length);
        CU_ASSERT_EQUAL(e.class, LIM_CLASS_RATE_LIMIT);
        CU_ASSERT_EQUAL(e.limit, limit);
        CU_ASSERT_EQUAL(e.max, 1500000);
        CU_ASSERT_EQUAL(e.used, 1499999);
        CU_ASSERT_EQUAL(e.requested, 77);
        CU_ASSERT_EQUAL(e.hint_ns, 7272727 * LIM_MSEC);
        CU_ASSERT_STRING_EQUAL(e.code, "rate_limit_exceeded");
        mock_text_fini(&body);
    }
}

struct class_row {
    enum sim_answer answer;
    int64_t requested;
    enum lim_class class;
};

static void failures_are_told_apart(void)
{
    const struct mock_refused who = { "gpt-4", "gpt-4", "org-X", false, false };
    const struct class_row rows[] = {
        { SIM_RATE_LIMITED, 5, LIM_CLASS_RATE_LIMIT },
        { SIM_TOO_LARGE, 11, LIM_CLASS_TOO_LARGE },
        { SIM_QUOTA, 5, LIM_CLASS_QUOTA },
    };
    struct mock_text body = { 0 };
    struct lim_apierror e;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_verdict v =
            refused(rows[i].answer, LIM_TPM, 10, 9, rows[i].requested, 1);
        mock_text_clear(&body);
        mock_words_refusal(&body, &today, &who, &v);
        lim_apierror_read(&e, 429, body.data, body.length);
        CU_ASSERT_EQUAL(e.class, rows[i].class);
    }
    mock_text_clear(&body);
    mock_words_bad_key(&body, MOCK_ERA_NOW, "sk-mock-org-17777", 17);
    lim_apierror_read(&e, 401, body.data, body.length);
    CU_ASSERT_EQUAL(e.class, LIM_CLASS_CREDENTIAL);
    mock_text_clear(&body);
    mock_words_no_model(&body, MOCK_ERA_NOW, "gpt-9");
    lim_apierror_read(&e, 404, body.data, body.length);
    CU_ASSERT_EQUAL(e.class, LIM_CLASS_NO_ACCESS);
    mock_text_fini(&body);
}

struct key_row {
    const char *key, *shown;
};

static void keys_are_masked(void)
{
    const struct key_row rows[] = {
        { "sk-not-a-real-key", "sk-not-a*****-key" },
        { "sk-mock-abcdefgh", "sk-mock-****efgh" },
        { "sk-mock-abcdefg", "***************" },
        { "sk-1", "****" },
        { "", "" },
        { "\"\\\n<script>---------", "\"\\\n<scri********----" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mock_text body = { 0 };
        mock_words_bad_key(&body, MOCK_ERA_NOW, rows[i].key,
                           strlen(rows[i].key));
        char *message = message_of(&body);
        const char *shown = message + strlen("Incorrect API key provided: ");
        size_t length = strlen(rows[i].shown);
        CU_ASSERT_EQUAL(strncmp(shown, rows[i].shown, length), 0);
        CU_ASSERT_EQUAL(strncmp(shown + length, ". You can find", 14), 0);
        free(message);
        mock_text_fini(&body);
    }
}

static void bodies_are_laid_out_as_the_api_does(void)
{
    struct mock_text body = { 0 };
    const struct mock_error e = { .message = "a \"b\"\n",
                                  .type = "tokens",
                                  .code = "c" };
    mock_words_error(&body, &e);
    CU_ASSERT_STRING_EQUAL(body.data,
                           "{\n"
                           "    \"error\": {\n"
                           "        \"message\": \"a \\\"b\\\"\\n\",\n"
                           "        \"type\": \"tokens\",\n"
                           "        \"param\": null,\n"
                           "        \"code\": \"c\"\n"
                           "    }\n"
                           "}\n");
    mock_text_fini(&body);
}

static void read_headers(struct mock_text *h, struct lim_headers *out)
{
    lim_headers_init(out);
    for (char *line = h->data, *end; line != NULL && *line != '\0';
         line = end + 2) {
        end = strstr(line, "\r\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        lim_headers_read_line(out, line, (size_t)(end - line), 0);
    }
}

static void headers_are_read_back(void)
{
    struct mock_text h = { 0 };
    struct lim_headers got;
    struct lim_feedback f = lim_feedback_none();
    f.requests = (struct lim_shown){ 200, 197, 1296 * LIM_SEC };
    f.tokens = (struct lim_shown){ 10000, 9976, 144 * LIM_MSEC };
    f.hint_ns = 45175 * LIM_MSEC;
    mock_shown_limits(&h, &today, &f);
    CU_ASSERT_STRING_EQUAL(h.data, "x-ratelimit-limit-requests: 200\r\n"
                                   "x-ratelimit-remaining-requests: 197\r\n"
                                   "x-ratelimit-reset-requests: 21m36s\r\n"
                                   "x-ratelimit-limit-tokens: 10000\r\n"
                                   "x-ratelimit-remaining-tokens: 9976\r\n"
                                   "x-ratelimit-reset-tokens: 144ms\r\n"
                                   "retry-after: 46\r\n"
                                   "retry-after-ms: 45175\r\n");
    read_headers(&h, &got);
    CU_ASSERT_EQUAL(
        memcmp(&got.feedback.requests, &f.requests, sizeof f.requests), 0);
    CU_ASSERT_EQUAL(memcmp(&got.feedback.tokens, &f.tokens, sizeof f.tokens),
                    0);
    CU_ASSERT_EQUAL(got.feedback.hint_ns, f.hint_ns);
    mock_text_clear(&h);
    f = lim_feedback_none();
    mock_shown_limits(&h, &today, &f);
    CU_ASSERT_EQUAL(h.length, 0);
    mock_text_fini(&h);
}

static void replies_have_their_length(void)
{
    struct mock_text a = { 0 };
    struct mock_text b = { 0 };
    mock_words_reply(&a, 100, 7);
    mock_words_reply(&b, 100, 7);
    CU_ASSERT_EQUAL(a.length, 402);
    CU_ASSERT_STRING_EQUAL(a.data, b.data);
    mock_text_clear(&b);
    mock_words_reply(&b, 100, 8);
    CU_ASSERT_STRING_NOT_EQUAL(a.data, b.data);
    mock_text_clear(&b);
    mock_words_reply(&b, 0, 8);
    CU_ASSERT_STRING_EQUAL(b.data, "\"\"");
    mock_text_clear(&b);
    mock_text_add(&b, "\"", 1);
    for (int64_t i = 0; i < 100; i += 20)
        mock_words_span(&b, 7, i, i + 20);
    mock_text_add(&b, "\"", 1);
    CU_ASSERT_STRING_EQUAL(a.data, b.data);
    mock_text_fini(&a);
    mock_text_fini(&b);
}

static void strings_are_escaped(void)
{
    struct mock_text t = { 0 };
    const char bytes[] = "a\0\x1f\"\\\n\xc3\xa9\xff\x7f";
    struct lim_diag d = { 0 };
    mock_text_json(&t, bytes, sizeof bytes - 1);
    CU_ASSERT_STRING_EQUAL(t.data,
                           "\"a\\u0000\\u001f\\\"\\\\\\n\xc3\xa9?\x7f\"");
    mock_text_clear(&t);
    for (int c = 1; c < 256; c++) {
        char one = (char)c;
        mock_text_clear(&t);
        mock_text_json(&t, &one, 1);
        CU_ASSERT_TRUE(mock_jsontext_check(t.data, t.length, 1, &d));
    }
    mock_text_clear(&t);
    for (int i = 0; i < 5000; i++)
        mock_text_printf(&t, "%d,", i % 10);
    CU_ASSERT_EQUAL(t.length, 10000);
    CU_ASSERT_EQUAL(strlen(t.data), 10000);
    CU_ASSERT_FALSE(t.failed);
    mock_text_fini(&t);
}

static void the_server_has_words_for_its_own(void)
{
    const int statuses[] = { 400, 408, 413, 414, 417, 431, 501, 503, 505 };
    struct lim_diag d = { 0 };
    for (size_t i = 0; i < COUNT(statuses); i++) {
        const char *body = mock_words_of_server(statuses[i]);
        CU_ASSERT_TRUE(mock_jsontext_check(body, strlen(body), 2, &d));
    }
}

CU_TestInfo words_tests[] = {
    { "says what was seen in logs", says_what_was_seen },
    { "reader and writer agree about every limit", reader_and_writer_agree },
    { "failures are told apart", failures_are_told_apart },
    { "keys are masked", keys_are_masked },
    { "bodies are laid out as the API does",
      bodies_are_laid_out_as_the_api_does },
    { "headers are read back", headers_are_read_back },
    { "replies have their length", replies_have_their_length },
    { "strings are escaped", strings_are_escaped },
    { "the server has words for what it refuses itself",
      the_server_has_words_for_its_own },
    CU_TEST_INFO_NULL
};
