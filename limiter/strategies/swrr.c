/*
 * swrr: smooth weighted round robin.  With every request each organisation
 * gains its weight in credit; the one with most takes it and pays the sum of
 * all weights.  Weights 5, 1, 1 give a a b a c a a.
 *
 * Eligible: as the pool says.  Key: what the organisation has paid; the score
 * is that less its weight x turns, the credit in closed form.  Tie: the lower
 * organisation.  Nobody eligible: the pool waits for the first that will be,
 * and no turn passes.
 *
 * Source: nginx's upstream balancing.  Pitfall: who is absent either freezes
 * (there) or saves credit up and then takes all (closed form).  Here it keeps
 * three turns' worth.  And the turns of the absent do not take from the shares
 * of those present: a winner without credit means that turns were too few for
 * what was sent, and they are set to what it paid.
 *
 * Credits of unequal weights change order as turns pass, so only blocks of
 * one weight have a bound; for thousands of mixed weights edf_wrr gives the
 * same shares for less.  Exact for 2^38 requests.
 */

#include "limiter/strategies/strategies.h"

#define WEIGHT_BITS 24 /* of the sum of all weights */
#define TURNS_KEPT 3   /* as credit; all present, it comes to 1.6 at times */
#define TURNS_MAX (INT64_C(1) << 38)
#define PAID_MAX (INT64_MAX / 2)

struct share {
    int64_t weight;
    uint32_t run; /* equal in neighbours of equal weight */
};

struct turns {
    int64_t count;
    int64_t total; /* weight of all */
    struct share of[];
};

/* By powers of two alone, so that whole weights stay exact. */
static int64_t scaled(double weight, double weights)
{
    double most = (double)(INT64_C(1) << WEIGHT_BITS);
    double scale = 1;
    while (weights * scale > most)
        scale /= 2;
    while (weights * scale * 2 <= most)
        scale *= 2;
    int64_t w = (int64_t)(weight * scale + 0.5);
    return w > 1 ? w : 1;
}

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const struct turns *t = state;
    const int64_t *paid = lim_view_row(v, LIM_VALUE_KEY);
    for (unsigned i = 0; i < v->columns; i++) {
        const struct share *a = &t->of[v->first[i]], *b = &t->of[v->last[i]];
        int64_t gained = a->weight * (t->count + 1);
        out[i] = a->run == b->run ? paid[i] - gained : LIM_SCORE_LEAST;
    }
}

/* Organisations start in rising order. */
static int64_t start(void *state, const struct lim_event *e)
{
    struct turns *t = state;
    struct share *s = &t->of[e->organisation];
    s->weight = scaled(e->weight, e->weights);
    t->total += s->weight;
    if (e->organisation > 0)
        s->run = s[-1].run + (s[-1].weight != s->weight);
    return 0;
}

static int64_t sent(void *state, const struct lim_event *e)
{
    struct turns *t = state;
    int64_t weight = t->of[e->organisation].weight;
    int64_t paid = e->key;
    int64_t due = (paid + weight - 1) / weight; /* without credit until */
    t->count = t->count + 1 > due ? t->count + 1 : due;
    t->count = t->count < TURNS_MAX ? t->count : TURNS_MAX;
    int64_t least = weight * t->count - TURNS_KEPT * t->total;
    paid = (paid > least ? paid : least) + t->total;
    return paid < PAID_MAX ? paid : PAID_MAX;
}

const struct lim_strategy lim_strategy_swrr = {
    .name = "swrr",
    .summary = "smooth weighted round robin: most credit, then pays for it",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .state_size = sizeof(struct turns),
    .state_each = sizeof(struct share),
    .score = score,
    .start = start,
    .sent = sent,
};
