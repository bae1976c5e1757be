/*
 * A key is one number of 128 bits: how long before LIM_NEVER a timer goes off,
 * and below it rank, sequence and id, each turned over, so that the largest
 * key is the first.  0 is nobody's: memory that was never touched is empty
 * places.
 */

#include "limiter/timerq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/error.h"
#include "limiter/rng.h"
#include "limiter/row.h"

#define LINE 4 /* a cache line of keys */
#define LEVELS 12
#define ID_BITS 24
#define SEQUENCE_BITS 38

/* So many sequence numbers there are; one more would be nobody's.  The first
   is 1,000 short of it, for what comes then is no exception. */
#define SEQUENCES ((UINT64_C(1) << SEQUENCE_BITS) - 1)
#define FIRST (SEQUENCES - 1000)

static_assert(LIM_TIMERQ_IDS_MAX >> ID_BITS == 1, "all of them");
static_assert(LIM_TIMERQ_IDS_MAX == 1 << 2 * LEVELS, "likewise");
static_assert(LIM_TIMERQ_RANKS == 1 << (64 - SEQUENCE_BITS - ID_BITS),
              "likewise");

__extension__ typedef unsigned __int128 key;

static_assert(LINE * sizeof(key) == LIM_CACHE_LINE, "a line is one");

#define NOBODY ((key)0)

struct lim_timerq {
    key first;          /* of all */
    key *level[LEVELS]; /* by id; by id / 4, the first of each line; ... */
    void *memory;       /* where they are */
    unsigned height;    /* levels in use, */
    uint32_t reach;     /* for ids below this, LINE^height */
    uint32_t capacity;
    uint32_t size;
    uint64_t sequence;
    uint64_t sequences; /* so many go by themselves: none if they shuffle */
    uint64_t shuffle;   /* a stream of random numbers */
};

static key key_of(lim_time at, uint64_t rank, uint64_t sequence, uint32_t id)
{
    uint64_t order = (rank << SEQUENCE_BITS | sequence) << ID_BITS | id;
    return (key)((uint64_t)LIM_NEVER - (uint64_t)at) << 64 | ~order;
}

static lim_time time_of(key k)
{
    return (lim_time)((uint64_t)LIM_NEVER - (uint64_t)(k >> 64));
}

static uint32_t id_of(key k)
{
    return ~(uint32_t)k & (LIM_TIMERQ_IDS_MAX - 1);
}

static inline key earlier(key a, key b)
{
    return a > b ? a : b;
}

/* Who comes first in the line where `i` is now `k`.  No jumps: nobody can
   guess who it is. */
static inline key first_of_line(const key *level, size_t i, key k)
{
    key others = earlier(earlier(level[i ^ 1], level[i ^ 2]), level[i ^ 3]);
    return earlier(k, others);
}

/* The timer at `i` becomes `k`.  Where the first of the line stays the same,
   nothing changes above; `leads`: it was the first of all, and all change. */
static inline void replace(struct lim_timerq *q, size_t i, key k, bool leads)
{
    key *const *end = q->level + q->height;
    for (key *const *level = q->level; level < end; level++) {
        if (!leads && (*level)[i] == k)
            return;
        (*level)[i] = k;
        k = first_of_line(*level, i, k);
        i /= LINE;
    }
    q->first = k;
}

LIM_APART static void move(struct lim_timerq *q, size_t i, key k)
{
    replace(q, i, k, false);
}

/* A timer comes where none was. */
static inline void add(struct lim_timerq *q, size_t i, key k)
{
    key *const *level = q->level, *const *end = level + q->height;
    (*level)[i] = k;
    while (++level < end) {
        i /= LINE;
        if (k < (*level)[i])
            return;
        (*level)[i] = k;
    }
    q->first = earlier(k, q->first);
}

/* `id` is beyond those in use. */
LIM_COLD static void add_levels(struct lim_timerq *q, uint32_t id)
{
    for (; id >= q->reach; q->reach *= LINE)
        q->level[q->height++][0] = q->first;
}

static size_t leaves(const struct lim_timerq *q)
{
    return q->reach < q->capacity ? q->reach : q->capacity;
}

/* All that stands above the ids is made anew. */
static void make_levels(struct lim_timerq *q)
{
    size_t lines = leaves(q);
    for (unsigned l = 0; l < q->height; l++) {
        const key *below = q->level[l];
        lines = (lines + LINE - 1) / LINE;
        for (size_t i = 0; i < lines; i++) {
            key k = first_of_line(below, LINE * i, below[LINE * i]);
            *(l + 1 < q->height ? &q->level[l + 1][i] : &q->first) = k;
        }
    }
}

