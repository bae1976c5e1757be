#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/batch.h"
#include "bench/log.h"

/* A file of that text; its name is the caller's to unlink. */
static void write_file(char path[64], const char *text)
{
    strcpy(path, "/tmp/tierlab-batch-XXXXXX");
    int file = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
}

static int read_text(struct bench_batch *b, const char *text,
                     struct lim_diag *diag)
{
    char path[64];
    write_file(path, text);
    int error = bench_batch_read(b, path, diag);
    unlink(path);
    return error;
}

#define LINE(id, body)                                                         \
    "{\"custom_id\": \"" id "\", \"method\": \"POST\", \"url\": "              \
    "\"/v1/chat/completions\", \"body\": " body "}\n"
#define CHAT(rest)                                                             \
    "{\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": "     \
    "\"12345678\"}]" rest "}"

static void lines_are_read_again_as_they_stand(void)
{
    struct bench_batch b;
    struct bench_batch_line line = { 0 };
    struct lim_diag diag = { 0 };
    size_t found;
    CU_ASSERT_EQUAL_FATAL(
        read_text(
            &b,
            LINE("a\\u00e4",
                 CHAT(", \"seed\": 12345678901234567890")) "\n  \n" CHAT(""),
            &diag),
        LIM_OK);
    CU_ASSERT_EQUAL(b.count, 2);
    CU_ASSERT_EQUAL(b.model_count, 1);
    CU_ASSERT_EQUAL(b.requests[1].number, 4);
    CU_ASSERT_TRUE_FATAL(bench_batch_get(&b, 0, &line));
    CU_ASSERT_NSTRING_EQUAL(line.custom_id.at, "\"a\\u00e4\"",
                            line.custom_id.length);
    CU_ASSERT_PTR_NOT_NULL(
        memmem(line.body.at, line.body.length, "12345678901234567890}", 21));
    CU_ASSERT_NSTRING_EQUAL(line.model.at, "\"m\"", line.model.length);
    CU_ASSERT_TRUE(bench_batch_find(&b, "a\xc3\xa4", &found) && found == 0);
    CU_ASSERT_TRUE_FATAL(bench_batch_get(&b, 1, &line));
    CU_ASSERT_NSTRING_EQUAL(line.custom_id.at, "\"request-4\"",
                            line.custom_id.length);
    CU_ASSERT_TRUE(bench_batch_find(&b, "request-4", &found) && found == 1);
    CU_ASSERT_FALSE(bench_batch_find(&b, "request-1", &found));
    bench_batch_line_fini(&line);
    bench_batch_fini(&b);
}

/* Bodies, where they go, and what they are charged: 8 characters are 4. */
static void costs_are_the_providers_estimates(void)
{
    static const struct {
        const char *line, *path;
        uint32_t tokens, images;
        bool stream;
    } rows[] = {
        { LINE("a", CHAT("")), "/chat/completions", 4, 0, false },
        { LINE("a", CHAT(", \"max_tokens\": 50")), "/chat/completions", 54, 0,
          false },
        { CHAT(", \"max_completion_tokens\": 7, \"stream\": true"),
          "/chat/completions", 11, 0, true },
        { "{\"model\": \"m\", \"input\": [\"12345678\", \"12345678\"]}",
          "/embeddings", 8, 0, false },
        { "{\"model\": \"m\", \"prompt\": \"12345678\", \"stream\": false}",
          "/completions", 4, 0, false },
        { "{\"custom_id\": \"i\", \"url\": \"/v1/images/generations\", "
          "\"body\":"
          " {\"model\": \"m\", \"prompt\": \"x\", \"n\": 3}}",
          "/images/generations", 0, 3, false },
        { "{\"custom_id\": \"i\", \"url\": \"/v1/responses\", \"body\": "
          "{\"model\":"
          " \"m\", \"input\": \"12345678\", \"max_output_tokens\": 6}}",
          "/responses", 10, 0, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench_batch b;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL_FATAL(read_text(&b, rows[i].line, &diag), LIM_OK);
        const struct bench_batch_request *q = &b.requests[0];
        CU_ASSERT_STRING_EQUAL(b.paths[q->path], rows[i].path);
        CU_ASSERT_EQUAL(q->tokens, rows[i].tokens);
        CU_ASSERT_EQUAL(q->images, rows[i].images);
        CU_ASSERT_EQUAL(q->stream, rows[i].stream);
        bench_batch_fini(&b);
    }
}

static void bad_lines_are_told_with_their_number(void)
{
    static const struct {
        const char *text, *words;
        int line;
    } rows[] = {
        { "", "no request", 0 },
        { "\n{", "", 2 },
        { "[]\n", "object", 1 },
        { CHAT("") "\n" LINE("a", CHAT("")) LINE("b", CHAT(""))
              LINE("a", CHAT("")),
          "line 2", 4 },
        { LINE("request-2", CHAT("")) CHAT(""), "line 1", 2 },
        { "{\"messages\": []}", "model", 1 },
        { "{\"body\": {\"model\": \"m\"}}", "custom_id", 1 },
        { "{\"custom_id\": \"a\", \"url\": \"x\", \"body\": {}}", "url", 1 },
        { "{\"custom_id\": \"a\", \"url\": \"/v1/x\", \"method\": \"GET\","
          " \"body\": {}}",
          "POST", 1 },
        { "{\"custom_id\": \"a\", \"url\": \"/v1/images/edits\", \"body\":"
          " {\"model\": \"m\", \"stream\": true}}",
          "stream", 1 },
        { "{\"custom_id\": \"a\", \"urk\": \"/v1/x\", \"body\": {}}", "urk",
          1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench_batch b;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL(read_text(&b, rows[i].text, &diag), LIM_EPARSE);
        CU_ASSERT_EQUAL(diag.line, rows[i].line);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].words));
        if (strstr(diag.text, rows[i].words) == NULL)
            printf("row %zu: %s\n", i, diag.text);
    }
}

