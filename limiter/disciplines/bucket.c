/*
 * Bucket: holds `burst` units and refills with limit / window, all the time
 * (a token bucket, kept as GCRA; limiter/window.h has the arithmetic).
 *
 * At most: burst + limit x t / window in any interval of length t.
 * Source: the one discipline that gives every wait found in real error
 * messages.  Pitfall: with burst = limit, nearly twice the limit goes in the
 * first window, since a full bucket refills meanwhile.
 *
 * What every decision needs of it stands in limiter/meter.h.
 */

#include "limiter/disciplines/disciplines.h"

static void init(struct lim_meter *m, const struct lim_meter_rule *r,
                 lim_time now)
{
    (void)r;
    lim_window_init(&m->u.bucket, now);
}

static void give(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time taken_at)
{
    (void)taken_at;
    lim_window_give(&r->rate, &m->u.bucket, cost);
}

static void change(struct lim_meter *m, const struct lim_meter_rule *from,
                   const struct lim_meter_rule *to, lim_time now)
{
    lim_window_change(&from->rate, &to->rate, &m->u.bucket, to->rate.burst,
                      now);
}

static double level(const struct lim_meter_rule *r, const struct lim_meter *m,
                    lim_time now)
{
    double used = (double)lim_window_reset(&m->u.bucket, now) *
                  (double)r->rate.limit / (double)r->rate.window_ns;
    return (double)r->rate.burst - used;
}

const struct lim_meter_type lim_meter_bucket = {
    .name = "bucket",
    .summary = "refills all the time, up to its burst",
    .has_burst = true,
    .init = init,
    .change = change,
    .give = give,
    .level = level,
};
