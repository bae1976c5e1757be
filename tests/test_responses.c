/* Responses: what is read, what is answered, and the order of the events. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define PATH "/v1/responses"
#define KEY "Bearer sk-mock-a-1"
#define FREE                                                                   \
    "{\"table\":\"seed\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\",\"tier\":\"free\"}]}"
#define NO_LIMITS                                                              \
    "{\"table\":\"none\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\"}]}"
#define BODY(more) "{\"model\":\"gpt-4\",\"input\":\"Hello\"," more "}"
#define CALLS                                                                  \
    "\"tools\":[{\"type\":\"function\",\"name\":\"add\",\"strict\":false,"     \
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"     \
    "\"number\"},\"b\":{\"type\":\"number\"}},\"required\":[\"a\",\"b\"]}},"   \
    "{\"type\":\"web_search\"}],\"tool_choice\":\"required\""

static void mistakes_are_worded(void)
{
    const struct ask_row rows[] = {
        { KEY, "GET", PATH, "", 405, "Not allowed to GET on /v1/responses." },
        { KEY, "POST", PATH, "{\"model\":\"gpt-4\"}", 400,
          "Missing required parameter: 'input'." },
        { KEY, "POST", PATH, "{\"model\":\"gpt-4\",\"input\":4}", 400,
          "Invalid type for 'input': expected a string or an array of items" },
        { KEY, "POST", PATH, "{\"model\":\"gpt-4\",\"input\":[\"a\"]}", 400,
          "Invalid type for 'input[0]': expected an object" },
        { KEY, "POST", PATH,
          "{\"model\":\"gpt-4\",\"input\":[{\"role\":\"tool\"}]}", 400,
          "Invalid value: 'tool'. Supported values are: 'assistant', 'system', "
          "'developer', and 'user'." },
        { KEY, "POST", PATH, BODY("\"messages\":[]"), 400,
          "this parameter has moved to 'input'" },
        { KEY, "POST", PATH, BODY("\"max_tokens\":5"), 400,
          "this parameter has moved to 'max_output_tokens'" },
        { KEY, "POST", PATH, BODY("\"foo\":5"), 400,
          "\"Unknown parameter: 'foo'.\"" },
        { KEY, "POST", PATH, BODY("\"foo\":5"), 400,
          "\"code\": \"unknown_parameter\"" },
        { KEY, "POST", PATH, BODY("\"max_output_tokens\":15"), 400,
          "Expected a value >= 16, but got 15 instead." },
        { KEY, "POST", PATH, BODY("\"previous_response_id\":\"x\""), 400,
          "Expected an ID that begins with 'resp'." },
        { KEY, "POST", PATH, BODY("\"background\":true"), 400,
          "This mock keeps no responses" },
        { KEY, "POST", PATH, BODY("\"instructions\":[]"), 400,
          "Invalid type for 'instructions'" },
        { KEY, "POST", PATH, BODY("\"text\":{\"format\":{\"type\":\"x\"}}"),
          400, "Invalid value: 'x'." },
        { KEY, "POST", PATH,
          BODY("\"text\":{\"format\":{\"type\":\"json_schema\"}}"), 400,
          "Missing required parameter: 'text.format.name'." },
        { KEY, "POST", PATH,
          BODY("\"text\":{\"format\":{\"type\":\"json_object\"}}"), 400,
          "must contain the word 'json' in some form" },
        { KEY, "POST", PATH,
          BODY("\"tools\":[{\"type\":\"function\",\"name\":\"a b\"}]"), 400,
          "Invalid 'tools[0].name': string does not match pattern." },
        { KEY, "POST", PATH, BODY("\"truncation\":\"none\""), 400,
          "Supported values are: 'auto' and 'disabled'." },
    };
    struct ask f;
    ask_set_up(&f, FREE);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

static void a_response_is_told(void)
{
    struct ask f;
    ask_set_up(&f, FREE);
    const char *body =
        "{\"model\":\"gpt-4\",\"instructions\":\"abcd\",\"input\":[{\"role\":"
        "\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"abcdefgh\"},"
        "{\"type\":\"input_image\",\"image_url\":\"x\"}]},{\"type\":"
        "\"function_call_output\",\"call_id\":\"c\",\"output\":\"abcd\"}],"
        "\"max_output_tokens\":20,\"metadata\":{\"k\":\"v\"},"
        "\"previous_response_id\":\"resp_1\",\"store\":false}";
    CU_ASSERT_EQUAL(ask_tokens(&f, PATH, body, "7"), 200);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 9970\r\n"));
    cJSON *root = cJSON_Parse(f.a.body.data);
    const cJSON *item = cJSON_GetArrayItem(ask_at(root, "output"), 0);
    const cJSON *part = cJSON_GetArrayItem(ask_at(item, "content"), 0);
    CU_ASSERT_STRING_EQUAL(ask_text(root, "object"), "response");
    CU_ASSERT_STRING_EQUAL(ask_text(root, "status"), "completed");
    CU_ASSERT_STRING_EQUAL(ask_text(root, "instructions"), "abcd");
    CU_ASSERT_STRING_EQUAL(ask_text(ask_at(root, "metadata"), "k"), "v");
    CU_ASSERT_TRUE(cJSON_IsFalse(ask_at(root, "store")));
    CU_ASSERT_EQUAL(strlen(ask_text(part, "text")), 28);
    CU_ASSERT_STRING_EQUAL(ask_text(part, "type"), "output_text");
    const cJSON *usage = ask_at(root, "usage");
    CU_ASSERT_EQUAL(ask_at(usage, "input_tokens")->valueint, 10);
    CU_ASSERT_EQUAL(ask_at(usage, "output_tokens")->valueint, 7);
    CU_ASSERT_EQUAL(ask_at(usage, "total_tokens")->valueint, 17);
    cJSON_Delete(root);
    f.now += LIM_HOUR;
    ask_tokens(&f, PATH, BODY("\"max_output_tokens\":16"), "30");
    CU_ASSERT_TRUE(ask_says(&f, "\"status\":\"incomplete\",\"error\":null,"
                                "\"incomplete_details\":{\"reason\":"
                                "\"max_output_tokens\"}"));
    ask_tear_down(&f);
}

/* Each event is named as its line says, and numbered; runs of deltas are one
   in `order`.  Returns the text of the deltas. */
