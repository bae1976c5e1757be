#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/time.h"
#include "mockserver/json.h"
#include "mockserver/jsontext.h"
#include "mockserver/text.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A text that is refused, and what is said about it. */
struct broken {
    const char *text;
    int line;
    const char *reason;
};

static void says_where_and_why(void)
{
    const struct broken rows[] = {
        { "", 1, "column 1: expected a value, found the end of the text" },
        { "{\n  \"a\": 1\n  \"b\": 2}", 3,
          "column 3: expected ',' or '}' after a value, found '\"'" },
        { "[1, 2", 1,
          "column 6: expected ',' or ']' after a value, found the end of the "
          "text" },
        { "{\"a\": 1,}", 1, "column 9: expected a key in '\"', found '}'" },
        { "{'a': 1}", 1, "column 2: expected a key in '\"', found '''" },
        { "{\"a\" 1}", 1, "column 6: expected ':' after a key, found '1'" },
        { "[01]", 1, "column 3: expected ',' or ']' after a value, found '1'" },
        { "[1.]", 1, "column 4: expected a digit, found ']'" },
        { "[-]", 1, "column 3: expected a digit, found ']'" },
        { "[+1]", 1, "column 2: expected a value, found '+'" },
        { "[1e]", 1, "column 4: expected a digit, found ']'" },
        { "[NaN]", 1, "column 2: expected a value, found 'N'" },
        { "[tru]", 1, "column 2: expected a value, found 't'" },
        { "{} {}", 1, "column 4: expected the end of the text, found '{'" },
        { "\"\xc3\xa9\xc3", 1,
          "column 3: expected valid UTF-8, found byte 0xc3" },
        { "\"\xed\xa0\x80\"", 1, "column 2: expected valid UTF-8" },
        { "\"\xc0\x80\"", 1, "column 2: expected valid UTF-8" },
        { "\"\xf5\x80\x80\x80\"", 1, "column 2: expected valid UTF-8" },
        { "\"a\nb\"", 1, "column 3: expected control characters in strings" },
        { "\"\\x\"", 1, "column 3: expected an escape" },
        { "\"\\u12g4\"", 1, "column 6: expected four hexadecimal digits" },
        { "\"\\u0000\"", 1, "expected a character other than \\u0000" },
        { "\"\\ud800\"", 1, "expected the second half of a surrogate pair" },
        { "\"\\ud800\\u0041\"", 1, "expected the second half of a surrogate" },
        { "\"\\udc00\"", 1, "expected a first surrogate before" },
        { "{\"a\": 1, \"b\": 2, \"a\": 3}", 0, "key \"a\" stands twice" },
        { "[{\"x\": {\"a\": 1, \"\\u0061\": 3}}]", 0,
          "key \"a\" stands twice" },
        { "1234567890123456789012345678901234567890123456789012345678901", 1,
          "expected numbers of at most 60 characters" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lim_diag d = { 0 };
        cJSON *value = mock_json_parse(rows[i].text, strlen(rows[i].text), &d);
        CU_ASSERT_PTR_NULL(value);
        CU_ASSERT_EQUAL(d.line, rows[i].line);
        CU_ASSERT_PTR_NOT_NULL(strstr(d.text, rows[i].reason));
        cJSON_Delete(value);
    }
}

static void takes_what_json_is(void)
{
    const char *const texts[] = {
        "{}",
        " [ ] ",
        "\t{\"a\":\r\n[1, -0.5e+3, true, false, null, \"\\u00e9\\n\"]}\n",
        "\"\\ud83d\\ude00 \xf0\x9f\x98\x80 \xc3\xa9\"",
        "123456789012345678901234567890123456789012345678901234567890",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct lim_diag d = { 0 };
        cJSON *value = mock_json_parse(texts[i], strlen(texts[i]), &d);
        CU_ASSERT_PTR_NOT_NULL(value);
        CU_ASSERT_STRING_EQUAL(d.text, "");
        cJSON_Delete(value);
    }
}

static void bounds_the_depth(void)
{
    char text[200];
    struct lim_diag d;
    memset(text, '[', sizeof text);
    CU_ASSERT_FALSE(mock_jsontext_check(text, sizeof text, 64, &d));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "column 65: expected no further"));
    memset(text + 64, ']', 64);
    CU_ASSERT_TRUE(mock_jsontext_check(text, 128, 64, &d));
    CU_ASSERT_FALSE(mock_jsontext_check(text, 128, 63, &d));
}

/* What the reader below has read. */
struct seen {
    const char *name;
    double share, rate;
    int64_t cap, wait, paid, start;
    bool drain;
};

