#ifndef LIM_TIMERQ_H
#define LIM_TIMERQ_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * A queue of timers, at most one for each id: a 4-ary heap of 16-byte keys
 * with the position of every id beside it, so that a timer can be moved and
 * cancelled in O(log n) and nothing dead stays behind.
 *
 * The order is total: time, then `rank` (callers put classes of events in
 * it), then the order in which the timers were set.  It serves the pool's
 * deadlines and back-off, the simulator's events and the daemon's timers.
 */
struct lim_timerq;

#define LIM_TIMERQ_IDS_MAX (UINT32_C(1) << 24)
#define LIM_TIMERQ_RANKS 4

/* Makes a queue for ids 0 to `ids` - 1; NULL when out of memory. */
struct lim_timerq *lim_timerq_new(uint32_t ids);

/*
 * From now on timers of one time and rank come in an order of `seed`'s own,
 * in place of that in which they were set: each order is as likely, and what
 * depends on the other one shows.
 */
void lim_timerq_shuffle(struct lim_timerq *q, uint64_t seed);

/* Frees a queue; NULL is allowed. */
void lim_timerq_free(struct lim_timerq *q);

/*
 * Makes room for more ids, at most LIM_TIMERQ_IDS_MAX.  Timers stay as they
 * are.  Returns LIM_OK, or LIM_ENOMEM and changes nothing.
 */
int lim_timerq_grow(struct lim_timerq *q, uint32_t ids);

/*
 * Sets the timer of `id` to `at`, whether it was set before or not.  `rank`
 * is below LIM_TIMERQ_RANKS; the lower one comes first.
 */
void lim_timerq_set(struct lim_timerq *q, uint32_t id, lim_time at,
                    unsigned rank);

/* Forgets the timer of `id`, if it has one. */
void lim_timerq_cancel(struct lim_timerq *q, uint32_t id);

/* Tells whether `id` has a timer. */
bool lim_timerq_armed(const struct lim_timerq *q, uint32_t id);

/* Returns the time of the first timer, or LIM_NEVER. */
lim_time lim_timerq_next(const struct lim_timerq *q);

/* Returns whose timer that is, or LIM_TIMERQ_NOBODY. */
uint32_t lim_timerq_first(const struct lim_timerq *q);

#define LIM_TIMERQ_NOBODY UINT32_MAX

/*
 * Takes the first timer that is due at `now` or before, and tells its id.
 * Returns false when none is.
 */
bool lim_timerq_pop(struct lim_timerq *q, lim_time now, uint32_t *id);

/* Returns the number of timers that are set. */
uint32_t lim_timerq_size(const struct lim_timerq *q);

#endif
