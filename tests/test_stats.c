#include <CUnit/CUnit.h>

#include <math.h>

#include "limiter/rng.h"
#include "sim/dist.h"
#include "sim/stats.h"

static void quantiles_are_nearest_ranks(void)
{
    static int64_t x[100];
    for (int i = 0; i < 100; i++)
        x[i] = i + 1;
    const struct {
        size_t n;
        double p;
        int64_t value;
    } rows[] = {
        { 100, 0, 1 },     { 100, 0.01, 1 },  { 100, 0.011, 2 },
        { 100, 0.07, 7 },  { 100, 0.5, 50 },  { 100, 0.501, 51 },
        { 100, 0.95, 95 }, { 100, 0.99, 99 }, { 100, 0.991, 100 },
        { 100, 1, 100 },   { 20, 0.95, 19 },  { 10, 0.95, 10 },
        { 5, 0.5, 3 },     { 4, 0.5, 2 },     { 1, 0, 1 },
        { 1, 0.5, 1 },     { 1, 1, 1 },       { 3, 1.0 / 3, 1 },
        { 3, 2.0 / 3, 2 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(sim_quantile(x, rows[i].n, rows[i].p), rows[i].value);
    for (size_t n = 1; n <= 100; n++)
        for (size_t k = 1; k <= n; k++)
            CU_ASSERT_EQUAL(sim_quantile(x, n, (double)k / (double)n),
                            (int64_t)k);
}

static void means_of_large_numbers_are_exact(void)
{
    const int64_t x[] = { INT64_MAX, INT64_MAX, INT64_MAX, 1, 2 };
    CU_ASSERT_EQUAL(sim_mean_whole(x, 3), 0x1p63);
    CU_ASSERT_EQUAL(sim_mean_whole(x + 3, 2), 1.5);
}

static void deviation_is_that_of_a_sample(void)
{
    const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
    CU_ASSERT_DOUBLE_EQUAL(sim_mean(x, 8), 5, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(sim_deviation(x, 8), sqrt(32.0 / 7), 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(sim_half_width(x, 8),
                           2.364624251592785 * sqrt(32.0 / 7 / 8), 1e-14);
    CU_ASSERT_EQUAL(sim_deviation((double[]){ 3, 3, 3 }, 3), 0);
}

/*
 * P(|T| <= t) for whole df, by the finite sums of Abramowitz and Stegun
 * 26.7.3 and 26.7.4.
 */
static double inside(double t, int df)
{
    double angle = atan(t / sqrt(df)), c = cos(angle), s = sin(angle);
    double term = df % 2 == 0 ? 1 : c, sum = term;
    for (int k = df % 2 == 0 ? 2 : 3; k < df; k += 2) {
        term *= c * c * (k - 1) / k;
        sum += term;
    }
    if (df % 2 == 0)
        return s * sum;
    double pi = acos(-1);
    return df == 1 ? 2 * angle / pi : 2 / pi * (angle + s * sum);
}

static void t_holds_95_percent(void)
{
    for (int df = 1; df <= 3000; df += df < 200 ? 1 : 97) {
        double t = sim_t95(df), h = 1e-4 * t;
        double slope = (inside(t + h, df) - inside(t - h, df)) / (2 * h);
        CU_ASSERT(fabs((inside(t, df) - 0.95) / slope / t) < 1e-7);
        CU_ASSERT(sim_t95(df + 1) < t);
    }
    CU_ASSERT_DOUBLE_EQUAL(sim_t95(INT64_MAX), 1.959963984540054, 1e-14);
}

/* Of many intervals for a known mean 95 % hold it (normal values, n = 5). */
static void intervals_cover_the_mean(void)
{
    int covered = 0, rounds = 20000;
    for (int r = 0; r < rounds; r++) {
        double x[5];
        for (int i = 0; i < 5; i++)
            x[i] = 10 + sim_normal_quantile(lim_rng_uniform(
                            lim_rng_draw(5, (uint64_t)r, (uint64_t)i)));
        covered += fabs(sim_mean(x, 5) - 10) <= sim_half_width(x, 5);
    }
    CU_ASSERT_DOUBLE_EQUAL((double)covered / rounds, 0.95,
                           3.3 * sqrt(0.95 * 0.05 / rounds));
}

static void sorting_orders_numbers_of_any_size_and_sign(void)
{
    static int64_t x[5000];
    for (uint64_t seed = 0; seed < 60; seed++) {
        size_t n = (size_t)(lim_rng_draw(seed, 0, 0) % 5000);
        unsigned shift = (unsigned)(seed % 64);
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (int64_t)lim_rng_draw(seed, i, 1) >> shift;
            sum += (uint64_t)x[i];
        }
        sim_sort(x, n);
        for (size_t i = 1; i < n; i++)
            CU_ASSERT_TRUE(x[i - 1] <= x[i]);
        for (size_t i = 0; i < n; i++)
            sum -= (uint64_t)x[i];
        CU_ASSERT_EQUAL(sum, 0);
    }
}

CU_TestInfo stats_tests[] = {
    { "sorting orders numbers of any size and sign",
      sorting_orders_numbers_of_any_size_and_sign },
    { "quantiles are nearest ranks", quantiles_are_nearest_ranks },
    { "means of large numbers are exact", means_of_large_numbers_are_exact },
    { "deviation is that of a sample", deviation_is_that_of_a_sample },
    { "t holds 95 percent", t_holds_95_percent },
    { "intervals cover the mean", intervals_cover_the_mean },
    CU_TEST_INFO_NULL
};
