#include <CUnit/CUnit.h>

#include "limiter/lanes.h"
#include "limiter/rng.h"
#include "tests/failmalloc.h"

#ifndef SEEDS
#define SEEDS 500
#endif
#define ROOM 256

/* Who comes, and when it is served of those that are listed with it. */
struct row {
    struct lim_waiting w;
    unsigned group, tenant;
    unsigned served; /* from 0 */
};

static struct lim_lanes *make(const char *queue, unsigned groups,
                              unsigned tenants, int64_t quantum)
{
    const struct lim_lanes_config c = { .queue = lim_queue_find(queue),
                                        .groups = groups,
                                        .tenants = tenants,
                                        .requests = ROOM,
                                        .quantum = quantum };
    struct lim_lanes *l = lim_lanes_new(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    return l;
}

/* Sends the next one; LIM_NOBODY: all groups sleep or are empty. */
static uint32_t serve(struct lim_lanes *l, lim_time now, int64_t tokens)
{
    uint32_t i = lim_lanes_next(l, now);
    if (i != LIM_NOBODY)
        lim_lanes_serve(l, i, tokens);
    return i;
}

static void play(const char *queue, const struct row *rows, uint32_t n)
{
    struct lim_lanes *l = make(queue, 2, 3, 100);
    for (uint32_t i = 0; i < n; i++)
        lim_lanes_push(l, i, rows[i].group, rows[i].tenant, &rows[i].w);
    for (unsigned k = 0; k < n; k++) {
        uint32_t i = lim_lanes_next(l, 0);
        CU_ASSERT_FATAL(i != LIM_NOBODY);
        CU_ASSERT_EQUAL(rows[i].served, k);
        lim_lanes_serve(l, i, rows[i].w.tokens);
    }
    CU_ASSERT_EQUAL(lim_lanes_next(l, 0), LIM_NOBODY);
    CU_ASSERT_EQUAL(lim_lanes_earliest(l), LIM_NEVER);
    CU_ASSERT_EQUAL(lim_lanes_last(l), LIM_NOBODY);
    lim_lanes_free(l);
}

#define PLAY(queue, rows)                                                      \
    play(queue, rows, (uint32_t)(sizeof(rows) / sizeof((rows)[0])))

static void fifo_serves_in_the_order_of_coming(void)
{
    const struct row rows[] = {
        { { 0, 0, LIM_NEVER, 9000 }, 0, 0, 0 },
        { { 1, 9, LIM_NEVER, 1 }, 1, 0, 1 },
        { { 2, 5, 3, 1 }, 0, 1, 2 },
    };
    PLAY("fifo", rows);
}

static void priority_is_a_head_start_of_ten_seconds_a_step(void)
{
    const struct row rows[] = {
        { { 0, 0, LIM_NEVER, 1 }, 0, 0, 1 },
        { { 10 * LIM_SEC, 1, LIM_NEVER, 1 }, 0, 0, 2 },
        { { 19 * LIM_SEC, 2, LIM_NEVER, 1 }, 1, 0, 0 },
        { { 100 * LIM_SEC, 9, LIM_NEVER, 1 }, 1, 0, 4 },
        { { 85 * LIM_SEC, 8, LIM_NEVER, 1 }, 0, 0, 3 },
    };
    PLAY("priority", rows);
}

static void shortest_a_thousand_tokens_are_worth_a_second(void)
{
    const struct row rows[] = {
        { { 0, 0, LIM_NEVER, 8000 }, 0, 0, 2 },
        { { 7499 * LIM_MSEC, 0, LIM_NEVER, 500 }, 0, 0, 1 },
        { { 7501 * LIM_MSEC, 0, LIM_NEVER, 500 }, 0, 0, 3 },
        { { 2 * LIM_SEC, 0, LIM_NEVER, 0 }, 1, 0, 0 },
        { { LIM_DAY, 0, LIM_NEVER, LIM_LIMIT_MAX }, 1, 0, 4 },
    };
    PLAY("shortest", rows);
}

static void deadline_none_is_a_minute_from_coming(void)
{
    const struct row rows[] = {
        { { 0, 0, LIM_NEVER, 1 }, 0, 0, 1 },
        { { 1, 0, LIM_MIN + 1, 1 }, 0, 0, 2 },
        { { 2, 0, LIM_MIN - 1, 1 }, 1, 0, 0 },
        { { 3, 0, LIM_NEVER - 1, 1 }, 1, 0, 3 },
    };
    PLAY("deadline", rows);
}

static void fair_gives_each_tenant_its_turn(void)
{
    /* A turn is worth 100 tokens: two of 50, or half of what 200 ask. */
    const struct row rows[] = {
        { { 0, 0, LIM_NEVER, 50 }, 0, 0, 0 },
        { { 0, 0, LIM_NEVER, 50 }, 0, 0, 1 },
        { { 0, 0, LIM_NEVER, 50 }, 0, 0, 3 },
        { { 0, 0, LIM_NEVER, 100 }, 0, 1, 2 },
        { { 0, 0, LIM_NEVER, 100 }, 0, 1, 5 },
        { { 0, 0, LIM_NEVER, 200 }, 0, 2, 6 },
        { { 0, 0, LIM_NEVER, 50 }, 0, 0, 4 },
        { { 0, 0, LIM_NEVER, 50 }, 0, 0, 7 },
    };
    PLAY("fair", rows);
}

static void ranks_of_any_size_do_not_overflow(void)
{
    const int64_t ages[] = { 0, 1, 999, LIM_SEC, LIM_AGING_MAX };
    const int64_t tokens[] = { 0, 1, 999, 1000, 1001, LIM_LIMIT_MAX };
    for (unsigned a = 0; a < 5; a++) {
        for (unsigned t = 0; t < 6; t++) {
            struct lim_waiting w = { 1700000000 * LIM_SEC, 9, LIM_NEVER,
                                     tokens[t] };
            for (const struct lim_queue *const *q = lim_queues; *q; q++) {
                if ((*q)->rank == NULL)
                    continue;
                lim_time rank = (*q)->rank(&w, ages[a]);
                CU_ASSERT(rank >= w.since - 9 * ages[a]);
                w.since++;
                CU_ASSERT((*q)->rank(&w, ages[a]) >= rank);
            }
        }
    }
    struct lim_waiting late = { LIM_NEVER - 1, 0, LIM_NEVER, 5000 };
    CU_ASSERT_EQUAL(lim_queue_find("shortest")->rank(&late, 1), LIM_NEVER);
    CU_ASSERT_EQUAL(lim_queue_find("deadline")->rank(&late, 1), LIM_NEVER);
}

static void disciplines_are_found_by_name(void)
{
    for (const struct lim_queue *const *q = lim_queues; *q != NULL; q++)
        CU_ASSERT_PTR_EQUAL(lim_queue_find((*q)->name), *q);
    CU_ASSERT_PTR_NULL(lim_queue_find("lifo"));
}

static void who_returns_keeps_its_place(void)
{
    const struct lim_waiting w = { 0, 0, LIM_NEVER, 1 };
    struct lim_lanes *l = make("fifo", 1, 1, 1);
    for (uint32_t i = 0; i < 4; i++)
        lim_lanes_push(l, i, 0, 0, &w);
    CU_ASSERT_EQUAL(serve(l, 0, 1), 0);
    CU_ASSERT_EQUAL(serve(l, 0, 1), 1);
    lim_lanes_return(l, 1);
    lim_lanes_return(l, 0);
    CU_ASSERT_EQUAL(lim_lanes_last(l), 3);
    CU_ASSERT_EQUAL(serve(l, 0, 1), 1);
    CU_ASSERT_EQUAL(serve(l, 0, 1), 0);
    CU_ASSERT_EQUAL(serve(l, 0, 1), 2);
    lim_lanes_free(l);
}

static void who_sleeps_holds_up_nobody(void)
{
    const struct lim_waiting w = { 0, 0, LIM_NEVER, 1 };
    struct lim_lanes *l = make("fifo", 2, 1, 1);
    for (uint32_t i = 0; i < 6; i++)
        lim_lanes_push(l, i, i % 2, 0, &w);
    lim_lanes_sleep(l, 0, 10);
    CU_ASSERT(lim_lanes_sleeps(l, 0, 9));
    CU_ASSERT_FALSE(lim_lanes_sleeps(l, 0, 10));
    CU_ASSERT_EQUAL(lim_lanes_earliest(l), INT64_MIN);
    CU_ASSERT_EQUAL(serve(l, 0, 1), 1);
    CU_ASSERT_EQUAL(serve(l, 10, 1), 0);
    CU_ASSERT_EQUAL(serve(l, 10, 1), 2);
    lim_lanes_sleep(l, 0, LIM_NEVER);
    lim_lanes_sleep(l, 1, 30);
    CU_ASSERT_EQUAL(serve(l, 20, 1), LIM_NOBODY);
    CU_ASSERT_EQUAL(lim_lanes_earliest(l), 30);
    lim_lanes_wake(l, 0, 25);
    lim_lanes_wake(l, 0, 28);
    CU_ASSERT_EQUAL(lim_lanes_earliest(l), 25);
    lim_lanes_remove(l, 4);
    CU_ASSERT_EQUAL(lim_lanes_earliest(l), 30);
    lim_lanes_remove(l, 3);
    CU_ASSERT_EQUAL(serve(l, 20, 1), 5);
    lim_lanes_free(l);
}

/*
 * A stream that never ends: at each step some come and one is served, so that
 * ever more wait.  Somebody is starved if one that came too late passes it.
 */
struct stream {
    struct lim_lanes *l;
    struct lim_waiting w[ROOM];
    unsigned tenant[ROOM];
    bool waits[ROOM];
    uint32_t waiting;
    uint64_t random, drawn;
};

static uint64_t draw(struct stream *s)
{
    return lim_rng_draw(s->random, 1, s->drawn++);
}

static void come(struct stream *s, lim_time now)
{
    uint32_t i = 0;
    while (s->waits[i])
        i++;
    s->w[i] = (struct lim_waiting){
        .since = now,
        .priority = (int)(draw(s) % LIM_PRIORITIES),
        .deadline = LIM_NEVER,
        .tokens = 1 + (int64_t)(draw(s) % 20000),
    };
    if (draw(s) % 2 == 0)
        s->w[i].deadline = now + (int64_t)(draw(s) % 100) * LIM_SEC;
    s->waits[i] = true;
    s->waiting++;
    lim_lanes_push(s->l, i, 0, 0, &s->w[i]);
}

/* How much later than `w` another one has to come not to pass it. */
static int64_t patience(const char *queue, const struct lim_waiting *w)
{
    switch (queue[0]) {
    case 'p':
        return (9 - w->priority) * 10 * LIM_SEC;
    case 's':
        return w->tokens * LIM_MSEC;
    case 'd':
        return w->deadline == LIM_NEVER ? LIM_MIN : w->deadline - w->since;
    default:
        return 0;
    }
}

static void nobody_is_passed_by_latecomers(const char *queue)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct stream s = { .l = make(queue, 1, 1, 1),
                            .random = lim_rng_stream(seed, LIM_DRAW_PROMPT) };
        for (int k = 0; k < 300; k++) {
            lim_time now = k * LIM_SEC / 2;
            come(&s, now);
            if (k % 3 == 0)
                continue;
            uint32_t i = serve(s.l, now, 1);
            s.waits[i] = false;
            for (uint32_t j = 0; j < ROOM; j++)
                if (s.waits[j])
                    CU_ASSERT_FATAL(s.w[i].since <=
                                    s.w[j].since + patience(queue, &s.w[j]));
        }
        lim_lanes_free(s.l);
    }
}

