/*
 * full_jitter: uniform between 0 and m = min(cap, base x 2^n).
 *
 * Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture
 * Blog, 2015: of the forms it compares the one with the least work for the
 * server.  Mean m / 2.
 *
 * Pitfall: some retries come at once.  Where refusals count against the
 * limit, equal_jitter or hinted costs less.
 */

#include "limiter/backoffs/backoffs.h"

static int64_t wait(const struct lim_backoff_case *c)
{
    return lim_backoff_share(lim_backoff_ceiling(c), c->draw);
}

const struct lim_backoff lim_backoff_full_jitter = {
    .name = "full_jitter",
    .summary = "uniform between 0 and min(cap, base x 2^n)",
    .wait = wait,
};
