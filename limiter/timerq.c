/*
 * A 4-ary heap.  Popping leaves its root vacant: the timer set next is mostly
 * an early one, and fills it with one walk down instead of two walks.
 */

#include "limiter/timerq.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/error.h"

#define ARITY 4
#define RANK_BIT 60 /* above the order of setting */
#define UNARMED UINT32_MAX

__extension__ typedef __int128 wide;

struct key {
    lim_time at;
    uint64_t order; /* rank, then sequence */
};

struct lim_timerq {
    struct key *keys;
    uint32_t *ids;      /* of each key */
    uint32_t *position; /* of each id in keys, or UNARMED */
    uint32_t capacity;
    uint32_t size; /* keys in use, the vacant root included */
    bool vacant;   /* keys[0] is free */
    uint64_t sequence;
};

static bool before(struct key a, struct key b)
{
    wide x = (wide)a.at * ((wide)1 << 64) + (wide)a.order;
    wide y = (wide)b.at * ((wide)1 << 64) + (wide)b.order;
    return x < y;
}

static void put(struct lim_timerq *q, uint32_t i, struct key k, uint32_t id)
{
    q->keys[i] = k;
    q->ids[i] = id;
    q->position[id] = i;
}

static void sift_up(struct lim_timerq *q, uint32_t i, struct key k, uint32_t id)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!before(k, q->keys[parent]))
            break;
        put(q, i, q->keys[parent], q->ids[parent]);
        i = parent;
    }
    put(q, i, k, id);
}

/* The index of the smallest child of `i`; there is at least one. */
static uint32_t least_child(const struct lim_timerq *q, uint32_t i)
{
    const struct key *keys = q->keys;
    uint32_t first = i * ARITY + 1;
    if (first + ARITY <= q->size) {
        uint32_t a = first + before(keys[first + 1], keys[first]);
        uint32_t b = first + 2 + before(keys[first + 3], keys[first + 2]);
        return before(keys[b], keys[a]) ? b : a;
    }
    uint32_t best = first;
    for (uint32_t c = first + 1; c < q->size; c++)
        best = before(keys[c], keys[best]) ? c : best;
    return best;
}

static void sift_down(struct lim_timerq *q, uint32_t i, struct key k,
                      uint32_t id)
{
    while (i * ARITY + 1 < q->size) {
        uint32_t child = least_child(q, i);
        if (!before(q->keys[child], k))
            break;
        put(q, i, q->keys[child], q->ids[child]);
        i = child;
    }
    put(q, i, k, id);
}

/* Fills position `i` with the last key. */
static void refill(struct lim_timerq *q, uint32_t i)
{
    q->size--;
    if (i == q->size)
        return;
    struct key k = q->keys[q->size];
    uint32_t id = q->ids[q->size];
    if (i > 0 && before(k, q->keys[(i - 1) / ARITY]))
        sift_up(q, i, k, id);
    else
        sift_down(q, i, k, id);
}

static void fill_root(struct lim_timerq *q)
{
    if (q->vacant) {
        q->vacant = false;
        refill(q, 0);
    }
}

struct lim_timerq *lim_timerq_new(uint32_t ids)
{
    struct lim_timerq *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    if (lim_timerq_grow(q, ids > 0 ? ids : 1) != LIM_OK) {
        lim_timerq_free(q);
        return NULL;
    }
    return q;
}

void lim_timerq_free(struct lim_timerq *q)
{
    if (q == NULL)
        return;
    free(q->keys);
    free(q->ids);
    free(q->position);
    free(q);
}

int lim_timerq_grow(struct lim_timerq *q, uint32_t ids)
{
    assert(ids <= LIM_TIMERQ_IDS_MAX);
    if (ids <= q->capacity)
        return LIM_OK;
    struct key *keys = realloc(q->keys, ids * sizeof *keys);
    if (keys == NULL)
        return LIM_ENOMEM;
    q->keys = keys;
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
    struct key k = { at, (uint64_t)rank << RANK_BIT | q->sequence++ };
    if (q->position[id] != UNARMED)
        lim_timerq_cancel(q, id);
    if (q->vacant) {
        q->vacant = false;
        sift_down(q, 0, k, id);
    } else {
        sift_up(q, q->size++, k, id);
    }
}

void lim_timerq_cancel(struct lim_timerq *q, uint32_t id)
{
    assert(id < q->capacity);
    if (q->position[id] == UNARMED)
        return;
    fill_root(q);
    uint32_t i = q->position[id];
    q->position[id] = UNARMED;
    refill(q, i);
}

bool lim_timerq_armed(const struct lim_timerq *q, uint32_t id)
{
    assert(id < q->capacity);
    return q->position[id] != UNARMED;
}

lim_time lim_timerq_next(const struct lim_timerq *q)
{
    if (lim_timerq_size(q) == 0)
        return LIM_NEVER;
    return q->keys[q->vacant ? least_child(q, 0) : 0].at;
}

bool lim_timerq_pop(struct lim_timerq *q, lim_time now, uint32_t *id)
{
    fill_root(q);
    if (q->size == 0 || q->keys[0].at > now)
        return false;
    *id = q->ids[0];
    q->position[*id] = UNARMED;
    q->vacant = true;
    return true;
}

uint32_t lim_timerq_size(const struct lim_timerq *q)
{
    return q->size - (q->vacant ? 1 : 0);
}
