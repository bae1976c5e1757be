#ifndef LIM_DIVIDE_H
#define LIM_DIVIDE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Division of many numbers by one, exactly and without dividing: n / by is
 * the upper half of n x inverse, or one more.  (The inverse is 2^64 / by less
 * something below 2, so for n < 2^63 the product is at most 1 too small, and
 * the rest shows it.)
 */
struct lim_divisor {
    uint64_t by, inverse;
};

/* `by` > 0. */
static inline struct lim_divisor lim_divisor_make(int64_t by)
{
    return (struct lim_divisor){ (uint64_t)by, UINT64_MAX / (uint64_t)by };
}

/* Returns n / by of 0 <= n <= INT64_MAX, and the rest. */
static inline int64_t lim_divide(const struct lim_divisor *d, int64_t n,
                                 int64_t *rest)
{
    __extension__ typedef unsigned __int128 product;
    uint64_t q = (uint64_t)((product)(uint64_t)n * d->inverse >> 64);
    uint64_t left = (uint64_t)n - q * d->by;
    bool more = left >= d->by;
    *rest = (int64_t)(left - (more ? d->by : 0));
    return (int64_t)(q + more);
}

#endif
