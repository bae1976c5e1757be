/* The search of an index: branch and bound, best first. */

#include "limiter/tree.h"

#include <assert.h>

#define ALL_OPEN ((1u << LIM_BLOCK) - 1)

static uint32_t blocks_of(const struct lim_level *l)
{
    return (l->columns + LIM_BLOCK - 1) / LIM_BLOCK;
}

static unsigned columns_in(const struct lim_level *l, uint32_t block)
{
    uint32_t left = l->columns - block * LIM_BLOCK;
    return left < LIM_BLOCK ? left : LIM_BLOCK;
}

/* Puts a request before the index: its terms, and the view of who scores. */
static const struct lim_terms *present(struct lim_index *x,
                                       const struct lim_query *q)
{
    struct lim_view *v = &x->view;
    v->cost = q->cost;
    v->affinity = q->affinity;
    v->draw = q->draw;
    v->now = q->now;
    return lim_index_terms(x, q->cost);
}

bool lim_index_fits(struct lim_index *x, const struct lim_cost *cost)
{
    return lim_index_terms(x, cost)->fits;
}

static void score_block(struct lim_index *x, const struct lim_query *q,
                        const struct lim_level *l, uint32_t block,
                        int64_t score[LIM_BLOCK])
{
    struct lim_view *v = &x->view;
    v->values = &l->blocks[block].value[0][0];
    v->first = &l->first[block * LIM_BLOCK];
    v->last = &l->last[block * LIM_BLOCK];
    v->columns = columns_in(l, block);
    q->strategy->score(q->state, v, score);
}

int64_t lim_index_score(struct lim_index *x, uint32_t leaf,
                        const struct lim_query *q)
{
    int64_t score[LIM_BLOCK];
    present(x, q);
    score_block(x, q, &x->levels[0], leaf / LIM_BLOCK, score);
    return score[leaf % LIM_BLOCK];
}

uint32_t lim_index_propose(struct lim_index *x, const struct lim_query *q)
{
    present(x, q);
    return q->strategy->propose(q->state, &x->view);
}

