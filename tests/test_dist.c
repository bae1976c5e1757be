#include <CUnit/CUnit.h>

#include <math.h>

#include "limiter/rng.h"
#include "sim/dist.h"

/* The largest relative error of `ours` against `theirs` at e^x, x = from,
   from + step, ... to. */
static double worst(double (*ours)(double), double (*theirs)(double),
                    double from, double to, double step)
{
    double w = 0;
    for (double x = from; x <= to; x += step) {
        double at = exp(x);
        double error = fabs(ours(at) / theirs(at) - 1);
        if (theirs(at) != 0 && error > w)
            w = error;
    }
    return w;
}

static void logarithms_are_right_to_the_last_digits(void)
{
    CU_ASSERT(worst(sim_log, log, -708, 709, 0.0137) < 2e-15);
    CU_ASSERT(worst(sim_log, log, -1, 1, 1.7e-5) < 2e-15);
    CU_ASSERT(worst(sim_log, log, -1e-6, 1e-6, 1.3e-11) < 2e-15);
    CU_ASSERT_EQUAL(sim_log(1), 0);
    CU_ASSERT_DOUBLE_EQUAL(sim_log(0x1p-1074), log(0x1p-1074), 1e-12);
}

static void exponentials_are_right_to_the_last_digits(void)
{
    double w = 0;
    for (double x = -708; x < 709.7; x += 0.00173)
        w = fmax(w, fabs(sim_exp(x) / exp(x) - 1));
    for (double x = -1e-3; x < 1e-3; x += 1.1e-8)
        w = fmax(w, fabs(sim_exp(x) / exp(x) - 1));
    CU_ASSERT(w < 2e-15);
    CU_ASSERT_EQUAL(sim_exp(0), 1);
    CU_ASSERT_EQUAL(sim_exp(-800), 0);
    CU_ASSERT(isinf(sim_exp(710)));
    CU_ASSERT_DOUBLE_EQUAL(sim_exp(-740), exp(-740), 0x1p-1073);
}

/* The error of z by one Newton step against the C library's tail. */
static double quantile_error(double p)
{
    double z = sim_normal_quantile(p);
    double density = exp(-z * z / 2) / sqrt(2 * acos(-1));
    double tail = 0.5 * erfc(-z / sqrt(2));
    double off = p > 0.1 ? 0.5 * erf(z / sqrt(2)) - (p - 0.5) : tail - p;
    return fabs(off / density / z);
}

static void normal_quantiles_are_right_to_fourteen_digits(void)
{
    double w = 0;
    for (double p = 1e-3; p < 0.5; p += 1.7e-5)
        w = fmax(w, quantile_error(p));
    CU_ASSERT(w < 1e-14);
    /* Deep in the tail erfc amplifies its argument's rounding z^2 times. */
    for (double x = -36; x < -6; x += 0.013) {
        double p = exp(x), z = sim_normal_quantile(p);
        CU_ASSERT(quantile_error(p) < 2e-15 + 4e-16 * z * z);
    }
    CU_ASSERT_EQUAL(sim_normal_quantile(0.5), 0);
    CU_ASSERT_DOUBLE_EQUAL(sim_normal_quantile(0.975), 1.959963984540054,
                           1e-14);
    CU_ASSERT_DOUBLE_EQUAL(sim_normal_quantile(1e-300), -37.0471, 1e-4);
    for (double p = 0x1p-40; p < 0.5; p *= 1.5)
        CU_ASSERT_DOUBLE_EQUAL(sim_normal_quantile(1 - p) /
                                   -sim_normal_quantile(1 - (1 - p)),
                               1, 1e-14);
}

static void logarithms_of_the_gamma_function_are_right(void)
{
    double w = 0;
    for (double x = 0.01; x < 100; x += 0.0037)
        w = fmax(w, fabs(sim_log_gamma(x) - lgamma(x)) / fmax(1, lgamma(x)));
    CU_ASSERT(w < 2e-14);
}

#define DRAWS 200000

/*
 * Mean and variance of many draws are within 3.3 standard errors (t at
 * 99.9 %) of the theory; seeds are fixed, so this passes always or never.
 */
