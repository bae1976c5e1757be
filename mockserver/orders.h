#ifndef MOCK_ORDERS_H
#define MOCK_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mockserver/kinds.h"

/*
 * Answers that a hand ordered for the next requests, each for some or for one
 * organisation's.  They come in place of all else: nothing is charged.
 */
#define MOCK_ORDERS_MAX 64

struct mock_order {
    const struct mock_kind *kind;
    int64_t organisation; /* its requests alone; -1: any */
    int64_t left;         /* so many requests; > 0 */
};

/* One of zeros is empty. */
struct mock_orders {
    struct mock_order list[MOCK_ORDERS_MAX]; /* in the order of their coming */
    size_t count;
};

/* False: there are too many. */
bool mock_orders_add(struct mock_orders *o, const struct mock_order *order);

/* What the request of an organisation is to be answered with, the first that
   fits; NULL: nothing was ordered for it. */
const struct mock_kind *mock_orders_take(struct mock_orders *o,
                                         uint32_t organisation);

#endif
