/* Azure's dialect: its paths, its key, its errors and its headers. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "limiter/apierror.h"
#include "limiter/headers.h"
#include "mockserver/azure.h"
#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define VERSION "?api-version=2024-08-01-preview"
#define DEPLOYMENT "/openai/deployments/gpt-4/"
#define CHAT DEPLOYMENT "chat/completions" VERSION
#define HI "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
#define NAMED                                                                  \
    "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":"       \
    "\"Hello\"}]}"
#define PROVIDER                                                               \
    "{\"table\":\"seed\",\"latency\":\"none\",\"dialect\":\"azure\","          \
    "\"organisations\":[{\"name\":\"a\",\"tier\":\"free\"}]}"

/* Asks with the header api-key. */
static int ask_azure(struct ask *f, const char *key, const char *method,
                     const char *path, const char *body)
{
    const char *query = strchr(path, '?');
    struct mock_question q = { .method = ask_slice(method),
                               .path = ask_slice(path),
                               .query =
                                   ask_slice(query != NULL ? query + 1 : NULL),
                               .body = ask_slice(body),
                               .api_key = ask_slice(key),
                               .now = f->now };
    if (query != NULL)
        q.path.length = (size_t)(query - path);
    return ask_question(f, &q);
}

static void paths_lead_to_the_same_rooms(void)
{
    const struct {
        const char *method, *path, *body;
        int status;
        const char *words;
    } rows[] = {
        { "POST", CHAT, HI, 200, "\"object\":\"chat.completion\"" },
        { "POST", CHAT, NAMED, 200, "\"model\":\"gpt-4\"" },
        { "POST", "/openai/v1/chat/completions", NAMED, 200,
          "\"object\":\"chat.completion\"" },
        { "POST", "/openai/chat/completions" VERSION, NAMED, 200,
          "\"object\":\"chat.completion\"" },
        { "POST", "/openai/v1/chat/completions", HI, 400,
          "you must provide a model parameter" },
        { "POST",
          "/openai/deployments/text-embedding-ada-002/embeddings" VERSION,
          "{\"input\":\"a\"}", 200, "\"object\":\"embedding\"" },
        { "GET", "/openai/models" VERSION, "", 200, "\"object\":\"list\"" },
        { "GET", "/openai/v1/models/gpt-4", "", 200, "\"id\":\"gpt-4\"" },
        { "POST", "/openai/deployments/gpt-9/chat/completions" VERSION, HI, 404,
          "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API "
          "deployment for this resource does not exist." },
        { "POST", DEPLOYMENT "chat/completions", HI, 404,
          "{\"error\":{\"code\":\"404\",\"message\":\"Resource not found\"}}" },
        { "POST", DEPLOYMENT "chat/completions?api-version=", HI, 404,
          "Resource not found" },
        { "POST", DEPLOYMENT "chat/nothing" VERSION, HI, 404,
          "Resource not found" },
        { "GET", CHAT, "", 404, "Resource not found" },
        { "POST", "/openai/deployments//chat/completions" VERSION, HI, 404,
          "Resource not found" },
        { "POST", "/openai/deployments/gpt-4" VERSION, HI, 404,
          "Resource not found" },
        { "POST", "/openai/deployments/" VERSION, HI, 404,
          "Resource not found" },
        { "POST", "/openai/", HI, 404, "Resource not found" },
        { "POST", "/openai", HI, 404, "Resource not found" },
        { "POST", "/v1/chat/completions", NAMED, 404, "Resource not found" },
        { "GET", "/healthz", "", 200, "" },
    };
    struct ask f;
    ask_set_up(&f, PROVIDER);
    for (size_t i = 0; i < COUNT(rows); i++) {
        f.now += LIM_HOUR;
        int status = ask_azure(&f, "sk-mock-a-1", rows[i].method, rows[i].path,
                               rows[i].body);
        CU_ASSERT_EQUAL(status, rows[i].status);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].words) || rows[i].words[0] == '\0');
        if (status != rows[i].status || !ask_says(&f, rows[i].words))
            printf("\n  row %zu: %d %s\n", i, status, f.a.body.data);
    }
    ask_tear_down(&f);
}

static void a_key_comes_in_either_header(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER);
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-mock-a-1", "POST", CHAT, HI), 200);
    CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-1", "POST", CHAT, HI), 200);
    CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-9", "POST", CHAT, HI), 401);
    CU_ASSERT_TRUE(ask_says(&f, "{\"error\":{\"code\":\"401\",\"message\":"
                                "\"Access denied due to invalid subscription "
                                "key"));
    CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
    CU_ASSERT_EQUAL(ask_azure(&f, NULL, "POST", CHAT, HI), 401);
    ask_tear_down(&f);
    ask_set_up(&f, "{\"table\":\"seed\",\"organisations\":[{\"name\":\"a\"}]}");
    CU_ASSERT_EQUAL(
        ask_azure(&f, "sk-mock-a-1", "POST", "/v1/chat/completions", NAMED),
        401);
    CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-1", "POST", CHAT, HI), 404);
    CU_ASSERT_TRUE(ask_says(&f, "Invalid URL"));
    ask_tear_down(&f);
}

