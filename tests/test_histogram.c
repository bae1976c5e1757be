#include <CUnit/CUnit.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/error.h"
#include "limiter/rng.h"
#include "sim/dist.h"
#include "sim/histogram.h"
#include "sim/stats.h"
#include "sim/tally.h"

#define VALUES 200000

static const double shares[] = {
    0, 0.001, 0.5, 0.5, 0.9, 0.95, 0.99, 0.9999, 1
};

#define SHARES (sizeof shares / sizeof shares[0])

static void small_numbers_are_exact(void)
{
    struct sim_histogram h = { .count = 0 };
    for (int i = 1; i <= 255; i++)
        sim_histogram_add(&h, i);
    for (int i = 1; i <= 255; i++)
        CU_ASSERT_EQUAL(sim_histogram_quantile(&h, i / 255.0), i);
    CU_ASSERT_EQUAL(sim_histogram_mean(&h), 128);
}

/* Powers of two and what lies beside them, up to the largest number. */
static void every_number_is_met_within_the_error(void)
{
    for (int bit = 0; bit < 63; bit++) {
        for (int64_t beside = -1; beside <= 1; beside++) {
            int64_t value = (INT64_C(1) << bit) + beside;
            struct sim_histogram h = { .count = 0 };
            /* Between two others, so that neither end cuts the bin. */
            sim_histogram_add(&h, 0);
            sim_histogram_add(&h, value);
            sim_histogram_add(&h, INT64_MAX);
            int64_t found = sim_histogram_quantile(&h, 0.5);
            CU_ASSERT(fabs((double)found - (double)value) <=
                      (double)value * SIM_HISTOGRAM_ERROR);
        }
    }
}

/* In turn: lognormal in ns, constant, small, mostly 0, around the largest that
   has a bin of its own, over all sizes. */
#define SHAPES 6
static int64_t draw(int shape, uint64_t i)
{
    uint64_t bits = lim_rng_draw(77, i, (uint64_t)shape);
    struct sim_dist d = sim_dist_lognormal(2e9, 9e9);
    switch (shape) {
    case 0:
        return (int64_t)sim_dist_draw(&d, bits);
    case 1:
        return 123456789;
    case 2:
        return (int64_t)(bits % 1000);
    case 3:
        return bits % 3 > 0 ? 0 : draw(0, i);
    case 4:
        return (int64_t)(250 + bits % 10);
    default:
        return (int64_t)(bits >> (1 + bits % 60));
    }
}

static void quantiles_are_near_the_exact_ones(void)
{
    int64_t *x = malloc(VALUES * sizeof *x);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (int shape = 0; shape < SHAPES; shape++) {
        struct sim_histogram h = { .count = 0 };
        int64_t same[SHARES];
        double mean;
        for (uint64_t i = 0; i < VALUES; i++)
            sim_histogram_add(&h, x[i] = draw(shape, i));
        CU_ASSERT_EQUAL(
            sim_histogram_exact(x, VALUES, shares, SHARES, same, &mean),
            LIM_OK);
        CU_ASSERT_EQUAL(mean, sim_mean_whole(x, VALUES));
        CU_ASSERT_EQUAL(mean, sim_histogram_mean(&h));
        sim_sort(x, VALUES);
        for (size_t s = 0; s < SHARES; s++) {
            int64_t exact = sim_quantile(x, VALUES, shares[s]);
            CU_ASSERT_EQUAL(same[s], exact);
            int64_t found = sim_histogram_quantile(&h, shares[s]);
            CU_ASSERT(fabs((double)found - (double)exact) <=
                      (double)exact * SIM_HISTOGRAM_ERROR);
        }
        CU_ASSERT_EQUAL(h.least, x[0]);
        CU_ASSERT_EQUAL(h.largest, x[VALUES - 1]);
    }
    free(x);
}

static void merged_ones_are_as_one(void)
{
    struct sim_histogram all = { .count = 0 }, part[3] = { { .count = 0 } };
    struct sim_histogram merged = { .count = 0 };
    for (uint64_t i = 0; i < 3000; i++) {
        int64_t value = draw(SHAPES - 1, i);
        sim_histogram_add(&all, value);
        sim_histogram_add(&part[i % 2], value);
    }
    for (int i = 2; i >= 0; i--)
        sim_histogram_merge(&merged, &part[i]);
    CU_ASSERT_EQUAL(memcmp(all.bins, merged.bins, sizeof all.bins), 0);
    CU_ASSERT_EQUAL(all.count, merged.count);
    CU_ASSERT(all.sum == merged.sum);
    CU_ASSERT_EQUAL(all.least, merged.least);
    CU_ASSERT_EQUAL(all.largest, merged.largest);
}

/* The million and first makes the difference. */
static void a_series_is_exact_up_to_a_million(void)
{
    struct sim_series s = { .kept = 0 };
    for (uint64_t i = 0; i < SIM_EXACT_MAX; i++)
        CU_ASSERT_EQUAL(sim_series_add(&s, draw(0, i)), LIM_OK);
    struct sim_quantiles exact = sim_tally_quantiles(&s);
    CU_ASSERT_EQUAL(exact.error, 0);
    sim_series_add(&s, draw(0, SIM_EXACT_MAX));
    struct sim_quantiles near = sim_tally_quantiles(&s);
    CU_ASSERT_EQUAL(near.error, SIM_HISTOGRAM_ERROR);
    CU_ASSERT_EQUAL(sim_series_count(&s), SIM_EXACT_MAX + 1);
    CU_ASSERT_EQUAL(near.max, exact.max);
    CU_ASSERT_DOUBLE_EQUAL(near.mean, exact.mean, 1e-4 * exact.mean);
    CU_ASSERT_DOUBLE_EQUAL(near.p50, exact.p50, exact.p50 / 256);
    CU_ASSERT_DOUBLE_EQUAL(near.p99, exact.p99, exact.p99 / 256);
    sim_series_fini(&s);
}

CU_TestInfo histogram_tests[] = {
    { "small numbers are exact", small_numbers_are_exact },
    { "every number is met within the error",
      every_number_is_met_within_the_error },
    { "quantiles are near the exact ones", quantiles_are_near_the_exact_ones },
    { "merged ones are as one", merged_ones_are_as_one },
    { "a series is exact up to a million", a_series_is_exact_up_to_a_million },
    CU_TEST_INFO_NULL
};
