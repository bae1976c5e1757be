#ifndef MOCK_SERVER_H
#define MOCK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/time.h"
#include "mockserver/loop.h"
#include "mockserver/text.h"

/*
 * The connections of an HTTP/1.1 server on a loop: it reads requests
 * strictly, hands each one over when it is complete, and sends the answer
 * at the time that the answer names, never before.
 *
 * One request of a connection is answered at a time; those pipelined behind
 * it wait unread.  A client that closed only its sending side still gets its
 * answer; one that reset the connection is gone at once.
 */
struct mock_server;

/* One request being answered. */
struct mock_exchange;

/* A complete request.  Strings are not 0-terminated. */
struct mock_request {
    const char *method; /* as sent: methods are case-sensitive */
    size_t method_length;
    const char *path; /* up to '?', not decoded; begins with '/'
                                   (or is "*", for OPTIONS) */
    size_t path_length;
    const char *query; /* after '?'; NULL: there is no '?' */
    size_t query_length;
    const char *body; /* chunks joined; never NULL */
    size_t body_length;
    bool head;       /* the method is HEAD */
    bool keep_alive; /* the client lets the connection live on */
    const struct mock_http_head *fields; /* for mock_request_header */
};

/*
 * Returns the value of the first header of that name in any case, without
 * blanks around it, and its length; NULL if there is none.  Its memory is
 * the request's.
 */
const char *mock_request_header(const struct mock_request *r, const char *name,
                                size_t *length);

/*
 * Is called for each request.  `r` and what it points to are valid until it
 * returns.  It answers `x` exactly once, at once or later; one that answers
 * later calls mock_exchange_on_end first, since the client may be gone by
 * then.
 */
typedef void mock_handler_fn(void *context, struct mock_exchange *x,
                             const struct mock_request *r);

/*
 * A body that comes piece by piece (chunked; to an HTTP/1.0 client until the
 * connection closes).  A client that reads slowly gets the pieces that became
 * due meanwhile at once.
 */
struct mock_stream {
    /*
     * Adds what is due at `now` to `out`, and returns when more will be:
     * later than `now`, LIM_NEVER when all is there, or MOCK_STREAM_CUT when
     * the rest never comes: what was sent arrives, and then the
     * connection closes without the end of the body.
     */
    lim_time (*next)(void *context, lim_time now, struct mock_text *out);
    void (*free)(void *context); /* called once; not by `next` */
    void *context;
};

#define MOCK_STREAM_CUT (-1)

/* What goes wrong with an answer on its way, on purpose.  Of a stream, no
   piece comes: it ends behind its head at the latest. */
enum mock_wire {
    MOCK_WIRE_WHOLE,
    MOCK_WIRE_SILENT,           /* closed when it was due, without a byte, or
                                   when the client or this server goes */
    MOCK_WIRE_RESET,            /* when it was due, by a reset */
    MOCK_WIRE_RESET_IN_HEAD,    /* reset after a part of the status line */
    MOCK_WIRE_RESET_AFTER_HEAD, /* reset after the empty line */
    MOCK_WIRE_CUT_BODY,         /* half of the body, then it closes */
    MOCK_WIRE_LONG              /* content-length tells 16 bytes more than
                                  there are; then it closes */
};

/*
 * An answer.  The server itself writes the status line, date (the loop's
 * time), content-length and connection; not the body of an answer to HEAD.
 */
struct mock_reply {
    int status;               /* 200 to 599 */
    const char *content_type; /* NULL: no such header */
    const char *headers;      /* more header lines, each ending in CRLF */
    size_t headers_length;
    const char *body;
    size_t body_length;
    lim_time at;               /* not before; one that has passed: at once */
    struct mock_stream stream; /* next NULL: none; else `body` is empty */
    enum mock_wire wire;
    int64_t date_shift_ns; /* added to the date that is told */
};