static void refusals_are_worded_as_azure_does(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-1", "POST", CHAT, HI), 200);
    CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-1", "POST", CHAT, HI), 429);
    CU_ASSERT_STRING_EQUAL(
        f.a.body.data,
        "{\"error\":{\"code\":\"429\",\"message\":\"Requests to the "
        "ChatCompletions_Create Operation under Azure OpenAI API version "
        "2024-08-01-preview have exceeded call rate limit of your current "
        "OpenAI S0 pricing tier. Please retry after 20 seconds. Please go "
        "here: https://aka.ms/oai/quotaincrease if you would like to further "
        "increase the default rate limit.\"}}");
    f.now += LIM_DAY;
    ask_azure(&f, "sk-mock-a-1", "POST", CHAT,
              "{\"max_tokens\":6000,\"messages\":[{\"role\":\"user\","
              "\"content\":\"Hello\"}]}");
    CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-1", "POST",
                              "/openai/v1/chat/completions",
                              "{\"model\":\"gpt-4\",\"max_tokens\":5000,"
                              "\"messages\":[{\"role\":\"user\",\"content\":"
                              "\"Hello\"}]}"),
                    429);
    CU_ASSERT_TRUE(ask_says(&f, "API version v1 have exceeded token rate limit "
                                "of your current OpenAI S0 pricing tier. "
                                "Please retry after 7 seconds."));
    CU_ASSERT_TRUE(ask_header(&f, "retry-after: 7\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "retry-after-ms: 6036\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-reset-tokens: 37\r\n"));
    ask_tear_down(&f);
}

static void what_never_fits_is_put_off_for_a_day(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER);
    CU_ASSERT_EQUAL(
        ask_azure(&f, "sk-mock-a-1", "POST",
                  "/openai/deployments/gpt-3.5-turbo/chat/completions" VERSION,
                  "{\"max_tokens\":50000,\"messages\":[{\"role\":\"user\","
                  "\"content\":\"Hello\"}]}"),
        429);
    CU_ASSERT_TRUE(ask_says(&f, "Please retry after 86400 seconds."));
    CU_ASSERT_TRUE(ask_header(&f, "retry-after: 86400\r\n"));
    ask_tear_down(&f);
}

static void headers_show_what_remains(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER);
    CU_ASSERT_EQUAL(ask_azure(&f, "sk-mock-a-1", "POST", CHAT, HI), 200);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-requests: 199\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 9997\r\n"));
    CU_ASSERT_FALSE(ask_header(&f, "x-ratelimit-limit"));
    CU_ASSERT_FALSE(ask_header(&f, "x-ratelimit-reset"));
    CU_ASSERT_FALSE(ask_header(&f, "openai-"));
    CU_ASSERT_FALSE(ask_header(&f, "req_"));
    CU_ASSERT_TRUE(ask_header(&f, "apim-request-id: "));
    const char *id = strstr(f.a.headers.data, "x-request-id: ") + 14;
    CU_ASSERT_EQUAL(strcspn(id, "\r"), 36);
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        CU_ASSERT_EQUAL(id[i] == '-', dash);
    }
    CU_ASSERT_EQUAL(id[14], '4');
    CU_ASSERT_PTR_NOT_NULL(strchr("89ab", id[19]));
    ask_tear_down(&f);
}

/* The wait is in the sentence, in whole seconds. */
static void the_limiter_reads_it(void)
{
    struct ask f;
    struct lim_apierror e;
    ask_set_up(&f, PROVIDER);
    for (int i = 0; i < 4; i++) {
        f.now += 100 * LIM_MSEC;
        ask_azure(&f, "sk-mock-a-1", "POST", CHAT, HI);
    }
    lim_apierror_read(&e, f.a.status, f.a.body.data, f.a.body.length);
    CU_ASSERT_EQUAL(e.class, LIM_CLASS_RATE_LIMIT);
    CU_ASSERT_EQUAL(e.limit, LIM_RPM);
    CU_ASSERT_EQUAL(e.hint_ns, 20 * LIM_SEC);
    ask_azure(&f, "sk-mock-a-9", "POST", CHAT, HI);
    lim_apierror_read(&e, f.a.status, f.a.body.data, f.a.body.length);
    CU_ASSERT_EQUAL(e.class, LIM_CLASS_CREDENTIAL);
    ask_azure(&f, "sk-mock-a-1", "POST",
              "/openai/deployments/x/chat/completions" VERSION, HI);
    lim_apierror_read(&e, f.a.status, f.a.body.data, f.a.body.length);
    CU_ASSERT_EQUAL(e.class, LIM_CLASS_NO_ACCESS);
    ask_tear_down(&f);
}

static void dialects_have_names(void)
{
    enum mock_dialect d;
    for (int i = 0; i < MOCK_DIALECTS; i++) {
        const char *name = mock_azure_dialect_name((enum mock_dialect)i);
        CU_ASSERT_TRUE(mock_azure_dialect_find(name, &d));
        CU_ASSERT_EQUAL((int)d, i);
    }
    CU_ASSERT_FALSE(mock_azure_dialect_find("Azure", &d));
}

CU_TestInfo azure_tests[] = {
    { "paths lead to the same rooms", paths_lead_to_the_same_rooms },
    { "a key comes in either header", a_key_comes_in_either_header },
    { "refusals are worded as Azure does", refusals_are_worded_as_azure_does },
    { "what never fits is put off for a day",
      what_never_fits_is_put_off_for_a_day },
    { "headers show what remains", headers_show_what_remains },
    { "the limiter reads it", the_limiter_reads_it },
    { "dialects have names", dialects_have_names },
    CU_TEST_INFO_NULL
};
