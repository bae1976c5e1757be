#ifndef LIM_SAMPLE_H
#define LIM_SAMPLE_H

#include "limiter/group.h"

/*
 * The choice of a strategy that compares samples: so many organisations of a
 * group that may take the request now are drawn, without replacement and, if
 * the strategy says so, by weight; the one with the smallest score takes it,
 * and of equal ones the first drawn.  False: nobody may, and `first` is who
 * may first.
 */
bool lim_sample_choose(const struct lim_group *g, const struct lim_query *q,
                       uint32_t *organisation, struct lim_first *first);

#endif