static void a_file_that_changed_is_noticed(void)
{
    char path[64];
    struct bench_batch b;
    struct bench_batch_line line = { 0 };
    struct lim_diag diag = { 0 };
    write_file(path, LINE("a", CHAT("")));
    CU_ASSERT_EQUAL_FATAL(bench_batch_read(&b, path, &diag), LIM_OK);
    CU_ASSERT_TRUE(bench_batch_get(&b, 0, &line));
    FILE *f = fopen(path, "r+");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(LINE("b", CHAT("")), f);
    fclose(f);
    CU_ASSERT_FALSE(bench_batch_get(&b, 0, &line));
    CU_ASSERT_EQUAL(truncate(path, 10), 0);
    CU_ASSERT_FALSE(bench_batch_get(&b, 0, &line));
    unlink(path);
    bench_batch_line_fini(&line);
    bench_batch_fini(&b);
}

static void expect_file(const char *path, const char *wanted)
{
    char found[400] = "";
    FILE *f = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    found[fread(found, 1, sizeof found - 1, f)] = '\0';
    fclose(f);
    CU_ASSERT_STRING_EQUAL(found, wanted);
}

static void a_part_of_a_line_is_cut_off(void)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "", "new\n" },
        { "one\ntwo\n", "one\ntwo\nnew\n" },
        { "one\ntw", "one\nnew\n" },
        { "tw", "new\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[64];
        struct bench_log l, other;
        struct lim_diag diag = { 0 };
        write_file(path, rows[i].before);
        CU_ASSERT_EQUAL(bench_log_open(&l, path, false, &diag), LIM_EINVAL);
        CU_ASSERT_EQUAL_FATAL(bench_log_open(&l, path, true, &diag), LIM_OK);
        CU_ASSERT_EQUAL(bench_log_open(&other, path, true, &diag), LIM_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "another process"));
        CU_ASSERT_TRUE(bench_log_add(&l, "new", 3));
        CU_ASSERT_TRUE(bench_log_close(&l));
        expect_file(path, rows[i].after);
        unlink(path);
    }
}

/* 20 bytes of a file may be written, then for a while no more. */
static void what_the_disk_does_not_take_is_kept(void)
{
    char path[64];
    struct bench_log l;
    struct lim_diag diag = { 0 };
    struct rlimit before;
    write_file(path, "");
    CU_ASSERT_EQUAL_FATAL(bench_log_open(&l, path, true, &diag), LIM_OK);
    getrlimit(RLIMIT_FSIZE, &before);
    const struct rlimit small = { 20, before.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    CU_ASSERT_TRUE(bench_log_add(&l, "0123456789", 10));
    CU_ASSERT_FALSE(bench_log_add(&l, "abcdefghijkl", 12));
    CU_ASSERT_FALSE(bench_log_add(&l, "x", 1));
    CU_ASSERT_EQUAL(bench_log_unsaid(&l), 2);
    setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_TRUE(bench_log_flush(&l));
    expect_file(path, "0123456789\nabcdefghijkl\nx\n");
    const struct rlimit smaller = { 30, before.rlim_max };
    setrlimit(RLIMIT_FSIZE, &smaller);
    CU_ASSERT_FALSE(bench_log_add(&l, "another line", 12));
    CU_ASSERT_FALSE(bench_log_close(&l));
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    expect_file(path, "0123456789\nabcdefghijkl\nx\n");
    unlink(path);
}

CU_TestInfo batch_tests[] = {
    { "lines are read again as they stand",
      lines_are_read_again_as_they_stand },
    { "costs are the provider's estimates", costs_are_the_providers_estimates },
    { "bad lines are told with their number",
      bad_lines_are_told_with_their_number },
    { "a file that changed is noticed", a_file_that_changed_is_noticed },
    { "a part of a line is cut off", a_part_of_a_line_is_cut_off },
    { "what the disk does not take is kept",
      what_the_disk_does_not_take_is_kept },
    CU_TEST_INFO_NULL
};
