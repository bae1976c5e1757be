#include <CUnit/CUnit.h>

#include "limiter/budget.h"
#include "limiter/rng.h"

static unsigned take_all(struct lim_budget *b)
{
    unsigned n = 0;
    while (n < 100000 && lim_budget_withdraw(b))
        n++;
    return n;
}

static void deposit(struct lim_budget *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        lim_budget_deposit(b);
}

static void first_tries_buy_retries(void)
{
    /* The reserve at first; then what so many first tries buy. */
    const struct {
        double ratio;
        int64_t reserve;
        unsigned first_tries, retries;
    } rows[] = {
        { 0.2, 10, 0, 0 },
        { 0.2, 10, 4, 0 },
        { 0.2, 10, 5, 1 },
        { 0.2, 10, 49, 9 },
        { 0.2, 10, 50, 10 },
        { 0.2, 10, 5000, 10 },
        { 0.1, 1, 9, 0 },
        { 0.1, 1, 10, 1 },
        { 0.29, 100, 100, 29 },
        { 1.0, 3, 2, 2 },
        { 2.5, 1000, 4, 10 },
        { 1e9, 5000, 1, 1000 },
        { 1.001, 2000, 1000, 1001 },
        { 1e-9, 1, 999, 0 },
        { 1e-9, 1, 1000, 1 },
        { 0.001, 1, 1000, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_budget b;
        lim_budget_init(&b, rows[i].ratio, rows[i].reserve);
        CU_ASSERT_EQUAL(take_all(&b), rows[i].reserve);
        deposit(&b, rows[i].first_tries);
        CU_ASSERT_EQUAL(take_all(&b), rows[i].retries);
        CU_ASSERT_FALSE(lim_budget_withdraw(&b));
    }
}

static void fractions_are_kept(void)
{
    struct lim_budget b;
    lim_budget_init(&b, 0.3, 2);
    CU_ASSERT_EQUAL(take_all(&b), 2);
    deposit(&b, 5);
    CU_ASSERT_EQUAL(take_all(&b), 1);
    deposit(&b, 1);
    CU_ASSERT_EQUAL(take_all(&b), 0);
    deposit(&b, 1);
    CU_ASSERT_EQUAL(take_all(&b), 1);
}

static void none_has_no_end(void)
{
    struct lim_budget b;
    lim_budget_init_none(&b);
    CU_ASSERT_EQUAL(take_all(&b), 100000);
    deposit(&b, 1000);
    CU_ASSERT_EQUAL(take_all(&b), 100000);
}

static void the_largest_reserve_does_not_overflow(void)
{
    struct lim_budget b;
    lim_budget_init(&b, 1e300, LIM_BUDGET_RESERVE_MAX);
    deposit(&b, 1000);
    CU_ASSERT_EQUAL(b.left, LIM_BUDGET_RESERVE_MAX * 1000);
    CU_ASSERT_EQUAL(take_all(&b), 100000);
}

/* All of `first` requests fail, each with up to `retries` more tries. */
static unsigned attempts_when_all_fails(struct lim_budget *b, unsigned first,
                                        unsigned retries)
{
    unsigned attempts = 0;
    for (unsigned i = 0; i < first; i++) {
        lim_budget_deposit(b);
        attempts++;
        for (unsigned k = 0; k < retries && lim_budget_withdraw(b); k++)
            attempts++;
    }
    return attempts;
}

static void total_failure_is_amplified_by_the_ratio_only(void)
{
    const double ratios[] = { 0.05, 0.1, 0.2, 0.5, 1 };
    const unsigned reserves[] = { 1, 10, 500 };
    for (size_t i = 0; i < 15; i++) {
        double ratio = ratios[i % 5];
        unsigned reserve = reserves[i / 5];
        struct lim_budget b;
        lim_budget_init(&b, ratio, reserve);
        unsigned n = attempts_when_all_fails(&b, 10000, 6);
        CU_ASSERT((double)n <= (1 + ratio) * 10000 + reserve);
        /* No less: but for the first deposit, which found it full. */
        CU_ASSERT((double)n > (1 + ratio) * 10000 + reserve - ratio - 1);
    }
    struct lim_budget none;
    lim_budget_init_none(&none);
    CU_ASSERT_EQUAL(attempts_when_all_fails(&none, 10000, 6), 70000);
}

/*
 * Tries and retries in any order: the worst stretch is found as the largest
 * sum of a run, where a retry counts 1000 and a first try -ratio.
 */
static int64_t worst_stretch(uint64_t seed, int64_t ratio, int64_t reserve)
{
    struct lim_budget b;
    int64_t run = 0, worst = 0;
    lim_budget_init(&b, (double)ratio / 1000, reserve);
    uint64_t of_ten = 1 + lim_rng_draw(seed, 1, 0) % 9;
    for (uint64_t i = 0; i < 400; i++) {
        if (lim_rng_draw(seed, 0, i) % 10 < of_ten) {
            lim_budget_deposit(&b);
            run -= ratio;
        } else if (lim_budget_withdraw(&b)) {
            run += 1000;
        }
        run = run > 0 ? run : 0;
        worst = run > worst ? run : worst;
    }
    return worst;
}

static void every_stretch_keeps_the_bound(void)
{
    bool reached = false;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        int64_t ratio = 1 + (int64_t)(lim_rng_draw(seed, 2, 0) % 1500);
        int64_t reserve = 1 + (int64_t)(lim_rng_draw(seed, 2, 1) % 30);
        int64_t worst = worst_stretch(seed, ratio, reserve);
        CU_ASSERT(worst <= reserve * 1000);
        reached = reached || worst == reserve * 1000;
    }
    CU_ASSERT(reached);
}

CU_TestInfo budget_tests[] = {
    { "first tries buy retries", first_tries_buy_retries },
    { "fractions are kept", fractions_are_kept },
    { "none has no end", none_has_no_end },
    { "the largest reserve does not overflow",
      the_largest_reserve_does_not_overflow },
    { "total failure is amplified by the ratio only",
      total_failure_is_amplified_by_the_ratio_only },
    { "every stretch keeps the bound", every_stretch_keeps_the_bound },
    CU_TEST_INFO_NULL
};
