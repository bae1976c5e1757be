#ifndef TESTS_POOL_MODEL_H
#define TESTS_POOL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/pool.h"
#include "tests/drawn_pool.h"
#include "tests/window_model.h"

/*
 * What a pool should believe and do, in plain lists: nothing of it is shared
 * with the pool.
 */

#define MODEL_ITEMS 120

struct item {
    lim_id id;
    enum { HERE, FLYING, GONE } state; /* HERE: waits or backs off */
    struct lim_request request;
    lim_time not_before;
    struct
    try {
        bool flying;
        lim_time sent_at;
        uint32_t organisation;
    }
    tries[2];                 /* the second is a hedge */
    unsigned attempt, hedges; /* attempts so far, and those of hedges */
};

struct place {
    struct window_model windows[LIM_WINDOWS];
    lim_time blocked;
};

struct run {
    const struct drawn *drawn;
    const struct lim_config *config;
    struct lim_pool *pool;
    struct dice dice;
    bool monotone; /* the clock is made so */
    const char *wrong;
    int line;
    uint64_t hash;
    struct item items[MODEL_ITEMS];
    unsigned count;
    struct place places[DRAWN_ORGANISATIONS][DRAWN_GROUPS];
    int64_t spent[DRAWN_ORGANISATIONS], flying[DRAWN_ORGANISATIONS];
    unsigned next_key[DRAWN_ORGANISATIONS];
    lim_time now, month_end;
    struct lim_counts counts; /* `waiting` includes who backs off */
    uint64_t firsts, retries;
    bool owed;     /* an answer took more than was charged, or put one out */
    bool quiet;    /* nothing but time since lim_next said no */
    lim_time wake; /* which lim_wakeup said then */
    unsigned vain; /* wakeups in a row that brought nothing */
};

/* A run whose `drawn` and `config` are set; the rest is zero. */
void model_start(struct run *r);

/*
 * Time passes, or is said to step back: returns what the pool is told.  A new
 * month begins with the money of what is in flight.
 */
lim_time model_pass(struct run *r, lim_time to);

/* Tells whether an organisation could ever take `cost` in a group. */
bool model_fits(const struct run *r, unsigned o, unsigned g,
                const struct lim_cost *cost);

/* When windows, blocks and money let a cost that fits through. */
lim_time model_ready(struct run *r, unsigned o, unsigned g,
                     const struct lim_cost *cost);

/* Tells whether the fixed caps leave room for one more. */
bool model_room(const struct run *r, unsigned o);

/* Tells whether a cost may go there now. */
bool model_may_go(struct run *r, unsigned o, unsigned g,
                  const struct lim_cost *cost);

/* Charges the windows; corrects what was charged at `sent_at`. */
void model_charge_all(struct run *r, unsigned o, unsigned g,
                      const struct lim_cost *take);
void model_settle_all(struct run *r, unsigned o, unsigned g,
                      const struct lim_cost *take, const struct lim_cost *give,
                      lim_time sent_at);

/* Nothing goes there before, in one group or in all. */
void model_block(struct run *r, unsigned o, unsigned g, lim_time until);
void model_block_all(struct run *r, unsigned o, lim_time until);

#endif
