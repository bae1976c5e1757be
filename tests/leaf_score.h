#ifndef TEST_LEAF_SCORE_H
#define TEST_LEAF_SCORE_H

#include "limiter/leaf.h"

/* The score of a leaf in its whole block, for what lim_index_ask has put
   before the index. */
static inline int64_t leaf_score(const struct lim_index *x, uint32_t leaf,
                                 const struct lim_query *q)
{
    const struct lim_level *l = &x->levels[0];
    uint32_t first = leaf - leaf % LIM_BLOCK, left = l->columns - first;
    struct lim_view v = x->view;
    int64_t score[LIM_BLOCK];
    v.values = &l->blocks[leaf / LIM_BLOCK].value[0][0];
    v.first = &l->first[first];
    v.last = &l->last[first];
    v.columns = left < LIM_BLOCK ? left : LIM_BLOCK;
    v.joint.row = NULL;
    q->strategy->score(q->state, &v, score);
    return score[leaf % LIM_BLOCK];
}

#endif
