#define _DEFAULT_SOURCE

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define CHAT "/v1/chat/completions"
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define GPT4 "{\"model\":\"gpt-4\"," HI "}"
#define FREE                                                                   \
    "{\"table\":\"seed\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\",\"tier\":\"free\",\"keys\":2},"                          \
    "{\"name\":\"b\",\"tier\":\"tier1\"}]}"

static void three_then_a_refusal(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(ask(&f, CHAT, GPT4), 200);
        CU_ASSERT_TRUE(ask_says(&f, "\"object\":\"chat.completion\""));
        CU_ASSERT_TRUE(ask_says(&f, "\"prompt_tokens\":3,"));
    }
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-requests: 197\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-reset-requests: 21m36s\r\n"));
    CU_ASSERT_EQUAL(ask(&f, CHAT, GPT4), 429);
    CU_ASSERT_TRUE(ask_says(&f,
                            "in organization a on requests per min (RPM): "
                            "Limit 3, Used 3, Requested 1. Please try again "
                            "in 20s."));
    CU_ASSERT_TRUE(ask_says(&f, "by adding a payment method"));
    CU_ASSERT_TRUE(ask_header(&f, "retry-after: 20\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "retry-after-ms: 20000\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-limit-requests: 200\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "openai-organization: a\r\n"));
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-mock-a-2", "POST", CHAT, GPT4), 429);
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-mock-b-1", "POST", CHAT, GPT4), 200);
    f.now += 20 * LIM_SEC - 1;
    CU_ASSERT_EQUAL(ask(&f, CHAT, GPT4), 429);
    f.now += 1;
    CU_ASSERT_EQUAL(ask(&f, CHAT, GPT4), 200);
    ask_tear_down(&f);
}

static void authentication_comes_first(void)
{
    const struct ask_row rows[] = {
        { NULL, "POST", CHAT, "{", 401, "You didn't provide an API key" },
        { "sk-mock-a-1", "POST", CHAT, "{", 401, "You didn't provide an" },
        { "Bearer ", "POST", CHAT, "{", 401, "You didn't provide an API" },
        { "Bearer sk-mock-a-3", "POST", CHAT, "{", 401,
          "Incorrect API key provided: sk-mock-******-a-3." },
        { "Bearer sk-mock-a-0", "POST", CHAT, "{", 401, "Incorrect API key" },
        { "Bearer sk-mock-a-01", "POST", CHAT, "{", 401, "Incorrect API" },
        { "Bearer sk-mock-a", "POST", CHAT, "{", 401, "Incorrect API key" },
        { "Bearer sk-mock-c-1", "POST", CHAT, "{", 401, "Incorrect API key" },
        { "Bearer sk-mock-1", "POST", CHAT, "{", 401, "Incorrect API key" },
        { "Bearer sk-other-key-of-somebody", "GET", "/v1/x", "", 401,
          "\"status\": 401" },
    };
    struct ask f;
    ask_set_up(&f, FREE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(ask_as(&f, rows[i].authorization, rows[i].method,
                               rows[i].path, rows[i].body),
                        401);
        CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
        CU_ASSERT_FALSE(ask_header(&f, "openai-organization"));
    }
    CU_ASSERT_FALSE(ask_says(&f, "sk-other-key"));
    ask_tear_down(&f);
}
#define KEY "Bearer sk-mock-b-1"