static void read_all(struct mock_json *j, struct seen *s)
{
    static const char *const names[] = { "headroom", "round_robin", NULL };
    struct mock_json retry;
    *s = (struct seen){ .name = "none" };
    mock_json_string(j, "name", &s->name);
    mock_json_number(j, "share", 0, 1, &s->share);
    mock_json_int(j, "cap", 1, 5000000, &s->cap);
    mock_json_rate(j, "rate", &s->rate);
    mock_json_money(j, "paid", &s->paid);
    mock_json_date(j, "start", &s->start);
    mock_json_bool(j, "drain", &s->drain);
    mock_json_enter(&retry, j, "retry");
    mock_json_duration(&retry, "base", &s->wait);
    const char *strategy = "headroom";
    mock_json_string(&retry, "strategy", &strategy);
    if (strcmp(strategy, "headroom") != 0)
        mock_json_unknown_name(&retry, "strategy", strategy, names);
    mock_json_close(&retry);
    mock_json_close(j);
}

static int read_text(const char *text, struct seen *s, struct lim_diag *d)
{
    struct mock_json j;
    int error = LIM_OK;
    cJSON *value = mock_json_parse(text, strlen(text), d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    mock_json_open(&j, value, "client", &error, d);
    read_all(&j, s);
    if (strcmp(s->name, "none") != 0)
        CU_ASSERT_STRING_EQUAL(s->name, "x");
    s->name = NULL;
    cJSON_Delete(value);
    return error;
}

static void reads_values_with_units(void)
{
    struct lim_diag d = { 0 };
    struct seen s;
    CU_ASSERT_EQUAL(read_text("{\"name\": \"x\", \"share\": \"50%\", \"cap\":"
                              " \"1.5M\", \"rate\": \"120/m\", \"paid\":"
                              " \"$5\", \"start\": \"1970-01-02\", \"drain\":"
                              " true, \"retry\": {\"base\": \"500ms\"}}",
                              &s, &d),
                    LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(s.share, 0.5, 0);
    CU_ASSERT_DOUBLE_EQUAL(s.rate, 2.0, 0);
    CU_ASSERT_EQUAL(s.cap, 1500000);
    CU_ASSERT_EQUAL(s.paid, 5000000);
    CU_ASSERT_EQUAL(s.start, LIM_DAY);
    CU_ASSERT_EQUAL(s.wait, 500 * LIM_MSEC);
    CU_ASSERT_TRUE(s.drain);
    CU_ASSERT_EQUAL(read_text("{\"paid\": 5, \"cap\": 7, \"rate\": 2, "
                              "\"retry\": {\"base\": 0.25}}",
                              &s, &d),
                    LIM_OK);
    CU_ASSERT_EQUAL(s.cap, 7);
    CU_ASSERT_EQUAL(s.paid, 5000000);
    CU_ASSERT_EQUAL(s.wait, 250 * LIM_MSEC);
}

static void names_path_found_and_valid(void)
{
    const struct broken rows[] = {
        { "[]", 0, "client: found a list, expected an object" },
        { "{\"cap\": 0}", 0,
          "client.cap: found 0, expected a whole number from 1 to 5000000" },
        { "{\"cap\": 1.5}", 0, "client.cap: found 1.5, expected a whole" },
        { "{\"cap\": 1e400}", 0, "client.cap: found inf, expected a whole" },
        { "{\"cap\": -1e400}", 0, "client.cap: found -inf, expected a whole" },
        { "{\"cap\": \"many\"}", 0, "client.cap: found \"many\", expected a" },
        { "{\"cap\": null}", 0, "client.cap: found null, expected a whole" },
        { "{\"name\": 5}", 0, "client.name: found 5, expected a string" },
        { "{\"drain\": 1}", 0, "client.drain: found 1, expected true or" },
        { "{\"share\": \"150%\"}", 0,
          "client.share: found \"150%\", expected a number from 0 to 1" },
        { "{\"rate\": -1}", 0, "client.rate: found -1, expected a rate" },
        { "{\"paid\": \"5 dollars\"}", 0, "client.paid: found \"5 dollars\"" },
        { "{\"start\": \"today\"}", 0, "client.start: found \"today\"" },
        { "{\"retry\": 5}", 0, "client.retry: found 5, expected an object" },
        { "{\"retry\": {\"base\": \"5 s\"}}", 0,
          "client.retry.base: found \"5 s\", expected a duration" },
        { "{\"retry\": {\"base\": -1}}", 0, "client.retry.base: found -1" },
        { "{\"retri\": {}}", 0,
          "client.retri: unknown key; did you mean \"retry\"?" },
        { "{\"retry\": {\"bsae\": 1}}", 0,
          "client.retry.bsae: unknown key; did you mean \"base\"? (valid: "
          "base strategy)" },
        { "{\"zzzzzz\": {}}", 0, "client.zzzzzz: unknown key (valid: name" },
        { "{\"retry\": {\"strategy\": \"round-robin\"}}", 0,
          "client.retry.strategy: \"round-robin\" is not known; did you mean "
          "\"round_robin\"? (valid: headroom round_robin)" },
        { "{\"a\\nb\": 1}", 0, "client.a?b: unknown key" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lim_diag d = { 0 };
        struct seen s;
        CU_ASSERT_EQUAL(read_text(rows[i].text, &s, &d), LIM_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(d.text, rows[i].reason));
        CU_ASSERT_PTR_NULL(strchr(d.text, '\n'));
    }
}

static void tells_the_first_wrong_thing(void)
{
    struct lim_diag d = { 0 };
    struct seen s;
    CU_ASSERT_EQUAL(read_text("{\"cap\": 0, \"share\": 2, \"x\": 1}", &s, &d),
                    LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "client.share"));
}

static void long_names_are_cut(void)
{
    char text[3000];
    struct lim_diag d = { 0 };
    struct seen s;
    memset(text, 'a', sizeof text);
    memcpy(text, "{\"", 2);
    memcpy(text + sizeof text - 6, "\": 1}", 6);
    CU_ASSERT_EQUAL(read_text(text, &s, &d), LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "aaa...: unknown key (valid:"));
    char small[10];
    CU_ASSERT_STRING_EQUAL(
        mock_jsontext_quote("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", small,
                            sizeof small),
        "\xc3\xa9\xc3\xa9\xc3\xa9...");
    CU_ASSERT_STRING_EQUAL(mock_jsontext_quote("123456789", small, 10),
                           "123456789");
    CU_ASSERT_STRING_EQUAL(mock_jsontext_quote("1234567890", small, 10),
                           "123456...");
}

static void counts_characters(void)
{
    CU_ASSERT_EQUAL(mock_jsontext_characters(""), 0);
    CU_ASSERT_EQUAL(mock_jsontext_characters("abc"), 3);
    CU_ASSERT_EQUAL(mock_jsontext_characters("\xc3\xa9\xf0\x9f\x98\x80"), 2);
}

static void finds_the_nearest_name(void)
{
    const char *const names[] = { "tier1", "free", "official-2024-mid", NULL };
    CU_ASSERT_STRING_EQUAL(mock_json_nearest("teir1", names), "tier1");
    CU_ASSERT_STRING_EQUAL(mock_json_nearest("fre", names), "free");
    CU_ASSERT_STRING_EQUAL(mock_json_nearest("oficial-2024-mid", names),
                           "official-2024-mid");
    CU_ASSERT_PTR_NULL(mock_json_nearest("x", names));
    CU_ASSERT_PTR_NULL(mock_json_nearest("", names));
    CU_ASSERT_PTR_NULL(mock_json_nearest("something else", names));
}

static void plain_runs_end_where_a_look_at_each_byte_says(void)
{
    char text[64];
    for (int c = 0; c < 256; c++) {
        bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
        for (size_t at = 0; at < 20; at++) {
            memset(text, '~', sizeof text);
            text[at] = (char)c;
            text[at + 9] = (char)0x80;
            CU_ASSERT_EQUAL(mock_jsontext_plain(text, 40), plain ? at + 9 : at);
            CU_ASSERT_EQUAL(mock_jsontext_plain(text, at + 3),
                            plain ? at + 3 : at);
        }
    }
    CU_ASSERT_EQUAL(mock_jsontext_plain("", 0), 0);
}

static void numbers_are_added_as_printf_has_them(void)
{
    static const int64_t rows[] = { 0,          1,         -1,       9,
                                    10,         99,        100,      -100,
                                    1234567890, INT64_MAX, INT64_MIN };
    struct mock_text t = { 0 };
    char wanted[100];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mock_text_clear(&t);
        mock_text_int(&t, rows[i]);
        mock_text_puts(&t, " ");
        mock_text_hex(&t, (uint64_t)rows[i], 16);
        mock_text_hex(&t, (uint64_t)rows[i], 3);
        snprintf(wanted, sizeof wanted, "%" PRId64 " %016" PRIx64 "%03x",
                 rows[i], (uint64_t)rows[i], (unsigned)(rows[i] & 0xfff));
        CU_ASSERT_STRING_EQUAL(t.data, wanted);
    }
    mock_text_fini(&t);
}

CU_TestInfo json_tests[] = {
    { "plain runs end where a look at each byte says",
      plain_runs_end_where_a_look_at_each_byte_says },
    { "numbers are added as printf has them",
      numbers_are_added_as_printf_has_them },
    { "says where a text is broken, and why", says_where_and_why },
    { "takes what JSON is", takes_what_json_is },
    { "bounds the depth", bounds_the_depth },
    { "reads values with units", reads_values_with_units },
    { "names path, what was found, and what is valid",
      names_path_found_and_valid },
    { "tells the first thing that is wrong", tells_the_first_wrong_thing },
    { "long names are cut", long_names_are_cut },
    { "counts characters, not bytes", counts_characters },
    { "finds the nearest name", finds_the_nearest_name },
    CU_TEST_INFO_NULL
};
