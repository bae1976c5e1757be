/*
 * Strategies that draw, through a pool at a fixed seed: the counts against
 * their expectation by chi-square.  A right one fails one time in a thousand,
 * and as the seed is fixed, never or always.
 */

#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/pool.h"

#define ORGANISATIONS 4
#define DRAWS 24000
#define CHI_SQUARE_3 16.27 /* 3 degrees of freedom, 0.1 % */
#define CHI_SQUARE_2 13.82

/* Group 0 is served by all, group 1 + i by organisation i alone. */
struct fixture {
    struct lim_limits limits[ORGANISATIONS][1 + ORGANISATIONS];
    bool serves[ORGANISATIONS][1 + ORGANISATIONS];
    struct lim_organisation organisations[ORGANISATIONS];
    struct lim_config config;
    struct lim_pool *pool;
    uint64_t number;
};

static void set_up_with(struct fixture *f, const struct lim_strategy *strategy,
                        const double weights[ORGANISATIONS])
{
    static const char *const names[] = { "a", "b", "c", "d" };
    struct lim_diag diag;
    memset(f, 0, sizeof *f);
    for (unsigned i = 0; i < ORGANISATIONS; i++) {
        for (unsigned g = 0; g <= ORGANISATIONS; g++)
            f->limits[i][g] = lim_limits_none();
        f->limits[i][0].max[LIM_RPM] = i % 2 ? 1000000000 : LIM_UNLIMITED;
        f->serves[i][0] = f->serves[i][1 + i] = true;
        f->organisations[i] =
            (struct lim_organisation){ .name = names[i],
                                       .keys = 1,
                                       .limits = f->limits[i],
                                       .serves = f->serves[i],
                                       .weight = weights[i],
                                       .spend_max = LIM_UNLIMITED };
    }
    f->config = lim_config_default();
    f->config.groups = 1 + ORGANISATIONS;
    f->config.organisations = f->organisations;
    f->config.organisation_count = ORGANISATIONS;
    f->config.strategy = strategy;
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->config.strategy);
    f->pool = lim_pool_new(&f->config, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool);
}

static void set_up(struct fixture *f, const char *strategy,
                   const double weights[ORGANISATIONS])
{
    set_up_with(f, lim_strategy_find(strategy), weights);
}

static struct lim_action send(struct fixture *f, unsigned group)
{
    const struct lim_request r = { .group = group,
                                   .cost = { { 1, 0, 0, 0 } },
                                   .deadline = LIM_NEVER,
                                   .number = f->number++ };
    struct lim_action a;
    lim_id id;
    memset(&a, 0, sizeof a);
    CU_ASSERT_EQUAL(lim_submit(f->pool, &r, 0, &id, NULL), LIM_ACCEPTED);
    CU_ASSERT_TRUE_FATAL(lim_next(f->pool, 0, &a));
    return a;
}

static void answer(struct fixture *f, lim_id id, enum lim_class class)
{
    const struct lim_outcome o = { .class = class,
                                   .first_token_ns = -1,
                                   .reply_tokens = -1,
                                   .feedback = lim_feedback_none() };
    lim_complete(f->pool, id, &o, 0, NULL);
}

/* Keeps `n` requests in flight at an organisation. */
static void occupy(struct fixture *f, unsigned organisation, int n)
{
    for (int i = 0; i < n; i++)
        CU_ASSERT_EQUAL(send(f, 1 + organisation).organisation, organisation);
}

/* It takes no more, for its credential is not accepted. */
static void refuse(struct fixture *f, unsigned organisation)
{
    struct lim_action a = send(f, 1 + organisation);
    answer(f, a.id, LIM_CLASS_CREDENTIAL);
    while (lim_next(f->pool, 0, &a))
        CU_ASSERT_EQUAL(a.kind, LIM_GIVE_UP);
}

/* Who takes each of many requests that come one after the other. */
static void draw(struct fixture *f, int counts[ORGANISATIONS])
{
    memset(counts, 0, ORGANISATIONS * sizeof *counts);
    for (int i = 0; i < DRAWS; i++) {
        struct lim_action a = send(f, 0);
        counts[a.organisation]++;
        answer(f, a.id, LIM_CLASS_OK);
    }
}

static double chi_square(const int counts[ORGANISATIONS],
                         const double shares[ORGANISATIONS])
{
    double sum = 0;
    for (int i = 0; i < ORGANISATIONS; i++) {
        double due = shares[i] * DRAWS, off = counts[i] - due;
        if (due > 0)
            sum += off * off / due;
        else
            CU_ASSERT_EQUAL(counts[i], 0);
    }
    return sum;
}

static const double even[] = { 1, 1, 1, 1 };

static void random_is_even(void)
{
    const double shares[] = { 0.25, 0.25, 0.25, 0.25 };
    struct fixture f;
    int counts[ORGANISATIONS];
    set_up(&f, "random", even);
    draw(&f, counts);
    CU_ASSERT_TRUE(chi_square(counts, shares) < CHI_SQUARE_3);
    lim_pool_free(f.pool);
}

