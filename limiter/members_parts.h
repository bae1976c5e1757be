#ifndef LIM_MEMBERS_PARTS_H
#define LIM_MEMBERS_PARTS_H

#include <assert.h>

#include "limiter/members.h"
#include "limiter/pupils.h"
#include "limiter/row.h"
#include "limiter/throttle.h"

/*
 * What members are made of, for the two files that work on them:
 * members_make.c makes them, members.c asks and charges them.
 */
struct lim_member {
    unsigned keys, next_key;
    uint32_t in_flight;
    int priority;
    int64_t sent, spent;
    int64_t reserved; /* of `spent`, by what is in flight */
    int64_t limit;    /* most in flight; LIM_UNLIMITED */
    int64_t key;      /* the strategy's */
    double price;
};

static_assert(sizeof(struct lim_member) == LIM_CACHE_LINE, "a cache line");

/* Of what was charged, the units of requests that have left. */
struct lim_gone {
    int64_t units[LIM_RATED];
};

struct lim_members {
    struct lim_member *members;
    void *memory; /* where they are, a cache line each */
    uint32_t count;
    struct lim_group *groups;
    unsigned group_count;
    struct lim_pupils **pupils; /* by group; NULL: nothing is learned */
    struct lim_throttle *throttle;
    const struct lim_strategy *strategy;
    void *strategy_state;
    double *weights, weight_sum;
    int64_t *marks; /* of meters, LIM_WINDOWS a flight; NULL: all are buckets */
    struct lim_gone *gone; /* by group, organisation; NULL: nobody tells */
    uint32_t *in_flight;   /* by organisation; NULL: no samples are compared */
    bool capped;           /* organisations have caps */
    bool keeps_in_flight, keeps_sent, keeps_spent;
    bool has_in_flight_row; /* the strategy reads it */
    bool listens;           /* the throttle does */
    bool bounded; /* caps, the throttle or pupils bound what is in flight */
    bool hears_sent, hears_ended; /* somebody wants to know of attempts, too */
    lim_time month_end;
    struct lim_query query; /* what stays of it, and the last one */
};

/* Writes the first caps and keys. */
void lim_members_start(struct lim_members *m, lim_time now);

#endif
