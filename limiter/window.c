#include "limiter/window.h"

#include <assert.h>

#include "limiter/cold.h"

struct lim_rate lim_rate_make(int64_t limit, int64_t window_ns, int64_t burst)
{
    struct lim_rate r = { .limit = limit,
                          .window_ns = window_ns,
                          .burst = burst };
    assert(window_ns > 0);
    assert(limit >= LIM_UNLIMITED);
    assert(limit <= LIM_LIMIT_MAX);
    r.per_window = lim_divisor_make(window_ns);
    if (limit <= 0)
        return r;
    r.per_limit = lim_divisor_make(limit);
    assert(burst >= 0);
    assert(burst <= limit);
    r.step.ns = window_ns / limit;
    r.step.frac = window_ns % limit;
    r.full = lim_rate_span(&r, burst);
    return r;
}

LIM_COLD struct lim_span lim_rate_span_wide(const struct lim_rate *r,
                                            int64_t cost)
{
    lim_wide windows = (lim_wide)cost * r->window_ns;
    return (struct lim_span){ (int64_t)(windows / r->limit),
                              (int64_t)(windows % r->limit) };
}

LIM_COLD int64_t lim_rate_units_wide(const struct lim_rate *r,
                                     struct lim_span s)
{
    lim_wide used = (lim_wide)s.ns * r->limit + s.frac;
    return (int64_t)((used + r->window_ns - 1) / r->window_ns);
}

int64_t lim_rate_burst(int64_t limit, double share)
{
    assert(share > 0);
    if (limit <= 0)
        return 0;
    int64_t burst = (int64_t)((double)limit * share);
    burst = burst < limit ? burst : limit;
    return burst > 1 ? burst : 1;
}

void lim_window_init(struct lim_window *w, lim_time now)
{
    w->tat = now;
    w->frac = 0;
}

void lim_window_give(const struct lim_rate *r, struct lim_window *w,
                     int64_t cost)
{
    if (r->limit <= 0)
        return;
    struct lim_span s = lim_rate_span(r, cost);
    w->tat -= s.ns;
    w->frac -= s.frac;
    if (w->frac < 0) {
        w->frac += r->limit;
        w->tat--;
    }
}

int64_t lim_window_remaining(const struct lim_rate *r,
                             const struct lim_window *w, lim_time now)
{
    if (r->limit <= 0)
        return r->limit;
    if (w->tat < now)
        return r->burst;
    return r->burst -
           lim_rate_units(r, (struct lim_span){ w->tat - now, w->frac });
}

int64_t lim_window_reset(const struct lim_window *w, lim_time now)
{
    int64_t left = w->tat - now + (w->frac > 0 ? 1 : 0);
    return left > 0 ? left : 0;
}

/* Units used x window_ns is a whole number, at any rate. */
void lim_window_change(const struct lim_rate *from, const struct lim_rate *to,
                       struct lim_window *w, int64_t most, lim_time now)
{
    assert(from->limit > 0);
    assert(to->limit > 0);
    assert(from->window_ns == to->window_ns);
    if (w->tat < now)
        lim_window_init(w, now);
    lim_wide used = (lim_wide)(w->tat - now) * from->limit + w->frac;
    lim_wide bound = (lim_wide)most * to->window_ns;
    used = used < bound ? used : bound;
    w->tat = now + (lim_time)(used / to->limit);
    w->frac = (int64_t)(used % to->limit);
}

void lim_window_delay(struct lim_window *w, lim_time t)
{
    if (w->tat < t) {
        w->tat = t;
        w->frac = 0;
    }
}
