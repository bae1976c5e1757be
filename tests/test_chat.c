/* Chat completions: what is read, what is answered, whole and as a stream. */

#include <CUnit/CUnit.h>

#include <string.h>

#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define CHAT "/v1/chat/completions"
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define KEY "Bearer sk-mock-a-1"
#define FREE                                                                   \
    "{\"table\":\"seed\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\",\"tier\":\"free\"}]}"
#define BODY(more) "{\"model\":\"gpt-4\"," more "," HI "}"
#define NO_LIMITS                                                              \
    "{\"table\":\"none\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\"}]}"

static void mistakes_are_worded(void)
{
    const struct ask_row rows[] = {
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\"}", 400,
          "Missing required parameter: 'messages'." },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"messages\":\"x\"}", 400,
          "Invalid type for 'messages': expected an array of objects, but got "
          "a string instead." },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"messages\":[]}", 400,
          "Invalid 'messages': empty array." },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"messages\":[1]}", 400,
          "Invalid type for 'messages[0]': expected an object" },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"messages\":[{}]}", 400,
          "Missing required parameter: 'messages[0].role'." },
        { KEY, "POST", CHAT,
          "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"text\"}]}]}",
          400, "Invalid type for 'messages[0].content[0].text'" },
        { KEY, "POST", CHAT,
          "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\"}]}", 400,
          "\"message\": \"Invalid value for 'content': expected a string, got "
          "null.\",\n        \"type\": \"invalid_request_error\",\n"
          "        \"param\": \"messages.[0].content\"" },
        { KEY, "POST", CHAT,
          "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"assistant\","
          "\"content\":null,\"tool_calls\":null}]}",
          400, "Invalid value for 'content'" },
        { KEY, "POST", CHAT, "{\"model\":\"text-embedding-ada-002\"," HI "}",
          404,
          "This is not a chat model and thus not supported in the "
          "v1/chat/completions endpoint. Did you mean to use v1/completions?" },
        { KEY, "POST", CHAT,
          "{\"model\":\"gpt-3.5-turbo\",\"max_tokens\":6000," HI "}", 400,
          "max_tokens is too large: 6000. This model supports at most 4096 "
          "completion tokens, whereas you provided 6000." },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"stream\":1," HI "}", 400,
          "Invalid type for 'stream': expected a boolean" },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"max_tokens\":0," HI "}",
          400, "Expected a value >= 1, but got 0 instead." },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"n\":129," HI "}", 400,
          "Expected a value <= 128, but got 129 instead." },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"n\":1.5," HI "}", 400,
          "Invalid type for 'n': expected an integer, but got a decimal" },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"n\":1e300," HI "}", 400,
          "Invalid type for 'n': expected an integer, but got a decimal" },
        { KEY, "POST", CHAT, "{\"model\":\"gpt-4\",\"max_tokens\":8190," HI "}",
          400,
          "maximum context length is 8192 tokens. However, you requested 8193 "
          "tokens (3 in the messages, 8190 in the completion)." },
        { KEY, "POST", CHAT, BODY("\"temperature\":3"), 400,
          "Invalid 'temperature': decimal above maximum value. Expected a "
          "value <= 2, but got 3 instead." },
        { KEY, "POST", CHAT, BODY("\"top_p\":-0.5"), 400,
          "Expected a value >= 0, but got -0.5 instead." },
        { KEY, "POST", CHAT, BODY("\"presence_penalty\":\"1\""), 400,
          "'presence_penalty': expected a decimal, but got a string" },
        { KEY, "POST", CHAT, BODY("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"),
          400, "Invalid 'stop': array too long." },
        { KEY, "POST", CHAT, BODY("\"stop\":[1]"), 400,
          "Invalid type for 'stop[0]': expected a string" },
        { KEY, "POST", CHAT, BODY("\"logprobs\":1"), 400,
          "Invalid type for 'logprobs': expected a boolean" },
        { KEY, "POST", CHAT, BODY("\"top_logprobs\":1"), 400,
          "only allowed when 'logprobs' is enabled" },
        { KEY, "POST", CHAT, BODY("\"max_token\":1"), 400,
          "\"Unrecognized request argument supplied: max_token\"" },
        { KEY, "POST", CHAT, BODY("\"stream_options\":{}"), 400,
          "only allowed when 'stream' is enabled" },
        { KEY, "POST", CHAT,
          "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"me\"}]}", 400,
          "Invalid value: 'me'. Supported values are: 'system', 'assistant', "
          "'user', 'function', 'tool', and 'developer'." },
    };
    struct ask f;
    ask_set_up(&f, FREE);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

