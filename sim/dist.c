/*
 * Distributions, and the few functions that they need.
 * Every operation here is one that IEEE 754 rounds in one way; the C
 * library's log and exp differ between processors in the last bit.
 */

#include "sim/dist.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "limiter/rng.h"

/* ln 2 in two parts: the first has 21 zeros at its end, so that a product
   with an exponent is exact. */
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LN2_INV 0x1.71547652b82fep+0

#define NORMAL_P95 1.6448536269514722

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int k)
{
    return from_bits((uint64_t)(k + 1023) << 52);
}

/* Splits x > 0 into the mantissa returned, in [1, 2), and 2^exponent. */
static double split(double x, int *exponent)
{
    int subnormal = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        subnormal = 54;
    }
    uint64_t bits = bits_of(x);
    *exponent = (int)(bits >> 52) - 1023 - subnormal;
    return from_bits((bits & (UINT64_MAX >> 12)) | (UINT64_C(1023) << 52));
}

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1), n even: the even and the odd
   powers apart, so that the processor may work on both at a time. */
static inline double polynomial(const double *c, int n, double x)
{
    double square = x * x, even = c[n - 2], odd = c[n - 1];
    for (int i = n - 4; i >= 0; i -= 2) {
        even = even * square + c[i];
        odd = odd * square + c[i + 1];
    }
    return even + x * odd;
}

/*
 * x = 2^k m with m between sqrt(1/2) and sqrt(2), and
 * ln m = 2 atanh(s), s = (m - 1) / (m + 1): |s| < 0.172, so s^2 < 0.0295 and
 * ten terms of the series reach 1e-17.
 */
double sim_log(double x)
{
    static const double odd[] = { 1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,
                                  1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
                                  1.0 / 19, 1.0 / 21 };
    assert(x > 0);
    assert(x <= 0x1.fffffffffffffp1023);
    int k;
    double m = split(x, &k);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        k++;
    }
    double s = (m - 1) / (m + 1);
    double square = s * s;
    double tail = 2 * s * square * polynomial(odd, 10, square);
    return k * LN2_HIGH + (2 * s + (tail + k * LN2_LOW));
}

/* exp(r) by its series; the terms after r^13 / 13! are below 1e-17. */
static double exp_near_zero(double r)
{
    static const double c[] = {
        1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
        1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
        1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0
    };
    return 1 + (r + r * r * polynomial(c, 12, r));
}

double sim_exp(double x)
{
    if (x > 709.79)
        return HUGE_VAL;
    if (x < -745.14)
        return 0;
    int k = (int)(x * LN2_INV + (x < 0 ? -0.5 : 0.5));
    double e = exp_near_zero((x - k * LN2_HIGH) - k * LN2_LOW);
    /* In two steps: 2^k alone may be out of range where the result is not. */
    int half = k / 2;
    return e * power_of_two(half) * power_of_two(k - half);
}

/*
 * Wichura, "Algorithm AS 241: The percentage points of the normal
 * distribution", Applied Statistics 37 (1988): PPND16, three rational
 * functions.
 */
static double central_quantile(double q)
{
    static const double a[] = {
        3.3871328727963666080e0, 1.3314166789178437745e2,
        1.9715909503065514427e3, 1.3731693765509461125e4,
        4.5921953931549871457e4, 6.7265770927008700853e4,
        3.3430575583588128105e4, 2.5090809287301226727e3
    };
    static const double b[] = { 1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3 };
    double r = 0.180625 - q * q;
    return q * polynomial(a, 8, r) / polynomial(b, 8, r);
}

/* The quantile's size where the nearer tail holds exp(-r^2), r <= 5. */
static double near_quantile(double r)
{
    static const double c[] = {
        1.42343711074968357734e0,  4.63033784615654529590e0,
        5.76949722146069140550e0,  3.64784832476320460504e0,
        1.27045825245236838258e0,  2.41780725177450611770e-1,
        2.27238449892691845833e-2, 7.74545014278341407640e-4
    };
    static const double d[] = { 1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9 };
    return polynomial(c, 8, r - 1.6) / polynomial(d, 8, r - 1.6);
}

/* The same for r > 5. */
static double far_quantile(double r)
{
    static const double e[] = {
        6.65790464350110377720e0,  5.46378491116411436990e0,
        1.78482653991729133580e0,  2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3,
        2.71155556874348757815e-5, 2.01033439929228813265e-7
    };
    static const double f[] = { 1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15 };
    return polynomial(e, 8, r - 5) / polynomial(f, 8, r - 5);
}

double sim_normal_quantile(double p)
{
    assert(p > 0);
    assert(p < 1);
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return central_quantile(q);
    double r = sqrt(-sim_log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? near_quantile(r) : far_quantile(r);
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
           polynomial(c, 6, 1 / (x * x)) / x - sim_log(product);
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

/* Rescaling may reach the ends of (0, 1), where no quantile is. */
static double inside(double u)
{
    if (u < 0x1p-53)
        return 0x1p-53;
    return u > 1 - 0x1p-53 ? 1 - 0x1p-53 : u;
}

static double lognormal(double mu, double sigma, double u)
{
    return sim_exp(mu + sigma * sim_normal_quantile(u));
}

/* One uniform serves twice: which branch, and where in it. */
static double mixture(const struct sim_dist *d, double u)
{
    if (u < d->c)
        return lognormal(d->d, d->e, inside(u / d->c));
    return lognormal(d->a, d->b, inside((u - d->c) / (1 - d->c)));
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

/* Stage by stage, so that each works on several at a time. */
static void fill_lognormal(double mu, double sigma, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = mu + sigma * sim_normal_quantile(x[i]);
    for (size_t i = 0; i < n; i++)
        x[i] = sim_exp(x[i]);
}

static void fill_exponential(double mean, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = -mean * sim_log(1 - x[i]);
}

static void fill_mixture(const struct sim_dist *d, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = mixture(d, x[i]);
}

void sim_dist_fill(const struct sim_dist *d, const uint64_t *bits, size_t n,
                   double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = lim_rng_uniform(bits[i]);
    if (d->kind == SIM_DIST_LOGNORMAL)
        fill_lognormal(d->a, d->b, out, n);
    else if (d->kind == SIM_DIST_EXPONENTIAL)
        fill_exponential(d->a, out, n);
    else if (d->kind == SIM_DIST_MIXTURE)
        fill_mixture(d, out, n);
    else
        for (size_t i = 0; i < n; i++)
            out[i] = sim_dist_draw(d, bits[i]);
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
