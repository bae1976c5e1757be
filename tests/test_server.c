/* The server behind real sockets: the loop in a thread of its own, a
   blocking client in the test's. */

#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mockserver/server.h"

#define START (1000 * LIM_SEC)
#define HELD_MAX 64

/* The server of a test, and what its handler saw. */
struct fixture {
    struct mock_loop *loop;
    struct mock_server *server;
    pthread_t thread;
    int commands[2];
    uint16_t port;
    atomic_int requests, sent, gone, drained, waiting, half_closed;
    uint32_t later;
    struct mock_exchange *held[HELD_MAX];
    int held_count;
};

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * LIM_SEC + t.tv_nsec;
}

static void sleep_ms(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

static void on_end(void *context, bool sent)
{
    struct fixture *f = context;
    if (sent)
        f->sent++;
    else
        f->gone++;
}

static bool path_is(const struct mock_request *r, const char *path)
{
    return r->path_length == strlen(path) &&
           memcmp(r->path, path, r->path_length) == 0;
}

static long query_number(const struct mock_request *r)
{
    long n = 0;
    for (size_t i = 0; i < r->query_length; i++)
        n = 10 * n + (r->query[i] - '0');
    return n;
}

static void answer(struct mock_exchange *x, const char *body, size_t length,
                   lim_time at)
{
    static const char headers[] = "x-a: 1\r\nx-b: 2\r\n";
    const struct mock_reply r = {
        .status = 200,
        .content_type = "text/plain",
        .headers = headers,
        .headers_length = sizeof headers - 1,
        .body = body,
        .body_length = length,
        .at = at,
    };
    mock_exchange_reply(x, &r);
}

static void answer_held(void *context, uint32_t timer, lim_time now)
{
    struct fixture *f = context;
    (void)timer;
    (void)now;
    for (int i = 0; i < f->held_count; i++)
        answer(f->held[i], "held", 4, 0);
    f->held_count = 0;
}

/*
 * /echo: the body back; /delay?ms: in so many ms; /big?bytes: a long body;
 * /later?ms: answered from a timer, not from here; others: the path.
 */
static void handle(void *context, struct mock_exchange *x,
                   const struct mock_request *r)
{
    struct fixture *f = context;
    lim_time now = mock_exchange_time(x);
    f->requests++;
    mock_exchange_on_end(x, on_end, f);
    if (path_is(r, "/echo")) {
        answer(x, r->body, r->body_length, 0);
    } else if (path_is(r, "/delay")) {
        answer(x, "late", 4, now + query_number(r) * LIM_MSEC);
    } else if (path_is(r, "/big")) {
        size_t n = (size_t)query_number(r);
        char *body = malloc(n);
        memset(body, 'b', n);
        answer(x, body, n, 0);
        free(body);
    } else if (path_is(r, "/later")) {
        f->held[f->held_count++ % HELD_MAX] = x;
        mock_loop_timer_set(f->loop, f->later,
                            now + query_number(r) * LIM_MSEC);
    } else {
        answer(x, r->path, r->path_length, 0);
    }
}

static void on_drained(void *context)
{
    struct fixture *f = context;
    f->drained++;
}

/* 'd' drains, 's' stops, 'c' copies counters; each is answered by a byte. */
static void on_command(void *context, uint32_t events)
{
    struct fixture *f = context;
    char byte;
    (void)events;
    if (read(f->commands[0], &byte, 1) != 1)
        return;
    struct mock_server_counters n = mock_server_counters(f->server);
    f->waiting = (int)n.waiting;
    f->half_closed = (int)n.half_closed;
    if (byte == 'd')
        mock_server_drain(f->server);
    if (byte == 's')
        mock_loop_stop(f->loop);
    CU_ASSERT_EQUAL(write(f->commands[0], &byte, 1), 1);
}

static void command(struct fixture *f, char byte)
{
    CU_ASSERT_EQUAL(write(f->commands[1], &byte, 1), 1);
    CU_ASSERT_EQUAL(read(f->commands[1], &byte, 1), 1);
}

static void *run(void *context)
{
    struct fixture *f = context;
    CU_ASSERT_EQUAL(mock_loop_run(f->loop), 0);
    return NULL;
}

static struct mock_server_config limits(void)
{
    struct mock_server_config c = mock_server_config_default();
    c.handler = handle;
    c.drained = on_drained;
    c.head_max = 4096;
    c.body_max = 1000000;
    return c;
}

static void start(struct fixture *f, struct mock_server_config c)
{
    memset(f, 0, sizeof *f);
    f->loop = mock_loop_new(START, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->loop);
    f->later = mock_loop_timer_new(f->loop, answer_held, f);
    c.context = f;
    f->server = mock_server_new(f->loop, &c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->server);
    CU_ASSERT_EQUAL_FATAL(
        mock_server_listen(f->server, "127.0.0.1", 0, &f->port), 0);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, f->commands), 0);
    mock_loop_watch(f->loop, f->commands[0], EPOLLIN, on_command, f);
    pthread_create(&f->thread, NULL, run, f);
}