static void mistakes_cost_what_they_ask_for(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    const char *large = "{\"model\":\"gpt-4\",\"max_tokens\":9000," HI "}";
    CU_ASSERT_EQUAL(ask(&f, CHAT, large), 400);
    CU_ASSERT_TRUE(ask_says(&f, "\"code\": \"context_length_exceeded\""));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 997\r\n"));
    CU_ASSERT_FALSE(ask_header(&f, "retry-after"));
    CU_ASSERT_EQUAL(ask(&f, CHAT, large), 429);
    CU_ASSERT_TRUE(ask_says(&f, "Limit 10000, Used 9003, Requested 9003."));
    ask_tear_down(&f);
    ask_set_up(&f, "{\"table\":\"seed\",\"charge\":{\"bad_request\":false},"
                   "\"organisations\":[{\"name\":\"a\",\"tier\":\"free\"}]}");
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(ask(&f, CHAT, large), 400);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 10000\r\n"));
    ask_tear_down(&f);
}

static void usage_and_length_agree(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    const char *two = "{\"model\":\"gpt-4\",\"max_tokens\":5,\"n\":2,"
                      "\"messages\":[{\"role\":\"system\",\"content\":\"abcd\"}"
                      ",{\"role\":\"user\",\"content\":[{\"type\":\"text\","
                      "\"text\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"},"
                      "{\"type\":\"image_url\"}]},"
                      "{\"role\":\"assistant\",\"content\":null,"
                      "\"refusal\":\"no\"}]}";
    struct mock_question q = { .method = ask_slice("POST"),
                               .path = ask_slice(CHAT),
                               .body = ask_slice(two),
                               .authorization = ask_slice(KEY),
                               .completion_tokens = ask_slice("9"),
                               .client_request = ask_slice("17-2"),
                               .now = f.now };
    CU_ASSERT_EQUAL(ask_question(&f, &q), 200);
    CU_ASSERT_TRUE(ask_says(&f, "\"prompt_tokens\":8,\"completion_tokens\":9,"
                                "\"total_tokens\":17"));
    CU_ASSERT_TRUE(ask_says(&f, "{\"index\":0,"));
    CU_ASSERT_TRUE(ask_says(&f, "\"finish_reason\":\"length\""));
    CU_ASSERT_TRUE(ask_says(&f, "\"finish_reason\":\"stop\""));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 9982\r\n"));
    q.completion_tokens = ask_slice("many");
    CU_ASSERT_EQUAL(ask_question(&f, &q), 400);
    ask_tear_down(&f);
}

