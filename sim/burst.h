#ifndef SIM_BURST_H
#define SIM_BURST_H

#include <stddef.h>

#include "limiter/error.h"
#include "sim/trace.h"

/* The longest trace that is taken: two years. */
#define SIM_BURST_MINUTES_MAX (2 * 366 * 1440)

/*
 * Makes a trace burstier without another request in it: what is `factor`
 * times as far from the mean of the hour around is the number of requests in
 * a minute.  Minutes of 10 and 20 in turn become such of 5 and 25 at 2; the
 * variance of the numbers, and their index of dispersion, are then four times
 * as large, as that of random arrivals is whose coefficient of variation has
 * doubled.  The hour's mean stays, so that a day keeps its shape; so do the
 * order of the requests, their sizes, and the span.
 *
 * It is a change of the clock: request number u comes when the new rate has
 * brought u requests.  A minute's rate is the hour's times a power of what the
 * minute has more or less, so that none falls below nothing; the power is the
 * one that brings the distance asked for.
 *
 * `factor` is >= 0.  LIM_OK; LIM_ENOMEM; or LIM_EINVAL: the trace is too
 * long.  After an error nothing has changed.
 */
int sim_trace_burst(struct sim_trace_row *rows, size_t count, double factor);

#endif
