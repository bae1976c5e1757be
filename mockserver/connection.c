/* Reading requests from a connection; its states and deadlines. */

#define _GNU_SOURCE /* EPOLLRDHUP, MSG_NOSIGNAL */

#include "mockserver/connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_NS (2 * LIM_SEC)

static bool is_reading(const struct mock_exchange *c)
{
    return !c->dead && c->state <= MOCK_BODY;
}

static void set_deadline(struct mock_exchange *c, int64_t ns)
{
    struct mock_loop *l = c->server->loop;
    int64_t now = mock_loop_wall(l);
    c->deadline = ns < INT64_MAX - now ? now + ns : INT64_MAX;
    if (c->deadline < c->armed) {
        mock_loop_timer_wall(l, c->deadline_timer, ns);
        c->armed = c->deadline;
    }
}

void mock_connection_enter(struct mock_exchange *c,
                           enum mock_connection_state state)
{
    const struct mock_server_config *config = &c->server->config;
    c->state = state;
    switch (state) {
    case MOCK_IDLE:
        set_deadline(c, config->idle_ns);
        break;
    case MOCK_HEAD:
        set_deadline(c, config->head_ns);
        break;
    case MOCK_BODY:
        set_deadline(c, config->body_ns);
        break;
    case MOCK_WRITE:
        set_deadline(c, config->write_ns);
        break;
    case MOCK_LINGER:
        set_deadline(c, LINGER_NS);
        break;
    case MOCK_WAIT:
    case MOCK_CLOSING:
        c->deadline = INT64_MAX;
        break;
    }
}

static void on_io(void *context, uint32_t events);

/* Level-triggered: what was seen and is not acted upon yet must not be
   watched, or the loop would spin.  Resets are always reported. */
static uint32_t wanted_events(const struct mock_exchange *c)
{
    if (c->state == MOCK_WRITE)
        return EPOLLOUT;
    if (c->state != MOCK_WAIT)
        return EPOLLIN | EPOLLRDHUP;
    if (c->fin)
        return 0;
    return c->unread ? EPOLLRDHUP : EPOLLIN | EPOLLRDHUP;
}

static int watch(struct mock_exchange *c)
{
    return mock_loop_watch(c->server->loop, c->fd, wanted_events(c), on_io, c);
}

static void release(struct mock_exchange *c)
{
    struct mock_server *s = c->server;
    mock_loop_unwatch(s->loop, c->fd);
    close(c->fd);
    mock_loop_timer_free(s->loop, c->deadline_timer);
    if (c->due_timer != UINT32_MAX)
        mock_loop_timer_free(s->loop, c->due_timer);
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        s->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    mock_count(&s->counters.connections, -1);
    free(c->in);
    free(c->out);
    free(c);
    mock_server_closed(s);
}

void mock_connection_close(struct mock_exchange *c)
{
    c->dead = true;
    if (c->busy) {
        mock_exchange_end(c, false);
        return;
    }
    c->busy = true;
    mock_exchange_end(c, false);
    release(c);
}

static void forget_input(struct mock_exchange *c)
{
    free(c->in);
    c->in = NULL;
    c->in_length = c->in_capacity = 0;
}

static void linger(struct mock_exchange *c)
{
    forget_input(c);
    if (shutdown(c->fd, SHUT_WR) != 0) {
        mock_connection_close(c);
        return;
    }
    mock_connection_enter(c, MOCK_LINGER);
    if (watch(c) != 0)
        mock_connection_close(c);
}

void mock_connection_settle(struct mock_exchange *c)
{
    assert(!c->busy);
    if (c->dead) {
        release(c);
    } else if (c->state == MOCK_CLOSING) {
        if (c->unread || c->in_length > 0)
            linger(c);
        else
            mock_connection_close(c);
    } else if (watch(c) != 0) {
        mock_connection_close(c);
    } else if (c->state == MOCK_IDLE && c->in_length > 0) {
        /* Not here and now: a timer's callback may run inside of another
           request's handler (a frozen clock that is moved on). */
        c->resume = true;
        mock_loop_timer_wall(c->server->loop, c->deadline_timer, 0);
        c->armed = mock_loop_wall(c->server->loop);
    }
}

static int reserve(struct mock_exchange *c, size_t capacity)
{
    if (capacity <= c->in_capacity)
        return 0;
    if (capacity < 2 * c->in_capacity)
        capacity = 2 * c->in_capacity;
    char *in = realloc(c->in, capacity);
    if (in == NULL)
        return -1;
    c->in = in;
    c->in_capacity = capacity;
    return 0;
}

