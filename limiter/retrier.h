#ifndef LIM_RETRIER_H
#define LIM_RETRIER_H

#include <stdint.h>

#include "limiter/budget.h"
#include "limiter/pool.h"

/*
 * Whether a request whose attempt failed is tried again, and after how long:
 * the failure's class, the number of tries, the back-off, the hint and the
 * budget.  Internal to the pool.
 */
#define LIM_HINT_EXTRA LIM_MSEC /* the wire cuts hints to ms */

struct lim_retrier {
    struct lim_retry policy;
    struct lim_budget budget;
    enum lim_belief belief;
    uint64_t draws;
};

/* From a configuration that lim_pool_new has checked. */
void lim_retrier_init(struct lim_retrier *r, const struct lim_config *config);

/*
 * An attempt of request `number` failed; `attempt` came before it, after a
 * wait of `previous_ns`.  LIM_REASON_NONE: there is another after `*wait_ns`;
 * else why there is none.
 */
enum lim_reason lim_retrier_plan(struct lim_retrier *r,
                                 const struct lim_outcome *o, uint64_t number,
                                 unsigned attempt, int64_t previous_ns,
                                 int64_t *wait_ns);

#endif
