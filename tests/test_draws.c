/* Variates that are made ahead are those that are made one by one. */

#include <CUnit/CUnit.h>

#include "limiter/rng.h"
#include "sim/draws.h"
#include "sim/sizes.h"

#define STREAM UINT64_C(0x5eed)

static const double values[] = { 1, 2, 3, 5, 8 };

#define KINDS 9

/* Variates of the last one are beyond what a double holds, on either side. */
static void every_kind(struct sim_dist out[KINDS])
{
    const struct sim_dist all[KINDS] = {
        sim_dist_constant(3),
        sim_dist_exponential(2),
        sim_dist_lognormal(10, 40),
        sim_dist_mixture(1, 0.2, 0.1, 8, 0.4),
        sim_dist_gamma(1, 3),
        sim_dist_weibull(1, 3),
        sim_dist_lognormal(10, 10),
        sim_dist_empirical(values, 5),
        { .kind = SIM_DIST_LOGNORMAL, .b = 800 },
    };
    for (size_t i = 0; i < KINDS; i++)
        out[i] = all[i];
}

static double alone(const struct sim_dist *d, uint64_t item, uint64_t index)
{
    return sim_dist_draw(d, lim_rng_draw(STREAM, item, index));
}

static void those_of_items_are_theirs_in_any_order(void)
{
    static const uint64_t orders[][6] = {
        { 0, 1, 2, 3, 4, 5 },
        { 31, 32, 33, 64, 65, 1000 },
        { 500, 3, 501, 2, 502, 1 },
        { 7, 7, 7, 6, 5, 4 },
        { UINT64_MAX, 0, UINT64_MAX - 1, 1, UINT64_MAX - 40, 2 },
    };
    struct sim_dist dists[KINDS];
    every_kind(dists);
    for (size_t k = 0; k < KINDS; k++) {
        struct sim_draws d;
        sim_draws_of_items(&d, &dists[k], STREAM);
        for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++)
            for (size_t i = 0; i < 6; i++)
                CU_ASSERT_EQUAL(sim_draws_at(&d, orders[o][i]),
                                alone(&dists[k], orders[o][i], 0));
        for (uint64_t i = 0; i < 3000; i++) {
            CU_ASSERT_EQUAL(sim_draws_at(&d, i), alone(&dists[k], i, 0));
            CU_ASSERT_EQUAL(sim_draws_again(&d, i, i % 3),
                            alone(&dists[k], i, i % 3));
        }
    }
}

static void those_of_one_follow_its_index(void)
{
    struct sim_dist dists[KINDS];
    every_kind(dists);
    for (size_t k = 0; k < KINDS; k++) {
        struct sim_draws d;
        sim_draws_of_one(&d, &dists[k], STREAM, 9);
        for (uint64_t i = 1; i < 1000; i += 1 + i % 7)
            CU_ASSERT_EQUAL(sim_draws_at(&d, i), alone(&dists[k], 9, i));
    }
}

static void a_mirror_draws_by_the_rest_to_one(void)
{
    struct sim_dist dist = sim_dist_exponential(1);
    struct sim_draws d;
    sim_draws_of_items(&d, &dist, STREAM);
    sim_draws_mirror(&d);
    for (uint64_t i = 0; i < 1000; i++) {
        double u = lim_rng_uniform(lim_rng_draw(STREAM, i, 0));
        CU_ASSERT_EQUAL(sim_draws_at(&d, i), -sim_log(u));
    }
}

static void sizes_are_whole_in_any_order(void)
{
    static const struct row {
        double drawn, most, size;
    } rows[] = {
        { 0, 100, 0 },       { 1e-9, 100, 1 },  { 1.49, 100, 1 },
        { 1.5, 100, 2 },     { 99.4, 100, 99 }, { 100.6, 100, 100 },
        { 1e300, 1e8, 1e8 }, { 0.3, 0.5, 1 },   { 7, 2.4, 2 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sim_dist dist = sim_dist_constant(rows[i].drawn);
        struct sim_draws d;
        sim_draws_of_items(&d, &dist, STREAM);
        sim_draws_whole(&d, rows[i].most);
        CU_ASSERT_EQUAL(sim_draws_at(&d, 0), rows[i].size);
        CU_ASSERT_EQUAL(sim_draws_at(&d, 1), rows[i].size);
        CU_ASSERT_EQUAL(sim_draws_at(&d, 1000), rows[i].size);
        CU_ASSERT_EQUAL(sim_draws_again(&d, 5, 3), rows[i].size);
    }
}

static void sizes_have_a_largest_where_one_is_given(void)
{
    struct sim_workload w = { .prompt_tokens = sim_dist_lognormal(1000, 4000),
                              .completion_tokens = sim_dist_exponential(100) };
    struct sim_sizes bound, free;
    sim_sizes_init(&free, &w, STREAM);
    w.prompt_tokens.most = 3000;
    sim_sizes_init(&bound, &w, STREAM);
    int cut = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        int64_t size = sim_sizes_prompt(&free, i);
        CU_ASSERT_EQUAL(sim_sizes_prompt(&bound, i), size < 3000 ? size : 3000);
        CU_ASSERT_EQUAL(sim_sizes_completion(&bound, i),
                        sim_sizes_completion(&free, i));
        cut += size > 3000;
    }
    CU_ASSERT(cut > 100);
}

CU_TestInfo draws_tests[] = {
    { "those of items are theirs in any order",
      those_of_items_are_theirs_in_any_order },
    { "those of one follow its index", those_of_one_follow_its_index },
    { "a mirror draws by the rest to one", a_mirror_draws_by_the_rest_to_one },
    { "sizes are whole in any order", sizes_are_whole_in_any_order },
    { "sizes have a largest where one is given",
      sizes_have_a_largest_where_one_is_given },
    CU_TEST_INFO_NULL
};
