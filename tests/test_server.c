/* What a server answers to whom; tests/test_connection.c has the rough
   clients. */

#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockserver/server.h"
#include "tests/served.h"

/* What a client sends before it shuts its side, and how many answers it
   gets; the last has `status`, and the end of its body is `tail`. */
static const struct talk {
    const char *text;
    int answers, status;
    const char *tail;
} talks[] = {
    { "GET /a" HOST "\r\n", 1, 200, "\r\n\r\n/a" },
    { "GET /a" HOST "\r\nGET /b" HOST "\r\nGET /c" HOST "\r\n", 3, 200, "/c" },
    { "HEAD /a" HOST "\r\n", 1, 200, "\r\nx-b: 2\r\n\r\n" },
    { "POST /echo" HOST "Content-Length: 5\r\n\r\nhello", 1, 200, "hello" },
    { "POST /echo" HOST "Content-Length: 0\r\n\r\n", 1, 200, "\r\n\r\n" },
    { "POST /echo" HOST "Content-Length: 2\r\n\r\nab"
      "POST /echo" HOST "Content-Length: 3\r\n\r\ncde\r\nGET /x" HOST "\r\n",
      3, 200, "/x" },
    { "POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nA: b\r\n\r\nGET /z" HOST "\r\n",
      2, 200, "/z" },
    { "POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n",
      1, 200, "\r\n\r\nabcdefg" },
    { "GET /a" HOST "Connection: close\r\n\r\nGET /b" HOST "\r\n", 1, 200,
      "/a" },
    { "GET /a HTTP/1.0\r\n\r\n", 1, 200, "/a" },
    { "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
      "GET /b HTTP/1.0\r\n\r\n",
      2, 200, "/b" },
    { "GET /delay?20" HOST "\r\nGET /later?20" HOST "\r\nGET /delay?20" HOST
      "\r\nGET /q" HOST "\r\n",
      4, 200, "/q" },
    { "GET /a" HOST "\r\nGET /b\r\n\r\nGET /c" HOST "\r\n", 2, 400, "}\n" },
    { "GET /a" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 1, 400,
      "}\n" },
    { "POST /a" HOST "Transfer-Encoding: chunked\r\n\r\nx", 1, 400, "}\n" },
    { "POST /a" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 1, 400,
      "}\n" },
    { "POST /a" HOST "Content-Length: 1000001\r\n\r\n", 1, 413, "}\n" },
    { "POST /a" HOST "Transfer-Encoding: chunked\r\n\r\nf4241\r\n", 1, 413,
      "}\n" },
    { "POST /a" HOST "Expect: magic\r\n\r\n", 1, 417, "}\n" },
    { "POST /a" HOST "Transfer-Encoding: gzip\r\n\r\n", 1, 501, "}\n" },
    { "GET / HTTP/3.0\r\n\r\n", 1, 505, "}\n" },
    { "", 0, 0, "" },
    { "GET /a", 0, 0, "" },
    { "POST /a" HOST "Content-Length: 5\r\n\r\nhell", 0, 0, "" },
};

static void check_talk(const struct served *f, const struct talk *t,
                       size_t step)
{
    char got[8192], line[32];
    size_t length = strlen(t->text);
    int fd = served_dial(f);
    for (size_t at = 0; at < length; at += step)
        served_put(fd, t->text + at, length - at < step ? length - at : step);
    shutdown(fd, SHUT_WR);
    ssize_t n = served_get_all(fd, got, sizeof got);
    CU_ASSERT(n >= 0);
    close(fd);
    bool right = n >= 0 && served_count(got, "\r\ndate: ") == t->answers &&
                 (size_t)n >= strlen(t->tail) &&
                 strcmp(got + n - strlen(t->tail), t->tail) == 0;
    snprintf(line, sizeof line, "HTTP/1.1 %d ", t->status);
    right = right && (t->answers == 0 || strstr(got, line) != NULL);
    if (!right)
        printf("\n[%s] in steps of %zu: %zd [%s]\n", t->text, step, n,
               n >= 0 ? got : "");
    CU_ASSERT_TRUE(right);
}

static void requests_are_answered_whole_and_in_crumbs(void)
{
    struct served f;
    served_start(&f, served_limits());
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        check_talk(&f, &talks[i], 100000);
        check_talk(&f, &talks[i], 7);
        check_talk(&f, &talks[i], 1);
    }
    served_finish(&f);
}

static void an_answer_has_the_headers_it_needs(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "GET /a" HOST "Connection: close\r\n\r\n");
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT_STRING_EQUAL(got, "HTTP/1.1 200 OK\r\n"
                                "date: Thu, 01 Jan 1970 00:16:40 GMT\r\n"
                                "content-length: 2\r\nconnection: close\r\n"
                                "content-type: text/plain\r\n"
                                "x-a: 1\r\nx-b: 2\r\n\r\n/a");
    close(fd);
    served_finish(&f);
}

