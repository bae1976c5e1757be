#include "limiter/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/leaf.h"
#include "limiter/mix.h"
#include "limiter/sample.h"

static struct lim_rate rate_of(const struct lim_group *g,
                               const struct lim_config *c,
                               const struct lim_organisation *o, unsigned group,
                               unsigned window)
{
    struct lim_limits limits = lim_limits_none();
    if (c->belief == LIM_BELIEF_KNOWN)
        limits = o->limits[group];
    int64_t limit = limits.max[window];
    return lim_rate_make(limit,
                         lim_limits_window(&limits, (enum lim_limit)window),
                         lim_rate_burst(limit, g->burst));
}

static bool serves(const struct lim_organisation *o, unsigned group)
{
    return o->serves == NULL || o->serves[group];
}

static bool alike(const struct lim_config *c, unsigned group,
                  const struct lim_organisation *a,
                  const struct lim_organisation *b)
{
    return a->spend_max == b->spend_max &&
           (c->belief != LIM_BELIEF_KNOWN ||
            memcmp(&a->limits[group], &b->limits[group],
                   sizeof a->limits[group]) == 0);
}

struct lim_index *lim_group_equip(struct lim_group *g, struct lim_index *x,
                                  lim_time now)
{
    if (x != NULL &&
        lim_index_meter(x, g->discipline, g->quantum_ns, now) != LIM_OK) {
        lim_index_free(x);
        return NULL;
    }
    if (x == NULL)
        return NULL;
    if (g->samples)
        lim_index_watch(x);
    lim_index_tell(x, &g->changed);
    return x;
}

/* Makes the index of all that are like `first`. */
static struct lim_index *make_class(struct lim_group *g,
                                    const struct lim_config *c, unsigned group,
                                    uint32_t first, uint32_t *list)
{
    const struct lim_organisation *o = c->organisations;
    struct lim_rate rates[LIM_WINDOWS];
    uint32_t n = 0;
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        rates[w] = rate_of(g, c, &o[first], group, w);
    for (uint32_t i = first; i < c->organisation_count; i++)
        if (serves(&o[i], group) && alike(c, group, &o[first], &o[i]))
            list[n++] = i;
    struct lim_index *x = lim_index_new(rates, o[first].spend_max, list, n,
                                        c->organisation_count, c->start);
    x = lim_group_equip(g, x, c->start);
    for (uint32_t i = 0; x != NULL && i < n; i++) {
        g->seats[list[i]].index = x;
        g->seats[list[i]].leaf = i;
        lim_index_set(x, i, LIM_VALUE_SPENT, o[list[i]].spent);
    }
    return x;
}

static bool make_classes(struct lim_group *g, const struct lim_config *c,
                         unsigned group, uint32_t *list)
{
    for (uint32_t i = 0; i < c->organisation_count; i++) {
        if (!serves(&c->organisations[i], group))
            continue;
        g->serving[g->serving_count++] = i;
        if (g->weights[i] > g->weight_max)
            g->weight_max = g->weights[i];
        if (g->seats[i].index != NULL)
            continue;
        struct lim_index *x = make_class(g, c, group, i, list);
        if (x == NULL)
            return false;
        g->indexes[g->count++] = x;
    }
    return true;
}

/* If its classes are unequal, or come to be. */
static bool may_mix(const struct lim_config *c)
{
    return c->strategy->mixes && c->strategy->samples == 0 &&
           c->belief == LIM_BELIEF_KNOWN &&
           c->discipline == LIM_DISCIPLINE_BUCKET;
}

void lim_group_mix(struct lim_group *g)
{
    g->mixed = g->mix != NULL && g->count > 1 && !lim_group_blind(g) &&
               lim_mix_set(g->mix, g->indexes, g->count);
}

