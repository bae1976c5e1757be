/* The strategies that are there to compare with: their defects are kept. */

#include <CUnit/CUnit.h>

#include <stdlib.h>

#include "limiter/strategy.h"

#define PAIR 2

/* A strategy before two organisations, without a pool. */
struct pair {
    const struct lim_strategy *strategy;
    void *state;
    int64_t values[LIM_VALUES][LIM_BLOCK];
    lim_time now;
    uint64_t draw;
};

static void set_up(struct pair *p, const char *name)
{
    *p = (struct pair){ .strategy = lim_strategy_find(name),
                        .now = lim_date(2026, 11, 16) };
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->strategy);
    p->state = calloc(PAIR + 1, p->strategy->state_each + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->state);
}

static uint32_t best(struct pair *p)
{
    static const uint32_t number[LIM_BLOCK] = { 0, 1 };
    int64_t score[LIM_BLOCK];
    const struct lim_view v = {
        .values = &p->values[0][0],
        .first = number,
        .last = number,
        .columns = PAIR,
        .organisations = PAIR,
        .draw = p->draw++,
        .now = p->now,
    };
    p->strategy->score(p->state, &v, score);
    return score[1] < score[0];
}

static int64_t *key_of(struct pair *p, uint32_t i)
{
    return &p->values[LIM_VALUE_KEY][i];
}

/* An answer, of 100 tokens for a charge of 5000. */
static struct lim_event success(void)
{
    static const struct lim_cost cost = { { 1, 5000, 0, 0 } };
    return (struct lim_event){ .cost = &cost,
                               .ok = true,
                               .latency_ns = 100 * LIM_SEC,
                               .first_token_ns = -1,
                               .tokens = 100 };
}

static void answer(struct pair *p, uint32_t i, struct lim_event e)
{
    e.organisation = i;
    e.organisations = PAIR;
    e.key = *key_of(p, i);
    e.now = p->now;
    *key_of(p, i) = p->strategy->ended(p->state, &e);
}

static void latency_keeps_its_oldest_nine(void)
{
    struct pair p;
    struct lim_event e = success();
    set_up(&p, "litellm_latency");
    for (int i = 0; i < 10; i++)
        answer(&p, 0, e);
    CU_ASSERT_EQUAL(*key_of(&p, 0), LIM_SEC);
    e.latency_ns = 100 * LIM_MSEC;
    for (int i = 0; i < 50; i++) {
        answer(&p, 0, e);
        CU_ASSERT_EQUAL(*key_of(&p, 0), (9 * LIM_SEC + LIM_MSEC) / 10);
    }
    e.first_token_ns = LIM_MSEC; /* divided by a length that it has not */
    answer(&p, 1, e);
    CU_ASSERT_EQUAL(*key_of(&p, 1), 10 * LIM_USEC);
    CU_ASSERT_EQUAL(best(&p), 1);
    free(p.state);
}

static void latency_tries_first_who_only_refuses(void)
{
    struct pair p;
    struct lim_event e = success();
    set_up(&p, "litellm_latency");
    answer(&p, 0, e);
    e.tokens = 0; /* an embedding */
    answer(&p, 1, e);
    e.ok = false;
    for (int i = 0; i < 20; i++) {
        answer(&p, 1, e);
        CU_ASSERT_EQUAL(best(&p), 1);
    }
    free(p.state);
}

static void usage_counts_successes_of_the_minute(void)
{
    struct pair p;
    struct lim_event e = success();
    set_up(&p, "litellm_usage");
    e.ok = false;
    answer(&p, 0, e); /* a refusal has used nothing */
    CU_ASSERT_EQUAL(*key_of(&p, 0), 0);
    answer(&p, 0, success());
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(best(&p), 1); /* what is on its way neither */
    answer(&p, 1, success());
    answer(&p, 1, success());
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(best(&p), 0);
    p.now += LIM_MIN; /* a new minute begins from zero */
    answer(&p, 0, success());
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(best(&p), 1);
    free(p.state);
}

static void equals_are_drawn(void)
{
    const char *const names[] = { "litellm_latency", "litellm_usage" };
    for (int k = 0; k < 2; k++) {
        struct pair p;
        uint32_t second = 0;
        set_up(&p, names[k]);
        for (int i = 0; i < 1000; i++)
            second += best(&p);
        CU_ASSERT(second > 400 && second < 600);
        free(p.state);
    }
}

CU_TestInfo baselines_tests[] = { { "latency keeps its oldest nine",
                                    latency_keeps_its_oldest_nine },
                                  { "latency tries first who only refuses",
                                    latency_tries_first_who_only_refuses },
                                  { "usage counts successes of the minute",
                                    usage_counts_successes_of_the_minute },
                                  { "equals are drawn", equals_are_drawn },
                                  CU_TEST_INFO_NULL };
