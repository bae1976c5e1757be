/*
 * The lanes against a model that keeps a plain array, looks at all of it each
 * time, and gives quanta one round after the other.
 */

#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/lanes.h"
#include "limiter/rng.h"

#ifndef SEEDS
#define SEEDS 500
#endif
#define STEPS 300
#define REQUESTS 24
#define GROUPS 3
#define TENANTS 4
#define LANES (GROUPS * TENANTS)
#define QUANTUM 50
#define AGING 10

struct item {
    bool waits, returned;
    unsigned lane;
    int64_t rank, tokens;
    uint64_t turn, came; /* `came`: when it was put in, the last time */
};

struct model_lane {
    int64_t deficit, round; /* the last for which it had a quantum */
    uint64_t seat;
};

struct model_group {
    bool awake;
    lim_time wake;
    int64_t round;
};

struct model {
    const struct lim_queue *queue;
    struct item items[REQUESTS];
    struct model_lane lanes[LANES];
    struct model_group groups[GROUPS];
    unsigned tenants;
    uint64_t turns, puts;
};

struct both {
    struct model m;
    struct lim_lanes *l;
    lim_time now;
    uint64_t stream, drawn;
};

static unsigned below(struct both *b, unsigned n)
{
    return (unsigned)(lim_rng_draw(b->stream, 0, b->drawn++) % n);
}

static bool goes_before(const struct model *m, const struct item *a,
                        const struct item *b)
{
    if (m->queue->rank != NULL)
        return a->rank != b->rank ? a->rank < b->rank : a->turn < b->turn;
    if (a->returned != b->returned)
        return a->returned;
    return a->returned ? a->came < b->came : a->turn < b->turn;
}

static uint32_t end_of(const struct model *m, unsigned lane, bool last)
{
    uint32_t end = LIM_NOBODY;
    for (uint32_t i = 0; i < REQUESTS; i++)
        if (m->items[i].waits && m->items[i].lane == lane &&
            (end == LIM_NOBODY ||
             goes_before(m, &m->items[i], &m->items[end]) != last))
            end = i;
    return end;
}

static int64_t price(const struct model *m, unsigned lane)
{
    return m->items[end_of(m, lane, false)].tokens;
}

static bool is_empty(const struct model *m, unsigned lane)
{
    return end_of(m, lane, false) == LIM_NOBODY;
}

static void next_round(struct model *m, unsigned group)
{
    int64_t round = ++m->groups[group].round;
    for (unsigned i = group * m->tenants; i < (group + 1) * m->tenants; i++) {
        struct model_lane *x = &m->lanes[i];
        if (is_empty(m, i) || x->round >= round)
            continue;
        x->deficit += QUANTUM;
        x->round++;
    }
}

/* Whose turn it is in a group, after as many rounds as it takes; -1. */
static int turn_in(struct model *m, unsigned group)
{
    bool any = false;
    int best = -1;
    for (unsigned i = group * m->tenants; i < (group + 1) * m->tenants; i++) {
        const struct model_lane *x = &m->lanes[i];
        any = any || !is_empty(m, i);
        if (!is_empty(m, i) &&
            (!m->queue->fair || (x->round <= m->groups[group].round &&
                                 x->deficit >= price(m, i))) &&
            (best < 0 || x->seat < m->lanes[best].seat))
            best = (int)i;
    }
    if (!any || best >= 0)
        return best;
    next_round(m, group);
    return turn_in(m, group);
}

static uint32_t head_of(const struct model *m, unsigned group)
{
    struct model copy = *m;
    int lane = turn_in(&copy, group);
    return lane < 0 ? LIM_NOBODY : end_of(m, (unsigned)lane, false);
}

/* A group whose head is another than it was is awake. */
static void settle(struct model *m, unsigned group, uint32_t before)
{
    uint32_t head = head_of(m, group);
    if (head != before)
        m->groups[group].awake = head != LIM_NOBODY;
}

static bool head_before(const struct model *m, uint32_t a, uint32_t b)
{
    const struct item *x = &m->items[a], *y = &m->items[b];
    if (m->queue->rank != NULL && x->rank != y->rank)
        return x->rank < y->rank;
    return x->turn < y->turn;
}