static void check_moments(struct sim_dist d, double mean, double variance,
                          double fourth)
{
    double sum = 0, square = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = sim_dist_draw(&d, lim_rng_draw(7, i, 0));
        sum += x - mean;
        square += (x - mean) * (x - mean);
    }
    double mean_error = sqrt(variance / DRAWS);
    double variance_error = sqrt((fourth - variance * variance) / DRAWS);
    CU_ASSERT_DOUBLE_EQUAL(sum / DRAWS, 0, 3.3 * mean_error);
    CU_ASSERT_DOUBLE_EQUAL(square / DRAWS, variance, 3.3 * variance_error);
    CU_ASSERT_DOUBLE_EQUAL(sim_dist_mean(&d) / mean, 1, 1e-12);
}

/* The k-th moment about 0 of exp(mu + sigma z). */
static double moment(double mu, double sigma, int k)
{
    return exp(k * mu + k * k * sigma * sigma / 2);
}

/* Turns moments about 0, from the first, into variance and fourth. */
static void check_raw_moments(struct sim_dist d, const double m[4])
{
    double a = m[0];
    double variance = m[1] - a * a;
    double fourth = m[3] - 4 * a * m[2] + 6 * a * a * m[1] - 3 * a * a * a * a;
    check_moments(d, a, variance, fourth);
}

static void draws_have_the_moments_of_the_theory(void)
{
    check_moments(sim_dist_exponential(2), 2, 4, 9 * 16);
    double s = log(451.0 / 129) / 1.6448536269514722;
    double m[4], mixed[4];
    for (int k = 1; k <= 4; k++) {
        m[k - 1] = moment(log(129), s, k);
        mixed[k - 1] =
            0.9 * moment(log(0.5), 0.24, k) + 0.1 * moment(log(4), 0.2, k);
    }
    check_raw_moments(sim_dist_lognormal(129, 451), m);
    check_raw_moments(sim_dist_mixture(0.5, 0.24, 0.1, 8, 0.2), mixed);
}

static const double spreads[] = { 0.5, 1, 3, 13 };
#define SPREADS (sizeof spreads / sizeof spreads[0])

static void weibull_moments(const struct sim_dist *d, double m[4])
{
    for (int k = 1; k <= 4; k++)
        m[k - 1] = pow(d->a, k) * tgamma(1 + k * d->b);
}

static void gamma_and_weibull_have_the_mean_and_the_cv_asked_for(void)
{
    for (size_t i = 0; i < SPREADS; i++) {
        double cv = spreads[i], m[4];
        double variance = 4 * cv * cv;
        struct sim_dist w = sim_dist_weibull(2, cv);
        check_moments(sim_dist_gamma(2, cv), 2, variance,
                      (3 + 6 * cv * cv) * variance * variance);
        weibull_moments(&w, m);
        CU_ASSERT_DOUBLE_EQUAL(m[0], 2, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(sqrt(m[1] - 4) / 2 / cv, 1, 1e-11);
        check_raw_moments(w, m);
    }
}

/* The share of a gamma of scale 1 below x, by its series; far beyond the
   mean, all. */
static double gamma_below(double shape, double x)
{
    double term = 1, sum = 1;
    if (x > shape + 10 * sqrt(shape) + 100)
        return 1;
    for (int n = 1; n < 1000; n++) {
        term *= x / (shape + n);
        sum += term;
    }
    return sum * exp(shape * log(x) - x - lgamma(shape + 1));
}

static double theory_below(const struct sim_dist *d, double x)
{
    if (d->kind == SIM_DIST_GAMMA)
        return gamma_below(d->b, x / d->a);
    return 1 - exp(-pow(x / d->a, 1 / d->b));
}

/* At points across the whole distribution, to 3.9 standard errors (99.99 %). */
static void check_shares(struct sim_dist d)
{
    static const double at[] = { 1e-9, 1e-6, 0.01, 0.1, 0.5, 1, 2, 5, 20, 80 };
    int below[sizeof at / sizeof at[0]] = { 0 };
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = sim_dist_draw(&d, lim_rng_draw(13, i, 0));
        for (size_t k = 0; k < sizeof at / sizeof at[0]; k++)
            below[k] += x <= at[k];
    }
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++) {
        double p = theory_below(&d, at[k]);
        double error = sqrt(fabs(p * (1 - p)) / DRAWS);
        CU_ASSERT_DOUBLE_EQUAL((double)below[k] / DRAWS, p,
                               3.9 * error + 2.0 / DRAWS);
    }
}