static void big_bodies_go_both_ways(void)
{
    struct served f;
    static char body[900000], got[sizeof body + 1024];
    char head[128];
    served_start(&f, served_limits());
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)('a' + i % 23);
    int fd = served_dial(&f);
    for (int round = 0; round < 2; round++) {
        int n = snprintf(head, sizeof head,
                         "POST /echo" HOST "Content-Length: %zu\r\n%s\r\n",
                         sizeof body, round ? "Connection: close\r\n" : "");
        served_put(fd, head, (size_t)n);
        served_put(fd, body, sizeof body);
        size_t wanted = 0;
        if (round == 0) { /* both answers are read at the end */
            CU_ASSERT(recv(fd, got, sizeof got, MSG_PEEK) > 0);
            char *start_of_body = strstr(got, "\r\n\r\n");
            CU_ASSERT_PTR_NOT_NULL_FATAL(start_of_body);
            wanted = (size_t)(start_of_body + 4 - got) + sizeof body;
        }
        while (wanted > 0) {
            ssize_t part = recv(fd, got, wanted, 0);
            CU_ASSERT_FATAL(part > 0);
            wanted -= (size_t)part;
        }
    }
    ssize_t n = served_get_all(fd, got, sizeof got);
    CU_ASSERT(n > (ssize_t)sizeof body);
    CU_ASSERT(memcmp(got + n - (ssize_t)sizeof body, body, sizeof body) == 0);
    close(fd);
    served_finish(&f);
}

/* The client reads only after a while; the server holds the rest back and
   reads nothing more meanwhile. */
static void a_slow_reader_gets_everything(void)
{
    struct served f;
    static char got[65536];
    size_t bytes = 0;
    ssize_t n;
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "GET /big?20000000" HOST "\r\n"
                        "GET /a" HOST "Connection: close\r\n\r\n");
    served_sleep_ms(50);
    CU_ASSERT_EQUAL(f.requests, 1);
    CU_ASSERT_EQUAL(f.sent, 0);
    while ((n = recv(fd, got, sizeof got, 0)) > 0)
        bytes += (size_t)n;
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT(bytes > 20000000);
    CU_ASSERT(bytes < 20001000);
    CU_ASSERT_EQUAL(f.sent, 2);
    close(fd);
    served_finish(&f);
}

static void a_reader_that_takes_nothing_is_left(void)
{
    struct served f;
    struct mock_server_config c = served_limits();
    c.write_ns = 50 * LIM_MSEC;
    served_start(&f, c);
    int fd = served_dial(&f);
    served_put_text(fd, "GET /big?20000000" HOST "\r\n");
    for (int i = 0; i < 100 && f.gone == 0; i++)
        served_sleep_ms(10);
    CU_ASSERT_EQUAL(f.gone, 1);
    close(fd);
    served_finish(&f);
}

/* The handler of one connection moves the clock; that answers another one,
   whose next request is handled only when the first handler has returned. */
static void a_handler_may_move_a_frozen_clock(void)
{
    struct served f;
    char got[1024];
    served_start_at(&f, served_limits(), 0);
    int waits = served_dial(&f), moves = served_dial(&f);
    served_put_text(waits, "GET /delay?10" HOST "\r\nGET /delay?10" HOST "\r\n"
                           "GET /advance?0" HOST "\r\nGET /a" HOST "\r\n");
    served_wait_for(&f.requests, 1);
    served_put_text(moves, "GET /advance?9" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(moves, got, sizeof got, "moved"));
    CU_ASSERT_EQUAL(f.requests, 2);
    served_put_text(moves, "GET /advance?1" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(moves, got, sizeof got, "moved"));
    CU_ASSERT_TRUE(served_get_until(waits, got, sizeof got, "late"));
    served_wait_for(&f.requests, 4);
    served_put_text(moves, "GET /advance?10" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(waits, got, sizeof got, "\r\n\r\n/a"));
    CU_ASSERT_EQUAL(served_count(got, "HTTP/1.1 200"), 3);
    close(waits);
    close(moves);
    served_finish(&f);
}

static void short_delays_are_kept(void)
{
    struct served f;
    char got[512];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    for (int i = 0; i < 30; i++) {
        int64_t begun = served_clock();
        served_put_text(fd, "GET /delay?3" HOST "\r\n");
        CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "late"));
        CU_ASSERT(served_clock() - begun >= 3 * LIM_MSEC);
    }
    close(fd);
    served_finish(&f);
}