struct lim_timerq *lim_timerq_new(uint32_t ids)
{
    struct lim_timerq *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->height = 1;
    q->reach = LINE;
    q->sequence = FIRST;
    q->sequences = SEQUENCES;
    if (lim_timerq_grow(q, ids > 0 ? ids : 1) != LIM_OK) {
        lim_timerq_free(q);
        return NULL;
    }
    return q;
}

void lim_timerq_shuffle(struct lim_timerq *q, uint64_t seed)
{
    q->shuffle = lim_rng_mix(seed);
    q->sequence = q->sequences = 0;
}

void lim_timerq_free(struct lim_timerq *q)
{
    if (q == NULL)
        return;
    free(q->memory);
    free(q);
}

/* Where each level of so many ids starts; returns where the last one ends. */
static size_t lay_out(size_t ids, size_t start[LEVELS])
{
    size_t end = 0;
    unsigned l = 0;
    do {
        start[l++] = end;
        ids = (ids + LINE - 1) / LINE;
        end += ids * LINE;
    } while (ids > 1);
    return end;
}

int lim_timerq_grow(struct lim_timerq *q, uint32_t ids)
{
    size_t start[LEVELS] = { 0 };
    assert(ids <= LIM_TIMERQ_IDS_MAX);
    if (ids <= q->capacity)
        return LIM_OK;
    void *memory =
        calloc(1, lay_out(ids, start) * sizeof(key) + LIM_CACHE_LINE - 1);
    if (memory == NULL)
        return LIM_ENOMEM;
    key *keys = lim_cache_line_in(memory);
    if (q->size > 0)
        memcpy(keys, q->level[0], leaves(q) * sizeof *keys);
    for (unsigned l = 0; l < LEVELS; l++)
        q->level[l] = keys + start[l];
    free(q->memory);
    q->memory = memory;
    make_levels(q);
    q->capacity = ids;
    return LIM_OK;
}

static void sort(key *keys, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < count; i++) {
            key k = keys[i];
            size_t at = i;
            for (; at >= gap && k > keys[at - gap]; at -= gap)
                keys[at] = keys[at - gap];
            keys[at] = k;
        }
}

/* All sequence numbers are used up: those that are here begin anew, in their
   order, and each goes back to its id's place. */
static void renumber(struct lim_timerq *q)
{
    key *keys = q->level[0];
    sort(keys, leaves(q));
    for (uint32_t i = 0; i < q->size; i++) {
        key k = keys[i];
        uint64_t rank = ~(uint64_t)k >> (SEQUENCE_BITS + ID_BITS);
        keys[i] = key_of(time_of(k), rank, i, id_of(k));
    }
    for (uint32_t i = 0; i < leaves(q); i++)
        while (keys[i] != NOBODY && id_of(keys[i]) != i) {
            key k = keys[i];
            keys[i] = keys[id_of(k)];
            keys[id_of(k)] = k;
        }
    make_levels(q);
    q->sequence = q->size;
}

LIM_COLD static uint64_t next_sequence(struct lim_timerq *q)
{
    if (q->sequences == 0) /* half of the numbers, so none is the last */
        return lim_rng_draw(q->shuffle, q->sequence++, 0) >>
               (65 - SEQUENCE_BITS);
    renumber(q);
    return q->sequence++;
}

void lim_timerq_set(struct lim_timerq *q, uint32_t id, lim_time at,
                    unsigned rank)
{
    assert(id < q->capacity);
    assert(rank < LIM_TIMERQ_RANKS);
    uint64_t sequence =
        q->sequence < q->sequences ? q->sequence++ : next_sequence(q);
    key k = key_of(at, rank, sequence, id);
    if (id >= q->reach)
        add_levels(q, id);
    if (q->level[0][id] != NOBODY) {
        move(q, id, k);
    } else {
        q->size++;
        add(q, id, k);
    }
}

void lim_timerq_cancel(struct lim_timerq *q, uint32_t id)
{
    if (!lim_timerq_armed(q, id))
        return;
    q->size--;
    move(q, id, NOBODY);
}

bool lim_timerq_armed(const struct lim_timerq *q, uint32_t id)
{
    assert(id < q->capacity);
    return q->level[0][id] != NOBODY;
}

lim_time lim_timerq_next(const struct lim_timerq *q)
{
    return time_of(q->first);
}

uint32_t lim_timerq_first(const struct lim_timerq *q)
{
    return q->first != NOBODY ? id_of(q->first) : LIM_TIMERQ_NOBODY;
}

bool lim_timerq_pop(struct lim_timerq *q, lim_time now, uint32_t *id)
{
    if (q->first == NOBODY || time_of(q->first) > now)
        return false;
    *id = id_of(q->first);
    q->size--;
    replace(q, id_of(q->first), NOBODY, true);
    return true;
}

uint32_t lim_timerq_size(const struct lim_timerq *q)
{
    return q->size;
}
