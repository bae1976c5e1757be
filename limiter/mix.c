#include "limiter/mix.h"

#include <stdlib.h>
#include <string.h>

#include "limiter/tree.h"

/* What a bucket holds that is not there: more than any, and still to be
   reckoned with. */
#define NEVER_USED_UP (INT64_C(1) << 59)

static struct lim_mix *make_mix(void)
{
    void *memory = calloc(1, sizeof(struct lim_mix) + LIM_CACHE_LINE - 1);
    if (memory == NULL)
        return NULL;
    struct lim_mix *m = lim_cache_line_in(memory);
    m->memory = memory;
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        m->part_of[i] = -1;
    return m;
}

struct lim_index *lim_mix_new(const uint32_t *list, uint32_t count,
                              uint32_t all, lim_time now)
{
    struct lim_rate none[LIM_WINDOWS];
    assert(count <= LIM_BLOCK);
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        none[w] = lim_rate_make(LIM_UNLIMITED,
                                lim_limit_window((enum lim_limit)w), 0);
    struct lim_index *x =
        lim_index_new(none, LIM_UNLIMITED, list, count, all, now);
    if (x == NULL || (x->mix = make_mix()) == NULL) {
        lim_index_free(x);
        return NULL;
    }
    x->view.rows = &x->mix->rows;
    return x;
}

uint32_t lim_mix_leaf(const struct lim_index *whole, uint32_t organisation)
{
    const struct lim_level *l = &whole->levels[0];
    uint32_t leaf = 0;
    while (leaf < l->columns && l->first[leaf] != organisation)
        leaf++;
    assert(leaf < l->columns);
    return leaf;
}

/* The limits of each column. */
static void set_limits(struct lim_mix *m, unsigned column,
                       const struct lim_index *part)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        bool any = part->rates[w].limit != LIM_UNLIMITED;
        m->rows.full[w][column] = any ? part->rates[w].full.ns : NEVER_USED_UP;
        m->rows.scale[w][column] = part->scale[w];
    }
    m->rows.spend_max[column] = part->spend_max;
}

/* Parts or what belongs to them have changed: no cost's terms are known. */
static void set_up(struct lim_index *x)
{
    struct lim_mix *m = x->mix;
    x->window_count = 0;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        bool any = false;
        for (unsigned i = 0; i < m->count; i++)
            any |= m->parts[i]->rates[w].limit != LIM_UNLIMITED;
        if (any)
            x->windows[x->window_count++] = w;
    }
    x->windows[x->window_count] = LIM_WINDOWS;
    x->view.window_count = x->window_count;
    for (unsigned i = 0; i < m->count; i++) {
        const struct lim_index *part = m->parts[i];
        x->early = part->early > x->early ? part->early : x->early;
        x->spend_left = lim_lesser(x->spend_left, part->spend_left);
    }
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        if (m->part_of[i] >= 0)
            set_limits(m, i, m->parts[m->part_of[i]]);
    memset(m->misfits, 0, sizeof m->misfits);
    lim_index_forget(x);
}

static void give(struct lim_mix *m, uint32_t leaf, const struct lim_index *to)
{
    unsigned number = 0;
    while (m->parts[number] != to)
        number++;
    m->part_of[leaf] = number;
}

/* The leaves of a part come to be those of the whole. */
static void share(struct lim_index *whole, struct lim_index *part)
{
    struct lim_level *from = &part->levels[0], *to = &whole->levels[0];
    for (uint32_t i = 0; i < from->columns; i++) {
        uint32_t leaf = lim_mix_leaf(whole, from->first[i]);
        for (unsigned v = 0; v < LIM_VALUES; v++)
            to->blocks->value[v][leaf] = from->blocks->value[v][i];
        give(whole->mix, leaf, part);
    }
    free(from->memory);
    free(from->stale);
    free(from->first);
    free(from->last);
    *from = *to;
    part->whole = whole;
}

bool lim_mix_add(struct lim_index *whole, struct lim_index *part)
{
    struct lim_mix *m = whole->mix;
    int64_t *fraction = calloc(LIM_BLOCK * LIM_WINDOWS, sizeof *fraction);
    assert(m->count <= LIM_BLOCK);
    assert(part->level_count == 1 && part->meters == NULL);
    if (fraction == NULL)
        return false;
    free(part->fraction);
    part->fraction = fraction;
    m->parts[m->count++] = part;
    share(whole, part);
    set_up(whole);
    return true;
}

void lim_mix_move(struct lim_index *whole, uint32_t leaf, struct lim_index *to,
                  lim_time now)
{
    give(whole->mix, leaf, to);
    to->count++;
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        lim_index_set_window(to, leaf, (enum lim_limit)w,
                             (struct lim_window){ now, 0 });
    set_up(whole);
}

void lim_mix_drop(struct lim_index *whole, const struct lim_index *part)
{
    struct lim_mix *m = whole->mix;
    unsigned number = 0;
    while (m->parts[number] != part)
        number++;
    unsigned last = --m->count;
    m->parts[number] = m->parts[last];
    for (unsigned i = 0; i < LIM_BLOCK; i++) {
        assert(m->part_of[i] != number);
        m->part_of[i] = m->part_of[i] == last ? number : m->part_of[i];
    }
    set_up(whole);
}

/* Puts a number of each part into its columns. */
static inline void spread(const struct lim_mix *m,
                          const int64_t number[LIM_BLOCK + 1],
                          int64_t row[LIM_BLOCK])
{
    const int64_t *part_of = m->part_of;
    for (unsigned k = 0; k < m->count; k++) {
        int64_t it = number[k];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++)
            row[i] = part_of[i] == k ? it : row[i];
    }
}

/* The parts' own terms stay as they are: a part is asked when it is chosen. */
LIM_WIDE void lim_mix_reckon(struct lim_mix *m, unsigned window, int64_t amount)
{
    int64_t span[LIM_BLOCK + 1];
    for (unsigned k = 0; k < m->count; k++) {
        const struct lim_rate *r = &m->parts[k]->rates[window];
        bool fits = lim_window_fits(r, amount);
        span[k] = lim_rate_span(r, fits ? amount : 0).ns;
        m->misfits[k] &= ~(1u << window);
        m->misfits[k] |= (unsigned)!fits << window;
    }
    spread(m, span, m->rows.span[window]);
}

LIM_WIDE bool lim_mix_fits(struct lim_mix *m, const struct lim_cost *cost)
{
    int64_t bar[LIM_BLOCK + 1];
    bool any = false, all = true;
    for (unsigned k = 0; k < m->count; k++) {
        bool fits = lim_terms_fit(m->misfits[k], m->parts[k]->spend_max, cost);
        any |= fits;
        all &= fits;
        bar[k] = fits ? -LIM_FAR : LIM_NEVER;
    }
    if (m->barred || !all)
        spread(m, bar, m->bar);
    m->barred = !all;
    return any;
}
