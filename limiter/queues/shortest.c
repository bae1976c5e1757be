/*
 * shortest: the fewest estimated tokens first, with aging.  A thousand
 * tokens more are worth a wait of `aging`: at 1 s one of 500 tokens goes
 * before one of 8000 that came up to 7.5 s earlier.
 *
 * Source: the shortest first has the least mean wait (Smith 1956).
 * Starving: a request of n tokens is passed by nobody who comes more than
 * n x aging / 1000 later.  Pitfall: it is paid for by the large ones, whose
 * wait is what users tell of; and estimates hold max_tokens, not the reply
 * that comes.
 */

#include "limiter/queues/queues.h"

static lim_time rank(const struct lim_waiting *w, int64_t aging_ns)
{
    int64_t room = LIM_NEVER - (w->since > 0 ? w->since : 0);
    int64_t thousands = w->tokens / 1000;
    if (aging_ns > 0 && thousands >= room / aging_ns)
        return LIM_NEVER;
    int64_t rest = w->tokens % 1000;
    int64_t part = aging_ns / 1000 * rest + aging_ns % 1000 * rest / 1000;
    return w->since + thousands * aging_ns + part;
}

const struct lim_queue lim_queue_shortest = {
    .name = "shortest",
    .summary = "the fewest tokens first; a thousand are worth a wait",
    .aging_default_ns = LIM_SEC,
    .rank = rank,
};
