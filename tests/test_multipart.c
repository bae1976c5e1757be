#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/multipart.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define TYPE "multipart/form-data; boundary=xx"
#define NAMED(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"
#define ONE "--xx\r\n" NAMED("a") "\r\n1\r\n--xx--\r\n"

/* A body in memory of exactly its size, so that a byte too far is seen. */
struct form {
    char *body;
    struct mock_multipart m;
    struct lim_diag why;
};

static int form_open(struct form *f, const char *type, const char *body,
                     size_t length)
{
    f->why.text[0] = '\0';
    f->body = malloc(length > 0 ? length : 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->body);
    memcpy(f->body, body, length);
    return mock_multipart_parse((struct mock_slice){ type, strlen(type) },
                                (struct mock_slice){ f->body, length }, &f->m,
                                &f->why);
}

static void form_close(struct form *f)
{
    free(f->body);
}

static bool is(struct mock_slice s, const char *text)
{
    return s.at == NULL ? text == NULL
                        : text != NULL && s.length == strlen(text) &&
                              memcmp(s.at, text, s.length) == 0;
}

/* As curl and the browsers write it. */
static void fields_and_files_are_read(void)
{
    static const char body[] = "--xx\r\n" NAMED(
        "model") "\r\nwhisper-1\r\n"
                 "--xx\r\nContent-Disposition: form-data; name=\"file\"; "
                 "filename=\"a b\\\".mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n"
                 "\0\r\n--x\r\r\n--x\n\xff\r\n--xx\r\n"
                 "content-disposition:form-data;name=empty\t;x=y\r\n\r\n\r\n"
                 "--xx--\r\n";
    struct form f;
    CU_ASSERT_EQUAL_FATAL(form_open(&f, TYPE, body, sizeof body - 1), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(f.m.count, 3);
    const struct mock_part *model = mock_multipart_find(&f.m, "model");
    CU_ASSERT_PTR_EQUAL_FATAL(model, &f.m.parts[0]);
    CU_ASSERT_TRUE(is(model->data, "whisper-1"));
    CU_ASSERT_PTR_NULL(model->filename.at);
    const struct mock_part *file = mock_multipart_find(&f.m, "file");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE(is(file->filename, "a b\\\".mp3"));
    CU_ASSERT_TRUE(is(file->type, "audio/mpeg"));
    CU_ASSERT_EQUAL(file->data.length, 14);
    CU_ASSERT_EQUAL(memcmp(file->data.at, "\0\r\n--x\r\r\n--x\n\xff", 14), 0);
    CU_ASSERT_TRUE(is(f.m.parts[2].name, "empty"));
    CU_ASSERT_EQUAL(f.m.parts[2].data.length, 0);
    CU_ASSERT_PTR_NULL(mock_multipart_find(&f.m, "mode"));
    form_close(&f);
}

static void types_name_a_boundary(void)
{
    static const struct {
        const char *type;
        int rc;
    } rows[] = {
        { TYPE, LIM_OK },
        { "Multipart/Form-Data;charset=utf-8;  BOUNDARY=\"xx\" ", LIM_OK },
        { "", LIM_EPARSE },
        { "application/json", LIM_EPARSE },
        { "multipart/mixed; boundary=xx", LIM_EPARSE },
        { "multipart/form-data", LIM_EPARSE },
        { "multipart/form-data; boundary=", LIM_EPARSE },
        { "multipart/form-data; boundary=\"\"", LIM_EPARSE },
        { "multipart/form-data; boundary=\"xx", LIM_EPARSE },
        { "multipart/form-data; boundary=\"xx \"", LIM_EPARSE },
        { "multipart/form-data; boundary=\"x\\x\"", LIM_EPARSE },
        { "multipart/form-data; boundary=xx; boundary=xx", LIM_EPARSE },
        { "multipart/form-data; boundary=xx yy", LIM_EPARSE },
        { "multipart/form-data boundary=xx", LIM_EPARSE },
        { "multipart/form-data; boundary =xx", LIM_EPARSE },
        { "multipart/form-data; boundary=yy", LIM_EPARSE },
    };
    struct form f;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int rc = form_open(&f, rows[i].type, ONE, strlen(ONE));
        CU_ASSERT_EQUAL(rc, rows[i].rc);
        if (rc != rows[i].rc)
            printf("\n  row %zu: %d %s\n", i, rc, f.why.text);
        form_close(&f);
    }
}

