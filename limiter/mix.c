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
    return m;
}

struct lim_index *lim_mix_new(uint32_t all, lim_time now)
{
    static const uint32_t nobody[LIM_BLOCK];
    struct lim_rate none[LIM_WINDOWS];
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        none[w] = lim_rate_make(LIM_UNLIMITED,
                                lim_limit_window((enum lim_limit)w), 0);
    struct lim_index *x =
        lim_index_new(none, LIM_UNLIMITED, nobody, LIM_BLOCK, all, now);
    if (x == NULL || (x->mix = make_mix()) == NULL) {
        lim_index_free(x);
        return NULL;
    }
    x->view.rows = &x->mix->rows;
    return x;
}

/* Above the leaves, an index's blocks of the level below are columns; one that
   is a single block is one. */
static unsigned clip(const struct lim_index *x, unsigned height)
{
    unsigned most = lim_index_top(x) + 1;
    return height < most ? height : most;
}

static uint32_t columns_at(const struct lim_index *x, unsigned height)
{
    return height == 0 ? x->levels[0].columns
                       : lim_blocks_of(x->levels[height - 1].columns);
}

/* The lowest height at which there is room for all; LIM_LEVELS_MAX: none. */
static unsigned find_height(struct lim_index *const *parts, unsigned count)
{
    unsigned height = 0;
    for (; height < LIM_LEVELS_MAX; height++) {
        uint32_t columns = 0;
        for (unsigned k = 0; k < count; k++)
            columns += columns_at(parts[k], clip(parts[k], height));
        if (columns <= LIM_BLOCK)
            break;
    }
    return height;
}

/* The organisations beneath a column. */
static void find_range(const struct lim_index *x, unsigned height,
                       uint32_t column, uint32_t *first, uint32_t *last)
{
    const struct lim_level *l = &x->levels[height > 0 ? height - 1 : 0];
    uint32_t from = height > 0 ? column * LIM_BLOCK : column;
    uint32_t end = height > 0 ? from + LIM_BLOCK : column + 1;
    *first = l->first[from];
    *last = l->last[from];
    for (uint32_t i = from; i < end && i < l->columns; i++) {
        *first = l->first[i] < *first ? l->first[i] : *first;
        *last = l->last[i] > *last ? l->last[i] : *last;
    }
}

/* Gives a part's column a place among those that there are, which are in the
   order of their first organisations: so the first of equal ones wins. */
static void add_column(struct lim_index *whole, unsigned part, uint32_t column)
{
    struct lim_mix *m = whole->mix;
    struct lim_level *l = &whole->levels[0];
    uint32_t first, last, at = l->columns++;
    find_range(m->parts[part].index, m->parts[part].height, column, &first,
               &last);
    for (; at > 0 && l->first[at - 1] > first; at--) {
        l->first[at] = l->first[at - 1];
        l->last[at] = l->last[at - 1];
        m->part_of[at] = m->part_of[at - 1];
        m->beneath[at] = m->beneath[at - 1];
    }
    l->first[at] = first;
    l->last[at] = last;
    m->part_of[at] = part;
    m->beneath[at] = column;
}

static void add_part(struct lim_index *whole, struct lim_index *index,
                     unsigned height)
{
    struct lim_mix *m = whole->mix;
    unsigned part = m->count++;
    uint32_t columns = columns_at(index, height);
    m->parts[part] =
        (struct lim_part){ .index = index,
                           .height = height,
                           .columns = (uint16_t)((1u << columns) - 1) };
    for (uint32_t c = 0; c < columns; c++)
        add_column(whole, part, c);
    index->moved_shift = LIM_BLOCK_BITS * height;
    index->moved.values = (1u << LIM_TREE_VALUES) - 1;
    index->moved.columns = UINT16_MAX;
    whole->early = index->early > whole->early ? index->early : whole->early;
    whole->spend_left = lim_lesser(whole->spend_left, index->spend_left);
    for (unsigned d = 0; d < LIM_DIMENSIONS; d++)
        whole->largest[d] = lim_lesser(whole->largest[d], index->largest[d]);
}

/* Whether it is one of those that an index joins. */
static bool joins(const struct lim_index *x, unsigned window)
{
    const unsigned *w = x->joint;
    while (*w != window && *w != LIM_WINDOWS)
        w++;
    return *w == window;
}

/* The limits of a column, those of the joint row behind the others. */
static void set_limits(struct lim_mix *m, unsigned column)
{
    struct lim_part *part = &m->parts[m->part_of[column]];
    const struct lim_index *x = part->index;
    bool joint = x->joint[0] != LIM_WINDOWS;
    part->column[m->beneath[column]] = (uint8_t)column;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        bool any = x->rates[w].limit != LIM_UNLIMITED;
        m->rows.full[w][column] = any ? x->rates[w].full.ns : NEVER_USED_UP;
        m->rows.scale[w][column] = x->scale[w];
        m->usual[w][column] = joins(x, w) ? x->usual[w] : -LIM_FAR;
    }
    m->rows.full[LIM_JOINT][column] =
        joint ? x->view.joint.full_ns : NEVER_USED_UP;
    m->rows.scale[LIM_JOINT][column] = joint ? x->view.joint.scale : 0;
    m->rows.spend_max[column] = x->spend_max;
}

