/*
 * hinted: the server's hint, 1 ms more, and on top what full_jitter would
 * wait; without a hint full_jitter alone.  The millisecond is for the wire,
 * which cuts hints to whole ones.
 *
 * Source: ours, from the remedy that is usual where a server says when to
 * come back: all whom it refuses at one instant hear the same hint, and what
 * they share cannot spread them.  The spread grows with each refusal.  Mean:
 * the hint, 1 ms and m / 2, where m is min(cap, base x 2^n).
 *
 * Pitfall: there is no longest hint.  An hour's is waited for, unless the
 * request has a deadline.
 */

#include "limiter/backoffs/backoffs.h"

static int64_t wait(const struct lim_backoff_case *c)
{
    int64_t spread = lim_backoff_share(lim_backoff_ceiling(c), c->draw);
    if (c->hint_ns < 0)
        return spread;
    int64_t least = c->hint_ns;
    least += least < INT64_MAX - LIM_MSEC ? LIM_MSEC : INT64_MAX - least;
    return spread < INT64_MAX - least ? least + spread : INT64_MAX;
}

const struct lim_backoff lim_backoff_hinted = {
    .name = "hinted",
    .summary = "the hint and full jitter on top; without a hint full_jitter",
    .wait = wait,
    .obeys = true,
};