static void fifo_starves_nobody(void)
{
    nobody_is_passed_by_latecomers("fifo");
}

static void priority_starves_nobody(void)
{
    nobody_is_passed_by_latecomers("priority");
}

static void shortest_starves_nobody(void)
{
    nobody_is_passed_by_latecomers("shortest");
}

static void deadline_starves_nobody(void)
{
    nobody_is_passed_by_latecomers("deadline");
}

/* Tenants that always have three requests waiting. */
#define TENANTS 4
#define MOST 900 /* tokens of a request */

struct crowd {
    struct lim_lanes *l;
    int64_t tokens[ROOM], sent[TENANTS];
    uint64_t random, drawn;
};

static void ask(struct crowd *c, uint32_t i)
{
    /* The first tenant's are large, the last one's small. */
    int64_t most = MOST >> (3 * (i % TENANTS));
    uint64_t bits = lim_rng_draw(c->random, 1, c->drawn++);
    c->tokens[i] = 1 + (int64_t)(bits % (uint64_t)most);
    const struct lim_waiting w = { 0, 0, LIM_NEVER, c->tokens[i] };
    lim_lanes_push(c->l, i, 0, i % TENANTS, &w);
}

static void gather(struct crowd *c, int64_t quantum, uint64_t seed)
{
    *c = (struct crowd){ .l = make("fair", 1, TENANTS, quantum),
                         .random = lim_rng_stream(seed, LIM_DRAW_PROMPT) };
    for (uint32_t i = 0; i < 3 * TENANTS; i++)
        ask(c, i);
}