static int model_next(struct model *m, lim_time now)
{
    int best = -1;
    for (unsigned g = 0; g < GROUPS; g++) {
        struct model_group *x = &m->groups[g];
        uint32_t head = head_of(m, g);
        if (head == LIM_NOBODY)
            continue;
        x->awake = x->awake || x->wake <= now;
        if (x->awake &&
            (best < 0 || head_before(m, head, head_of(m, (unsigned)best))))
            best = (int)g;
    }
    if (best >= 0)
        turn_in(m, (unsigned)best);
    return best;
}

static bool ends_later(const struct model *m, const struct item *a,
                       const struct item *b)
{
    if (m->queue->rank != NULL && a->rank != b->rank)
        return a->rank > b->rank;
    return a->turn > b->turn;
}

static uint32_t model_last(const struct model *m)
{
    uint32_t best = LIM_NOBODY;
    unsigned longest = 0;
    for (unsigned i = 0; i < GROUPS * m->tenants; i++) {
        uint32_t end = end_of(m, i, true);
        unsigned waiting = 0;
        for (uint32_t r = 0; r < REQUESTS; r++)
            waiting += m->items[r].waits && m->items[r].lane == i;
        if (end == LIM_NOBODY || (m->queue->fair && waiting < longest))
            continue;
        bool equal = !m->queue->fair || waiting == longest;
        if (best == LIM_NOBODY || !equal ||
            ends_later(m, &m->items[end], &m->items[best]))
            best = end;
        longest = waiting;
    }
    return best;
}

static lim_time model_earliest(const struct model *m)
{
    lim_time first = LIM_NEVER;
    for (unsigned g = 0; g < GROUPS; g++) {
        if (head_of(m, g) == LIM_NOBODY)
            continue;
        if (m->groups[g].awake)
            return INT64_MIN;
        if (m->groups[g].wake < first)
            first = m->groups[g].wake;
    }
    return first;
}

static void begin(struct both *b, const struct lim_queue *queue, uint64_t seed)
{
    const struct lim_lanes_config c = { .queue = queue,
                                        .groups = GROUPS,
                                        .tenants = TENANTS,
                                        .requests = REQUESTS,
                                        .quantum = QUANTUM,
                                        .aging_ns = AGING };
    memset(b, 0, sizeof *b);
    b->m.queue = queue;
    b->m.tenants = queue->fair ? TENANTS : 1;
    b->l = lim_lanes_new(&c);
    b->stream = lim_rng_stream(seed, LIM_DRAW_ARRIVAL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->l);
}

static void push(struct both *b, uint32_t i)
{
    struct item *x = &b->m.items[i];
    struct model_lane *lanes = b->m.lanes;
    unsigned tenant = below(b, TENANTS), group = below(b, GROUPS);
    bool returned = x->turn != 0 && below(b, 3) == 0;
    const struct lim_waiting w = {
        .since = b->now,
        .priority = (int)below(b, LIM_PRIORITIES),
        .deadline = below(b, 2) ? b->now + below(b, 200) : LIM_NEVER,
        .tokens = 1 + below(b, 4) * below(b, 100),
    };
    if (!returned) {
        x->lane = group * b->m.tenants + (b->m.queue->fair ? tenant : 0);
        x->turn = ++b->m.turns;
        x->tokens = w.tokens;
        x->rank = b->m.queue->rank == NULL ? 0 : b->m.queue->rank(&w, AGING);
    }
    group = x->lane / b->m.tenants;
    uint32_t before = head_of(&b->m, group);
    bool was_empty = is_empty(&b->m, x->lane);
    x->returned = returned;
    x->came = b->m.puts++;
    x->waits = true;
    if (was_empty) {
        lanes[x->lane].round = b->m.groups[group].round + 1;
        lanes[x->lane].deficit = QUANTUM;
        lanes[x->lane].seat = x->turn;
    }
    settle(&b->m, group, before);
    if (returned)
        lim_lanes_return(b->l, i);
    else
        lim_lanes_push(b->l, i, group,
                       b->m.queue->fair ? x->lane % TENANTS : tenant, &w);
}

