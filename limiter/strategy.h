#ifndef LIM_STRATEGY_H
#define LIM_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/window.h"

/*
 * A strategy says which of the organisations that may take a request now
 * takes it: the one with the smallest score, and of equal ones the first.
 * With `samples` n > 0 only n of them, drawn at random, are compared, and each
 * is shown alone: a view of one column.
 *
 * Organisations of equal limits stand in a tree of blocks of sixteen.  In a
 * leaf block a column is an organisation; above, a column is a block, and
 * each of its values is the smallest of those below, or less.  The same score
 * runs on both: because it never falls when a value rises, the score of a
 * block is a bound for all in it, and the search skips what cannot win.  That
 * is the one rule a strategy must keep; one that cannot returns the least
 * score for columns of more than one organisation (first < last), and all are
 * looked at.  (A test plays every strategy against a plain loop.)
 *
 * Who is eligible is not its business: cooling organisations, full caps and
 * windows that do not admit the request have been left out.
 *
 * What a strategy remembers of each organisation is one number, its key,
 * which stands among the values; further state is its own.
 *
 * A struct lim_strategy is constant and outlives the pools that use it.  Each
 * pool owns the state of its strategy: zeros at first, passed to every
 * function, freed with the pool.  Views, events and what they point to are
 * lent for the length of a call.  A strategy allocates nothing, reads no clock
 * and draws no random numbers of its own, so that a run can be repeated; pools
 * of several threads may call it at the same time.
 *
 * One of your own is given to lim_pool_new as the `strategy` of its
 * configuration; `tierlab bench --strategy` (sim and run, too) loads one from a
 * shared object, as the constant lim_plugin_strategy.
 */

#define LIM_BLOCK 16 /* columns of a block */
#define LIM_SAMPLES_MAX 8

/* What a score may be: the search has the column's number below it. */
#define LIM_SCORE_BITS 60
#define LIM_SCORE_LEAST (-(INT64_C(1) << (LIM_SCORE_BITS - 1)))
#define LIM_SCORE_MOST (-(LIM_SCORE_LEAST + 2))

enum lim_value {
    /* 0 to LIM_WINDOWS - 1: when that window's bucket is full (lim_time) */
    LIM_VALUE_BLOCKED = LIM_WINDOWS, /* takes nothing before (lim_time) */
    LIM_VALUE_OVER,                  /* in flight less the cap: below 0 */
    LIM_VALUE_IN_FLIGHT,             /* requests sent and not answered */
    LIM_VALUE_SENT,                  /* requests sent so far */
    LIM_VALUE_SPENT,                 /* micro-dollars spent this month */
    LIM_VALUE_KEY,                   /* the strategy's own */
    LIM_VALUES
};

/*
 * In a block above, the smallest values of two windows are mostly those of
 * two organisations: where now the one binds and now the other, they bound
 * little.  So blocks above also hold when the last of an organisation's
 * windows of one length were full again after a usual request, and the least
 * that this one asks for beyond a usual one, maybe below 0: a window of this
 * row, span, scale and size is nowhere more in the way than the worst of them.
 * A score that is the largest over its windows is bounded by that of this one,
 * too, and need not read it.
 */
struct lim_joint {
    const int64_t *row; /* as of a window; NULL: there is none, as in leaves */
    int64_t span, scale, full_ns; /* where these are equal in all columns */
};

/*
 * Organisations of unequal limits may stand in one block, if the strategy
 * `mixes`.  Then its limits are these, row by row; of a window that an
 * organisation does not have, the span and the scale are 0, and the bucket is
 * larger than any.  Behind the windows stands what goes with a joint row.
 */
#define LIM_JOINT LIM_WINDOWS

struct lim_rows {
    int64_t span[LIM_WINDOWS + 1][LIM_BLOCK];  /* the request's cost in ns, */
    int64_t full[LIM_WINDOWS + 1][LIM_BLOCK];  /* ns of a full bucket, */
    int64_t scale[LIM_WINDOWS + 1][LIM_BLOCK]; /* 2^62 / that */
    int64_t spend_max[LIM_BLOCK];              /* LIM_UNLIMITED: none */
};

