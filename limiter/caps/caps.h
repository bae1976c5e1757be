#ifndef LIM_CAPS_H
#define LIM_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/cap.h"

/* One file each; the list is in limiter/cap.c. */
extern const struct lim_cap lim_cap_adaptive;
extern const struct lim_cap lim_cap_aimd;
extern const struct lim_cap lim_cap_cooldown;
extern const struct lim_cap lim_cap_cubic;
extern const struct lim_cap lim_cap_gradient2;
extern const struct lim_cap lim_cap_littles_law;
extern const struct lim_cap lim_cap_vegas;

/*
 * What the caps have in common: a limit between its bounds, which a drop
 * lowers once a round trip.  Kept as a fraction, so that growth by parts of
 * one adds up.  Defaults: initial 10, min 1, max 10,000, backoff 0.9, no
 * time-out.  The libraries that these caps come from begin at 20 and often
 * do not go below it, which is above all that a small organisation may have
 * in flight.
 */
struct lim_caps_limit {
    double value, min, max;
    double backoff;
    int64_t timeout_ns;
    lim_time shrunk_at; /* of the last decrease that a drop caused */
};

/* No limit is taken to be larger: what is computed from it stays finite. */
#define LIM_CAPS_MOST 1e9

/* Sets the limit to `value`, or to the bound that is nearest. */
static inline void lim_caps_set(struct lim_caps_limit *l, double value)
{
    l->value = value < l->min ? l->min : value > l->max ? l->max : value;
}

static inline void lim_caps_init(struct lim_caps_limit *l,
                                 const struct lim_cap_options *o)
{
    l->min = o->min > 1 ? o->min : 1;
    l->min = l->min < LIM_CAPS_MOST ? l->min : LIM_CAPS_MOST;
    l->max = o->max > 0 ? o->max : 10000;
    l->max = l->max < LIM_CAPS_MOST ? l->max : LIM_CAPS_MOST;
    l->max = l->max > l->min ? l->max : l->min;
    l->backoff = o->backoff > 0 && o->backoff < 1 ? o->backoff : 0.9;
    l->timeout_ns = o->timeout_ns > 0 ? o->timeout_ns : INT64_MAX;
    l->shrunk_at = INT64_MIN;
    lim_caps_set(l, o->initial > 0 ? o->initial : 10);
}

static inline bool lim_caps_dropped(const struct lim_caps_limit *l,
                                    const struct lim_cap_sample *s)
{
    return s->dropped || s->latency_ns > l->timeout_ns;
}

/* A time per token may round to nothing: at least 1 ns. */
static inline double lim_caps_latency(const struct lim_cap_sample *s)
{
    return s->latency_ns > 1 ? (double)s->latency_ns : 1;
}

/*
 * Whether this drop is the first of its round trip: its request was sent
 * after the last decrease.  Then that is remembered, and the caller shrinks.
 */
static inline bool lim_caps_first_drop(struct lim_caps_limit *l,
                                       const struct lim_cap_sample *s)
{
    if (s->sent_at < l->shrunk_at)
        return false;
    l->shrunk_at = s->now > l->shrunk_at ? s->now : l->shrunk_at;
    return true;
}

/*
 * Whether the limit is in use: at least half of it in flight.  Otherwise an
 * answer says nothing about a larger limit.
 */
static inline bool lim_caps_used(const struct lim_caps_limit *l,
                                 int64_t in_flight)
{
    return (double)in_flight * 2 >= l->value;
}

/* The decimal order of the limit, at least 1: the step of Vegas' kin. */
static inline double lim_caps_step(double limit)
{
    double step = 1;
    for (double ten = 100; limit >= ten; ten *= 10)
        step++;
    return step;
}

/*
 * An exponential mean: of the first `warm` values the plain mean, then each
 * value weighs 2 / (age + 1).
 */
struct lim_caps_mean {
    double value;
    int64_t count; /* up to `warm` */
};

static inline double lim_caps_mean_add(struct lim_caps_mean *m, double x,
                                       int64_t warm, double age)
{
    m->count += m->count < warm;
    double plain = 1.0 / (double)m->count;
    double weight = m->count < warm ? plain : 2 / (age + 1);
    m->value += (x - m->value) * weight;
    return m->value;
}

#endif
