#ifndef SIM_DIST_H
#define SIM_DIST_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"

/*
 * Distributions of sizes and times.  A variate is a function of 64 random
 * bits: one draw each, so that common random numbers stay in step whatever
 * the order in which requests are handled.  All but the gamma are made by
 * inverse transform, so that neighbouring parameters give neighbouring
 * variates; the gamma's rejection mixes further bits out of its 64.
 */
enum sim_dist_kind {
    SIM_DIST_CONSTANT,    /* a */
    SIM_DIST_EXPONENTIAL, /* mean a */
    SIM_DIST_LOGNORMAL,   /* exp(a + b z) */
    SIM_DIST_MIXTURE,     /* share c: exp(d + e z), else exp(a + b z) */
    SIM_DIST_GAMMA,       /* scale a, shape b */
    SIM_DIST_WEIBULL,     /* scale a, 1 / shape b, mean c */
    SIM_DIST_EMPIRICAL    /* one of `values`, mean a */
};

struct sim_dist {
    enum sim_dist_kind kind;
    double a, b, c, d, e;
    const double *values; /* of an empirical one */
    size_t count;
    double most; /* of sizes alone: those above it are as large as it; 0: none
                    is.  Draws do not look at it, sim/sizes does */
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

#define SIM_CV_MIN 0.05
#define SIM_CV_MAX 100.0

/*
 * A gamma and a Weibull by mean > 0 and coefficient of variation (standard
 * deviation over mean), SIM_CV_MIN to SIM_CV_MAX; at 1 both are exponential.
 * Gamma: exact, after Marsaglia and Tsang, "A simple method for generating
 * gamma variables", ACM TOMS 26 (2000).  At a cv of 13 its shape is 0.006,
 * and six of seven variates are below a billionth of the mean: as gaps they
 * are 0 ns, so that requests come in heaps.  Of a Weibull of the same cv half
 * are above 1/500 of the mean.
 */
struct sim_dist sim_dist_gamma(double mean, double cv);
struct sim_dist sim_dist_weibull(double mean, double cv);

/*
 * One of n >= 1 values, each with the same chance: those in rising order make
 * it the inverse transform.  They must outlive it.
 */
struct sim_dist sim_dist_empirical(const double *values, size_t n);

/* Returns the variate of `bits`. */
double sim_dist_draw(const struct sim_dist *d, uint64_t bits);

/* The variates of so many words of bits, to the bit as one by one. */
#define SIM_DIST_PART 64
void sim_dist_fill(const struct sim_dist *d, const uint64_t *bits, double *out);

/*
 * Returns a variate of the time to the next event, seen from any instant,
 * when the gaps between events have the distribution `d` (exponential, gamma
 * or Weibull).  A process that begins with it has its mean rate from the
 * start; one that begins with a whole gap is ahead by (cv^2 - 1) / 2 events.
 */
double sim_dist_residual(const struct sim_dist *d, uint64_t bits);

/* Returns the mean. */
double sim_dist_mean(const struct sim_dist *d);

/*
 * Natural logarithm, exponential, the quantile of the standard normal and the
 * logarithm of the gamma function from plain IEEE operations: the same bits
 * on every processor and C library.  Relative errors: below 2e-15 (log, exp)
 * and 1e-14 (quantile: AS 241, PPND16); of the last, absolute or relative,
 * whichever is larger: 2e-14.
 */
double sim_log(double x);             /* x > 0, finite */
double sim_exp(double x);             /* 0 and infinity out of range */
double sim_normal_quantile(double p); /* 0 < p < 1 */
double sim_log_gamma(double x);       /* x > 0 */

#endif
