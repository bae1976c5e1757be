#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include <stdint.h>

#include "limiter/error.h"
#include "limiter/time.h"

/*
 * The double entry of a run: whatever else counts, this must come out even.
 *
 * Conservation: what came is what left and what is still there.  Little's
 * law, exact with what is cut by the run's end: the number there, integrated
 * over time, is the sum of the times that each was there.  Both for requests
 * in the system and for attempts on their way.
 *
 * The number there goes up by one when somebody comes and down when somebody
 * leaves.  So its integral to the end T is, summed by parts, the instants of
 * leaving, and T for each that is left, less the instants since when those
 * that came count.  The times that each was there are the same leavings and Ts
 * less the instants since when those that left, or are left, count.  So
 * Little's law holds if and only if the two sums of instants are the same;
 * they are kept modulo 2^64 ns, which is 584 years.
 */

/* A run that broke its own laws: not of enum lim_error, as it is a defect of
   tierlab's and no fault of what it was given. */
#define SIM_EBROKEN (-100)

struct sim_station { /* zeros: nothing came */
    uint64_t entered, left;
    uint64_t came, gone; /* sums of instants since when those count */
};

/* One enters that is to count from `since`. */
static inline void sim_station_enter(struct sim_station *s, lim_time since)
{
    s->entered++;
    s->came += (uint64_t)since;
}

/* The one that counts from `since` leaves. */
static inline void sim_station_leave(struct sim_station *s, lim_time since)
{
    s->left++;
    s->gone += (uint64_t)since;
}

/*
 * Checks a station at the end of a run: `there` are left, since instants that
 * sum up to `since`.  Returns LIM_OK, or SIM_EBROKEN and `diag`, in which it
 * is called `name`.
 */
int sim_station_check(const struct sim_station *s, const char *name,
                      uint64_t there, uint64_t since, struct lim_diag *diag);

#endif
