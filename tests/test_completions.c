/* The older completions: prompts, what they reserve, echoes and streams. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define PATH "/v1/completions"
#define KEY "Bearer sk-mock-a-1"
#define TIER1 "{\"latency\":\"none\",\"organisations\":[{\"name\":\"a\"}]}"
#define NO_LIMITS                                                              \
    "{\"table\":\"none\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\"}]}"
#define BODY(more) "{\"model\":\"gpt-3.5-turbo-instruct\"," more "}"

static void mistakes_are_worded(void)
{
    const struct ask_row rows[] = {
        { KEY, "GET", PATH, "", 405, "Not allowed to GET on /v1/completions." },
        { KEY, "POST", PATH, "{\"prompt\":\"a\"}", 400,
          "you must provide a model parameter" },
        { KEY, "POST", PATH, "{\"model\":\"gpt-4o\",\"prompt\":\"a\"}", 404,
          "This is a chat model and not supported in the v1/completions "
          "endpoint. Did you mean to use v1/chat/completions?" },
        { KEY, "POST", PATH, BODY("\"prompt\":{}"), 400,
          "Invalid type for 'prompt'" },
        { KEY, "POST", PATH, BODY("\"prompt\":[]"), 400,
          "Invalid 'prompt': empty array." },
        { KEY, "POST", PATH, BODY("\"prompt\":[1,-2]"), 400,
          "Invalid type for 'prompt': expected an integer" },
        { KEY, "POST", PATH, BODY("\"prompt\":[\"a\",7]"), 400,
          "Invalid type for 'prompt': expected a string or an array" },
        { KEY, "POST", PATH, BODY("\"prompt\":\"a\",\"messages\":[]"), 400,
          "Unrecognized request argument supplied: messages" },
        { KEY, "POST", PATH, BODY("\"prompt\":\"a\",\"n\":2,\"best_of\":1"),
          400, "more choices than it will generate" },
        { KEY, "POST", PATH,
          BODY("\"prompt\":\"a\",\"best_of\":2,\"stream\":true"), 400,
          "'best_of' parameter is not supported when 'stream'" },
        { KEY, "POST", PATH, BODY("\"prompt\":\"a\",\"best_of\":21"), 400,
          "Expected a value <= 20, but got 21" },
        { KEY, "POST", PATH, BODY("\"prompt\":\"a\",\"logprobs\":6"), 400,
          "Expected a value <= 5, but got 6" },
        { KEY, "POST", PATH, BODY("\"prompt\":\"a\",\"temperature\":\"hot\""),
          400, "expected a decimal, but got a string" },
        { KEY, "POST", PATH, BODY("\"prompt\":\"a\",\"max_tokens\":9000"), 400,
          "maximum context length is 4097 tokens, however you requested 9002 "
          "tokens (2 in your prompt; 9000 for the completion)." },
    };
    struct ask f;
    ask_set_up(&f, TIER1);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

static int remaining(const struct ask *f, int tokens)
{
    char line[64];
    snprintf(line, sizeof line, "x-ratelimit-remaining-tokens: %d\r\n", tokens);
    return ask_header(f, line);
}

/* A body of tier 1's 200,000 tokens, and what it leaves of them. */
static void each_choice_is_reserved(void)
{
    const struct {
        const char *body;
        int left;
    } rows[] = {
        { BODY("\"prompt\":\"abcd\""), 200000 - 3 - 16 },
        { BODY("\"user\":\"u\""), 200000 - 2 - 16 },
        { BODY("\"prompt\":\"abcd\",\"max_tokens\":0"), 200000 - 3 },
        { BODY("\"prompt\":\"abcd\",\"n\":2"), 200000 - 3 - 32 },
        { BODY("\"prompt\":\"abcd\",\"n\":2,\"best_of\":5"), 200000 - 3 - 80 },
        { BODY("\"prompt\":[1,2,3,4,5]"), 200000 - 5 - 16 },
        { BODY("\"prompt\":[\"abcd\",\"abcd\"],\"max_tokens\":10"),
          200000 - 6 - 20 },
        { BODY("\"prompt\":[[1,2],[3]],\"n\":3,\"max_tokens\":10"),
          200000 - 3 - 60 },
    };
    struct ask f;
    ask_set_up(&f, TIER1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        f.now += LIM_HOUR;
        CU_ASSERT_EQUAL(ask(&f, PATH, rows[i].body), 200);
        CU_ASSERT_TRUE(remaining(&f, rows[i].left));
    }
    ask_tear_down(&f);
}

