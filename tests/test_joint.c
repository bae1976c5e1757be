/*
 * Windows that bind by turns, so that no one of them bounds what a block of
 * organisations has left: the search against a plain loop.
 */

#include <CUnit/CUnit.h>

#include <stdio.h>

#include "limiter/rng.h"
#include "tests/leaf_score.h"

#define COUNT 200
#define STEPS 1500
#define SEEDS 6

struct fixture {
    struct lim_index *index;
    struct lim_rate rates[LIM_WINDOWS];
    uint64_t seed, draws;
    lim_time now;
};

static int64_t below(struct fixture *f, int64_t n)
{
    return (int64_t)(lim_rng_draw(f->seed, 5, f->draws++) % (uint64_t)n);
}

/* Ten tokens a request on average, in both: a minute's and a day's. */
static void set_up(struct fixture *f, uint64_t seed)
{
    static const int64_t limits[LIM_WINDOWS] = {
        [LIM_RPM] = 60,
        [LIM_RPD] = 5000,
        [LIM_TPM] = 600,
        [LIM_TPD] = LIM_UNLIMITED,
        [LIM_IPM] = LIM_UNLIMITED,
    };
    uint32_t list[COUNT];
    f->seed = seed;
    f->draws = 0;
    f->now = lim_date(2026, 11, 23);
    for (uint32_t i = 0; i < COUNT; i++)
        list[i] = i;
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        f->rates[w] =
            lim_rate_make(limits[w], lim_limit_window((enum lim_limit)w),
                          limits[w] > 0 ? limits[w] / 4 : 0);
    f->index =
        lim_index_new(f->rates, LIM_UNLIMITED, list, COUNT, COUNT, f->now);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->index);
}

static uint32_t best_of_all(struct fixture *f, const struct lim_query *q)
{
    uint32_t best = UINT32_MAX;
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < COUNT; i++) {
        lim_index_ask(f->index, q);
        bool open = lim_leaf_may(f->index, i, q);
        CU_ASSERT_EQUAL(open, lim_index_ready(f->index, i, q) <= q->now);
        if (!open)
            continue;
        int64_t score = leaf_score(f->index, i, q);
        best = score < least ? i : best;
        least = score < least ? score : least;
    }
    return best;
}

/* Real use turns out to be other than what was charged. */
static void correct(struct fixture *f)
{
    uint32_t leaf = (uint32_t)below(f, COUNT);
    struct lim_window w = lim_index_window(f->index, leaf, LIM_TPM);
    if (below(f, 2) == 0)
        lim_window_give(&f->rates[LIM_TPM], &w, below(f, 60));
    else
        lim_window_take(&f->rates[LIM_TPM], &w, below(f, 60), f->now);
    lim_index_set_window(f->index, leaf, LIM_TPM, w);
}

/* Requests of all sizes, some that take no tokens, near what the limits let
   through: 200 a second. */
static void play(struct fixture *f, const char *strategy, int steps,
                 int64_t tokens)
{
    for (int i = 0; i < steps; i++) {
        struct lim_cost cost = { { 1, below(f, tokens), 0, 0 } };
        if (below(f, 10) == 0)
            cost.amount[LIM_TOKENS] = 5 * below(f, 30);
        const struct lim_query q = { .cost = &cost,
                                     .strategy = lim_strategy_find(strategy),
                                     .month_end = LIM_NEVER,
                                     .now = f->now };
        struct lim_best best = { INT64_MAX, UINT32_MAX, 0, NULL };
        lim_index_find(f->index, &q, &best);
        CU_ASSERT_EQUAL(best.organisation, best_of_all(f, &q));
        if (best.index != NULL)
            lim_index_take(f->index, best.leaf, &cost, f->now);
        if (below(f, 4) == 0)
            correct(f);
        f->now += below(f, i < steps / 2 ? LIM_MSEC : 10 * LIM_MSEC);
    }
}

static void chooses_as_a_plain_loop_would(void)
{
    static const char *const names[] = { "headroom", "earliest",
                                         "opportunity" };
    static struct fixture f;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        unsigned failures = CU_get_number_of_failures();
        set_up(&f, seed);
        play(&f, names[seed % 3], STEPS, 20);
        lim_index_free(f.index);
        if (CU_get_number_of_failures() != failures)
            printf("seed %d\n", (int)seed);
    }
}

/* What is usual is another after thousands of requests. */
static void sizes_may_change(void)
{
    static struct fixture f;
    set_up(&f, SEEDS + 1);
    play(&f, "headroom", 2 * STEPS, 10);
    play(&f, "headroom", 2 * STEPS, 40);
    play(&f, "headroom", 4 * STEPS, 5);
    lim_index_free(f.index);
}

CU_TestInfo joint_tests[] = { { "chooses as a plain loop would",
                                chooses_as_a_plain_loop_would },
                              { "sizes may change", sizes_may_change },
                              CU_TEST_INFO_NULL };
