/* What a cost comes to in an index's own terms, and what costs usually do. */

#include <string.h>

#include "limiter/cold.h"
#include "limiter/tree.h"

#define STEP 256    /* a quartile moves by a 256th of itself */
#define NEAR 16     /* and is another when it has moved by more than a 16th */
#define SELDOM 4096 /* costs, until it is asked again whether it is */

/* Of four costs one is below the lower quartile, which moves as far for that
   one as for the three above. */
static int64_t quartile_after(int64_t quartile, int64_t span)
{
    int64_t step = quartile / STEP + 1;
    if (span > quartile)
        return quartile + step;
    return span < quartile - 3 * step ? quartile - 3 * step : span;
}

static bool is_another(const struct lim_index *x)
{
    for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++) {
        int64_t now = x->quartile[*w], then = x->usual[*w];
        if ((now > then ? now - then : then - now) > then / NEAR)
            return true;
    }
    return false;
}

/* What is usual is known soon, and then seldom becomes something else: joint
   values are made with it. */
static void follow(struct lim_index *x)
{
    uint64_t n = ++x->costs;
    for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++) {
        int64_t span = x->terms.span_ns[*w], *q = &x->quartile[*w];
        *q = n == 1 ? span : quartile_after(*q, span);
    }
    if ((n % SELDOM != 0 && (n & (n - 1)) != 0) || !is_another(x))
        return;
    memcpy(x->usual, x->quartile, sizeof x->usual);
    lim_index_rejoin(x);
}

/* Blocks above are about to be asked for a request of such a cost. */
static void join(struct lim_index *x)
{
    int64_t least = INT64_MAX;
    follow(x);
    for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++)
        least = lim_lesser(least, x->terms.span_ns[*w] - x->usual[*w]);
    x->view.joint.span = least;
}

/* The terms of one window. */
static inline void reckon(struct lim_index *x, unsigned w, int64_t amount)
{
    struct lim_terms *t = &x->terms;
    const struct lim_rate *r = &x->rates[w];
    bool fits = lim_window_fits(r, amount);
    t->span[w] = lim_rate_span(r, fits ? amount : 0);
    t->span_ns[w] = t->span[w].ns;
    t->need[w] = x->meters == NULL ? t->span[w].ns - r->full.ns : -LIM_FAR;
}

void lim_index_forget(struct lim_index *x)
{
    for (unsigned d = 0; d < LIM_DIMENSIONS; d++)
        x->terms.cost.amount[d] = -1; /* nobody's */
    x->terms.taken[0] = LIM_WINDOWS;
}

/* It takes from other windows than before. */
LIM_APART static void list_taken(struct lim_index *x,
                                 const struct lim_cost *cost)
{
    struct lim_terms *t = &x->terms;
    unsigned *taken = t->taken;
    t->rises = x->joint[0] != LIM_WINDOWS ? 1u << LIM_VALUE_JOINT : 0;
    for (const unsigned *k = x->windows; *k != LIM_WINDOWS; k++) {
        unsigned w = *k;
        if (cost->amount[lim_limit_dimension((enum lim_limit)w)] == 0)
            continue;
        *taken++ = w;
        t->rises |= 1u << w;
    }
    *taken = LIM_WINDOWS;
}

/* What is asked of a window again stays: mostly only the tokens are others. */
void lim_index_reckon(struct lim_index *x, const struct lim_cost *cost)
{
    struct lim_terms *t = &x->terms;
    bool others = false;
    for (const unsigned *k = x->windows; *k != LIM_WINDOWS; k++) {
        unsigned w = *k;
        enum lim_dimension d = lim_limit_dimension((enum lim_limit)w);
        int64_t amount = cost->amount[d], before = t->cost.amount[d];
        if (amount == before)
            continue;
        if (x->mix == NULL)
            reckon(x, w, amount);
        else
            lim_mix_reckon(x->mix, w, amount);
        others |= (amount > 0) != (before > 0);
    }
    if (others)
        list_taken(x, cost);
    t->cost = *cost;
    t->fits = lim_index_fits(x, cost);
    if (x->mix != NULL && (!t->fits || x->mix->barred))
        t->fits = lim_mix_bar(x->mix, cost);
    if (lim_index_has_root(x) && t->fits)
        join(x);
}