/* Makes the `length` bytes at `rest` the input; they may be part of it. */
static int keep_input(struct mock_exchange *c, const char *rest, size_t length,
                      bool own)
{
    if (length == 0) {
        forget_input(c);
        return 0;
    }
    if (!own && reserve(c, length) != 0)
        return -1;
    if (c->in != rest)
        memmove(c->in, rest, length);
    c->in_length = length;
    if (c->in_capacity / 4 > length + 1024) {
        char *in = realloc(c->in, length);
        c->in = in != NULL ? in : c->in;
        c->in_capacity = in != NULL ? length : c->in_capacity;
    }
    return 0;
}

/* A body that does not come is asked for, if the client waits for that. */
static void invite_body(struct mock_exchange *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    c->expect_continue = false;
    ssize_t n = send(c->fd, text, sizeof text - 1, MSG_NOSIGNAL);
    bool blocked = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (n != sizeof text - 1 && !blocked)
        mock_connection_close(c);
}

static void begin_body(struct mock_exchange *c,
                       const struct mock_http_head *head, size_t head_length)
{
    c->parsed = 0;
    c->head_length = head_length;
    c->content_length = head->content_length;
    c->body_length = 0;
    c->chunked = head->chunked;
    c->expect_continue = head->expect_continue;
    c->keep_alive = head->keep_alive;
    c->http_1_0 = head->minor == 0;
    c->head = head->method_length == 4 && memcmp(head->method, "HEAD", 4) == 0;
    mock_http_chunks_init(&c->chunks);
    if ((uint64_t)head->content_length > c->server->config.body_max)
        mock_exchange_refuse(c, 413);
    else
        mock_connection_enter(c, MOCK_BODY);
}

/*
 * A head that comes in crumbs is parsed again only when a line has ended or
 * its length has doubled, so that the work stays in proportion.
 */
static bool worth_parsing(const struct mock_exchange *c, const char *text,
                          size_t length)
{
    if (c->parsed == 0 || length >= 2 * c->parsed ||
        length >= c->server->config.head_max)
        return true;
    return length > c->parsed &&
           memchr(text + c->parsed, '\n', length - c->parsed) != NULL;
}

/* False: the head is not there yet, or was refused. */
static bool read_head(struct mock_exchange *c, const char *text, size_t length,
                      struct mock_http_head *head)
{
    if (!worth_parsing(c, text, length))
        return false;
    int64_t used =
        mock_http_parse(text, length, c->server->config.head_max, head);
    if (used == MOCK_HTTP_BAD) {
        mock_exchange_refuse(c, head->status);
        return false;
    }
    if (used == MOCK_HTTP_MORE) {
        c->parsed = length;
        if (c->state == MOCK_IDLE)
            mock_connection_enter(c, MOCK_HEAD);
        return false;
    }
    begin_body(c, head, (size_t)used);
    return is_reading(c);
}

/* Chunks are joined in place, right behind the head: `*length` shrinks by
   what their framing took. */
static int64_t read_chunks(struct mock_exchange *c, char *text, size_t *length)
{
    size_t raw = c->head_length + c->body_length;
    size_t decoded;
    int64_t used = mock_http_chunks_decode(&c->chunks, text + raw,
                                           *length - raw, &decoded);
    c->body_length += decoded;
    if (used == MOCK_HTTP_BAD) {
        mock_exchange_refuse(c, 400);
    } else if (c->body_length + c->chunks.left > c->server->config.body_max) {
        mock_exchange_refuse(c, 413);
        used = MOCK_HTTP_BAD;
    } else if (used == MOCK_HTTP_MORE) {
        *length = c->head_length + c->body_length;
    }
    return used < 0 ? used : (int64_t)raw + used;
}

static int64_t read_counted(struct mock_exchange *c, size_t length)
{
    size_t total = c->head_length + (size_t)c->content_length;
    if (length < total)
        return MOCK_HTTP_MORE;
    c->body_length = (size_t)c->content_length;
    return (int64_t)total;
}

/*
 * Reads one request at `text` and hands it over.  Returns the bytes used; 0:
 * more are needed.  What follows a refused request is used, too.
 */
static size_t read_request(struct mock_exchange *c, char *text, size_t *length)
{
    struct mock_http_head head;
    bool parsed = c->state != MOCK_BODY;
    if (parsed && !read_head(c, text, *length, &head))
        return is_reading(c) ? 0 : *length;
    int64_t used =
        c->chunked ? read_chunks(c, text, length) : read_counted(c, *length);
    if (used == MOCK_HTTP_BAD)
        return *length;
    if (used == MOCK_HTTP_MORE) {
        if (c->expect_continue)
            invite_body(c);
        return 0;
    }
    if (!parsed) {
        int64_t again =
            mock_http_parse(text, c->head_length, c->head_length + 1, &head);
        assert(again == (int64_t)c->head_length);
    }
    mock_exchange_deliver(c, &head, text + c->head_length, c->body_length);
    return (size_t)used;
}

