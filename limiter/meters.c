#include "limiter/meters.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/disciplines/disciplines.h"
#include "limiter/error.h"

#define GRAINS 500

struct belief {
    struct lim_meter meter;
    int64_t corrected; /* units that answers showed to be gone, in all */
    lim_time begun;    /* marks from before say nothing */
};

struct lim_meters {
    struct lim_meter_rule rules[LIM_WINDOWS];
    unsigned windows[LIM_WINDOWS]; /* those that there are */
    unsigned window_count;
    uint32_t leaves;
    struct belief *beliefs; /* of each leaf's windows that there are */
};

static struct belief *of_leaf(const struct lim_meters *m, uint32_t leaf)
{
    assert(leaf < m->leaves);
    return &m->beliefs[(size_t)leaf * m->window_count];
}

/* NULL: there is no such limit. */
static struct belief *find(const struct lim_meters *m, uint32_t leaf,
                           enum lim_limit window)
{
    for (unsigned i = 0; i < m->window_count; i++)
        if (m->windows[i] == (unsigned)window)
            return &of_leaf(m, leaf)[i];
    return NULL;
}

static int64_t amount_of(const struct lim_cost *cost, unsigned window)
{
    return cost->amount[lim_limit_dimension((enum lim_limit)window)];
}

static void set_rules(struct lim_meters *m, enum lim_discipline discipline,
                      int64_t quantum_ns, const struct lim_rate *rates)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_meter_config c = {
            .discipline = discipline,
            .limit = rates[w].limit,
            .window_ns = rates[w].window_ns,
            .burst = rates[w].burst,
            .quantum_ns = rates[w].window_ns == LIM_MIN ? quantum_ns : 0,
            .grains = GRAINS,
        };
        m->rules[w] = lim_meter_rule_make(&c);
        if (rates[w].limit != LIM_UNLIMITED)
            m->windows[m->window_count++] = w;
    }
}

static bool init(struct lim_meters *m, uint32_t leaf, lim_time now)
{
    bool ok = true;
    struct belief *b = of_leaf(m, leaf);
    for (unsigned i = 0; i < m->window_count; i++) {
        const struct lim_meter_rule *r = &m->rules[m->windows[i]];
        lim_meter_init(r, &b[i].meter, now);
        b[i].corrected = 0;
        b[i].begun = now;
        ok &= lim_meter_reserve_all(r, &b[i].meter) == LIM_OK;
    }
    return ok;
}

static void fini(struct lim_meters *m, uint32_t first)
{
    for (uint32_t leaf = first; leaf < m->leaves; leaf++)
        for (unsigned i = 0; i < m->window_count; i++)
            lim_meter_fini(&m->rules[m->windows[i]],
                           &of_leaf(m, leaf)[i].meter);
}

struct lim_meters *lim_meters_new(enum lim_discipline discipline,
                                  int64_t quantum_ns,
                                  const struct lim_rate *rates, uint32_t leaves,
                                  lim_time now)
{
    struct lim_meters *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    set_rules(m, discipline, quantum_ns, rates);
    assert(m->window_count > 0);
    if (lim_meters_grow(m, leaves, now))
        return m;
    lim_meters_free(m);
    return NULL;
}

void lim_meters_free(struct lim_meters *m)
{
    if (m == NULL)
        return;
    fini(m, 0);
    free(m->beliefs);
    free(m);
}

bool lim_meters_grow(struct lim_meters *m, uint32_t leaves, lim_time now)
{
    uint32_t before = m->leaves;
    size_t bytes = (size_t)leaves * m->window_count * sizeof *m->beliefs;
    struct belief *more = realloc(m->beliefs, bytes);
    bool ok = more != NULL;
    if (!ok)
        return false;
    m->beliefs = more;
    while (ok && m->leaves < leaves) {
        m->leaves++;
        ok = init(m, m->leaves - 1, now);
    }
    if (!ok) {
        fini(m, before);
        m->leaves = before;
    }
    return ok;
}

void lim_meters_clear(struct lim_meters *m, uint32_t leaf, lim_time now)
{
    struct belief *b = of_leaf(m, leaf);
    for (unsigned i = 0; i < m->window_count; i++) {
        lim_meter_clear(&m->rules[m->windows[i]], &b[i].meter, now);
        b[i].corrected = 0;
        b[i].begun = now;
    }
}

void lim_meters_move(struct lim_meters *m, uint32_t leaf,
                     struct lim_meters *from, uint32_t from_leaf,
                     enum lim_limit window)
{
    struct belief *to = find(m, leaf, window);
    struct belief *old = find(from, from_leaf, window);
    if (to == NULL || old == NULL)
        return;
    assert(m->rules[window].rate.limit == from->rules[window].rate.limit);
    struct belief kept = *to; /* what each owns is as large */
    *to = *old;
    *old = kept;
}

lim_time lim_meters_ready(const struct lim_meters *m, uint32_t leaf,
                          const struct lim_cost *cost, lim_time now)
{
    const struct belief *b = of_leaf(m, leaf);
    lim_time latest = now;
    for (unsigned i = 0; i < m->window_count; i++) {
        unsigned w = m->windows[i];
        lim_time t =
            lim_meter_ready(&m->rules[w], &b[i].meter, amount_of(cost, w), now);
        latest = t > latest ? t : latest;
    }
    return latest;
}

