#ifndef LIM_QUEUES_H
#define LIM_QUEUES_H

#include "limiter/queue.h"

/* One file each; the list is in limiter/queue.c. */
extern const struct lim_queue lim_queue_deadline;
extern const struct lim_queue lim_queue_fair;
extern const struct lim_queue lim_queue_fifo;
extern const struct lim_queue lim_queue_priority;
extern const struct lim_queue lim_queue_shortest;

#endif
