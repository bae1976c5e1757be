/*
 * Fixed window: a counter that begins anew with each minute of the clock, or
 * each day of the UTC calendar.
 *
 * At most: the limit in each window that an interval touches; one of length t
 * touches ceil(t / window) + 1.
 * Source: what most rate limiters of web services do.  Pitfall: twice the
 * limit may go within an instant, at a window's edge; and whoever waits for
 * the edge arrives together with all others.  A debt ends with its window.
 */

#include "limiter/disciplines/disciplines.h"

struct count {
    lim_time start;
    int64_t used;
};

/* The counter as `now` finds it.  A clock that stepped back finds the last
   window. */
static struct count count_at(const struct lim_meter_rule *r,
                             const struct lim_meter *m, lim_time now)
{
    lim_time start = lim_meter_start(r, now);
    if (start > m->u.fixed.start)
        return (struct count){ start, 0 };
    return (struct count){ m->u.fixed.start, m->u.fixed.used };
}

static void init(struct lim_meter *m, const struct lim_meter_rule *r,
                 lim_time now)
{
    m->u.fixed.start = lim_meter_start(r, now);
    m->u.fixed.used = 0;
}

static void change(struct lim_meter *m, const struct lim_meter_rule *from,
                   const struct lim_meter_rule *to, lim_time now)
{
    struct count c = count_at(from, m, now);
    m->u.fixed.start = c.start;
    m->u.fixed.used = c.used < to->rate.limit ? c.used : to->rate.limit;
}

static lim_time ready(const struct lim_meter_rule *r, const struct lim_meter *m,
                      int64_t cost, lim_time now)
{
    struct count c = count_at(r, m, now);
    return cost <= r->rate.limit - c.used ? now : c.start + r->rate.window_ns;
}

static void take(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time now)
{
    struct count c = count_at(r, m, now);
    m->u.fixed.start = c.start;
    m->u.fixed.used = c.used + cost;
}

static void give(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time taken_at)
{
    int64_t *used = &m->u.fixed.used;
    if (lim_meter_start(r, taken_at) == m->u.fixed.start)
        *used -= cost < *used ? cost : *used;
}

static int64_t remaining(const struct lim_meter_rule *r,
                         const struct lim_meter *m, lim_time now)
{
    return r->rate.limit - count_at(r, m, now).used;
}

static int64_t reset(const struct lim_meter_rule *r, const struct lim_meter *m,
                     lim_time now)
{
    struct count c = count_at(r, m, now);
    return c.used > 0 ? c.start + r->rate.window_ns - now : 0;
}

const struct lim_meter_type lim_meter_fixed = {
    .name = "fixed",
    .summary = "begins anew with each minute of the clock, or day",
    .init = init,
    .change = change,
    .ready = ready,
    .take = take,
    .give = give,
    .remaining = remaining,
    .reset = reset,
};
