#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/batch.h"
#include "bench/budget.h"
#include "bench/replies.h"
#include "bench/roster.h"
#include "bench/shutout.h"
#include "sim/scenario.h"

/* Why it ended. */
enum bench_end {
    BENCH_END_DONE,     /* every request succeeded or failed for good */
    BENCH_END_STOPPED,  /* somebody wanted so; what was in flight has ended */
    BENCH_END_CUT,      /* wanted so twice: it has not */
    BENCH_END_BUDGET,   /* no request or no money is left to send with */
    BENCH_END_NOBODY,   /* everybody who could send the rest is shut out */
    BENCH_END_TOO_LONG, /* limits let nothing through for too long */
    BENCH_END_UNWRITTEN /* answers cannot be written */
};

/* What it came to, or has come to by now. */
struct bench_sent {
    uint64_t succeeded, failed; /* requests */
    uint64_t attempts, http_429, waiting, in_flight;
    uint64_t twice; /* sent again after an answer that was lost */
    int64_t tokens; /* used by what succeeded; estimates where it is not told */
    int64_t microusd;
    bool spend_known; /* of all that succeeded */
    unsigned grown;   /* limits that answers showed to be larger than told */
    double seconds;
    double left_s;         /* by the limits; -1: not known */
    char waits_for[400];   /* what holds up all that waits; "": nothing does */
    lim_time waits_until;  /* LIM_NEVER: not known */
    enum bench_end ending; /* why no more is sent; DONE: it is */
};

/* For reports, within `tell`. */
struct bench_view {
    const struct bench_sent *sent;
    const struct lim_pool *pool;
    const struct bench_shutout *shutout;
    lim_time now;
    bool over; /* it is the last one */
};

enum bench_wish { BENCH_GO_ON, BENCH_STOP, BENCH_CUT };

/*
 * Sends a batch through the pool, each request when its turn has come, and
 * writes the answers as they come: the limiter of all scenarios, on the wall's
 * clock.
 */
struct bench_sender {
    const struct bench_batch *batch;
    bool *done; /* one a request: not to be sent; it grows */
    const struct bench_roster *roster;
    const struct sim_client_config *client;
    const char *base_url; /* an account's own goes before it */
    const char *cacert;   /* NULL: the system's authorities */
    struct bench_replies *replies;
    struct bench_budget *budget;
    /* Nothing can be sent: how long that is waited for.  -1: limits for ever,
       and organisations that are shut out not at all; else those are asked
       again each minute. */
    int64_t max_wait_ns;
    double speed; /* of the clock: a mock server's, which tells it; 1 */
    uint64_t seed;
    struct mock_loop *loop; /* its clock runs from now on, at that speed */
    /* Called ten times a second of the wall's, and at the end. */
    enum bench_wish (*tell)(void *context, const struct bench_view *v);
    void *context;
};

/* Requests that the pool holds: as many are in flight at most.  One takes some
   18 KB. */
#define BENCH_AT_ONCE_MAX 2048

/* The pool that sends the batch; NULL and `diag`.  The caller frees it. */
struct lim_pool *bench_send_pool(const struct bench_sender *s, lim_time start,
                                 struct lim_diag *diag);

/* A request of the batch as the pool takes it. */
struct lim_request bench_send_request(const struct bench_sender *s,
                                      size_t request);

/* The most that a request may cost, where its reply is bounded: what is
   reserved for a reply costs more than what is asked.  -1: nobody knows. */
int64_t bench_send_most(const struct bench_roster *r,
                        const struct bench_batch *b, size_t request);

/* LIM_OK, and `out`; or an error and `diag`. */
int bench_send_batch(const struct bench_sender *s, struct bench_sent *out,
                     struct lim_diag *diag);

#endif
