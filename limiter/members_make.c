#include "limiter/members_parts.h"

#include <stdlib.h>

/* Which counts the indexes need: the fewer, the less is to be updated. */
static void choose_kept(struct lim_members *m)
{
    unsigned kept = m->strategy->reads;
    for (unsigned g = 0; g < m->group_count; g++)
        if (lim_group_blind(&m->groups[g]))
            kept |= m->strategy->reads_blind;
    m->keeps_in_flight = kept >> LIM_VALUE_IN_FLIGHT & 1;
    m->keeps_sent = kept >> LIM_VALUE_SENT & 1;
    m->keeps_spent |= kept >> LIM_VALUE_SPENT & 1;
    m->capped = lim_throttle_caps_organisations(m->throttle);
    m->listens = lim_throttle_listens(m->throttle);
    m->bounded = m->capped || m->listens || m->pupils != NULL;
    m->hears_sent = m->bounded || m->keeps_sent || m->strategy->sent != NULL;
    m->hears_ended =
        m->bounded || m->gone != NULL || m->strategy->ended != NULL;
}

static bool allocate(struct lim_members *m, const struct lim_config *c)
{
    size_t n = c->organisation_count;
    m->strategy_state =
        calloc(1, c->strategy->state_size + n * c->strategy->state_each + 1);
    m->memory = calloc(n * sizeof *m->members + LIM_CACHE_LINE - 1, 1);
    m->traits = calloc(n, sizeof *m->traits);
    m->weights = calloc(n, sizeof *m->weights);
    m->groups = calloc(c->groups, sizeof *m->groups);
    m->throttle = lim_throttle_new(c);
    if (m->memory != NULL)
        m->members = lim_cache_line_in(m->memory);
    if (c->tells_sent)
        m->gone = calloc(n * c->groups, sizeof *m->gone);
    bool metered = c->discipline != LIM_DISCIPLINE_BUCKET;
    size_t flights = (size_t)c->requests_max * (c->hedge.budget > 0 ? 2 : 1);
    if (metered)
        m->marks = calloc(flights, LIM_WINDOWS * sizeof *m->marks);
    return m->strategy_state != NULL && m->members != NULL &&
           m->traits != NULL && m->weights != NULL && m->groups != NULL &&
           m->throttle != NULL && (m->gone != NULL || !c->tells_sent) &&
           (!metered || m->marks != NULL);
}

static double or_one(double x)
{
    return x > 0 ? x : 1;
}

static void copy_organisations(struct lim_members *m,
                               const struct lim_config *c)
{
    for (uint32_t i = 0; i < m->count; i++) {
        const struct lim_organisation *o = &c->organisations[i];
        m->members[i].keys = o->keys;
        m->members[i].spent = o->spent;
        m->keeps_spent |= o->spend_max != LIM_UNLIMITED;
        m->members[i].priority = o->priority;
        m->traits[i].price = or_one(o->price);
        m->weights[i] = or_one(o->weight);
        m->weight_sum += m->weights[i];
    }
}

static bool make_groups(struct lim_members *m, const struct lim_config *c)
{
    if (c->belief == LIM_BELIEF_LEARNED) {
        m->pupils = calloc(c->groups, sizeof(struct lim_pupils *));
        if (m->pupils == NULL)
            return false;
    }
    for (unsigned g = 0; g < c->groups; g++) {
        m->group_count++;
        if (!lim_group_init(&m->groups[g], c, g, m->weights))
            return false;
        if (m->pupils == NULL)
            continue;
        m->pupils[g] = lim_pupils_new(&m->groups[g], c);
        if (m->pupils[g] == NULL)
            return false;
    }
    return true;
}

struct lim_members *lim_members_new(const struct lim_config *c)
{
    struct lim_members *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->strategy = c->strategy;
    m->month_end = lim_month_end(c->start);
    if (!allocate(m, c))
        goto fail;
    m->count = c->organisation_count;
    copy_organisations(m, c);
    if (!make_groups(m, c))
        goto fail;
    choose_kept(m);
    m->query = (struct lim_query){ .strategy = m->strategy,
                                   .state = m->strategy_state,
                                   .capped = m->capped,
                                   .members = m->members,
                                   .month_end = m->month_end };
    lim_members_start(m, c->start);
    return m;
fail:
    lim_members_free(m);
    return NULL;
}

void lim_members_free(struct lim_members *m)
{
    if (m == NULL)
        return;
    for (unsigned g = 0; g < m->group_count; g++) {
        if (m->pupils != NULL)
            lim_pupils_free(m->pupils[g]);
        lim_group_fini(&m->groups[g]);
    }
    free(m->pupils);
    free(m->gone);
    free(m->traits);
    lim_throttle_free(m->throttle);
    free(m->groups);
    free(m->memory);
    free(m->weights);
    free(m->marks);
    free(m->strategy_state);
    free(m);
}
