#ifndef BENCH_RECEIVED_H
#define BENCH_RECEIVED_H

#include "bench/batch.h"
#include "bench/transport.h"
#include "limiter/price.h"

/*
 * What came back for a request of a batch: what it tells the pool, and what
 * is to be written of it.  An answer in events is collected, where the request
 * asked for one.
 */
struct bench_received {
    struct lim_outcome outcome;
    /* The answer was lost, whole or in part: the request may have been carried
       out, and counted, all the same. */
    bool lost;
    const char *body; /* to be written; valid as long as the transfer */
    size_t length;
    char message[256]; /* what it says of an error; "" */
};

/* `price` NULL: what it cost is not known. */
void bench_received_read(struct bench_received *r,
                         const struct bench_batch_request *q,
                         const struct lim_price *price,
                         struct bench_transfer *t);

#endif
