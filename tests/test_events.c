#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "bench/events.h"

#define CHUNK(content, reason)                                                 \
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"    \
    "\"" content "\"},\"finish_reason\":" reason "}],\"usage\":null}\n\n"
#define USAGE                                                                  \
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"total_tokens\":7}}\n\n"
#define DONE "data: [DONE]\n\n"
#define CREATED                                                                \
    "event: response.created\ndata: {\"response\":{\"error\":null,"            \
    "\"usage\":null}}\n\n"

struct row {
    const char *body;
    enum lim_class class;
    bool usage;
};

/* Each is read from memory of just its length. */
static void play(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct bench_events e;
        size_t length = strlen(rows[i].body);
        char *body = malloc(length + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(body);
        memcpy(body, rows[i].body, length);
        body = realloc(body, length > 0 ? length : 1);
        bench_events_read(&e, body, length);
        CU_ASSERT_EQUAL(e.class, rows[i].class);
        CU_ASSERT_EQUAL(e.usage != NULL, rows[i].usage);
        free(body);
    }
}

static void a_stream_ends_well(void)
{
    const struct row rows[] = {
        { CHUNK("a", "null") CHUNK("", "\"stop\"") USAGE DONE, LIM_CLASS_OK,
          true },
        { CHUNK("a", "null") CHUNK("", "\"stop\"") DONE, LIM_CLASS_OK, false },
        { CHUNK("a", "\"length\""), LIM_CLASS_OK, false },
        { CHUNK("a", "null") DONE, LIM_CLASS_OK, false },
        { ": a comment\r\n\r\ndata:{\"choices\":[]}\r\n\r\ndata:[DONE]",
          LIM_CLASS_OK, false },
        { "event: message\ndata: {\"usage\" : {}}\n\n" DONE, LIM_CLASS_OK,
          true },
        { CHUNK("\\\"error\\\":{}", "null") CHUNK("error", "null") DONE,
          LIM_CLASS_OK, false },
        { "data: {\"error\":null,\"value\":\"error\"}\n\n" DONE, LIM_CLASS_OK,
          false },
        { CREATED "event: response.completed\ndata: {\"response\":"
                  "{\"error\":null,\"usage\":{\"total_tokens\":7}}}\n\n",
          LIM_CLASS_OK, true },
        { CREATED "event: response.incomplete\ndata: {\"response\":"
                  "{\"error\":null,\"usage\":{\"total_tokens\":7}}}\n\n",
          LIM_CLASS_OK, true },
    };
    play(rows, sizeof rows / sizeof rows[0]);
}

static void a_stream_without_end_has_failed(void)
{
    const struct row rows[] = {
        { "", LIM_CLASS_TRANSIENT, false },
        { ":\n", LIM_CLASS_TRANSIENT, false },
        { CHUNK("a", "null"), LIM_CLASS_TRANSIENT, false },
        { CHUNK("\\\"finish_reason\\\":\\\"stop\\\"", "null"),
          LIM_CLASS_TRANSIENT, false },
        { CHUNK("a", "null") USAGE, LIM_CLASS_TRANSIENT, true },
        { CHUNK("a", "null") "data: {\"id\":\"c\",\"cho", LIM_CLASS_TRANSIENT,
          false },
        { CHUNK("a", "null") "data: {\"id\":\"c\",\"cho\n\n" DONE,
          LIM_CLASS_TRANSIENT, false },
        { CHUNK("\xff", "null") DONE, LIM_CLASS_TRANSIENT, false },
    };
    play(rows, sizeof rows / sizeof rows[0]);
}

static void an_error_amid_a_stream_is_read(void)
{
    const struct row rows[] = {
        { CHUNK("a", "null") "data: {\"error\":{\"message\":\"The server had "
                             "an error\",\"type\":\"server_error\"}}\n\n" DONE,
          LIM_CLASS_TRANSIENT, false },
        { CHUNK("a", "null") "data: {\"error\":{\"message\":\"m\",\"type\":"
                             "\"tokens\",\"code\":\"rate_limit_exceeded\"}}\n",
          LIM_CLASS_RATE_LIMIT, false },
        { "data: {\"error\":{\"message\":\"m\",\"code\":"
          "\"insufficient_quota\"}}\n\n" DONE,
          LIM_CLASS_QUOTA, false },
        { "event: error\ndata: {\"what\":1}\n\n" DONE, LIM_CLASS_TRANSIENT,
          false },
        { "event: error\n\n" CHUNK("a", "\"stop\""), LIM_CLASS_OK, false },
    };
    play(rows, sizeof rows / sizeof rows[0]);
}

static void other_bodies_are_no_streams(void)
{
    const struct {
        const char *body;
        bool is;
    } rows[] = {
        { DONE, true },         { "\r\n: hello\n", true },
        { "event: x\n", true }, { "", false },
        { "  \n", false },      { " {\"choices\":[]}", false },
        { "<html>", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(bench_events_are(rows[i].body, strlen(rows[i].body)),
                        rows[i].is);
}

CU_TestInfo events_tests[] = {
    { "a stream ends well", a_stream_ends_well },
    { "a stream without end has failed", a_stream_without_end_has_failed },
    { "an error amid a stream is read", an_error_amid_a_stream_is_read },
    { "other bodies are no streams", other_bodies_are_no_streams },
    CU_TEST_INFO_NULL
};
