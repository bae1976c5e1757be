#include "limiter/members.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/index.h"

/* Where an organisation stands in a group. */
struct place {
    struct lim_index *index; /* NULL: it does not serve the group */
    uint32_t leaf;
    int64_t charged[LIM_WINDOWS]; /* units so far */
};

struct member {
    unsigned keys, next_key;
    int64_t in_flight, sent, spent;
};

struct group {
    struct lim_index **indexes; /* one for each class of equal limits */
    unsigned count;
    struct place *places; /* of each organisation */
};

struct lim_members {
    struct member *members;
    uint32_t count;
    struct group *groups;
    unsigned group_count;
    const struct lim_strategy *strategy;
    void *strategy_state;
    int64_t cap; /* in flight, each */
    bool keeps_in_flight, keeps_sent;
    lim_time month_end;
};

static struct lim_rate rate_of(const struct lim_config *c,
                               const struct lim_organisation *o, unsigned group,
                               unsigned window)
{
    int64_t limit = o->limits[group].max[window];
    if (c->belief == LIM_BELIEF_NONE)
        limit = LIM_UNLIMITED;
    return lim_rate_make(limit, lim_limit_window((enum lim_limit)window),
                         lim_rate_burst(limit, c->burst));
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
           (c->belief == LIM_BELIEF_NONE ||
            memcmp(&a->limits[group], &b->limits[group],
                   sizeof a->limits[group]) == 0);
}

/* Makes the index of all that are like `first` in the group. */
static struct lim_index *make_class(struct lim_members *m,
                                    const struct lim_config *c, unsigned group,
                                    uint32_t first, uint32_t *list)
{
    const struct lim_organisation *o = c->organisations;
    struct place *places = m->groups[group].places;
    struct lim_rate rates[LIM_WINDOWS];
    uint32_t n = 0;
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        rates[w] = rate_of(c, &o[first], group, w);
    for (uint32_t i = first; i < m->count; i++)
        if (serves(&o[i], group) && alike(c, group, &o[first], &o[i]))
            list[n++] = i;
    struct lim_index *x =
        lim_index_new(rates, o[first].spend_max, list, n, m->count, c->start);
    for (uint32_t i = 0; x != NULL && i < n; i++) {
        places[list[i]].index = x;
        places[list[i]].leaf = i;
        lim_index_set(x, i, LIM_VALUE_SPENT, o[list[i]].spent);
    }
    return x;
}

static bool make_group(struct lim_members *m, const struct lim_config *c,
                       unsigned group, uint32_t *list)
{
    struct group *g = &m->groups[group];
    g->places = calloc(m->count, sizeof *g->places);
    g->indexes = calloc(m->count, sizeof *g->indexes);
    if (g->places == NULL || g->indexes == NULL)
        return false;
    for (uint32_t i = 0; i < m->count; i++) {
        if (g->places[i].index != NULL || !serves(&c->organisations[i], group))
            continue;
        struct lim_index *x = make_class(m, c, group, i, list);
        if (x == NULL)
            return false;
        g->indexes[g->count++] = x;
    }
    return true;
}

/* Which counts the indexes need: the fewer, the less is to be updated. */
static void choose_kept(struct lim_members *m)
{
    unsigned kept = m->strategy->reads;
    for (unsigned g = 0; g < m->group_count; g++)
        for (unsigned i = 0; i < m->groups[g].count; i++)
            if (lim_index_blind(m->groups[g].indexes[i]))
                kept |= m->strategy->reads_blind;
    m->keeps_in_flight =
        m->cap != LIM_UNLIMITED || kept >> LIM_VALUE_IN_FLIGHT & 1;
    m->keeps_sent = kept >> LIM_VALUE_SENT & 1;
}

struct lim_members *lim_members_new(const struct lim_config *c)
{
    struct lim_members *m = calloc(1, sizeof *m);
    uint32_t *list = calloc(c->organisation_count, sizeof *list);
    if (m == NULL || list == NULL)
        goto fail;
    m->strategy = c->strategy;
    m->strategy_state = calloc(1, c->strategy->state_size + 1);
    m->members = calloc(c->organisation_count, sizeof *m->members);
    m->groups = calloc(c->groups, sizeof *m->groups);
    if (m->strategy_state == NULL || m->members == NULL || m->groups == NULL)
        goto fail;
    m->count = c->organisation_count;
    m->group_count = c->groups;
    m->cap = c->cap_organisation;
    m->month_end = lim_month_end(c->start);
    for (uint32_t i = 0; i < m->count; i++) {
        m->members[i].keys = c->organisations[i].keys;
        m->members[i].spent = c->organisations[i].spent;
    }
    for (unsigned g = 0; g < m->group_count; g++)
        if (!make_group(m, c, g, list))
            goto fail;
    choose_kept(m);
    free(list);
    return m;
fail:
    free(list);
    lim_members_free(m);
    return NULL;
}

void lim_members_free(struct lim_members *m)
{
    if (m == NULL)
        return;
    for (unsigned g = 0; g < m->group_count; g++) {
        for (unsigned i = 0; i < m->groups[g].count; i++)
            lim_index_free(m->groups[g].indexes[i]);
        free(m->groups[g].indexes);
        free(m->groups[g].places);
    }
    free(m->groups);
    free(m->members);
    free(m->strategy_state);
    free(m);
}

