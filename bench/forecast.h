#ifndef BENCH_FORECAST_H
#define BENCH_FORECAST_H

#include "bench/sender.h"

/*
 * How long it will take to send a batch: the pool that would send it, in
 * virtual time, against limits that are what the accounts file says, with
 * latencies of the models' profiles and replies of the default lengths
 * (sim/service.h), all of which succeed; it hedges as that pool does.
 */
struct bench_forecast {
    bool known; /* the limits are, of every account and model */
    double seconds;
    uint64_t sent, refused; /* requests; those that no limit fits */
    uint64_t hedges;        /* sent beside them */
};

/* LIM_OK, or an error and `diag`.  Of `s` the answers' side is not used. */
int bench_forecast_make(struct bench_forecast *f, const struct bench_sender *s,
                        struct lim_diag *diag);

#endif
