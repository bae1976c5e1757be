/* The search of an index: branch and bound, best first. */

#include "limiter/tree.h"

#include <assert.h>

#define ALL_OPEN ((1u << LIM_BLOCK) - 1)

struct search {
    const struct lim_query *query;
    const struct lim_terms *terms;
    struct lim_index *index;
    struct lim_best *best;
    struct lim_view view; /* of the block at hand */
};

static uint32_t blocks_of(const struct lim_level *l)
{
    return (l->columns + LIM_BLOCK - 1) / LIM_BLOCK;
}

static unsigned columns_in(const struct lim_level *l, uint32_t block)
{
    uint32_t left = l->columns - block * LIM_BLOCK;
    return left < LIM_BLOCK ? left : LIM_BLOCK;
}

static void begin(struct search *s, struct lim_index *x,
                  const struct lim_query *q, struct lim_best *best)
{
    const struct lim_terms *t = lim_index_terms(x, q->cost);
    *s = (struct search){ .query = q,
                          .terms = t,
                          .index = x,
                          .best = best,
                          .view = {
                              .organisations = x->all,
                              .rates = x->rates,
                              .span = t->span_ns,
                              .scale = x->scale,
                              .windows = x->windows,
                              .window_count = x->window_count,
                              .spend_max = x->spend_max,
                              .cost = q->cost,
                              .affinity = q->affinity,
                              .draw = q->draw,
                              .now = q->now,
                          } };
}

bool lim_index_fits(struct lim_index *x, const struct lim_cost *cost)
{
    return lim_index_terms(x, cost)->fits;
}

static void score_block(struct search *s, const struct lim_level *l,
                        uint32_t block, int64_t score[LIM_BLOCK])
{
    s->view.values = &l->blocks[block].value[0][0];
    s->view.first = &l->first[block * LIM_BLOCK];
    s->view.last = &l->last[block * LIM_BLOCK];
    s->view.columns = columns_in(l, block);
    s->query->strategy->score(s->query->state, &s->view, score);
}

int64_t lim_index_score(struct lim_index *x, uint32_t leaf,
                        const struct lim_query *q)
{
    struct search s;
    int64_t score[LIM_BLOCK];
    begin(&s, x, q, NULL);
    score_block(&s, &x->levels[0], leaf / LIM_BLOCK, score);
    return score[leaf % LIM_BLOCK];
}

/* When the windows of a leaf have room for a cost that fits, or before. */
static lim_time windows_ready(const struct lim_index *x,
                              const struct lim_terms *t, uint32_t leaf,
                              const struct lim_query *q)
{
    const struct lim_block *b = &x->levels[0].blocks[leaf / LIM_BLOCK];
    unsigned column = leaf % LIM_BLOCK;
    lim_time ready = q->now;
    if (x->meters != NULL)
        return lim_meters_ready(x->meters, leaf, q->cost, q->now);
    for (unsigned k = 0; k < t->taken_count; k++) {
        unsigned w = t->taken[k];
        lim_time at = b->value[w][column] + t->need[w];
        if (x->fractions) {
            const struct lim_window window = {
                b->value[w][column],
                x->fraction[(size_t)leaf * LIM_WINDOWS + w],
            };
            at = lim_window_room(&x->rates[w], &window, t->span[w]);
        }
        ready = at > ready ? at : ready;
    }
    return ready;
}

lim_time lim_index_ready(struct lim_index *x, uint32_t leaf,
                         const struct lim_query *q)
{
    const struct lim_terms *t = lim_index_terms(x, q->cost);
    const struct lim_block *b = &x->levels[0].blocks[leaf / LIM_BLOCK];
    unsigned column = leaf % LIM_BLOCK;
    assert(leaf < x->levels[0].columns);
    if (!t->fits_windows)
        return LIM_NEVER;
    lim_time ready = windows_ready(x, t, leaf, q);
    if (b->value[LIM_VALUE_BLOCKED][column] > ready)
        ready = b->value[LIM_VALUE_BLOCKED][column];
    if (x->spend_max != LIM_UNLIMITED && ready < q->month_end &&
        b->value[LIM_VALUE_SPENT][column] + q->cost->amount[LIM_MONEY] >
            x->spend_max)
        ready = q->month_end;
    if (q->capped && b->value[LIM_VALUE_OVER][column] >= 0)
        return LIM_NEVER;
    return ready;
}