static void finish(struct fixture *f)
{
    command(f, 's');
    pthread_join(f->thread, NULL);
    mock_server_free(f->server);
    CU_ASSERT_EQUAL(f->requests, f->sent + f->gone);
    mock_loop_unwatch(f->loop, f->commands[0]);
    close(f->commands[0]);
    close(f->commands[1]);
    mock_loop_free(f->loop);
}

static int open_socket(void)
{
    struct timeval patience = { .tv_sec = 5 };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void connect_socket(const struct fixture *f, int fd)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(f->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
}

static int dial(const struct fixture *f)
{
    int fd = open_socket();
    connect_socket(f, fd);
    return fd;
}

static void put(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

static void put_text(int fd, const char *text)
{
    put(fd, text, strlen(text));
}

/* Reads to the end of the stream.  -1: reset, or nothing came for 5 s. */
static ssize_t get_all(int fd, char *out, size_t size)
{
    size_t length = 0;
    for (;;) {
        ssize_t n = recv(fd, out + length, size - 1 - length, 0);
        if (n < 0)
            return -1;
        length += (size_t)n;
        out[length] = '\0';
        if (n == 0 || length == size - 1)
            return (ssize_t)length;
    }
}

/* Reads until `end` is at the end of what came. */
static bool get_until(int fd, char *out, size_t size, const char *end)
{
    size_t length = 0, wanted = strlen(end);
    out[0] = '\0';
    while (length < size - 1) {
        ssize_t n = recv(fd, out + length, size - 1 - length, 0);
        if (n <= 0)
            return false;
        length += (size_t)n;
        out[length] = '\0';
        if (length >= wanted && strcmp(out + length - wanted, end) == 0)
            return true;
    }
    return false;
}

static int times(const char *text, const char *word)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

#define HOST " HTTP/1.1\r\nHost: a\r\n"

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

static void check_talk(const struct fixture *f, const struct talk *t,
                       size_t step)
{
    char got[8192], line[32];
    size_t length = strlen(t->text);
    int fd = dial(f);
    for (size_t at = 0; at < length; at += step)
        put(fd, t->text + at, length - at < step ? length - at : step);
    shutdown(fd, SHUT_WR);
    ssize_t n = get_all(fd, got, sizeof got);
    CU_ASSERT(n >= 0);
    close(fd);
    bool right = n >= 0 && times(got, "\r\ndate: ") == t->answers &&
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
    struct fixture f;
    start(&f, limits());
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        check_talk(&f, &talks[i], 100000);
        check_talk(&f, &talks[i], 7);
        check_talk(&f, &talks[i], 1);
    }
    finish(&f);
}

static void an_answer_has_the_headers_it_needs(void)
{
    struct fixture f;
    char got[1024];
    start(&f, limits());
    int fd = dial(&f);
    put_text(fd, "GET /a" HOST "Connection: close\r\n\r\n");
    CU_ASSERT(get_all(fd, got, sizeof got) > 0);
    CU_ASSERT_STRING_EQUAL(got, "HTTP/1.1 200 OK\r\n"
                                "date: Thu, 01 Jan 1970 00:16:40 GMT\r\n"
                                "content-length: 2\r\nconnection: close\r\n"
                                "content-type: text/plain\r\n"
                                "x-a: 1\r\nx-b: 2\r\n\r\n/a");
    close(fd);
    finish(&f);
}

static void big_bodies_go_both_ways(void)
{
    struct fixture f;
    static char body[900000], got[sizeof body + 1024];
    char head[128];
    start(&f, limits());
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)('a' + i % 23);
    int fd = dial(&f);
    for (int round = 0; round < 2; round++) {
        int n = snprintf(head, sizeof head,
                         "POST /echo" HOST "Content-Length: %zu\r\n%s\r\n",
                         sizeof body, round ? "Connection: close\r\n" : "");
        put(fd, head, (size_t)n);
        put(fd, body, sizeof body);
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
    ssize_t n = get_all(fd, got, sizeof got);
    CU_ASSERT(n > (ssize_t)sizeof body);
    CU_ASSERT(memcmp(got + n - (ssize_t)sizeof body, body, sizeof body) == 0);
    close(fd);
    finish(&f);
}

/* The client reads only after a while; the server holds the rest back and
   reads nothing more meanwhile. */
static void a_slow_reader_gets_everything(void)
{
    struct fixture f;
    static char got[65536];
    size_t bytes = 0;
    ssize_t n;
    start(&f, limits());
    int fd = dial(&f);
    put_text(fd, "GET /big?20000000" HOST "\r\n"
                 "GET /a" HOST "Connection: close\r\n\r\n");
    sleep_ms(50);
    CU_ASSERT_EQUAL(f.requests, 1);
    CU_ASSERT_EQUAL(f.sent, 0);
    while ((n = recv(fd, got, sizeof got, 0)) > 0)
        bytes += (size_t)n;
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT(bytes > 20000000);
    CU_ASSERT(bytes < 20001000);
    CU_ASSERT_EQUAL(f.sent, 2);
    close(fd);
    finish(&f);
}

static void a_reader_that_takes_nothing_is_left(void)
{
    struct fixture f;
    struct mock_server_config c = limits();
    c.write_ns = 50 * LIM_MSEC;
    start(&f, c);
    int fd = dial(&f);
    put_text(fd, "GET /big?20000000" HOST "\r\n");
    for (int i = 0; i < 100 && f.gone == 0; i++)
        sleep_ms(10);
    CU_ASSERT_EQUAL(f.gone, 1);
    close(fd);
    finish(&f);
}

static void answers_are_not_early(void)
{
    enum { CLIENTS = 50 };
    struct fixture f;
    int fds[CLIENTS];
    int64_t begun[CLIENTS];
    char text[64], got[512];
    start(&f, limits());
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(&f);
        snprintf(text, sizeof text, "GET /delay?%d" HOST "\r\n", 20 + 7 * i);
        begun[i] = clock_ns();
        put_text(fds[i], text);
    }
    for (int i = 0; i < CLIENTS; i++) {
        CU_ASSERT_TRUE(get_until(fds[i], got, sizeof got, "late"));
        CU_ASSERT(clock_ns() - begun[i] >= (20 + 7 * i) * LIM_MSEC);
        close(fds[i]);
    }
    finish(&f);
}

