#ifndef BENCH_SENDER_PARTS_H
#define BENCH_SENDER_PARTS_H

#include "bench/left.h"
#include "bench/sender.h"
#include "bench/transport.h"
#include "limiter/pool.h"

/*
 * A batch being sent.  dispatch.c brings a request on its way: into the pool,
 * out to a server, back as an answer, into a file.  sender.c has the time:
 * timers, waits and the end.  Internal to the two.
 */

/* A request that the pool holds, by the low half of its id.  A transfer's slot
   is that half, with a hedge's bit. */
struct bench_slot {
    lim_id id;
    size_t request;
    bool held;
};

struct bench_sending {
    const struct bench_sender *s;
    struct lim_diag *diag;
    struct bench_transport *transport;
    struct lim_pool *pool;
    struct bench_slot slots[BENCH_AT_ONCE_MAX];
    struct bench_batch_line line;
    struct bench_shutout shutout;
    struct lim_cost *left; /* by group: of what was never sent */
    struct bench_mark {    /* of a request */
        bool taken;        /* the pool holds it */
        bool left;         /* it is in `left` */
    } * marks;
    int64_t dearest; /* request, in micro-dollars */
    bool poor;       /* the rest of the money is put aside */
    size_t done_before;
    size_t next; /* of the batch, not yet in the pool */
    uint32_t wake_timer, pace_timer, again_timer;
    unsigned paces;
    lim_time began;
    lim_time stuck_since; /* nobody takes the rest; LIM_NEVER */
    lim_time again_at;    /* then who is shut out is asked again; LIM_NEVER */
    struct bench_sent sent;
    bool over;
    int error;
};

/* The id of a transfer's attempt. */
static inline lim_id bench_sending_id(const struct bench_sending *x,
                                      uint32_t slot)
{
    return x->slots[lim_hedged(slot)].id | (slot & LIM_HEDGE);
}

/* dispatch.c: sends all that may be sent now; writes what has come, and tells
   whether anything has. */
void bench_sending_pump(struct bench_sending *x);
bool bench_sending_reap(struct bench_sending *x);

/* Nothing more is sent; what is in flight may end. */
void bench_sending_end(struct bench_sending *x, enum bench_end why);

/* The loop ends now, with an error or without. */
void bench_sending_stop(struct bench_sending *x);
void bench_sending_fail(struct bench_sending *x, int error);

/* A request is left to be sent, or not. */
void bench_sending_note_left(struct bench_sending *x, size_t request,
                             bool left);

#endif
