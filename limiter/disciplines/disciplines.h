#ifndef LIM_DISCIPLINES_H
#define LIM_DISCIPLINES_H

#include "limiter/meter.h"

/*
 * What a discipline is to limiter/meter.c.  Its functions are called only for
 * limits above 0 and costs above 0; `ready` only for costs that fit.  Those of
 * the bucket that are missing stand in limiter/meter.h.
 */
struct lim_meter_type {
    const char *name;
    const char *summary; /* one line */
    bool has_burst;
    /* makes it unused; what it owns stays */
    void (*init)(struct lim_meter *m, const struct lim_meter_rule *r,
                 lim_time now);
    void (*change)(struct lim_meter *m, const struct lim_meter_rule *from,
                   const struct lim_meter_rule *to, lim_time now);
    lim_time (*ready)(const struct lim_meter_rule *r, const struct lim_meter *m,
                      int64_t cost, lim_time now);
    void (*take)(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time now);
    void (*give)(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time taken_at);
    void (*lower)(const struct lim_meter_rule *r, struct lim_meter *m,
                  int64_t cost, lim_time now); /* NULL: as take */
    void (*raise)(const struct lim_meter_rule *r, struct lim_meter *m,
                  int64_t cost, lim_time now); /* NULL: as give, of now */
    int64_t (*remaining)(const struct lim_meter_rule *r,
                         const struct lim_meter *m, lim_time now);
    int64_t (*reset)(const struct lim_meter_rule *r, const struct lim_meter *m,
                     lim_time now);
    double (*level)(const struct lim_meter_rule *r, const struct lim_meter *m,
                    lim_time now); /* NULL: units are never in parts */
    int (*reserve)(const struct lim_meter_rule *r, struct lim_meter *m,
                   lim_time now); /* NULL: it has all it needs */
    int (*reserve_all)(const struct lim_meter_rule *r,
                       struct lim_meter *m); /* likewise */
    void (*fini)(struct lim_meter *m);       /* NULL: it owns nothing */
};

extern const struct lim_meter_type lim_meter_bucket;
extern const struct lim_meter_type lim_meter_quantised;
extern const struct lim_meter_type lim_meter_fixed;
extern const struct lim_meter_type lim_meter_sliding_log;
extern const struct lim_meter_type lim_meter_sliding_counter;

/* Returns the start of the window that holds `t`.  Windows begin at the
   epoch: minutes are those of the clock, days those of the UTC calendar. */
static inline lim_time lim_meter_start(const struct lim_meter_rule *r,
                                       lim_time t)
{
    int64_t into = t % r->rate.window_ns;
    return t - into - (into < 0 ? r->rate.window_ns : 0);
}

#endif
