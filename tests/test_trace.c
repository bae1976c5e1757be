#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/time.h"
#include "sim/trace.h"

#define HEADER "TIMESTAMP,ContextTokens,GeneratedTokens\n"

static void rows_are_relative_to_the_first(void)
{
    const char text[] = HEADER "2023-11-16 18:17:03.9799600,4808,10\n"
                               "2023-11-16 18:17:03.9799600,0,0\n"
                               "2023-11-16 18:17:04,3180,2147483647\n"
                               "2023-11-17 00:00:00.000000001,110,27";
    struct sim_trace_row *rows;
    size_t n = 0;
    struct lim_diag diag;
    CU_ASSERT_EQUAL_FATAL(
        sim_trace_parse(text, sizeof text - 1, &rows, &n, &diag), LIM_OK);
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT_EQUAL(rows[0].at_ns, 0);
    CU_ASSERT_EQUAL(rows[0].prompt_tokens, 4808);
    CU_ASSERT_EQUAL(rows[0].completion_tokens, 10);
    CU_ASSERT_EQUAL(rows[1].at_ns, 0);
    CU_ASSERT_EQUAL(rows[2].at_ns, 20040000);
    CU_ASSERT_EQUAL(rows[2].completion_tokens, INT32_MAX);
    CU_ASSERT_EQUAL(rows[3].at_ns,
                    5 * LIM_HOUR + 42 * LIM_MIN + 56 * LIM_SEC + 20040001);
    free(rows);
}

static void lines_may_end_as_on_windows(void)
{
    const char text[] = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                        "2024-02-29 23:59:59.5,1,2\r\n"
                        "2024-03-01 00:00:00.25,3,4\r\n";
    struct sim_trace_row *rows;
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(
        sim_trace_parse(text, sizeof text - 1, &rows, &n, NULL), LIM_OK);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(rows[1].at_ns, 750 * LIM_MSEC);
    free(rows);
}

static void what_is_wrong_is_named_with_its_line(void)
{
    static const char good[] = "2023-11-16 18:17:03.97,1,2\n";
    const struct {
        const char *row; /* after the header and a good row */
        const char *reason;
    } rows[] = {
        { "\n", "a time" },
        { "2023-11-16 18:17:03.96,1,2\n", "before that of the line above" },
        { "2023-11-16T18:17:04,1,2\n", "a time" },
        { " 2023-11-16 18:17:04,1,2\n", "a time" },
        { "2023-02-29 18:17:04,1,2\n", "a time" },
        { "2023-13-01 18:17:04,1,2\n", "a time" },
        { "2023-00-01 18:17:04,1,2\n", "a time" },
        { "2023-12-32 18:17:04,1,2\n", "a time" },
        { "2201-01-01 18:17:04,1,2\n", "a time" },
        { "2023-11-16 24:00:00,1,2\n", "a time" },
        { "2023-11-16 18:60:00,1,2\n", "a time" },
        { "2023-11-16 18:17:60,1,2\n", "a time" },
        { "2023-11-16 18:17:04.,1,2\n", "a time" },
        { "2023-11-16 18:17:04.0123456789,1,2\n", "a time" },
        { "2023-11-16 18:17:04\n", "a time" },
        { "2023-11-16 18:17:04,\n", "ContextTokens" },
        { "2023-11-16 18:17:04,x,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,-1,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,2147483648,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,99999999999,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,1\n", "ContextTokens" },
        { "2023-11-16 18:17:04,1,\n", "GeneratedTokens" },
        { "2023-11-16 18:17:04,1,2,3\n", "GeneratedTokens" },
        { "2023-11-16 18:17:04,1,2 \n", "GeneratedTokens" },
        { "2023-11-16 18:17:04,1,2\r\r\n", "GeneratedTokens" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        struct sim_trace_row *out = NULL;
        size_t n;
        struct lim_diag diag = { 0 };
        snprintf(text, sizeof text, HEADER "%s%s%s", good, rows[i].row, good);
        CU_ASSERT_EQUAL(sim_trace_parse(text, strlen(text), &out, &n, &diag),
                        LIM_EPARSE);
        CU_ASSERT_EQUAL(diag.line, 3);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].reason));
        CU_ASSERT_PTR_NULL(out);
    }
}

static void a_header_and_a_row_must_be_there(void)
{
    static const char *const texts[] = {
        "",
        "\n",
        HEADER,
        "2023-11-16 18:17:04,1,2\n",
        "timestamp,ContextTokens,GeneratedTokens\n2023-11-16 18:17:04,1,2\n",
        "TIMESTAMP,ContextTokens\n2023-11-16 18:17:04,1,2\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sim_trace_row *out;
        size_t n;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL(
            sim_trace_parse(texts[i], strlen(texts[i]), &out, &n, &diag),
            LIM_EPARSE);
        CU_ASSERT_EQUAL(diag.line, 1);
    }
}

/* Returns the whole file, NULL if there is none; the caller frees it. */
static char *slurp(const char *name, size_t *length)
{
    char path[512];
    const char *folder = getenv("TIERLAB_TRACES");
    snprintf(path, sizeof path, "%s/%s",
             folder != NULL ? folder : "../shared/traces", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        printf("(skipped: no %s) ", path);
        return NULL;
    }
    size_t room = 1 << 21;
    char *text = malloc(room);
    *length = text != NULL ? fread(text, 1, room, f) : 0;
    CU_ASSERT(*length < room);
    fclose(f);
    return text;
}

static void check_trace(const char *name, size_t count, int64_t last_ns)
{
    size_t length, n = 0;
    char *text = slurp(name, &length);
    if (text == NULL)
        return;
    struct sim_trace_row *rows;
    struct lim_diag diag;
    CU_ASSERT_EQUAL_FATAL(sim_trace_parse(text, length, &rows, &n, &diag),
                          LIM_OK);
    CU_ASSERT_EQUAL_FATAL(n, count);
    CU_ASSERT_EQUAL(rows[n - 1].at_ns, last_ns);
    free(rows);
    free(text);
}

static void the_azure_traces_are_read_whole(void)
{
    check_trace("AzureLLMInferenceTrace_conv.csv", 19366,
                58 * LIM_MIN + 21 * LIM_SEC + 721937000);
    check_trace("AzureLLMInferenceTrace_code.csv", 8819,
                57 * LIM_MIN + 15 * LIM_SEC + 948056000);
}

CU_TestInfo trace_tests[] = {
    { "rows are relative to the first", rows_are_relative_to_the_first },
    { "lines may end as on Windows", lines_may_end_as_on_windows },
    { "what is wrong is named with its line",
      what_is_wrong_is_named_with_its_line },
    { "a header and a row must be there", a_header_and_a_row_must_be_there },
    { "the Azure traces are read whole", the_azure_traces_are_read_whole },
    CU_TEST_INFO_NULL
};
