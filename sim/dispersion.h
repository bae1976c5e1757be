#ifndef SIM_DISPERSION_H
#define SIM_DISPERSION_H

#include <stdint.h>

#include "limiter/time.h"

/*
 * The index of dispersion of arrivals: variance over mean of their number in
 * a minute, the length over which limits count.  1 for Poisson; 20 and 160
 * for the conversations and the code of Azure's trace of 2023.
 */
struct sim_dispersion { /* fields are private */
    lim_time until;     /* end of the open minute */
    lim_time last;      /* arrival */
    uint64_t open;      /* arrivals in it */
    uint64_t minutes;   /* that are over */
    double sum, squares;
};

void sim_dispersion_init(struct sim_dispersion *d, lim_time start);

/* A request arrives at `at`, which never falls. */
void sim_dispersion_add(struct sim_dispersion *d, lim_time at);

/*
 * The index over the whole minutes from the start to `end`, which is not
 * before the last arrival; LIM_NEVER: to that.  -1: less than two minutes, or
 * no request in them.
 */
double sim_dispersion_index(struct sim_dispersion *d, lim_time end);

#endif
