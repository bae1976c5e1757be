#ifndef LIM_MEMBER_H
#define LIM_MEMBER_H

#include <assert.h>
#include <stdint.h>

#include "limiter/row.h"

/*
 * What every request changes of an organisation, and who compares samples
 * reads: two of them to a cache line, for where there are thousands it is far
 * away.  What only some pools look at is a struct lim_trait.
 */
struct lim_member {
    int64_t spent;    /* micro-dollars this month, */
    int64_t reserved; /* of them by what is in flight */
    uint32_t in_flight;
    unsigned keys, next_key;
    int priority;
};

static_assert(2 * sizeof(struct lim_member) == LIM_CACHE_LINE, "two of them");

#endif
