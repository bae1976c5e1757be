/* The search of an index: branch and bound, best first. */

#include "limiter/cold.h"
#include "limiter/leaf.h"
#include "limiter/mix.h"

#include <assert.h>

static unsigned columns_in(const struct lim_level *l, uint32_t block)
{
    uint32_t left = l->columns - block * LIM_BLOCK;
    return left < LIM_BLOCK ? left : LIM_BLOCK;
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
    bool joint = x->mix != NULL ? x->mix->joint[0] != LIM_WINDOWS
                                : l > x->levels && x->joint[0] != LIM_WINDOWS;
    v->joint.row = joint ? l->blocks[block].value[LIM_VALUE_JOINT] : NULL;
    q->strategy->score(q->state, v, score);
}

uint32_t lim_index_propose(struct lim_index *x, const struct lim_query *q)
{
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
    if (!t->fits)
        return LIM_NEVER;
    for (const unsigned *k = t->taken; *k != LIM_WINDOWS; k++) {
        unsigned w = *k;
        lim_time at = b->value[w][column] + t->need[w];
        if ((x->fractions >> w & 1) != 0 && at + 2 > ready) {
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
    if (lim_index_may_overspend(x, q->cost) && ready < q->month_end &&
        b->value[LIM_VALUE_SPENT][column] + q->cost->amount[LIM_MONEY] >
            x->spend_max)
        ready = q->month_end;
    if (q->capped && b->value[LIM_VALUE_OVER][column] >= 0)
        return LIM_NEVER;
    return ready;
}

/* Caps that are reached. */
static inline void without_full(const struct lim_block *b,
                                lim_time ready[LIM_BLOCK])
{
    const int64_t *row = b->value[LIM_VALUE_OVER];
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        ready[i] = row[i] >= 0 ? LIM_NEVER : ready[i];
}

/*
 * Likewise of each column; but one that surely may is not told from another.
 * Columns that are not in use never may.
 */
static inline void ready_times(const struct lim_index *x,
                               const struct lim_query *q,
                               const struct lim_block *b,
                               lim_time ready[LIM_BLOCK])
{
    const struct lim_terms *t = &x->terms;
    const int64_t *row = b->value[LIM_VALUE_BLOCKED];
    lim_time floor = lim_surely_by(x, q), month_end = q->month_end;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        ready[i] = row[i] > floor ? row[i] : floor;
    for (const unsigned *w = t->taken; *w != LIM_WINDOWS; w++) {
        int64_t need = t->need[*w];
        row = b->value[*w];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            lim_time at = row[i] + need;
            ready[i] = at > ready[i] ? at : ready[i];
        }
    }
    if (lim_index_may_overspend(x, q->cost)) {
        int64_t left = x->spend_max - q->cost->amount[LIM_MONEY];
        row = b->value[LIM_VALUE_SPENT];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            lim_time at = row[i] > left ? month_end : floor;
            ready[i] = at > ready[i] ? at : ready[i];
        }
    }
    if (q->capped)
        without_full(b, ready);
}

/* Likewise in a mixed index. */
static inline void ready_times_of(const struct lim_index *x,
                                  const struct lim_query *q,
                                  lim_time ready[LIM_BLOCK])
{
    const struct lim_mix *m = x->mix;
    const struct lim_block *b = x->levels[0].blocks;
    const int64_t *row = b->value[LIM_VALUE_BLOCKED], *bar = m->bar;
    lim_time floor = lim_surely_by(x, q), month_end = q->month_end;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        ready[i] = row[i] > floor ? row[i] : floor;
    for (const unsigned *w = x->terms.taken; *w != LIM_WINDOWS; w++) {
        const int64_t *span = m->rows.span[*w], *full = m->rows.full[*w];
        row = b->value[*w];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            lim_time at = row[i] + (span[i] - full[i]);
            ready[i] = at > ready[i] ? at : ready[i];
        }
    }
    if (m->barred) {
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++)
            ready[i] = bar[i] > ready[i] ? bar[i] : ready[i];
    }
    if (lim_index_may_overspend(x, q->cost)) {
        const int64_t *most = m->rows.spend_max;
        int64_t money = q->cost->amount[LIM_MONEY];
        row = b->value[LIM_VALUE_SPENT];
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++) {
            bool over = most[i] != LIM_UNLIMITED && row[i] + money > most[i];
            lim_time at = over ? month_end : floor;
            ready[i] = at > ready[i] ? at : ready[i];
        }
    }
    if (q->capped)
        without_full(b, ready);
}