static struct place *place_of(const struct lim_members *m,
                              uint32_t organisation, unsigned group)
{
    assert(organisation < m->count);
    assert(group < m->group_count);
    return &m->groups[group].places[organisation];
}

/* Writes a value of an organisation in every group that it serves. */
static void set_all(struct lim_members *m, uint32_t organisation,
                    enum lim_value value, int64_t to)
{
    for (unsigned g = 0; g < m->group_count; g++) {
        struct place *p = place_of(m, organisation, g);
        if (p->index != NULL)
            lim_index_set(p->index, p->leaf, value, to);
    }
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

bool lim_members_fit(const struct lim_members *m, unsigned group,
                     const struct lim_cost *cost, struct lim_refusal *refusal)
{
    const struct group *g = &m->groups[group];
    for (unsigned i = 0; i < g->count; i++)
        if (lim_index_fits(g->indexes[i], cost))
            return true;
    struct lim_refusal r = { LIM_RPM, cost->amount[LIM_REQUESTS], -1 };
    for (unsigned i = 0; i < g->count; i++)
        explain(g->indexes[i], cost, &r);
    if (refusal != NULL)
        *refusal = r;
    return false;
}

void lim_members_turn_month(struct lim_members *m, lim_time now)
{
    if (now < m->month_end)
        return;
    m->month_end = lim_month_end(now);
    for (uint32_t i = 0; i < m->count; i++) {
        m->members[i].spent = 0;
        set_all(m, i, LIM_VALUE_SPENT, 0);
    }
}

lim_time lim_members_month_end(const struct lim_members *m)
{
    return m->month_end;
}

static struct lim_query query_of(const struct lim_members *m,
                                 const struct lim_cost *cost, lim_time now)
{
    return (struct lim_query){ .cost = cost,
                               .strategy = m->strategy,
                               .state = m->strategy_state,
                               .cap = m->cap,
                               .month_end = m->month_end,
                               .now = now };
}

bool lim_members_choose(struct lim_members *m, unsigned group,
                        const struct lim_cost *cost, uint64_t draw,
                        lim_time now, uint32_t *organisation)
{
    const struct group *g = &m->groups[group];
    struct lim_query q = query_of(m, cost, now);
    struct lim_best best = { INT64_MAX, UINT32_MAX, 0, NULL };
    q.draw = draw;
    for (unsigned i = 0; i < g->count; i++)
        lim_index_find(g->indexes[i], &q, &best);
    *organisation = best.organisation;
    return best.index != NULL;
}

lim_time lim_members_earliest(const struct lim_members *m, unsigned group,
                              const struct lim_cost *cost, bool capped,
                              lim_time now)
{
    const struct group *g = &m->groups[group];
    struct lim_query q = query_of(m, cost, now);
    lim_time first = LIM_NEVER;
    if (!capped)
        q.cap = LIM_UNLIMITED;
    for (unsigned i = 0; i < g->count; i++) {
        lim_time t = lim_index_earliest(g->indexes[i], &q);
        first = t < first ? t : first;
    }
    return first;
}

lim_time lim_members_ready(const struct lim_members *m, uint32_t organisation,
                           unsigned group, const struct lim_cost *cost,
                           lim_time now)
{
    const struct place *p = place_of(m, organisation, group);
    struct lim_query q = query_of(m, cost, now);
    return p->index == NULL ? LIM_NEVER
                            : lim_index_ready(p->index, p->leaf, &q);
}

unsigned lim_members_send(struct lim_members *m, uint32_t organisation,
                          unsigned group, const struct lim_cost *cost,
                          lim_time now, struct lim_mark *mark)
{
    struct member *member = &m->members[organisation];
    struct place *p = place_of(m, organisation, group);
    lim_index_take(p->index, p->leaf, cost, now);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        p->charged[w] += cost->amount[lim_limit_dimension((enum lim_limit)w)];
        mark->charged[w] = p->charged[w];
    }
    mark->sent_at = now;
    member->in_flight++;
    member->sent++;
    if (m->keeps_in_flight)
        set_all(m, organisation, LIM_VALUE_IN_FLIGHT, member->in_flight);
    if (m->keeps_sent)
        set_all(m, organisation, LIM_VALUE_SENT, member->sent);
    if (cost->amount[LIM_MONEY] != 0) {
        member->spent += cost->amount[LIM_MONEY];
        set_all(m, organisation, LIM_VALUE_SPENT, member->spent);
    }
    if (m->strategy->sent != NULL)
        m->strategy->sent(m->strategy_state, organisation);
    unsigned key = member->next_key;
    member->next_key = key + 1 < member->keys ? key + 1 : 0;
    return key;
}

void lim_members_end(struct lim_members *m, uint32_t organisation)
{
    struct member *member = &m->members[organisation];
    assert(member->in_flight > 0);
    member->in_flight--;
    if (m->keeps_in_flight)
        set_all(m, organisation, LIM_VALUE_IN_FLIGHT, member->in_flight);
}