static void slow_senders_are_cut_off(void)
{
    struct fixture f;
    struct mock_server_config c = limits();
    char got[1024];
    c.head_ns = c.body_ns = 100 * LIM_MSEC;
    c.idle_ns = 200 * LIM_MSEC;
    start(&f, c);
    int head = dial(&f), body = dial(&f), idle = dial(&f);
    put_text(body, "POST /a" HOST "Content-Length: 100\r\n\r\n");
    int64_t begun = clock_ns();
    for (int i = 0; i < 8; i++) { /* crumbs must not extend it */
        put_text(head, i == 0 ? "GET / HTTP/1.1\r\n" : "a: b\r\n");
        put_text(body, "x");
        sleep_ms(10);
    }
    CU_ASSERT(get_all(head, got, sizeof got) > 0);
    CU_ASSERT(starts(got, "HTTP/1.1 408 Request Timeout\r\n"));
    CU_ASSERT(get_all(body, got, sizeof got) > 0);
    CU_ASSERT(starts(got, "HTTP/1.1 408 Request Timeout\r\n"));
    int64_t passed = clock_ns() - begun;
    CU_ASSERT(passed >= 95 * LIM_MSEC);
    CU_ASSERT(passed < 1000 * LIM_MSEC);
    CU_ASSERT_EQUAL(get_all(idle, got, sizeof got), 0);
    CU_ASSERT(clock_ns() - begun >= 195 * LIM_MSEC);
    CU_ASSERT_EQUAL(f.requests, 0);
    close(head);
    close(body);
    close(idle);
    finish(&f);
}

