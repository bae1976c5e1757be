/*
 * The treap's heap order is by a hash of the request's number, which needs
 * no memory.  A new one is searched from the last place upwards: ranks hold
 * the time of coming, so most of them belong near the end.
 */

#include "limiter/line.h"

#include "limiter/rng.h"

struct lim_line lim_line_make(bool ranked)
{
    return (struct lim_line){ LIM_NOBODY, LIM_NOBODY, LIM_NOBODY, ranked };
}

static bool above(uint32_t a, uint32_t b)
{
    return lim_rng_mix(a) < lim_rng_mix(b);
}

/* Makes `to` the child of `parent`, or the root, that `from` was. */
static void replace(struct lim_line *x, struct lim_place *p, uint32_t parent,
                    uint32_t from, uint32_t to)
{
    if (parent == LIM_NOBODY)
        x->root = to;
    else if (p[parent].left == from)
        p[parent].left = to;
    else
        p[parent].right = to;
    if (to != LIM_NOBODY)
        p[to].parent = parent;
}

/* Turns the edge above `i`: its parent becomes its child. */
static void rotate(struct lim_line *x, struct lim_place *p, uint32_t i)
{
    uint32_t parent = p[i].parent, inner;
    bool is_left = p[parent].left == i;
    replace(x, p, p[parent].parent, parent, i);
    if (is_left) {
        inner = p[i].right;
        p[i].right = parent;
        p[parent].left = inner;
    } else {
        inner = p[i].left;
        p[i].left = parent;
        p[parent].right = inner;
    }
    p[parent].parent = i;
    if (inner != LIM_NOBODY)
        p[inner].parent = parent;
}

/* Whose child `i`, which is a leaf, becomes. */
static uint32_t find_parent(const struct lim_line *x, const struct lim_place *p,
                            uint32_t i)
{
    uint32_t at = x->last, parent;
    while (at != x->root && lim_place_before(&p[i], &p[at]))
        at = p[at].parent;
    do {
        parent = at;
        at = lim_place_before(&p[i], &p[at]) ? p[at].left : p[at].right;
    } while (at != LIM_NOBODY);
    return parent;
}

void lim_line_rank(struct lim_line *x, struct lim_place *p, uint32_t i)
{
    p[i].left = p[i].right = p[i].parent = LIM_NOBODY;
    if (x->root == LIM_NOBODY) {
        x->root = x->first = x->last = i;
        return;
    }
    uint32_t parent = find_parent(x, p, i);
    p[i].parent = parent;
    if (lim_place_before(&p[i], &p[parent])) {
        p[parent].left = i;
        if (parent == x->first)
            x->first = i;
    } else {
        p[parent].right = i;
        if (parent == x->last)
            x->last = i;
    }
    while (x->root != i && above(i, p[i].parent))
        rotate(x, p, i);
}

/* The first has nobody to its left: the next is above it or to its right. */
static uint32_t second(const struct lim_line *x, const struct lim_place *p)
{
    uint32_t i = p[x->first].right;
    if (i == LIM_NOBODY)
        return p[x->first].parent;
    while (p[i].left != LIM_NOBODY)
        i = p[i].left;
    return i;
}

static uint32_t last_but_one(const struct lim_line *x,
                             const struct lim_place *p)
{
    uint32_t i = p[x->last].left;
    if (i == LIM_NOBODY)
        return p[x->last].parent;
    while (p[i].right != LIM_NOBODY)
        i = p[i].right;
    return i;
}

void lim_line_unrank(struct lim_line *x, struct lim_place *p, uint32_t i)
{
    uint32_t first = i == x->first ? second(x, p) : x->first;
    uint32_t last = i == x->last ? last_but_one(x, p) : x->last;
    while (p[i].left != LIM_NOBODY && p[i].right != LIM_NOBODY)
        rotate(x, p, above(p[i].left, p[i].right) ? p[i].left : p[i].right);
    uint32_t child = p[i].left != LIM_NOBODY ? p[i].left : p[i].right;
    replace(x, p, p[i].parent, i, child);
    x->first = first;
    x->last = last;
}
