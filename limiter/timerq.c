/*
 * A 4-ary heap.  Popping leaves its root vacant: the timer set next is mostly
 * an early one, and fills it with one walk down instead of two walks.
 *
 * A key is one number of 128 bits: time, rank and sequence from the top.
 * Behind the last one stand four that nothing comes after, so that every node
 * has four children to choose from, and nobody asks which there are.
 */

#include "limiter/timerq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/error.h"
#include "limiter/rng.h"
#include "limiter/row.h"

#define ARITY 4
#define RANK_BIT 60 /* above the order of setting */
#define UNARMED UINT32_MAX

__extension__ typedef unsigned __int128 key;

#define NOTHING (~(key)0) /* its time is LIM_NEVER */

struct lim_timerq {
    key *keys; /* in `memory`, four children a cache line */
    void *memory;
    uint32_t *ids;      /* of each key */
    uint32_t *position; /* of each id in keys, or UNARMED */
    lim_time first;     /* of all timers */
    uint32_t capacity;
    uint32_t size; /* keys in use, the vacant root included */
    bool vacant;   /* keys[0] is free, */
    size_t heir;   /* and its smallest child is this */
    uint64_t sequence;
    uint64_t shuffle; /* a stream of random numbers; 0: they stay in order */
};

/* The sign bit flipped, times before 1970 come first. */
static key key_of(lim_time at, uint64_t order)
{
    return (key)((uint64_t)at ^ (UINT64_C(1) << 63)) << 64 | order;
}

static lim_time time_of(key k)
{
    return (lim_time)((uint64_t)(k >> 64) ^ (UINT64_C(1) << 63));
}

static void put(struct lim_timerq *q, size_t i, key k, uint32_t id)
{
    q->keys[i] = k;
    q->ids[i] = id;
    q->position[id] = (uint32_t)i;
}

static void sift_up(struct lim_timerq *q, size_t i, key k, uint32_t id)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;
        if (k > q->keys[parent])
            break;
        put(q, i, q->keys[parent], q->ids[parent]);
        i = parent;
    }
    put(q, i, k, id);
}

/* The smallest child of `i`, or the place behind the last, where nothing is.
   No jumps: nobody can guess which it is. */
static size_t least_child(const struct lim_timerq *q, size_t i)
{
    size_t first = i * ARITY + 1;
    const key *a = &q->keys[first], *b = a + 2;
    if (first >= q->size)
        return q->size;
    a += a[1] < a[0];
    b += b[1] < b[0];
    a = *b < *a ? b : a;
    return (size_t)(a - q->keys);
}

/* From the hole at `i`, whose smallest child that is. */
static void sift_down(struct lim_timerq *q, size_t i, size_t child, key k,
                      uint32_t id)
{
    while (q->keys[child] < k) {
        put(q, i, q->keys[child], q->ids[child]);
        i = child;
        child = least_child(q, i);
    }
    put(q, i, k, id);
}

/* Fills position `i`, whose smallest child is `child`, with the last key. */
static void refill(struct lim_timerq *q, size_t i, size_t child)
{
    q->size--;
    key k = q->keys[q->size];
    uint32_t id = q->ids[q->size];
    q->keys[q->size] = NOTHING;
    if (i == q->size)
        return;
    if (i > 0 && k < q->keys[(i - 1) / ARITY])
        sift_up(q, i, k, id);
    else
        sift_down(q, i, child, k, id);
}

static void fill_root(struct lim_timerq *q)
{
    if (q->vacant) {
        q->vacant = false;
        refill(q, 0, q->heir);
    }
}

struct lim_timerq *lim_timerq_new(uint32_t ids)
{
    struct lim_timerq *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->first = LIM_NEVER;
    if (lim_timerq_grow(q, ids > 0 ? ids : 1) != LIM_OK) {
        lim_timerq_free(q);
        return NULL;
    }
    return q;
}

