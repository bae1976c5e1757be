#ifndef LIM_JUDGE_H
#define LIM_JUDGE_H

#include <stdbool.h>

#include "limiter/members.h"
#include "limiter/pool.h"

/*
 * What the answer to an attempt means for the organisation that gave it: it is
 * no longer in flight there, its charge is settled, what it shows of the
 * limits is believed, and who is out is blocked.  Internal to the pool.
 */
struct lim_judge {
    struct lim_members *members; /* lent */
    enum lim_belief belief;
    bool settle; /* real use is settled */
    bool lossy;  /* what may take a request now may never do so later */
};

/* An attempt on its way. */
struct lim_flight {
    struct lim_mark mark;
    int64_t wait; /* of its request, the last between two tries */
    uint32_t organisation;
};

/* True: the organisation may be ready earlier. */
bool lim_judge_answer(struct lim_judge *j, const struct lim_flight *f,
                      const struct lim_asked *a, const struct lim_outcome *o,
                      lim_time now);

/* Nobody waits for the answer any more: what was charged stays so, for how
   much it takes is not known.  True: likewise. */
bool lim_judge_abandoned(struct lim_judge *j, const struct lim_flight *f,
                         const struct lim_asked *a, lim_time now);

#endif
