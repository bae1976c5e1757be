#ifndef LIM_QUEUE_H
#define LIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/time.h"

/*
 * A queue discipline gives every request that begins to wait a rank, which
 * stays: the smallest is first, and of equal ones who came first.  A rank
 * holds the time of coming, so what waits long enough is first in the end:
 * nothing starves.  Each file in limiter/queues/ is one.
 *
 * It has no state: a request waits, is sent or given up, and may come back
 * with its old rank after a back-off; the pool owns the queues.  A struct
 * lim_queue is constant and outlives the pools that use it.
 */
struct lim_waiting {
    lim_time since;    /* when it was submitted */
    int priority;      /* 0 to 9, higher is more urgent */
    lim_time deadline; /* LIM_NEVER: none */
    int64_t tokens;    /* its estimated cost */
};

struct lim_queue {
    const char *name;
    const char *summary; /* one line, for --list */
    bool fair;           /* a lane for each tenant, served in turn */
    /* `aging_ns`: how long a wait is worth one step: of priority, or of a
       thousand tokens.  For the deadline discipline: the deadline, after its
       coming, of who has none.  0 to LIM_AGING_MAX. */
    int64_t aging_default_ns;
    /* NULL: in the order of coming, but who returns goes before who was
       never sent; must be so if `fair`. */
    lim_time (*rank)(const struct lim_waiting *w, int64_t aging_ns);
};

#define LIM_PRIORITIES 10
#define LIM_AGING_MAX (1000 * LIM_DAY)

/* The disciplines of this library; ends with NULL. */
extern const struct lim_queue *const lim_queues[];

/* Returns the discipline of that name, or NULL. */
const struct lim_queue *lim_queue_find(const char *name);

#endif
