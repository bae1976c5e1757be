#ifndef TESTS_DRAWN_POOL_H
#define TESTS_DRAWN_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/pool.h"

/* A pool's configuration, requests and answers, all drawn from a seed. */

#define DRAWN_ORGANISATIONS 40
#define DRAWN_CLASSES 4
#define DRAWN_GROUPS 3
#define DRAWN_TENANTS 4

struct dice {
    uint64_t stream, rolls;
};

/* Returns 0 to n - 1. */
uint64_t dice_roll(struct dice *d, uint64_t n);

/* Tells whether one in n comes. */
bool dice_one_in(struct dice *d, uint64_t n);

/* Returns 1 to 2^bits - 1, every size alike. */
int64_t dice_size(struct dice *d, unsigned bits);

struct drawn {
    struct lim_limits limits[DRAWN_ORGANISATIONS][DRAWN_GROUPS];
    bool serves[DRAWN_ORGANISATIONS][DRAWN_GROUPS];
    struct lim_organisation organisations[DRAWN_ORGANISATIONS];
    struct lim_config config; /* points into this */
    bool headers, hints;      /* answers show them */
    bool exact; /* what may go, and when, follows from the limits alone */
};

void drawn_config(struct drawn *c, struct dice *d);

/* `number` keys the pool's own draws. */
struct lim_request drawn_request(const struct drawn *c, struct dice *d,
                                 uint64_t number, lim_time now);

/* What the head of an answer shows, true or not. */
struct lim_feedback drawn_feedback(const struct drawn *c, struct dice *d,
                                   uint32_t organisation, unsigned group);

/* An answer to a request of that cost. */
struct lim_outcome drawn_outcome(const struct drawn *c, struct dice *d,
                                 uint32_t organisation,
                                 const struct lim_request *r);

#endif