static void gamma_and_weibull_have_the_shares_of_the_theory(void)
{
    for (size_t i = 0; i < SPREADS; i++) {
        check_shares(sim_dist_gamma(1, spreads[i]));
        check_shares(sim_dist_weibull(1, spreads[i]));
    }
    check_shares(sim_dist_gamma(1, SIM_CV_MIN));
    check_shares(sim_dist_gamma(1, SIM_CV_MAX));
    check_shares(sim_dist_weibull(1, SIM_CV_MIN));
    check_shares(sim_dist_weibull(1, SIM_CV_MAX));
}

static void at_a_cv_of_one_both_are_the_exponential(void)
{
    struct sim_dist e = sim_dist_exponential(3);
    struct sim_dist w = sim_dist_weibull(3, 1), g = sim_dist_gamma(3, 1);
    int below[9] = { 0 };
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t bits = lim_rng_draw(17, i, 0);
        double x = sim_dist_draw(&g, bits);
        if (i < 1000)
            CU_ASSERT_DOUBLE_EQUAL(
                sim_dist_draw(&w, bits) / sim_dist_draw(&e, bits), 1, 1e-11);
        for (int k = 0; k < 9; k++)
            below[k] += x <= -3 * log(1 - (k + 1) / 10.0);
    }
    for (int k = 0; k < 9; k++)
        CU_ASSERT_DOUBLE_EQUAL(below[k] / (double)DRAWS, (k + 1) / 10.0,
                               3.3 * 0.5 / sqrt(DRAWS));
}

/* E R = E X^2 / 2 E X, E R^2 = E X^3 / 3 E X. */
static void check_residual(struct sim_dist d, double mean, double second,
                           double third)
{
    double sum = 0, wanted = second / (2 * mean);
    double variance = third / (3 * mean) - wanted * wanted;
    for (uint64_t i = 0; i < DRAWS; i++)
        sum += sim_dist_residual(&d, lim_rng_draw(19, i, 0));
    CU_ASSERT_DOUBLE_EQUAL(sum / DRAWS, wanted, 3.3 * sqrt(variance / DRAWS));
}

static void from_any_instant_the_next_event_is_as_far_as_theory_says(void)
{
    check_residual(sim_dist_exponential(2), 2, 8, 48);
    for (size_t i = 0; i < SPREADS; i++) {
        struct sim_dist g = sim_dist_gamma(2, spreads[i]);
        struct sim_dist w = sim_dist_weibull(2, spreads[i]);
        double m[4];
        double second = g.a * g.a * g.b * (g.b + 1);
        check_residual(g, 2, second, second * g.a * (g.b + 2));
        weibull_moments(&w, m);
        check_residual(w, m[0], m[1], m[2]);
    }
}

/* Found once, and the same wherever this is compiled. */
static void a_draw_is_the_same_bits_everywhere(void)
{
    const uint64_t bits = UINT64_C(0x0123456789abcdef);
    const struct sim_dist dists[] = { sim_dist_gamma(1, 0.5),
                                      sim_dist_gamma(1, 13),
                                      sim_dist_weibull(1, 0.5),
                                      sim_dist_weibull(1, 13) };
    static const double draws[] = { 0x1.b36c18533ba2fp+0,
                                    0x1.ee4ed55619849p-198,
                                    0x1.5fb2d55503a49p-4,
                                    0x1.1f3c5bf8ed8d1p-43 };
    static const double rests[] = { 0x1.bfb9a937b0eadp-1, 0x1.61a024bae0bfcp+7,
                                    0x1.b1391855c1b58p-1,
                                    0x1.6ce3ec2a873e9p+7 };
    for (size_t i = 0; i < sizeof dists / sizeof dists[0]; i++) {
        CU_ASSERT_EQUAL(sim_dist_draw(&dists[i], bits), draws[i]);
        CU_ASSERT_EQUAL(sim_dist_residual(&dists[i], bits), rests[i]);
    }
}

