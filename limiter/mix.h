#ifndef LIM_MIX_H
#define LIM_MIX_H

#include "limiter/index.h"

/*
 * A mixed index: organisations of unequal limits, LIM_BLOCK at most, in one
 * block, so that a choice among few is one search and not one for each class.
 * The indexes of the classes are its parts.  Each goes on to hold what is equal
 * in its class and to answer for an organisation alone, but its leaves are
 * those of the whole, and the whole is what is searched.  All windows are
 * buckets, and each part has one.
 */

/*
 * Makes one of `count` organisations whose numbers, rising, are `list`.  It may
 * be searched when each of them is in a part; the parts are freed by who made
 * them.  NULL: out of memory.
 */
struct lim_index *lim_mix_new(const uint32_t *list, uint32_t count,
                              uint32_t all, lim_time now);

/* Returns the leaf of an organisation that is in it. */
uint32_t lim_mix_leaf(const struct lim_index *whole, uint32_t organisation);

/* Makes an index, whose organisations have values, a part.  False: no memory,
   and nothing has changed. */
bool lim_mix_add(struct lim_index *whole, struct lim_index *part);

/* A leaf is of another part from now on, and its windows are full at `now`. */
void lim_mix_move(struct lim_index *whole, uint32_t leaf, struct lim_index *to,
                  lim_time now);

/* A part that no leaf is of is no longer one. */
void lim_mix_drop(struct lim_index *whole, const struct lim_index *part);

#endif