static void the_best_of_several_are_told(void)
{
    struct ask f;
    ask_set_up(&f, NO_LIMITS);
    ask_tokens(&f, PATH,
               BODY("\"prompt\":[\"a\",\"b\"],\"n\":1,\"best_of\":3,"
                    "\"max_tokens\":4"),
               "20");
    cJSON *root = cJSON_Parse(f.a.body.data);
    const cJSON *choices = ask_at(root, "choices");
    CU_ASSERT_STRING_EQUAL(ask_text(root, "object"), "text_completion");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(choices), 2);
    for (int i = 0; i < 2; i++) {
        const cJSON *choice = cJSON_GetArrayItem(choices, i);
        CU_ASSERT_EQUAL(ask_at(choice, "index")->valueint, i);
        /* 20 tokens for six: 4 4 3, 3 3 3 */
        CU_ASSERT_EQUAL(strlen(ask_text(choice, "text")), i == 0 ? 16 : 12);
        CU_ASSERT_STRING_EQUAL(ask_text(choice, "finish_reason"),
                               i == 0 ? "length" : "stop");
    }
    CU_ASSERT_EQUAL(
        ask_at(ask_at(root, "usage"), "completion_tokens")->valueint, 20);
    CU_ASSERT_EQUAL(ask_at(ask_at(root, "usage"), "prompt_tokens")->valueint,
                    4);
    cJSON_Delete(root);
    ask_tear_down(&f);
}

static void a_stream_says_what_the_whole_says(void)
{
    const char *const bodies[] = {
        BODY("\"prompt\":[\"a\\n\\u00e9\",\"\"],\"n\":2,\"echo\":true"),
        BODY("\"prompt\":[\"a\\n\\u00e9\",\"\"],\"n\":2,\"echo\":true,"
             "\"stream\":true,\"stream_options\":{\"include_usage\":true}"),
    };
    struct ask f[2];
    int broken;
    for (int i = 0; i < 2; i++) {
        ask_set_up(&f[i], NO_LIMITS);
        CU_ASSERT_EQUAL(ask_tokens(&f[i], PATH, bodies[i], "23"), 200);
    }
    cJSON *root = cJSON_Parse(f[0].a.body.data);
    cJSON *events = ask_events(&f[1], &broken);
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(events), 2 + 23 + 4 + 1);
    for (int i = 0; i < 4; i++) {
        char text[256] = "";
        const cJSON *event;
        const cJSON *whole = cJSON_GetArrayItem(ask_at(root, "choices"), i);
        cJSON_ArrayForEach(event, events)
        {
            const cJSON *choice =
                cJSON_GetArrayItem(ask_at(event, "choices"), 0);
            if (choice != NULL && ask_at(choice, "index")->valueint == i)
                strcat(text, ask_text(choice, "text"));
        }
        CU_ASSERT_STRING_EQUAL(text, ask_text(whole, "text"));
        CU_ASSERT_EQUAL(strncmp(text, "a\n\xc3\xa9", 4) == 0, i < 2);
    }
    CU_ASSERT_TRUE(ask_says(&f[1], "\"choices\":[],\"usage\":{\"prompt_tokens\""
                                   ":5,\"completion_tokens\":23,"));
    CU_ASSERT_TRUE(ask_says(&f[1], "data: [DONE]\n\n"));
    cJSON_Delete(events);
    cJSON_Delete(root);
    for (int i = 0; i < 2; i++)
        ask_tear_down(&f[i]);
}

CU_TestInfo completions_tests[] = {
    { "mistakes are worded as the API does", mistakes_are_worded },
    { "each choice is reserved", each_choice_is_reserved },
    { "the best of several are told, all are counted",
      the_best_of_several_are_told },
    { "a stream says what the whole answer says",
      a_stream_says_what_the_whole_says },
    CU_TEST_INFO_NULL
};