void lim_timerq_shuffle(struct lim_timerq *q, uint64_t seed)
{
    q->shuffle = lim_rng_mix(seed) | 1;
}

void lim_timerq_free(struct lim_timerq *q)
{
    if (q == NULL)
        return;
    free(q->memory);
    free(q->ids);
    free(q->position);
    free(q);
}

/* The root is the last of a line, so that its children have one. */
static bool move_keys(struct lim_timerq *q, uint32_t ids)
{
    void *memory = malloc((ids + 2 * ARITY) * sizeof(key) + LIM_ROW - 1);
    if (memory == NULL)
        return false;
    key *keys = (key *)lim_row_in(memory) + ARITY - 1;
    if (q->size > 0)
        memcpy(keys, q->keys, q->size * sizeof *keys);
    for (uint32_t i = q->size; i < q->size + ARITY; i++)
        keys[i] = NOTHING;
    free(q->memory);
    q->memory = memory;
    q->keys = keys;
    return true;
}

int lim_timerq_grow(struct lim_timerq *q, uint32_t ids)
{
    assert(ids <= LIM_TIMERQ_IDS_MAX);
    if (ids <= q->capacity)
        return LIM_OK;
    if (!move_keys(q, ids))
        return LIM_ENOMEM;
    uint32_t *list = realloc(q->ids, ids * sizeof *list);
    if (list == NULL)
        return LIM_ENOMEM;
    q->ids = list;
    uint32_t *position = realloc(q->position, ids * sizeof *position);
    if (position == NULL)
        return LIM_ENOMEM;
    q->position = position;
    for (uint32_t i = q->capacity; i < ids; i++)
        position[i] = UNARMED;
    q->capacity = ids;
    return LIM_OK;
}

void lim_timerq_set(struct lim_timerq *q, uint32_t id, lim_time at,
                    unsigned rank)
{
    assert(id < q->capacity);
    assert(rank < LIM_TIMERQ_RANKS);
    uint64_t order = q->sequence++;
    if (q->shuffle != 0)
        order = lim_rng_draw(q->shuffle, order, 0) >> (64 - RANK_BIT);
    key k = key_of(at, (uint64_t)rank << RANK_BIT | order);
    if (q->position[id] != UNARMED)
        lim_timerq_cancel(q, id);
    if (q->vacant) {
        q->vacant = false;
        sift_down(q, 0, q->heir, k, id);
    } else {
        q->keys[q->size + ARITY] = NOTHING;
        sift_up(q, q->size++, k, id);
    }
    q->first = time_of(q->keys[0]);
}

void lim_timerq_cancel(struct lim_timerq *q, uint32_t id)
{
    assert(id < q->capacity);
    if (q->position[id] == UNARMED)
        return;
    fill_root(q);
    size_t i = q->position[id];
    q->position[id] = UNARMED;
    refill(q, i, least_child(q, i));
    q->first = time_of(q->keys[0]);
}

bool lim_timerq_armed(const struct lim_timerq *q, uint32_t id)
{
    assert(id < q->capacity);
    return q->position[id] != UNARMED;
}

lim_time lim_timerq_next(const struct lim_timerq *q)
{
    return q->first;
}

uint32_t lim_timerq_first(const struct lim_timerq *q)
{
    if (lim_timerq_size(q) == 0)
        return LIM_TIMERQ_NOBODY;
    return q->ids[q->vacant ? q->heir : 0];
}

bool lim_timerq_pop(struct lim_timerq *q, lim_time now, uint32_t *id)
{
    if (q->first > now || lim_timerq_size(q) == 0)
        return false;
    fill_root(q);
    *id = q->ids[0];
    q->position[*id] = UNARMED;
    q->vacant = true;
    q->heir = least_child(q, 0);
    q->first = time_of(q->keys[q->heir]);
    return true;
}

uint32_t lim_timerq_size(const struct lim_timerq *q)
{
    return q->size - (q->vacant ? 1 : 0);
}
