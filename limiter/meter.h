#ifndef LIM_METER_H
#define LIM_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/time.h"
#include "limiter/window.h"

/*
 * One window of a limit, whatever the discipline by which it counts.
 *
 * How a provider counts is not public, and it matters: of 60 a minute, what
 * is admitted after 60 requests at 12:00:59.9 is one a second for a bucket,
 * 60 more at 12:01:00 for a fixed window, and nothing until 12:01:59.9 for a
 * sliding log.  Each file of limiter/disciplines/ defines one, and says how
 * much it admits at most in any interval.
 *
 * All are exact: integers, and a wait after which the cost is admitted, and
 * 1 ns before which it is not.  A `now` that steps back gives no credit.
 */
enum lim_discipline {
    LIM_DISCIPLINE_BUCKET,
    LIM_DISCIPLINE_QUANTISED,
    LIM_DISCIPLINE_FIXED,
    LIM_DISCIPLINE_SLIDING_LOG,
    LIM_DISCIPLINE_SLIDING_COUNTER,
    LIM_DISCIPLINES
};

/* Returns "bucket", "quantised", "fixed", "sliding-log" or
   "sliding-counter". */
const char *lim_discipline_name(enum lim_discipline discipline);

/* Says in one line what it is, for --list. */
const char *lim_discipline_summary(enum lim_discipline discipline);

/* Finds a discipline by name; false if there is none such. */
bool lim_discipline_find(const char *name, enum lim_discipline *out);

/* Tells whether a bucket's burst is the discipline's too: those without one
   count up to the whole limit. */
bool lim_discipline_has_burst(enum lim_discipline discipline);

/* How a window counts: constant, shared by all windows of equal limits. */
struct lim_meter_rule {
    struct lim_rate rate; /* limit, window, and the largest cost: burst */
    enum lim_discipline discipline;
    struct lim_rate slice; /* quantised; limit LIM_UNLIMITED: no slices */
    int64_t grain_ns;      /* sliding log: entries nearer are merged */
};

struct lim_meter_config {
    enum lim_discipline discipline;
    int64_t limit;      /* 0 to LIM_LIMIT_MAX, or LIM_UNLIMITED */
    int64_t window_ns;  /* > 0 */
    int64_t burst;      /* 0 to limit; where lim_discipline_has_burst */
    int64_t quantum_ns; /* quantised: length of a slice; 0, or the window
                           and more: there are none */
    int64_t grains;     /* sliding log: of a window, an entry each at most;
                           0: LIM_METER_GRAINS */
};

#define LIM_METER_GRAINS 60000

struct lim_meter_rule lim_meter_rule_make(const struct lim_meter_config *c);

/* An entry of a sliding log: `sum` is of all entries up to this one. */
struct lim_meter_entry {
    lim_time at;
    int64_t sum;
};

/* The state of a window; fields are private.  One of zeros is a window of
   which nothing is used, at any instant since the epoch. */
struct lim_meter {
    union {
        struct lim_window bucket;
        struct {
            struct lim_window whole, slice;
        } quantised;
        struct {
            lim_time start;
            int64_t used;
        } fixed;
        struct {
            lim_time start;
            int64_t current, previous;
        } counter;
        struct {
            struct lim_meter_entry *ring; /* owned */
            int64_t before;               /* sum before the first entry */
            uint32_t first, count, room;
        } log;
    } u;
};

/* Makes a window of which nothing is used at `now`.  Allocates nothing. */
void lim_meter_init(const struct lim_meter_rule *r, struct lim_meter *m,
                    lim_time now);

/* Makes it unused at `now` once more; what it owns stays. */
void lim_meter_clear(const struct lim_meter_rule *r, struct lim_meter *m,
                     lim_time now);

/* Frees what a sliding log has allocated; the others own nothing. */
void lim_meter_fini(const struct lim_meter_rule *r, struct lim_meter *m);

/* The largest cost that is ever admitted; INT64_MAX for no limit. */
int64_t lim_meter_largest(const struct lim_meter_rule *r);

/*
 * Makes room for one take at `now`, so that a request which takes from
 * several windows takes from all or none.  LIM_ENOMEM: nothing has changed.
 * Only a sliding log allocates: it doubles, up to 2^16 entries of 16 bytes.
 */
