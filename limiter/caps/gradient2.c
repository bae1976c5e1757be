/*
 * gradient2: follows the trend of latency, recent against long-term.
 *
 * A window is at least 1 s and 10 answers; its mean is `short`, and the mean
 * over some 600 windows `long`.  With gradient = 1.5 * long / short, bounded
 * to [0.5, 1]:  limit = 0.8 * limit + 0.2 * (limit * gradient + 4), unless
 * the window never had half of the limit in flight.  A `long` above twice
 * `short` loses 5 % a window: load that has gone is forgotten sooner.
 *
 * Source: Gradient2Limit of Netflix' concurrency-limits in its WindowedLimit.
 * Departures: that never goes below 20, and it throws away a window that
 * ends with fewer than 10 answers: a small organisation would never have one.
 *
 * Pitfall: it does not look at drops.  A refusal is an answer like any
 * other, a fast one: where a server refuses instead of slowing down, it rises
 * until nearly all is refused.  With the option `drops` a drop is no
 * measurement, and the first of a round trip multiplies by `backoff` (0.9).
 */

#include "limiter/caps/caps.h"

#define WINDOW LIM_SEC
#define WINDOW_ANSWERS 10
#define LONG_AGE 600
#define LONG_WARM 10
#define TOLERANCE 1.5
#define QUEUE 4
#define WEIGHT 0.2

struct gradient2 {
    struct lim_caps_limit limit;
    bool drops;
    struct lim_caps_mean long_ns;
    double sum_ns; /* of the window */
    int64_t answers, in_flight;
    lim_time until;
};

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct gradient2 *g = state;
    *g = (struct gradient2){ .drops = o->drops, .until = now };
    lim_caps_init(&g->limit, o);
}

static void follow(struct gradient2 *g, double short_ns)
{
    struct lim_caps_limit *l = &g->limit;
    double long_ns =
        lim_caps_mean_add(&g->long_ns, short_ns, LONG_WARM, LONG_AGE);
    if (long_ns > 2 * short_ns)
        g->long_ns.value *= 0.95;
    if (!lim_caps_used(l, g->in_flight))
        return;
    double gradient = TOLERANCE * long_ns / short_ns;
    gradient = gradient > 1 ? 1 : gradient < 0.5 ? 0.5 : gradient;
    double next = l->value * gradient + QUEUE;
    lim_caps_set(l, l->value * (1 - WEIGHT) + next * WEIGHT);
}

static void measure(struct gradient2 *g, const struct lim_cap_sample *s)
{
    g->sum_ns += lim_caps_latency(s);
    g->answers++;
    g->in_flight = g->in_flight > s->in_flight ? g->in_flight : s->in_flight;
    if (s->now < g->until || g->answers < WINDOW_ANSWERS)
        return;
    follow(g, g->sum_ns / (double)g->answers);
    g->sum_ns = 0;
    g->answers = 0;
    g->in_flight = 0;
    g->until = s->now < LIM_NEVER - WINDOW ? s->now + WINDOW : LIM_NEVER;
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct gradient2 *g = state;
    struct lim_caps_limit *l = &g->limit;
    if (!g->drops || !lim_caps_dropped(l, s))
        measure(g, s);
    else if (lim_caps_first_drop(l, s))
        lim_caps_set(l, l->value * l->backoff);
}

static int64_t limit(const void *state)
{
    const struct gradient2 *g = state;
    return (int64_t)g->limit.value;
}

const struct lim_cap lim_cap_gradient2 = {
    .name = "gradient2",
    .summary = "recent latency against that of long ago",
    .state_size = sizeof(struct gradient2),
    .init = init,
    .ended = ended,
    .limit = limit,
};
