#ifndef LIM_HEAP_H
#define LIM_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A 4-ary heap of numbers whose keys the caller keeps.  It knows where each
 * one stands, so that one can be moved when its key has changed, and taken
 * out from the middle, in O(log n).
 *
 * The order is a function that the compiler sees and puts in place: it must
 * be total, and read nothing of a number that is not in the heap.  At most
 * one key differs from what the heap was made by: that of the number handed
 * over.
 */
struct lim_heap {
    uint32_t *ids;      /* room for all that may be in it */
    uint32_t *position; /* by number: its place + 1; 0: not in it */
    uint32_t size;
};

#define LIM_HEAP_ARITY 4

/* Tells whether `a` comes before `b`. */
typedef bool lim_before_fn(const void *of, uint32_t a, uint32_t b);

static inline void lim_heap_put(struct lim_heap *h, uint32_t at, uint32_t id)
{
    h->ids[at] = id;
    h->position[id] = at + 1;
}

static inline uint32_t lim_heap_least_child(const struct lim_heap *h,
                                            uint32_t at, lim_before_fn *before,
                                            const void *of)
{
    uint32_t first = at * LIM_HEAP_ARITY + 1, best = first;
    for (uint32_t c = first + 1; c < first + LIM_HEAP_ARITY && c < h->size; c++)
        best = before(of, h->ids[c], h->ids[best]) ? c : best;
    return best;
}

/* Finds the place of `id`, which may go anywhere, from the hole at `at`. */
static inline void lim_heap_settle(struct lim_heap *h, uint32_t at, uint32_t id,
                                   lim_before_fn *before, const void *of)
{
    while (at > 0) {
        uint32_t up = (at - 1) / LIM_HEAP_ARITY;
        if (!before(of, id, h->ids[up]))
            break;
        lim_heap_put(h, at, h->ids[up]);
        at = up;
    }
    while (at * LIM_HEAP_ARITY + 1 < h->size) {
        uint32_t child = lim_heap_least_child(h, at, before, of);
        if (!before(of, h->ids[child], id))
            break;
        lim_heap_put(h, at, h->ids[child]);
        at = child;
    }
    lim_heap_put(h, at, id);
}

/* Puts `id` in, or moves it to where its key now belongs. */
static inline void lim_heap_set(struct lim_heap *h, uint32_t id,
                                lim_before_fn *before, const void *of)
{
    uint32_t at = h->position[id] != 0 ? h->position[id] - 1 : h->size++;
    lim_heap_settle(h, at, id, before, of);
}

/* Takes `id` out, if it is in. */
static inline void lim_heap_drop(struct lim_heap *h, uint32_t id,
                                 lim_before_fn *before, const void *of)
{
    uint32_t at = h->position[id];
    if (at == 0)
        return;
    h->position[id] = 0;
    h->size--;
    if (at - 1 < h->size)
        lim_heap_settle(h, at - 1, h->ids[h->size], before, of);
}

#endif