/* The share of draws that are at most `x`. */
static double share_below(struct sim_dist d, double x)
{
    int n = 0;
    for (uint64_t i = 0; i < DRAWS; i++)
        n += sim_dist_draw(&d, lim_rng_draw(11, i, 0)) <= x;
    return (double)n / DRAWS;
}

static void a_lognormal_has_its_quantiles(void)
{
    struct sim_dist d = sim_dist_lognormal(129, 451);
    CU_ASSERT_DOUBLE_EQUAL(share_below(d, 129), 0.5, 0.004);
    CU_ASSERT_DOUBLE_EQUAL(share_below(d, 451), 0.95, 0.002);
}

static void one_draw_chooses_the_branch_and_the_place_in_it(void)
{
    struct sim_dist d = sim_dist_mixture(1, 0.01, 0.25, 100, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(share_below(d, 10), 0.75, 0.004);
    CU_ASSERT_DOUBLE_EQUAL(share_below(d, 1), 0.375, 0.004);
    CU_ASSERT_DOUBLE_EQUAL(share_below(d, 100), 0.875, 0.003);
}

static void the_ends_of_the_draw_are_finite(void)
{
    const struct sim_dist all[] = {
        sim_dist_constant(3),
        sim_dist_exponential(1),
        sim_dist_lognormal(1, 2),
        sim_dist_mixture(1, 0.3, 0.02, 8, 0.2),
        sim_dist_mixture(1, 0.3, 0, 8, 0.2),
        sim_dist_mixture(1, 0.3, 1, 8, 0.2),
        sim_dist_mixture(1, 0.3, 0x1.8p-52, 8, 0.2),
        sim_dist_gamma(1, SIM_CV_MIN),
        sim_dist_gamma(1, SIM_CV_MAX),
        sim_dist_weibull(1, SIM_CV_MIN),
        sim_dist_weibull(1, SIM_CV_MAX),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (int k = 0; k < 64; k++) {
            double low = sim_dist_draw(&all[i], (UINT64_C(1) << k) - 1);
            double high = sim_dist_draw(&all[i], ~((UINT64_C(1) << k) - 1));
            CU_ASSERT(isfinite(low) && low >= 0);
            CU_ASSERT(isfinite(high) && high >= 0);
        }
    }
}

CU_TestInfo dist_tests[] = {
    { "logarithms are right to the last digits",
      logarithms_are_right_to_the_last_digits },
    { "exponentials are right to the last digits",
      exponentials_are_right_to_the_last_digits },
    { "normal quantiles are right to fourteen digits",
      normal_quantiles_are_right_to_fourteen_digits },
    { "logarithms of the gamma function are right",
      logarithms_of_the_gamma_function_are_right },
    { "gamma and Weibull have the mean and the cv asked for",
      gamma_and_weibull_have_the_mean_and_the_cv_asked_for },
    { "gamma and Weibull have the shares of the theory",
      gamma_and_weibull_have_the_shares_of_the_theory },
    { "at a cv of one both are the exponential",
      at_a_cv_of_one_both_are_the_exponential },
    { "from any instant the next event is as far as theory says",
      from_any_instant_the_next_event_is_as_far_as_theory_says },
    { "a draw is the same bits everywhere",
      a_draw_is_the_same_bits_everywhere },
    { "draws have the moments of the theory",
      draws_have_the_moments_of_the_theory },
    { "a lognormal has its quantiles", a_lognormal_has_its_quantiles },
    { "one draw chooses the branch and the place in it",
      one_draw_chooses_the_branch_and_the_place_in_it },
    { "the ends of the draw are finite", the_ends_of_the_draw_are_finite },
    CU_TEST_INFO_NULL
};
