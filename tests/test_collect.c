#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "bench/collect.h"
#include "bench/span.h"

/* A stream, what it makes, and of which class it is if nothing. */
struct row {
    const char *events, *answer;
    enum lim_class class;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        struct bench_collected c;
        bench_collect(&c, r->events, strlen(r->events));
        CU_ASSERT_EQUAL(c.class, r->class);
        CU_ASSERT_EQUAL(c.answer != NULL, c.class == LIM_CLASS_OK);
        cJSON *wanted = r->answer != NULL ? cJSON_Parse(r->answer) : NULL;
        if (r->answer != NULL && !cJSON_Compare(c.answer, wanted, true)) {
            char *text = cJSON_PrintUnformatted(c.answer);
            printf("row %zu: %s\n", i, text != NULL ? text : "nothing");
            cJSON_free(text);
            CU_FAIL("the answer is another");
        }
        cJSON_Delete(wanted);
        cJSON_Delete(c.answer);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows)[0])
#define CHUNK(rest)                                                            \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\"," rest "}\n\n"
#define DELTA(delta)                                                           \
    CHUNK("\"choices\":[{\"index\":0,\"delta\":" delta                         \
          ",\"finish_reason\":null}]")
#define STOP                                                                   \
    CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}" \
          "]")
#define DONE "data: [DONE]\n\n"
#define WHOLE(message, rest)                                                   \
    "{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,"  \
    "\"message\":" message                                                     \
    ",\"logprobs\":null,\"finish_reason\":\"stop\"}]" rest "}"

static void chunks_make_the_answer_that_they_are_cut_from(void)
{
    const struct row rows[] = {
        { DELTA("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}")
              DELTA("{\"content\":\"Hel\"}") DELTA("{\"content\":\"lo\"}")
                  STOP DONE,
          WHOLE(
              "{\"role\":\"assistant\",\"content\":\"Hello\",\"refusal\":null}",
              ""),
          LIM_CLASS_OK },
        /* usage comes last, in a chunk without choices */
        { CHUNK("\"usage\":null,\"choices\":[{\"index\":0,\"delta\":{"
                "\"content\":\"x\"}}]")
              STOP CHUNK("\"choices\":[],\"usage\":{\"total_tokens\":7}") DONE,
          WHOLE("{\"content\":\"x\",\"refusal\":null}",
                ",\"usage\":{\"total_tokens\":7}"),
          LIM_CLASS_OK },
        /* a call of a tool, whose arguments come in pieces */
        { DELTA("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{"
                "\"index\":0,\"id\":\"t\",\"type\":\"function\",\"function\":{"
                "\"name\":\"f\",\"arguments\":\"\"}}]}")
              DELTA("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
                    "\"{\\\"a\\\":\"}}]}")
                  DELTA("{\"tool_calls\":[{\"index\":1,\"id\":\"u\",\"type\":"
                        "\"function\",\"function\":{\"name\":\"g\","
                        "\"arguments\":\"{}\"}}]}")
                      DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"t\","
                            "\"function\":{\"arguments\":\"1}\"}}]}") STOP DONE,
          WHOLE("{\"role\":\"assistant\",\"content\":null,\"refusal\":null,"
                "\"tool_calls\":[{\"id\":\"t\",\"type\":\"function\","
                "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}"
                ",{\"id\":\"u\",\"type\":\"function\",\"function\":{\"name\":"
                "\"g\",\"arguments\":\"{}\"}}]}",
                ""),
          LIM_CLASS_OK },
        /* Azure begins with a chunk about the prompt; some have no [DONE] */
        { "data: {\"id\":\"\",\"object\":\"\",\"choices\":[]}\n\n" DELTA(
              "{\"content\":\"x\"}") STOP,
          WHOLE("{\"content\":\"x\",\"refusal\":null}", ""), LIM_CLASS_OK },
        { "data: "
          "{\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":"
          "\"a\",\"logprobs\":null,\"finish_reason\":null}]}\r\n\r\n"
          "data: "
          "{\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":"
          "\"b\",\"logprobs\":null,\"finish_reason\":\"length\"}]}"
          "\r\n\r\n" DONE,
          "{\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":"
          "\"ab\",\"logprobs\":null,\"finish_reason\":\"length\"}]}",
          LIM_CLASS_OK },
    };
    CHECK(rows);
}

