#ifndef LIM_BACKOFFS_H
#define LIM_BACKOFFS_H

#include "limiter/backoff.h"
#include "limiter/rng.h"

/* One file each; the list is in limiter/backoff.c. */
extern const struct lim_backoff lim_backoff_decorrelated;
extern const struct lim_backoff lim_backoff_equal_jitter;
extern const struct lim_backoff lim_backoff_full_jitter;
extern const struct lim_backoff lim_backoff_hinted;
extern const struct lim_backoff lim_backoff_immediate;
extern const struct lim_backoff lim_backoff_sdk;
extern const struct lim_backoff lim_backoff_sdk_node;

/* Returns min(cap, base x 2^n), whatever the numbers. */
static inline int64_t lim_backoff_ceiling(const struct lim_backoff_case *c)
{
    if (c->n >= 63 || c->base_ns > c->cap_ns >> c->n)
        return c->base_ns == 0 ? 0 : c->cap_ns;
    return c->base_ns << c->n;
}

/*
 * Returns the draw's share of `span` (>= 0), from 0 to below it.  The largest
 * draw is 1 - 2^-53: not even a span that a double rounds up is reached.
 */
static inline int64_t lim_backoff_share(int64_t span, uint64_t draw)
{
    return (int64_t)((double)span * lim_rng_uniform(draw));
}

#endif
