/*
 * fifo: first come, first served.
 *
 * Source: the oldest of all; of those that do not look at sizes it has the
 * least variance of waits (Kingman 1962).  Starving: a request goes after
 * those that came before it.  Pitfall: one large request at the head lets
 * small ones wait that would fit (of its own limit group; others pass).
 */

#include "limiter/queues/queues.h"

const struct lim_queue lim_queue_fifo = {
    .name = "fifo",
    .summary = "first come, first served",
};
