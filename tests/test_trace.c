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
        { "2023-11-16 18:17:04\n", "1 field, but the header names 3" },
        { "2023-11-16 18:17:04,\n", "ContextTokens" },
        { "2023-11-16 18:17:04,x,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,-1,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,2147483648,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,99999999999,2\n", "ContextTokens" },
        { "2023-11-16 18:17:04,1\n", "2 fields, but the header names 3" },
        { "2023-11-16 18:17:04+01:00,1,2\n", "a time" },
        { "2023-11-16 18:17:04,1,\n", "GeneratedTokens" },
        { "2023-11-16 18:17:04,1,2,3\n", "4 fields" },
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

static void check_rows(const char *text, const struct sim_trace_row *wanted,
                       size_t count)
{
    struct sim_trace_row *rows = NULL;
    size_t n = 0;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(sim_trace_parse(text, strlen(text), &rows, &n, &diag),
                          LIM_OK);
    CU_ASSERT_EQUAL_FATAL(n, count);
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(rows[i].at_ns, wanted[i].at_ns);
        CU_ASSERT_EQUAL(rows[i].prompt_tokens, wanted[i].prompt_tokens);
        CU_ASSERT_EQUAL(rows[i].completion_tokens, wanted[i].completion_tokens);
    }
    free(rows);
}

static void each_public_form_is_told_by_its_first_line(void)
{
    static const struct sim_trace_row rows[] = { { 0, 472, 18 },
                                                 { 1500 * LIM_MSEC, 1087, 230 },
                                                 { LIM_MIN, 9, 0 } };
    static const char *const texts[] = {
        HEADER "2024-05-10 23:59:59.009930+00:00,472,18\n"
               "2024-05-11 00:00:00.509930+00:00,1087,230\n"
               "2024-05-11 00:00:59.009930+00:00,9,0\n",
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
        "5,ChatGPT,472,18,490,Conversation log\n"
        "6.5,ChatGPT,1087,230,1317,Conversation log\n"
        "65.0000000000001,GPT-4,9,0,9,API log\n",
        "Timestamp,Session ID,Elapsed time,Model,Request tokens,"
        "Response tokens,Total tokens,Log Type\r\n"
        "0,a,1.5,GPT-4,472,18,490,API log\r\n"
        "1.5,,,GPT-4,1087,230,1317,API log\r\n"
        "60,,,GPT-4,9,0,9,API log\r\n",
        "num_prefill_tokens,arrived_at,num_decode_tokens\n"
        "472,0.25,18\n1087,1.75,230\n9,60.25,0",
        "{\"timestamp\": 27482, \"input_length\": 472, \"output_length\": "
        "18, \"hash_ids\": [46, 47]}\n"
        "{\"hash_ids\":[],\"output_length\":230,\"input_length\":1087,"
        "\"timestamp\":28982}\n"
        "{\"timestamp\": 87482, \"x\": {\"a\": \"}\\\",\"}, "
        "\"input_length\": 9, \"output_length\": 0}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_rows(texts[i], rows, 3);
}

static void what_is_wrong_in_another_form_is_named_too(void)
{
    static const struct {
        const char *text;
        int line;
        const char *reason;
    } wrong[] = {
        { "arrived_at,num_prefill_tokens,num_decode_tokens\n1,2,3\n0.5,2,3\n",
          3, "before that of the line above" },
        { "arrived_at,num_prefill_tokens,num_decode_tokens\nx,2,3\n", 2,
          "arrived_at: expected a time such as 342.5, in seconds" },
        { "arrived_at,num_prefill_tokens,num_decode_tokens\n9000000001,2,3\n",
          2, "arrived_at" },
        { "arrived_at,num_prefill_tokens,num_decode_tokens\n1.,2,3\n", 2,
          "arrived_at" },
        { "Timestamp,Request tokens,Response tokens\n1,2.5,3\n", 2,
          "Request tokens: expected a whole number" },
        { "Timestamp,Request tokens,Request tokens\n1,2,3\n", 1, "BurstGPT" },
        { "{\"timestamp\": 1, \"input_length\": 2}\n", 1,
          "\"output_length\" is missing" },
        { "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": -3}\n", 1,
          "output_length: expected a whole number" },
        { "{\"timestamp\": \"1\", \"input_length\": 2}\n", 1,
          "timestamp: expected a time such as 27482, in milliseconds" },
        { "{\"timestamp\": 1", 1, "a JSON object on a line" },
        { "{\"timestamp\": 1, \"a\": [1}\n", 1, "a JSON object on a line" },
        { "{\"timestamp\": 1, \"a\": \"\\", 1, "a JSON object on a line" },
        { "{}\n", 1, "a JSON object on a line" },
        { "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3}\n"
          "1,2,3\n",
          2, "a JSON object on a line" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sim_trace_row *out = NULL;
        size_t n;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL(sim_trace_parse(wrong[i].text, strlen(wrong[i].text),
                                        &out, &n, &diag),
                        LIM_EPARSE);
        CU_ASSERT_EQUAL(diag.line, wrong[i].line);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, wrong[i].reason));
        CU_ASSERT_PTR_NULL(out);
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
    { "each public form is told by its first line",
      each_public_form_is_told_by_its_first_line },
    { "what is wrong in another form is named too",
      what_is_wrong_in_another_form_is_named_too },
    { "the Azure traces are read whole", the_azure_traces_are_read_whole },
    CU_TEST_INFO_NULL
};