/* Sends one and puts another in its place; tells the tenant. */
static unsigned go_on(struct crowd *c, lim_time now)
{
    uint32_t i = lim_lanes_next(c->l, now);
    CU_ASSERT_FATAL(i != LIM_NOBODY);
    lim_lanes_serve(c->l, i, c->tokens[i]);
    c->sent[i % TENANTS] += c->tokens[i];
    ask(c, i);
    return i % TENANTS;
}

/* The most that each pair has differed by, and by which sign. */
struct spread {
    int64_t low[TENANTS][TENANTS], high[TENANTS][TENANTS];
};

static void look_at_spread(struct spread *s, const struct crowd *c)
{
    for (unsigned a = 0; a < TENANTS; a++) {
        for (unsigned b = 0; b < TENANTS; b++) {
            int64_t ahead = c->sent[a] - c->sent[b];
            if (ahead < s->low[a][b])
                s->low[a][b] = ahead;
            if (ahead > s->high[a][b])
                s->high[a][b] = ahead;
        }
    }
}

static void tenants_shares_differ_by_a_quantum_and_a_request(void)
{
    const int64_t quanta[] = { 1, 100, 1000, 5000 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int64_t quantum = quanta[seed % 4];
        struct spread s = { 0 };
        struct crowd c;
        gather(&c, quantum, seed);
        for (int k = 0; k < 1000; k++) {
            go_on(&c, 0);
            look_at_spread(&s, &c);
        }
        for (unsigned a = 0; a < TENANTS; a++) {
            for (unsigned b = 0; b < TENANTS; b++) {
                CU_ASSERT_FATAL(s.high[a][b] < quantum + MOST);
                CU_ASSERT_FATAL(s.high[a][b] - s.low[a][b] <
                                quantum + 2 * MOST);
            }
        }
        lim_lanes_free(c.l);
    }
}