/*
 * Which columns may take the request now, as a mask.  Differences of times
 * are or-ed: a sign that is set somewhere is a column that is shut.  (This
 * becomes vector instructions where comparing 64 bits would not.)
 */
static unsigned open_columns(const struct search *s, const struct lim_block *b)
{
    const struct lim_query *q = s->query;
    const struct lim_terms *t = s->terms;
    const struct lim_index *x = s->index;
    const int64_t *row = b->value[LIM_VALUE_BLOCKED];
    uint64_t shut[LIM_BLOCK];
    unsigned mask = 0;
    for (int i = 0; i < LIM_BLOCK; i++)
        shut[i] = (uint64_t)q->now - (uint64_t)row[i];
    for (unsigned k = 0; k < t->taken_count; k++) {
        uint64_t latest = (uint64_t)(q->now - t->need[t->taken[k]]);
        row = b->value[t->taken[k]];
        for (int i = 0; i < LIM_BLOCK; i++)
            shut[i] |= latest - (uint64_t)row[i];
    }
    if (x->spend_max != LIM_UNLIMITED) {
        int64_t left = x->spend_max - q->cost->amount[LIM_MONEY];
        row = b->value[LIM_VALUE_SPENT];
        for (int i = 0; i < LIM_BLOCK; i++)
            shut[i] |= (uint64_t)left - (uint64_t)row[i];
    }
    if (q->capped)
        for (int i = 0; i < LIM_BLOCK; i++)
            shut[i] |= ~(uint64_t)b->value[LIM_VALUE_OVER][i];
    for (int i = 0; i < LIM_BLOCK; i++)
        mask |= (unsigned)(shut[i] >> 63) << i;
    return ~mask & ALL_OPEN;
}

/* A column and its value: the smaller value, or else the first column. */
struct least {
    int64_t value;
    unsigned column;
};

static struct least lesser(struct least a, struct least b)
{
    a.column = b.value < a.value ? b.column : a.column;
    a.value = b.value < a.value ? b.value : a.value;
    return a;
}

static struct least least_of_two(const int64_t value[LIM_BLOCK], unsigned i)
{
    return lesser((struct least){ value[i], i },
                  (struct least){ value[i + 1], i + 1 });
}

/* The open column with the smallest value, the first of equal ones. */
static unsigned least_column(const int64_t value[LIM_BLOCK], unsigned open)
{
    unsigned c = (unsigned)__builtin_ctz(open);
    if (open == ALL_OPEN)
        return lesser(lesser(least_of_two(value, 0), least_of_two(value, 2)),
                      lesser(least_of_two(value, 4), least_of_two(value, 6)))
            .column;
    for (open &= open - 1; open != 0; open &= open - 1) {
        unsigned i = (unsigned)__builtin_ctz(open);
        c = value[i] < value[c] ? i : c;
    }
    return c;
}

/* Smaller score first; of equal ones the lower organisation. */
static bool beats(const struct lim_best *best, int64_t score, uint32_t first)
{
    return score < best->score ||
           (score == best->score && first < best->organisation);
}

/* Tells of one column what open_columns tells of all. */
static bool is_open(const struct search *s, const struct lim_block *b,
                    unsigned column)
{
    const struct lim_query *q = s->query;
    const struct lim_terms *t = s->terms;
    const struct lim_index *x = s->index;
    if (b->value[LIM_VALUE_BLOCKED][column] > q->now)
        return false;
    for (unsigned k = 0; k < t->taken_count; k++)
        if (b->value[t->taken[k]][column] + t->need[t->taken[k]] > q->now)
            return false;
    if (x->spend_max != LIM_UNLIMITED &&
        b->value[LIM_VALUE_SPENT][column] + q->cost->amount[LIM_MONEY] >
            x->spend_max)
        return false;
    return !q->capped || b->value[LIM_VALUE_OVER][column] < 0;
}

/*
 * Mostly the column with the best score is open, and no other beats what is
 * found there: who else is open is looked at only if not.
 */