bool lim_group_init(struct lim_group *g, const struct lim_config *c,
                    unsigned group, const double *weights)
{
    uint32_t n = c->organisation_count;
    *g = (struct lim_group){
        .first = LIM_FIRST_NOBODY,
        .weights = weights,
        .samples = c->strategy->samples > 0,
        .discipline = c->discipline,
        .quantum_ns = c->quantum_ns,
        .burst = lim_discipline_has_burst(c->discipline) ? c->burst : 1,
    };
    g->seats = calloc(n, sizeof *g->seats);
    g->indexes = calloc(n + 1, sizeof *g->indexes); /* on a move, one more */
    g->serving = calloc(n, sizeof *g->serving);
    uint32_t *list = calloc(n, sizeof *list);
    bool ok = g->seats != NULL && g->indexes != NULL && g->serving != NULL &&
              list != NULL && make_classes(g, c, group, list);
    free(list);
    if (ok && may_mix(c))
        ok = (g->mix = lim_mix_new(n, c->start)) != NULL;
    if (ok)
        lim_group_mix(g);
    return ok;
}

void lim_group_fini(struct lim_group *g)
{
    for (unsigned i = 0; i < g->count; i++)
        lim_index_free(g->indexes[i]);
    lim_index_free(g->mix);
    free(g->indexes);
    free(g->seats);
    free(g->serving);
}

/* Which limit of an index the cost does not fit, and what would. */
static void explain(const struct lim_index *x, const struct lim_cost *cost,
                    struct lim_refusal *r)
{
    int64_t spend_max = lim_index_spend_max(x);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_rate *rate = lim_index_rate(x, (enum lim_limit)w);
        int64_t asked = cost->amount[lim_limit_dimension((enum lim_limit)w)];
        if (!lim_window_fits(rate, asked) && rate->burst > r->largest) {
            r->limit = (enum lim_limit)w;
            r->asked = asked;
            r->largest = rate->burst;
        }
    }
    if (spend_max != LIM_UNLIMITED && cost->amount[LIM_MONEY] > spend_max &&
        r->largest < 0) {
        r->limit = LIM_SPEND;
        r->asked = cost->amount[LIM_MONEY];
        r->largest = spend_max;
    }
}

void lim_group_explain(const struct lim_group *g, const struct lim_cost *cost,
                       struct lim_refusal *refusal)
{
    struct lim_refusal r = { LIM_RPM, cost->amount[LIM_REQUESTS], -1 };
    for (unsigned i = 0; i < g->count; i++)
        explain(g->indexes[i], cost, &r);
    if (refusal != NULL)
        *refusal = r;
}

bool lim_group_blind(const struct lim_group *g)
{
    for (unsigned i = 0; i < g->count; i++)
        if (lim_index_blind(g->indexes[i]))
            return true;
    return false;
}

struct lim_first lim_group_earliest(const struct lim_group *g,
                                    const struct lim_query *q)
{
    struct lim_first first = LIM_FIRST_NOBODY;
    if (g->mixed)
        lim_index_earliest(g->mix, q, &first);
    for (unsigned i = 0; !g->mixed && i < g->count; i++)
        lim_index_earliest(g->indexes[i], q, &first);
    return first;
}

lim_time lim_group_ready(const struct lim_group *g, uint32_t organisation,
                         const struct lim_query *q)
{
    const struct lim_seat *p = &g->seats[organisation];
    return p->index == NULL ? LIM_NEVER : lim_index_ready(p->index, p->leaf, q);
}

/* Where one serves, there is nothing to compare. */
static bool only_may(const struct lim_group *g, const struct lim_query *q,
                     uint32_t *organisation)
{
    const struct lim_seat *p = &g->seats[g->serving[0]];
    *organisation = g->serving[0];
    lim_index_ask(p->index, q);
    return lim_leaf_may(p->index, p->leaf, q);
}

/* Whether it is known who alone may take it: a request of that cost was here
   before, and nobody could; since then only time has passed. */
static inline bool is_awaited(struct lim_group *g, const struct lim_query *q,
                              uint32_t *organisation)
{
    const struct lim_first *f = &g->first;
    if (q->now < f->at || q->now >= f->next || g->changed ||
        memcmp(q->cost, &g->waiting, sizeof g->waiting) != 0)
        return false;
    *organisation = f->organisation;
    lim_index_ask(g->seats[f->organisation].index, q);
    return true;
}

/* Whether the organisation that the strategy proposes may take it. */
static inline bool proposed_may(const struct lim_group *g,
                                const struct lim_query *q,
                                uint32_t *organisation)
{
    struct lim_index *first = g->indexes[0];
    lim_index_ask(first, q);
    *organisation = lim_index_propose(first, q);
    const struct lim_seat *p = &g->seats[*organisation];
    if (p->index == NULL)
        return false;
    if (p->index != first)
        lim_index_ask(p->index, q);
    return lim_leaf_may(p->index, p->leaf, q);
}

