#ifndef LIM_GROUP_H
#define LIM_GROUP_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "limiter/index.h"
#include "limiter/pool.h"

/*
 * The organisations of one limit group: sorted into classes of equal limits,
 * an index each, and the search over all of them.  Internal to the pool.
 */

/* Rate limits bound these dimensions; a minute's window and a day's of one
   are charged alike. */
#define LIM_RATED (LIM_IMAGES + 1)
static_assert(LIM_MONEY == LIM_RATED, "they come first");

/* Where an organisation stands. */
struct lim_seat {
    struct lim_index *index; /* NULL: it does not serve the group */
    uint32_t leaf;
    int64_t charged[LIM_RATED]; /* units so far */
};

/* What is believed of one of its windows. */
struct lim_window_belief lim_seat_belief(const struct lim_seat *p,
                                         enum lim_limit limit, lim_time now);

/* What its limits allow on a dimension, in units a second; 0: not known. */
double lim_seat_rate(const struct lim_seat *p, enum lim_dimension d);

struct lim_group {
    struct lim_index **indexes; /* one for each class of equal limits */
    unsigned count;
    struct lim_index *mix;    /* of all of them, */
    bool mixed;               /* if it is; else each is searched alone */
    struct lim_index *winner; /* of the last choice, NULL: none; it is asked
                                 first, for its best mostly beats the others' */
    struct lim_seat *seats;   /* of each organisation of the pool */
    uint32_t *serving;        /* the organisations that serve the group */
    uint32_t serving_count;
    struct lim_first first;  /* for the last request that nobody could take, */
    struct lim_cost waiting; /* which cost that; it holds until something but */
    bool changed;            /* the time has changed */
    const double *weights;   /* of each organisation, and the largest */
    double weight_max;
    bool samples;                   /* are drawn */
    enum lim_discipline discipline; /* of the windows, */
    int64_t quantum_ns;
    double burst; /* and the share of a limit that a full one holds */
};

/*
 * Makes group number `group` of a configuration that lim_pool_new has
 * checked; `weights` (of each organisation) must outlive it.  False: out of
 * memory, and lim_group_fini is due all the same.
 */
bool lim_group_init(struct lim_group *g, const struct lim_config *config,
                    unsigned group, const double *weights);
void lim_group_fini(struct lim_group *g);

/* Has a new index, NULL is allowed, count as the group's do.  NULL: out of
   memory, and the index is gone. */
struct lim_index *lim_group_equip(struct lim_group *g, struct lim_index *x,
                                  lim_time now);

/* Mixes the classes, as they are now, if they may be. */
void lim_group_mix(struct lim_group *g);

/*
 * An organisation's limits are others now, so that it stands in another class:
 * windows whose limit stays keep their level, others are full.  `bursts` tells
 * what a full bucket of each window holds; 0, or NULL for all: the share that
 * the configuration has.  False: no memory, and nothing has changed.
 */
bool lim_group_move(struct lim_group *g, uint32_t organisation,
                    const struct lim_limits *limits, const int64_t *bursts,
                    lim_time now);

/* Tells whether some organisation could ever take `cost`. */
static inline bool lim_group_fits(const struct lim_group *g,
                                  const struct lim_cost *cost)
{
    for (unsigned i = 0; i < g->count; i++)
        if (lim_index_fits(g->indexes[i], cost))
            return true;
    return false;
}

/* Says why none could; NULL is allowed. */
void lim_group_explain(const struct lim_group *g, const struct lim_cost *cost,
                       struct lim_refusal *refusal);

/* Tells whether of some class no rate limit is known. */
bool lim_group_blind(const struct lim_group *g);

/* Chooses who takes a request now, as the query's strategy says, and returns
   `now`; or when somebody may take it; LIM_NEVER. */
lim_time lim_group_choose(struct lim_group *g, const struct lim_query *q,
                          uint32_t *organisation);

/* Likewise somebody else than `taken`, if somebody else may. */
bool lim_group_choose_other(struct lim_group *g, const struct lim_query *q,
                            uint32_t taken, uint32_t *organisation);

/* Returns who may take it first; LIM_FIRST_NOBODY. */
struct lim_first lim_group_earliest(const struct lim_group *g,
                                    const struct lim_query *q);

/* Returns when this one may; LIM_NEVER. */
lim_time lim_group_ready(const struct lim_group *g, uint32_t organisation,
                         const struct lim_query *q);

#endif
