/*
 * aimd: additive increase, multiplicative decrease (Chiu and Jain 1989; TCP).
 *
 * An answer adds 1 / limit while at least half of the limit is in flight, so
 * that a round trip adds 1; the first drop of a round trip multiplies by
 * `backoff` (0.9).  Slower than `timeout_ns` (60 s) is a drop as well.
 *
 * Source: AIMDLimit of Netflix' concurrency-limits.  Departures: that adds 1
 * for each answer, which doubles the limit each round trip, and takes the
 * factor for each drop, so that ten refusals at once leave a third; it never
 * goes below 20, rounds down, and its time-out is 5 s, which is an ordinary
 * reply here.
 *
 * Pitfall: it learns nothing from latency and finds its limit only by
 * running into it: a steady share of refusals is the price.  `timeout_ns` is
 * compared to what is measured: with a time per token it is one per token.
 */

#include "limiter/caps/caps.h"

#define TIMEOUT (60 * LIM_SEC)

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct lim_caps_limit *l = state;
    (void)now;
    lim_caps_init(l, o);
    if (l->timeout_ns == INT64_MAX)
        l->timeout_ns = TIMEOUT;
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct lim_caps_limit *l = state;
    if (lim_caps_dropped(l, s)) {
        if (lim_caps_first_drop(l, s))
            lim_caps_set(l, l->value * l->backoff);
    } else if (lim_caps_used(l, s->in_flight)) {
        lim_caps_set(l, l->value + 1 / l->value);
    }
}

static int64_t limit(const void *state)
{
    const struct lim_caps_limit *l = state;
    return (int64_t)l->value;
}

const struct lim_cap lim_cap_aimd = {
    .name = "aimd",
    .summary = "one more a round trip, a tenth less on a drop",
    .state_size = sizeof(struct lim_caps_limit),
    .init = init,
    .ended = ended,
    .limit = limit,
};