/* Reads requests until one is not whole or waits for its answer.  `own` says
   that `text` is the connection's, not the scratch buffer. */
static void process(struct mock_exchange *c, char *text, size_t length,
                    bool own)
{
    size_t at = 0;
    c->busy = true;
    while (is_reading(c) && at < length) {
        size_t rest = length - at;
        size_t used = read_request(c, text + at, &rest);
        length = at + rest;
        at += used;
        if (used == 0)
            break;
    }
    if (!c->dead && keep_input(c, text + at, length - at, own) != 0)
        mock_connection_close(c);
    c->busy = false;
    mock_connection_settle(c);
}

static void read_input(struct mock_exchange *c)
{
    char *scratch = c->server->scratch;
    ssize_t n = recv(c->fd, scratch, MOCK_CONNECTION_SCRATCH, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        mock_connection_close(c);
        return;
    }
    if (c->in_length == 0) {
        process(c, scratch, (size_t)n, false);
        return;
    }
    if (reserve(c, c->in_length + (size_t)n) != 0) {
        mock_connection_close(c);
        return;
    }
    memcpy(c->in + c->in_length, scratch, (size_t)n);
    c->in_length += (size_t)n;
    process(c, c->in, c->in_length, true);
}

/* What was read before comes before what can be read now, an end included. */
static void resume(struct mock_exchange *c)
{
    c->resume = false;
    assert(is_reading(c));
    assert(c->in_length > 0);
    process(c, c->in, c->in_length, true);
}

static void drop_input(struct mock_exchange *c)
{
    ssize_t n = recv(c->fd, c->server->scratch, MOCK_CONNECTION_SCRATCH, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        mock_connection_close(c);
}

static void note_input(struct mock_exchange *c, uint32_t events)
{
    if ((events & EPOLLIN) != 0)
        c->unread = true;
    if ((events & EPOLLRDHUP) != 0 && !c->fin) {
        c->fin = true;
        mock_count(&c->server->counters.half_closed, 1);
    }
    if (c->fin && mock_exchange_is_silent(c))
        mock_connection_close(c);
    else
        mock_connection_settle(c);
}

static void on_io(void *context, uint32_t events)
{
    struct mock_exchange *c = context;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        mock_connection_close(c);
    else if (c->resume)
        resume(c);
    else if (is_reading(c))
        read_input(c);
    else if (c->state == MOCK_WAIT)
        note_input(c, events);
    else if (c->state == MOCK_WRITE)
        mock_exchange_flush(c);
    else
        drop_input(c);
}

static void expire(struct mock_exchange *c)
{
    if (c->state != MOCK_HEAD && c->state != MOCK_BODY) {
        mock_connection_close(c);
        return;
    }
    c->busy = true;
    mock_exchange_refuse(c, 408);
    c->busy = false;
    mock_connection_settle(c);
}

static void on_deadline(void *context, uint32_t timer, lim_time now)
{
    struct mock_exchange *c = context;
    struct mock_loop *l = c->server->loop;
    int64_t left = c->deadline - mock_loop_wall(l);
    (void)now;
    c->armed = INT64_MAX;
    if (left <= 0 && !c->resume) {
        expire(c);
        return;
    }
    if (c->deadline != INT64_MAX) {
        mock_loop_timer_wall(l, timer, left > 0 ? left : 0);
        c->armed = c->deadline;
    }
    if (c->resume)
        resume(c);
}

int mock_connection_open(struct mock_server *s, int fd)
{
    struct mock_exchange *c = calloc(1, sizeof *c);
    if (c == NULL)
        goto close_fd;
    c->server = s;
    c->fd = fd;
    c->armed = INT64_MAX;
    c->due_timer = UINT32_MAX;
    c->deadline_timer = mock_loop_timer_new(s->loop, on_deadline, c);
    if (c->deadline_timer == UINT32_MAX)
        goto free_connection;
    if (watch(c) != 0)
        goto free_timer;
    mock_connection_enter(c, MOCK_IDLE);
    c->next = s->first;
    if (c->next != NULL)
        c->next->previous = c;
    s->first = c;
    mock_count(&s->counters.connections, 1);
    mock_count(&s->counters.accepted, 1);
    return 0;
free_timer:
    mock_loop_timer_free(s->loop, c->deadline_timer);
free_connection:
    free(c);
close_fd:
    close(fd);
    return -1;
}

/* A request that has come already but was not read is still answered. */
void mock_connection_drain(struct mock_exchange *c)
{
    char byte;
    if (!c->busy && mock_exchange_is_silent(c)) {
        mock_connection_close(c);
        return;
    }
    if (c->busy || c->state != MOCK_IDLE || c->in_length > 0)
        return;
    if (recv(c->fd, &byte, 1, MSG_PEEK) <= 0)
        mock_connection_close(c);
}
