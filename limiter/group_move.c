#include "limiter/group.h"

static bool same_rate(const struct lim_rate *a, const struct lim_rate *b)
{
    return a->limit == b->limit &&
           (a->limit == LIM_UNLIMITED ||
            (a->burst == b->burst && a->window_ns == b->window_ns));
}

static bool equal(const struct lim_index *x, int64_t spend_max,
                  const struct lim_rate *rates)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        if (!same_rate(lim_index_rate(x, (enum lim_limit)w), &rates[w]))
            return false;
    return lim_index_spend_max(x) == spend_max;
}

static struct lim_rate rate_of(const struct lim_group *g,
                               const struct lim_limits *limits,
                               const int64_t *bursts, enum lim_limit w)
{
    int64_t burst = bursts != NULL ? bursts[w] : 0;
    if (burst == 0)
        burst = lim_rate_burst(limits->max[w], g->burst);
    return lim_rate_make(limits->max[w], lim_limits_window(limits, w), burst);
}

/* The class with these rates and room for one more; NULL: no memory. */
static struct lim_index *class_of(struct lim_group *g, uint32_t organisation,
                                  const struct lim_rate *rates, uint32_t *leaf,
                                  lim_time now)
{
    const struct lim_seat *p = &g->seats[organisation];
    int64_t spend_max = lim_index_spend_max(p->index);
    for (unsigned i = 0; i < g->count; i++) {
        if (!equal(g->indexes[i], spend_max, rates))
            continue;
        *leaf = lim_index_add(g->indexes[i], organisation, now);
        return *leaf != LIM_NO_LEAF ? g->indexes[i] : NULL;
    }
    struct lim_index *x = lim_index_new(rates, spend_max, &organisation, 1,
                                        lim_index_all(p->index), now);
    x = lim_group_equip(g, x, now);
    if (x != NULL)
        g->indexes[g->count++] = x;
    *leaf = 0;
    return x;
}

/* A class that nobody is in any more makes room for another. */
static void drop_if_empty(struct lim_group *g, struct lim_index *x)
{
    unsigned i = 0;
    if (lim_index_count(x) > 0)
        return;
    while (g->indexes[i] != x)
        i++;
    g->indexes[i] = g->indexes[--g->count];
    g->winner = g->winner == x ? NULL : g->winner;
    lim_index_free(x);
}

/* What an organisation has of its class: read before it has another. */
struct had {
    int64_t value[LIM_VALUES];
    struct lim_window window[LIM_WINDOWS];
};

static struct had had_by(const struct lim_seat *p)
{
    struct had had;
    for (unsigned v = 0; v < LIM_VALUES; v++)
        had.value[v] = lim_index_get(p->index, p->leaf, (enum lim_value)v);
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        had.window[w] = lim_index_window(p->index, p->leaf, (enum lim_limit)w);
    return had;
}

bool lim_group_move(struct lim_group *g, uint32_t organisation,
                    const struct lim_limits *limits, const int64_t *bursts,
                    lim_time now)
{
    struct lim_seat *p = &g->seats[organisation];
    struct lim_index *from = p->index;
    const struct had had = had_by(p);
    uint32_t old = p->leaf, leaf;
    struct lim_rate rates[LIM_WINDOWS];
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        rates[w] = rate_of(g, limits, bursts, (enum lim_limit)w);
    struct lim_index *to = class_of(g, organisation, rates, &leaf, now);
    if (to == NULL)
        return false;
    for (unsigned v = LIM_WINDOWS; v < LIM_VALUES; v++)
        lim_index_set(to, leaf, (enum lim_value)v, had.value[v]);
    for (unsigned i = 0; i < LIM_WINDOWS; i++) {
        enum lim_limit w = (enum lim_limit)i;
        if (!same_rate(lim_index_rate(from, w), &rates[w]))
            continue;
        lim_index_set_window(to, leaf, w, had.window[w]);
        if (lim_index_meters(from) != NULL && lim_index_meters(to) != NULL)
            lim_meters_move(lim_index_meters(to), leaf, lim_index_meters(from),
                            old, w);
    }
    p->index = to;
    p->leaf = leaf;
    lim_index_remove(from, old);
    drop_if_empty(g, from);
    lim_group_mix(g);
    return true;
}