/*
 * Answers.  Everything is copied that is still needed when it returns, but a
 * stream's context, which is the server's from then on; `x` is not to be used
 * any more.  An answer due at once is written, and the
 * function given to mock_exchange_on_end called, before it returns.  Without
 * memory for an answer that waits, the connection is closed.
 */
void mock_exchange_reply(struct mock_exchange *x,
                         const struct mock_reply *reply);

/*
 * Has `fn` called once when the exchange ends: with `sent` true when the
 * last byte that was to be sent was handed to the system, false when the
 * client was gone before that (answered or not), it was reset or its stream
 * cut on purpose, or the server was freed.  `x` is not to be used from then
 * on.  Must be called before mock_exchange_reply.
 */
typedef void mock_exchange_end_fn(void *context, bool sent);
void mock_exchange_on_end(struct mock_exchange *x, mock_exchange_end_fn *fn,
                          void *context);

/* The loop's time at which the request was complete. */
lim_time mock_exchange_time(const struct mock_exchange *x);

/* Whose a port is.  Only what was shared can be joined, so that no other
   program takes a part of the connections unseen. */
enum mock_server_port {
    MOCK_PORT_ALONE,
    MOCK_PORT_SHARED, /* free until now; others of the same user may join it */
    MOCK_PORT_JOINED  /* one that another server shares */
};

struct mock_server_config {
    mock_handler_fn *handler;
    void *context; /* of handler and drained */

    /* NULL, or is called once when a drain is over (maybe before
       mock_server_drain returns). */
    void (*drained)(void *context);

    /* The JSON body of an answer that the server makes itself (400, 408,
       413, 414, 417, 431, 501, 503, 505): static memory, 0-terminated.
       NULL: a short one in the API's form. */
    const char *(*error_body)(int status);

    size_t head_max;        /* bytes of request line and headers */
    size_t body_max;        /* bytes of a body, chunks joined */
    size_t connections_max; /* beyond it, clients wait to be accepted */
    int64_t head_ns;        /* wall time from its first byte to the end
                                   of a head; then 408 */
    int64_t body_ns;        /* the same for the body after it */
    int64_t idle_ns;        /* of a connection without a request */
    int64_t write_ns;       /* of a client that takes nothing */
    enum mock_server_port port;
};

/* 64 KiB, 32 MiB, 100,000 connections, 10 s, 60 s, 75 s, 30 s. */
struct mock_server_config mock_server_config_default(void);

/* Copies `config`.  NULL: no memory.  The loop outlives the server. */
struct mock_server *mock_server_new(struct mock_loop *loop,
                                    const struct mock_server_config *config);

/*
 * Listens at a host name or address (IPv4 or IPv6); port 0 takes any.
 * `*bound_port` tells which (NULL is allowed).  Returns 0, or -1 with errno
 * (EADDRNOTAVAIL when the name is not known).  One address a server.
 */
int mock_server_listen(struct mock_server *s, const char *host, uint16_t port,
                       uint16_t *bound_port);

/*
 * Ends in good order: accepts no more, closes idle connections, answers what
 * is being read or waits, with `connection: close`, and then calls `drained`.
 * An answer whose head was written before is sent to its end, and then its
 * connection closes.  A second call does nothing.
 */
void mock_server_drain(struct mock_server *s);

/* Closes everything; exchanges end unsent.  Not from a callback of the
   server's; NULL is allowed. */
void mock_server_free(struct mock_server *s);

struct mock_server_counters {
    uint64_t accepted;    /* connections so far */
    uint64_t requests;    /* handed to the handler so far */
    uint64_t refused;     /* answered with an error of the server's */
    uint64_t answered;    /* answers sent whole */
    uint64_t abandoned;   /* exchanges whose client was gone */
    uint64_t connections; /* open now */
    uint64_t waiting;     /* exchanges now without an answer sent */
    uint64_t half_closed; /* of them, whose client sends no more */
};

/* Adds its counts to `sum`; from any thread, while the server is there. */
void mock_server_count(const struct mock_server *s,
                       struct mock_server_counters *sum);

#endif
