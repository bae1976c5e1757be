/* Tools that are called and formats that are kept, in chat. */

#include <CUnit/CUnit.h>

#include <string.h>

#include "tests/ask.h"
#include "tests/failmalloc.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define CHAT "/v1/chat/completions"
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define KEY "Bearer sk-mock-a-1"
#define BODY(more) "{\"model\":\"gpt-4\"," more "," HI "}"
#define TOOL(name, schema)                                                     \
    "{\"type\":\"function\",\"function\":{\"name\":\"" name                    \
    "\",\"parameters\":" schema "}}"
#define NO_LIMITS                                                              \
    "{\"table\":\"none\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\"}]}"

static void mistakes_are_worded(void)
{
    const struct ask_row rows[] = {
        { KEY, "POST", CHAT, BODY("\"tools\":[]"), 400,
          "Invalid 'tools': empty array." },
        { KEY, "POST", CHAT, BODY("\"tools\":[{\"type\":\"x\"}]"), 400,
          "Invalid value: 'x'. Supported values are: 'function' and "
          "'custom'." },
        { KEY, "POST", CHAT, BODY("\"tools\":[{\"type\":\"function\"}]"), 400,
          "Missing required parameter: 'tools[0].function'." },
        { KEY, "POST", CHAT,
          BODY("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
               "\"a b\"}}]"),
          400,
          "\"Invalid 'tools[0].function.name': string does not match "
          "pattern. Expected a string that matches the pattern "
          "'^[a-zA-Z0-9_-]+$'.\"" },
        { KEY, "POST", CHAT, BODY("\"tool_choice\":\"auto\""), 400,
          "only allowed when 'tools' are specified" },
        { KEY, "POST", CHAT,
          BODY("\"tools\":[" TOOL(
              "f", "{}") "],\"tool_choice\":{\"type\":"
                         "\"function\",\"function\":{\"name\":\"g\"}}"),
          400, "Tool choice 'g' not found in 'tools' parameter." },
        { KEY, "POST", CHAT, BODY("\"response_format\":{\"type\":\"xml\"}"),
          400,
          "Invalid value: 'xml'. Supported values are: 'json_object', "
          "'json_schema', and 'text'." },
        { KEY, "POST", CHAT,
          BODY("\"response_format\":{\"type\":\"json_schema\"}"), 400,
          "Missing required parameter: 'response_format.json_schema'." },
        { KEY, "POST", CHAT,
          BODY("\"response_format\":{\"type\":\"json_object\"}"), 400,
          "'messages' must contain the word 'json' in some form" },
    };
    struct ask f;
    ask_set_up(&f, NO_LIMITS);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

#define WEATHER                                                                \
    "{\"type\":\"object\",\"properties\":{\"place\":{\"type\":\"string\","     \
    "\"enum\":[\"Z\\u00fcrich\",\"\\u6771\\u4eac\",\"\\u0141\\u00f3d\\u017a"   \
    "\"]},\"days\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":7}},"       \
    "\"required\":[\"place\",\"days\"]}"
#define TOOLS "\"tools\":[" TOOL("weather", WEATHER) "],\"tool_choice\":"

static void check_weather(const char *text)
{
    cJSON *root = cJSON_Parse(text);
    const cJSON *days = ask_at(root, "days");
    CU_ASSERT_TRUE(cJSON_IsNumber(days));
    CU_ASSERT_TRUE(cJSON_IsNumber(days) && days->valueint >= 1 &&
                   days->valueint <= 7);
    const char *place = ask_text(root, "place");
    CU_ASSERT_TRUE(strcmp(place, "Z\xc3\xbcrich") == 0 ||
                   strcmp(place, "\xe6\x9d\xb1\xe4\xba\xac") == 0 ||
                   strcmp(place, "\xc5\x81\xc3\xb3"
                                 "d\xc5\xba") == 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(root), 2);
    cJSON_Delete(root);
}

static void tools_are_called(void)
{
    struct ask f;
    cJSON *root;
    int broken;
    ask_set_up(&f, NO_LIMITS);
    CU_ASSERT_EQUAL(ask(&f, CHAT, BODY(TOOLS "\"required\"")), 200);
    const cJSON *message = ask_message(&f, 0, &root);
    const cJSON *call = cJSON_GetArrayItem(ask_at(message, "tool_calls"), 0);
    CU_ASSERT_TRUE(cJSON_IsNull(ask_at(message, "content")));
    CU_ASSERT_EQUAL(strncmp(ask_text(call, "id"), "call_", 5), 0);
    CU_ASSERT_STRING_EQUAL(ask_text(ask_at(call, "function"), "name"),
                           "weather");
    check_weather(ask_text(ask_at(call, "function"), "arguments"));
    CU_ASSERT_TRUE(ask_says(&f, "\"finish_reason\":\"tool_calls\""));
    cJSON_Delete(root);
    ask(&f, CHAT, BODY("\"stream\":true," TOOLS "\"required\",\"n\":2"));
    cJSON *events = ask_events(&f, &broken);
    CU_ASSERT_EQUAL(broken, 0);
    for (int i = 0; i < 2; i++) {
        struct ask_told t = ask_gather(events, i);
        check_weather(t.text);
        CU_ASSERT_STRING_EQUAL(t.reason, "tool_calls");
    }
    cJSON_Delete(events);
    ask(&f, CHAT,
        BODY(TOOLS "{\"type\":\"function\",\"function\":{\"name\":"
                   "\"weather\"}}"));
    CU_ASSERT_TRUE(ask_says(&f, "\"finish_reason\":\"stop\""));
    CU_ASSERT_TRUE(ask_says(&f, "\"name\":\"weather\""));
    ask(&f, CHAT, BODY(TOOLS "\"auto\""));
    CU_ASSERT_FALSE(ask_says(&f, "tool_calls"));
    ask(&f, CHAT,
        BODY("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"say\"}}],"
             "\"tool_choice\":\"required\""));
    CU_ASSERT_TRUE(ask_says(&f, "\"type\":\"custom\",\"custom\":{\"name\":"
                                "\"say\",\"input\":\""));
    ask_tear_down(&f);
}

