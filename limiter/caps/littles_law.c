/*
 * littles_law: as many in flight as the limits can keep busy (Little 1961).
 *
 * limit = ceil(1.5 * min(requests per second, tokens per second / mean
 * tokens) * mean latency).  The means are exponential over some 50 answers;
 * the latency is the whole one, sent to ended, whatever `measure` says: that
 * is how long a place is taken.  1.5, because the number in flight varies
 * about its mean, for small ones by more than half.  It begins with
 * `initial` (10), and holds what it has while no rate is known.  It grows
 * only when half of it is in use.  The first drop of a round trip multiplies
 * by `backoff` (0.9); a round trip without drops takes that back.
 *
 * Source: Little's law; proxies that set a fixed concurrency use the same
 * product once, by hand.
 *
 * Pitfall: where latency grows with what is in flight, a larger limit asks
 * for a still larger one.  The windows of the pool end that, when they are
 * known and the server keeps up with them; else only drops do.
 */

#include "limiter/caps/caps.h"

#define HEADROOM 1.5
#define AGE 50
#define WARM 10

struct littles {
    struct lim_caps_limit limit; /* before the trim */
    struct lim_caps_mean latency_s, tokens;
    double trim; /* (0, 1]: what drops left */
};

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct littles *l = state;
    (void)now;
    *l = (struct littles){ .trim = 1 };
    lim_caps_init(&l->limit, o);
}

static double trimmed(const struct littles *l)
{
    double value = l->limit.value * l->trim;
    return value > l->limit.min ? value : l->limit.min;
}

static void learn(struct littles *l, const struct lim_cap_sample *s)
{
    int64_t ns = s->now > s->sent_at ? s->now - s->sent_at : s->latency_ns;
    lim_caps_mean_add(&l->latency_s, (double)ns / 1e9, WARM, AGE);
    lim_caps_mean_add(&l->tokens, (double)s->tokens, WARM, AGE);
}

/* Returns the requests per second that the limits carry; 0: not known. */
static double carried(const struct littles *l, const struct lim_cap_sample *s)
{
    double rate = s->requests_per_s;
    if (s->tokens_per_s > 0 && l->tokens.value > 0) {
        double by_tokens = s->tokens_per_s / l->tokens.value;
        rate = rate > 0 && rate < by_tokens ? rate : by_tokens;
    }
    return rate;
}

static double round_up(double x)
{
    double whole = (double)(int64_t)x;
    return whole < x ? whole + 1 : whole;
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct littles *l = state;
    if (lim_caps_dropped(&l->limit, s)) {
        if (lim_caps_first_drop(&l->limit, s))
            l->trim = trimmed(l) * l->limit.backoff / l->limit.value;
        return;
    }
    learn(l, s);
    bool used = (double)s->in_flight * 2 >= trimmed(l);
    double rate = carried(l, s);
    double next = HEADROOM * rate * l->latency_s.value;
    next = next < LIM_CAPS_MOST ? round_up(next) : LIM_CAPS_MOST;
    if (rate > 0 && (used || next < l->limit.value))
        lim_caps_set(&l->limit, next);
    if (used)
        l->trim += (1 - l->limit.backoff) / trimmed(l);
    l->trim = l->trim < 1 ? l->trim : 1;
}

static int64_t limit(const void *state)
{
    return (int64_t)trimmed(state);
}

const struct lim_cap lim_cap_littles_law = {
    .name = "littles_law",
    .summary = "what the limits carry, times the mean latency, times 1.5",
    .state_size = sizeof(struct littles),
    .init = init,
    .ended = ended,
    .limit = limit,
};