static void mistakes_are_worded(void)
{
    const struct ask_row rows[] = {
        { KEY, "POST", CHAT, "", 400, "We could not parse the JSON body" },
        { KEY, "POST", CHAT, "{\"model\":", 400,
          "(line 1, column 10: expected a value, found the end of the" },
        { KEY, "POST", CHAT, "[]", 400, "expected an object" },
        { KEY, "POST", CHAT, "{\"model\":\"\xff\"}", 400, "valid UTF-8" },
        { KEY, "POST", CHAT, "{}", 400, "you must provide a model parameter" },
        { KEY, "POST", CHAT, "{\"model\":4}", 400,
          "Invalid type for 'model': expected a string, but got an integer" },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-9\"}", 404,
          "The model `gpt-9` does not exist or you do not have access" },
        { KEY, "POST", "/v1/x", "{}", 404, "Invalid URL (POST /v1/x)" },
        { KEY, "GET", CHAT, "", 405,
          "Not allowed to GET on /v1/chat/completions." },
        { KEY, "GET", "/x", "", 404, "Invalid URL (GET /x)" },
        { KEY, "GET", "/v1/models/gpt-9", "", 404,
          "The model 'gpt-9' does not exist" },
        { KEY, "GET", "/v1/models/", "", 404, "Invalid URL" },
        { KEY, "GET", "/v1/models/a/b", "", 404, "Invalid URL" },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\"}", 400,
          "Missing required parameter: 'input'." },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\",\"input\":\"\"}", 400,
          "'$.input' is invalid" },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\",\"input\":[]}", 400,
          "'$.input' is invalid" },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\",\"input\":[\"a\",[1]]}", 400,
          "Invalid type for 'input': expected a string" },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\",\"input\":\"a\","
          "\"dimensions\":5}",
          400, "does not support specifying dimensions" },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\",\"input\":\"a\","
          "\"encoding_format\":\"hex\"}",
          400, "Invalid value for 'encoding_format'" },
        { KEY, "POST", "/v1/embeddings",
          "{\"model\":\"text-embedding-ada-002\",\"input\":\"a\","
          "\"max_tokens\":1}",
          400, "Unrecognized request argument supplied: max_tokens" },
        { KEY, "GET", "/mock/orgs?tokens=x", "", 400,
          "'tokens': expected a whole number." },
        { KEY, "GET", "/mock/orgs?model=%zz", "", 400, "'model'" },
        { KEY, "GET", "/mock/orgs?model=gpt-9", "", 404, "'gpt-9'" },
        { KEY, "POST", "/mock/clock", "{}", 400,
          "expected \\\"advance\\\" or \\\"to\\\"" },
        { KEY, "POST", "/mock/clock", "{\"advanse\":1}", 400,
          "advanse: unknown key; did you mean \\\"advance\\\"?" },
    };
    struct ask f;
    ask_set_up(&f, FREE);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

static void draws_follow_the_clients_number(void)
{
    struct ask f;
    int64_t total[3];
    const char *const ids[] = { "17-2", "17-2", "18" };
    ask_set_up(&f, "{\"table\":\"none\",\"latency\":\"gpt-4o\","
                   "\"organisations\":[{\"name\":\"a\"}]}");
    for (int i = 0; i < 3; i++) {
        struct mock_question q = { .method = ask_slice("POST"),
                                   .path = ask_slice(CHAT),
                                   .body = ask_slice(GPT4),
                                   .authorization = ask_slice("Bearer "
                                                              "sk-mock-a-1"),
                                   .client_request = ask_slice(ids[i]),
                                   .now = f.now };
        mock_api_answer(f.api, &q, &f.a);
        CU_ASSERT_PTR_NOT_NULL_FATAL(f.a.flight);
        mock_api_abandon(f.api, f.a.flight);
        mock_api_end(f.api, f.a.flight, f.a.at);
        total[i] = f.a.at - f.now;
    }
    CU_ASSERT_TRUE(total[0] > 0);
    CU_ASSERT_EQUAL(total[0], total[1]);
    CU_ASSERT_NOT_EQUAL(total[0], total[2]);
    CU_ASSERT_FALSE(ask_header(&f, "x-ratelimit"));
    CU_ASSERT_EQUAL(f.api->abandoned, 3);
    ask_tear_down(&f);
}

