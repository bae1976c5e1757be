#include <CUnit/CUnit.h>

#include <math.h>
#include <stdlib.h>

#include "limiter/rng.h"
#include "sim/dist.h"
#include "sim/steady.h"

#define VALUES 4000

static double normal(uint64_t seed, uint64_t i)
{
    double u = lim_rng_uniform(
        lim_rng_draw(lim_rng_stream(seed, LIM_DRAW_PROMPT), i, 0));
    return sim_normal_quantile(u > 0 ? u : 0.5);
}

/* As defined: every cut by itself, each sum anew. */
static size_t slow_mser5(const double *x, size_t n)
{
    size_t m = n / 5, best = 0;
    double least = HUGE_VAL;
    for (size_t d = 0; d + 5 <= m; d++) {
        double mean = 0, squares = 0, count = (double)(m - d);
        for (size_t i = d * 5; i < m * 5; i++)
            mean += x[i] / (5 * count);
        for (size_t b = d; b < m; b++) {
            double z = 0;
            for (size_t i = b * 5; i < b * 5 + 5; i++)
                z += x[i] / 5;
            squares += (z - mean) * (z - mean);
        }
        if (squares / (count * count) < least) {
            least = squares / (count * count);
            best = d;
        }
    }
    return best * 5;
}

static void mser5_is_as_it_is_defined(void)
{
    double *x = malloc(VALUES * sizeof *x);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        size_t found, n = 400 + 3 * seed;
        for (size_t i = 0; i < n; i++)
            x[i] = normal(seed, i) + 4 * exp(-(double)i / 30);
        CU_ASSERT_TRUE(sim_steady_mser5(x, n, &found));
        CU_ASSERT_EQUAL(found, slow_mser5(x, n));
        CU_ASSERT(found > 20);
    }
    free(x);
}

/* From 10 down to 0 within the first 500 of 4000. */
static void what_settles_is_cut_where_it_has(void)
{
    double *x = malloc(VALUES * sizeof *x);
    size_t found;
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (size_t i = 0; i < VALUES; i++)
        x[i] = normal(9, i) + (i < 500 ? 10 - (double)i / 50 : 0);
    CU_ASSERT_TRUE(sim_steady_mser5(x, VALUES, &found));
    CU_ASSERT(found >= 300);
    CU_ASSERT(found <= 600);
    free(x);
}

static void what_never_settles_is_told(void)
{
    double x[1000];
    size_t found;
    for (size_t i = 0; i < 1000; i++)
        x[i] = (double)i + normal(3, i);
    CU_ASSERT_FALSE(sim_steady_mser5(x, 1000, &found));
    CU_ASSERT_FALSE(sim_steady_mser5(x, 99, &found));
}

static void a_constant_is_kept_whole(void)
{
    double x[100];
    size_t found;
    for (size_t i = 0; i < 100; i++)
        x[i] = 7;
    CU_ASSERT_TRUE(sim_steady_mser5(x, 100, &found));
    CU_ASSERT_EQUAL(found, 0);
}

/* Of 400 series that remember their past for ten or so (AR(1) of 0.9), about
   95 % have the true mean in their interval. */
static void batch_means_cover_the_mean(void)
{
    double *x = malloc(VALUES * sizeof *x);
    int covered = 0, any = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (uint64_t seed = 1; seed <= 400; seed++) {
        double state = 0;
        for (uint64_t i = 0; i < VALUES + 200; i++) {
            state = 0.9 * state + normal(seed, i);
            if (i >= 200)
                x[i - 200] = 5 + state;
        }
        struct sim_batches b = sim_steady_batches(x, VALUES);
        any += b.any;
        covered += b.any && fabs(b.mean - 5) <= b.ci95;
    }
    CU_ASSERT(any >= 360);
    CU_ASSERT(covered >= any * 91 / 100);
    CU_ASSERT(covered <= any * 99 / 100);
    free(x);
}

static void batches_that_depend_on_each_other_have_none(void)
{
    double x[1000];
    for (size_t i = 0; i < 1000; i++)
        x[i] = sin((double)i / 150) + 0.1 * normal(1, i);
    CU_ASSERT_FALSE(sim_steady_batches(x, 1000).any);
    CU_ASSERT_FALSE(sim_steady_batches(x, 99).any);
}

CU_TestInfo steady_tests[] = {
    { "MSER-5 is as it is defined", mser5_is_as_it_is_defined },
    { "what settles is cut where it has", what_settles_is_cut_where_it_has },
    { "what never settles is told", what_never_settles_is_told },
    { "a constant is kept whole", a_constant_is_kept_whole },
    { "batch means cover the mean", batch_means_cover_the_mean },
    { "batches that depend on each other have none",
      batches_that_depend_on_each_other_have_none },
    CU_TEST_INFO_NULL
};
