#ifndef LIM_METERS_H
#define LIM_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/meter.h"
#include "limiter/window.h"

/*
 * The windows of an index's organisations as a pool believes in them, where
 * it takes them for something else than buckets: exact, beside the rows of
 * the index, which go on as buckets and serve the strategies' scores.
 * Internal to the pool.
 *
 * A belief of a sliding log has entries 120 ms apart of a minute, 172.8 s of
 * a day: what was taken counts for up to that long too much, never too
 * little, which is 0.2 % of the limit at most, and a window is 8 KB, taken at
 * once.  The others are 48 bytes a window and own nothing.
 *
 * What an answer shows: so many units were left when its request was decided.
 * If fewer than the pool believed at its sending, others have taken the
 * difference, and it is taken from the belief, now: it counts for as long as
 * if it had been taken now.  What answers to requests that were sent before
 * such a correction show of it is not taken again.  A belief is raised where
 * more is left than it can be with all that was charged since, or was on its
 * way: something was charged in vain (a 503 in front of the limits, a lie).
 */
struct lim_meters;

/*
 * Makes the windows of `leaves` organisations of these rates (LIM_WINDOWS of
 * them), unused at `now`.  `quantum_ns` is the slice of minutes that are
 * quantised.  NULL: out of memory.
 */
struct lim_meters *lim_meters_new(enum lim_discipline discipline,
                                  int64_t quantum_ns,
                                  const struct lim_rate *rates, uint32_t leaves,
                                  lim_time now);
void lim_meters_free(struct lim_meters *m); /* NULL is allowed */

/* More leaves, unused; false: out of memory, and nothing has changed. */
bool lim_meters_grow(struct lim_meters *m, uint32_t leaves, lim_time now);

/* All windows of a leaf are unused at `now`. */
void lim_meters_clear(struct lim_meters *m, uint32_t leaf, lim_time now);

/* A window of an equal rate goes on here as it is there, and ends there. */
void lim_meters_move(struct lim_meters *m, uint32_t leaf,
                     struct lim_meters *from, uint32_t from_leaf,
                     enum lim_limit window);

/* When a cost that fits is admitted by all windows: `now` or later. */
lim_time lim_meters_ready(const struct lim_meters *m, uint32_t leaf,
                          const struct lim_cost *cost, lim_time now);

/* Takes a cost from all. */
void lim_meters_take(struct lim_meters *m, uint32_t leaf,
                     const struct lim_cost *cost, lim_time now);

/* What was taken at `taken_at` is so only at `now`. */
void lim_meters_postpone(struct lim_meters *m, uint32_t leaf,
                         const struct lim_cost *cost, lim_time taken_at,
                         lim_time now);

/* Corrects what was taken at `taken_at` by `less` units, or -less more; at
   most one limit is owed. */
void lim_meters_settle(struct lim_meters *m, uint32_t leaf,
                       enum lim_limit window, int64_t less, lim_time taken_at,
                       lim_time now);

/* The whole units left in a window; LIM_UNLIMITED. */
int64_t lim_meters_left(const struct lim_meters *m, uint32_t leaf,
                        enum lim_limit window, lim_time now);

/* What to keep of each window when a request is sent, for lim_meters_heed:
   LIM_WINDOWS numbers. */
void lim_meters_mark(const struct lim_meters *m, uint32_t leaf, lim_time now,
                     int64_t *mark);

/* An answer shows that `left` units of a window were left when its request,
   sent at `sent_at`, had been decided, and taken if `mark` says so. */
void lim_meters_heed(struct lim_meters *m, uint32_t leaf, enum lim_limit window,
                     int64_t left, int64_t mark, lim_time sent_at,
                     lim_time now);

/* At least `left` units are left now: gives back what the belief has too
   little.  True: it did. */
bool lim_meters_raise(struct lim_meters *m, uint32_t leaf,
                      enum lim_limit window, int64_t left, lim_time now);

/* As lim_meters_heed, of a window that is new, as it is now. */
void lim_meters_heed_first(struct lim_meters *m, uint32_t leaf,
                           enum lim_limit window, int64_t left, lim_time now);

/* A cost was refused by a window, which has room for it at `at`: takes what
   the belief has too much for that. */
void lim_meters_refused(struct lim_meters *m, uint32_t leaf,
                        enum lim_limit window, int64_t cost, lim_time at,
                        lim_time now);

#endif