/* The windows that some part has, and those that one joins. */
static void list_windows(struct lim_index *x)
{
    struct lim_mix *m = x->mix;
    unsigned joint = 0;
    x->window_count = 0;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        bool any = false, joined = false;
        for (unsigned k = 0; k < m->count; k++) {
            any |= m->parts[k].index->rates[w].limit != LIM_UNLIMITED;
            joined |= !m->leaves && joins(m->parts[k].index, w);
        }
        if (any)
            x->windows[x->window_count++] = w;
        if (joined)
            m->joint[joint++] = w;
    }
    x->windows[x->window_count] = m->joint[joint] = LIM_WINDOWS;
    x->view.window_count = x->window_count;
}

bool lim_mix_set(struct lim_index *x, struct lim_index *const *parts,
                 unsigned count)
{
    struct lim_mix *m = x->mix;
    struct lim_level *l = &x->levels[0];
    unsigned height = find_height(parts, count);
    if (height == LIM_LEVELS_MAX)
        return false;
    l->columns = 0;
    m->count = 0;
    m->leaves = height == 0;
    m->barred = false;
    x->early = 0;
    x->spend_left = INT64_MAX;
    for (unsigned d = 0; d < LIM_DIMENSIONS; d++)
        x->largest[d] = INT64_MAX;
    for (unsigned k = 0; k < count; k++)
        add_part(x, parts[k], clip(parts[k], height));
    for (unsigned i = 0; i < l->columns; i++)
        set_limits(m, i);
    for (unsigned i = l->columns; i < LIM_BLOCK; i++) {
        m->part_of[i] = -1;
        l->blocks->value[LIM_VALUE_BLOCKED][i] = LIM_NEVER;
    }
    list_windows(x);
    lim_index_forget(x);
    return true;
}

/* Puts a number of each part into its columns. */
static inline void spread(const struct lim_mix *m,
                          const int64_t number[LIM_BLOCK],
                          int64_t out[LIM_BLOCK])
{
    const int64_t *part_of = m->part_of;
    int64_t row[LIM_BLOCK];
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        row[i] = 0;
    for (unsigned k = 0; k < m->count; k++) {
        int64_t it = number[k];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++)
            row[i] = part_of[i] == k ? it : row[i];
    }
    memcpy(out, row, sizeof row);
}

/* The parts' own terms stay as they are: a part is asked when it is opened. */
LIM_WIDE void lim_mix_reckon(struct lim_mix *m, unsigned window, int64_t amount)
{
    int64_t span[LIM_BLOCK];
    for (unsigned k = 0; k < m->count; k++) {
        const struct lim_rate *r = &m->parts[k].index->rates[window];
        bool fits = lim_window_fits(r, amount);
        span[k] = lim_rate_span(r, fits ? amount : 0).ns;
    }
    spread(m, span, m->rows.span[window]);
}

LIM_WIDE bool lim_mix_bar(struct lim_mix *m, const struct lim_cost *cost)
{
    int64_t bar[LIM_BLOCK];
    bool any = false, all = true;
    for (unsigned k = 0; k < m->count; k++) {
        bool fits = lim_index_fits(m->parts[k].index, cost);
        any |= fits;
        all &= fits;
        bar[k] = fits ? -LIM_FAR : LIM_NEVER;
    }
    spread(m, bar, m->bar);
    m->barred = !all;
    return any;
}

/* Sets right what has changed of a part's values. */
static inline void look_at(struct lim_index *whole, struct lim_part *part)
{
    struct lim_index *x = part->index;
    struct lim_mix *m = whole->mix;
    struct lim_block *b = whole->levels[0].blocks;
    const struct lim_level *l =
        &x->levels[part->height > 0 ? part->height - 1 : 0];
    unsigned columns = x->moved.columns & part->columns;
    for (; columns != 0; columns &= columns - 1) {
        unsigned c = (unsigned)__builtin_ctz(columns), i = part->column[c];
        for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++)
            m->usual[*w][i] = x->usual[*w];
        if (part->height > 1 && l->stale[c].values != 0)
            lim_index_freshen(x, part->height - 1, c);
        for (unsigned v = x->moved.values; v != 0; v &= v - 1) {
            unsigned value = (unsigned)__builtin_ctz(v);
            b->value[value][i] =
                part->height == 0 ? l->blocks->value[value][c]
                                  : lim_block_least(x, &l->blocks[c],
                                                    part->height == 1, value);
        }
    }
    x->moved = (struct lim_stale){ 0, 0 };
    whole->spend_left = lim_lesser(whole->spend_left, x->spend_left);
}

/* How much more than a usual request this one asks for, at least. */
static inline void join(struct lim_mix *m)
{
    int64_t more[LIM_BLOCK];
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        more[i] = LIM_FAR;
    for (const unsigned *w = m->joint; *w != LIM_WINDOWS; w++) {
        const int64_t *span = m->rows.span[*w], *usual = m->usual[*w];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++)
            more[i] = lim_lesser(span[i] - usual[i], more[i]);
    }
    memcpy(m->rows.span[LIM_JOINT], more, sizeof more);
}

LIM_WIDE void lim_mix_refresh(struct lim_index *whole)
{
    struct lim_mix *m = whole->mix;
    for (unsigned k = 0; k < m->count; k++)
        if (m->parts[k].index->moved.values != 0)
            look_at(whole, &m->parts[k]);
    if (m->joint[0] != LIM_WINDOWS)
        join(m);
}
