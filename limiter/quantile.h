#ifndef LIM_QUANTILE_H
#define LIM_QUANTILE_H

#include <stdint.h>

/*
 * A quantile of durations as they come, in fixed memory: a log-linear
 * histogram with eight bins for each doubling from 1 us on, so that what it
 * says is the quantile or up to an eighth more.
 *
 * 20 must be known before it says anything.  Of LIM_QUANTILE_MOST all bins are
 * halved, so that it follows what changes; and to save a look at all bins for
 * each value, an answer may be a sixteenth of the values old.
 */
#define LIM_QUANTILE_BINS 320
#define LIM_QUANTILE_LEAST 20
#define LIM_QUANTILE_MOST 16384

/* Fields are private. */
struct lim_quantile {
    double share;
    uint32_t bins[LIM_QUANTILE_BINS];
    uint32_t count, fresh_until;
    int64_t last;
};

/* `share` is in (0, 1): 0.95 is p95. */
void lim_quantile_init(struct lim_quantile *q, double share);

/* Adds a duration; below 0 is as 0. */
void lim_quantile_add(struct lim_quantile *q, int64_t ns);

/* Returns the quantile in ns; -1: too few are known. */
int64_t lim_quantile_get(struct lim_quantile *q);

#endif
