#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "sim/costs.h"
#include "sim/dist.h"

#define REQUESTS 5000

static const struct lim_limits limits[] = {
    { .max = { [LIM_RPM] = 500, LIM_UNLIMITED, 30000, 900000, LIM_UNLIMITED } },
    { .max = { [LIM_RPM] = 60, 10000, 2000, LIM_UNLIMITED, LIM_UNLIMITED } },
    { .max = { [LIM_RPM] = 60, 10000, 2000, LIM_UNLIMITED, LIM_UNLIMITED } },
};

/* Heavy-tailed sizes, some of nothing; of 5,000 some too large for all. */
static int64_t draw(uint64_t seed, uint64_t i)
{
    struct sim_dist d = sim_dist_lognormal(100, 4000);
    uint64_t bits = lim_rng_draw(seed, i, 0);
    return bits % 50 == 0 ? 0 : (int64_t)sim_dist_draw(&d, bits);
}

static void the_bound_is_that_of_every_cost_kept(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_costs c = { .count = 0 };
        int64_t *sums = malloc(REQUESTS * sizeof *sums);
        CU_ASSERT_PTR_NOT_NULL_FATAL(sums);
        for (uint64_t i = 0; i < REQUESTS; i++) {
            sums[i] = draw(seed, i);
            CU_ASSERT_EQUAL(sim_costs_add(&c, sums[i]), LIM_OK);
        }
        sim_bound_sums(sums, REQUESTS);
        struct sim_demand kept = { .requests = REQUESTS,
                                   .sums = { [LIM_TOKENS] = sums },
                                   .least = { [LIM_REQUESTS] = 1 } };
        struct sim_demand runs = { .requests = REQUESTS,
                                   .least = { [LIM_REQUESTS] = 1 } };
        struct sim_run *made = sim_costs_runs(&c, &runs.run_count);
        runs.runs = made;
        CU_ASSERT_EQUAL(runs.run_count, c.used);
        CU_ASSERT_EQUAL(made[c.used - 1].end, REQUESTS);
        CU_ASSERT_EQUAL(made[c.used - 1].sum, sums[REQUESTS - 1]);
        for (int64_t s = 0; s < 100; s++) {
            struct sim_room rooms[3] = { { { 0 }, { 0 } } }, again[3];
            for (int o = 0; o < 3; o++) {
                sim_room_open(&rooms[o], &limits[o], NULL, 1);
                sim_room_flow(&rooms[o], &limits[o], s * s * LIM_SEC);
            }
            memcpy(again, rooms, sizeof again);
            struct sim_bound x = sim_bound_group(&kept, rooms, 3);
            struct sim_bound y = sim_bound_group(&runs, again, 3);
            CU_ASSERT_EQUAL(x.requests, y.requests);
            CU_ASSERT_EQUAL(x.binding, y.binding);
        }
        free(made);
        free(sums);
        sim_costs_fini(&c);
    }
}

static void equal_costs_take_one_place(void)
{
    struct sim_costs c = { .count = 0 };
    size_t n;
    CU_ASSERT_PTR_NULL(sim_costs_runs(&c, &n));
    for (int i = 0; i < 100000; i++)
        sim_costs_add(&c, 300 + i % 3);
    struct sim_run *runs = sim_costs_runs(&c, &n);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    CU_ASSERT(c.room <= 64);
    CU_ASSERT_EQUAL(runs[0].end, 33334);
    CU_ASSERT_EQUAL(runs[2].end, 100000);
    free(runs);
    sim_costs_fini(&c);
}

CU_TestInfo costs_tests[] = { { "the bound is that of every cost kept",
                                the_bound_is_that_of_every_cost_kept },
                              { "equal costs take one place",
                                equal_costs_take_one_place },
                              CU_TEST_INFO_NULL };