static void several_choices_come_side_by_side(void)
{
    const struct row rows[] = {
        { "data: "
          "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n"
          "data: "
          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_"
          "reason\":\"stop\"}]}\n\n"
          "data: "
          "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"},\"finish_"
          "reason\":\"length\"}]}\n\n",
          "{\"choices\":[{\"index\":1,\"message\":{\"content\":\"bb\","
          "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"length\"},"
          "{\"index\":0,\"message\":{\"content\":\"a\",\"refusal\":null},"
          "\"logprobs\":null,\"finish_reason\":\"stop\"}]}",
          LIM_CLASS_OK },
        /* one has not ended: it was cut */
        { "data: "
          "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n"
          "data: "
          "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]"
          "}\n\n",
          NULL, LIM_CLASS_TRANSIENT },
    };
    CHECK(rows);
}

static void logprobs_are_joined(void)
{
    const struct row rows[] = {
        { "data: "
          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
          "\"logprobs\":{\"content\":[{\"token\":\"a\"}],\"refusal\":null}}]}"
          "\n\n"
          "data: "
          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},"
          "\"logprobs\":{\"content\":[{\"token\":\"b\"}],\"refusal\":null},"
          "\"finish_reason\":\"stop\"}]}\n\n",
          "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"ab\","
          "\"refusal\":null},\"logprobs\":{\"content\":[{\"token\":\"a\"},{"
          "\"token\":\"b\"}],\"refusal\":null},\"finish_reason\":\"stop\"}]}",
          LIM_CLASS_OK },
    };
    CHECK(rows);
}

static void of_a_response_the_last_event_has_it_all(void)
{
#define BEGUN                                                                  \
    "event: response.created\ndata: "                                          \
    "{\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"error\":"     \
    "null}}\n\n"
    const struct row rows[] = {
        { BEGUN "event: response.completed\ndata: "
                "{\"type\":\"response.completed\",\"response\":{\"id\":\"r\","
                "\"status\":\"completed\"}}\n\n",
          "{\"id\":\"r\",\"status\":\"completed\"}", LIM_CLASS_OK },
        { BEGUN
          "data: "
          "{\"type\":\"response.incomplete\",\"response\":{\"id\":\"r\"}}\n\n",
          "{\"id\":\"r\"}", LIM_CLASS_OK },
        { BEGUN "data: "
                "{\"type\":\"response.failed\",\"response\":{\"error\":{"
                "\"code\":\"server_error\",\"message\":\"m\"}}}\n\n",
          NULL, LIM_CLASS_TRANSIENT },
        { BEGUN, NULL, LIM_CLASS_TRANSIENT },
    };
    CHECK(rows);
}

static void a_stream_that_is_cut_or_fails_is_no_answer(void)
{
    const struct row rows[] = {
        { "", NULL, LIM_CLASS_TRANSIENT },
        { DELTA("{\"content\":\"x\"}"), NULL, LIM_CLASS_TRANSIENT },
        { DELTA("{\"content\":\"x\"}") "data: {\"choices\":[{\"in", NULL,
          LIM_CLASS_TRANSIENT },
        { DELTA("{\"content\":\"x\"}") "data: {\"error\":{\"message\":\"The "
                                       "server had an "
                                       "error\",\"type\":\"server_error\"}}"
                                       "\n\n" DONE,
          NULL, LIM_CLASS_TRANSIENT },
        { "event: error\ndata: "
          "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
          "\"message\":\"m\"}}\n\n",
          NULL, LIM_CLASS_TRANSIENT },
        { "data: 7\n\n" DONE, NULL, LIM_CLASS_TRANSIENT },
    };
    CHECK(rows);
}

