#ifndef SIM_DIST_H
#define SIM_DIST_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"

/*
 * Distributions of sizes and times.  A variate is a function of 64 random
 * bits, by inverse transform: one draw each, so that common random numbers
 * stay in step whatever the order in which requests are handled.
 */
enum sim_dist_kind {
    SIM_DIST_CONSTANT,    /* a */
    SIM_DIST_EXPONENTIAL, /* mean a */
    SIM_DIST_LOGNORMAL,   /* exp(a + b z) */
    SIM_DIST_MIXTURE      /* share c: exp(d + e z), else exp(a + b z) */
};

struct sim_dist {
    enum sim_dist_kind kind;
    double a, b, c, d, e;
};

struct sim_dist sim_dist_constant(double value);
struct sim_dist sim_dist_exponential(double mean);

/* A lognormal by its median and 95th percentile, 0 < p50 <= p95. */
struct sim_dist sim_dist_lognormal(double p50, double p95);

/*
 * A lognormal with a slow share: (1 - share) LN(p50, s1) + share LN(ratio x
 * p50, s2), which fits the tail of measured times to first token where one
 * lognormal misses it by a factor of four.
 */
struct sim_dist sim_dist_mixture(double p50, double s1, double share,
                                 double ratio, double s2);

/* Returns the variate of `bits`. */
double sim_dist_draw(const struct sim_dist *d, uint64_t bits);

/* Returns the mean. */
double sim_dist_mean(const struct sim_dist *d);

/*
 * Natural logarithm, exponential and the quantile of the standard normal from
 * plain IEEE operations: the same bits on every processor and C library.
 * Relative errors: below 2e-15 (log, exp) and 1e-14 (quantile: AS 241,
 * PPND16).
 */
double sim_log(double x);             /* x > 0, finite */
double sim_exp(double x);             /* 0 and infinity out of range */
double sim_normal_quantile(double p); /* 0 < p < 1 */

#endif