/* The first column of that value, which some column has.  The bits stand in a
   row, for to shift by a column's number is no instruction over a row. */
static inline unsigned column_of(const int64_t value[LIM_BLOCK], int64_t wanted)
{
    static const int64_t bit[LIM_BLOCK] = {
        1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15,
    };
    int64_t those = 0;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        those |= value[i] == wanted ? bit[i] : 0;
    return (unsigned)__builtin_ctzll((unsigned long long)those);
}

/* Whole rows are written, for whole rows are read next. */
static inline void leave_out(int64_t value[LIM_BLOCK], unsigned column)
{
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        value[i] = i == column ? INT64_MAX : value[i];
}

/* A score with its column below it, so that the least of a row tells both, and
   of equal ones the first. */
#define NO_RANK INT64_MAX

static inline int64_t rank_of(int64_t score, unsigned column)
{
    return (int64_t)((uint64_t)score << LIM_BLOCK_BITS | column);
}

/* The scores of those who may, by their bounds; or of all, where these are not
   known: NULL. */
static inline void rank(struct lim_index *x, const struct lim_query *q,
                        const struct lim_level *l, uint32_t block,
                        const lim_time *ready, int64_t ranks[LIM_BLOCK])
{
    lim_time now = q->now;
    score_block(x, q, l, block, ranks);
    unsigned columns = x->view.columns;
    if (ready == NULL) {
        LIM_EACH_COLUMN
        for (unsigned i = 0; i < LIM_BLOCK; i++)
            ranks[i] = i < columns ? rank_of(ranks[i], i) : NO_RANK;
        return;
    }
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < LIM_BLOCK; i++)
        ranks[i] = ready[i] <= now ? rank_of(ranks[i], i) : NO_RANK;
}

/* Smaller score first; of equal ones the lower organisation. */
static bool beats(const struct lim_best *best, int64_t score, uint32_t first)
{
    return score < best->score ||
           (score == best->score && first < best->organisation);
}

/*
 * The best of all is mostly one who may take the request, and then when others
 * may need not be reckoned.  So a search is eager at first: it looks for the
 * best of all, and gives up where that one may not.  The next WARY searches are
 * not.
 */
#define WARY 64

static bool is_eager(struct lim_index *x)
{
    if (x->wary == 0)
        return true;
    x->wary--;
    return false;
}

/*
 * Scores only count where somebody may take the request.  What is found below
 * the best column is mostly better than the other columns' bounds.  False: it
 * was eager, and gave up.
 */
LIM_WIDE static bool visit(struct lim_index *x, const struct lim_query *q,
                           struct lim_best *best, unsigned level,
                           uint32_t block, bool eager)
{
    const struct lim_level *l = &x->levels[level];
    lim_time ready[LIM_BLOCK], now = q->now;
    int64_t ranks[LIM_BLOCK], least;
    if (level > 0 && l->stale[block].values != 0)
        lim_index_freshen(x, level, block);
    if (!eager) {
        ready_times(x, q, &l->blocks[block], ready);
        if (lim_row_least(ready) > now)
            return true;
    }
    rank(x, q, l, block, eager ? NULL : ready, ranks);
    while ((least = lim_row_least(ranks)) != NO_RANK) {
        int64_t value = least >> LIM_BLOCK_BITS;
        unsigned c = (unsigned)least % LIM_BLOCK;
        uint32_t column = block * LIM_BLOCK + c;
        if (!beats(best, value, l->first[column])) {
            if (!x->unordered || value > best->score)
                return true; /* so do the others not */
        } else if (level > 0) {
            uint32_t last = best->organisation;
            if (!visit(x, q, best, level - 1, column, eager))
                return false;
            if (!x->unordered && best->organisation != last &&
                best->score == value)
                return true; /* as good as it gets here */
        } else if (eager ? lim_leaf_may(x, column, q)
                         : ready[c] <= lim_surely_by(x, q) ||
                               lim_index_ready(x, column, q) <= now) {
            *best = (struct lim_best){ value, l->first[column], column, x };
            if (!x->unordered)
                return true;
        } else if (eager) {
            return false;
        }
        leave_out(ranks, c);
    }
    return true;
}

/* Who a column of a mixed index is of, and of anyone who is one. */
static struct lim_index *owner(struct lim_index *x, unsigned column)
{
    const struct lim_mix *m = x->mix;
    return m == NULL ? x : m->parts[m->part_of[column]].index;
}

/* And what it is there. */
static uint32_t beneath(const struct lim_index *x, unsigned column)
{
    return x->mix == NULL ? column : x->mix->beneath[column];
}

