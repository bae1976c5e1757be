#ifndef LIM_MEMBERS_PARTS_H
#define LIM_MEMBERS_PARTS_H

#include "limiter/member.h"
#include "limiter/members.h"
#include "limiter/pupils.h"
#include "limiter/throttle.h"

/*
 * What members are made of, for the two files that work on them:
 * members_make.c makes them, members.c asks and charges them.
 */
struct lim_trait {
    int64_t sent;  /* so far, if somebody wants to know */
    int64_t limit; /* most in flight; LIM_UNLIMITED */
    int64_t key;   /* the strategy's */
    double price;
};

/* Of what was charged, the units of requests that have left. */
struct lim_gone {
    int64_t units[LIM_RATED];
};

struct lim_members {
    struct lim_member *members;
    struct lim_trait *traits;
    void *memory; /* where the members are */
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
    bool capped;           /* organisations have caps */
    bool keeps_in_flight, keeps_sent, keeps_spent; /* as rows */
    bool listens;                                  /* the throttle does */
    bool bounded; /* caps, the throttle or pupils bound what is in flight */
    bool hears_sent, hears_ended; /* somebody wants to know of attempts, too */
    lim_time month_end;
    struct lim_query query; /* what stays of it, and the last one */
};

/* Writes the first caps and keys. */
void lim_members_start(struct lim_members *m, lim_time now);

#endif
