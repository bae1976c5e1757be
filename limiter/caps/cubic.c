/*
 * cubic: a rate, not a number in flight, that returns to where it was
 * refused along a cubic curve (CUBIC of TCP, Ha, Rhee and Xu 2008).
 *
 * Nothing is bound until the first drop.  The first drop of a round trip
 * takes peak = min(measured rate, rate) and rate = `backoff` (0.7) * peak;
 * t seconds later an answer sets rate = 0.4 * (t - k)^3 + peak with
 * k = cbrt(peak * (1 - backoff) / 0.4), so that it is back at the peak after
 * k seconds, flat there, then ever faster.  Never more than twice the
 * measured rate, never less than 1 a minute.  A bucket of one second's worth
 * (at least 1 request) paces; limit() is always without bound.  `initial`,
 * `min` and `max` are numbers in flight and not used.
 *
 * Source: the adaptive retry mode of botocore.  Departures: that never goes
 * below 1 in two seconds, ten times what a free organisation has; it takes
 * every drop, so that those of one burst bring the peak down one after the
 * other; and it has measured nothing when the first half second is refused,
 * where here what has come so far counts.
 *
 * Pitfall: the measured rate is that of ANSWERS, in buckets of half a second
 * with weight 0.8: with replies of 30 s it tells of half a minute ago, and
 * the bound of twice the measured rate lags as much.
 */

#include "limiter/caps/caps.h"

#define SCALE 0.4
#define BETA 0.7
#define RATE_MIN (1.0 / 60)
#define BUCKET (LIM_SEC / 2)
#define SMOOTHING 0.8

struct cubic {
    struct lim_caps_limit drops; /* its number is not used */
    bool enabled;
    double rate, peak, k; /* per second, per second, seconds */
    lim_time refused_at;
    double tokens; /* at `at`; below 0: sent too early */
    lim_time at;
    double measured; /* answers per second */
    int64_t answers; /* since `bucket` began */
    lim_time bucket;
};

static double seconds(lim_time from, lim_time to)
{
    uint64_t ns = (uint64_t)to - (uint64_t)from;
    return to > from ? (double)ns / 1e9 : 0;
}

/* Newton from above: it falls until it is there. */
static double cube_root(double x)
{
    double y = x > 1 ? x : 1;
    for (double next = 0; x > 0; y = next) {
        next = (2 * y + x / (y * y)) / 3;
        if (next >= y)
            return y;
    }
    return 0;
}

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct cubic *c = state;
    *c = (struct cubic){ .at = now, .bucket = now, .refused_at = now };
    lim_caps_init(&c->drops, o);
    if (!(o->backoff > 0 && o->backoff < 1))
        c->drops.backoff = BETA;
}

static void refill(struct cubic *c, lim_time now)
{
    double most = c->rate > 1 ? c->rate : 1;
    c->tokens += seconds(c->at, now) * c->rate;
    c->tokens = c->tokens < most ? c->tokens : most;
    c->tokens = c->tokens > -most ? c->tokens : -most;
    c->at = now > c->at ? now : c->at;
}

static void set_rate(struct cubic *c, double rate, lim_time now)
{
    double most = 2 * c->measured;
    refill(c, now);
    rate = rate < most ? rate : most;
    c->rate = rate > RATE_MIN ? rate : RATE_MIN;
    refill(c, now); /* the bucket may be smaller now */
}

static void measure(struct cubic *c, lim_time now)
{
    c->answers++;
    double past = seconds(c->bucket, now);
    double half = (double)BUCKET / 1e9;
    if (past < half) {
        double least = (double)c->answers / half;
        if (!c->enabled && c->measured < least)
            c->measured = least;
        return;
    }
    int64_t whole = (int64_t)(past / half);
    double rate = (double)c->answers / ((double)whole * half);
    c->measured = SMOOTHING * rate + (1 - SMOOTHING) * c->measured;
    c->answers = 0;
    c->bucket = now;
}

static void refused(struct cubic *c, lim_time now)
{
    double peak = c->measured;
    if (c->enabled && c->rate < peak)
        peak = c->rate;
    c->peak = peak;
    c->k = cube_root(peak * (1 - c->drops.backoff) / SCALE);
    c->refused_at = now;
    c->enabled = true;
    set_rate(c, peak * c->drops.backoff, now);
}

static void sent(void *state, lim_time now)
{
    struct cubic *c = state;
    if (!c->enabled)
        return;
    refill(c, now);
    c->tokens -= 1;
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct cubic *c = state;
    measure(c, s->now);
    if (lim_caps_dropped(&c->drops, s)) {
        if (lim_caps_first_drop(&c->drops, s))
            refused(c, s->now);
    } else if (c->enabled) {
        double t = seconds(c->refused_at, s->now) - c->k;
        set_rate(c, SCALE * t * t * t + c->peak, s->now);
    }
}

static int64_t limit(const void *state)
{
    (void)state;
    return LIM_UNLIMITED;
}

static lim_time not_before(const void *state)
{
    const struct cubic *c = state;
    if (!c->enabled || c->tokens >= 1)
        return c->at;
    /* At least RATE_MIN, and a debt of one bucket at most: it fits. */
    int64_t wait = (int64_t)((1 - c->tokens) / c->rate * 1e9) + 1;
    return c->at < LIM_NEVER - wait ? c->at + wait : LIM_NEVER;
}

const struct lim_cap lim_cap_cubic = {
    .name = "cubic",
    .summary = "a rate that returns to its last refusal along a cubic",
    .state_size = sizeof(struct cubic),
    .init = init,
    .sent = sent,
    .ended = ended,
    .limit = limit,
    .not_before = not_before,
};