/* Whether somebody of it may beat the best of another index.  A stale root
   promises too much; so the next one is told what is so. */
static bool promises(struct lim_index *x, const struct lim_query *q,
                     const struct lim_best *best)
{
    unsigned root = x->level_count - 1;
    const struct lim_level *l = &x->levels[root];
    int64_t score[LIM_BLOCK];
    if (!lim_index_has_root(x))
        return true;
    score_block(x, q, l, 0, score);
    if (!beats(best, score[0], l->first[0]))
        return false;
    if (l->stale[0].values != 0)
        lim_index_freshen(x, root, 0);
    return true;
}

void lim_index_find(struct lim_index *x, const struct lim_query *q,
                    struct lim_best *best)
{
    lim_index_ask(x, q);
    if (!x->terms.fits)
        return;
    assert(x->mix == NULL);
    if (best->index != NULL && !promises(x, q, best))
        return;
    if (is_eager(x)) {
        if (visit(x, q, best, lim_index_top(x), 0, true))
            return;
        x->wary = WARY;
    }
    visit(x, q, best, lim_index_top(x), 0, false);
}

/* Somebody may at `t`, exactly. */
static inline void meet(struct lim_first *f, uint32_t organisation, lim_time t)
{
    if (t >= f->at) {
        f->next = lim_lesser(f->next, t);
        return;
    }
    f->next = f->at;
    f->at = t;
    f->organisation = organisation;
}

/* Takes the first column of those whose bounds are `ready`, if it may be before
   all that have been met; else nobody in them is. */
static inline bool next_column(lim_time ready[LIM_BLOCK], lim_time now,
                               struct lim_first *f, unsigned *column)
{
    lim_time first = lim_row_least(ready);
    if (f->at <= now || first >= f->at) {
        f->next = lim_lesser(f->next, first);
        return false;
    }
    *column = column_of(ready, first);
    leave_out(ready, *column);
    return true;
}

LIM_WIDE static void earliest(struct lim_index *x, const struct lim_query *q,
                              unsigned level, uint32_t block,
                              struct lim_first *f)
{
    const struct lim_level *l = &x->levels[level];
    lim_time ready[LIM_BLOCK];
    unsigned c;
    if (level > 0 && l->stale[block].values != 0)
        lim_index_freshen(x, level, block);
    ready_times(x, q, &l->blocks[block], ready);
    while (next_column(ready, q->now, f, &c)) {
        uint32_t column = block * LIM_BLOCK + c;
        if (level > 0)
            earliest(x, q, level - 1, column, f);
        else
            meet(f, l->first[column], lim_index_ready(x, column, q));
    }
}

/* Of leaves in a block whose bounds are `ready`. */
LIM_IN_PLACE static void earliest_of(struct lim_index *x,
                                     const struct lim_query *q,
                                     lim_time ready[LIM_BLOCK],
                                     struct lim_first *f)
{
    unsigned c;
    while (next_column(ready, q->now, f, &c))
        meet(f, x->levels->first[c],
             lim_index_ready(owner(x, c), beneath(x, c), q));
}

/* Likewise of blocks. */
LIM_IN_PLACE static void earliest_beneath(struct lim_index *x,
                                          const struct lim_query *q,
                                          lim_time ready[LIM_BLOCK],
                                          struct lim_first *f)
{
    const struct lim_mix *m = x->mix;
    unsigned c;
    while (next_column(ready, q->now, f, &c)) {
        const struct lim_part *part = &m->parts[m->part_of[c]];
        lim_index_ask(part->index, q);
        earliest(part->index, q, part->height - 1, m->beneath[c], f);
    }
}

/* Of a mixed index, whatever its columns are. */
LIM_IN_PLACE static void earliest_of_mixed(struct lim_index *x,
                                           const struct lim_query *q,
                                           lim_time ready[LIM_BLOCK],
                                           struct lim_first *f)
{
    if (x->mix->leaves)
        earliest_of(x, q, ready, f);
    else
        earliest_beneath(x, q, ready, f);
}

LIM_WIDE static void earliest_mixed(struct lim_index *x,
                                    const struct lim_query *q,
                                    struct lim_first *f)
{
    lim_time ready[LIM_BLOCK];
    lim_mix_refresh(x);
    ready_times_of(x, q, ready);
    earliest_of_mixed(x, q, ready, f);
}