static void what_could_be_read_in_two_ways_is_refused(void)
{
    static const struct {
        const char *body, *why;
    } rows[] = {
        { "", "does not begin" },
        { "\r\n" ONE, "does not begin" },
        { "preamble\r\n" ONE, "does not begin" },
        { ONE "\r\n", "follows the last" },
        { ONE "epilogue", "follows the last" },
        { "--xx \r\n" NAMED("a") "\r\n1\r\n--xx--", "behind a boundary" },
        { "--xx\n" NAMED("a") "\r\n1\r\n--xx--", "behind a boundary" },
        { "--xx\r\n" NAMED("a") "\r\n1\r\n--xxy\r\n--xx--", "behind a" },
        { "--xx\r\n" NAMED("a") "\r\n1\n--xx--", "does not end" },
        { "--xx\r\n" NAMED("a") "\r\n--xx--", "no line for its bytes" },
        { "--xx\r\n" NAMED("a") "\n1\r\n--xx--", "broken, or too long" },
        { "--xx\r\n\r\n1\r\n--xx--", "has no name" },
        { "--xx\r\nContent-Type: a/b\r\n\r\n1\r\n--xx--", "has no name" },
        { "--xx\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xx--",
          "has no name" },
        { "--xx\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n"
          "--xx--",
          "not form-data" },
        { "--xx\r\n" NAMED("a") NAMED("a") "\r\n1\r\n--xx--",
          "two dispositions" },
        { "--xx\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n"
          "--xx--",
          "disposition is broken" },
        { "--xx\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n"
          "--xx--",
          "disposition is broken" },
        { "--xx\r\nContent-Disposition: form-data; name=\"a\\\r\n\r\n1\r\n"
          "--xx--",
          "disposition is broken" },
        { "--xx\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n"
          "--xx--",
          "disposition is broken" },
        { "--xx\r\n" NAMED("a") " folded: b\r\n\r\n1\r\n--xx--",
          "header has no name" },
        { "--xx\r\n" NAMED("a") "X : b\r\n\r\n1\r\n--xx--",
          "header has no name" },
        { "--xx\r\n" NAMED("a") "X: \x01\r\n\r\n1\r\n--xx--",
          "control character" },
        { "--xx\r\n" NAMED("a") "Content-Type: a\r\nContent-Type: b\r\n\r\n1"
                                "\r\n--xx--",
          "two content types" },
        { "--xx\r\n" NAMED("a") "Content-Transfer-Encoding: base64\r\n\r\n1"
                                "\r\n--xx--",
          "encoded for transfer" },
    };
    struct form f;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(form_open(&f, TYPE, rows[i].body, strlen(rows[i].body)),
                        LIM_EPARSE);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.why.text, rows[i].why));
        if (strstr(f.why.text, rows[i].why) == NULL)
            printf("\n  row %zu: %s\n", i, f.why.text);
        form_close(&f);
    }
}

/* All but the last CRLF is needed. */
static void every_truncation_is_refused(void)
{
    struct form f;
    size_t whole = strlen(ONE);
    for (size_t n = 0; n <= whole; n++) {
        int rc = form_open(&f, TYPE, ONE, n);
        CU_ASSERT_EQUAL(rc == LIM_OK, n == whole || n == whole - 2);
        form_close(&f);
    }
}

static void bounds_hold(void)
{
    static char body[65 * 64 + 8192];
    struct form f;
    for (size_t parts = 63; parts <= 65; parts++) {
        size_t n = 0;
        for (size_t i = 0; i < parts; i++)
            n += (size_t)snprintf(body + n, sizeof body - n,
                                  "--xx\r\n" NAMED("p%zu") "\r\n\r\n", i);
        n += (size_t)snprintf(body + n, sizeof body - n, "--xx--");
        CU_ASSERT_EQUAL(form_open(&f, TYPE, body, n),
                        parts <= MOCK_MULTIPART_PARTS_MAX ? LIM_OK : LIM_EFULL);
        form_close(&f);
    }
    for (int more = 0; more < 2; more++) {
        size_t head = strlen(NAMED("a") "X: \r\n\r\n");
        int pad = MOCK_MULTIPART_HEAD_MAX - (int)head + more;
        int n = snprintf(body, sizeof body,
                         "--xx\r\n" NAMED("a") "X: %0*d\r\n\r\n1\r\n--xx--",
                         pad, 0);
        CU_ASSERT_EQUAL(form_open(&f, TYPE, body, (size_t)n),
                        more == 0 ? LIM_OK : LIM_EPARSE);
        form_close(&f);
    }
}

CU_TestInfo multipart_tests[] = {
    { "fields and files are read", fields_and_files_are_read },
    { "types name a boundary", types_name_a_boundary },
    { "what could be read in two ways is refused",
      what_could_be_read_in_two_ways_is_refused },
    { "every truncation is refused", every_truncation_is_refused },
    { "bounds hold", bounds_hold },
    CU_TEST_INFO_NULL
};