#define STRICT(schema)                                                         \
    BODY("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"     \
         "\"name\":\"w\",\"strict\":true,\"schema\":" schema "}}")

static void strict_schemas_are_checked(void)
{
    const struct ask_row rows[] = {
        { KEY, "POST", CHAT, STRICT(WEATHER), 400,
          "\"Invalid schema for response_format 'w': In context=(), "
          "'additionalProperties' is required to be supplied and to be "
          "false.\"" },
        { KEY, "POST", CHAT, STRICT("{\"type\":\"array\"}"), 400,
          "schema must be a JSON Schema of 'type: \\\"object\\\"', got 'type: "
          "\\\"array\\\"'." },
        { KEY, "POST", CHAT,
          STRICT("{\"type\":\"object\",\"additionalProperties\":false,"
                 "\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{}},"
                 "\"required\":[\"a\"]}"),
          400,
          "In context=(), 'required' is required to be supplied and to be an "
          "array including every key in properties. Missing 'b'." },
        { KEY, "POST", CHAT,
          STRICT("{\"type\":\"object\",\"additionalProperties\":false,"
                 "\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"null\"},{"
                 "\"type\":\"array\",\"items\":{\"type\":\"object\"}}]}},"
                 "\"required\":[\"a\"]}"),
          400,
          "In context=('properties', 'a', 'anyOf', '1', 'items'), "
          "'additionalProperties' is required" },
        { KEY, "POST", CHAT,
          STRICT("{\"type\":\"object\",\"additionalProperties\":false,"
                 "\"properties\":{\"a\":{\"type\":\"string\"}},"
                 "\"required\":[\"a\"]}"),
          200, "{\\\"a\\\":\\\"" },
        { KEY, "POST", CHAT,
          BODY("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
               "\"f\",\"strict\":true,\"parameters\":{\"type\":\"object\"}}}]"),
          400,
          "\"Invalid schema for function 'f': In context=(), "
          "'additionalProperties' is required" },
    };
    struct ask f;
    ask_set_up(&f, NO_LIMITS);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

static void formats_are_kept(void)
{
    struct ask f;
    cJSON *root;
    int broken;
    ask_set_up(&f, NO_LIMITS);
    const char *schema =
        BODY("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
             "\"name\":\"w\",\"schema\":" WEATHER "}},\"stream\":true");
    const char *const tokens[] = { "3", "12", "500" };
    for (int i = 0; i < 3; i++) {
        ask_tokens(&f, CHAT, schema, tokens[i]);
        cJSON *events = ask_events(&f, &broken);
        CU_ASSERT_EQUAL(broken, 0);
        check_weather(ask_gather(events, 0).text);
        cJSON_Delete(events);
    }
    ask(&f, CHAT,
        "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":"
        "\"Some JSON\"}],\"max_tokens\":3,\"response_format\":{\"type\":"
        "\"json_object\"}}");
    const char *text = ask_text(ask_message(&f, 0, &root), "content");
    CU_ASSERT_EQUAL(strlen(text), 12);
    CU_ASSERT_EQUAL(text[0], '{');
    CU_ASSERT_TRUE(ask_says(&f, "\"finish_reason\":\"length\""));
    CU_ASSERT_TRUE(ask_says(&f, "\"completion_tokens\":3,"));
    cJSON_Delete(root);
    ask_tear_down(&f);
}

/* Each allocation fails once; the sanitizers see what would be lost. */
static void without_memory_an_answer_fails(void)
{
    const struct {
        const char *path, *body;
    } rows[] = {
        { CHAT, BODY("\"stream\":true,\"n\":2," TOOLS "\"required\"") },
        { CHAT, BODY(TOOLS "\"required\"") },
        { "/v1/completions", "{\"model\":\"m\",\"prompt\":\"a\",\"echo\":true,"
                             "\"stream\":true}" },
        { "/v1/completions",
          "{\"model\":\"m\",\"prompt\":\"a\",\"echo\":true}" },
        { "/v1/responses",
          "{\"model\":\"gpt-4\",\"input\":\"json\",\"stream\":true,\"text\":{"
          "\"format\":{\"type\":\"json_object\"}}}" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool failed = true;
        int failures = 0;
        for (unsigned n = 1; failed; n++) {
            struct ask f;
            ask_set_up(&f, NO_LIMITS);
            fail_after(n);
            int status = ask(&f, rows[i].path, rows[i].body);
            failed = fail_happened();
            fail_after(0);
            CU_ASSERT_TRUE(status == 200 || (failed && status == 500));
            failures += status == 500;
            ask_tear_down(&f);
        }
        CU_ASSERT_TRUE(failures >= 2);
    }
}

CU_TestInfo tools_tests[] = {
    { "mistakes are worded as the API does", mistakes_are_worded },
    { "tools are called", tools_are_called },
    { "strict schemas are checked", strict_schemas_are_checked },
    { "formats are kept", formats_are_kept },
    { "without memory an answer fails", without_memory_an_answer_fails },
    CU_TEST_INFO_NULL
};
