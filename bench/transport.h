#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/buffer.h"
#include "limiter/feedback.h"
#include "mockserver/loop.h"

/*
 * HTTP requests on an event loop, by libcurl: connections live on between
 * requests, handles are used again, and more than some hundreds in flight are
 * spread over several multi handles, since libcurl walks all connections to a
 * host at every request.
 *
 *     struct bench_transfer *x = bench_transport_take(t);
 *     ... fill the request's part of x ...
 *     bench_transport_send(t, x);
 *     ... the loop runs, and calls `wake` ...
 *     while ((x = bench_transport_reap(t)) != NULL)
 *         ... read the answer's part of x; bench_transport_give(t, x) ...
 */
struct bench_transport;

#define BENCH_OWN_LINES 2

struct bench_transfer {
    /* The request, filled by the caller.  Empty strings are not sent. */
    uint32_t slot; /* the caller's, like the next */
    unsigned tag;
    char url[512];
    const char *const *lines; /* header lines, end with NULL; must stay valid
                                 until it is reaped; NULL: none */
    char own_lines[BENCH_OWN_LINES][80]; /* and such of this request */
    struct bench_buffer body;            /* empty: GET */

    /* The answer, valid until it is given back. */
    int status;          /* 0: none came, or not to its end */
    bool begun;          /* it left, or began to */
    lim_time sent;       /* when it left, on the loop's clock */
    lim_time first_byte; /* of the body of a 2xx, if it came; LIM_NEVER */
    struct lim_feedback feedback;
    double mock_speed;   /* of x-mock-speed; -1: not sent */
    char request_id[64]; /* of x-request-id; "": not sent */
    struct bench_buffer answer;
    const char *trouble; /* why none came: static memory */
};

struct bench_transport_config {
    struct mock_loop *loop;
    void (*wake)(void *context); /* something happened: reap */
    /* The connection of `x` is there, and now it is sent; NULL: nobody asks.
       It may be called before bench_transport_send returns. */
    void (*begun)(void *context, const struct bench_transfer *x);
    void *context;
    int64_t timeout_ns; /* wall time of a whole request */
    bool proxies;       /* those of the environment are used */
    const char *cacert; /* file of authorities in place of the system's; NULL;
                           must stay valid */
};

/* NULL: no memory.  The loop outlives it. */
struct bench_transport *bench_transport_new(
    const struct bench_transport_config *config);

/* Cuts off what is in flight; NULL is allowed. */
void bench_transport_free(struct bench_transport *t);

/* An empty transfer, or NULL: no memory. */
struct bench_transfer *bench_transport_take(struct bench_transport *t);

/* Sends, as far as the socket takes it before this returns.  `x` is not to be
   touched until it is reaped: also a failure is told there. */
void bench_transport_send(struct bench_transport *t, struct bench_transfer *x);

/* The next transfer that has ended, or NULL; its memory goes back to `t` by
   bench_transport_give. */
struct bench_transfer *bench_transport_reap(struct bench_transport *t);
void bench_transport_give(struct bench_transport *t, struct bench_transfer *x);

/* Breaks off what is in flight for `slot`, and takes it back; nothing if there
   is nothing.  The server sees its connection close. */
void bench_transport_cut(struct bench_transport *t, uint32_t slot);

size_t bench_transport_in_flight(const struct bench_transport *t);
uint64_t bench_transport_connections(const struct bench_transport *t);

#endif
