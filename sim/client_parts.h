#ifndef SIM_CLIENT_PARTS_H
#define SIM_CLIENT_PARTS_H

#include <assert.h>

#include "limiter/pool.h"
#include "limiter/row.h"
#include "sim/account.h"
#include "sim/client.h"
#include "sim/intake.h"
#include "sim/ledger.h"
#include "sim/tally.h"

/*
 * What a client is made of, for the two files that work on it: client_make.c
 * makes it, client.c runs it.
 */
struct sim_job { /* a cache line, for many may wait */
    lim_id id;
    uint64_t request;
    lim_time arrival, admitted; /* it was due; the pool let it go */
    int64_t prompt_tokens, completion_tokens;
    uint32_t organisation;
    uint32_t user; /* of a closed loop */
    uint16_t source, workload;
    uint16_t attempt;
    bool here, flying; /* not yet at its end; sent, not yet answered */
};

static_assert(sizeof(struct sim_job) == LIM_CACHE_LINE, "a cache line");

struct sim_client {
    const struct sim_scenario *scenario;
    struct sim_watch watch;
    bool watched; /* by somebody */
    struct sim_gauge gauge;
    struct sim_intake intake;
    struct sim_account account;
    struct lim_pool *pool;
    struct sim_job *jobs; /* by slot; of `slots` there is something in them */
    void *memory;         /* where they are */
    bool hedges;
    lim_time start;
    lim_time latest; /* the run goes on no longer; arrivals may end before */
    struct sim_tally tally;
    struct sim_station system, flights; /* of requests, of attempts */
    uint32_t slots;                     /* that were ever used */
};

#endif