static void visit(struct search *s, unsigned level, uint32_t block)
{
    struct lim_index *x = s->index;
    const struct lim_level *l = &x->levels[level];
    const struct lim_block *b = &l->blocks[block];
    unsigned open = (1u << columns_in(l, block)) - 1;
    bool all_known = false;
    int64_t score[LIM_BLOCK];
    if (level > 0)
        lim_index_freshen(x, level, block);
    score_block(s, l, block, score);
    while (open != 0) {
        unsigned c = least_column(score, open);
        uint32_t column = block * LIM_BLOCK + c;
        open &= ~(1u << c);
        if (!beats(s->best, score[c], l->first[column])) {
            if (!x->mixed || score[c] > s->best->score)
                return; /* so do the others not */
            continue;
        }
        if (!all_known && !is_open(s, b, c)) {
            open &= open_columns(s, b);
            all_known = true;
        } else if (level > 0) {
            uint32_t last = s->best->organisation;
            visit(s, level - 1, column);
            if (!x->mixed && s->best->organisation != last &&
                s->best->score == score[c])
                return; /* as good as it gets here */
        } else if (!x->rough ||
                   lim_index_ready(x, column, s->query) <= s->query->now) {
            *s->best =
                (struct lim_best){ score[c], l->first[column], column, x };
            if (!x->mixed)
                return;
        }
    }
}

void lim_index_find(struct lim_index *x, const struct lim_query *q,
                    struct lim_best *best)
{
    struct search s;
    const struct lim_level *top = &x->levels[x->level_count - 1];
    if (!lim_index_fits(x, q->cost))
        return;
    begin(&s, x, q, best);
    for (uint32_t b = 0; b < blocks_of(top); b++)
        visit(&s, x->level_count - 1, b);
}

/* When each column may take the request: a lower bound. */
static void ready_times(const struct search *s, const struct lim_block *b,
                        lim_time ready[LIM_BLOCK])
{
    const struct lim_query *q = s->query;
    const struct lim_terms *t = s->terms;
    const struct lim_index *x = s->index;
    for (int i = 0; i < LIM_BLOCK; i++)
        ready[i] = b->value[LIM_VALUE_BLOCKED][i];
    for (unsigned k = 0; k < t->taken_count; k++) {
        const int64_t *tat = b->value[t->taken[k]];
        int64_t need = t->need[t->taken[k]];
        for (int i = 0; i < LIM_BLOCK; i++) {
            lim_time at = tat[i] + need;
            ready[i] = at > ready[i] ? at : ready[i];
        }
    }
    if (x->spend_max != LIM_UNLIMITED) {
        int64_t left = x->spend_max - q->cost->amount[LIM_MONEY];
        for (int i = 0; i < LIM_BLOCK; i++)
            if (b->value[LIM_VALUE_SPENT][i] > left && ready[i] < q->month_end)
                ready[i] = q->month_end;
    }
    if (q->capped)
        for (int i = 0; i < LIM_BLOCK; i++)
            if (b->value[LIM_VALUE_OVER][i] >= 0)
                ready[i] = LIM_NEVER;
}

static lim_time earliest(const struct search *s, unsigned level, uint32_t block,
                         lim_time best)
{
    const struct lim_level *l = &s->index->levels[level];
    lim_time ready[LIM_BLOCK];
    if (level > 0)
        lim_index_freshen(s->index, level, block);
    ready_times(s, &l->blocks[block], ready);
    unsigned open = (1u << columns_in(l, block)) - 1;
    while (open != 0) {
        unsigned c = least_column(ready, open);
        uint32_t column = block * LIM_BLOCK + c;
        open &= ~(1u << c);
        if (ready[c] >= best)
            break;
        lim_time t = level > 0 ? earliest(s, level - 1, column, best)
                               : lim_index_ready(s->index, column, s->query);
        best = t < best ? t : best;
    }
    return best;
}

lim_time lim_index_earliest(struct lim_index *x, const struct lim_query *q)
{
    struct search s;
    const struct lim_level *top = &x->levels[x->level_count - 1];
    lim_time first = LIM_NEVER;
    if (!lim_index_fits(x, q->cost))
        return LIM_NEVER;
    begin(&s, x, q, NULL);
    for (uint32_t b = 0; b < blocks_of(top); b++)
        first = earliest(&s, x->level_count - 1, b, first);
    return first;
}
