#ifndef LIM_WINDOW_H
#define LIM_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/divide.h"
#include "limiter/limits.h"
#include "limiter/time.h"

__extension__ typedef __int128 lim_wide;

/*
 * A bucket that refills continuously, exact to the nanosecond (GCRA).
 *
 * With 3 requests a minute, three at 0 s go at once, a fourth may go at 20 s.
 * The state is one instant, the time at which the bucket is full again: each
 * unit taken moves it by window / limit, 20 s here, and the bucket holds what
 * is missing between it and `now`.  window / limit is rarely a whole number
 * of ns (7 a minute is 8,571,428,571 3/7), so the remainder is carried, and
 * nothing drifts: in any interval of length t, what is admitted is at most
 * burst + limit x t / window.
 *
 * A `now` that steps back gives no credit: the instant does not move.
 */

/* A duration of ns + frac / limit, with 0 <= frac < limit. */
struct lim_span {
    int64_t ns;
    int64_t frac;
};

/* The rate of a window: constant, shared by all windows of equal limits. */
struct lim_rate {
    int64_t limit;        /* units a window, > 0; LIM_UNLIMITED: none */
    int64_t window_ns;    /* > 0 */
    int64_t burst;        /* what a full bucket holds, 1 to limit */
    struct lim_span step; /* one unit: window / limit */
    struct lim_span full; /* burst units */
    struct lim_divisor per_limit, per_window;
};

/* The state of a window; fields are private. */
struct lim_window {
    lim_time tat; /* the bucket is full at tat + frac / limit */
    int64_t frac;
};

/*
 * Makes a rate of `limit` units in `window_ns`.  `burst` is what a full
 * bucket holds, at most `limit`.  A limit of LIM_UNLIMITED admits everything,
 * one of 0 nothing.
 */
struct lim_rate lim_rate_make(int64_t limit, int64_t window_ns, int64_t burst);

/*
 * What a full bucket holds when that is a `share`, (0, 1], of the limit:
 * rounded down, but at least one unit; 0 for a limit of 0 and for none.
 */
int64_t lim_rate_burst(int64_t limit, double share);

/* lim_rate_span, where 64 bits are not enough. */
struct lim_span lim_rate_span_wide(const struct lim_rate *r, int64_t cost);

/* Makes a window that is full at `now`. */
void lim_window_init(struct lim_window *w, lim_time now);

/* Gives `cost` back, as if it had not been taken. */
void lim_window_give(const struct lim_rate *r, struct lim_window *w,
                     int64_t cost);

/* Returns the whole units left at `now`, floored; below 0 when it owes. */
int64_t lim_window_remaining(const struct lim_rate *r,
                             const struct lim_window *w, lim_time now);

/* Returns the ns from `now` until the bucket is full, rounded up. */
int64_t lim_window_reset(const struct lim_window *w, lim_time now);

/*
 * Changes the rate at `now`: the units used stay used, to the fraction, but
 * no more than `most`.  Both rates have a limit above 0 and the same window.
 */
void lim_window_change(const struct lim_rate *from, const struct lim_rate *to,
                       struct lim_window *w, int64_t most, lim_time now);

/* Says that the bucket is not full before `t`; never moves it earlier. */
void lim_window_delay(struct lim_window *w, lim_time t);

/*
 * What follows is on the path of every decision, so it stands here.  The
 * duration of `cost` units: most limits divide their window, and then there
 * is nothing to divide here; nor is there for one unit.
 */
static inline struct lim_span lim_rate_span(const struct lim_rate *r,
                                            int64_t cost)
{
    struct lim_span s = { 0, 0 };
    int64_t windows;
    if (r->step.frac == 0)
        s.ns = cost * r->step.ns;
    else if (cost == 1)
        s = r->step;
    else if (!__builtin_mul_overflow(cost, r->window_ns, &windows))
        s.ns = lim_divide(&r->per_limit, windows, &s.frac);
    else
        s = lim_rate_span_wide(r, cost);
    return s;
}

/* lim_rate_units, where 64 bits are not enough. */
int64_t lim_rate_units_wide(const struct lim_rate *r, struct lim_span s);

/* How many units take so long (s.ns >= 0), rounded up. */
static inline int64_t lim_rate_units(const struct lim_rate *r,
                                     struct lim_span s)
{
    int64_t used, rest; /* x window_ns */
    if (__builtin_mul_overflow(s.ns, r->limit, &used) ||
        __builtin_add_overflow(used, s.frac + r->window_ns - 1, &used))
        return lim_rate_units_wide(r, s);
    return lim_divide(&r->per_window, used, &rest);
}

/* Tells whether a full bucket holds `cost`: if not, no wait ever helps. */
static inline bool lim_window_fits(const struct lim_rate *r, int64_t cost)
{
    return r->limit == LIM_UNLIMITED || cost == 0 ||
           (r->limit > 0 && cost <= r->burst);
}

/* When a cost of that duration, which fits, finds room: maybe long ago. */
static inline lim_time lim_window_room(const struct lim_rate *r,
                                       const struct lim_window *w,
                                       struct lim_span s)
{
    int64_t frac = w->frac + s.frac - r->full.frac; /* in ns / limit */
    return w->tat + s.ns - r->full.ns + (frac > 0) + (frac > r->limit);
}

/*
 * Returns the first instant at which `cost` is admitted if nothing else is
 * taken: `now` itself or later; LIM_NEVER if it does not fit.
 */
static inline lim_time lim_window_ready(const struct lim_rate *r,
                                        const struct lim_window *w,
                                        int64_t cost, lim_time now)
{
    if (r->limit == LIM_UNLIMITED || cost == 0)
        return now;
    if (!lim_window_fits(r, cost))
        return LIM_NEVER;
    lim_time t = lim_window_room(r, w, lim_rate_span(r, cost));
    return t > now ? t : now;
}

/* Returns for how long the bucket is not full once a cost of duration `s` is
   taken at `now`.  No jumps: who comes often finds it full as often as not. */
static inline struct lim_span lim_window_used(const struct lim_rate *r,
                                              const struct lim_window *w,
                                              struct lim_span s, lim_time now)
{
    int64_t left = w->tat - now;
    int64_t frac = (left < 0 ? 0 : w->frac) + s.frac;
    int64_t over = frac - r->limit;
    s.ns += (left < 0 ? 0 : left) + (over >= 0);
    s.frac = over >= 0 ? over : frac;
    return s;
}

/* Takes a cost of that duration at `now`. */
static inline void lim_window_take_span(const struct lim_rate *r,
                                        struct lim_window *w, struct lim_span s,
                                        lim_time now)
{
    if (r->limit <= 0)
        return;
    s = lim_window_used(r, w, s, now);
    w->tat = now + s.ns;
    w->frac = s.frac;
}

/*
 * Takes `cost` at `now`.  The caller has asked: lim_window_ready is `now`.
 * It may also take more than is there (a correction); the window then owes.
 */
static inline void lim_window_take(const struct lim_rate *r,
                                   struct lim_window *w, int64_t cost,
                                   lim_time now)
{
    lim_window_take_span(r, w, lim_rate_span(r, cost), now);
}

#endif
