#include <CUnit/CUnit.h>

#include "limiter/rng.h"
#include "limiter/timerq.h"

#define IDS 64

/* The plain truth: an array, searched from end to end. */
struct model {
    bool armed[IDS];
    lim_time at[IDS];
    uint64_t order[IDS];
    uint64_t sequence;
};

static int first(const struct model *m)
{
    int best = -1;
    for (int i = 0; i < IDS; i++) {
        if (!m->armed[i])
            continue;
        if (best < 0 || m->at[i] < m->at[best] ||
            (m->at[i] == m->at[best] && m->order[i] < m->order[best]))
            best = i;
    }
    return best;
}

static void step(struct lim_timerq *q, struct model *m, uint64_t bits)
{
    uint32_t id = (uint32_t)(bits >> 8) % IDS;
    uint32_t popped;
    int expected;
    switch (bits % 4) {
    case 0:
    case 1:
        m->armed[id] = true;
        m->at[id] = (lim_time)(bits >> 40) % 50;
        m->order[id] = ((bits >> 32) % 4) << 60 | m->sequence++;
        lim_timerq_set(q, id, m->at[id], (unsigned)(bits >> 32) % 4);
        break;
    case 2:
        m->armed[id] = false;
        lim_timerq_cancel(q, id);
        break;
    default:
        expected = first(m);
        if (expected < 0) {
            CU_ASSERT_FALSE(lim_timerq_pop(q, LIM_NEVER, &popped));
            break;
        }
        CU_ASSERT_EQUAL(lim_timerq_next(q), m->at[expected]);
        CU_ASSERT_FALSE(lim_timerq_pop(q, m->at[expected] - 1, &popped));
        CU_ASSERT_TRUE(lim_timerq_pop(q, m->at[expected], &popped));
        CU_ASSERT_EQUAL(popped, (uint32_t)expected);
        m->armed[expected] = false;
    }
}

static void agrees_with_a_plain_list(void)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct lim_timerq *q = lim_timerq_new(IDS / 2);
        struct model m = { .sequence = 0 };
        CU_ASSERT_PTR_NOT_NULL_FATAL(q);
        CU_ASSERT_EQUAL(lim_timerq_grow(q, IDS), 0);
        for (uint64_t i = 0; i < 2500; i++) {
            step(q, &m, lim_rng_draw(seed, i, 0));
            uint32_t armed = 0;
            for (uint32_t id = 0; id < IDS; id++) {
                CU_ASSERT_EQUAL(lim_timerq_armed(q, id), m.armed[id]);
                armed += m.armed[id];
            }
            CU_ASSERT_EQUAL(lim_timerq_size(q), armed);
            int next = first(&m);
            CU_ASSERT_EQUAL(lim_timerq_next(q),
                            next < 0 ? LIM_NEVER : m.at[next]);
        }
        lim_timerq_free(q);
    }
}

static void equal_times_keep_the_order_of_setting(void)
{
    struct lim_timerq *q = lim_timerq_new(4);
    uint32_t id;
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    lim_timerq_set(q, 2, 10, 1);
    lim_timerq_set(q, 0, 10, 1);
    lim_timerq_set(q, 3, 10, 0);
    lim_timerq_set(q, 1, -10, 3);
    const uint32_t expected[] = { 1, 3, 2, 0 };
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_TRUE(lim_timerq_pop(q, 10, &id));
        CU_ASSERT_EQUAL(id, expected[i]);
    }
    lim_timerq_free(q);
}

/* After 1,000 settings the numbers of their order begin anew. */
static void keep_it_however_many_are_set(void)
{
    struct lim_timerq *q = lim_timerq_new(IDS);
    uint32_t id;
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    for (uint32_t i = 0; i < IDS - 1; i++)
        lim_timerq_set(q, (i * 37) % IDS, 10, 1);
    uint32_t last = ((IDS - 1) * 37) % IDS;
    for (int i = 0; i < 2500; i++)
        lim_timerq_set(q, last, 10, i % 2 == 0 ? 0 : 1);
    for (uint32_t i = 0; i < IDS; i++) {
        CU_ASSERT_TRUE(lim_timerq_pop(q, 10, &id));
        CU_ASSERT_EQUAL(id, (i * 37) % IDS);
    }
    lim_timerq_free(q);
}

/* Five at one instant, of two ranks: by 2,000 seeds each of the 6 orders of
   three comes 333 times, give or take 5 standard deviations of 17. */
static void a_shuffle_gives_every_order_alike(void)
{
    int seen[3][3] = { { 0 } };
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct lim_timerq *q = lim_timerq_new(5);
        uint32_t order[5];
        CU_ASSERT_PTR_NOT_NULL_FATAL(q);
        lim_timerq_shuffle(q, seed);
        for (uint32_t id = 0; id < 5; id++)
            lim_timerq_set(q, id, 7, id < 3 ? 0 : 1);
        for (int i = 0; i < 5; i++)
            CU_ASSERT_TRUE(lim_timerq_pop(q, 7, &order[i]));
        CU_ASSERT_TRUE(order[0] < 3 && order[1] < 3 && order[2] < 3);
        seen[order[0] % 3][order[1] % 3]++;
        lim_timerq_free(q);
    }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            CU_ASSERT_DOUBLE_EQUAL(seen[a][b], a == b ? 0 : 2000.0 / 6, 85);
}

CU_TestInfo timerq_tests[] = {
    { "agrees with a plain list", agrees_with_a_plain_list },
    { "equal times keep the order of setting",
      equal_times_keep_the_order_of_setting },
    { "keep it however many are set", keep_it_however_many_are_set },
    { "a shuffle gives every order alike", a_shuffle_gives_every_order_alike },
    CU_TEST_INFO_NULL
};
