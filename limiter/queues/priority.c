/*
 * priority: the more urgent first, with linear aging.  Each step of priority
 * is worth a head start of `aging`: at 10 s one of priority 2 goes before one
 * of priority 0 that came up to 20 s earlier.  Differences do not change
 * while both wait, so the rank need never be renewed.
 *
 * Source: dynamic priorities by urgency and time of coming (Jackson 1960).
 * Starving: nobody is passed by who comes more than 9 x aging later.
 * Pitfall: without aging, urgent work at full load shuts out all other;
 * with much of it queued the head start shows, not the share: use `fair` to
 * divide.
 */

#include "limiter/queues/queues.h"

static lim_time rank(const struct lim_waiting *w, int64_t aging_ns)
{
    return w->since - w->priority * aging_ns;
}

const struct lim_queue lim_queue_priority = {
    .name = "priority",
    .summary = "the more urgent first; a step is worth a time of waiting",
    .aging_default_ns = 10 * LIM_SEC,
    .rank = rank,
};
