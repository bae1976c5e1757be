/*
 * vegas: keeps a small queue at the server (Brakmo and Peterson 1995).
 *
 * The shortest latency stands for an idle server; what the others take more
 * is queue: limit * (1 - shortest / latency) requests.  With step = decimal
 * order of the limit (1 below 100): a queue up to 1 step adds 6 steps a round
 * trip, below 3 adds 1, above 6 takes 1, between it holds; less than half in
 * use holds.  The first drop of a round trip multiplies by `backoff` (0.9)
 * and takes one step at least.  After 15 to 30 round trips the shortest is
 * forgotten, so that a server that became slower is believed.
 *
 * Source: VegasLimit of Netflix' concurrency-limits.  Departures: its steps
 * are taken for each answer, 6 * limit a round trip, and overshoot; here an
 * answer takes its share, step / limit.  Its drop takes one step each,
 * however many.  The latency of a drop is no measurement: a refusal comes
 * back in no time, and one such "shortest" makes every answer look queued.
 * When to forget is drawn from a counter, not from a global generator.
 *
 * Pitfall: with the whole latency as measure the shortest is that of the
 * one-word reply and the limit collapses to some 6; measure the time to the
 * first token, or for each.  Forgetting while there is a queue takes the
 * queue for the idle server: under load without a pause the limit climbs
 * until it is refused.
 */

#include "limiter/caps/caps.h"
#include "limiter/rng.h"

#define PROBE_ROUND_TRIPS 30

struct vegas {
    struct lim_caps_limit limit;
    double shortest_ns; /* 0: not known */
    double probe_at;    /* in round trips */
    double round_trips; /* since the last probe */
    uint64_t probes;
};

static void plan_probe(struct vegas *v)
{
    double u = lim_rng_uniform(lim_rng_mix(v->probes++));
    v->probe_at = PROBE_ROUND_TRIPS * (0.5 + 0.5 * u);
    v->round_trips = 0;
}

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct vegas *v = state;
    (void)now;
    *v = (struct vegas){ .probes = 0 };
    lim_caps_init(&v->limit, o);
    plan_probe(v);
}

static void shrink(struct lim_caps_limit *l)
{
    double less = l->value * (1 - l->backoff);
    double step = lim_caps_step(l->value);
    lim_caps_set(l, l->value - (less > step ? less : step));
}

/* Returns the steps that a round trip with this queue adds. */
static double steps(double queue, double step)
{
    if (queue <= step)
        return 6;
    if (queue <= 3 * step - 1) /* rounded up it is below 3 steps */
        return 1;
    return queue > 6 * step ? -1 : 0;
}

static bool new_shortest(struct vegas *v, double latency)
{
    v->round_trips += 1 / v->limit.value;
    bool probe = v->round_trips >= v->probe_at;
    if (probe)
        plan_probe(v);
    else if (v->shortest_ns > 0 && latency >= v->shortest_ns)
        return false;
    v->shortest_ns = latency;
    return true;
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct vegas *v = state;
    struct lim_caps_limit *l = &v->limit;
    double latency = lim_caps_latency(s);
    if (lim_caps_dropped(l, s)) {
        if (lim_caps_first_drop(l, s))
            shrink(l);
        return;
    }
    if (new_shortest(v, latency) || !lim_caps_used(l, s->in_flight))
        return;
    double step = lim_caps_step(l->value);
    double queue = l->value * (1 - v->shortest_ns / latency);
    lim_caps_set(l, l->value + steps(queue, step) * step / l->value);
}

static int64_t limit(const void *state)
{
    const struct vegas *v = state;
    return (int64_t)v->limit.value;
}

const struct lim_cap lim_cap_vegas = {
    .name = "vegas",
    .summary = "a short queue at the server, told by the shortest latency",
    .state_size = sizeof(struct vegas),
    .init = init,
    .ended = ended,
    .limit = limit,
};