/* Searches all; who may be first, where nobody may. */
LIM_APART static bool search(struct lim_group *g, const struct lim_query *q,
                             uint32_t *organisation, struct lim_first *first)
{
    struct lim_best best = { INT64_MAX, UINT32_MAX, 0, NULL };
    struct lim_index *alone = g->mixed ? g->mix : g->indexes[0];
    if ((g->mixed || g->count == 1) && lim_index_is_block(alone)) {
        bool found = lim_index_choose(alone, q, &best, first);
        *organisation = best.organisation;
        return found;
    }
    if (g->winner != NULL)
        lim_index_find(g->winner, q, &best);
    for (unsigned i = 0; i < g->count; i++)
        if (g->indexes[i] != g->winner)
            lim_index_find(g->indexes[i], q, &best);
    g->winner = best.index;
    *organisation = best.organisation;
    if (best.index == NULL)
        *first = lim_group_earliest(g, q);
    return best.index != NULL;
}

/* Nobody may take it: who is first will be remembered.  (Where windows are no
   buckets, more than their rows may change.) */
LIM_APART static lim_time await(struct lim_group *g, const struct lim_query *q,
                                const struct lim_first *first)
{
    g->changed = g->discipline != LIM_DISCIPLINE_BUCKET;
    g->first = *first;
    g->waiting = *q->cost;
    return first->at;
}

lim_time lim_group_choose(struct lim_group *g, const struct lim_query *q,
                          uint32_t *organisation)
{
    struct lim_first first = LIM_FIRST_NOBODY;
    if (g->count == 0)
        return LIM_NEVER;
    if (g->serving_count == 1)
        return only_may(g, q, organisation) ? q->now
                                            : lim_group_earliest(g, q).at;
    if (is_awaited(g, q, organisation))
        return q->now;
    if (q->strategy->samples > 0)
        return lim_sample_choose(g, q, organisation, &first)
                   ? q->now
                   : await(g, q, &first);
    if (q->strategy->propose != NULL && proposed_may(g, q, organisation))
        return q->now;
    return search(g, q, organisation, &first) ? q->now : await(g, q, &first);
}

/* The one is out for the time of the choice. */
bool lim_group_choose_other(struct lim_group *g, const struct lim_query *q,
                            uint32_t taken, uint32_t *organisation)
{
    const struct lim_seat *p = &g->seats[taken];
    int64_t blocked = lim_index_get(p->index, p->leaf, LIM_VALUE_BLOCKED);
    if (blocked <= q->now)
        lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, q->now + 1);
    bool found = lim_group_choose(g, q, organisation) <= q->now;
    lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, blocked);
    return found || lim_group_choose(g, q, organisation) <= q->now;
}

struct lim_window_belief lim_seat_belief(const struct lim_seat *p,
                                         enum lim_limit limit, lim_time now)
{
    struct lim_window_belief b = { LIM_UNLIMITED, LIM_UNLIMITED };
    if (p->index == NULL)
        return (struct lim_window_belief){ 0, 0 };
    const struct lim_rate *rate = lim_index_rate(p->index, limit);
    const struct lim_meters *meters = lim_index_meters(p->index);
    struct lim_window w = lim_index_window(p->index, p->leaf, limit);
    b.limit = rate->limit;
    if (rate->limit >= 0 && meters != NULL)
        b.remaining = lim_meters_left(meters, p->leaf, limit, now);
    else if (rate->limit >= 0)
        b.remaining = lim_window_remaining(rate, &w, now);
    return b;
}

double lim_seat_rate(const struct lim_seat *p, enum lim_dimension d)
{
    double least = 0;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_rate *r = lim_index_rate(p->index, (enum lim_limit)w);
        double rate = (double)r->limit * LIM_SEC / (double)r->window_ns;
        if (lim_limit_dimension((enum lim_limit)w) == d && r->limit > 0 &&
            (least == 0 || rate < least))
            least = rate;
    }
    return least;
}