lim_time lim_index_ready(struct lim_index *x, uint32_t leaf,
                         const struct lim_query *q)
{
    const struct lim_terms *t = lim_index_terms(x, q->cost);
    const struct lim_block *b = &x->levels[0].blocks[leaf / LIM_BLOCK];
    unsigned column = leaf % LIM_BLOCK;
    assert(leaf < x->levels[0].columns);
    lim_time ready = b->value[LIM_VALUE_BLOCKED][column];
    ready = ready > q->now ? ready : q->now;
    if (!t->fits_windows)
        return LIM_NEVER;
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
    if (x->meters != NULL) {
        lim_time at = lim_meters_ready(x->meters, leaf, q->cost, q->now);
        ready = at > ready ? at : ready;
    }
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
 * are or-ed: a sign that is set somewhere is a column that is shut.
 */
static unsigned open_columns(const struct lim_index *x,
                             const struct lim_query *q,
                             const struct lim_block *b)
{
    const struct lim_terms *t = &x->terms;
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

/* Tells of one column what open_columns tells of all. */
static bool is_open(const struct lim_index *x, const struct lim_query *q,
                    const struct lim_block *b, unsigned column)
{
    const struct lim_terms *t = &x->terms;
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

bool lim_index_open(struct lim_index *x, uint32_t leaf,
                    const struct lim_query *q)
{
    const struct lim_terms *t = lim_index_terms(x, q->cost);
    assert(leaf < x->levels[0].columns);
    return t->fits &&
           is_open(x, q, &x->levels[0].blocks[leaf / LIM_BLOCK],
                   leaf % LIM_BLOCK) &&
           (!x->rough || lim_index_ready(x, leaf, q) <= q->now);
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

/*
 * The open column with the smallest value, the first of equal ones.  Columns
 * that are not open hold NOT_OPEN, which may be the value of one that is.
 */
#define NOT_OPEN INT64_MAX

static unsigned least_column(const int64_t value[LIM_BLOCK], unsigned open)
{
    struct least a = lesser(least_of_two(value, 0), least_of_two(value, 2));
    struct least b = lesser(least_of_two(value, 4), least_of_two(value, 6));
    a = lesser(a, b);
    return a.value != NOT_OPEN ? a.column : (unsigned)__builtin_ctz(open);
}

/* Columns `from` on are not in use. */
static unsigned leave_out(int64_t value[LIM_BLOCK], unsigned from)
{
    for (unsigned i = from; i < LIM_BLOCK; i++)
        value[i] = NOT_OPEN;
    return (1u << from) - 1;
}

/* Smaller score first; of equal ones the lower organisation. */
static bool beats(const struct lim_best *best, int64_t score, uint32_t first)
{
    return score < best->score ||
           (score == best->score && first < best->organisation);
}

/*
 * Mostly the column with the best score is open, and no other beats what is
 * found there: who else is open is looked at only if not.
 */
static void visit(struct lim_index *x, const struct lim_query *q,
                  struct lim_best *best, unsigned level, uint32_t block)
{
    const struct lim_level *l = &x->levels[level];
    const struct lim_block *b = &l->blocks[block];
    int64_t score[LIM_BLOCK];
    bool all_known = false;
    if (level > 0 && b->stale.values != 0)
        lim_index_freshen(x, level, block);
    score_block(x, q, l, block, score);
    unsigned open = leave_out(score, x->view.columns);
    while (open != 0) {
        unsigned c = least_column(score, open);
        int64_t value = score[c];
        uint32_t column = block * LIM_BLOCK + c;
        open &= ~(1u << c);
        score[c] = NOT_OPEN;
        if (!beats(best, value, l->first[column])) {
            if (!x->mixed || value > best->score)
                return; /* so do the others not */
            continue;
        }
        if (!all_known && !is_open(x, q, b, c)) {
            unsigned may = open_columns(x, q, b);
            for (unsigned i = 0; i < LIM_BLOCK; i++)
                score[i] = may >> i & 1 ? score[i] : NOT_OPEN;
            open &= may;
            all_known = true;
        } else if (level > 0) {
            uint32_t last = best->organisation;
            visit(x, q, best, level - 1, column);
            if (!x->mixed && best->organisation != last && best->score == value)
                return; /* as good as it gets here */
        } else if (!x->rough || lim_index_ready(x, column, q) <= q->now) {
            *best = (struct lim_best){ value, l->first[column], column, x };
            if (!x->mixed)
                return;
        }
    }
}

void lim_index_find(struct lim_index *x, const struct lim_query *q,
                    struct lim_best *best)
{
    const struct lim_level *top = &x->levels[x->level_count - 1];
    if (!present(x, q)->fits)
        return;
    for (uint32_t b = 0; b < blocks_of(top); b++)
        visit(x, q, best, x->level_count - 1, b);
}

/* When each column may take the request: a lower bound. */
static void ready_times(const struct lim_index *x, const struct lim_query *q,
                        const struct lim_block *b, lim_time ready[LIM_BLOCK])
{
    const struct lim_terms *t = &x->terms;
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

static lim_time earliest(struct lim_index *x, const struct lim_query *q,
                         unsigned level, uint32_t block, lim_time best)
{
    const struct lim_level *l = &x->levels[level];
    lim_time ready[LIM_BLOCK];
    if (level > 0 && l->blocks[block].stale.values != 0)
        lim_index_freshen(x, level, block);
    ready_times(x, q, &l->blocks[block], ready);
    unsigned open = leave_out(ready, columns_in(l, block));
    while (open != 0) {
        unsigned c = least_column(ready, open);
        uint32_t column = block * LIM_BLOCK + c;
        if (ready[c] >= best)
            break;
        open &= ~(1u << c);
        ready[c] = NOT_OPEN;
        lim_time t = level > 0 ? earliest(x, q, level - 1, column, best)
                               : lim_index_ready(x, column, q);
        best = t < best ? t : best;
    }
    return best;
}

lim_time lim_index_earliest(struct lim_index *x, const struct lim_query *q)
{
    const struct lim_level *top = &x->levels[x->level_count - 1];
    lim_time first = LIM_NEVER;
    if (!present(x, q)->fits)
        return LIM_NEVER;
    for (uint32_t b = 0; b < blocks_of(top); b++)
        first = earliest(x, q, x->level_count - 1, b, first);
    return first;
}
