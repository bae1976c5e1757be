/* From a complete request to the last byte of its answer. */

#include "mockserver/connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { HEAD_PART, TYPE_PART, TYPE_END, HEADERS_PART, HEAD_END, BODY_PART };
#define PARTS 6
#define FLAT 4096  /* bytes that are sent as one piece */
#define IN_HEAD 12 /* bytes of a head that is cut: "HTTP/1.1 200" */
#define LONGER 16  /* bytes that a wrong content-length promises */

const char *mock_request_header(const struct mock_request *r, const char *name,
                                size_t *length)
{
    const struct mock_http_header *f = mock_http_find(r->fields, name);
    if (f == NULL)
        return NULL;
    *length = f->value_length;
    return f->value;
}

lim_time mock_exchange_time(const struct mock_exchange *x)
{
    return x->time;
}

void mock_exchange_on_end(struct mock_exchange *x, mock_exchange_end_fn *fn,
                          void *context)
{
    assert(x->open);
    assert(!x->answered);
    x->on_end = fn;
    x->on_end_context = context;
}

void mock_exchange_end(struct mock_exchange *c, bool sent)
{
    struct mock_counters *n = &c->server->counters;
    if (!c->open)
        return;
    c->open = false;
    mock_count(&n->waiting, -1);
    mock_count(sent ? &n->answered : &n->abandoned, 1);
    mock_count(&n->half_closed, -c->fin);
    if (c->pending != NULL) {
        mock_loop_timer_set(c->server->loop, c->due_timer, LIM_NEVER);
        free(c->pending);
        c->pending = NULL;
    }
    if (c->flow != NULL) {
        mock_loop_timer_set(c->server->loop, c->due_timer, LIM_NEVER);
        mock_flow_free(c->flow);
        c->flow = NULL;
    }
    if (c->on_end != NULL)
        c->on_end(c->on_end_context, sent);
}

bool mock_exchange_is_silent(const struct mock_exchange *c)
{
    return c->pending != NULL && c->pending->reply.wire == MOCK_WIRE_SILENT;
}

void mock_exchange_all_sent(struct mock_exchange *c)
{
    mock_exchange_end(c, true);
    if (c->server->draining) /* maybe only since its head was written */
        c->keep_alive = false;
    if (c->keep_alive)
        c->unread = false;
    mock_connection_enter(c, c->keep_alive ? MOCK_IDLE : MOCK_CLOSING);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Keeps what the system did not take of the parts; `skip` bytes it did. */
static void keep_rest(struct mock_exchange *c, const struct iovec *parts,
                      size_t skip, size_t rest)
{
    c->out = malloc(rest);
    if (c->out == NULL) {
        mock_connection_close(c);
        return;
    }
    c->out_length = c->out_sent = 0;
    for (size_t i = 0; i < PARTS; i++) {
        size_t n = parts[i].iov_len;
        size_t skipped = skip < n ? skip : n;
        skip -= skipped;
        n -= skipped;
        if (n > 0)
            memcpy(c->out + c->out_length,
                   (const char *)parts[i].iov_base + skipped, n);
        c->out_length += n;
    }
    assert(c->out_length == rest);
    mock_connection_enter(c, MOCK_WRITE);
}

/* Small ones in one piece: to gather them costs the system more. */
static ssize_t send_parts(int fd, struct iovec *parts, size_t length)
{
    struct msghdr m = { .msg_iov = parts, .msg_iovlen = PARTS };
    char flat[FLAT];
    size_t used = 0;
    if (length == 0)
        return 0;
    if (length > sizeof flat)
        return sendmsg(fd, &m, MSG_NOSIGNAL);
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].iov_len > 0)
            memcpy(flat + used, parts[i].iov_base, parts[i].iov_len);
        used += parts[i].iov_len;
    }
    return send(fd, flat, length, MSG_NOSIGNAL);
}

/* Sends the parts; what the system did not take is kept for later. */
static void transmit(struct mock_exchange *c, struct iovec *parts)
{
    size_t length = 0;
    for (size_t i = 0; i < PARTS; i++)
        length += parts[i].iov_len;
    ssize_t n = send_parts(c->fd, parts, length);
    if (n < 0 && !would_block()) {
        mock_connection_close(c);
        return;
    }
    size_t taken = n > 0 ? (size_t)n : 0;
    if (taken == length)
        mock_exchange_all_sent(c);
    else
        keep_rest(c, parts, taken, length - taken);
}

/* Closes so that the other side is told of a reset. */
static void reset(struct mock_exchange *c)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    mock_connection_close(c);
}