static void a_stream_says_what_the_whole_says(void)
{
    struct ask whole, stream;
    int broken;
    cJSON *root;
    ask_set_up(&whole, NO_LIMITS);
    ask_set_up(&stream, NO_LIMITS);
    CU_ASSERT_EQUAL(
        ask_tokens(&whole, CHAT, BODY("\"n\":3,\"max_tokens\":30"), "77"), 200);
    CU_ASSERT_EQUAL(
        ask_tokens(&stream, CHAT,
                   BODY("\"n\":3,\"max_tokens\":30,\"stream\":true"), "77"),
        200);
    CU_ASSERT_STRING_EQUAL(stream.a.type, "text/event-stream; charset=utf-8");
    cJSON *events = ask_events(&stream, &broken);
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(events), 3 + 77 + 3);
    for (int i = 0; i < 3; i++) {
        struct ask_told t = ask_gather(events, i);
        CU_ASSERT_STRING_EQUAL(
            t.text, ask_text(ask_message(&whole, i, &root), "content"));
        CU_ASSERT_EQUAL(strlen(t.text), i < 2 ? 4 * 26 : 4 * 25);
        CU_ASSERT_STRING_EQUAL(t.reason, "stop");
        cJSON_Delete(root);
    }
    cJSON_Delete(events);
    CU_ASSERT_FALSE(ask_says(&stream, "usage"));
    CU_ASSERT_TRUE(ask_says(&stream, "\n\ndata: [DONE]\n\n"));
    ask_tear_down(&whole);
    ask_tear_down(&stream);
}

static void usage_comes_last_where_asked(void)
{
    struct ask f;
    int broken;
    ask_set_up(&f, NO_LIMITS);
    ask_tokens(&f, CHAT,
               BODY("\"max_tokens\":5,\"stream\":true,\"stream_options\":{"
                    "\"include_usage\":true}"),
               "9");
    cJSON *events = ask_events(&f, &broken);
    int n = cJSON_GetArraySize(events);
    CU_ASSERT_EQUAL_FATAL(n, 1 + 5 + 1 + 1);
    for (int i = 0; i < n - 1; i++)
        CU_ASSERT_TRUE(
            cJSON_IsNull(ask_at(cJSON_GetArrayItem(events, i), "usage")));
    const cJSON *last = cJSON_GetArrayItem(events, n - 1);
    CU_ASSERT_TRUE(cJSON_IsArray(ask_at(last, "choices")));
    CU_ASSERT_EQUAL(cJSON_GetArraySize(ask_at(last, "choices")), 0);
    CU_ASSERT_EQUAL(ask_at(ask_at(last, "usage"), "total_tokens")->valueint, 8);
    CU_ASSERT_STRING_EQUAL(ask_gather(events, 0).reason, "length");
    cJSON_Delete(events);
    ask_tokens(&f, CHAT, BODY("\"stream\":true"), "0");
    events = ask_events(&f, &broken);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(events), 2);
    CU_ASSERT_STRING_EQUAL(ask_gather(events, 0).reason, "stop");
    cJSON_Delete(events);
    ask_tear_down(&f);
}

/* First token after 1 s, then one each 0.2 s. */
static void set_pace(struct ask *f)
{
    struct sim_provider_config c = f->api->service.config;
    c.latency_source = SIM_LATENCY_GIVEN;
    c.latency = (struct sim_latency){ .ttft = sim_dist_constant(1),
                                      .per_token = sim_dist_constant(0.2) };
    sim_service_change(&f->api->service, &c);
}

/* Each of the first tokens at its time; then what follows. */
static void play_stream(struct ask *f, int tokens, lim_time end)
{
    struct mock_question q = { .method = ask_slice("POST"),
                               .path = ask_slice(CHAT),
                               .body = ask_slice(BODY("\"stream\":true")),
                               .authorization = ask_slice(KEY),
                               .completion_tokens = ask_slice("11"),
                               .now = ASK_START };
    mock_api_answer(f->api, &q, &f->a);
    CU_ASSERT_EQUAL(f->a.at, ASK_START + LIM_SEC);
    struct mock_stream *s = &f->a.stream;
    lim_time now = f->a.at;
    for (int i = 0; i < tokens; i++) {
        mock_text_clear(&f->events);
        lim_time next = s->next(s->context, now, &f->events);
        CU_ASSERT_EQUAL(next, now + LIM_SEC / 5);
        CU_ASSERT_EQUAL(strstr(f->events.data, "role") != NULL, i == 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(f->events.data, "{\"content\":\""));
        now = next;
    }
    CU_ASSERT_EQUAL(s->next(s->context, now, &f->events), end);
    s->free(s->context);
    s->next = NULL;
    mock_api_end(f->api, f->a.flight, now);
}

