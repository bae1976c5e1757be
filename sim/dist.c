/* Distributions, and the few functions that they need. */

#include "sim/dist.h"

#include <assert.h>
#include <math.h>

#include "limiter/rng.h"
#include "sim/dist_math.h"

#define NORMAL_P95 1.6448536269514722

double sim_log(double x)
{
    assert(x > 0);
    assert(x <= 0x1.fffffffffffffp1023);
    return x < 0x1p-1022 ? sim_log_normal(x * 0x1p54, -54)
                         : sim_log_normal(x, 0);
}

double sim_exp(double x)
{
    if (x > SIM_EXP_MAX)
        return HUGE_VAL;
    return x < SIM_EXP_MIN ? 0 : sim_exp_within(x);
}

double sim_normal_quantile(double p)
{
    assert(p > 0);
    assert(p < 1);
    double q = p - 0.5;
    if (q >= -SIM_CENTRAL && q <= SIM_CENTRAL)
        return sim_central_quantile(q);
    double r = sqrt(-sim_log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? sim_near_quantile(r) : sim_far_quantile(r);
    return q < 0 ? -z : z;
}

/* Stirling's series from 16 on, where its next term is below 1e-16; below,
   the recurrence leads there. */
double sim_log_gamma(double x)
{
    static const double c[] = { 1.0 / 12,    -1.0 / 360, 1.0 / 1260,
                                -1.0 / 1680, 1.0 / 1188, -691.0 / 360360 };
    const double half_log_two_pi = 0.91893853320467274178;
    double product = 1;
    assert(x > 0);
    for (; x < 16; x += 1)
        product *= x;
    return (x - 0.5) * sim_log(x) - x + half_log_two_pi +
           sim_polynomial(c, 6, 1 / (x * x)) / x - sim_log(product);
}

struct sim_dist sim_dist_constant(double value)
{
    return (struct sim_dist){ .kind = SIM_DIST_CONSTANT, .a = value };
}

struct sim_dist sim_dist_exponential(double mean)
{
    assert(mean >= 0);
    return (struct sim_dist){ .kind = SIM_DIST_EXPONENTIAL, .a = mean };
}

struct sim_dist sim_dist_lognormal(double p50, double p95)
{
    assert(p50 > 0);
    assert(p95 >= p50);
    return (struct sim_dist){ .kind = SIM_DIST_LOGNORMAL,
                              .a = sim_log(p50),
                              .b = sim_log(p95 / p50) / NORMAL_P95 };
}

struct sim_dist sim_dist_mixture(double p50, double s1, double share,
                                 double ratio, double s2)
{
    assert(p50 > 0);
    assert(ratio > 0);
    assert(share >= 0);
    assert(share <= 1);
    return (struct sim_dist){ .kind = SIM_DIST_MIXTURE,
                              .a = sim_log(p50),
                              .b = s1,
                              .c = share,
                              .d = sim_log(p50) + sim_log(ratio),
                              .e = s2 };
}

struct sim_dist sim_dist_gamma(double mean, double cv)
{
    assert(mean > 0);
    assert(cv >= SIM_CV_MIN);
    assert(cv <= SIM_CV_MAX);
    return (struct sim_dist){ .kind = SIM_DIST_GAMMA,
                              .a = mean * cv * cv,
                              .b = 1 / (cv * cv) };
}

/* ln(1 + cv^2) of a Weibull whose shape is 1 / p; it grows with p. */
static double weibull_spread(double p)
{
    return sim_log_gamma(1 + 2 * p) - 2 * sim_log_gamma(1 + p);
}

struct sim_dist sim_dist_weibull(double mean, double cv)
{
    double low = 0.01, high = 10, p = 1; /* cv 0.013 to 420 */
    assert(mean > 0);
    assert(cv >= SIM_CV_MIN);
    assert(cv <= SIM_CV_MAX);
    double wanted = sim_log(1 + cv * cv);
    for (int i = 0; i < 60; i++) {
        if (weibull_spread(p) < wanted)
            low = p;
        else
            high = p;
        p = (low + high) / 2;
    }
    return (struct sim_dist){ .kind = SIM_DIST_WEIBULL,
                              .a = mean * sim_exp(-sim_log_gamma(1 + p)),
                              .b = p,
                              .c = mean };
}

static double lognormal(double mu, double sigma, double u)
{
    return sim_exp(mu + sigma * sim_normal_quantile(u));
}

/* One uniform serves twice: which branch, and where in it. */
static double mixture(const struct sim_dist *d, double u)
{
    if (u < d->c)
        return lognormal(d->d, d->e, sim_inside(u / d->c));
    return lognormal(d->a, d->b, sim_inside((u - d->c) / (1 - d->c)));
}

/* Which of the numbers that a gamma variate's 64 bits key. */
enum use { USE_NORMAL, USE_ACCEPT, USE_POWER, USE_PLACE };

static double keyed(uint64_t key, enum use use, uint64_t index)
{
    return lim_rng_uniform(lim_rng_draw(key, (uint64_t)use, index));
}

/*
 * Marsaglia and Tsang's rejection, shape >= 1: the cube of a normal, scaled,
 * has nearly the density; more than 95 of 100 are taken, most of them by the
 * first, cheaper test.
 */
static double gamma_from_one(double shape, uint64_t key)
{
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);
    for (uint64_t i = 0;; i++) {
        double z = sim_normal_quantile(keyed(key, USE_NORMAL, i));
        double u = keyed(key, USE_ACCEPT, i);
        double v = 1 + c * z;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (u < 1 - 0.0331 * (z * z) * (z * z) ||
            sim_log(u) < z * z / 2 + d * (1 - v + sim_log(v)))
            return d * v;
    }
}

