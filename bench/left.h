#ifndef BENCH_LEFT_H
#define BENCH_LEFT_H

#include "bench/roster.h"
#include "limiter/pool.h"

/*
 * How long the limits let what is left to be sent take: by the levels of the
 * windows as the pool believes them and what flows into them, not by the
 * past, which began with full ones.
 *
 *     1200 requests, 60 a minute and 20 left in the window:
 *     (1200 - 20) / 60 = 19.7 minutes
 */
struct bench_left {
    const struct lim_pool *pool;
    const struct bench_roster *roster;
    const struct lim_cost *costs; /* by group: the sum of all that is left */
};

/* Seconds; 0: nothing is; -1: no limit is known that bounds it. */
double bench_left_seconds(const struct bench_left *l, lim_time now);

/*
 * Which limit holds the requests of a group up, as "rpd of a": the one of
 * those that are used up at which the least is granted.  False: none is.
 */
bool bench_left_waits_for(const struct bench_left *l, unsigned group,
                          lim_time now, char *out, size_t size);

#endif
