#ifndef LIM_POOL_PARTS_H
#define LIM_POOL_PARTS_H

#include <assert.h>

#include "limiter/hedger.h"
#include "limiter/judge.h"
#include "limiter/lanes.h"
#include "limiter/members.h"
#include "limiter/pool.h"
#include "limiter/retrier.h"
#include "limiter/row.h"
#include "limiter/timerq.h"

/*
 * What a pool is made of, for the two files that work on it: pool_make.c makes
 * and shows it, pool.c runs it.  Where a request stands:
 *
 *     state        lane           timer               members
 *     FREE         -              -                   -
 *     WAITING      in its own     deadline, if any    -
 *     IN_FLIGHT    -              hedge, if any       counted, charged
 *     BACKING_OFF  -              next try            -
 *
 * One in flight has one attempt on its way, FIRST, or two, or the HEDGE alone.
 */
enum lim_state { FREE, WAITING, IN_FLIGHT, BACKING_OFF };

/* Attempts on their way, as bits; and whether there ever was a hedge. */
enum { FIRST = 1, HEDGE = 2, BOTH = FIRST | HEDGE, HEDGED = 4 };

/* A cache line, for many may wait; whose it is, its lane knows. */
struct lim_record {
    struct lim_cost cost;
    lim_time deadline;
    uint64_t number;
    union {
        uint64_t affinity;
        uint32_t next; /* of those that are free */
    };
    uint32_t generation;
    uint16_t attempt; /* tries so far, hedges as well */
    uint8_t group;
    uint8_t state;
};

static_assert(sizeof(struct lim_record) == LIM_CACHE_LINE, "a cache line");
static_assert(sizeof(struct lim_flight) == LIM_CACHE_LINE, "a cache line");
static_assert(LIM_GROUPS_MAX <= UINT8_MAX + 1, "a group's number");

/* Of a pool that hedges, beside the flight of a request. */
struct lim_pair {
    struct lim_flight hedge;
    uint8_t flying; /* FIRST and so on */
};

/*
 * Records and what else there is of each are first written when they are first
 * taken: a pool may have room for far more than it ever needs.
 */
struct lim_pool {
    struct lim_record *records;
    struct lim_flight *flights; /* by record: kept apart, so that a request
                                   that waits takes no memory for it */
    struct lim_pair *pairs;     /* likewise; NULL: it does not hedge */
    void *memory;               /* of the three */
    struct lim_hedger *hedger;
    uint32_t record_count;
    uint32_t used; /* records that were ever taken */
    uint32_t free; /* list by `next` of those given back */
    struct lim_lanes *lanes;
    unsigned groups, tenants;
    uint64_t waiting_max; /* UINT64_MAX: any number */
    bool shed_last;
    struct lim_members *members;
    struct lim_timerq *timers; /* by record */
    struct lim_retrier retrier;
    struct lim_judge judge;
    bool bounded; /* a cap or a pace holds for all */
    bool draws;   /* the strategy wants random bits */
    uint64_t draw_strategy;
    lim_time now, month_end;
    struct lim_counts counts;
};

/* Who was submitted is somewhere.  Checked where a request ends otherwise than
   well, and at the end of all. */
static inline void lim_pool_check(const struct lim_pool *p)
{
    const struct lim_counts *c = &p->counts;
    assert(c->submitted == c->waiting + c->in_flight + c->backing_off +
                               c->succeeded + c->failed + c->expired +
                               c->refused + c->cancelled);
    (void)c;
}

#endif
