#include "limiter/window.h"

#include <assert.h>

#include "limiter/limits.h"

__extension__ typedef __int128 wide;

struct lim_rate lim_rate_make(int64_t limit, int64_t window_ns, int64_t burst)
{
    struct lim_rate r = { .limit = limit, .window_ns = window_ns,
                          .burst = burst };
    assert(window_ns > 0);
    assert(limit >= LIM_UNLIMITED);
    assert(limit <= LIM_LIMIT_MAX);
    if (limit <= 0)
        return r;
    assert(burst >= 0);
    assert(burst <= limit);
    r.step.ns = window_ns / limit;
    r.step.frac = window_ns % limit;
    r.full = lim_rate_span(&r, burst);
    return r;
}

/* Most limits divide their window; then there is nothing to divide here. */
struct lim_span lim_rate_span(const struct lim_rate *r, int64_t cost)
{
    struct lim_span s = { cost * r->step.ns, 0 };
    assert(cost >= 0);
    if (r->step.frac != 0) {
        wide part = (wide)cost * r->step.frac;
        if (part <= INT64_MAX) {
            s.ns += (int64_t)part / r->limit;
            s.frac = (int64_t)part % r->limit;
        } else {
            s.ns += (int64_t)(part / r->limit);
            s.frac = (int64_t)(part % r->limit);
        }
    }
    return s;
}

void lim_window_init(struct lim_window *w, lim_time now)
{
    w->tat = now;
    w->frac = 0;
}

bool lim_window_fits(const struct lim_rate *r, int64_t cost)
{
    return r->limit == LIM_UNLIMITED || cost == 0 ||
           (r->limit > 0 && cost <= r->burst);
}

lim_time lim_window_ready(const struct lim_rate *r, const struct lim_window *w,
                          int64_t cost, lim_time now)
{
    if (r->limit == LIM_UNLIMITED || cost == 0)
        return now;
    if (!lim_window_fits(r, cost))
        return LIM_NEVER;
    struct lim_span s = lim_rate_span(r, cost);
    lim_time t = w->tat + s.ns - r->full.ns;
    int64_t frac = w->frac + s.frac - r->full.frac;     /* in ns / limit */
    if (frac > r->limit)
        t += 2;
    else if (frac > 0)
        t += 1;
    return t > now ? t : now;
}

void lim_window_take(const struct lim_rate *r, struct lim_window *w,
                     int64_t cost, lim_time now)
{
    if (r->limit <= 0)
        return;
    if (w->tat < now) {
        w->tat = now;
        w->frac = 0;
    }
    struct lim_span s = lim_rate_span(r, cost);
    w->tat += s.ns;
    w->frac += s.frac;
    if (w->frac >= r->limit) {
        w->frac -= r->limit;
        w->tat++;
    }
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
    wide used = (wide)(w->tat - now) * r->limit + w->frac;  /* x window_ns */
    return r->burst - (int64_t)((used + r->window_ns - 1) / r->window_ns);
}

int64_t lim_window_reset(const struct lim_window *w, lim_time now)
{
    int64_t left = w->tat - now + (w->frac > 0 ? 1 : 0);
    return left > 0 ? left : 0;
}

void lim_window_delay(struct lim_window *w, lim_time t)
{
    if (w->tat < t) {
        w->tat = t;
        w->frac = 0;
    }
}
