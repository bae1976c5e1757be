#ifndef LIM_LINE_H
#define LIM_LINE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The requests of one lane in their order.  Lines share an array of places,
 * one for each request, and allocate nothing; a request stands in one line.
 *
 * A line is of one of two kinds:
 *     in turn    a list: who returns goes behind those who returned before
 *                and before all others, who stand in the order of coming;
 *                every step is O(1)
 *     ranked     a treap, by `key`, then by `turn`: O(log n) to come in, or
 *                O(log d) for who goes before d others, and O(1) for the
 *                first to leave (in the mean)
 * First and last are at hand in both.
 */
struct lim_place {
    int64_t key;          /* the caller's; it ranks */
    uint64_t turn;        /* the caller's; no two are equal */
    uint32_t left, right; /* in a list: before and behind */
    uint32_t parent;
    uint32_t lane; /* the caller's */
};

/* A waiting request takes no more than this, whatever the discipline. */
static_assert(sizeof(struct lim_place) == 32, "two places a cache line");

#define LIM_NOBODY UINT32_MAX /* no request */

struct lim_line {
    uint32_t first, last; /* LIM_NOBODY: it is empty */
    uint32_t root;        /* in a list: the last of those who returned */
    bool ranked;
};

/* Returns an empty line. */
struct lim_line lim_line_make(bool ranked);

/* Tells whether `a` goes before `b` by key, then turn. */
static inline bool lim_place_before(const struct lim_place *a,
                                    const struct lim_place *b)
{
    return a->key != b->key ? a->key < b->key : a->turn < b->turn;
}

/* The ranked kind, for the two below. */
void lim_line_rank(struct lim_line *x, struct lim_place *p, uint32_t i);
void lim_line_unrank(struct lim_line *x, struct lim_place *p, uint32_t i);

/* Puts request `i`, which stands in no line, in; `returned`: see above. */
static inline void lim_line_add(struct lim_line *x, struct lim_place *p,
                                uint32_t i, bool returned)
{
    if (x->ranked) {
        lim_line_rank(x, p, i);
        return;
    }
    uint32_t before = returned ? x->root : x->last;
    uint32_t behind = before == LIM_NOBODY ? x->first : p[before].right;
    p[i].left = before;
    p[i].right = behind;
    if (before == LIM_NOBODY)
        x->first = i;
    else
        p[before].right = i;
    if (behind == LIM_NOBODY)
        x->last = i;
    else
        p[behind].left = i;
    if (returned)
        x->root = i;
}

/* Takes request `i`, which stands in this line, out. */
static inline void lim_line_remove(struct lim_line *x, struct lim_place *p,
                                   uint32_t i)
{
    assert(x->first != LIM_NOBODY);
    if (x->ranked) {
        lim_line_unrank(x, p, i);
        return;
    }
    uint32_t before = p[i].left, behind = p[i].right;
    if (before == LIM_NOBODY)
        x->first = behind;
    else
        p[before].right = behind;
    if (behind == LIM_NOBODY)
        x->last = before;
    else
        p[behind].left = before;
    if (x->root == i)
        x->root = before;
}

#endif
