/*
 * deadline: the earliest deadline first; who has none is taken to have one
 * `aging` after its coming.
 *
 * Source: on one server it meets all deadlines if any order does (Jackson
 * 1955; Liu and Layland 1973).  Starving: nobody is passed by who comes
 * after its deadline (or after its coming + aging).  Pitfall: under overload
 * it serves those that are about to be late, so that all become late; bound
 * the queue, and shed the last.
 */

#include "limiter/queues/queues.h"

static lim_time rank(const struct lim_waiting *w, int64_t aging_ns)
{
    if (w->deadline != LIM_NEVER)
        return w->deadline;
    return w->since < LIM_NEVER - aging_ns ? w->since + aging_ns : LIM_NEVER;
}

const struct lim_queue lim_queue_deadline = {
    .name = "deadline",
    .summary = "the earliest deadline first",
    .aging_default_ns = LIM_MIN,
    .rank = rank,
};
