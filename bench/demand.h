#ifndef BENCH_DEMAND_H
#define BENCH_DEMAND_H

#include <stddef.h>
#include <stdint.h>

#include "bench/scenario.h"

/*
 * What a scenario's traffic asks of the limits: requests and tokens, as they
 * are charged at admission, minute by minute and model by model.  It is the
 * traffic under no limits of one run, or of several with other draws, one
 * after the other, where arrivals are random and few.
 */

struct bench_demand_minute {
    int64_t requests, tokens, images;
};

struct bench_demand_model {
    const char *name; /* borrowed from the scenario */
    struct bench_demand_minute sum;
    int64_t tokens_max;                  /* of one request */
    struct bench_demand_minute *minutes; /* owned */
    size_t minute_count;
};

struct bench_demand {
    struct bench_demand_model *models; /* owned */
    size_t model_count;
    size_t runs;
    /* Of all runs: */
    double span_s; /* the duration, or until the last arrival */
    /* What the rates of the arrivals let expect, over what came: bursts that
       stay for minutes make an hour's count vary by a fifth.  1: not known. */
    double factor;
    double usd; /* -1: a price is not known */
    int64_t requests;
    int64_t in_flight_max; /* at the end of some interval */
};

enum bench_demand_what { BENCH_DEMAND_REQUESTS, BENCH_DEMAND_TOKENS };

/* Of at most so many runs, >= 1.  LIM_OK, or an error and `diag`; the scenario
   outlives the demand. */
int bench_demand_init(struct bench_demand *d, const struct bench_scenario *s,
                      size_t runs_max, struct lim_diag *diag);
void bench_demand_fini(struct bench_demand *d);

/* The share `q` of the minutes has no more than this; 1: the most. */
int64_t bench_demand_quantile(const struct bench_demand_model *m,
                              enum bench_demand_what what, double q);

#endif