static void check_events(const struct ask *f, const char *const *order,
                         char text[4096])
{
    int broken;
    int number = 0;
    const char *last = "";
    const cJSON *event;
    cJSON *events = ask_events(f, &broken);
    text[0] = '\0';
    CU_ASSERT_EQUAL(broken, 0);
    cJSON_ArrayForEach(event, events)
    {
        char line[128];
        const char *type = ask_text(event, "type");
        snprintf(line, sizeof line, "event: %s\ndata: {\"type\":\"%s\",", type,
                 type);
        CU_ASSERT_TRUE(ask_says(f, line));
        CU_ASSERT_EQUAL(ask_at(event, "sequence_number")->valueint, number++);
        if (strcmp(type, last) != 0) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(*order);
            CU_ASSERT_STRING_EQUAL(type, *order++);
        }
        last = type;
        if (strstr(type, ".delta") != NULL)
            strcat(text, ask_text(event, "delta"));
        if (strstr(type, "text.done") != NULL)
            CU_ASSERT_STRING_EQUAL(ask_text(event, "text"), text);
        if (strstr(type, "arguments.done") != NULL)
            CU_ASSERT_STRING_EQUAL(ask_text(event, "arguments"), text);
    }
    CU_ASSERT_PTR_NULL(*order);
    cJSON_Delete(events);
}

