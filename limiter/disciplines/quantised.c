/*
 * Quantised: the window's bucket, and beside it one for each quantum, which
 * holds and refills the limit's share of it: 60 a minute is 1 a second too,
 * 100 a minute is 2 (rounded up).  A cost above a slice would never fit; it
 * is admitted on a full slice and leaves a debt, so a reply of 5,000 tokens
 * is possible with 60,000 a minute, and holds the next for 4 s.
 *
 * At most, in any interval of length t: what the bucket admits, and
 * slice + slice x t / quantum plus what the last cost exceeds a slice by.
 * Source: OpenAI's help page on 429s, which says that limits may be enforced
 * over shorter periods; the debt is this project's reading.  Pitfall: a
 * client that believes in the minute alone is refused with 59 of 60 left;
 * remaining is the window's, and does not show it.
 */

#include "limiter/disciplines/disciplines.h"

static void init(struct lim_meter *m, const struct lim_meter_rule *r,
                 lim_time now)
{
    (void)r;
    lim_window_init(&m->u.quantised.whole, now);
    lim_window_init(&m->u.quantised.slice, now);
}

/* What one cost exceeded its slice by is still owed afterwards. */
static void change(struct lim_meter *m, const struct lim_meter_rule *from,
                   const struct lim_meter_rule *to, lim_time now)
{
    int64_t most = to->rate.burst;
    lim_window_change(&from->rate, &to->rate, &m->u.quantised.whole, most, now);
    if (from->slice.limit > 0)
        lim_window_change(&from->slice, &to->slice, &m->u.quantised.slice, most,
                          now);
}

static lim_time ready(const struct lim_meter_rule *r, const struct lim_meter *m,
                      int64_t cost, lim_time now)
{
    const struct lim_rate *slice = &r->slice;
    int64_t part = cost;
    if (slice->limit > 0 && part > slice->burst)
        part = slice->burst;
    lim_time whole =
        lim_window_ready(&r->rate, &m->u.quantised.whole, cost, now);
    lim_time t = lim_window_ready(slice, &m->u.quantised.slice, part, now);
    return t > whole ? t : whole;
}

static void take(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time now)
{
    lim_window_take(&r->rate, &m->u.quantised.whole, cost, now);
    lim_window_take(&r->slice, &m->u.quantised.slice, cost, now);
}

static void give(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time taken_at)
{
    (void)taken_at;
    lim_window_give(&r->rate, &m->u.quantised.whole, cost);
    lim_window_give(&r->slice, &m->u.quantised.slice, cost);
}

static void lower(const struct lim_meter_rule *r, struct lim_meter *m,
                  int64_t cost, lim_time now)
{
    lim_window_take(&r->rate, &m->u.quantised.whole, cost, now);
}

static int64_t remaining(const struct lim_meter_rule *r,
                         const struct lim_meter *m, lim_time now)
{
    return lim_window_remaining(&r->rate, &m->u.quantised.whole, now);
}

static int64_t reset(const struct lim_meter_rule *r, const struct lim_meter *m,
                     lim_time now)
{
    (void)r;
    int64_t whole = lim_window_reset(&m->u.quantised.whole, now);
    int64_t slice = lim_window_reset(&m->u.quantised.slice, now);
    return slice > whole ? slice : whole;
}

static double level(const struct lim_meter_rule *r, const struct lim_meter *m,
                    lim_time now)
{
    double used = (double)lim_window_reset(&m->u.quantised.whole, now) *
                  (double)r->rate.limit / (double)r->rate.window_ns;
    return (double)r->rate.burst - used;
}

const struct lim_meter_type lim_meter_quantised = {
    .name = "quantised",
    .summary = "a bucket, and beside it one for each second or other quantum",
    .has_burst = true,
    .init = init,
    .change = change,
    .ready = ready,
    .take = take,
    .give = give,
    .lower = lower,
    .remaining = remaining,
    .reset = reset,
    .level = level,
};