static void take_out(struct both *b, uint32_t i, bool served)
{
    struct item *x = &b->m.items[i];
    unsigned group = x->lane / b->m.tenants;
    uint32_t before = head_of(&b->m, group);
    x->waits = false;
    if (served) {
        b->m.lanes[x->lane].deficit -= x->tokens;
        lim_lanes_serve(b->l, i, x->tokens);
    } else {
        lim_lanes_remove(b->l, i);
    }
    settle(&b->m, group, before);
}

static void put_to_sleep(struct both *b, unsigned group)
{
    lim_time at = below(b, 8) == 0 ? LIM_NEVER : b->now + below(b, 30);
    b->m.groups[group].awake = false;
    b->m.groups[group].wake = at;
    lim_lanes_sleep(b->l, group, at);
}

static void wake(struct both *b, unsigned group)
{
    struct model_group *x = &b->m.groups[group];
    lim_time at = b->now + below(b, 20);
    if (!x->awake && at < x->wake)
        x->wake = at;
    lim_lanes_wake(b->l, group, at);
}

static void look(struct both *b)
{
    int group = model_next(&b->m, b->now);
    uint32_t next = lim_lanes_next(b->l, b->now);
    if (group < 0) {
        CU_ASSERT_EQUAL_FATAL(next, LIM_NOBODY);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(next, head_of(&b->m, (unsigned)group));
    if (below(b, 3) > 0)
        take_out(b, head_of(&b->m, (unsigned)group), true);
    else
        put_to_sleep(b, (unsigned)group);
}

static void step(struct both *b)
{
    uint32_t i = below(b, REQUESTS);
    unsigned group = below(b, GROUPS);
    switch (below(b, 8)) {
    case 0:
    case 1:
    case 2:
        if (!b->m.items[i].waits)
            push(b, i);
        break;
    case 3:
        if (b->m.items[i].waits)
            take_out(b, i, false);
        break;
    case 4:
        put_to_sleep(b, group);
        break;
    case 5:
        wake(b, group);
        break;
    default:
        look(b);
    }
    b->now += below(b, 3);
}

static void compare(const struct both *b)
{
    CU_ASSERT_EQUAL_FATAL(lim_lanes_last(b->l), model_last(&b->m));
    CU_ASSERT_EQUAL_FATAL(lim_lanes_earliest(b->l), model_earliest(&b->m));
    for (unsigned g = 0; g < GROUPS; g++) {
        const struct model_group *x = &b->m.groups[g];
        uint32_t head = head_of(&b->m, g);
        CU_ASSERT_EQUAL_FATAL(lim_lanes_head(b->l, g), head);
        CU_ASSERT_EQUAL_FATAL(lim_lanes_sleeps(b->l, g, b->now),
                              head != LIM_NOBODY && !x->awake &&
                                  x->wake > b->now);
    }
}

static void play(const struct lim_queue *queue)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct both b;
        begin(&b, queue, seed);
        for (int i = 0; i < STEPS; i++) {
            step(&b);
            compare(&b);
        }
        lim_lanes_free(b.l);
    }
}

static void fifo_does_as_the_model(void)
{
    play(lim_queue_find("fifo"));
}

static void priority_does_as_the_model(void)
{
    play(lim_queue_find("priority"));
}

static void shortest_does_as_the_model(void)
{
    play(lim_queue_find("shortest"));
}

static void deadline_does_as_the_model(void)
{
    play(lim_queue_find("deadline"));
}

static void fair_does_as_the_model(void)
{
    play(lim_queue_find("fair"));
}

CU_TestInfo lanes_model_tests[] = {
    { "first come first served does as the model", fifo_does_as_the_model },
    { "priority does as the model", priority_does_as_the_model },
    { "shortest first does as the model", shortest_does_as_the_model },
    { "earliest deadline does as the model", deadline_does_as_the_model },
    { "fair between tenants does as the model", fair_does_as_the_model },
    CU_TEST_INFO_NULL
};
