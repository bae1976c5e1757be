#include <CUnit/CUnit.h>

#include "limiter/divide.h"
#include "limiter/rng.h"

static void check(int64_t n, int64_t by)
{
    const struct lim_divisor d = lim_divisor_make(by);
    int64_t rest;
    CU_ASSERT_EQUAL(lim_divide(&d, n, &rest), n / by);
    CU_ASSERT_EQUAL(rest, n % by);
}

static void is_exact_at_the_edges(void)
{
    const int64_t edge[] = { 1,
                             2,
                             3,
                             7,
                             (INT64_C(1) << 32) - 1,
                             INT64_C(1) << 32,
                             INT64_C(60000000000),
                             INT64_C(1) << 62,
                             INT64_MAX - 1,
                             INT64_MAX };
    const int n = sizeof edge / sizeof edge[0];
    for (int i = 0; i < n; i++) {
        check(0, edge[i]);
        for (int k = 0; k < n; k++) {
            int64_t times = edge[k] / edge[i];
            check(edge[k], edge[i]);
            check(edge[k] - 1, edge[i]);
            check(times * edge[i], edge[i]);
            check(times * edge[i] > 0 ? times * edge[i] - 1 : 0, edge[i]);
        }
    }
}

static void is_exact_whatever_the_numbers(void)
{
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t n = lim_rng_draw(1, i, 0), by = lim_rng_draw(1, i, 1);
        unsigned shift = (unsigned)(lim_rng_draw(1, i, 2) % 62);
        check((int64_t)(n >> 1), (int64_t)(by >> 2 >> shift) + 1);
    }
}

CU_TestInfo divide_tests[] = {
    { "is exact at the edges", is_exact_at_the_edges },
    { "is exact whatever the numbers", is_exact_whatever_the_numbers },
    CU_TEST_INFO_NULL
};
