#include <CUnit/CUnit.h>

#include "limiter/rng.h"
#include "limiter/timerq.h"

#define IDS 64
#define IDS_MOST 1025

/* The plain truth: an array, searched from end to end. */
struct model {
    uint32_t ids, size;
    bool armed[IDS_MOST];
    lim_time at[IDS_MOST];
    uint64_t order[IDS_MOST];
    uint64_t sequence;
};

static int first(const struct model *m)
{
    int best = -1;
    for (int i = 0; i < (int)m->ids; i++) {
        if (!m->armed[i])
            continue;
        if (best < 0 || m->at[i] < m->at[best] ||
            (m->at[i] == m->at[best] && m->order[i] < m->order[best]))
            best = i;
    }
    return best;
}

/* Few times, so that many are equal, and among them the last there is. */
static lim_time some_time(uint64_t bits)
{
    lim_time at = (lim_time)(bits % 50) - 25;
    return at == 24 ? LIM_NEVER : at;
}

static void set(struct lim_timerq *q, struct model *m, uint32_t id,
                uint64_t bits)
{
    unsigned rank = (unsigned)(bits >> 32) % LIM_TIMERQ_RANKS;
    m->size += !m->armed[id];
    m->armed[id] = true;
    m->at[id] = some_time(bits >> 40);
    m->order[id] = (uint64_t)rank << 60 | m->sequence++;
    lim_timerq_set(q, id, m->at[id], rank);
}

static void cancel(struct lim_timerq *q, struct model *m, uint32_t id)
{
    m->size -= m->armed[id];
    m->armed[id] = false;
    lim_timerq_cancel(q, id);
}

static void pop(struct lim_timerq *q, struct model *m)
{
    uint32_t popped;
    int expected = first(m);
    if (expected < 0) {
        CU_ASSERT_FALSE(lim_timerq_pop(q, LIM_NEVER, &popped));
        return;
    }
    CU_ASSERT_FALSE(lim_timerq_pop(q, m->at[expected] - 1, &popped));
    CU_ASSERT_TRUE(lim_timerq_pop(q, m->at[expected], &popped));
    CU_ASSERT_EQUAL(popped, (uint32_t)expected);
    m->armed[expected] = false;
    m->size--;
}

static void compare(const struct lim_timerq *q, const struct model *m,
                    uint32_t id)
{
    int next = first(m);
    CU_ASSERT_EQUAL(lim_timerq_armed(q, id), m->armed[id]);
    CU_ASSERT_EQUAL(lim_timerq_size(q), m->size);
    CU_ASSERT_EQUAL(lim_timerq_next(q), next < 0 ? LIM_NEVER : m->at[next]);
    CU_ASSERT_EQUAL(lim_timerq_first(q),
                    next < 0 ? LIM_TIMERQ_NOBODY : (uint32_t)next);
}

/* Around each size at which another level stands on the ids. */
static const uint32_t sizes[] = { 1,  2,  3,  4,   5,   15,  16,   17,
                                  63, 64, 65, 255, 256, 257, 1024, 1025 };
#define SIZES (sizeof sizes / sizeof sizes[0])

/* `sets` of 8 steps set a timer: 2 to 4 leave few of them, 5 and 6 many. */
static void play(struct lim_timerq *q, struct model *m, uint64_t steps,
                 unsigned sets)
{
    for (uint64_t i = 0; i < steps; i++) {
        uint64_t bits = lim_rng_draw(sets, m->sequence, i);
        uint32_t id = (uint32_t)(bits >> 8) % m->ids;
        if (bits % 8 < sets)
            set(q, m, id, bits);
        else if (bits % 8 == 7)
            cancel(q, m, id);
        else
            pop(q, m);
        compare(q, m, id);
    }
    CU_ASSERT(m->sequence > steps * sets / 10);
}

static void agrees_with_a_plain_list(void)
{
    static struct model m;
    for (unsigned sets = 2; sets <= 6; sets++) {
        struct lim_timerq *q = lim_timerq_new(1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(q);
        m = (struct model){ 0 };
        for (size_t k = 0; k < SIZES; k++) {
            m.ids = sizes[k];
            CU_ASSERT_EQUAL(lim_timerq_grow(q, m.ids), 0);
            play(q, &m, 1000, sets);
        }
        while (m.size > 0)
            pop(q, &m);
        compare(q, &m, 0);
        lim_timerq_free(q);
    }
}

/* A pool has room for many, of whom only the first few come.  The numbers of
   their order begin anew on the way. */
static void agrees_with_it_where_few_of_many_come(void)
{
    static struct model m;
    for (size_t k = 0; k < SIZES; k++) {
        struct lim_timerq *q = lim_timerq_new(UINT32_C(1) << 20);
        CU_ASSERT_PTR_NOT_NULL_FATAL(q);
        m = (struct model){ .ids = sizes[k] };
        play(q, &m, 2000, 6);
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
    { "agrees with it where few of many come",
      agrees_with_it_where_few_of_many_come },
    { "equal times keep the order of setting",
      equal_times_keep_the_order_of_setting },
    { "keep it however many are set", keep_it_however_many_are_set },
    { "a shuffle gives every order alike", a_shuffle_gives_every_order_alike },
    CU_TEST_INFO_NULL
};