void lim_meters_take(struct lim_meters *m, uint32_t leaf,
                     const struct lim_cost *cost, lim_time now)
{
    struct belief *b = of_leaf(m, leaf);
    for (unsigned i = 0; i < m->window_count; i++) {
        unsigned w = m->windows[i];
        lim_meter_take(&m->rules[w], &b[i].meter, amount_of(cost, w), now);
    }
}

void lim_meters_postpone(struct lim_meters *m, uint32_t leaf,
                         const struct lim_cost *cost, lim_time taken_at,
                         lim_time now)
{
    struct belief *b = of_leaf(m, leaf);
    for (unsigned i = 0; i < m->window_count; i++) {
        const struct lim_meter_rule *r = &m->rules[m->windows[i]];
        int64_t amount = amount_of(cost, m->windows[i]);
        if (taken_at < b[i].begun)
            continue;
        lim_meter_give(r, &b[i].meter, amount, taken_at);
        lim_meter_take(r, &b[i].meter, amount, now);
    }
}

/* What may be taken although it may not be there. */
static int64_t bounded(const struct lim_meter_rule *r, const struct belief *b,
                       int64_t units, lim_time now)
{
    int64_t room = lim_meter_remaining(r, &b->meter, now) + r->rate.limit;
    if (r->rate.limit <= 0 || room <= 0)
        return 0;
    return units < room ? units : room;
}

void lim_meters_settle(struct lim_meters *m, uint32_t leaf,
                       enum lim_limit window, int64_t less, lim_time taken_at,
                       lim_time now)
{
    const struct lim_meter_rule *r = &m->rules[window];
    struct belief *b = find(m, leaf, window);
    if (b == NULL || taken_at < b->begun)
        return;
    if (less > 0)
        lim_meter_give(r, &b->meter, less, taken_at);
    else if (less < 0)
        lim_meter_take(r, &b->meter, bounded(r, b, -less, now), now);
}

int64_t lim_meters_left(const struct lim_meters *m, uint32_t leaf,
                        enum lim_limit window, lim_time now)
{
    const struct belief *b = find(m, leaf, window);
    if (b == NULL)
        return LIM_UNLIMITED;
    return lim_meter_remaining(&m->rules[window], &b->meter, now);
}

void lim_meters_mark(const struct lim_meters *m, uint32_t leaf, lim_time now,
                     int64_t *mark)
{
    const struct belief *b = of_leaf(m, leaf);
    for (unsigned i = 0; i < m->window_count; i++) {
        unsigned w = m->windows[i];
        mark[w] = lim_meter_remaining(&m->rules[w], &b[i].meter, now) +
                  b[i].corrected;
    }
}

/* Whether what was left at `then` still says something of `now`: windows of
   the clock begin anew, and in all others all has passed after one. */
static bool still_counts(const struct lim_meter_rule *r, lim_time then,
                         lim_time now)
{
    if (r->discipline == LIM_DISCIPLINE_FIXED ||
        r->discipline == LIM_DISCIPLINE_SLIDING_COUNTER)
        return lim_meter_start(r, then) == lim_meter_start(r, now);
    return now - then < r->rate.window_ns;
}

static void lower(const struct lim_meter_rule *r, struct belief *b,
                  int64_t units, lim_time now)
{
    if (units <= 0)
        return;
    units = bounded(r, b, units, now);
    lim_meter_lower(r, &b->meter, units, now);
    b->corrected += units;
}

void lim_meters_heed(struct lim_meters *m, uint32_t leaf, enum lim_limit window,
                     int64_t left, int64_t mark, lim_time sent_at, lim_time now)
{
    const struct lim_meter_rule *r = &m->rules[window];
    struct belief *b = find(m, leaf, window);
    if (b == NULL || sent_at < b->begun || left < 0 ||
        !still_counts(r, sent_at, now))
        return;
    lower(r, b, mark - b->corrected - left, now);
}

bool lim_meters_raise(struct lim_meters *m, uint32_t leaf,
                      enum lim_limit window, int64_t left, lim_time now)
{
    const struct lim_meter_rule *r = &m->rules[window];
    struct belief *b = find(m, leaf, window);
    if (b == NULL)
        return false;
    int64_t units = left - lim_meter_remaining(r, &b->meter, now);
    if (units <= 0)
        return false;
    lim_meter_raise(r, &b->meter, units, now);
    b->corrected -= units;
    return true;
}

void lim_meters_heed_first(struct lim_meters *m, uint32_t leaf,
                           enum lim_limit window, int64_t left, lim_time now)
{
    const struct lim_meter_rule *r = &m->rules[window];
    struct belief *b = find(m, leaf, window);
    if (b != NULL)
        lower(r, b, lim_meter_remaining(r, &b->meter, now) - left, now);
}

/* What comes back bit by bit until `at` is there now in part; hints are rounded
   to ms, levels to units. */
void lim_meters_refused(struct lim_meters *m, uint32_t leaf,
                        enum lim_limit window, int64_t cost, lim_time at,
                        lim_time now)
{
    const struct lim_meter_rule *r = &m->rules[window];
    struct belief *b = find(m, leaf, window);
    if (b == NULL || at <= now || r->rate.limit <= 0)
        return;
    bool by_bits = r->discipline == LIM_DISCIPLINE_QUANTISED;
    lim_wide back = (lim_wide)(at - now) * r->rate.limit / r->rate.window_ns;
    int64_t there = by_bits ? cost - (int64_t)back : cost - 1;
    lower(r, b, lim_meter_remaining(r, &b->meter, now) - there, now);
    if (by_bits && lim_meter_ready(r, &b->meter, cost, now) < at - LIM_MSEC)
        lower(r, b, 1, now);
}
