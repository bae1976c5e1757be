#ifndef LIM_TREE_H
#define LIM_TREE_H

#include <assert.h>

#include "limiter/cold.h"
#include "limiter/index.h"
#include "limiter/row.h"

/*
 * What an index is made of, for the four files that work on it: index.c keeps
 * it, terms.c puts a cost into its terms, search.c asks it, mix.c makes one of
 * several.
 *
 * A value that falls is pushed up at once.  One that rises, and may have been
 * the least of its block, only makes the block's column above stale: what
 * stands there is a bound still, and whoever opens that block next sets it
 * right.  So those who are taken in turn or by lot cost no walk at all.
 * Where a value is stale in a column, it is in each above it, too.
 */
#define LIM_VALUE_JOINT LIM_VALUES /* above: see lim_joint */
#define LIM_TREE_VALUES (LIM_VALUES + 1)
#define LIM_BLOCK_BITS (64 - LIM_SCORE_BITS)

static_assert(LIM_TREE_VALUES <= 16, "a bit for each");
static_assert(LIM_BLOCK == 1 << LIM_BLOCK_BITS, "a column's number");
static_assert(LIM_BLOCK * sizeof(int64_t) == 2 * LIM_CACHE_LINE,
              "two cache lines");

#define LIM_LEVELS_MAX 7        /* 16^6 organisations: more than there may be */
#define LIM_FAR (INT64_MAX / 2) /* the year 2116; room to add to */

/* Of a block above: which values may be stale, as 1 << value, and in which
   columns. */
struct lim_stale {
    uint16_t values;
    uint16_t columns;
};

struct lim_block {
    int64_t value[LIM_TREE_VALUES][LIM_BLOCK];
};

struct lim_level {
    void *memory; /* where the blocks are, a row a cache line */
    struct lim_block *blocks;
    struct lim_stale *stale; /* of each block; nothing is, in leaves */
    uint32_t *first, *last;  /* organisation numbers by column */
    uint32_t columns;        /* in use over all blocks */
};

/*
 * A cost in the index's own terms.  It is kept until another cost comes: who
 * has been chosen for a request is charged for it next.
 */
struct lim_terms {
    struct lim_cost cost;
    bool fits; /* it ever may: the windows and the month's spend */
    unsigned taken[LIM_WINDOWS + 1]; /* the windows that it takes from, and
                                        LIM_WINDOWS */
    unsigned rises;                  /* what rises with it, as 1 << value */
    struct lim_span span[LIM_WINDOWS];
    int64_t span_ns[LIM_WINDOWS]; /* likewise, for strategies */
    int64_t need[LIM_WINDOWS];    /* ns from a bucket's being full to its
                                     having room for the cost; mostly < 0.
                                     Rounded down, with the windows' own
                                     fractions left out: at most 2 ns early.
                                     With meters: any time early */
};

/* An index that is part of a mixed one: see limiter/mix.h. */
struct lim_part {
    struct lim_index *index;
    unsigned height;           /* of its columns: 0: they are leaves, 1: blocks
                                  of them, 2: blocks of these, ... */
    uint8_t column[LIM_BLOCK]; /* in the whole, of each of its own; */
    uint16_t columns;          /* which there are, as 1 << column */
};

/* What a mixed index has beside. */
struct lim_mix {
    struct lim_rows rows;
    int64_t part_of[LIM_BLOCK]; /* the number of each column's part; -1 */
    int64_t bar[LIM_BLOCK];     /* LIM_NEVER: the request never fits there */
    int64_t usual[LIM_WINDOWS][LIM_BLOCK]; /* as of its index; -LIM_FAR where
                                              that does not join a window */
    uint32_t beneath[LIM_BLOCK];     /* which of the part's columns it is */
    unsigned joint[LIM_WINDOWS + 1]; /* windows that some part joins */
    bool barred;                     /* some column is */
    bool leaves;                     /* the columns are leaves */
    struct lim_part parts[LIM_BLOCK];
    unsigned count;
    void *memory; /* where this is, a row a cache line */
};

