#include "limiter/queue.h"

#include <string.h>

#include "limiter/queues/queues.h"

const struct lim_queue *const lim_queues[] = {
    &lim_queue_fifo,     &lim_queue_priority, &lim_queue_shortest,
    &lim_queue_deadline, &lim_queue_fair,     NULL,
};

const struct lim_queue *lim_queue_find(const char *name)
{
    for (size_t i = 0; lim_queues[i] != NULL; i++)
        if (strcmp(lim_queues[i]->name, name) == 0)
            return lim_queues[i];
    return NULL;
}