/* A request before some organisations. */
struct lim_view {
    const int64_t *values;        /* rows of LIM_BLOCK: see lim_view_row */
    const uint32_t *first;        /* of each column, the lowest ... */
    const uint32_t *last;         /* ... and highest organisation in it */
    unsigned columns;             /* in use, 1 to LIM_BLOCK */
    uint32_t organisations;       /* in the whole pool */
    const struct lim_rate *rates; /* by window: the limits, */
    const int64_t *span;          /* the request's cost in ns, */
    const int64_t *scale;         /* 2^62 / ns of a full bucket, */
    const unsigned *windows;      /* and which of them there are: so many, */
    unsigned window_count;        /* and then LIM_WINDOWS */
    const struct lim_rows *rows;  /* instead of rates, span, scale, spend_max;
                                     NULL: they are the same in all columns */
    struct lim_joint joint;       /* a bound for scores: the windows' latest */
    int64_t spend_max;            /* LIM_UNLIMITED: none */
    const struct lim_cost *cost;  /* the request's */
    uint64_t affinity;            /* of the request; 0: none */
    uint64_t draw;                /* random bits of this request; samples are
                                     drawn by them */
    lim_time now;
    /* As LIM_VALUE_IN_FLIGHT, of the one shown: with more than one sample. */
    uint32_t in_flight;
};

/*
 * One value of all columns.  A row always has LIM_BLOCK of them: times in
 * columns that are not in use are far ahead and may be reckoned with, which
 * spares a loop its bound; a score written there is not read.  (But with
 * `samples` anything may stand behind the one column.)
 */
static inline const int64_t *lim_view_row(const struct lim_view *v,
                                          unsigned value)
{
    return v->values + (size_t)value * LIM_BLOCK;
}

/* A window of one column, and its month: whether limits are equal or not. */
static inline int64_t lim_view_span(const struct lim_view *v, unsigned window,
                                    unsigned column)
{
    return v->rows != NULL ? v->rows->span[window][column] : v->span[window];
}

static inline int64_t lim_view_full(const struct lim_view *v, unsigned window,
                                    unsigned column)
{
    return v->rows != NULL ? v->rows->full[window][column]
                           : v->rates[window].full.ns;
}

static inline int64_t lim_view_scale(const struct lim_view *v, unsigned window,
                                     unsigned column)
{
    return v->rows != NULL ? v->rows->scale[window][column] : v->scale[window];
}

static inline int64_t lim_view_spend_max(const struct lim_view *v,
                                         unsigned column)
{
    return v->rows != NULL ? v->rows->spend_max[column] : v->spend_max;
}

/* What a strategy hears of one organisation. */
struct lim_event {
    uint32_t organisation;
    uint32_t organisations;      /* in the pool */
    double weight;               /* as configured, > 0 */
    double weights;              /* of all */
    int priority;                /* as configured */
    double price;                /* as configured, > 0 */
    int64_t key;                 /* so far; 0 at first */
    const struct lim_cost *cost; /* of the request; NULL at the start */
    /* Of an answer: */
    bool ok;
    int64_t latency_ns;     /* since it was sent */
    int64_t first_token_ns; /* likewise; -1: it did not stream */
    int64_t tokens;         /* of the reply; -1: not known */
    lim_time now;
};

/* Grows when anything in this header or what it includes changes its meaning
   or place; name, summary and abi stand first in all versions. */
#define LIM_STRATEGY_ABI 9

struct lim_strategy {
    const char *name;
    const char *summary; /* one line, for --list */
    unsigned abi;        /* LIM_STRATEGY_ABI */
    unsigned samples;    /* 0: the best of all; to LIM_SAMPLES_MAX */
    bool weighted;       /* samples are drawn by weight */
    bool draws;          /* its score reads `draw`, which else is 0 */
    bool mixes;          /* its score knows what `rows` of a view are */
    size_t state_size;   /* bytes of state in a pool, from zero, */
    size_t state_each;   /* and for each organisation, behind it */
    /* Values beside windows and key that it reads, as 1 << value: always, and
       where no limit is known.  Nobody else keeps them up to date. */
    unsigned reads, reads_blind;

    /* Writes the score of each column of the view, LIM_SCORE_LEAST to
       LIM_SCORE_MOST.  NULL, with samples: what each has in flight. */
    void (*score)(const void *state, const struct lim_view *v,
                  int64_t score[LIM_BLOCK]);

    /*
     * The organisation that wins if it may take the request, whatever the
     * others: a short cut past the search.  May be NULL.
     */
    uint32_t (*propose)(const void *state, const struct lim_view *v);

    /*
     * An organisation is there, was sent a request, answered one.  Each
     * returns the organisation's key from then on; each may be NULL.
     */
    int64_t (*start)(void *state, const struct lim_event *e);
    int64_t (*sent)(void *state, const struct lim_event *e);
    int64_t (*ended)(void *state, const struct lim_event *e);
};

/* The strategies of this library; ends with NULL. */
extern const struct lim_strategy *const lim_strategies[];

/* Returns the strategy of that name, or NULL. */
const struct lim_strategy *lim_strategy_find(const char *name);

/* Returns what is wrong with a strategy whose ABI is right, as the end of a
   sentence about it; NULL: nothing. */
const char *lim_strategy_flaw(const struct lim_strategy *s);

#endif
