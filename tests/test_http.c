#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/http.h"
#include "mockserver/response.h"

#define MAX 512 /* bytes of a head in these tests */

static bool same(const char *text, size_t length, const char *expected)
{
    return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

/* Parses a copy that ends with its memory, so that a sanitizer sees a byte
   read too far. */
static int64_t parse(const char *text, size_t length,
                     struct mock_http_head *head)
{
    char *exact = malloc(length > 0 ? length : 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    memcpy(exact, text, length);
    int64_t used = mock_http_parse(exact, length, MAX, head);
    free(exact);
    return used;
}

/* Each beginning of a text needs more, until the verdict, which stays. */
static void check_every_beginning(const char *text, size_t length)
{
    static struct mock_http_head whole, part;
    int64_t verdict = mock_http_parse(text, length, MAX, &whole);
    bool decided = false;
    for (size_t n = 0; n <= length; n++) {
        int64_t now = parse(text, n, &part);
        if (now == MOCK_HTTP_MORE) {
            CU_ASSERT_FALSE(decided);
            CU_ASSERT(verdict < 0 || n < (size_t)verdict);
            continue;
        }
        decided = true;
        CU_ASSERT_EQUAL(now, verdict);
        if (verdict == MOCK_HTTP_BAD)
            CU_ASSERT_EQUAL(part.status, whole.status);
    }
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static const char *const good[] = {
    GET "\r\n",
    "\r\n" GET "\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET /a?b=c&d=%20 HTTP/1.1\r\nhost:\r\n\r\n",
    "GET http://a/b HTTP/1.1\r\nHOST: \t a:80 \t\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
    "x!#$%&'*+-.^_`|~9 /\"{}|\\^` HTTP/1.1\r\nHost: a\r\n\r\n",
    GET "Empty:\r\n\r\n",
    GET "Text: \x80\xff \t z\r\n\r\n",
    POST "Content-Length: 0\r\n\r\n",
    POST "Content-Length: 0012\r\n\r\n",
    POST "Content-Length: 99999999999999999999999999\r\n\r\n",
    POST "Transfer-Encoding: Chunked\r\n\r\n",
    POST "Expect: 100-Continue\r\n\r\n",
    "POST / HTTP/1.0\r\nExpect: the-impossible\r\n\r\n",
};

static const struct {
    int status;
    const char *text;
} wrong[] = {
    { 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "\r\n\r\n" GET "\r\n" },
    { 400, "\n" GET "\r\n" },
    { 400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / \tHTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET /\r\n\r\n" },
    { 400, "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / http/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.11\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/x.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1\nHost: a\n\n" },
    { 400, "\x16\x03\x01\x02" },
    { 505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n" },
    { 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\n\r\n" },
    { 400, GET "Host: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
    { 400, GET " folded\r\n\r\n" },
    { 400, GET "A : b\r\n\r\n" },
    { 400, GET ": b\r\n\r\n" },
    { 400, GET "A\r\n\r\n" },
    { 400, GET "A: b\n\r\n" },
    { 400, GET "A: b\rc\r\n\r\n" },
    { 400, GET "A: b\x01\r\n\r\n" },
    { 400, GET "A: b\x7f\r\n\r\n" },
    { 400, GET "A\x80: b\r\n\r\n" },
    { 400, GET "\n" },
    { 400, GET "\rX" },
    { 400, POST "Content-Length:\r\n\r\n" },
    { 400, POST "Content-Length: +5\r\n\r\n" },
    { 400, POST "Content-Length: -5\r\n\r\n" },
    { 400, POST "Content-Length: 5 5\r\n\r\n" },
    { 400, POST "Content-Length: 5, 5\r\n\r\n" },
    { 400, POST "Content-Length: 0x5\r\n\r\n" },
    { 400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n" },
    { 400, POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n" },
    { 400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { 400, POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" },
    { 400, POST "Transfer-Encoding: chunked\r\n"
                "Transfer-Encoding: chunked\r\n\r\n" },
    { 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { 501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n" },
    { 501, POST "Transfer-Encoding: chunked, chunked\r\n\r\n" },
    { 501, POST "Transfer-Encoding:\r\n\r\n" },
    { 501, POST "Transfer-Encoding: xchunked\r\n\r\n" },
    { 417, POST "Expect: 200-ok\r\n\r\n" },
};

static void strict_heads_are_taken(void)
{
    static struct mock_http_head head;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t length = strlen(good[i]);
        char more[MAX];
        CU_ASSERT_EQUAL(parse(good[i], length, &head), (int64_t)length);
        check_every_beginning(good[i], length);
        int n = snprintf(more, sizeof more, "%s%s", good[i], "\r\n\rGET");
        check_every_beginning(more, (size_t)n);
    }
}

static void what_can_be_read_in_two_ways_is_refused(void)
{
    static struct mock_http_head head;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        size_t length = strlen(wrong[i].text);
        int64_t verdict = parse(wrong[i].text, length, &head);
        if (verdict != MOCK_HTTP_BAD || head.status != wrong[i].status)
            printf("\n%s: %d instead of %d\n", wrong[i].text,
                   verdict == MOCK_HTTP_BAD ? head.status : 0, wrong[i].status);
        CU_ASSERT_EQUAL(verdict, MOCK_HTTP_BAD);
        CU_ASSERT_EQUAL(head.status, wrong[i].status);
        check_every_beginning(wrong[i].text, length);
    }
}

static void a_zero_byte_is_refused_anywhere(void)
{
    static const char text[] = POST "Content-Length: 5\r\nA: b\r\n\r\n";
    static struct mock_http_head head;
    char copy[sizeof text];
    for (size_t i = 0; i < sizeof text - 1; i++) {
        memcpy(copy, text, sizeof text);
        copy[i] = '\0';
        CU_ASSERT_EQUAL(parse(copy, sizeof text - 1, &head), MOCK_HTTP_BAD);
        CU_ASSERT(head.status == 400);
    }
}

static void the_parts_of_a_head_are_found(void)
{
    static const char text[] =
        "POST /v1/x?model=a?b HTTP/1.1\r\nHost: h\r\n"
        "AUTHORIZATION: Bearer sk-test \r\nContent-Length: 12\r\n"
        "x-a: 1\r\nX-A: 2\r\nExpect: 100-continue\r\n\r\n";
    struct mock_http_head h;
    CU_ASSERT(mock_http_parse(text, sizeof text - 1, MAX, &h) > 0);
    CU_ASSERT(same(h.method, h.method_length, "POST"));
    CU_ASSERT(same(h.path, h.path_length, "/v1/x"));
    CU_ASSERT(same(h.query, h.query_length, "model=a?b"));
    CU_ASSERT_EQUAL(h.content_length, 12);
    CU_ASSERT_EQUAL(h.header_count, 6);
    CU_ASSERT_TRUE(h.expect_continue);
    CU_ASSERT_FALSE(h.chunked);
    const struct mock_http_header *f = mock_http_find(&h, "Authorization");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT(same(f->value, f->value_length, "Bearer sk-test"));
    f = mock_http_find(&h, "x-A");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT(same(f->value, f->value_length, "1"));
    CU_ASSERT_PTR_NULL(mock_http_find(&h, "x-b"));
}

static void targets_may_be_absolute(void)
{
    const struct {
        const char *target, *path, *query;
    } rows[] = {
        { "/", "/", NULL },
        { "/?", "/", "" },
        { "//a", "//a", NULL },
        { "http://h", "/", NULL },
        { "HTTPS://h:1/a/b", "/a/b", NULL },
        { "http://h?q", "/", "q" },
        { "http://h/?q=/", "/", "q=/" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mock_http_head h;
        char text[128];
        int n = snprintf(text, sizeof text,
                         "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", rows[i].target);
        CU_ASSERT_EQUAL(mock_http_parse(text, (size_t)n, MAX, &h), n);
        CU_ASSERT(same(h.path, h.path_length, rows[i].path));
        CU_ASSERT_EQUAL(h.query == NULL, rows[i].query == NULL);
        if (rows[i].query != NULL)
            CU_ASSERT(same(h.query, h.query_length, rows[i].query));
    }
}

static void connections_live_on_as_the_client_says(void)
{
    const struct {
        int minor;
        const char *lines;
        bool alive;
    } rows[] = {
        { 1, "", true },
        { 0, "", false },
        { 1, "Connection: close\r\n", false },
        { 1, "Connection: a, CLOSE ,b\r\n", false },
        { 1, "Connection: closed\r\n", true },
        { 1, "Connection: keep-alive, close\r\n", false },
        { 1, "Connection: keep-alive\r\nConnection: close\r\n", false },
        { 0, "Connection: ,Keep-Alive\r\n", true },
        { 0, "Connection: keep-alive,close\r\n", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mock_http_head h;
        char text[256];
        int n =
            snprintf(text, sizeof text, "GET / HTTP/1.%d\r\nHost: h\r\n%s\r\n",
                     rows[i].minor, rows[i].lines);
        CU_ASSERT_EQUAL(mock_http_parse(text, (size_t)n, MAX, &h), n);
        CU_ASSERT_EQUAL(h.keep_alive, rows[i].alive);
    }
}

static void long_heads_are_refused(void)
{
    static struct mock_http_head h;
    char text[MAX + 100];
    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    CU_ASSERT_EQUAL(parse(text, sizeof text, &h), MOCK_HTTP_BAD);
    CU_ASSERT_EQUAL(h.status, 414);
    check_every_beginning(text, sizeof text);
    memcpy(text, GET "A: ", strlen(GET) + 3);
    CU_ASSERT_EQUAL(parse(text, sizeof text, &h), MOCK_HTTP_BAD);
    CU_ASSERT_EQUAL(h.status, 431);
    check_every_beginning(text, sizeof text);
    memcpy(text + MAX - 4, "\r\n\r\n", 4);
    CU_ASSERT_EQUAL(parse(text, sizeof text, &h), MAX);
    memset(text + MAX - 4, 'a', 4);
    memcpy(text + MAX - 3, "\r\n\r\n", 4);
    CU_ASSERT_EQUAL(parse(text, sizeof text, &h), MOCK_HTTP_BAD);
    check_every_beginning(text, sizeof text);
}

static void too_many_headers_are_refused(void)
{
    static struct mock_http_head h;
    char text[1024];
    for (int count = 99; count <= 101; count++) {
        int n = snprintf(text, sizeof text, "GET / HTTP/1.0\r\n");
        for (int i = 0; i < count; i++)
            n += snprintf(text + n, sizeof text - (size_t)n, "a:\r\n");
        n += snprintf(text + n, sizeof text - (size_t)n, "\r\n");
        int64_t used = mock_http_parse(text, (size_t)n, sizeof text, &h);
        CU_ASSERT_EQUAL(used, count <= MOCK_HTTP_HEADERS_MAX ? n : -1);
        if (used < 0)
            CU_ASSERT_EQUAL(h.status, 431);
    }
}

/* Decodes in pieces of `step` bytes; returns as the decoder does, with the
   bytes used from the start, and joins the body at `out`. */
static int64_t decode(const char *text, size_t length, size_t step, char *out,
                      size_t *decoded)
{
    struct mock_http_chunks c;
    int64_t verdict = MOCK_HTTP_MORE;
    mock_http_chunks_init(&c);
    *decoded = 0;
    for (size_t at = 0; at < length && verdict == MOCK_HTTP_MORE; at += step) {
        size_t n = length - at < step ? length - at : step, got;
        char *piece = malloc(n);
        CU_ASSERT_PTR_NOT_NULL_FATAL(piece);
        memcpy(piece, text + at, n);
        verdict = mock_http_chunks_decode(&c, piece, n, &got);
        memcpy(out + *decoded, piece, got);
        *decoded += got;
        free(piece);
        if (verdict > 0)
            verdict += (int64_t)at;
    }
    return verdict;
}

static void chunks_are_joined(void)
{
    const struct {
        const char *text, *body;
        int left; /* bytes behind the body; < 0: the verdict */
    } rows[] = {
        { "0\r\n\r\n", "", 0 },
        { "5\r\nhello\r\n0\r\n\r\n", "hello", 0 },
        { "5\r\nhello\r\n0\r\n\r\nGET", "hello", 3 },
        { "1\r\na\r\n00b\r\n0123456789a\r\n0\r\n\r\n", "a0123456789a", 0 },
        { "A\r\n\r\n\r\n\r\n\r\n\r\n\r\n000\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n",
          0 },
        { "1;a=b;c=\"d\"\r\nx\r\n0;e\r\n\r\n", "x", 0 },
        { "1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", "x", 0 },
        { "5\r\nhel", "hel", MOCK_HTTP_MORE },
        { "5\r\nhello\r\n0\r\n", "hello", MOCK_HTTP_MORE },
        { "\r\n", "", MOCK_HTTP_BAD },
        { "g\r\n", "", MOCK_HTTP_BAD },
        { " 1\r\na\r\n", "", MOCK_HTTP_BAD },
        { "1 \r\na\r\n", "", MOCK_HTTP_BAD },
        { "0x1\r\na\r\n", "", MOCK_HTTP_BAD },
        { "-1\r\na\r\n", "", MOCK_HTTP_BAD },
        { "1\na\r\n", "", MOCK_HTTP_BAD },
        { "1\r\nab\r\n", "a", MOCK_HTTP_BAD },
        { "1\r\na\n0\r\n", "a", MOCK_HTTP_BAD },
        { "1\r\na\r\r\n", "a", MOCK_HTTP_BAD },
        { "1;a\nb\r\na\r\n", "", MOCK_HTTP_BAD },
        { "10000000000000000\r\n", "", MOCK_HTTP_BAD },
        { "0\r\n b: c\r\n\r\n", "", MOCK_HTTP_BAD },
        { "0\r\n: c\r\n\r\n", "", MOCK_HTTP_BAD },
        { "0\r\na : c\r\n\r\n", "", MOCK_HTTP_BAD },
        { "0\r\na: c\n\r\n", "", MOCK_HTTP_BAD },
        { "0\r\n\n", "", MOCK_HTTP_BAD },
        { "0\r\n\r\r", "", MOCK_HTTP_BAD },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].text);
        int64_t wanted =
            rows[i].left < 0 ? rows[i].left : (int64_t)length - rows[i].left;
        for (size_t step = 1; step <= length; step++) {
            char body[256];
            size_t n;
            int64_t used = decode(rows[i].text, length, step, body, &n);
            CU_ASSERT_EQUAL(used, wanted);
            CU_ASSERT_EQUAL(n, strlen(rows[i].body));
            CU_ASSERT(memcmp(body, rows[i].body, n) == 0);
        }
    }
}

static void extensions_and_trailers_are_bounded(void)
{
    static char text[2 * MOCK_HTTP_TRAILERS_MAX], body[sizeof text];
    size_t n;
    memset(text, 'x', sizeof text);
    memcpy(text, "1;", 2);
    CU_ASSERT_EQUAL(decode(text, MOCK_HTTP_CHUNK_LINE_MAX, 1, body, &n),
                    MOCK_HTTP_MORE);
    CU_ASSERT_EQUAL(decode(text, MOCK_HTTP_CHUNK_LINE_MAX + 1, 1, body, &n),
                    MOCK_HTTP_BAD);
    memcpy(text, "0\r\na:", 5);
    CU_ASSERT_EQUAL(decode(text, MOCK_HTTP_TRAILERS_MAX, 7, body, &n),
                    MOCK_HTTP_MORE);
    CU_ASSERT_EQUAL(decode(text, sizeof text, 7, body, &n), MOCK_HTTP_BAD);
}

static void dates_are_those_of_the_calendar(void)
{
    const struct {
        lim_time second;
        const char *text;
    } rows[] = {
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
        { 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
        { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
        { 951868800, "Wed, 01 Mar 2000 00:00:00 GMT" },
        { 1767225600, "Thu, 01 Jan 2026 00:00:00 GMT" },
        { 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
    };
    struct mock_response_date d;
    mock_response_date_init(&d);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lim_time now = rows[i].second * LIM_SEC;
        CU_ASSERT_STRING_EQUAL(mock_response_date(&d, now), rows[i].text);
        CU_ASSERT_STRING_EQUAL(mock_response_date(&d, now + LIM_SEC - 1),
                               rows[i].text);
    }
}

static void heads_of_answers_fit_their_buffer(void)
{
    char head[MOCK_RESPONSE_HEAD_MAX];
    for (int status = 100; status <= 599; status++) {
        size_t n =
            mock_response_head(head, status, "Sun, 06 Nov 1994 08:49:37 GMT",
                               INT64_MAX, MOCK_RESPONSE_KEEP_ALIVE);
        CU_ASSERT(n <= sizeof head - 32);
        CU_ASSERT(memcmp(head + n - 2, "\r\n", 2) == 0);
    }
    size_t n = mock_response_head(head, 204, "x", 0, MOCK_RESPONSE_PLAIN);
    CU_ASSERT(same(head, n, "HTTP/1.1 204 No Content\r\ndate: x\r\n"));
    n = mock_response_head(head, 200, "x", 10, MOCK_RESPONSE_CLOSE);
    CU_ASSERT(same(head, n,
                   "HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: 10\r\n"
                   "connection: close\r\n"));
}

CU_TestInfo http_tests[] = {
    { "strict heads are taken", strict_heads_are_taken },
    { "what can be read in two ways is refused",
      what_can_be_read_in_two_ways_is_refused },
    { "a zero byte is refused anywhere", a_zero_byte_is_refused_anywhere },
    { "the parts of a head are found", the_parts_of_a_head_are_found },
    { "targets may be absolute", targets_may_be_absolute },
    { "connections live on as the client says",
      connections_live_on_as_the_client_says },
    { "long heads are refused", long_heads_are_refused },
    { "too many headers are refused", too_many_headers_are_refused },
    { "chunks are joined", chunks_are_joined },
    { "extensions and trailers are bounded",
      extensions_and_trailers_are_bounded },
    { "dates are those of the calendar", dates_are_those_of_the_calendar },
    { "heads of answers fit their buffer", heads_of_answers_fit_their_buffer },
    CU_TEST_INFO_NULL
};