/* The first says no weight and has one; it does not decide for the others. */
static void weights_are_each_ones_own(void)
{
    const double weights[] = { 0, 2, 5, 0.5 };
    const double shares[] = { 1 / 8.5, 2 / 8.5, 5 / 8.5, 0.5 / 8.5 };
    struct fixture f;
    int counts[ORGANISATIONS];
    set_up(&f, "weighted", weights);
    draw(&f, counts);
    CU_ASSERT_TRUE(chi_square(counts, shares) < CHI_SQUARE_3);
    lim_pool_free(f.pool);
}

/* Who is out leaves the shares of the others in proportion. */
static void the_rest_keep_their_proportions(void)
{
    const double weights[] = { 0, 2, 5, 0.5 };
    const double shares[] = { 1 / 3.5, 2 / 3.5, 0, 0.5 / 3.5 };
    struct fixture f;
    int counts[ORGANISATIONS];
    set_up(&f, "weighted", weights);
    refuse(&f, 2);
    draw(&f, counts);
    CU_ASSERT_TRUE(chi_square(counts, shares) < CHI_SQUARE_2);
    lim_pool_free(f.pool);
}

/* What is in flight, as the view tells, and as a row that a strategy reads. */
static void score_by_view(const void *state, const struct lim_view *v,
                          int64_t out[LIM_BLOCK])
{
    (void)state;
    out[0] = v->in_flight;
}

static void score_by_row(const void *state, const struct lim_view *v,
                         int64_t out[LIM_BLOCK])
{
    (void)state;
    out[0] = lim_view_row(v, LIM_VALUE_IN_FLIGHT)[0];
}

/* Of 6 pairs the idlest wins the 3 that it is in, the next 2, and so on. */
static void check_idler_wins(const struct lim_strategy *strategy)
{
    const double shares[] = { 0, 1 / 6.0, 3 / 6.0, 2 / 6.0 };
    struct fixture f;
    int counts[ORGANISATIONS];
    set_up_with(&f, strategy, even);
    occupy(&f, 0, 6);
    occupy(&f, 1, 4);
    occupy(&f, 3, 2);
    draw(&f, counts);
    CU_ASSERT_TRUE(chi_square(counts, shares) < CHI_SQUARE_2);
    lim_pool_free(f.pool);
}

static void of_two_the_idler_wins(void)
{
    struct lim_strategy mine = *lim_strategy_find("p2c");
    check_idler_wins(lim_strategy_find("p2c"));
    mine.score = score_by_view;
    check_idler_wins(&mine);
    mine.score = score_by_row;
    mine.reads = 1u << LIM_VALUE_IN_FLIGHT;
    check_idler_wins(&mine);
}

/* Nor does it matter who else there is. */
static void of_two_who_may_the_idler_wins(void)
{
    const double shares[] = { 0, 1 / 3.0, 0, 2 / 3.0 };
    struct fixture f;
    int counts[ORGANISATIONS];
    set_up(&f, "p2c", even);
    occupy(&f, 0, 6);
    occupy(&f, 1, 4);
    occupy(&f, 2, 1);
    occupy(&f, 3, 2);
    refuse(&f, 2);
    draw(&f, counts);
    CU_ASSERT_TRUE(chi_square(counts, shares) < CHI_SQUARE_2);
    lim_pool_free(f.pool);
}

static void of_two_idle_ones_the_first_drawn_wins(void)
{
    const double shares[] = { 0.25, 0.25, 0.25, 0.25 };
    struct fixture f;
    int counts[ORGANISATIONS];
    set_up(&f, "p2c", even);
    draw(&f, counts);
    CU_ASSERT_TRUE(chi_square(counts, shares) < CHI_SQUARE_3);
    lim_pool_free(f.pool);
}

static void flaws_are_named(void)
{
    struct lim_strategy s = *lim_strategy_find("p2c");
    CU_ASSERT_PTR_NULL(lim_strategy_flaw(&s));
    s.samples = LIM_SAMPLES_MAX;
    CU_ASSERT_PTR_NULL(lim_strategy_flaw(&s));
    s.samples++;
    CU_ASSERT_STRING_EQUAL(lim_strategy_flaw(&s), "compares too many samples");
    s.samples = 0;
    CU_ASSERT_STRING_EQUAL(lim_strategy_flaw(&s), "has no score");
}

CU_TestInfo sampling_tests[] = {
    { "random is even", random_is_even },
    { "weights are each one's own", weights_are_each_ones_own },
    { "the rest keep their proportions", the_rest_keep_their_proportions },
    { "of two the idler wins", of_two_the_idler_wins },
    { "of two who may the idler wins", of_two_who_may_the_idler_wins },
    { "of two idle ones the first drawn wins",
      of_two_idle_ones_the_first_drawn_wins },
    { "flaws are named", flaws_are_named },
    CU_TEST_INFO_NULL
};
