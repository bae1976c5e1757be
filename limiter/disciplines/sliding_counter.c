/*
 * Sliding counter: two fixed windows.  The previous one counts for the part
 * of it that the last `window` ns still cover: at 12:01:15 a minute's use is
 * three quarters of what 12:00 saw, plus all that 12:01 saw.
 *
 * At most: limit + limit x t / window in any interval of length t, as a full
 * bucket (the share of the window before shrinks with just that rate).
 * Source: described by Cloudflare for its own limits.  Pitfall: it takes the
 * previous window's use as spread evenly, so a burst at its end is forgotten
 * too early, and one at its start too late.  The wait is a line in the
 * present window and another in the next: both are solved here exactly.
 */

#include "limiter/disciplines/disciplines.h"

#define ALWAYS INT64_MIN

struct pair {
    lim_time start;
    int64_t current, previous;
};

/* The counters as `now` finds them; those of the last window for a clock that
   stepped back. */
static struct pair pair_at(const struct lim_meter_rule *r,
                           const struct lim_meter *m, lim_time now)
{
    lim_time start = lim_meter_start(r, now);
    struct pair p = { m->u.counter.start, m->u.counter.current,
                      m->u.counter.previous };
    if (start <= p.start)
        return p;
    p.previous = start - p.start == r->rate.window_ns ? p.current : 0;
    p.current = 0;
    p.start = start;
    return p;
}

/* The ns of the window before that still count; all of them when a clock
   stepped back to before the present window. */
static int64_t overlap(const struct lim_meter_rule *r, const struct pair *p,
                       lim_time now)
{
    int64_t left = p->start + r->rate.window_ns - now;
    return left < r->rate.window_ns ? left : r->rate.window_ns;
}

static void init(struct lim_meter *m, const struct lim_meter_rule *r,
                 lim_time now)
{
    m->u.counter.start = lim_meter_start(r, now);
    m->u.counter.current = 0;
    m->u.counter.previous = 0;
}

/* Of what is too much the window before loses its part first. */
static void change(struct lim_meter *m, const struct lim_meter_rule *from,
                   const struct lim_meter_rule *to, lim_time now)
{
    struct pair p = pair_at(from, m, now);
    int64_t limit = to->rate.limit;
    int64_t covered = overlap(from, &p, now);
    p.current = p.current < limit ? p.current : limit;
    p.previous = p.previous < limit ? p.previous : limit;
    lim_wide room = (lim_wide)(limit - p.current) * to->rate.window_ns;
    if ((lim_wide)p.previous * covered > room)
        p.previous = (int64_t)(room / covered);
    m->u.counter.start = p.start;
    m->u.counter.current = p.current;
    m->u.counter.previous = p.previous;
}

/*
 * The first instant at which `cost` fits, by p's window: ALWAYS when its
 * overlap does not matter, the window's end when none of it does.  It fits
 * while previous x overlap <= room x window.
 */
static lim_time fits_at(const struct lim_meter_rule *r, const struct pair *p,
                        int64_t cost)
{
    int64_t window = r->rate.window_ns;
    int64_t room = r->rate.limit - p->current - cost;
    if (room < 0)
        return p->start + window;
    if (room >= p->previous)
        return ALWAYS;
    lim_wide most = (lim_wide)room * window / p->previous;
    return p->start + window - (int64_t)most;
}

static lim_time ready(const struct lim_meter_rule *r, const struct lim_meter *m,
                      int64_t cost, lim_time now)
{
    struct pair p = pair_at(r, m, now);
    struct pair next = { p.start + r->rate.window_ns, 0, p.current };
    lim_time t = fits_at(r, &p, cost);
    if (t >= next.start) {
        t = fits_at(r, &next, cost);
        if (t < next.start)
            t = next.start;
    }
    return t > now ? t : now;
}

static void take(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time now)
{
    struct pair p = pair_at(r, m, now);
    m->u.counter.start = p.start;
    m->u.counter.previous = p.previous;
    m->u.counter.current = p.current + cost;
}

static void give(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time taken_at)
{
    lim_time start = lim_meter_start(r, taken_at);
    int64_t *used;
    if (start == m->u.counter.start)
        used = &m->u.counter.current;
    else if (start == m->u.counter.start - r->rate.window_ns)
        used = &m->u.counter.previous;
    else
        return;
    *used -= cost < *used ? cost : *used;
}

static int64_t remaining(const struct lim_meter_rule *r,
                         const struct lim_meter *m, lim_time now)
{
    struct pair p = pair_at(r, m, now);
    lim_wide part = (lim_wide)p.previous * overlap(r, &p, now);
    int64_t used =
        (int64_t)((part + r->rate.window_ns - 1) / r->rate.window_ns);
    return r->rate.limit - p.current - used;
}

static int64_t reset(const struct lim_meter_rule *r, const struct lim_meter *m,
                     lim_time now)
{
    struct pair p = pair_at(r, m, now);
    lim_time end = p.start + r->rate.window_ns;
    if (p.current > 0)
        return end + r->rate.window_ns - now;
    return p.previous > 0 ? end - now : 0;
}

static double level(const struct lim_meter_rule *r, const struct lim_meter *m,
                    lim_time now)
{
    struct pair p = pair_at(r, m, now);
    double part = (double)p.previous * (double)overlap(r, &p, now) /
                  (double)r->rate.window_ns;
    return (double)(r->rate.limit - p.current) - part;
}

const struct lim_meter_type lim_meter_sliding_counter = {
    .name = "sliding-counter",
    .summary = "this minute, and a part of the one before",
    .init = init,
    .change = change,
    .ready = ready,
    .take = take,
    .give = give,
    .remaining = remaining,
    .reset = reset,
    .level = level,
};