/* Below shape 1: a variate of shape + 1, times the power 1 / shape of a
   uniform. */
static double gamma_of(double shape, uint64_t key)
{
    if (shape >= 1)
        return gamma_from_one(shape, key);
    double power = sim_log(keyed(key, USE_POWER, 0)) / shape;
    return gamma_from_one(shape + 1, key) * sim_exp(power);
}

/* scale x^p */
static double scaled_power(double scale, double x, double p)
{
    return x > 0 ? scale * sim_exp(p * sim_log(x)) : 0;
}

struct sim_dist sim_dist_empirical(const double *values, size_t n)
{
    double sum = 0;
    assert(n >= 1);
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return (struct sim_dist){ .kind = SIM_DIST_EMPIRICAL,
                              .a = sum / (double)n,
                              .values = values,
                              .count = n };
}

double sim_dist_draw(const struct sim_dist *d, uint64_t bits)
{
    double u = lim_rng_uniform(bits);
    switch (d->kind) {
    case SIM_DIST_EXPONENTIAL:
        return -d->a * sim_log(1 - u);
    case SIM_DIST_LOGNORMAL:
        return lognormal(d->a, d->b, u);
    case SIM_DIST_MIXTURE:
        return mixture(d, u);
    case SIM_DIST_GAMMA:
        return d->a * gamma_of(d->b, bits);
    case SIM_DIST_WEIBULL:
        return scaled_power(d->a, -sim_log(1 - u), d->b);
    case SIM_DIST_EMPIRICAL:
        return d->values[(size_t)(u * (double)d->count)];
    case SIM_DIST_CONSTANT:
        break;
    }
    return d->a;
}

/*
 * An instant falls into a gap with a chance in proportion to its length, and
 * anywhere in it: a uniform share of a gap that is drawn by length.  Gaps so
 * drawn are again gamma, of one shape more; a Weibull's are a power of one.
 */
double sim_dist_residual(const struct sim_dist *d, uint64_t bits)
{
    double share = keyed(bits, USE_PLACE, 0);
    if (d->kind == SIM_DIST_GAMMA)
        return share * d->a * gamma_from_one(d->b + 1, bits);
    if (d->kind == SIM_DIST_WEIBULL)
        return share * scaled_power(d->a, gamma_from_one(1 + d->b, bits), d->b);
    assert(d->kind == SIM_DIST_EXPONENTIAL);
    return sim_dist_draw(d, bits);
}

static double lognormal_mean(double mu, double sigma)
{
    return sim_exp(mu + sigma * sigma / 2);
}

double sim_dist_mean(const struct sim_dist *d)
{
    switch (d->kind) {
    case SIM_DIST_LOGNORMAL:
        return lognormal_mean(d->a, d->b);
    case SIM_DIST_MIXTURE:
        return d->c * lognormal_mean(d->d, d->e) +
               (1 - d->c) * lognormal_mean(d->a, d->b);
    case SIM_DIST_GAMMA:
        return d->a * d->b;
    case SIM_DIST_WEIBULL:
        return d->c;
    case SIM_DIST_EMPIRICAL:
    case SIM_DIST_CONSTANT:
    case SIM_DIST_EXPONENTIAL:
        break;
    }
    return d->a;
}