static void answers_are_not_early(void)
{
    enum { CLIENTS = 50 };
    struct served f;
    int fds[CLIENTS];
    int64_t begun[CLIENTS];
    char text[64], got[512];
    served_start(&f, served_limits());
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = served_dial(&f);
        snprintf(text, sizeof text, "GET /delay?%d" HOST "\r\n", 1 + 7 * i);
        begun[i] = served_clock();
        served_put_text(fds[i], text);
    }
    for (int i = 0; i < CLIENTS; i++) {
        CU_ASSERT_TRUE(served_get_until(fds[i], got, sizeof got, "late"));
        CU_ASSERT(served_clock() - begun[i] >= (1 + 7 * i) * LIM_MSEC);
        close(fds[i]);
    }
    served_finish(&f);
}

static void a_body_is_asked_for_when_that_is_awaited(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "POST /echo" HOST "Content-Length: 5\r\n"
                        "Expect: 100-continue\r\n\r\n");
    CU_ASSERT_TRUE(
        served_get_until(fd, got, sizeof got, "HTTP/1.1 100 Continue\r\n\r\n"));
    served_put_text(fd, "hel");
    served_put_text(fd, "lo");
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "hello"));
    CU_ASSERT(served_starts(got, "HTTP/1.1 200 "));
    served_put_text(fd, "POST /echo" HOST "Content-Length: 2\r\n"
                        "Expect: 100-continue\r\n\r\nab");
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "\r\n\r\nab"));
    CU_ASSERT(served_starts(got, "HTTP/1.1 200 "));
    served_put_text(fd, "POST /echo" HOST "Content-Length: 1000001\r\n"
                        "Expect: 100-continue\r\n\r\n");
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(served_starts(got, "HTTP/1.1 413 "));
    close(fd);
    served_finish(&f);
}

static void bad_addresses_are_told(void)
{
    struct mock_loop *loop = mock_loop_new(SERVED_START, 1);
    struct mock_server_config c = served_limits();
    struct mock_server *s = mock_server_new(loop, &c);
    struct mock_server *t = mock_server_new(loop, &c);
    uint16_t port;
    CU_ASSERT_EQUAL(mock_server_listen(s, "300.0.0.1", 0, NULL), -1);
    CU_ASSERT_EQUAL(errno, EADDRNOTAVAIL);
    CU_ASSERT_EQUAL(mock_server_listen(s, "127.0.0.1", 0, &port), 0);
    CU_ASSERT_EQUAL(mock_server_listen(t, "127.0.0.1", port, NULL), -1);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    mock_server_free(s);
    mock_server_free(t);
    mock_loop_free(loop);
}

static void a_port_is_shared_by_consent_alone(void)
{
    static const struct {
        enum mock_server_port first, second;
        int result;
    } rows[] = {
        { MOCK_PORT_SHARED, MOCK_PORT_JOINED, 0 },
        { MOCK_PORT_SHARED, MOCK_PORT_SHARED, -1 },
        { MOCK_PORT_SHARED, MOCK_PORT_ALONE, -1 },
        { MOCK_PORT_ALONE, MOCK_PORT_JOINED, -1 },
        { MOCK_PORT_JOINED, MOCK_PORT_SHARED, -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mock_loop *loop = mock_loop_new(SERVED_START, 1);
        struct mock_server_config c = served_limits();
        uint16_t port;
        c.port = rows[i].first;
        struct mock_server *s = mock_server_new(loop, &c);
        c.port = rows[i].second;
        struct mock_server *t = mock_server_new(loop, &c);
        CU_ASSERT_EQUAL(mock_server_listen(s, "127.0.0.1", 0, &port), 0);
        CU_ASSERT_EQUAL(mock_server_listen(t, "127.0.0.1", port, NULL),
                        rows[i].result);
        mock_server_free(s);
        mock_server_free(t);
        mock_loop_free(loop);
    }
}

CU_TestInfo server_tests[] = {
    { "requests are answered, whole and in crumbs",
      requests_are_answered_whole_and_in_crumbs },
    { "an answer has the headers it needs",
      an_answer_has_the_headers_it_needs },
    { "big bodies go both ways", big_bodies_go_both_ways },
    { "a slow reader gets everything", a_slow_reader_gets_everything },
    { "a reader that takes nothing is left",
      a_reader_that_takes_nothing_is_left },
    { "a handler may move a frozen clock", a_handler_may_move_a_frozen_clock },
    { "short delays are kept", short_delays_are_kept },
    { "answers are not early", answers_are_not_early },
    { "a body is asked for when that is awaited",
      a_body_is_asked_for_when_that_is_awaited },
    { "bad addresses are told", bad_addresses_are_told },
    { "a port is shared by consent alone", a_port_is_shared_by_consent_alone },
    CU_TEST_INFO_NULL
};
