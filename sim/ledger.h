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
 * over time as it changes, is the sum of the times that each was there.  Both
 * for requests in the system and for attempts on their way.
 */

/* A run that broke its own laws: not of enum lim_error, as it is a defect of
   tierlab's and no fault of what it was given. */
#define SIM_EBROKEN (-100)

__extension__ typedef __int128 sim_area;

struct sim_station { /* zeros: nothing came */
    uint64_t entered, left;
    lim_time last; /* change */
    sim_area area; /* number there x ns */
    sim_area stay; /* ns, of those that left */
};

static inline void sim_station_advance(struct sim_station *s, lim_time now)
{
    int64_t there = (int64_t)(s->entered - s->left);
    s->area += (sim_area)there * (now - s->last);
    s->last = now;
}

/* One enters at `now` that is to count from `since`. */
static inline void sim_station_enter(struct sim_station *s, lim_time since,
                                     lim_time now)
{
    sim_station_advance(s, now);
    s->area += now - since;
    s->entered++;
}

/* The one that counts from `since` leaves. */
static inline void sim_station_leave(struct sim_station *s, lim_time since,
                                     lim_time now)
{
    sim_station_advance(s, now);
    s->stay += now - since;
    s->left++;
}

/*
 * Checks a station at the end of a run, `now`: `there` are left, which have
 * been there for `stay` ns together.  Returns LIM_OK, or SIM_EBROKEN and
 * `diag`, in which it is called `name`.
 */
int sim_station_check(struct sim_station *s, const char *name, uint64_t there,
                      sim_area stay, lim_time now, struct lim_diag *diag);

#endif
