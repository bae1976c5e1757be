#ifndef LIM_LANES_H
#define LIM_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/line.h"
#include "limiter/queue.h"
#include "limiter/time.h"

/*
 * The requests that wait.  A lane is the queue of one limit group, or with
 * `fair` of one tenant in it; in a lane the queue discipline says who is
 * first, and in a group whose turn it is.  Only the heads of groups compete,
 * so a group that is blocked does not hold up another.  What comes back from
 * a failed attempt keeps its rank; without ranks it goes before all that were
 * never sent.
 *
 * Each group has a time to wake: before it, nothing can come of a look at its
 * head, by what is known.  A tenant whose head is blocked keeps its turn: if
 * another's smaller request went meanwhile, it would take what the larger one
 * waits for, again and again.  A new head, or lim_lanes_wake, makes the time
 * earlier.
 */
struct lim_lanes;

struct lim_lanes_config {
    const struct lim_queue *queue;
    unsigned groups, tenants; /* >= 1 */
    uint32_t requests;        /* 0 to requests - 1 may wait */
    int64_t quantum;          /* fair: tokens a turn, > 0 */
    int64_t aging_ns;         /* see limiter/queue.h; 0: its default */
};

/* NULL: out of memory. */
struct lim_lanes *lim_lanes_new(const struct lim_lanes_config *config);
void lim_lanes_free(struct lim_lanes *l); /* NULL is allowed */

/* Puts a new request into its lane, at the place that `w` says.  `tenant`
   counts with `fair` only. */
void lim_lanes_push(struct lim_lanes *l, uint32_t request, unsigned group,
                    unsigned tenant, const struct lim_waiting *w);

/* Likewise one that was sent, and keeps its lane and its rank. */
void lim_lanes_return(struct lim_lanes *l, uint32_t request);

/* Takes a request that waits out of its lane: it is gone, cancelled. */
void lim_lanes_remove(struct lim_lanes *l, uint32_t request);

/* Likewise of a lane's head, but it was sent: `fair` charges its tokens to
   its tenant. */
void lim_lanes_serve(struct lim_lanes *l, uint32_t request, int64_t tokens);

/* Returns the head of a group, or LIM_NOBODY. */
uint32_t lim_lanes_head(const struct lim_lanes *l, unsigned group);

/*
 * Returns the request to look at next, the head of its group; LIM_NOBODY: no
 * group is awake at `now`.  Of the heads it is that which comes first, a
 * group's head being, with `fair`, that of the tenant whose turn it is.
 * O(log lanes), or O(groups) when one wakes, whatever the number that waits.
 * `now` does not step back.
 */
uint32_t lim_lanes_next(struct lim_lanes *l, lim_time now);

/* Says that nothing can come of the group's head before `at`. */
void lim_lanes_sleep(struct lim_lanes *l, unsigned group, lim_time at);

/* Says that something may come of it at `at`, if that is earlier. */
void lim_lanes_wake(struct lim_lanes *l, unsigned group, lim_time at);

/* Tells whether the group sleeps at `now`, with somebody in it. */
bool lim_lanes_sleeps(const struct lim_lanes *l, unsigned group, lim_time now);

/* Returns when the first group is awake; INT64_MIN: now; LIM_NEVER. */
lim_time lim_lanes_earliest(const struct lim_lanes *l);

/* Whom to shed when too many wait: of all lanes the request that the queue
   discipline puts last (of `fair`, the last of the longest lane), or
   LIM_NOBODY.  O(groups); O(1) with `fair`. */
uint32_t lim_lanes_last(const struct lim_lanes *l);

#endif