int lim_meter_reserve(const struct lim_meter_rule *r, struct lim_meter *m,
                      lim_time now);

/* Makes room for all that it can ever hold, in a window of which nothing is
   used: no take needs more.  LIM_ENOMEM: nothing has changed. */
int lim_meter_reserve_all(const struct lim_meter_rule *r, struct lim_meter *m);

/*
 * Gives back `cost` of what was taken at `taken_at`, for a settlement.  Units
 * that no longer count give nothing.
 */
void lim_meter_give(const struct lim_meter_rule *r, struct lim_meter *m,
                    int64_t cost, lim_time taken_at);

/*
 * Takes units of which it is known that they are gone, not since when.  They
 * count as if taken at `now`, but not in a slice.
 */
void lim_meter_lower(const struct lim_meter_rule *r, struct lim_meter *m,
                     int64_t cost, lim_time now);

/*
 * Gives units back of which it is known that they were never taken, not when
 * they would have been: of a log the oldest, so that the others do not come
 * back too early.
 */
void lim_meter_raise(const struct lim_meter_rule *r, struct lim_meter *m,
                     int64_t cost, lim_time now);

/*
 * Changes the rule by which a window counts, at `now`, to one of the same
 * discipline.  The units used stay used, to the fraction, but at most so many
 * that none is owed: a limit that grows by 10 gives 10 at once.  From no
 * limit, from one of 0, or from a window of another length, a window begins
 * unused.
 */
void lim_meter_change(const struct lim_meter_rule *from,
                      const struct lim_meter_rule *to, struct lim_meter *m,
                      lim_time now);

/* Returns the units left at `now` with their fraction, for reports. */
double lim_meter_level(const struct lim_meter_rule *r,
                       const struct lim_meter *m, lim_time now);

/* A bucket, the default, is decided here below; the others by these. */
lim_time lim_meter_other_ready(const struct lim_meter_rule *r,
                               const struct lim_meter *m, int64_t cost,
                               lim_time now);
void lim_meter_other_take(const struct lim_meter_rule *r, struct lim_meter *m,
                          int64_t cost, lim_time now);
int64_t lim_meter_other_remaining(const struct lim_meter_rule *r,
                                  const struct lim_meter *m, lim_time now);
int64_t lim_meter_other_reset(const struct lim_meter_rule *r,
                              const struct lim_meter *m, lim_time now);

/*
 * Returns the first instant at which `cost` (>= 0) is admitted if nothing
 * else is taken: `now` itself or later; LIM_NEVER if it does not fit.
 */
static inline lim_time lim_meter_ready(const struct lim_meter_rule *r,
                                       const struct lim_meter *m, int64_t cost,
                                       lim_time now)
{
    if (r->discipline == LIM_DISCIPLINE_BUCKET)
        return lim_window_ready(&r->rate, &m->u.bucket, cost, now);
    return lim_meter_other_ready(r, m, cost, now);
}

/*
 * Takes `cost` at `now`.  The caller has asked: lim_meter_ready is `now`, and
 * lim_meter_reserve made room.  It may also take more than is there (a
 * correction); the window then owes.
 */
static inline void lim_meter_take(const struct lim_meter_rule *r,
                                  struct lim_meter *m, int64_t cost,
                                  lim_time now)
{
    if (r->discipline == LIM_DISCIPLINE_BUCKET)
        lim_window_take(&r->rate, &m->u.bucket, cost, now);
    else
        lim_meter_other_take(r, m, cost, now);
}

/* Returns the whole units left at `now`, floored; below 0 when it owes.
   Used is the limit less this.  For no limit: LIM_UNLIMITED. */
static inline int64_t lim_meter_remaining(const struct lim_meter_rule *r,
                                          const struct lim_meter *m,
                                          lim_time now)
{
    if (r->discipline == LIM_DISCIPLINE_BUCKET)
        return lim_window_remaining(&r->rate, &m->u.bucket, now);
    return lim_meter_other_remaining(r, m, now);
}

/* Returns the ns from `now` until nothing is used, if nobody comes. */
static inline int64_t lim_meter_reset(const struct lim_meter_rule *r,
                                      const struct lim_meter *m, lim_time now)
{
    if (r->discipline == LIM_DISCIPLINE_BUCKET)
        return lim_window_reset(&m->u.bucket, now);
    return lim_meter_other_reset(r, m, now);
}

#endif
