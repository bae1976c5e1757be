#ifndef LIM_MIX_H
#define LIM_MIX_H

#include "limiter/index.h"

/*
 * A mixed index: organisations of unequal limits before one block, so that a
 * choice is one search and not one for each class.  The indexes of the classes
 * are its parts, and know nothing of it but to note what has changed.  The
 * block is the first above all of them that LIM_BLOCK columns are enough for:
 * its columns are the parts' leaves, where they are that few; else their
 * blocks of leaves, or blocks of blocks, of which a search opens what could
 * win.  A column has the limits of its part.  All windows are buckets, and each
 * part has one.
 */

/* Makes one without parts, out of `all` organisations in the pool.  NULL: out
   of memory. */
struct lim_index *lim_mix_new(uint32_t all, lim_time now);

/* Has it be of these parts, which others made and will free, and as they are
   now: anew, when one has come, gone or grown, or stands for others.  False:
   they are too many. */
bool lim_mix_set(struct lim_index *whole, struct lim_index *const *parts,
                 unsigned count);

#endif
