#ifndef LIM_LANES_H
#define LIM_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * The requests that wait.  A lane is the queue of one limit group: first
 * come, first served, but those that come back from a failed attempt go
 * before those that were never sent.  Only its head competes, so a group that
 * is blocked does not hold up another.
 *
 * Each lane has a time to wake: before it, nothing can come of a look at its
 * head, by what is known.  A new head, or lim_lanes_wake, makes it earlier.
 */
struct lim_lanes;

#define LIM_NOBODY UINT32_MAX

/* Lanes for requests 0 to `requests` - 1.  NULL: out of memory. */
struct lim_lanes *lim_lanes_new(unsigned lanes, uint32_t requests);
void lim_lanes_free(struct lim_lanes *l); /* NULL is allowed */

/* Puts a request, which waits nowhere, into a lane. */
void lim_lanes_push(struct lim_lanes *l, unsigned lane, uint32_t request,
                    bool returned);

/* Takes a request that waits out of its lane. */
void lim_lanes_remove(struct lim_lanes *l, uint32_t request);

/* Returns the head of a lane, or LIM_NOBODY. */
uint32_t lim_lanes_head(const struct lim_lanes *l, unsigned lane);

/*
 * Returns the lane to look at: of those awake at `now`, the one whose head
 * came first; -1: none.
 */
int lim_lanes_next(const struct lim_lanes *l, lim_time now);

/* Says that nothing can come of the lane's head before `at`. */
void lim_lanes_sleep(struct lim_lanes *l, unsigned lane, lim_time at);

/* Says that something may come of it at `at`, if that is earlier. */
void lim_lanes_wake(struct lim_lanes *l, unsigned lane, lim_time at);

/* Tells whether the lane sleeps at `now`, with somebody in it. */
bool lim_lanes_sleeps(const struct lim_lanes *l, unsigned lane, lim_time now);

/* Returns when the first lane is awake; INT64_MIN: now; LIM_NEVER. */
lim_time lim_lanes_earliest(const struct lim_lanes *l);

#endif
