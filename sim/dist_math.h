#ifndef SIM_DIST_MATH_H
#define SIM_DIST_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * The functions that distributions need, in place and without branches, so
 * that a loop over many arguments can work on several at a time.  Internal to
 * sim/dist and sim/fill.  Every operation is one that IEEE 754 rounds in one
 * way; the C library's log and exp differ between processors in the last bit.
 */

/* ln 2 in two parts: the first has 21 zeros at its end, so that a product
   with an exponent is exact. */
#define SIM_LN2_HIGH 0x1.62e42fee00000p-1
#define SIM_LN2_LOW 0x1.a39ef35793c76p-33
#define SIM_LN2_INV 0x1.71547652b82fep+0

/* The last 52 bits of sqrt(2). */
#define SIM_SQRT2_FRACTION UINT64_C(0x6a09e667f3bcd)

#define SIM_EXP_MAX 709.79
#define SIM_EXP_MIN -745.14

/* The quantile of the normal distribution is one function for p within so
   much of 1/2, and another in the tails. */
#define SIM_CENTRAL 0.425

static inline uint64_t sim_bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double sim_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* k as a double, |k| < 2^51: what is added to the last bits of 1.5 x 2^52 is
   added to its value. */
static inline double sim_whole(int64_t k)
{
    return sim_from_bits(UINT64_C(0x4338000000000000) + (uint64_t)k) - 0x1.8p52;
}

/* Rescaling may reach the ends of (0, 1), where no quantile is. */
static inline double sim_inside(double u)
{
    u = u < 0x1p-53 ? 0x1p-53 : u;
    return u > 1 - 0x1p-53 ? 1 - 0x1p-53 : u;
}

/* 2^k for -1022 <= k <= 1023. */
static inline double sim_power_of_two(int k)
{
    return sim_from_bits((uint64_t)(k + 1023) << 52);
}

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1), n even: the even and the odd
   powers apart, so that the processor may work on both at a time. */
static inline double sim_polynomial(const double *c, int n, double x)
{
    double square = x * x, even = c[n - 2], odd = c[n - 1];
    for (int i = n - 4; i >= 0; i -= 2) {
        even = even * square + c[i];
        odd = odd * square + c[i + 1];
    }
    return even + x * odd;
}

/*
 * ln x + shift ln 2 for a normal x > 0.  x = 2^k m with m between sqrt(1/2)
 * and sqrt(2), and ln m = 2 atanh(s), s = (m - 1) / (m + 1): |s| < 0.172, so
 * s^2 < 0.0295 and ten terms of the series reach 1e-17.
 */
static inline double sim_log_normal(double x, int shift)
{
    static const double odd[] = { 1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,
                                  1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
                                  1.0 / 19, 1.0 / 21 };
    uint64_t bits = sim_bits_of(x), fraction = bits & (UINT64_MAX >> 12);
    uint64_t large = (SIM_SQRT2_FRACTION - fraction) >> 63; /* 1: above it */
    double m = sim_from_bits(fraction | (1023 - large) << 52);
    double k = sim_whole((int64_t)((bits >> 52) + large) - 1023 + shift);
    double s = (m - 1) / (m + 1);
    double square = s * s;
    double tail = 2 * s * square * sim_polynomial(odd, 10, square);
    return k * SIM_LN2_HIGH + (2 * s + (tail + k * SIM_LN2_LOW));
}

/* exp(x) for x from SIM_EXP_MIN to SIM_EXP_MAX; near 0 by its series, whose
   terms after r^13 / 13! are below 1e-17. */
static inline double sim_exp_within(double x)
{
    static const double c[] = {
        1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
        1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
        1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0
    };
    int k = (int)(x * SIM_LN2_INV + (x < 0 ? -0.5 : 0.5));
    double r = (x - k * SIM_LN2_HIGH) - k * SIM_LN2_LOW;
    double e = 1 + (r + r * r * sim_polynomial(c, 12, r));
    /* In two steps: 2^k alone may be out of range where the result is not. */
    int half = k / 2;
    return e * sim_power_of_two(half) * sim_power_of_two(k - half);
}

/*
 * Wichura, "Algorithm AS 241: The percentage points of the normal
 * distribution", Applied Statistics 37 (1988): PPND16, three rational
 * functions.
 */
static inline double sim_central_quantile(double q)
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
    return q * sim_polynomial(a, 8, r) / sim_polynomial(b, 8, r);
}

/* The quantile's size where the nearer tail holds exp(-r^2), r <= 5. */
static inline double sim_near_quantile(double r)
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
    return sim_polynomial(c, 8, r - 1.6) / sim_polynomial(d, 8, r - 1.6);
}

/* The same for r > 5. */
static inline double sim_far_quantile(double r)
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
    return sim_polynomial(e, 8, r - 5) / sim_polynomial(f, 8, r - 5);
}

#endif
