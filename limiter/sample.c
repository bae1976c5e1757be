#include "limiter/sample.h"

#include <assert.h>

#include "limiter/cold.h"
#include "limiter/divide.h"
#include "limiter/leaf.h"
#include "limiter/rng.h"

#define TRIES 4 /* draws for each sample before all are counted */

/* Samples without replacement of those who may take the request now, and the
   best of them; of equal ones the first drawn. */
struct sample {
    const struct lim_group *group;
    const struct lim_query *query;
    struct lim_index *asked; /* which has the query before it; NULL: none */
    bool all_may;            /* take it, who are in that */
    uint64_t draw;
    uint32_t chosen[LIM_SAMPLES_MAX];
    unsigned count, wanted;
    uint32_t best;
    int64_t least;
};

/* What is left of the draw, as a number in (0, 1); then there is a new one. */
static double uniform(struct sample *s)
{
    double u = lim_rng_uniform(s->draw);
    s->draw = lim_rng_mix(s->draw);
    return u;
}

/* One of all, by the draw's upper bits; the lower ones are left. */
static uint32_t one_of(struct sample *s, uint32_t all)
{
    lim_product wide = (lim_product)s->draw * all;
    s->draw = (uint64_t)wide;
    return (uint32_t)(wide >> 64);
}

static double weight_of(const struct sample *s, uint32_t organisation)
{
    return s->query->strategy->weighted ? s->group->weights[organisation] : 1;
}

/* Puts the request before an organisation's class. */
LIM_IN_PLACE static struct lim_index *ask(struct sample *s,
                                          uint32_t organisation)
{
    const struct lim_group *g = s->group;
    struct lim_index *x =
        g->count == 1 ? g->indexes[0] : g->seats[organisation].index;
    if (x != s->asked) {
        s->asked = x;
        lim_index_ask(x, s->query);
        s->all_may = lim_all_may(x, s->query);
    }
    return x;
}

/* Tells whether it may take the request. */
LIM_IN_PLACE static bool may(struct sample *s, uint32_t organisation)
{
    struct lim_index *x = ask(s, organisation);
    return s->all_may ||
           lim_leaf_may(x, s->group->seats[organisation].leaf, s->query);
}

/* Tells whether it is not chosen and may be. */
static inline bool may_be_chosen(struct sample *s, uint32_t organisation)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->chosen[i] == organisation)
            return false;
    return may(s, organisation);
}

LIM_IN_PLACE static int64_t score_of(struct sample *s, uint32_t organisation)
{
    const struct lim_query *q = s->query;
    if (s->wanted == 1)
        return 0;
    if (q->strategy->score == NULL)
        return q->members[organisation].in_flight;
    return lim_leaf_score(ask(s, organisation),
                          s->group->seats[organisation].leaf, q,
                          q->members[organisation].in_flight);
}

LIM_IN_PLACE static void choose(struct sample *s, uint32_t organisation)
{
    int64_t score = score_of(s, organisation);
    bool better = score < s->least;
    s->best = better ? organisation : s->best;
    s->least = better ? score : s->least;
    s->chosen[s->count++] = organisation;
}

/* Of those drawn a lighter one is passed over, as often as it is lighter. */
static bool passed_over(struct sample *s, uint32_t organisation)
{
    const struct lim_group *g = s->group;
    double weight = g->weights[organisation];
    return weight < g->weight_max && uniform(s) * g->weight_max >= weight;
}

/* One try: whoever is drawn is taken if it may be, else the try is void. */
static inline void try_one(struct sample *s)
{
    const struct lim_group *g = s->group;
    uint32_t organisation = g->serving[one_of(s, g->serving_count)];
    if (s->query->strategy->weighted && passed_over(s, organisation))
        return;
    if (may_be_chosen(s, organisation))
        choose(s, organisation);
}

/* Where most may not, all are counted and the draw is among who may. */
LIM_APART static bool count_out(struct sample *s)
{
    const struct lim_group *g = s->group;
    double all = 0;
    for (uint32_t i = 0; i < g->serving_count; i++)
        if (may_be_chosen(s, g->serving[i]))
            all += weight_of(s, g->serving[i]);
    double at = uniform(s) * all;
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < g->serving_count && at >= 0; i++) {
        if (!may_be_chosen(s, g->serving[i]))
            continue;
        found = g->serving[i];
        at -= weight_of(s, found);
    }
    if (found == UINT32_MAX)
        return false;
    choose(s, found);
    return true;
}

/* The draws did not find as many as are wanted. */
LIM_APART static bool choose_of_all(struct sample s, uint32_t *organisation,
                                    struct lim_first *first)
{
    if (s.count == 0)
        *first = lim_group_earliest(s.group, s.query);
    if (s.count == 0 && first->at > s.query->now)
        return false;
    while (s.count < s.wanted && count_out(&s))
        ;
    assert(s.count > 0);
    *organisation = s.best;
    return true;
}

/* Where two are wanted, the first two tries at once: the second is drawn from
   the others.  False: not both may take it, and nobody is chosen. */
static inline bool choose_pair(struct sample *s)
{
    const struct lim_group *g = s->group;
    if (s->wanted != 2 || s->query->strategy->weighted)
        return false;
    uint32_t place = one_of(s, g->serving_count);
    uint32_t other = one_of(s, g->serving_count - 1);
    uint32_t a = g->serving[place], b = g->serving[other + (other >= place)];
    __builtin_prefetch(&g->seats[a]); /* where many serve, it is far away */
    __builtin_prefetch(&g->seats[b]);
    if (!may(s, a) || !may(s, b)) {
        s->draw = lim_rng_mix(s->draw);
        return false;
    }
    choose(s, a);
    choose(s, b);
    return true;
}

/* A draw has the bits for two tries. */
bool lim_sample_choose(const struct lim_group *g, const struct lim_query *q,
                       uint32_t *organisation, struct lim_first *first)
{
    struct sample s; /* to fill it with zeros first takes longer */
    unsigned wanted = q->strategy->samples;
    if (wanted > g->serving_count)
        wanted = g->serving_count;
    s.group = g;
    s.query = q;
    s.asked = NULL;
    s.draw = q->draw;
    s.count = 0;
    s.wanted = wanted;
    s.best = UINT32_MAX;
    s.least = INT64_MAX;
    if (choose_pair(&s)) {
        *organisation = s.best;
        return true;
    }
    for (unsigned tries = 1;; tries++) {
        try_one(&s);
        if (s.count == wanted)
            break;
        if (tries == TRIES * wanted)
            return choose_of_all(s, organisation, first);
        if (tries % 2 == 0)
            s.draw = lim_rng_mix(s.draw);
    }
    *organisation = s.best;
    return true;
}