static void long_replies_keep_every_token(void)
{
    static char events[400000];
    struct bench_collected c;
    size_t at = 0;
    for (int i = 0; i < 3000; i++)
        at += (size_t)sprintf(events + at,
                              "data: {\"choices\":[{\"index\":0,\"delta\":"
                              "{\"content\":\"%04d \"}}]}\n\n",
                              i);
    strcpy(events + at, STOP DONE);
    bench_collect(&c, events, strlen(events));
    CU_ASSERT_EQUAL_FATAL(c.class, LIM_CLASS_OK);
    char *text = cJSON_PrintUnformatted(c.answer);
    struct bench_span choices, first;
    CU_ASSERT_TRUE_FATAL(
        bench_span_find(text, strlen(text), "choices", &choices));
    CU_ASSERT_TRUE_FATAL(
        bench_span_find(choices.at + 1, choices.length - 2, "message", &first));
    CU_ASSERT_TRUE(first.length > 15000);
    CU_ASSERT_PTR_NOT_NULL(strstr(first.at, "0000 0001 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(first.at, " 2998 2999 \""));
    cJSON_free(text);
    cJSON_Delete(c.answer);
}

/* Where the value of a key stands in a text. */
static void parts_of_json_are_found_as_they_stand(void)
{
    static const struct {
        const char *json, *key, *value;
    } rows[] = {
        { "{\"a\":1}", "a", "1" },
        { " { \"a\" : [1, {\"b\": \"]}\"}] , \"b\":2 } ", "b", "2" },
        { "{\"a\": {\"b\": 1}, \"b\" :\t-1.50e3}", "b", "-1.50e3" },
        { "{\"a\\\"\": 0, \"a\": \"x\\\\\", \"b\": null}", "b", "null" },
        { "{\"a\": \"b\", \"b\": \"\\\"a\\\":\"}", "b", "\"\\\"a\\\":\"" },
        { "{\"n\": 12345678901234567890}", "n", "12345678901234567890" },
        { "{\"a\": {}}", "a", "{}" },
        { "{}", "a", NULL },
        { "[1]", "a", NULL },
        { "{\"aa\": 1}", "a", NULL },
        { "", "a", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench_span s;
        bool found = bench_span_find(rows[i].json, strlen(rows[i].json),
                                     rows[i].key, &s);
        CU_ASSERT_EQUAL(found, rows[i].value != NULL);
        if (found && rows[i].value != NULL) {
            CU_ASSERT_EQUAL(s.length, strlen(rows[i].value));
            CU_ASSERT_NSTRING_EQUAL(s.at, rows[i].value, s.length);
        }
    }
}

static void a_part_is_replaced_in_place(void)
{
    static const char *const names[] = { "\"x\"", "\"a-much-longer-name\"" };
    for (size_t i = 0; i < 2; i++) {
        struct bench_buffer b = { 0 };
        struct bench_span model;
        char wanted[100];
        bench_buffer_add(&b, "{\"model\": \"gpt\", \"n\": 1}", 24);
        CU_ASSERT_TRUE(bench_span_find(b.data, b.length, "model", &model));
        CU_ASSERT_TRUE(
            bench_span_replace(&b, model, names[i], strlen(names[i])));
        snprintf(wanted, sizeof wanted, "{\"model\": %s, \"n\": 1}", names[i]);
        CU_ASSERT_STRING_EQUAL(b.data, wanted);
        CU_ASSERT_EQUAL(b.length, strlen(wanted));
        bench_buffer_fini(&b);
    }
}

CU_TestInfo collect_tests[] = {
    { "chunks make the answer that they are cut from",
      chunks_make_the_answer_that_they_are_cut_from },
    { "several choices come side by side", several_choices_come_side_by_side },
    { "logprobs are joined", logprobs_are_joined },
    { "of a response the last event has it all",
      of_a_response_the_last_event_has_it_all },
    { "a stream that is cut or fails is no answer",
      a_stream_that_is_cut_or_fails_is_no_answer },
    { "long replies keep every token", long_replies_keep_every_token },
    { "parts of JSON are found as they stand",
      parts_of_json_are_found_as_they_stand },
    { "a part is replaced in place", a_part_is_replaced_in_place },
    CU_TEST_INFO_NULL
};
