#ifndef SIM_CLIENT_PARTS_H
#define SIM_CLIENT_PARTS_H

#include "limiter/pool.h"
#include "sim/account.h"
#include "sim/arrivals.h"
#include "sim/client.h"
#include "sim/ledger.h"
#include "sim/sizes.h"
#include "sim/tally.h"

/*
 * What a client is made of, for the two files that work on it: client_make.c
 * makes it, client.c runs it.
 */
struct sim_job {
    lim_id id;
    struct lim_cost cost;
    uint64_t request;
    lim_time arrival, sent, first_token;
    int64_t prompt_tokens, completion_tokens;
    uint32_t organisation;
    uint32_t user; /* of a closed loop */
    uint16_t source, workload;
    uint16_t attempt;
    bool here, flying; /* not yet at its end; sent, not yet answered */
};

struct sim_newcomer { /* a request that arrives */
    uint64_t request;
    lim_time arrival;
    int64_t prompt_tokens, completion_tokens;
    uint32_t user;
    uint16_t source, workload;
};

struct sim_client {
    const struct sim_scenario *scenario;
    struct sim_watch watch;
    struct sim_gauge gauge;
    struct sim_source *sources; /* one a workload */
    struct sim_sizes *sizes;    /* likewise */
    struct sim_account account;
    struct lim_pool *pool;
    struct sim_job *jobs; /* by slot; of `slots` there is something in them */
    bool hedges;
    uint64_t draw_prompt, draw_share;
    double shares;       /* of all workloads */
    uint64_t requests;   /* that arrived */
    lim_time start, end; /* end: no arrivals from then */
    int source;          /* whose request comes next; -1: none comes */
    lim_time arrival;    /* when; LIM_NEVER */
    struct sim_tally tally;
    struct sim_station system, flights; /* of requests, of attempts */
    uint32_t slots;                     /* that were ever used */
};

/* Finds whose request comes next, before the end. */
void sim_client_find_source(struct sim_client *c);

#endif