static void events_come_in_order(void)
{
    const char *const message[] = {
        "response.created",           "response.in_progress",
        "response.output_item.added", "response.content_part.added",
        "response.output_text.delta", "response.output_text.done",
        "response.content_part.done", "response.output_item.done",
        "response.completed",         NULL
    };
    const char *const call[] = { "response.created",
                                 "response.in_progress",
                                 "response.output_item.added",
                                 "response.function_call_arguments.delta",
                                 "response.function_call_arguments.done",
                                 "response.output_item.done",
                                 "response.completed",
                                 NULL };
    struct ask f;
    char text[4096];
    ask_set_up(&f, NO_LIMITS);
    ask_tokens(&f, PATH, BODY("\"stream\":true"), "40");
    CU_ASSERT_STRING_EQUAL(f.a.type, "text/event-stream; charset=utf-8");
    check_events(&f, message, text);
    CU_ASSERT_EQUAL(strlen(text), 160);
    CU_ASSERT_FALSE(ask_says(&f, "[DONE]"));
    CU_ASSERT_TRUE(ask_says(&f, "\"output_tokens\":40,"));
    ask_tokens(&f, PATH, BODY("\"stream\":true," CALLS), "50");
    check_events(&f, call, text);
    cJSON *arguments = cJSON_Parse(text);
    CU_ASSERT_TRUE(cJSON_IsNumber(ask_at(arguments, "a")));
    CU_ASSERT_TRUE(cJSON_IsNumber(ask_at(arguments, "b")));
    cJSON_Delete(arguments);
    ask_tokens(&f, PATH, BODY("\"stream\":true,\"max_output_tokens\":16"),
               "17");
    CU_ASSERT_TRUE(ask_says(&f, "event: response.incomplete\n"));
    ask_tear_down(&f);
}

static void the_same_is_told_whole(void)
{
    struct ask f[2];
    int broken;
    const char *const bodies[] = {
        BODY("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"x\","
             "\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
             "\"minItems\":2}}}"),
        BODY("\"stream\":true,\"text\":{\"format\":{\"type\":\"json_schema\","
             "\"name\":\"x\",\"schema\":{\"type\":\"array\",\"items\":{"
             "\"type\":\"string\"},\"minItems\":2}}}"),
    };
    for (int i = 0; i < 2; i++) {
        ask_set_up(&f[i], NO_LIMITS);
        CU_ASSERT_EQUAL(ask_tokens(&f[i], PATH, bodies[i], "30"), 200);
    }
    cJSON *whole = cJSON_Parse(f[0].a.body.data);
    cJSON *events = ask_events(&f[1], &broken);
    const cJSON *last =
        cJSON_GetArrayItem(events, cJSON_GetArraySize(events) - 1);
    const cJSON *item = cJSON_GetArrayItem(ask_at(whole, "output"), 0);
    const cJSON *part = cJSON_GetArrayItem(ask_at(item, "content"), 0);
    cJSON_DeleteItemFromObject(whole, "text");
    cJSON_DeleteItemFromObject(cJSON_GetObjectItem(last, "response"), "text");
    CU_ASSERT_TRUE(cJSON_Compare(ask_at(last, "response"), whole, true));
    cJSON *value = cJSON_Parse(ask_text(part, "text"));
    CU_ASSERT_TRUE(cJSON_GetArraySize(value) >= 2);
    cJSON_Delete(value);
    cJSON_Delete(events);
    cJSON_Delete(whole);
    for (int i = 0; i < 2; i++)
        ask_tear_down(&f[i]);
}

static void a_cut_stream_may_say_so(void)
{
    struct ask f;
    int failed = 0, errors = 0, cut = 0;
    int broken;
    ask_set_up(&f, NO_LIMITS);
    ask_fault(&f, SIM_FAULT_CUT_STREAM);
    for (int i = 0; i < 60; i++) {
        ask_tokens(&f, PATH, BODY("\"stream\":true"), "10");
        cJSON *events = ask_events(&f, &broken);
        CU_ASSERT_EQUAL(broken, 0);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(events), 4 + 5 + !f.cut);
        cut += f.cut;
        failed += ask_says(&f, "event: response.failed\n");
        errors += ask_says(&f, "event: error\n");
        CU_ASSERT_FALSE(ask_says(&f, "response.completed"));
        cJSON_Delete(events);
    }
    CU_ASSERT_EQUAL(failed + errors + cut, 60);
    CU_ASSERT_TRUE(failed > 5 && errors > 5 && cut > 5);
    ask_fault(&f, SIM_FAULT_HTTP_500);
    CU_ASSERT_EQUAL(ask(&f, PATH, BODY("\"stream\":true")), 500);
    ask_tear_down(&f);
}

CU_TestInfo responses_tests[] = {
    { "mistakes are worded as the API does", mistakes_are_worded },
    { "a response is told", a_response_is_told },
    { "events come in order", events_come_in_order },
    { "the same is told whole", the_same_is_told_whole },
    { "a stream that is cut may say so", a_cut_stream_may_say_so },
    CU_TEST_INFO_NULL
};
