#ifndef SIM_BOUND_H
#define SIM_BOUND_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/limits.h"

/*
 * The most requests that any policy could have had admitted in a run.
 *
 * A window lets through at most what its full bucket holds and what flows in:
 * burst + limit x duration / window.  One of 3 a minute lets 183 through in an
 * hour; one that grows to 10 a minute after half of it, 3 + 90 + 7 + 300.
 * Which requests go where is a linear programme: as many as possible, within
 * all windows of all organisations, the last ones maybe in part, as in a fluid.
 *
 * It needs no solver.  With the cheapest requests as many go as with any; n of
 * them cost at least L(n), which is convex, and they can be dealt out just if
 * no set of organisations is short of requests or, together, of tokens (Hall's
 * condition; V. Strassen, 1965).  So the allowed counts are a polymatroid, and
 * the optimum is the least, over all sets A of organisations, of
 *
 *     (how many L allows with A's tokens together) + (requests of the others)
 *
 * (J. Edmonds, 1970).  The A that counts holds those with the most requests a
 * token: they are sorted, and each beginning is tried.  Where a request is
 * larger than the bucket of one organisation and not of another, this is a
 * bound, and not always reached.
 *
 * It is a true bound for requests of any sizes, when windows are full at the
 * start and there is no settlement.  With settlement it stays one if the
 * costs are the smaller of what was reserved and what was used.  Arrival
 * times, the monthly spend and latency are left out: they only lower what is
 * possible.  Limit groups share no window, so bounds of groups add up.
 *
 * Plain double arithmetic: right to about 1e-12 of itself.
 */

/* Requests of equal cost, of all in rising order of it. */
struct sim_run {
    int64_t cost; /* of each */
    uint64_t end; /* how many there are up to the last of these */
    int64_t sum;  /* of the costs of so many */
};

/* What arrived for one limit group. */
struct sim_demand {
    uint64_t requests;
    /* For each dimension, what sim_bound_sums made of the costs of all
       requests; NULL: none costs less than `least`. */
    const int64_t *sums[LIM_DIMENSIONS];
    int64_t least[LIM_DIMENSIONS];
    /* The same costs of tokens as runs, instead; NULL: `sums` has them. */
    const struct sim_run *runs;
    size_t run_count;
};

struct sim_bound {
    double requests; /* <= demand, >= 0 */
    int binding;     /* enum lim_limit that alone allows the
                                   fewest; -1: all that arrived could go */
};

/*
 * Sorts n costs (each >= 0, their sum below 2^63) and turns them into
 * running sums: the i-th becomes the sum of the i + 1 smallest.
 */
void sim_bound_sums(int64_t *costs, size_t n);

/* What the windows of one organisation let through, in units of their
   dimension: all in all, and of one request.  All zeros: nothing. */
struct sim_room {
    double total[LIM_WINDOWS];
    double largest[LIM_WINDOWS];
};

/*
 * Adds what there is at once under `limits`, beyond what there was under
 * `before` (NULL: nothing).  `burst` is the provider's share of a limit,
 * (0, 1].
 */
void sim_room_open(struct sim_room *r, const struct lim_limits *limits,
                   const struct lim_limits *before, double burst);

/* Adds what flows in during `duration_ns` >= 0. */
void sim_room_flow(struct sim_room *r, const struct lim_limits *limits,
                   int64_t duration_ns);

/*
 * Bounds one group by the rooms of the organisations, all zeros where one
 * does not serve it; they are used up.  Equal ones beside each other are worked
 * out once.
 */
struct sim_bound sim_bound_group(const struct sim_demand *d,
                                 struct sim_room *rooms, size_t organisations);

#endif