struct lim_index {
    struct lim_rate rates[LIM_WINDOWS];
    int64_t scale[LIM_WINDOWS];
    unsigned windows[LIM_WINDOWS + 1]; /* those that there are; LIM_WINDOWS */
    unsigned window_count;
    unsigned joint[LIM_WINDOWS + 1]; /* those of one length, if they are more
                                        than one; LIM_WINDOWS */
    int64_t usual[LIM_WINDOWS];      /* ns of a usual request, of these: once
                                        the lower quartile that was known */
    int64_t quartile[LIM_WINDOWS];   /* it now, after so many costs */
    uint64_t costs;
    unsigned fractions; /* windows whose rate has a remainder, as 1 << window:
                           the others are full at whole ns */
    int64_t early; /* by how much a leaf may be ready later than its rows say,
                       for its fractions or its meters; 0: they are exact */
    struct lim_meters *meters; /* NULL: the windows are the rows */
    bool unordered;            /* leaves are in no order */
    unsigned wary;             /* searches until the next one is eager */
    struct lim_mix *mix;       /* it is mixed; NULL: it is not */
    struct lim_stale moved;    /* it is part of one: what has changed since that
                                  looked, in columns of 1 << moved_shift */
    unsigned moved_shift;      /* leaves each */
    bool watched;              /* `latest` is kept */
    bool *changed;             /* see lim_index_tell; */
    bool unheard;              /* nobody listens */
    int64_t largest[LIM_DIMENSIONS]; /* cost that fits; if mixed: all of it */
    int64_t spend_max;
    int64_t spend_left; /* of what costs no more, nobody's month is full */
    uint32_t all;
    unsigned level_count;
    struct lim_level levels[LIM_LEVELS_MAX]; /* 0: the leaves; the last above
                                                them is one column, the root */
    int64_t *fraction;                       /* of each leaf's windows */
    uint32_t count, vacant; /* leaves in use, list of the others */
    /* A bound that time overtakes: no leaf's window is full later, nobody is
       blocked for longer. */
    lim_time latest[LIM_VALUE_BLOCKED + 1];
    struct lim_terms terms; /* of the last cost */
    struct lim_view view;   /* for scores: what stays, and the last question */
};

/* Writes the terms of a cost that is not the last one. */
void lim_index_reckon(struct lim_index *x, const struct lim_cost *cost);

/* Of a mixed one: what an amount comes to in each part, of one window; and
   then, where the cost does not fit all, whether it fits anywhere: where it
   never does, nothing goes. */
void lim_mix_reckon(struct lim_mix *m, unsigned window, int64_t amount);
bool lim_mix_bar(struct lim_mix *m, const struct lim_cost *cost);

/* And has it see what its parts have come to be; the request has been put
   before it. */
void lim_mix_refresh(struct lim_index *whole);

/* No cost is the last one any more. */
void lim_index_forget(struct lim_index *x);

/* Sets all joint values, for what is usual has changed. */
void lim_index_rejoin(struct lim_index *x);

/* Sets a block of level 1 or above right: no column of it is stale then. */
void lim_index_freshen(struct lim_index *x, unsigned level, uint32_t block);

/* Whether there are more leaves than one block of them. */
static inline bool lim_index_has_root(const struct lim_index *x)
{
    return x->level_count > 1;
}

/* The level of the one block that is opened first. */
static inline unsigned lim_index_top(const struct lim_index *x)
{
    return lim_index_has_root(x) ? x->level_count - 2 : 0;
}

static inline uint32_t lim_blocks_of(uint32_t columns)
{
    return (columns + LIM_BLOCK - 1) / LIM_BLOCK;
}

/* Whether it is one block, in the order of organisations. */
static inline bool lim_index_is_block(const struct lim_index *x)
{
    return x->level_count == 1 && !x->unordered;
}

/* Whether somebody's month may be full for a request of such a cost; where
   spend is not limited, nobody's is. */
static inline bool lim_index_may_overspend(const struct lim_index *x,
                                           const struct lim_cost *cost)
{
    return cost->amount[LIM_MONEY] > x->spend_left;
}

static inline int64_t lim_lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Some leaf has this value now. */
static inline void lim_index_note(struct lim_index *x, unsigned value,
                                  lim_time at)
{
    if (x->watched && at > x->latest[value])
        x->latest[value] = at;
}

/* The smallest of a row.  Its halves first: registers of 32 bytes would be
   compared one after the other else. */
static inline int64_t lim_row_least(const int64_t value[LIM_BLOCK])
{
    enum { HALF = LIM_BLOCK / 2 };
    int64_t half[HALF], least = INT64_MAX;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < HALF; i++)
        half[i] = lim_lesser(value[i], value[i + HALF]);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < HALF; i++)
        least = lim_lesser(half[i], least);
    return least;
}

/* The smallest of a value in a block; in leaves the joint one is reckoned. */
static inline int64_t lim_block_least(const struct lim_index *x,
                                      const struct lim_block *b, bool leaves,
                                      unsigned value)
{
    int64_t latest[LIM_BLOCK];
    if (!leaves || value != LIM_VALUE_JOINT)
        return lim_row_least(b->value[value]);
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        latest[i] = -LIM_FAR;
    for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++) {
        const int64_t *row = b->value[*w], usual = x->usual[*w];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            int64_t full = row[i] + usual;
            latest[i] = full > latest[i] ? full : latest[i];
        }
    }
    return lim_row_least(latest);
}

/* The terms of a cost, good until the next one's are asked for. */
LIM_IN_PLACE static const struct lim_terms *lim_index_terms(
    struct lim_index *x, const struct lim_cost *cost)
{
    const int64_t *a = x->terms.cost.amount, *b = cost->amount;
    int64_t other = 0;
    for (int d = 0; d < LIM_DIMENSIONS; d++)
        other |= a[d] ^ b[d];
    if (other != 0)
        lim_index_reckon(x, cost);
    return &x->terms;
}

#endif