void lim_members_settle(struct lim_members *m, uint32_t organisation,
                        unsigned group, const struct lim_cost *give,
                        const struct lim_cost *take, lim_time now)
{
    struct member *member = &m->members[organisation];
    struct place *p = place_of(m, organisation, group);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        enum lim_limit l = (enum lim_limit)w;
        enum lim_dimension d = lim_limit_dimension(l);
        int64_t less = give->amount[d] - take->amount[d];
        if (less == 0)
            continue;
        const struct lim_rate *rate = lim_index_rate(p->index, l);
        struct lim_window window = lim_index_window(p->index, p->leaf, l);
        if (less > 0)
            lim_window_give(rate, &window, less);
        else
            lim_window_take(rate, &window, -less, now);
        lim_index_set_window(p->index, p->leaf, l, window);
        p->charged[w] -= less;
    }
    if (give->amount[LIM_MONEY] != take->amount[LIM_MONEY]) {
        member->spent += take->amount[LIM_MONEY] - give->amount[LIM_MONEY];
        set_all(m, organisation, LIM_VALUE_SPENT, member->spent);
    }
}

/* How far a reset is from what the used units of a window would need. */
static double misfit(const struct lim_rate *r, const struct lim_shown *s)
{
    double off = (double)(s->limit - s->remaining) * (double)r->window_ns /
                     (double)r->limit -
                 (double)s->reset_ns;
    return off < 0 ? -off : off;
}

/*
 * Which of a dimension's two windows the headers show, or -1: the one of
 * their limit, and when both have it, the one that their reset fits better.
 */
static int shown_window(const struct place *p, enum lim_limit minute,
                        enum lim_limit day, const struct lim_shown *s)
{
    const struct lim_rate *m = lim_index_rate(p->index, minute);
    const struct lim_rate *d = lim_index_rate(p->index, day);
    if (s->limit <= 0)
        return -1;
    if (m->limit == s->limit && d->limit == s->limit && s->reset_ns >= 0)
        return misfit(d, s) < misfit(m, s) ? (int)day : (int)minute;
    return m->limit == s->limit   ? (int)minute
           : d->limit == s->limit ? (int)day
                                  : -1;
}

/*
 * The answer describes the window as it was at its admission, at `sent_at` or
 * a little later: full at sent_at + reset at the earliest, and later by all
 * that was charged since.  `reset` is cut and `sent_at` early, so this never
 * lowers a belief that is right.  Without a reset the floored count serves,
 * taken as one more.
 */
static void observe_window(struct place *p, enum lim_limit limit,
                           const struct lim_mark *mark,
                           const struct lim_shown *s)
{
    const struct lim_rate *rate = lim_index_rate(p->index, limit);
    int64_t since = p->charged[limit] - mark->charged[limit];
    int64_t reset = s->reset_ns;
    if (reset < 0) {
        int64_t used = s->limit - s->remaining - 1;
        if (s->remaining < 0 || used <= 0)
            return;
        reset = lim_rate_span(rate, used).ns;
    }
    if (reset == 0 || since < 0)
        return;
    since = since < rate->burst ? since : rate->burst;
    lim_time full = mark->sent_at + reset + lim_rate_span(rate, since).ns;
    struct lim_window window = lim_index_window(p->index, p->leaf, limit);
    lim_window_delay(&window, full);
    lim_index_set_window(p->index, p->leaf, limit, window);
}

void lim_members_observe(struct lim_members *m, uint32_t organisation,
                         unsigned group, const struct lim_mark *mark,
                         const struct lim_feedback *f)
{
    struct place *p = place_of(m, organisation, group);
    int w = shown_window(p, LIM_RPM, LIM_RPD, &f->requests);
    if (w >= 0)
        observe_window(p, (enum lim_limit)w, mark, &f->requests);
    w = shown_window(p, LIM_TPM, LIM_TPD, &f->tokens);
    if (w >= 0)
        observe_window(p, (enum lim_limit)w, mark, &f->tokens);
}

void lim_members_block(struct lim_members *m, uint32_t organisation,
                       unsigned group, lim_time until)
{
    for (unsigned g = 0; g < m->group_count; g++) {
        struct place *p = place_of(m, organisation, g);
        if (p->index == NULL || (group != LIM_ALL_GROUPS && group != g))
            continue;
        if (lim_index_get(p->index, p->leaf, LIM_VALUE_BLOCKED) < until)
            lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, until);
    }
}

struct lim_window_belief lim_members_belief(const struct lim_members *m,
                                            uint32_t organisation,
                                            unsigned group,
                                            enum lim_limit limit, lim_time now)
{
    const struct place *p = place_of(m, organisation, group);
    struct lim_window_belief b = { LIM_UNLIMITED, LIM_UNLIMITED };
    if (p->index == NULL)
        return (struct lim_window_belief){ 0, 0 };
    const struct lim_rate *rate = lim_index_rate(p->index, limit);
    struct lim_window w = lim_index_window(p->index, p->leaf, limit);
    b.limit = rate->limit;
    if (rate->limit >= 0)
        b.remaining = lim_window_remaining(rate, &w, now);
    return b;
}