/* Cuts the parts to their first `length` bytes. */
static void cut(struct iovec *parts, size_t length)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].iov_len > length)
            parts[i].iov_len = length;
        length -= parts[i].iov_len;
    }
}

/* An answer that does not arrive whole, on purpose. */
static void spoil(struct mock_exchange *c, struct iovec *parts,
                  enum mock_wire wire)
{
    struct msghdr m = { .msg_iov = parts, .msg_iovlen = PARTS };
    size_t head = 0;
    for (size_t i = 0; i < BODY_PART; i++)
        head += parts[i].iov_len;
    c->keep_alive = false;
    switch (wire) {
    case MOCK_WIRE_SILENT:
        cut(parts, 0);
        break;
    case MOCK_WIRE_CUT_BODY:
        cut(parts, head + parts[BODY_PART].iov_len / 2);
        break;
    case MOCK_WIRE_RESET:
    case MOCK_WIRE_RESET_IN_HEAD:
    case MOCK_WIRE_RESET_AFTER_HEAD:
        cut(parts, wire == MOCK_WIRE_RESET           ? 0
                   : wire == MOCK_WIRE_RESET_IN_HEAD ? IN_HEAD
                                                     : head);
        if (wire != MOCK_WIRE_RESET)
            (void)sendmsg(c->fd, &m, MSG_NOSIGNAL);
        reset(c);
        return;
    case MOCK_WIRE_WHOLE:
    case MOCK_WIRE_LONG:
        break;
    }
    transmit(c, parts);
}

static struct iovec part(const char *text, size_t length)
{
    /* sendmsg only reads, but struct iovec has no const */
    struct iovec v = { .iov_len = length };
    memcpy(&v.iov_base, &text, sizeof text);
    return v;
}

static enum mock_response_end how_to_end(struct mock_exchange *c,
                                         const struct mock_reply *r)
{
    if (c->server->draining || r->wire == MOCK_WIRE_LONG ||
        (c->flow != NULL && c->http_1_0))
        c->keep_alive = false;
    if (!c->keep_alive)
        return MOCK_RESPONSE_CLOSE;
    return c->http_1_0 ? MOCK_RESPONSE_KEEP_ALIVE : MOCK_RESPONSE_PLAIN;
}

/* May close the connection, but frees it only when it is not busy. */
static void send_reply(struct mock_exchange *c, const struct mock_reply *r)
{
    struct mock_server *s = c->server;
    char head[MOCK_RESPONSE_HEAD_MAX];
    bool typed = r->content_type != NULL;
    bool body = !c->head && mock_response_has_body(r->status);
    bool flows = c->flow != NULL;
    const char *date =
        mock_response_date(&s->date, mock_loop_now(s->loop) + r->date_shift_ns);
    int64_t length = (int64_t)r->body_length;
    if (r->wire == MOCK_WIRE_LONG)
        length += LONGER;
    if (flows)
        length =
            c->http_1_0 ? MOCK_RESPONSE_UNTIL_CLOSE : MOCK_RESPONSE_CHUNKED;
    size_t n =
        mock_response_head(head, r->status, date, length, how_to_end(c, r));
    if (typed) {
        memcpy(head + n, "content-type: ", 14);
        n += 14;
    }
    struct iovec parts[PARTS] = {
        [HEAD_PART] = part(head, n),
        [TYPE_PART] =
            part(r->content_type, typed ? strlen(r->content_type) : 0),
        [TYPE_END] = part("\r\n", typed ? 2 : 0),
        [HEADERS_PART] = part(r->headers, r->headers_length),
        [HEAD_END] = part("\r\n", 2),
        [BODY_PART] = part(r->body, body ? r->body_length : 0),
    };
    if (r->wire != MOCK_WIRE_WHOLE)
        spoil(c, parts, r->wire);
    else if (flows)
        mock_flow_begin(c, parts, BODY_PART);
    else
        transmit(c, parts);
}

/* Sends and settles, unless the connection was closed or whoever processes
   its input will do so. */
static void send_and_settle(struct mock_exchange *c, const struct mock_reply *r)
{
    if (c->busy) {
        send_reply(c, r);
        return;
    }
    c->busy = true;
    send_reply(c, r);
    c->busy = false;
    mock_connection_settle(c);
}

static const char *copy(char **to, const char *text, size_t length)
{
    char *start = *to;
    if (length > 0)
        memcpy(start, text, length);
    *to += length;
    return start;
}

