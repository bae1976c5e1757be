#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/batch.h"
#include "bench/replies.h"
#include "bench/roster.h"
#include "sim/scenario.h"

/* What it came to. */
struct bench_sent {
    uint64_t succeeded, failed; /* requests */
    uint64_t attempts, http_429, waiting, in_flight;
    double seconds;
    bool interrupted;
};

/*
 * Sends a batch through the pool, each request when its turn has come, and
 * writes the answers as they come: the limiter of all scenarios, on the wall's
 * clock.
 */
struct bench_sender {
    const struct bench_batch *batch;
    const bool *done; /* one a request: not to be sent */
    const struct bench_roster *roster;
    const struct sim_client_config *client;
    const char *base_url; /* an account's own goes before it */
    struct bench_replies *replies;
    uint64_t seed;
    /* Called ten times a second; false: stop. */
    bool (*go_on)(void *context, const struct bench_sent *so_far);
    void *context;
};

#define BENCH_AT_ONCE_MAX 4096 /* requests that the pool holds */

/* The pool that sends the batch; NULL and `diag`.  The caller frees it. */
struct lim_pool *bench_send_pool(const struct bench_sender *s, lim_time start,
                                 struct lim_diag *diag);

/* A request of the batch as the pool takes it. */
struct lim_request bench_send_request(const struct bench_sender *s,
                                      size_t request);

/* LIM_OK, and `out`; or an error and `diag`. */
int bench_send_batch(const struct bench_sender *s, struct bench_sent *out,
                     struct lim_diag *diag);

#endif