static void any_key_is_an_organisation(void)
{
    struct ask f;
    ask_set_up_any(&f, "seed", LIM_TIER_FREE, false);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-one", "POST", CHAT, GPT4),
                        i < 3 ? 200 : 429);
    CU_ASSERT_FALSE(ask_says(&f, "sk-one"));
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-two", "POST", CHAT, GPT4), 200);
    CU_ASSERT_EQUAL(f.a.at - f.now, 2 * LIM_SEC);
    CU_ASSERT_TRUE(ask_header(&f, "openai-processing-ms: 2000\r\n"));
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-", "POST", CHAT, GPT4), 401);
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-a b", "POST", CHAT, GPT4), 401);
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer pk-one", "POST", CHAT, GPT4), 401);
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs", ""), 200);
    CU_ASSERT_FALSE(ask_says(&f, "sk-"));
    f.api->config.several = true;
    CU_ASSERT_EQUAL(ask_as(&f, NULL, "POST", "/mock/clock", "{\"advance\":1}"),
                    409);
    ask_tear_down(&f);
    ask_set_up_any(&f, "seed", LIM_TIER_FREE, true);
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-one", "POST", CHAT, GPT4), 200);
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-two", "POST", CHAT, GPT4), 200);
    CU_ASSERT_TRUE(ask_header(&f, "openai-organization: org\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-requests: 198\r\n"));
    ask_tear_down(&f);
}

static void embeddings_are_vectors(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"none\",\"organisations\":[{\"name\":\"a\"}]}");
    CU_ASSERT_EQUAL(ask(&f, "/v1/embeddings",
                        "{\"model\":\"text-embedding-3-small\",\"input\":["
                        "\"a\",\"b\",\"a\"],\"dimensions\":4}"),
                    200);
    CU_ASSERT_TRUE(ask_says(&f, "\"usage\":{\"prompt_tokens\":6,"));
    cJSON *root = cJSON_Parse(f.a.body.data);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(data), 3);
    const cJSON *v[3];
    for (int i = 0; i < 3; i++)
        v[i] = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(data, i),
                                                "embedding");
    double sum = 0;
    const cJSON *x;
    cJSON_ArrayForEach(x, v[0]) sum += x->valuedouble * x->valuedouble;
    CU_ASSERT_EQUAL(cJSON_GetArraySize(v[0]), 4);
    CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-6);
    CU_ASSERT_TRUE(cJSON_Compare(v[0], v[2], true));
    CU_ASSERT_FALSE(cJSON_Compare(v[0], v[1], true));
    cJSON_Delete(root);
    CU_ASSERT_EQUAL(ask(&f, "/v1/embeddings",
                        "{\"model\":\"text-embedding-3-small\",\"input\":"
                        "[1,2,3],\"encoding_format\":\"base64\","
                        "\"dimensions\":1}"),
                    200);
    bool one = ask_says(&f, "\"embedding\":\"AACAPw==\"");
    CU_ASSERT_TRUE(one || ask_says(&f, "\"embedding\":\"AACAvw==\""));
    CU_ASSERT_TRUE(ask_says(&f, "\"usage\":{\"prompt_tokens\":3,"));
    CU_ASSERT_EQUAL(
        ask(&f, "/v1/embeddings", "{\"model\":\"m\",\"input\":[[1],[2,3]]}"),
        200);
    CU_ASSERT_EQUAL(
        ask(&f, "/v1/embeddings", "{\"model\":\"m\",\"input\":[[1],[2,-3]]}"),
        400);
    ask_tear_down(&f);
}

/* So many inputs of one text each, of `length` letters. */
static int embed(struct ask *f, int inputs, int length)
{
    struct mock_text body = { 0 };
    mock_text_puts(&body, "{\"model\":\"text-embedding-3-small\","
                          "\"encoding_format\":\"base64\",\"dimensions\":1,"
                          "\"input\":[");
    for (int i = 0; i < inputs; i++) {
        mock_text_puts(&body, i > 0 ? ",\"" : "\"");
        for (int k = 0; k < length; k++)
            mock_text_add(&body, "a", 1);
        mock_text_puts(&body, "\"");
    }
    mock_text_puts(&body, "]}");
    int status = ask(f, "/v1/embeddings", body.data);
    mock_text_fini(&body);
    return status;
}

static void a_batch_of_embeddings_has_its_limits(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"none\",\"organisations\":[{\"name\":\"a\"}]}");
    CU_ASSERT_EQUAL(embed(&f, 2048, 1), 200);
    CU_ASSERT_EQUAL(embed(&f, 2049, 1), 400);
    CU_ASSERT_TRUE(ask_says(&f, "2049 entries; at most 2048"));
    CU_ASSERT_EQUAL(embed(&f, 1, 8190 * 4), 200);
    CU_ASSERT_EQUAL(embed(&f, 1, 8191 * 4), 400);
    CU_ASSERT_TRUE(ask_says(&f, "requested 8193 tokens"));
    CU_ASSERT_EQUAL(embed(&f, 60, 4998 * 4), 200);
    CU_ASSERT_EQUAL(embed(&f, 60, 4999 * 4), 400);
    CU_ASSERT_TRUE(ask_says(&f, "maximum request size is 300000 tokens"));
    ask_tear_down(&f);
}

