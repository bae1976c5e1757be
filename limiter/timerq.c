/*
 * A 4-ary heap.  Popping leaves its root vacant: the timer set next is mostly
 * an early one, and fills it with one walk down instead of two walks.
 *
 * A key is one number of 128 bits: time, rank, sequence and id from the top.
 * Behind the last one stand four that nothing comes after, so that every node
 * has four children to choose from, and nobody asks which there are.
 */

#include "limiter/timerq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/error.h"
#include "limiter/rng.h"
#include "limiter/row.h"

#define ARITY 4
#define ID_BITS 24
#define SEQUENCE_BITS 38
#define UNARMED UINT32_MAX

/* So many sequence numbers there are.  The first is 1,000 short of it, for
   what comes then is no exception. */
#define SEQUENCES (UINT64_C(1) << SEQUENCE_BITS)
#define FIRST (SEQUENCES - 1000)

static_assert(LIM_TIMERQ_IDS_MAX >> ID_BITS == 1, "all of them");
static_assert(LIM_TIMERQ_RANKS == 1 << (64 - SEQUENCE_BITS - ID_BITS),
              "likewise");

__extension__ typedef unsigned __int128 key;

#define NOTHING (~(key)0) /* its time is LIM_NEVER */

struct lim_timerq {
    key *keys; /* in `memory`, four children a cache line */
    void *memory;
    uint32_t *position; /* of each id in keys, or UNARMED */
    lim_time first;     /* of all timers */
    uint32_t capacity;
    uint32_t size; /* keys in use, the vacant root included */
    bool vacant;   /* keys[0] is free, */
    size_t heir;   /* and its smallest child is this */
    uint64_t sequence;
    uint64_t sequences; /* so many go by themselves: none if they shuffle */
    uint64_t shuffle;   /* a stream of random numbers */
};

/* The sign bit flipped, times before 1970 come first. */
static key key_of(lim_time at, uint64_t rank, uint64_t sequence, uint32_t id)
{
    uint64_t order = (rank << SEQUENCE_BITS | sequence) << ID_BITS | id;
    return (key)((uint64_t)at ^ (UINT64_C(1) << 63)) << 64 | order;
}

static lim_time time_of(key k)
{
    return (lim_time)((uint64_t)(k >> 64) ^ (UINT64_C(1) << 63));
}

static uint32_t id_of(key k)
{
    return (uint32_t)k & (LIM_TIMERQ_IDS_MAX - 1);
}

static void put(struct lim_timerq *q, size_t i, key k)
{
    q->keys[i] = k;
    q->position[id_of(k)] = (uint32_t)i;
}

static void sift_up(struct lim_timerq *q, size_t i, key k)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;
        if (k > q->keys[parent])
            break;
        put(q, i, q->keys[parent]);
        i = parent;
    }
    put(q, i, k);
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
static void sift_down(struct lim_timerq *q, size_t i, size_t child, key k)
{
    while (q->keys[child] < k) {
        put(q, i, q->keys[child]);
        i = child;
        child = least_child(q, i);
    }
    put(q, i, k);
}

/* Fills position `i`, whose smallest child is `child`, with the last key. */
static void refill(struct lim_timerq *q, size_t i, size_t child)
{
    q->size--;
    key k = q->keys[q->size];
    q->keys[q->size] = NOTHING;
    if (i == q->size)
        return;
    if (i > 0 && k < q->keys[(i - 1) / ARITY])
        sift_up(q, i, k);
    else
        sift_down(q, i, child, k);
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
    uint32_t *position = realloc(q->position, ids * sizeof *position);
    if (position == NULL)
        return LIM_ENOMEM;
    q->position = position;
    for (uint32_t i = q->capacity; i < ids; i++)
        position[i] = UNARMED;
    q->capacity = ids;
    return LIM_OK;
}

static void sort(key *keys, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < count; i++) {
            key k = keys[i];
            size_t at = i;
            for (; at >= gap && k < keys[at - gap]; at -= gap)
                keys[at] = keys[at - gap];
            keys[at] = k;
        }
}

/* All sequence numbers are used up: those that are here begin anew, in their
   order.  A sorted array is a heap. */
static void renumber(struct lim_timerq *q)
{
    fill_root(q);
    sort(q->keys, q->size);
    for (uint32_t i = 0; i < q->size; i++) {
        key k = q->keys[i];
        uint64_t rank = (uint64_t)k >> (SEQUENCE_BITS + ID_BITS);
        put(q, i, key_of(time_of(k), rank, i, id_of(k)));
    }
    q->sequence = q->size;
}

LIM_COLD static uint64_t next_sequence(struct lim_timerq *q)
{
    if (q->sequences == 0)
        return lim_rng_draw(q->shuffle, q->sequence++, 0) >>
               (64 - SEQUENCE_BITS);
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
    if (q->position[id] != UNARMED)
        lim_timerq_cancel(q, id);
    if (q->vacant) {
        q->vacant = false;
        sift_down(q, 0, q->heir, k);
    } else {
        q->keys[q->size + ARITY] = NOTHING;
        sift_up(q, q->size++, k);
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
    return id_of(q->keys[q->vacant ? q->heir : 0]);
}

bool lim_timerq_pop(struct lim_timerq *q, lim_time now, uint32_t *id)
{
    if (q->first > now || lim_timerq_size(q) == 0)
        return false;
    fill_root(q);
    *id = id_of(q->keys[0]);
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