static void a_wait_is_no_idleness(void)
{
    struct fixture f;
    struct mock_server_config c = limits();
    char got[512];
    c.idle_ns = c.head_ns = c.body_ns = c.write_ns = 20 * LIM_MSEC;
    start(&f, c);
    int fd = dial(&f);
    put_text(fd, "GET /delay?200" HOST "\r\n");
    CU_ASSERT_TRUE(get_until(fd, got, sizeof got, "late"));
    CU_ASSERT_EQUAL(get_all(fd, got, sizeof got), 0);
    close(fd);
    finish(&f);
}

static void wait_for(const atomic_int *n, int value)
{
    for (int i = 0; i < 200 && *n != value; i++)
        sleep_ms(5);
    CU_ASSERT_EQUAL(*n, value);
}

static void reset(int fd)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void a_reset_ends_the_wait_at_once(void)
{
    struct fixture f;
    start(&f, limits());
    int planned = dial(&f), open = dial(&f), piped = dial(&f);
    put_text(planned, "GET /delay?60000" HOST "\r\n");
    put_text(open, "GET /delay?60000" HOST "\r\n");
    put_text(piped, "GET /delay?60000" HOST "\r\n");
    wait_for(&f.requests, 3);
    put_text(piped, "GET /a" HOST "\r\n");
    shutdown(piped, SHUT_WR);
    sleep_ms(20);
    CU_ASSERT_EQUAL(f.gone, 0);
    command(&f, 'c');
    CU_ASSERT_EQUAL(f.waiting, 3);
    CU_ASSERT_EQUAL(f.half_closed, 1);
    reset(planned);
    wait_for(&f.gone, 1);
    reset(open);
    wait_for(&f.gone, 2);
    reset(piped);
    wait_for(&f.gone, 3);
    command(&f, 'c');
    CU_ASSERT_EQUAL(f.waiting, 0);
    CU_ASSERT_EQUAL(f.half_closed, 0);
    finish(&f);
}

static void waiting_clients_cost_no_cpu(void)
{
    struct fixture f;
    struct rusage before, after;
    start(&f, limits());
    int half = dial(&f), piped = dial(&f);
    put_text(half, "GET /delay?300" HOST "\r\n");
    shutdown(half, SHUT_WR);
    put_text(piped, "GET /delay?300" HOST "\r\n");
    wait_for(&f.requests, 2);
    put_text(piped, "GET /a" HOST "\r\n");
    sleep_ms(20);
    getrusage(RUSAGE_SELF, &before);
    sleep_ms(150);
    getrusage(RUSAGE_SELF, &after);
    int64_t used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec +
                    after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
                       1000000 +
                   after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                   after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    CU_ASSERT(used < 30000);
    wait_for(&f.sent, 3);
    close(half);
    close(piped);
    finish(&f);
}

