#ifndef SIM_DRAWS_H
#define SIM_DRAWS_H

#include <stdint.h>

#include "limiter/rng.h"
#include "sim/dist.h"

/*
 * The variates of one distribution for items that are mostly asked for in
 * order.  Some are made ahead: one alone is a long chain of operations, each
 * of which waits for the last, and the chains of neighbours overlap.
 *
 * What is told of an item depends on its key and on nothing that was asked
 * before.
 */
#define SIM_DRAWS_AHEAD SIM_DIST_PART

struct sim_draws { /* fields are private */
    struct sim_dist dist;
    uint64_t base;   /* added to an item before it is mixed; of items, their
                        stream */
    uint64_t key;    /* mixed: what all have in common */
    uint64_t mirror; /* bits that are turned over */
    double most;     /* of whole numbers; 0: they are not rounded */
    double rate;     /* of gaps in ns; 0: they are as drawn */
    uint64_t first;  /* item of value[0] */
    uint64_t last;   /* item asked for that was not there */
    double value[SIM_DRAWS_AHEAD];
};

/* Item i is drawn by lim_rng_draw(stream, i, 0): a size of request i. */
void sim_draws_of_items(struct sim_draws *d, const struct sim_dist *dist,
                        uint64_t stream);

/* Item i is drawn by lim_rng_draw(stream, one, i): gap i of workload `one`. */
void sim_draws_of_one(struct sim_draws *d, const struct sim_dist *dist,
                      uint64_t stream, uint64_t one);

/* From now on each bit is turned over: what was drawn by u is drawn by 1 - u.
   Before the first draw. */
void sim_draws_mirror(struct sim_draws *d);

/* From now on they are whole: those above 0 are rounded, to 1 at least, and at
   most `most`, 0 < most < 2^31; others are 0.  Before the first draw. */
void sim_draws_whole(struct sim_draws *d, double most);

/* From now on they are gaps between events of such a rate: ns, which are drawn
   as multiples of their mean; at most SIM_DRAWS_NS_MAX.  Before the first
   draw. */
#define SIM_DRAWS_NS_MAX 0x1p62
void sim_draws_of_rate(struct sim_draws *d, double rate_per_s);

/* What sim_draws_at does when the item is not there yet. */
double sim_draws_make(struct sim_draws *d, uint64_t item);

/* Returns the variate of an item. */
static inline double sim_draws_at(struct sim_draws *d, uint64_t item)
{
    if (item - d->first < SIM_DRAWS_AHEAD)
        return d->value[item - d->first];
    return sim_draws_make(d, item);
}

/* Returns the variate that lim_rng_draw(stream, item, index) draws, of those
   of items. */
double sim_draws_alone(const struct sim_draws *d, uint64_t item,
                       uint64_t index);

/* The same; mostly it is asked for by index 0: what a request draws at its
   first attempt, and at others. */
static inline double sim_draws_again(struct sim_draws *d, uint64_t item,
                                     uint64_t index)
{
    return index == 0 ? sim_draws_at(d, item) : sim_draws_alone(d, item, index);
}

#endif
