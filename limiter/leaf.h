#ifndef LIM_LEAF_H
#define LIM_LEAF_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "limiter/tree.h"

/*
 * One organisation of an index alone, before a request: for who does not
 * search.
 */

/* Who may take it by then, says a lower bound, surely may now. */
static inline lim_time lim_surely_by(const struct lim_index *x,
                                     const struct lim_query *q)
{
    return q->now - x->early;
}

/* Tells whether every leaf surely may take it: nothing that could be in the way
   of any is later. */
static inline bool lim_all_may(const struct lim_index *x,
                               const struct lim_query *q)
{
    const struct lim_terms *t = &x->terms;
    lim_time ready = x->latest[LIM_VALUE_BLOCKED];
    for (const unsigned *w = t->taken; *w != LIM_WINDOWS; w++) {
        lim_time at = x->latest[*w] + t->need[*w];
        ready = at > ready ? at : ready;
    }
    return x->watched && ready <= lim_surely_by(x, q) && t->fits &&
           !q->capped && !lim_index_may_overspend(x, q->cost);
}

/* Puts a request before an index: its terms, and the view of who scores.  What
   is asked by the same `q` is about this one, until the next. */
LIM_IN_PLACE static void lim_index_ask(struct lim_index *x,
                                       const struct lim_query *q)
{
    struct lim_view *v = &x->view;
    v->cost = q->cost;
    v->affinity = q->affinity;
    v->draw = q->draw;
    v->now = q->now;
    lim_index_terms(x, q->cost);
}

/* When it may take the request: a lower bound. */
static inline lim_time lim_leaf_bound(const struct lim_index *x, uint32_t leaf,
                                      const struct lim_query *q)
{
    const struct lim_block *b = &x->levels[0].blocks[leaf / LIM_BLOCK];
    const struct lim_terms *t = &x->terms;
    unsigned column = leaf % LIM_BLOCK;
    lim_time ready = b->value[LIM_VALUE_BLOCKED][column];
    for (const unsigned *w = t->taken; *w != LIM_WINDOWS; w++) {
        lim_time at = b->value[*w][column] + t->need[*w];
        ready = at > ready ? at : ready;
    }
    if (lim_index_may_overspend(x, q->cost) && ready < q->month_end &&
        b->value[LIM_VALUE_SPENT][column] + q->cost->amount[LIM_MONEY] >
            x->spend_max)
        ready = q->month_end;
    return q->capped && b->value[LIM_VALUE_OVER][column] >= 0 ? LIM_NEVER
                                                              : ready;
}

/* Tells whether it may take the request now. */
static inline bool lim_leaf_may(struct lim_index *x, uint32_t leaf,
                                const struct lim_query *q)
{
    assert(leaf < x->levels[0].columns);
    if (!x->terms.fits)
        return false;
    lim_time ready = lim_leaf_bound(x, leaf, q);
    return ready <= lim_surely_by(x, q) ||
           (ready <= q->now && lim_index_ready(x, leaf, q) <= q->now);
}

/* The strategy's score of it, in a view of one column; so many of its requests
   are in flight. */
static inline int64_t lim_leaf_score(struct lim_index *x, uint32_t leaf,
                                     const struct lim_query *q,
                                     uint32_t in_flight)
{
    const struct lim_level *l = &x->levels[0];
    struct lim_view *v = &x->view;
    int64_t score[LIM_BLOCK];
    v->values = &l->blocks[leaf / LIM_BLOCK].value[0][leaf % LIM_BLOCK];
    v->first = &l->first[leaf];
    v->last = &l->last[leaf];
    v->columns = 1;
    v->joint.row = NULL;
    v->in_flight = in_flight;
    q->strategy->score(q->state, v, score);
    return score[0];
}

#endif
