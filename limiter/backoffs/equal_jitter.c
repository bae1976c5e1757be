/*
 * equal_jitter: half of m = min(cap, base x 2^n) for certain, the other half
 * drawn: uniform between m / 2 and m.
 *
 * Source: as full_jitter.  Mean 3/4 m.
 *
 * Pitfall: whoever failed together comes back within m / 2, twice as dense
 * as with full_jitter, and nobody in the half before.
 */

#include "limiter/backoffs/backoffs.h"

static int64_t wait(const struct lim_backoff_case *c)
{
    int64_t m = lim_backoff_ceiling(c);
    int64_t drawn = m / 2;
    return m - drawn + lim_backoff_share(drawn, c->draw);
}

const struct lim_backoff lim_backoff_equal_jitter = {
    .name = "equal_jitter",
    .summary = "uniform between half and all of min(cap, base x 2^n)",
    .wait = wait,
};
