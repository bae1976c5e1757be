#ifndef MOCK_CONNECTION_H
#define MOCK_CONNECTION_H

#include <stdatomic.h>

#include "mockserver/http.h"
#include "mockserver/response.h"
#include "mockserver/server.h"

/*
 * What server.c, connection.c, exchange.c and flow.c share, and nobody else.
 * server.c owns the listening socket and the list of connections,
 * connection.c reads requests and owns states and deadlines, exchange.c hands
 * requests over and sends answers.  An exchange is its connection: there is
 * one at a time.
 *
 * CLOSING and LINGER come after the last answer.  A socket that is closed
 * with unread input resets the connection, and the client might never see
 * the answer: so our side is shut first, and what still comes is dropped
 * until the client closes, too.
 */
enum mock_connection_state {
    MOCK_IDLE,    /* no byte of a request; `in` is empty, or resume is set */
    MOCK_HEAD,    /* `in` holds a part of a head */
    MOCK_BODY,    /* `in` holds a head and a part of its body */
    MOCK_WAIT,    /* the handler has the request; `open` */
    MOCK_WRITE,   /* `out` holds what the client did not take yet */
    MOCK_CLOSING, /* to be closed before the callback ends */
    MOCK_LINGER   /* our side is shut */
};

/* An answer that comes in pieces (flow.c). */
struct mock_flow;

/* An answer that is not due yet, and its texts behind it. */
struct mock_pending {
    struct mock_reply reply;
    char texts[];
};

struct mock_exchange {
    struct mock_server *server;
    struct mock_exchange *next, *previous;
    int fd;
    enum mock_connection_state state;
    bool busy;   /* its input is being processed: free it later */
    bool dead;   /* to be freed when no longer busy */
    bool resume; /* `in` is to be processed at the next turn */
    bool fin;    /* seen in WAIT or WRITE: the client sends no more */
    bool unread; /* input may be left in the socket */

    /* deadlines are lazy: the timer may go off before `deadline`, and is
       then set anew; so a request sets none */
    uint32_t deadline_timer;
    int64_t deadline; /* CLOCK_MONOTONIC; INT64_MAX: none */
    int64_t armed;    /* when the timer goes off */

    char *in; /* not yet used, in_length bytes */
    size_t in_length, in_capacity;
    size_t parsed; /* in HEAD: bytes that were not enough */
    char *out;
    size_t out_length, out_sent;

    /* the request being read or answered */
    size_t head_length;
    int64_t content_length;
    size_t body_length; /* chunked: decoded so far */
    struct mock_http_chunks chunks;
    bool chunked;
    bool expect_continue; /* and not told to go on yet */
    bool keep_alive;
    bool http_1_0;
    bool head; /* answer without a body */

    bool open; /* handed over and not ended */
    bool answered;
    uint32_t due_timer; /* when `pending` is due */
    lim_time time;
    struct mock_pending *pending;
    struct mock_flow *flow; /* until the exchange ends */
    mock_exchange_end_fn *on_end;
    void *on_end_context;
};

#define MOCK_CONNECTION_SCRATCH 65536

struct iovec;

/* As struct mock_server_counters; the server's thread alone writes them,
   and others read. */
struct mock_counters {
    _Atomic uint64_t accepted, requests, refused, answered, abandoned;
    _Atomic uint64_t connections, waiting, half_closed;
};

static inline void mock_count(_Atomic uint64_t *n, int64_t more)
{
    uint64_t now = atomic_load_explicit(n, memory_order_relaxed);
    atomic_store_explicit(n, now + (uint64_t)more, memory_order_relaxed);
}

struct mock_server {
    struct mock_loop *loop;
    struct mock_server_config config;
    struct mock_counters counters;
    struct mock_exchange *first; /* of all connections */
    int listener;                /* -1: none */
    uint32_t accept_timer;       /* ends a pause */
    bool paused;                 /* accepts none for now */
    bool draining;
    bool drained; /* and has said so */
    struct mock_response_date date;

    /* Where every read goes first: most requests are whole then, and cost
       their connection no memory.  Used until the handler has returned. */
    char scratch[MOCK_CONNECTION_SCRATCH];
};

/* server.c: a connection has left the list. */
void mock_server_closed(struct mock_server *s);

/* Takes over an accepted, non-blocking socket.  0, or -1: no memory or no
   room in the loop; the socket is closed then. */
int mock_connection_open(struct mock_server *s, int fd);

/* Closes it if nothing has come, or nothing will be answered; others learn of
   the drain when they have been answered. */
void mock_connection_drain(struct mock_exchange *c);

/* Ends its exchange unsent, closes and frees it (later, while it is busy). */
void mock_connection_close(struct mock_exchange *c);

/* Enters a state and sets its deadline. */
void mock_connection_enter(struct mock_exchange *c,
                           enum mock_connection_state state);

/* After a change of state outside of the processing of input: does what the
   new state asks for.  May free the connection. */
void mock_connection_settle(struct mock_exchange *c);

/* exchange.c: gives a request to the handler, in state WAIT from then on. */
void mock_exchange_deliver(struct mock_exchange *c,
                           const struct mock_http_head *head, const char *body,
                           size_t body_length);

/* Answers with an error of the server's own and then closes.  Does not
   settle. */
void mock_exchange_refuse(struct mock_exchange *c, int status);

/* Tells whether the answer that it waits for has no byte: who does not listen
   any more need not be told. */
bool mock_exchange_is_silent(const struct mock_exchange *c);

/* State WRITE: sends on.  May free the connection. */
void mock_exchange_flush(struct mock_exchange *c);

/* The last byte was taken: the exchange ends, and the next one begins. */
void mock_exchange_all_sent(struct mock_exchange *c);

/* Tells the handler's side how it ended, if it has not been told. */
void mock_exchange_end(struct mock_exchange *c, bool sent);

/* flow.c: takes a stream.  NULL: no memory, and the stream is not taken. */
struct mock_flow *mock_flow_new(const struct mock_stream *stream);
void mock_flow_free(struct mock_flow *f); /* NULL is allowed */

/* Sends the head of the answer and what is due; both may close c, which is
   busy and is to be settled afterwards. */
void mock_flow_begin(struct mock_exchange *c, const struct iovec *head,
                     size_t parts);

/* Goes on: a piece is due, or the system takes more. */
void mock_flow_go_on(struct mock_exchange *c);

#endif
