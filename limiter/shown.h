#ifndef LIM_SHOWN_H
#define LIM_SHOWN_H

#include "limiter/group.h"
#include "limiter/members.h"
#include "limiter/pupils.h"

/*
 * What an answer shows of an organisation's windows.  Internal to the pool.
 *
 * Headers show the one of a dimension's windows, of the minute or of the day,
 * that takes longer to be full.
 */
struct lim_answer {
    const struct lim_feedback *feedback;
    const struct lim_cost *cost; /* of its request */
    const struct lim_mark *mark; /* of when that was sent, */
    const int64_t *meters;       /* also that of meters, where windows are */
    bool admitted, refused;      /* by a limit; neither: not known */
};

/* Limits are known: tells whether all that is shown is believed already, as it
   mostly is; false: it may be. */
bool lim_shown_believed(const struct lim_seat *p, const struct lim_mark *mark,
                        const struct lim_feedback *f);

/* Likewise, and a belief that is too high is lowered. */
void lim_shown_heed(struct lim_seat *p, const struct lim_answer *a,
                    lim_time now);

/* Limits are learned.  True: the organisation may be ready earlier. */
bool lim_shown_learn(struct lim_pupils *b, uint32_t organisation,
                     const struct lim_seat *p, const struct lim_answer *a,
                     lim_time now);

#endif
