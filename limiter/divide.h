#ifndef LIM_DIVIDE_H
#define LIM_DIVIDE_H

#include <stdint.h>

/*
 * Division of many numbers by one, exactly and without dividing.  With 2^shift
 * the first power of two that is not below `by`, `factor` is 2^(63 + shift) /
 * by, rounded up: too much by less than one in 2^63, so that n / by comes out
 * too large by less than 1 / by, for n < 2^63, and its whole part is right.
 * (Granlund and Montgomery 1994.)
 */
struct lim_divisor {
    uint64_t by, factor;
    unsigned shift;
};

__extension__ typedef unsigned __int128 lim_product;

/* `by` > 0. */
static inline struct lim_divisor lim_divisor_make(int64_t by)
{
    struct lim_divisor d = { .by = (uint64_t)by };
    while (UINT64_C(1) << d.shift < d.by)
        d.shift++;
    lim_product up = ((lim_product)1 << (63 + d.shift)) + d.by - 1;
    d.factor = (uint64_t)(up / d.by);
    return d;
}

/* Returns n / by of 0 <= n <= INT64_MAX, and the rest. */
static inline int64_t lim_divide(const struct lim_divisor *d, int64_t n,
                                 int64_t *rest)
{
    lim_product twice = (lim_product)((uint64_t)n * 2) * d->factor;
    uint64_t q = (uint64_t)(twice >> 64) >> d->shift;
    *rest = n - (int64_t)(q * d->by);
    return (int64_t)q;
}

#endif