static void models_are_those_of_the_tier(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    CU_ASSERT_EQUAL(ask(&f, "/v1/models", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"object\":\"list\",\"data\":[{\"id\":"
                                "\"gpt-4\",\"object\":\"model\",\"created\":"
                                "1698796800,\"owned_by\":\"system\"}"));
    CU_ASSERT_EQUAL(ask(&f, "/v1/models/gpt-4-0613", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"id\":\"gpt-4-0613\""));
    CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
    CU_ASSERT_EQUAL(ask_as(&f, KEY, "HEAD", "/v1/models", ""), 200);
    ask_tear_down(&f);
}

static void without_a_table_models_are_those_with_a_price(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"none\",\"organisations\":[{\"name\":\"a\"}],"
                   "\"prices\":{\"gpt-4o\":{\"input\":1},\"my-model\":{}}}");
    CU_ASSERT_EQUAL(ask(&f, "/v1/models", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"id\":\"gpt-4o\","));
    CU_ASSERT_TRUE(ask_says(&f, ",{\"id\":\"my-model\",\"object\":\"model\","
                                "\"created\":0,\"owned_by\":\"system\"}]}"));
    ask_tear_down(&f);
}

static void the_month_s_money_ends(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"seed\",\"organisations\":[{\"name\":\"a\","
                   "\"tier\":\"tier1\",\"spent\":\"$100\"}]}");
    CU_ASSERT_EQUAL(ask(&f, CHAT, GPT4), 429);
    CU_ASSERT_TRUE(ask_says(&f, "\"type\": \"insufficient_quota\""));
    CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
    CU_ASSERT_FALSE(ask_header(&f, "retry-after"));
    f.now += 31 * LIM_DAY;
    CU_ASSERT_EQUAL(ask(&f, CHAT, GPT4), 200);
    ask_tear_down(&f);
}

/* Also when nobody has asked since. */
static void an_upgrade_is_seen_when_it_is_due(void)
{
    struct ask f;
    ask_set_up(&f, "{\"latency\":\"none\",\"organisations\":[{\"name\":\"a\","
                   "\"tier\":\"free\",\"paid\":0,\"payments\":[{\"after\":"
                   "\"1m\",\"amount\":\"$5\"}]}]}");
    f.now += LIM_MIN - 1;
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "\"tier\":\"free\""));
    f.now += 1;
    CU_ASSERT_EQUAL(ask(&f, "/metrics", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "organisation=\"a\",tier=\"tier1\""));
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "\"tier\":\"tier1\""));
    ask_tear_down(&f);
}

static void the_exact_wait_is_told(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f,
                            "{\"name\":\"a\",\"tier\":\"free\",\"spent_microusd"
                            "\":0,\"spend_max_microusd\":100000000,"
                            "\"paid_microusd\":null,\"next\":null,"
                            "\"admitted\":0,\"refused\":0,\"groups\":"
                            "[]}"));
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs?model=gpt-4&tokens=10001", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f,
                            "\"answer\":\"too_large\",\"exact_wait_ns\":null,"
                            "\"hint_ms\":null"));
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs?model=gpt-4&tokens=10000", ""), 200);
    CU_ASSERT_TRUE(
        ask_says(&f, "\"answer\":\"admitted\",\"exact_wait_ns\":0,"));
    for (int i = 0; i < 3; i++)
        ask(&f, CHAT, GPT4);
    f.now += 1;
    CU_ASSERT_EQUAL(ask(&f, "/mock/orgs?organisation=a&requests=1", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f,
                            "\"rpm\":{\"limit\":3,\"remaining\":0,\"level\":"
                            "0.000000000,\"reset_ns\":59999999999,\"admitted\""
                            ":3}"));
    CU_ASSERT_TRUE(ask_says(&f, "\"answer\":\"rate_limited\",\"exact_wait_ns\":"
                                "19999999999,\"hint_ms\":20000"));
    CU_ASSERT_FALSE(ask_says(&f, "\"name\":\"b\""));
    ask_tear_down(&f);
}

