#ifndef LIM_STRATEGY_H
#define LIM_STRATEGY_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/window.h"

/*
 * A strategy says which of the organisations that may take a request now
 * takes it: the one with the smallest score, and of equal ones the first.
 *
 * Organisations of equal limits stand in a tree of blocks of eight.  In a
 * leaf block a column is an organisation; above, a column is a block, and
 * each of its values is the smallest of those below.  The same score runs on
 * both: because it never falls when a value rises, the score of a block is a
 * bound for all in it, and the search skips what cannot win.  That is the one
 * rule a strategy must keep.  (A test plays every strategy against a plain
 * loop over all organisations.)
 *
 * Who is eligible is not its business: cooling organisations, full caps and
 * windows that do not admit the request have been left out.
 */

#define LIM_BLOCK 8 /* columns of a block */

enum lim_value {
    /* 0 to LIM_WINDOWS - 1: when that window's bucket is full (lim_time) */
    LIM_VALUE_BLOCKED = LIM_WINDOWS, /* takes nothing before (lim_time) */
    LIM_VALUE_IN_FLIGHT,             /* requests sent and not answered */
    LIM_VALUE_SENT,                  /* requests sent so far */
    LIM_VALUE_SPENT,                 /* micro-dollars spent this month */
    LIM_VALUES
};

struct lim_block {
    int64_t value[LIM_VALUES][LIM_BLOCK];
};

/* A request before a block. */
struct lim_view {
    const struct lim_block *block;
    const uint32_t *first;        /* of each column, the lowest ... */
    const uint32_t *last;         /* ... and highest organisation in it */
    unsigned columns;             /* in use, 1 to LIM_BLOCK */
    uint32_t organisations;       /* in the whole pool */
    const struct lim_rate *rates; /* by window: the limits, */
    const int64_t *span;          /* the request's cost in ns, */
    const int64_t *scale;         /* 2^62 / ns of a full bucket, */
    const unsigned *windows;      /* and which of them there are */
    unsigned window_count;
    uint64_t draw; /* random bits of this request */
    lim_time now;
};

#define LIM_STRATEGY_ABI 1

struct lim_strategy {
    const char *name;
    const char *summary; /* one line, for --list */
    unsigned abi;        /* LIM_STRATEGY_ABI */
    size_t state_size;   /* bytes of state in a pool, from zero */
    /* Values beside the windows that it reads, as 1 << value: always, and
       where no limit is known.  Nobody else keeps them up to date. */
    unsigned reads, reads_blind;

    /* Writes the score of each column of the view. */
    void (*score)(const void *state, const struct lim_view *v,
                  int64_t score[LIM_BLOCK]);

    /* The request went to `organisation`; may be NULL. */
    void (*sent)(void *state, uint32_t organisation);
};

/* The strategies of this library; ends with NULL. */
extern const struct lim_strategy *const lim_strategies[];

/* Returns the strategy of that name, or NULL. */
const struct lim_strategy *lim_strategy_find(const char *name);

#endif
