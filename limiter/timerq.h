#ifndef LIM_TIMERQ_H
#define LIM_TIMERQ_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * A queue of timers, at most one for each id: a tournament.  Every id has its
 * own place, four places are a cache line, and the first timer of each line
 * stands in a place of the level above, where four are a line again, up to the
 * first of all; so one that comes climbs as far as it is the first, and where
 * one goes, each line above it is asked anew.
 *
 * Ids up to 64 have 3 levels, up to 1,024 5, all there may be 12: the largest
 * id that was ever set counts, so begin with the low ones.  Nothing is searched
 * or sorted, no time is a bad one, and cancelling is mostly done in the first
 * line.  ns to set and pop one, against a 4-ary heap that knows where each id
 * stands, by how many are pending:
 *
 *                                            10   100  1,000  10,000  100,000
 *     log-normal delays                      12    17     19      26       47
 *     ... heap                               23    35     40      69      105
 *     9 of 10 of 1 ms, the others of 60 s    12    22     24      29       48
 *     ... heap                               13    28     42      68      102
 *     and one more set and cancelled         28    31     37      45      102
 *     ... heap                               37    53     66      80      161
 *
 * An id takes 21 bytes, once it or a larger one is set.
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