static struct mock_pending *pending_new(const struct mock_reply *r)
{
    size_t type = r->content_type ? strlen(r->content_type) + 1 : 0;
    struct mock_pending *p =
        malloc(sizeof *p + type + r->headers_length + r->body_length);
    if (p == NULL)
        return NULL;
    char *to = p->texts;
    p->reply = *r;
    if (r->content_type != NULL)
        p->reply.content_type = copy(&to, r->content_type, type);
    p->reply.headers = copy(&to, r->headers, r->headers_length);
    p->reply.body = copy(&to, r->body, r->body_length);
    return p;
}

/* The next piece of a stream. */
static void go_on(struct mock_exchange *c)
{
    assert(!c->busy);
    c->busy = true;
    mock_flow_go_on(c);
    c->busy = false;
    mock_connection_settle(c);
}

static void on_due(void *context, uint32_t timer, lim_time now)
{
    struct mock_exchange *c = context;
    struct mock_pending *p = c->pending;
    (void)timer;
    if (p == NULL) {
        go_on(c);
        return;
    }
    assert(now >= p->reply.at);
    c->pending = NULL;
    send_and_settle(c, &p->reply);
    free(p);
}

static bool need_timer(struct mock_exchange *c)
{
    if (c->due_timer == UINT32_MAX)
        c->due_timer = mock_loop_timer_new(c->server->loop, on_due, c);
    return c->due_timer != UINT32_MAX;
}

static bool send_later(struct mock_exchange *c, const struct mock_reply *r)
{
    struct mock_loop *l = c->server->loop;
    if (!need_timer(c))
        return false;
    c->pending = pending_new(r);
    if (c->pending == NULL)
        return false;
    mock_loop_timer_set(l, c->due_timer, r->at);
    return true;
}

/* False: no memory, and the stream is freed. */
static bool take_stream(struct mock_exchange *c,
                        const struct mock_stream *stream)
{
    if (need_timer(c))
        c->flow = mock_flow_new(stream);
    if (c->flow == NULL)
        stream->free(stream->context);
    return c->flow != NULL;
}

void mock_exchange_reply(struct mock_exchange *x,
                         const struct mock_reply *reply)
{
    assert(x->open);
    assert(!x->answered);
    assert(reply->status >= 200);
    assert(reply->at != LIM_NEVER);
    x->answered = true;
    if (reply->stream.next != NULL && !take_stream(x, &reply->stream)) {
        mock_connection_close(x);
        return;
    }
    if (reply->at <= mock_loop_now(x->server->loop))
        send_and_settle(x, reply);
    else if (!send_later(x, reply))
        mock_connection_close(x);
}

void mock_exchange_deliver(struct mock_exchange *c,
                           const struct mock_http_head *head, const char *body,
                           size_t body_length)
{
    struct mock_server *s = c->server;
    struct mock_request r = {
        .method = head->method,
        .method_length = head->method_length,
        .path = head->path,
        .path_length = head->path_length,
        .query = head->query,
        .query_length = head->query_length,
        .body = body,
        .body_length = body_length,
        .head = c->head,
        .keep_alive = head->keep_alive,
        .fields = head,
    };
    assert(c->busy);
    c->open = true;
    c->answered = false;
    c->on_end = NULL;
    c->time = mock_loop_now(s->loop);
    mock_count(&s->counters.requests, 1);
    mock_count(&s->counters.waiting, 1);
    mock_count(&s->counters.half_closed, c->fin);
    mock_connection_enter(c, MOCK_WAIT);
    s->config.handler(s->config.context, c, &r);
}

void mock_exchange_refuse(struct mock_exchange *c, int status)
{
    struct mock_server *s = c->server;
    const char *body = s->config.error_body(status);
    const struct mock_reply r = {
        .status = status,
        .content_type = "application/json",
        .body = body,
        .body_length = strlen(body),
    };
    mock_count(&s->counters.refused, 1);
    c->keep_alive = false;
    c->head = false;
    c->unread = true;
    assert(c->busy);
    send_reply(c, &r);
}

void mock_exchange_flush(struct mock_exchange *c)
{
    size_t rest = c->out_length - c->out_sent;
    assert(c->state == MOCK_WRITE);
    if (c->flow != NULL) {
        go_on(c);
        return;
    }
    ssize_t n = send(c->fd, c->out + c->out_sent, rest, MSG_NOSIGNAL);
    if (n < 0) {
        if (!would_block())
            mock_connection_close(c);
        return;
    }
    c->out_sent += (size_t)n;
    mock_connection_enter(c, MOCK_WRITE);
    if (c->out_sent < c->out_length)
        return;
    free(c->out);
    c->out = NULL;
    c->busy = true;
    mock_exchange_all_sent(c);
    c->busy = false;
    mock_connection_settle(c);
}