/* From when one asks, each other is served for the turns that it takes. */
static void fair_starves_nobody(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int64_t quantum = 1 + (int64_t)(seed % 300), before[TENANTS];
        struct crowd c;
        gather(&c, quantum, seed);
        for (uint32_t i = 0; i < 3 * TENANTS; i += TENANTS)
            lim_lanes_remove(c.l, i);
        for (uint64_t k = 0; k < seed % 50; k++)
            go_on(&c, 0);
        ask(&c, 0);
        for (unsigned t = 0; t < TENANTS; t++)
            before[t] = c.sent[t];
        int64_t turns = (c.tokens[0] + quantum - 1) / quantum + 1;
        while (go_on(&c, 0) != 0)
            for (unsigned t = 1; t < TENANTS; t++)
                CU_ASSERT_FATAL(c.sent[t] - before[t] < turns * quantum + MOST);
        lim_lanes_free(c.l);
    }
}

/* What others could send meanwhile is what it waits for. */
static void a_blocked_tenant_keeps_its_turn(void)
{
    const struct lim_waiting large = { 0, 0, LIM_NEVER, 100 };
    const struct lim_waiting small = { 0, 0, LIM_NEVER, 1 };
    struct lim_lanes *l = make("fair", 2, 2, 100);
    lim_lanes_push(l, 0, 0, 0, &large);
    lim_lanes_push(l, 1, 0, 1, &small);
    CU_ASSERT_EQUAL(lim_lanes_next(l, 0), 0);
    CU_ASSERT_EQUAL(lim_lanes_head(l, 0), 0);
    lim_lanes_sleep(l, 0, 10);
    lim_lanes_push(l, 2, 0, 1, &small);
    CU_ASSERT_EQUAL(serve(l, 9, 1), LIM_NOBODY);
    lim_lanes_push(l, 3, 1, 1, &small);
    CU_ASSERT_EQUAL(serve(l, 9, 1), 3); /* of another group */
    CU_ASSERT_EQUAL(serve(l, 10, 100), 0);
    CU_ASSERT_EQUAL(serve(l, 10, 1), 1);
    lim_lanes_push(l, 0, 0, 0, &large);
    lim_lanes_sleep(l, 0, 20);
    lim_lanes_remove(l, 2); /* who it slept for has gone */
    CU_ASSERT_EQUAL(serve(l, 10, 100), 0);
    lim_lanes_free(l);
}