static void tokens_come_when_they_are_due(void)
{
    struct ask f;
    ask_set_up(&f, NO_LIMITS);
    set_pace(&f);
    play_stream(&f, 10, LIM_NEVER);
    CU_ASSERT_TRUE(ask_says(&f, "[DONE]"));
    ask_fault(&f, SIM_FAULT_CUT_STREAM);
    play_stream(&f, 5, MOCK_STREAM_CUT);
    ask_tear_down(&f);
}

static void faults_cut_and_break(void)
{
    struct ask f;
    int broken;
    ask_set_up(&f, NO_LIMITS);
    set_pace(&f);
    ask_fault(&f, SIM_FAULT_CUT_STREAM);
    ask_tokens(&f, CHAT, BODY("\"stream\":true"), "11");
    CU_ASSERT_TRUE(f.cut);
    CU_ASSERT_EQUAL(f.a.wire, MOCK_WIRE_WHOLE);
    CU_ASSERT_EQUAL(f.ended, ASK_START + 2 * LIM_SEC);
    cJSON *events = ask_events(&f, &broken);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(events), 1 + 5);
    CU_ASSERT_FALSE(ask_says(&f, "[DONE]"));
    cJSON_Delete(events);
    ask_fault(&f, SIM_FAULT_MALFORMED);
    ask_tokens(&f, CHAT, BODY("\"stream\":true"), "11");
    CU_ASSERT_FALSE(f.cut);
    events = ask_events(&f, &broken);
    CU_ASSERT_EQUAL(broken, 1);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(events), 1 + 10 + 1);
    cJSON_Delete(events);
    CU_ASSERT_EQUAL(ask_tokens(&f, CHAT, BODY("\"n\":2"), "11"), 200);
    CU_ASSERT_PTR_NULL(cJSON_Parse(f.a.body.data));
    CU_ASSERT_TRUE(f.a.body.length > 100);
    ask_fault(&f, SIM_FAULT_HTTP_500);
    CU_ASSERT_EQUAL(ask_tokens(&f, CHAT, BODY("\"stream\":true"), "11"), 500);
    CU_ASSERT_STRING_EQUAL(f.a.type, "application/json");
    ask_tear_down(&f);
}

/* max_tokens of 1 with a large max_completion_tokens reserves the large. */
static void the_larger_bound_is_reserved(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    set_pace(&f);
    ask_tokens(&f, CHAT, BODY("\"max_tokens\":1,\"max_completion_tokens\":100"),
               "90");
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 9897\r\n"));
    CU_ASSERT_TRUE(ask_says(&f, "\"completion_tokens\":90,"));
    f.now += LIM_HOUR;
    ask_tokens(&f, CHAT, BODY("\"max_tokens\":100,\"max_completion_tokens\":6"),
               "11");
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 9897\r\n"));
    CU_ASSERT_TRUE(ask_says(&f, "\"completion_tokens\":6,"));
    CU_ASSERT_TRUE(ask_says(&f, "\"finish_reason\":\"length\""));
    CU_ASSERT_EQUAL(f.a.at, f.now + 2 * LIM_SEC);
    ask_tear_down(&f);
}

CU_TestInfo chat_tests[] = {
    { "mistakes are worded as the API does", mistakes_are_worded },
    { "mistakes cost what they ask for", mistakes_cost_what_they_ask_for },
    { "usage and length agree", usage_and_length_agree },
    { "a stream says what the whole answer says",
      a_stream_says_what_the_whole_says },
    { "usage comes last where it is asked for", usage_comes_last_where_asked },
    { "tokens come when they are due", tokens_come_when_they_are_due },
    { "faults cut and break what is told", faults_cut_and_break },
    { "the larger bound is reserved, the newer one cuts",
      the_larger_bound_is_reserved },
    CU_TEST_INFO_NULL
};
