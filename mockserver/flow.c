/* An answer whose body comes piece by piece, each when it is due. */

#include "mockserver/connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Room for the length of a chunk, written when the chunk is there; leading
   zeros are allowed (RFC 9112, 7.1). */
#define CHUNK_ROOM "00000000\r\n"

struct mock_flow {
    struct mock_stream stream;
    struct mock_text out; /* framed, and from `sent` on not yet sent */
    size_t sent;
    lim_time next; /* the next piece; LIM_NEVER: that was all */
    bool chunked;
    bool cut; /* the rest never comes */
};

struct mock_flow *mock_flow_new(const struct mock_stream *stream)
{
    struct mock_flow *f = calloc(1, sizeof *f);
    if (f != NULL)
        f->stream = *stream;
    return f;
}

void mock_flow_free(struct mock_flow *f)
{
    if (f == NULL)
        return;
    f->stream.free(f->stream.context);
    mock_text_fini(&f->out);
    free(f);
}

/* Adds what is due at `now` as one chunk, and what ends the body. */
static void produce(struct mock_flow *f, lim_time now)
{
    struct mock_text *out = &f->out;
    size_t head = f->chunked ? strlen(CHUNK_ROOM) : 0;
    size_t start = out->length;
    mock_text_add(out, CHUNK_ROOM, head);
    size_t body = out->length;
    f->next = f->stream.next(f->stream.context, now, out);
    assert(f->next > now || f->next == MOCK_STREAM_CUT || out->failed);
    f->cut = f->next == MOCK_STREAM_CUT || out->failed;
    if (f->cut)
        f->next = LIM_NEVER;
    if (!f->chunked || out->failed)
        return;
    size_t length = out->length - body;
    if (length == 0) {
        out->length = start; /* an empty chunk would be the last */
    } else {
        for (size_t i = 8; i-- > 0; length >>= 4)
            out->data[start + i] = "0123456789abcdef"[length & 15];
        mock_text_puts(out, "\r\n");
    }
    if (f->next == LIM_NEVER && !f->cut)
        mock_text_puts(out, "0\r\n\r\n");
}

/* 1: all is sent; 0: the system takes no more for now; -1: it never will. */
static int send_out(struct mock_exchange *c, struct mock_flow *f)
{
    size_t rest = f->out.length - f->sent;
    if (rest == 0)
        return 1;
    ssize_t n = send(c->fd, f->out.data + f->sent, rest, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0
                                                                         : -1;
    f->sent += (size_t)n;
    return f->sent == f->out.length;
}

/* Nothing is left to send for now. */
static void rest(struct mock_exchange *c, struct mock_flow *f)
{
    if (f->cut) {
        c->keep_alive = false;
        mock_exchange_end(c, false);
        mock_connection_enter(c, MOCK_CLOSING);
    } else if (f->next == LIM_NEVER) {
        mock_exchange_all_sent(c);
    } else {
        mock_loop_timer_set(c->server->loop, c->due_timer, f->next);
        mock_connection_enter(c, MOCK_WAIT);
    }
}

void mock_flow_go_on(struct mock_exchange *c)
{
    struct mock_flow *f = c->flow;
    assert(c->busy);
    for (;;) {
        int sent = send_out(c, f);
        if (sent < 0) {
            mock_connection_close(c);
            return;
        }
        if (sent == 0) {
            mock_connection_enter(c, MOCK_WRITE);
            return;
        }
        mock_text_clear(&f->out);
        f->sent = 0;
        if (f->next > mock_loop_now(c->server->loop))
            break;
        produce(f, mock_loop_now(c->server->loop));
        if (f->out.failed) {
            mock_connection_close(c);
            return;
        }
    }
    rest(c, f);
}

void mock_flow_begin(struct mock_exchange *c, const struct iovec *head,
                     size_t parts)
{
    struct mock_flow *f = c->flow;
    for (size_t i = 0; i < parts; i++)
        mock_text_add(&f->out, head[i].iov_base, head[i].iov_len);
    f->chunked = !c->http_1_0;
    f->next = mock_loop_now(c->server->loop);
    if (c->head)
        f->next = LIM_NEVER;
    else
        produce(f, f->next);
    if (f->out.failed)
        mock_connection_close(c);
    else
        mock_flow_go_on(c);
}
