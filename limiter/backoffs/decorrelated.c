/*
 * decorrelated: min(cap, uniform between base and 3 x the last wait), where
 * the last wait is the base at first.  The number of the retry plays no part.
 *
 * Source: as full_jitter.  Uncapped, the mean of the k-th wait (from 1) is
 * base x (2 x 1.5^k - 1).
 *
 * Pitfalls: the cap cuts off what is drawn and does not shorten the range, so
 * that in the long run many wait for exactly the cap, together.  And the last
 * wait is what was waited: a long hint of the server makes the next one long.
 */

#include "limiter/backoffs/backoffs.h"

static int64_t wait(const struct lim_backoff_case *c)
{
    int64_t base = c->base_ns, cap = c->cap_ns;
    int64_t last = c->previous_ns > base ? c->previous_ns : base;
    int64_t top = last > INT64_MAX / 3 ? INT64_MAX : 3 * last;
    int64_t drawn = base + lim_backoff_share(top - base, c->draw);
    return drawn < cap ? drawn : cap;
}

const struct lim_backoff lim_backoff_decorrelated = {
    .name = "decorrelated",
    .summary = "min(cap, uniform between base and 3 x the last wait)",
    .wait = wait,
};
