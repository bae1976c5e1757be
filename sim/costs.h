#ifndef SIM_COSTS_H
#define SIM_COSTS_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"
#include "sim/bound.h"

/*
 * How often each cost came: a table of those that differ, so that a day's
 * millions of requests take the room of their few thousand sizes.
 */
struct sim_costs {  /* all zeros: empty; fields are private */
    uint64_t count; /* of all */
    struct sim_cost_count {
        int64_t cost;
        uint64_t count; /* 0: the place is free */
    } * table;
    struct sim_cost_count *last; /* the one that came last; NULL: none */
    size_t room;                 /* 0 or a power of 2 */
    size_t used;
};

/* What sim_costs_add does with a cost that is not the last once more. */
int sim_costs_find(struct sim_costs *c, int64_t cost);

/* Counts a cost >= 0.  LIM_OK or LIM_ENOMEM. */
static inline int sim_costs_add(struct sim_costs *c, int64_t cost)
{
    if (c->last == NULL || c->last->cost != cost)
        return sim_costs_find(c, cost);
    c->last->count++;
    c->count++;
    return LIM_OK;
}

void sim_costs_fini(struct sim_costs *c);

/*
 * The runs of equal costs, in rising order, for sim_demand; `*n` of them.
 * NULL: no memory, or there is no cost.  The caller frees them.
 */
struct sim_run *sim_costs_runs(const struct sim_costs *c, size_t *n);

#endif
