#define _GNU_SOURCE

#include "tests/served.h"

#include <CUnit/CUnit.h>

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t served_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * LIM_SEC + t.tv_nsec;
}

void served_sleep_ms(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

static void on_end(void *context, bool sent)
{
    struct served *f = context;
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

struct pieces {
    struct served *f;
    lim_time start;
    long told, all;
    bool cut;
};

#define PIECE_NS (20 * LIM_MSEC)

static lim_time next_piece(void *context, lim_time now, struct mock_text *out)
{
    struct pieces *p = context;
    while (p->told < p->all && p->start + p->told * PIECE_NS <= now) {
        mock_text_puts(out, "piece ");
        mock_text_int(out, p->told++);
        mock_text_puts(out, "\n");
    }
    if (p->told < p->all)
        return p->start + p->told * PIECE_NS;
    return p->cut ? MOCK_STREAM_CUT : LIM_NEVER;
}

static void free_pieces(void *context)
{
    struct pieces *p = context;
    p->f->streams--;
    free(p);
}

static struct mock_stream pieces_new(struct served *f, lim_time start,
                                     long count, bool cut)
{
    struct pieces *p = malloc(sizeof *p);
    *p = (struct pieces){ f, start, 0, count, cut };
    f->streams++;
    return (struct mock_stream){ next_piece, free_pieces, p };
}

/* False: the path asks for neither a stream nor a spoiled answer. */
static bool answer_in_parts(struct served *f, struct mock_exchange *x,
                            const struct mock_request *r)
{
    static const char body[] = "0123456789";
    bool cut = path_is(r, "/cut"), wire_stream = path_is(r, "/wire-stream");
    struct mock_reply reply = { .status = 200, .content_type = "text/plain" };
    long n = query_number(r);
    bool silent = path_is(r, "/silence");
    if (silent)
        reply.at = mock_exchange_time(x) + LIM_HOUR;
    if (path_is(r, "/wire") || wire_stream || silent)
        reply.wire = silent ? MOCK_WIRE_SILENT : (enum mock_wire)n;
    else if (!cut && !path_is(r, "/stream"))
        return false;
    if (path_is(r, "/wire") || silent) {
        reply.body = body;
        reply.body_length = sizeof body - 1;
    } else {
        reply.stream = pieces_new(f, mock_exchange_time(x), n, cut);
    }
    mock_exchange_reply(x, &reply);
    return true;
}

static void answer_held(void *context, uint32_t timer, lim_time now)
{
    struct served *f = context;
    (void)timer;
    (void)now;
    for (int i = 0; i < f->held_count; i++)
        answer(f->held[i], "held", 4, 0);
    f->held_count = 0;
}

static void handle(void *context, struct mock_exchange *x,
                   const struct mock_request *r)
{
    struct served *f = context;
    lim_time now = mock_exchange_time(x);
    f->requests++;
    mock_exchange_on_end(x, on_end, f);
    if (path_is(r, "/echo")) {
        answer(x, r->body, r->body_length, 0);
    } else if (path_is(r, "/delay")) {
        answer(x, "late", 4, now + query_number(r) * LIM_MSEC);
    } else if (path_is(r, "/advance")) {
        mock_loop_advance(f->loop, now + query_number(r) * LIM_MSEC);
        answer(x, "moved", 5, 0);
    } else if (path_is(r, "/big")) {
        size_t n = (size_t)query_number(r);
        char *body = malloc(n);
        memset(body, 'b', n);
        answer(x, body, n, 0);
        free(body);
    } else if (path_is(r, "/later")) {
        f->held[f->held_count++ % SERVED_HELD_MAX] = x;
        mock_loop_timer_set(f->loop, f->later,
                            now + query_number(r) * LIM_MSEC);
    } else if (!answer_in_parts(f, x, r)) {
        answer(x, r->path, r->path_length, 0);
    }
}

static void on_drained(void *context)
{
    struct served *f = context;
    f->drained++;
}

static void on_command(void *context, uint32_t events)
{
    struct served *f = context;
    char byte;
    (void)events;
    if (read(f->commands[0], &byte, 1) != 1)
        return;
    struct mock_server_counters n = { 0 };
    mock_server_count(f->server, &n);
    f->waiting = (int)n.waiting;
    f->half_closed = (int)n.half_closed;
    if (byte == 'd')
        mock_server_drain(f->server);
    if (byte == 's')
        mock_loop_stop(f->loop);
    CU_ASSERT_EQUAL(write(f->commands[0], &byte, 1), 1);
}

void served_command(struct served *f, char byte)
{
    CU_ASSERT_EQUAL(write(f->commands[1], &byte, 1), 1);
    CU_ASSERT_EQUAL(read(f->commands[1], &byte, 1), 1);
}

static void *run(void *context)
{
    struct served *f = context;
    CU_ASSERT_EQUAL(mock_loop_run(f->loop), 0);
    return NULL;
}

struct mock_server_config served_limits(void)
{
    struct mock_server_config c = mock_server_config_default();
    c.handler = handle;
    c.drained = on_drained;
    c.head_max = 4096;
    c.body_max = 1000000;
    return c;
}

void served_start(struct served *f, struct mock_server_config c)
{
    served_start_at(f, c, 1);
}

void served_start_at(struct served *f, struct mock_server_config c,
                     double speed)
{
    memset(f, 0, sizeof *f);
    f->loop = mock_loop_new(SERVED_START, speed);
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

void served_finish(struct served *f)
{
    served_command(f, 's');
    pthread_join(f->thread, NULL);
    mock_server_free(f->server);
    CU_ASSERT_EQUAL(f->requests, f->sent + f->gone);
    CU_ASSERT_EQUAL(f->streams, 0);
    mock_loop_unwatch(f->loop, f->commands[0]);
    close(f->commands[0]);
    close(f->commands[1]);
    mock_loop_free(f->loop);
}

int served_socket(void)
{
    struct timeval patience = { .tv_sec = 5 };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

void served_connect(const struct served *f, int fd)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(f->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
}

int served_dial(const struct served *f)
{
    int fd = served_socket();
    served_connect(f, fd);
    return fd;
}

void served_put(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

void served_put_text(int fd, const char *text)
{
    served_put(fd, text, strlen(text));
}

ssize_t served_get_all(int fd, char *out, size_t size)
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

bool served_get_until(int fd, char *out, size_t size, const char *end)
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

int served_count(const char *text, const char *word)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

bool served_starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

void served_wait_for(const atomic_int *n, int value)
{
    for (int i = 0; i < 200 && *n != value; i++)
        served_sleep_ms(5);
    CU_ASSERT_EQUAL(*n, value);
}
