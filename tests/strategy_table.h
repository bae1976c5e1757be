#ifndef TEST_STRATEGY_TABLE_H
#define TEST_STRATEGY_TABLE_H

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/pool.h"

/* One block of organisations and a strategy before it, without a pool. */
struct table {
    const struct lim_strategy *strategy;
    void *state;
    uint32_t count;
    double weight[LIM_BLOCK], price[LIM_BLOCK];
    int priority[LIM_BLOCK];
    int64_t values[LIM_VALUES][LIM_BLOCK];
    uint32_t in_flight[LIM_BLOCK];
    struct lim_rate rates[LIM_WINDOWS];
    int64_t spend_max;
    uint64_t affinity;
    unsigned absent; /* a bit each */
    lim_time now;
};

static inline void set_up(struct table *t, const char *name, uint32_t count)
{
    memset(t, 0, sizeof *t);
    t->strategy = lim_strategy_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->strategy);
    t->count = count;
    t->spend_max = LIM_UNLIMITED;
    t->now = lim_date(2026, 11, 16); /* half of the month has passed */
    t->state = calloc(1, t->strategy->state_size +
                             count * t->strategy->state_each + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->state);
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        t->rates[w].limit = LIM_UNLIMITED;
    for (uint32_t i = 0; i < count; i++)
        t->weight[i] = t->price[i] = 1;
}

static inline void limit(struct table *t, enum lim_limit w, int64_t max)
{
    t->rates[w] = lim_rate_make(max, lim_limit_window(w), max);
}

/* Uses a share of a window. */
static inline void use(struct table *t, uint32_t i, enum lim_limit w,
                       double share)
{
    t->values[w][i] = t->now + (int64_t)(share * (double)t->rates[w].full.ns);
}

static inline struct lim_event event_of(const struct table *t, uint32_t i)
{
    struct lim_event e = { .organisation = i,
                           .organisations = t->count,
                           .weight = t->weight[i],
                           .priority = t->priority[i],
                           .price = t->price[i],
                           .key = t->values[LIM_VALUE_KEY][i],
                           .first_token_ns = -1,
                           .tokens = -1,
                           .now = t->now };
    for (uint32_t k = 0; k < t->count; k++)
        e.weights += t->weight[k];
    return e;
}

static inline void start(struct table *t)
{
    for (uint32_t i = 0; i < t->count && t->strategy->start != NULL; i++) {
        struct lim_event e = event_of(t, i);
        t->values[LIM_VALUE_KEY][i] = t->strategy->start(t->state, &e);
    }
}

/* Strategies that compare samples see each alone. */
static inline void score_alone(const struct table *t,
                               const struct lim_view *all,
                               int64_t out[LIM_BLOCK])
{
    for (unsigned i = 0; i < all->columns; i++) {
        struct lim_view v = *all;
        int64_t score[LIM_BLOCK];
        v.values = all->values + i;
        v.first = all->first + i;
        v.last = all->last + i;
        v.columns = 1;
        v.in_flight = t->in_flight[all->first[i]];
        score[0] = v.in_flight;
        if (t->strategy->score != NULL)
            t->strategy->score(t->state, &v, score);
        out[i] = score[0];
    }
}

static inline void score(const struct table *t, const struct lim_cost *cost,
                         const int64_t *values, const uint32_t *first,
                         const uint32_t *last, unsigned columns,
                         int64_t out[LIM_BLOCK])
{
    int64_t span[LIM_WINDOWS], scale[LIM_WINDOWS];
    unsigned windows[LIM_WINDOWS + 1], n = 0;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        enum lim_dimension d = lim_limit_dimension((enum lim_limit)w);
        if (t->rates[w].limit == LIM_UNLIMITED)
            continue;
        span[w] = lim_rate_span(&t->rates[w], cost->amount[d]).ns;
        scale[w] = (INT64_C(1) << 62) / t->rates[w].full.ns;
        windows[n++] = w;
    }
    windows[n] = LIM_WINDOWS;
    const struct lim_view v = { .values = values,
                                .first = first,
                                .last = last,
                                .columns = columns,
                                .organisations = t->count,
                                .rates = t->rates,
                                .span = span,
                                .scale = scale,
                                .windows = windows,
                                .window_count = n,
                                .spend_max = t->spend_max,
                                .cost = cost,
                                .affinity = t->affinity,
                                .now = t->now };
    if (t->strategy->samples > 0)
        score_alone(t, &v, out);
    else
        t->strategy->score(t->state, &v, out);
    for (uint32_t i = 0; i < columns; i++)
        CU_ASSERT_FATAL(out[i] >= LIM_SCORE_LEAST && out[i] <= LIM_SCORE_MOST);
}

static inline uint32_t best(const struct table *t, int64_t tokens)
{
    uint32_t number[LIM_BLOCK];
    const struct lim_cost cost = { { 1, tokens, 0, 1000 } };
    int64_t out[LIM_BLOCK];
    uint32_t chosen = UINT32_MAX;
    for (uint32_t i = 0; i < LIM_BLOCK; i++)
        number[i] = i;
    score(t, &cost, &t->values[0][0], number, number, t->count, out);
    for (uint32_t i = 0; i < t->count; i++)
        if ((t->absent >> i & 1) == 0 &&
            (chosen == UINT32_MAX || out[i] < out[chosen]))
            chosen = i;
    return chosen;
}

static inline void send(struct table *t, uint32_t i)
{
    t->values[LIM_VALUE_IN_FLIGHT][i] = ++t->in_flight[i];
    t->values[LIM_VALUE_SENT][i]++;
    struct lim_event e = event_of(t, i);
    if (t->strategy->sent != NULL)
        t->values[LIM_VALUE_KEY][i] = t->strategy->sent(t->state, &e);
}

static inline uint32_t pick(struct table *t)
{
    uint32_t i = best(t, 1);
    send(t, i);
    return i;
}

static inline void answer(struct table *t, uint32_t i, bool ok,
                          int64_t latency_ns)
{
    const struct lim_cost cost = { { 1, 1000, 0, 0 } };
    struct lim_event e = event_of(t, i);
    e.cost = &cost;
    e.ok = ok;
    e.latency_ns = latency_ns;
    t->values[LIM_VALUE_IN_FLIGHT][i] = --t->in_flight[i];
    if (t->strategy->ended != NULL)
        t->values[LIM_VALUE_KEY][i] = t->strategy->ended(t->state, &e);
}

#endif
