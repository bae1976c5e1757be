/* Organisations that come to an index and leave it, against a plain loop. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "limiter/rng.h"
#include "tests/failmalloc.h"
#include "tests/leaf_score.h"

#define MOST 200
#define NOWHERE UINT32_MAX

struct fixture {
    struct lim_index *index;
    uint32_t leaf[MOST]; /* of each organisation */
    uint64_t seed, draws;
    char state[4096];
};

static int64_t below(struct fixture *f, int64_t n)
{
    return (int64_t)(lim_rng_draw(f->seed, 5, f->draws++) % (uint64_t)n);
}

static void set_up(struct fixture *f, uint64_t seed)
{
    struct lim_rate rates[LIM_WINDOWS];
    uint32_t first = (uint32_t)seed % MOST;
    memset(f, 0, sizeof *f);
    f->seed = seed;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t limit = w % 2 ? LIM_UNLIMITED : 7 + (int64_t)w;
        rates[w] = lim_rate_make(limit, lim_limit_window((enum lim_limit)w),
                                 limit > 0 ? limit : 0);
    }
    f->index = lim_index_new(rates, LIM_UNLIMITED, &first, 1, MOST, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->index);
    for (uint32_t i = 0; i < MOST; i++)
        f->leaf[i] = i == first ? 0 : NOWHERE;
}

static uint32_t present(const struct fixture *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < MOST; i++)
        n += f->leaf[i] != NOWHERE;
    return n;
}

static void come_or_go(struct fixture *f, lim_time now)
{
    uint32_t who = (uint32_t)below(f, MOST);
    if (f->leaf[who] == NOWHERE) {
        f->leaf[who] = lim_index_add(f->index, who, now);
        CU_ASSERT_NOT_EQUAL_FATAL(f->leaf[who], LIM_NO_LEAF);
        lim_index_set(f->index, f->leaf[who], LIM_VALUE_IN_FLIGHT, below(f, 4));
    } else if (present(f) > 1 && below(f, 2) == 0) {
        lim_index_remove(f->index, f->leaf[who]);
        f->leaf[who] = NOWHERE;
    } else {
        lim_index_set(f->index, f->leaf[who], LIM_VALUE_BLOCKED,
                      below(f, 3) == 0 ? LIM_NEVER : now);
    }
}

/* What a loop over all finds: smallest score, then lowest number. */
static uint32_t best_of_all(struct fixture *f, const struct lim_query *q,
                            lim_time *earliest)
{
    uint32_t best = NOWHERE;
    int64_t least = INT64_MAX;
    *earliest = LIM_NEVER;
    for (uint32_t i = 0; i < MOST; i++) {
        if (f->leaf[i] == NOWHERE)
            continue;
        lim_time ready = lim_index_ready(f->index, f->leaf[i], q);
        *earliest = ready < *earliest ? ready : *earliest;
        lim_index_ask(f->index, q);
        bool open = lim_leaf_may(f->index, f->leaf[i], q);
        CU_ASSERT_EQUAL(open, ready <= q->now);
        int64_t score = leaf_score(f->index, f->leaf[i], q);
        if (open && (best == NOWHERE || score < least)) {
            best = i;
            least = score;
        }
    }
    return best;
}

static void play(struct fixture *f, const struct lim_strategy *strategy)
{
    lim_time now = 0;
    for (int step = 0; step < 400; step++) {
        const struct lim_cost cost = { { below(f, 3), below(f, 9), 0, 0 } };
        const struct lim_query q = { .cost = &cost,
                                     .strategy = strategy,
                                     .state = f->state,
                                     .month_end = LIM_NEVER,
                                     .now = now };
        struct lim_best best = { INT64_MAX, NOWHERE, 0, NULL };
        lim_time earliest;
        uint32_t want = best_of_all(f, &q, &earliest);
        struct lim_first first = LIM_FIRST_NOBODY;
        lim_index_earliest(f->index, &q, &first);
        CU_ASSERT_EQUAL(first.at, earliest);
        lim_index_find(f->index, &q, &best);
        CU_ASSERT_EQUAL(best.organisation, want);
        if (want != NOWHERE) {
            CU_ASSERT_EQUAL(best.leaf, f->leaf[want]);
            lim_index_take(f->index, best.leaf, &cost, now);
        }
        CU_ASSERT_EQUAL(lim_index_count(f->index), present(f));
        for (int64_t n = below(f, step < 200 ? 4 : 2); n-- > 0;)
            come_or_go(f, now);
        now += below(f, LIM_SEC);
    }
}

static void chooses_as_a_plain_loop_would(void)
{
    static const char *const names[] = { "headroom", "least_in_flight",
                                         "round_robin", "best_fit" };
    static struct fixture f;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        unsigned failures = CU_get_number_of_failures();
        set_up(&f, seed);
        play(&f, lim_strategy_find(names[seed % 4]));
        lim_index_free(f.index);
        if (CU_get_number_of_failures() != failures)
            printf("seed %d\n", (int)seed);
    }
}

/* Above the leaves, the values of those that are vacant are among the least:
   then a column is not of one organisation, whoever it is. */
static void who_comes_back_is_scored_as_it_is(void)
{
    static struct fixture f;
    const struct lim_cost four = { { 4, 4, 0, 0 } }, one = { { 1, 1, 0, 0 } };
    struct lim_query q = { .cost = &four,
                           .strategy = lim_strategy_find("best_fit"),
                           .month_end = LIM_NEVER };
    set_up(&f, MOST); /* whose first is organisation 0 */
    struct lim_index *x = f.index;
    uint32_t leaf = lim_index_add(x, 0, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(leaf, LIM_NO_LEAF);
    lim_index_remove(x, 0);
    lim_index_ask(x, &q);
    lim_index_take(x, leaf, &four, 0);
    q.cost = &one;
    lim_index_ask(x, &q);
    struct lim_best best = { leaf_score(x, leaf, &q) + 1, 1, 0, x };
    lim_index_find(x, &q, &best);
    CU_ASSERT_EQUAL(best.organisation, 0);
    CU_ASSERT_EQUAL(best.leaf, leaf);
    lim_index_free(x);
}

static void short_memory_changes_nothing(void)
{
    static struct fixture f;
    set_up(&f, 1);
    f.leaf[2] = lim_index_add(f.index, 2, 0);
    for (uint32_t i = 3; i < 40; i++) {
        fail_after(i % 2 + 1);
        uint32_t leaf = lim_index_add(f.index, i, 0);
        fail_after(0);
        f.leaf[i] = leaf != LIM_NO_LEAF ? leaf : lim_index_add(f.index, i, 0);
        CU_ASSERT_EQUAL(lim_index_count(f.index), present(&f));
    }
    play(&f, lim_strategy_find("headroom"));
    lim_index_free(f.index);
}

CU_TestInfo moves_tests[] = {
    { "whoever comes and goes, the choice is that of a plain loop",
      chooses_as_a_plain_loop_would },
    { "who comes back is scored as it is", who_comes_back_is_scored_as_it_is },
    { "short memory changes nothing", short_memory_changes_nothing },
    CU_TEST_INFO_NULL
};