static void the_clock_waits_for_decisions(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    const char *set = "{\"to\":\"1767225620000000001\",\"after_requests\":2}";
    CU_ASSERT_EQUAL(ask(&f, "/mock/clock", set), 0);
    CU_ASSERT_EQUAL(f.api->clock.to, ASK_START + 20 * LIM_SEC + 1);
    CU_ASSERT_FALSE(mock_api_clock_due(f.api));
    CU_ASSERT_EQUAL(ask(&f, "/mock/clock", set), 409);
    ask(&f, CHAT, GPT4);
    ask(&f, "/healthz", "");
    CU_ASSERT_FALSE(mock_api_clock_due(f.api));
    ask(&f, CHAT, GPT4);
    CU_ASSERT_TRUE(mock_api_clock_due(f.api));
    f.now = f.api->clock.to;
    mock_api_clock_answer(f.api, f.now, &f.a);
    CU_ASSERT_TRUE(ask_says(&f, "{\"now\":1767225620000000001,\"date\":"
                                "\"2026-01-01T00:00:20.000000001Z\""));
    CU_ASSERT_FALSE(mock_api_clock_due(f.api));
    CU_ASSERT_EQUAL(ask(&f, "/mock/clock", "{\"to\":\"2026-01-02\"}"), 0);
    CU_ASSERT_TRUE(mock_api_clock_due(f.api));
    CU_ASSERT_EQUAL(f.api->clock.to, ASK_START + LIM_DAY);
    CU_ASSERT_EQUAL(ask(&f, "/mock/clock", ""), 200);
    CU_ASSERT_EQUAL(ask(&f, "/mock/state", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "\"table\":\"seed\",\"discipline\":"));
    CU_ASSERT_TRUE(ask_says(&f, "\"dialect\":\"openai\",\"organisations\":2,"));
    ask_tear_down(&f);
}

/* The log of a session, key by key. */
static void the_log_has_no_keys(void)
{
    struct ask f;
    char *text = NULL;
    size_t size = 0;
    ask_set_up(&f, FREE);
    f.api->config.log = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.api->config.log);
    for (int i = 0; i < 4; i++)
        ask(&f, CHAT, GPT4);
    ask_as(&f, "Bearer sk-secret-secret-secret", "POST", CHAT, GPT4);
    fclose(f.api->config.log);
    CU_ASSERT_PTR_NULL(strstr(text, "sk-"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\"organisation\":\"a\",\"project\":null,\"model\":"
                     "\"gpt-4\",\"status\":429,\"limit\":"
                     "\"rpm\",\"tokens\":3,"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\"organisation\":null,\"project\":null,\"model\":null,"
                     "\"status\":401,\"limit\":null,"));
    free(text);
    f.api->config.log = NULL;
    ask_tear_down(&f);
}

CU_TestInfo routes_tests[] = {
    { "three requests, then a refusal, for all keys of one organisation",
      three_then_a_refusal },
    { "authentication comes first", authentication_comes_first },
    { "mistakes are worded as the API does", mistakes_are_worded },
    { "draws follow the client's number", draws_follow_the_clients_number },
    { "any key is an organisation", any_key_is_an_organisation },
    { "embeddings are vectors of length 1", embeddings_are_vectors },
    { "a batch of embeddings has its limits",
      a_batch_of_embeddings_has_its_limits },
    { "models are those of the tier", models_are_those_of_the_tier },
    { "without a table models are those with a price",
      without_a_table_models_are_those_with_a_price },
    { "the month's money ends", the_month_s_money_ends },
    { "an upgrade is seen when it is due", an_upgrade_is_seen_when_it_is_due },
    { "the exact wait is told", the_exact_wait_is_told },
    { "the clock waits for decisions", the_clock_waits_for_decisions },
    { "the log has no keys", the_log_has_no_keys },
    CU_TEST_INFO_NULL
};