void lim_index_earliest(struct lim_index *x, const struct lim_query *q,
                        struct lim_first *first)
{
    lim_index_ask(x, q);
    if (!x->terms.fits)
        return;
    if (x->mix != NULL)
        earliest_mixed(x, q, first);
    else
        earliest(x, q, lim_index_top(x), 0, first);
}

/* The best of one block, whose leaves are in order.  What could not go in the
   end, for a few ns, is looked at again.  Eagerly, if nothing is ready. */
LIM_IN_PLACE static bool choose_in_block(struct lim_index *x,
                                         const struct lim_query *q,
                                         const lim_time *ready,
                                         struct lim_best *best)
{
    int64_t ranks[LIM_BLOCK], least;
    if (ready != NULL && lim_row_least(ready) > q->now)
        return false;
    rank(x, q, x->levels, 0, ready, ranks);
    while ((least = lim_row_least(ranks)) != NO_RANK) {
        unsigned c = (unsigned)least % LIM_BLOCK;
        uint32_t leaf = beneath(x, c);
        struct lim_index *of = owner(x, c);
        if (ready == NULL && of != x)
            lim_index_ask(of, q);
        if (ready == NULL ? lim_leaf_may(of, leaf, q)
                          : ready[c] <= lim_surely_by(x, q) ||
                                lim_index_ready(of, leaf, q) <= q->now) {
            *best = (struct lim_best){ least >> LIM_BLOCK_BITS,
                                       x->levels->first[c], leaf, of };
            return true;
        }
        if (ready == NULL)
            return false;
        leave_out(ranks, c);
    }
    return false;
}

/* The best of what is beneath.  Columns overlap: of equal bounds each may hide
   the lowest organisation.  Eagerly, if nothing is ready. */
LIM_IN_PLACE static bool choose_beneath(struct lim_index *x,
                                        const struct lim_query *q,
                                        const lim_time *ready,
                                        struct lim_best *best)
{
    const struct lim_mix *m = x->mix;
    int64_t ranks[LIM_BLOCK], least;
    if (ready != NULL && lim_row_least(ready) > q->now)
        return false;
    rank(x, q, x->levels, 0, ready, ranks);
    while ((least = lim_row_least(ranks)) != NO_RANK &&
           least >> LIM_BLOCK_BITS <= best->score) {
        unsigned c = (unsigned)least % LIM_BLOCK;
        const struct lim_part *part = &m->parts[m->part_of[c]];
        leave_out(ranks, c);
        if (!beats(best, least >> LIM_BLOCK_BITS, x->levels->first[c]))
            continue;
        lim_index_ask(part->index, q);
        if (!visit(part->index, q, best, part->height - 1, m->beneath[c],
                   ready == NULL))
            return false;
    }
    return best->index != NULL;
}

/* Of a mixed index, whatever its columns are. */
LIM_IN_PLACE static bool choose_of_mixed(struct lim_index *x,
                                         const struct lim_query *q,
                                         const lim_time *ready,
                                         struct lim_best *best)
{
    return x->mix->leaves ? choose_in_block(x, q, ready, best)
                          : choose_beneath(x, q, ready, best);
}

LIM_WIDE static bool choose_mixed(struct lim_index *x,
                                  const struct lim_query *q,
                                  struct lim_best *best, struct lim_first *f)
{
    lim_time ready[LIM_BLOCK];
    lim_mix_refresh(x);
    if (is_eager(x)) {
        if (choose_of_mixed(x, q, NULL, best))
            return true;
        x->wary = WARY;
    }
    ready_times_of(x, q, ready);
    bool found = choose_of_mixed(x, q, ready, best);
    if (!found)
        earliest_of_mixed(x, q, ready, f);
    else if (x->mix->leaves)
        lim_index_ask(best->index, q); /* as who is opened has been */
    return found;
}

LIM_WIDE static bool choose_alike(struct lim_index *x,
                                  const struct lim_query *q,
                                  struct lim_best *best, struct lim_first *f)
{
    lim_time ready[LIM_BLOCK];
    if (is_eager(x)) {
        if (choose_in_block(x, q, NULL, best))
            return true;
        x->wary = WARY;
    }
    ready_times(x, q, x->levels->blocks, ready);
    if (choose_in_block(x, q, ready, best))
        return true;
    earliest_of(x, q, ready, f);
    return false;
}

bool lim_index_choose(struct lim_index *x, const struct lim_query *q,
                      struct lim_best *best, struct lim_first *first)
{
    lim_index_ask(x, q);
    if (!x->terms.fits)
        return false;
    return x->mix == NULL ? choose_alike(x, q, best, first)
                          : choose_mixed(x, q, best, first);
}