static void leaving_and_coming_back_gains_nothing(void)
{
    /* Tenant 0 has one at a time; the other three are never out of work. */
    struct crowd c;
    gather(&c, 100, 1);
    lim_lanes_remove(c.l, TENANTS);
    lim_lanes_remove(c.l, 2 * TENANTS);
    for (int k = 0; k < 10000; k++) {
        go_on(&c, 0);
        for (unsigned t = 1; t < TENANTS; t++)
            CU_ASSERT_FATAL(c.sent[0] - c.sent[t] < 100 + MOST);
    }
    lim_lanes_free(c.l);
}

static void charges_out_of_range_do_no_harm(void)
{
    const struct lim_waiting w = { 0, 0, LIM_NEVER, LIM_LIMIT_MAX };
    struct lim_lanes *l = make("fair", 1, 2, 1);
    for (int k = 0; k < 20000; k++) {
        lim_lanes_push(l, 0, 0, 0, &w);
        lim_lanes_push(l, 1, 0, 1, &w);
        CU_ASSERT_EQUAL_FATAL(serve(l, 0, LIM_LIMIT_MAX), 0);
        CU_ASSERT_EQUAL_FATAL(serve(l, 0, INT64_MAX), 1);
    }
    lim_lanes_free(l);
}

static void memory_runs_out(void)
{
    const struct lim_lanes_config c = { .queue = lim_queue_find("fair"),
                                        .groups = 2,
                                        .tenants = 3,
                                        .requests = 4,
                                        .quantum = 1 };
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        fail_after(n);
        struct lim_lanes *l = lim_lanes_new(&c);
        failed = fail_happened();
        fail_after(0);
        CU_ASSERT_EQUAL(l == NULL, failed);
        lim_lanes_free(l);
        CU_ASSERT_FATAL(n < 100);
    }
}

CU_TestInfo lanes_tests[] = {
    { "fifo serves in the order of coming",
      fifo_serves_in_the_order_of_coming },
    { "priority is a head start of ten seconds a step",
      priority_is_a_head_start_of_ten_seconds_a_step },
    { "shortest: a thousand tokens are worth a second",
      shortest_a_thousand_tokens_are_worth_a_second },
    { "deadline: none is a minute from coming",
      deadline_none_is_a_minute_from_coming },
    { "fair gives each tenant its turn", fair_gives_each_tenant_its_turn },
    { "ranks of any size do not overflow", ranks_of_any_size_do_not_overflow },
    { "disciplines are found by name", disciplines_are_found_by_name },
    { "who returns keeps its place", who_returns_keeps_its_place },
    { "who sleeps holds up nobody", who_sleeps_holds_up_nobody },
    { "fifo starves nobody", fifo_starves_nobody },
    { "priority starves nobody", priority_starves_nobody },
    { "shortest starves nobody", shortest_starves_nobody },
    { "deadline starves nobody", deadline_starves_nobody },
    { "fair starves nobody", fair_starves_nobody },
    { "tenants' shares differ by a quantum and a request",
      tenants_shares_differ_by_a_quantum_and_a_request },
    { "a blocked tenant keeps its turn", a_blocked_tenant_keeps_its_turn },
    { "leaving and coming back gains nothing",
      leaving_and_coming_back_gains_nothing },
    { "charges out of range do no harm", charges_out_of_range_do_no_harm },
    { "memory runs out", memory_runs_out },
    CU_TEST_INFO_NULL
};
