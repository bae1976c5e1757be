#ifndef LIM_SHOWN_H
#define LIM_SHOWN_H

#include "limiter/group.h"
#include "limiter/members.h"

/*
 * What the headers of an answer show of windows whose limits are known: a
 * belief that is too high is lowered.  They show the one of a dimension's
 * windows, of the minute or of the day, that takes longer to be full.
 * Internal to the pool.
 *
 * `marks` is what meters kept of the request when it was sent (unless all
 * windows are buckets); `refused` is its cost, if a limit refused it, and
 * NULL if it was taken or that is not known.
 */
void lim_shown_heed(struct lim_seat *p, const struct lim_mark *mark,
                    const int64_t *marks, const struct lim_feedback *f,
                    const struct lim_cost *refused, lim_time now);

#endif