static void a_body_is_asked_for_when_that_is_awaited(void)
{
    struct fixture f;
    char got[1024];
    start(&f, limits());
    int fd = dial(&f);
    put_text(fd, "POST /echo" HOST "Content-Length: 5\r\n"
                 "Expect: 100-continue\r\n\r\n");
    CU_ASSERT_TRUE(
        get_until(fd, got, sizeof got, "HTTP/1.1 100 Continue\r\n\r\n"));
    put_text(fd, "hel");
    put_text(fd, "lo");
    CU_ASSERT_TRUE(get_until(fd, got, sizeof got, "hello"));
    CU_ASSERT(starts(got, "HTTP/1.1 200 "));
    put_text(fd, "POST /echo" HOST "Content-Length: 2\r\n"
                 "Expect: 100-continue\r\n\r\nab");
    CU_ASSERT_TRUE(get_until(fd, got, sizeof got, "\r\n\r\nab"));
    CU_ASSERT(starts(got, "HTTP/1.1 200 "));
    put_text(fd, "POST /echo" HOST "Content-Length: 1000001\r\n"
                 "Expect: 100-continue\r\n\r\n");
    CU_ASSERT(get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(starts(got, "HTTP/1.1 413 "));
    close(fd);
    finish(&f);
}

/* The client writes on and on; without a lingering close the reset would
   destroy the answer before it was read. */
static void a_refusal_reaches_a_client_that_still_sends(void)
{
    struct fixture f;
    static char junk[3000000];
    char got[1024];
    memset(junk, 'j', sizeof junk);
    start(&f, limits());
    int fd = dial(&f);
    put_text(fd, "POST /a" HOST "Content-Length: 3000000\r\n\r\n");
    put(fd, junk, sizeof junk);
    CU_ASSERT(get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(starts(got, "HTTP/1.1 413 Content Too Large\r\n"));
    close(fd);
    fd = dial(&f);
    put_text(fd, "GET / HTTP/1.1\r\nA: ");
    put(fd, junk, 10000);
    CU_ASSERT(get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(starts(got, "HTTP/1.1 431 "));
    close(fd);
    fd = dial(&f);
    put(fd, junk, 10000);
    CU_ASSERT(get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(starts(got, "HTTP/1.1 414 "));
    close(fd);
    finish(&f);
}

static void a_drain_answers_what_is_in_progress(void)
{
    struct fixture f;
    char got[1024];
    start(&f, limits());
    int idle = dial(&f), used = dial(&f), waiting = dial(&f);
    int reading = dial(&f);
    put_text(used, "GET /a" HOST "\r\n");
    CU_ASSERT_TRUE(get_until(used, got, sizeof got, "/a"));
    put_text(waiting, "GET /delay?100" HOST "\r\nGET /b" HOST "\r\n");
    put_text(reading, "POST /echo" HOST "Content-Length: 5\r\n\r\nhel");
    wait_for(&f.requests, 2);
    sleep_ms(20);
    command(&f, 'd');
    command(&f, 'd');
    CU_ASSERT_EQUAL(get_all(idle, got, sizeof got), 0);
    CU_ASSERT_EQUAL(get_all(used, got, sizeof got), 0);
    CU_ASSERT_EQUAL(f.drained, 0);
    put_text(reading, "lo");
    CU_ASSERT(get_all(reading, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nconnection: close\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "hello"));
    CU_ASSERT(get_all(waiting, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nconnection: close\r\n"));
    CU_ASSERT_EQUAL(times(got, "HTTP/1.1 "), 1);
    close(waiting);
    wait_for(&f.drained, 1);
    int late = open_socket();
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(f.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CU_ASSERT_EQUAL(connect(late, (struct sockaddr *)&a, sizeof a), -1);
    close(late);
    close(idle);
    close(used);
    close(reading);
    finish(&f);
}

static void beyond_the_most_connections_clients_wait(void)
{
    struct fixture f;
    struct mock_server_config c = limits();
    char got[512];
    c.connections_max = 2;
    start(&f, c);
    int a = dial(&f), b = dial(&f), third = dial(&f);
    put_text(third, "GET /a" HOST "Connection: close\r\n\r\n");
    sleep_ms(30);
    CU_ASSERT_EQUAL(f.requests, 0);
    close(a);
    CU_ASSERT(get_all(third, got, sizeof got) > 0);
    CU_ASSERT_EQUAL(f.requests, 1);
    close(b);
    close(third);
    finish(&f);
}

/* Without a free descriptor nothing can be accepted: no spinning, and later
   everyone is served. */
static void a_lack_of_descriptors_is_survived(void)
{
    enum { CLIENTS = 5 };
    struct fixture f;
    struct rlimit before, few;
    struct rusage used;
    char got[512];
    int fds[CLIENTS];
    start(&f, limits());
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = open_socket();
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)fds[CLIENTS - 1] + 1;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < CLIENTS; i++) {
        connect_socket(&f, fds[i]);
        put_text(fds[i], "GET /a" HOST "Connection: close\r\n\r\n");
    }
    sleep_ms(20);
    getrusage(RUSAGE_SELF, &used);
    int64_t cpu = used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec;
    sleep_ms(150);
    getrusage(RUSAGE_SELF, &used);
    CU_ASSERT(used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec - cpu <
              50000);
    CU_ASSERT_EQUAL(f.requests, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 0; i < CLIENTS; i++) {
        CU_ASSERT(get_all(fds[i], got, sizeof got) > 0);
        close(fds[i]);
    }
    CU_ASSERT_EQUAL(f.requests, CLIENTS);
    finish(&f);
}

static void a_freed_server_ends_its_exchanges(void)
{
    struct fixture f;
    start(&f, limits());
    int planned = dial(&f), open = dial(&f);
    put_text(planned, "GET /delay?60000" HOST "\r\n");
    put_text(open, "GET /later?60000" HOST "\r\n");
    wait_for(&f.requests, 2);
    finish(&f);
    CU_ASSERT_EQUAL(f.gone, 2);
    close(planned);
    close(open);
}

static void bad_addresses_are_told(void)
{
    struct mock_loop *loop = mock_loop_new(START, 1);
    struct mock_server_config c = limits();
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

CU_TestInfo server_tests[] = {
    { "requests are answered, whole and in crumbs",
      requests_are_answered_whole_and_in_crumbs },
    { "an answer has the headers it needs",
      an_answer_has_the_headers_it_needs },
    { "big bodies go both ways", big_bodies_go_both_ways },
    { "a slow reader gets everything", a_slow_reader_gets_everything },
    { "a reader that takes nothing is left",
      a_reader_that_takes_nothing_is_left },
    { "answers are not early", answers_are_not_early },
    { "slow senders are cut off", slow_senders_are_cut_off },
    { "a wait is no idleness", a_wait_is_no_idleness },
    { "a reset ends the wait at once", a_reset_ends_the_wait_at_once },
    { "waiting clients cost no CPU", waiting_clients_cost_no_cpu },
    { "a body is asked for when that is awaited",
      a_body_is_asked_for_when_that_is_awaited },
    { "a refusal reaches a client that still sends",
      a_refusal_reaches_a_client_that_still_sends },
    { "a drain answers what is in progress",
      a_drain_answers_what_is_in_progress },
    { "beyond the most connections clients wait",
      beyond_the_most_connections_clients_wait },
    { "a lack of descriptors is survived", a_lack_of_descriptors_is_survived },
    { "a freed server ends its exchanges", a_freed_server_ends_its_exchanges },
    { "bad addresses are told", bad_addresses_are_told },
    CU_TEST_INFO_NULL
};
