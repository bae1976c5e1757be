#include "limiter/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FLAT 16      /* so many are scanned; a tree pays beyond */
#define LEVELS_MAX 7 /* 8^7 organisations: more than there may be */
#define SCALE_BITS 62
#define FAR (INT64_MAX / 2) /* the year 2116; room to add to */

struct block {
    int64_t value[LIM_VALUES][LIM_BLOCK];
};

struct level {
    struct block *blocks;
    uint32_t *first, *last; /* organisation numbers by column */
    uint32_t columns;       /* in use over all blocks */
};

struct lim_index {
    struct lim_rate rates[LIM_WINDOWS];
    int64_t scale[LIM_WINDOWS];
    unsigned windows[LIM_WINDOWS]; /* those that there are */
    unsigned window_count;
    bool fractions; /* some rate has a remainder */
    int64_t spend_max;
    uint32_t all;
    unsigned level_count;
    struct level levels[LEVELS_MAX]; /* 0: the leaves */
    int64_t *fraction;               /* of each leaf's windows */
    uint32_t count, vacant;          /* leaves in use, list of the others */
    bool mixed;                      /* leaves are in no order */
};

/* The request in the index's own terms. */
struct search {
    const struct lim_query *query;
    int64_t span[LIM_WINDOWS];
    int64_t need[LIM_WINDOWS]; /* ns from a bucket's being full to its
                                  having room for the cost; mostly < 0 */
    struct lim_best *best;
    struct lim_index *index;
};

static void free_levels(struct lim_index *x)
{
    for (unsigned i = 0; i < x->level_count; i++) {
        free(x->levels[i].blocks);
        free(x->levels[i].first);
        free(x->levels[i].last);
    }
}

void lim_index_free(struct lim_index *x)
{
    if (x == NULL)
        return;
    free_levels(x);
    free(x->fraction);
    free(x);
}

static uint32_t blocks_of(uint32_t columns)
{
    return (columns + LIM_BLOCK - 1) / LIM_BLOCK;
}

/* Columns that are not in use are blocked for ever and never the least. */
static bool add_level(struct lim_index *x, uint32_t columns)
{
    struct level *l = &x->levels[x->level_count];
    size_t blocks = blocks_of(columns);
    assert(x->level_count < LEVELS_MAX);
    l->columns = columns;
    l->blocks = malloc(blocks * sizeof *l->blocks);
    l->first = calloc(blocks * LIM_BLOCK, sizeof *l->first);
    l->last = calloc(blocks * LIM_BLOCK, sizeof *l->last);
    x->level_count++;
    if (l->blocks == NULL || l->first == NULL || l->last == NULL)
        return false;
    for (size_t b = 0; b < blocks; b++)
        for (int v = 0; v < LIM_VALUES; v++)
            for (int i = 0; i < LIM_BLOCK; i++)
                l->blocks[b].value[v][i] =
                    v == LIM_VALUE_BLOCKED ? LIM_NEVER : FAR;
    return true;
}

static int64_t least(const int64_t values[LIM_BLOCK])
{
    int64_t m = values[0];
    for (int i = 1; i < LIM_BLOCK; i++)
        m = values[i] < m ? values[i] : m;
    return m;
}

/* A new leaf's values: windows full, nothing in the way but `blocked`. */
static void set_first(struct level *leaves, uint32_t leaf, lim_time now,
                      lim_time blocked)
{
    struct block *b = &leaves->blocks[leaf / LIM_BLOCK];
    for (int v = 0; v < LIM_VALUES; v++)
        b->value[v][leaf % LIM_BLOCK] = v < LIM_WINDOWS ? now : 0;
    b->value[LIM_VALUE_BLOCKED][leaf % LIM_BLOCK] = blocked;
    b->value[LIM_VALUE_OVER][leaf % LIM_BLOCK] = INT64_MIN / 2;
}

static void widen(struct level *l, uint32_t column, uint32_t first,
                  uint32_t last)
{
    if (first < l->first[column])
        l->first[column] = first;
    if (last > l->last[column])
        l->last[column] = last;
}

/* Fills the levels above the leaves from those below. */
static bool build(struct lim_index *x)
{
    if (x->levels[0].columns <= FLAT)
        return true;
    while (x->levels[x->level_count - 1].columns > LIM_BLOCK) {
        const struct level *below = &x->levels[x->level_count - 1];
        uint32_t columns = blocks_of(below->columns);
        if (!add_level(x, columns))
            return false;
        struct level *l = &x->levels[x->level_count - 1];
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t end = (c + 1) * LIM_BLOCK;
            end = end < below->columns ? end : below->columns;
            l->first[c] = below->first[c * LIM_BLOCK];
            for (uint32_t i = c * LIM_BLOCK; i < end; i++)
                widen(l, c, below->first[i], below->last[i]);
            for (int v = 0; v < LIM_VALUES; v++)
                l->blocks[c / LIM_BLOCK].value[v][c % LIM_BLOCK] =
                    least(below->blocks[c].value[v]);
        }
    }
    return true;
}

static void set_rates(struct lim_index *x, const struct lim_rate *rates)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_rate *r = &rates[w];
        x->rates[w] = *r;
        if (r->limit == LIM_UNLIMITED)
            continue;
        x->windows[x->window_count++] = w;
        if (r->full.ns > 0)
            x->scale[w] = (INT64_C(1) << SCALE_BITS) / r->full.ns;
        if (r->step.frac != 0 || r->full.frac != 0)
            x->fractions = true;
    }
}

struct lim_index *lim_index_new(const struct lim_rate *rates, int64_t spend_max,
                                const uint32_t *list, uint32_t count,
                                uint32_t all, lim_time now)
{
    assert(count > 0);
    struct lim_index *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->all = all;
    x->count = count;
    x->vacant = LIM_NO_LEAF;
    x->spend_max = spend_max;
    set_rates(x, rates);
    x->fraction = calloc((size_t)count * LIM_WINDOWS, sizeof *x->fraction);
    if (x->fraction == NULL || !add_level(x, count))
        goto fail;
    struct level *l = &x->levels[0];
    for (uint32_t i = 0; i < count; i++) {
        l->first[i] = l->last[i] = list[i];
        set_first(l, i, now, INT64_MIN);
    }
    if (!build(x))
        goto fail;
    return x;
fail:
    lim_index_free(x);
    return NULL;
}

uint32_t lim_index_count(const struct lim_index *x)
{
    return x->count;
}

/* A vacant leaf is blocked for ever; its other values, and who it was, stay
   and only make bounds wider.  The list goes through the fractions. */
static void vacate(struct lim_index *x, uint32_t leaf)
{
    x->fraction[(size_t)leaf * LIM_WINDOWS] = x->vacant;
    x->vacant = leaf;
}

/* Twice the leaves, or nothing changes. */
static bool grow(struct lim_index *x, lim_time now)
{
    const struct level *old = &x->levels[0];
    struct lim_index more = *x;
    struct level *l = &more.levels[0];
    uint32_t n = old->columns, room = 2 * blocks_of(n) * LIM_BLOCK;
    size_t bytes = (size_t)room * LIM_WINDOWS * sizeof *x->fraction;
    int64_t *fraction = realloc(x->fraction, bytes);
    x->fraction = fraction != NULL ? fraction : x->fraction;
    more.fraction = fraction;
    more.level_count = 0;
    bool ok = fraction != NULL && add_level(&more, room);
    if (ok) {
        memcpy(l->blocks, old->blocks, blocks_of(n) * sizeof *l->blocks);
        memcpy(l->first, old->first, n * sizeof *l->first);
        memcpy(l->last, old->last, n * sizeof *l->last);
        for (uint32_t i = n; i < room; i++)
            set_first(l, i, now, LIM_NEVER);
    }
    if (!ok || !build(&more)) {
        free_levels(&more);
        return false;
    }
    free_levels(x);
    *x = more;
    while (room-- > n)
        vacate(x, room);
    return true;
}

uint32_t lim_index_add(struct lim_index *x, uint32_t organisation, lim_time now)
{
    assert(organisation < x->all);
    if (x->vacant == LIM_NO_LEAF && !grow(x, now))
        return LIM_NO_LEAF;
    uint32_t leaf = x->vacant, column = leaf;
    x->vacant = (uint32_t)x->fraction[(size_t)leaf * LIM_WINDOWS];
    x->count++;
    x->mixed = true;
    x->levels[0].first[leaf] = x->levels[0].last[leaf] = organisation;
    for (unsigned i = 1; i < x->level_count; i++) {
        column /= LIM_BLOCK;
        widen(&x->levels[i], column, organisation, organisation);
    }
    memset(&x->fraction[(size_t)leaf * LIM_WINDOWS], 0,
           LIM_WINDOWS * sizeof *x->fraction);
    for (unsigned v = 0; v < LIM_VALUES; v++)
        lim_index_set(x, leaf, (enum lim_value)v, v < LIM_WINDOWS ? now : 0);
    lim_index_set(x, leaf, LIM_VALUE_OVER, INT64_MIN / 2);
    lim_index_set(x, leaf, LIM_VALUE_BLOCKED, INT64_MIN);
    return leaf;
}

void lim_index_remove(struct lim_index *x, uint32_t leaf)
{
    lim_index_set(x, leaf, LIM_VALUE_BLOCKED, LIM_NEVER);
    x->count--;
    vacate(x, leaf);
}

const struct lim_rate *lim_index_rate(const struct lim_index *x,
                                      enum lim_limit window)
{
    assert(window < LIM_WINDOWS);
    return &x->rates[window];
}

int64_t lim_index_spend_max(const struct lim_index *x)
{
    return x->spend_max;
}

uint32_t lim_index_all(const struct lim_index *x)
{
    return x->all;
}

bool lim_index_blind(const struct lim_index *x)
{
    return x->window_count == 0;
}

int64_t lim_index_get(const struct lim_index *x, uint32_t leaf,
                      enum lim_value value)
{
    assert(leaf < x->levels[0].columns);
    return x->levels[0].blocks[leaf / LIM_BLOCK].value[value][leaf % LIM_BLOCK];
}

void lim_index_set(struct lim_index *x, uint32_t leaf, enum lim_value value,
                   int64_t to)
{
    uint32_t column = leaf;
    assert(leaf < x->levels[0].columns);
    for (unsigned i = 0;; i++) {
        int64_t *values = x->levels[i].blocks[column / LIM_BLOCK].value[value];
        int64_t was = values[column % LIM_BLOCK];
        values[column % LIM_BLOCK] = to;
        if (i + 1 == x->level_count || was == to)
            return;
        column /= LIM_BLOCK;
        int64_t above = x->levels[i + 1]
                            .blocks[column / LIM_BLOCK]
                            .value[value][column % LIM_BLOCK];
        if (to > above) {
            if (was > above)
                return;
            to = least(values);
        }
    }
}

struct lim_window lim_index_window(const struct lim_index *x, uint32_t leaf,
                                   enum lim_limit window)
{
    assert(window < LIM_WINDOWS);
    struct lim_window w = {
        lim_index_get(x, leaf, (enum lim_value)window),
        x->fraction[(size_t)leaf * LIM_WINDOWS + window],
    };
    return w;
}

void lim_index_set_window(struct lim_index *x, uint32_t leaf,
                          enum lim_limit window, struct lim_window to)
{
    assert(window < LIM_WINDOWS);
    x->fraction[(size_t)leaf * LIM_WINDOWS + window] = to.frac;
    lim_index_set(x, leaf, (enum lim_value)window, to.tat);
}

void lim_index_take(struct lim_index *x, uint32_t leaf,
                    const struct lim_cost *cost, lim_time now)
{
    for (unsigned i = 0; i < x->window_count; i++) {
        enum lim_limit l = (enum lim_limit)x->windows[i];
        int64_t amount = cost->amount[lim_limit_dimension(l)];
        if (amount == 0)
            continue;
        struct lim_window w = lim_index_window(x, leaf, l);
        lim_window_take(&x->rates[l], &w, amount, now);
        lim_index_set_window(x, leaf, l, w);
    }
}

bool lim_index_fits(const struct lim_index *x, const struct lim_cost *cost)
{
    for (unsigned i = 0; i < x->window_count; i++) {
        unsigned w = x->windows[i];
        int64_t amount = cost->amount[lim_limit_dimension((enum lim_limit)w)];
        if (!lim_window_fits(&x->rates[w], amount))
            return false;
    }
    return x->spend_max == LIM_UNLIMITED ||
           cost->amount[LIM_MONEY] <= x->spend_max;
}

/*
 * In ns, rounded down: with the windows' fractions left out, a bound that is
 * at most 2 ns early.  A window that the request takes nothing from never
 * holds it up.
 */
static void prepare(struct search *s, const struct lim_index *x,
                    const struct lim_query *q)
{
    s->query = q;
    for (unsigned i = 0; i < x->window_count; i++) {
        unsigned w = x->windows[i];
        int64_t amount =
            q->cost->amount[lim_limit_dimension((enum lim_limit)w)];
        s->span[w] = lim_rate_span(&x->rates[w], amount).ns;
        s->need[w] =
            amount > 0 ? s->span[w] - x->rates[w].full.ns - 1 : INT64_MIN / 2;
        if (!x->fractions && amount > 0)
            s->need[w]++;
    }
}

/* When each column may take the request, by its windows: a lower bound. */
static void ready_times(const struct search *s, const struct lim_index *x,
                        const struct block *b, lim_time ready[LIM_BLOCK])
{
    for (int i = 0; i < LIM_BLOCK; i++)
        ready[i] = b->value[LIM_VALUE_BLOCKED][i];
    for (unsigned k = 0; k < x->window_count; k++) {
        const int64_t *tat = b->value[x->windows[k]];
        int64_t need = s->need[x->windows[k]];
        for (int i = 0; i < LIM_BLOCK; i++) {
            lim_time t = tat[i] + need;
            ready[i] = t > ready[i] ? t : ready[i];
        }
    }
    if (x->spend_max != LIM_UNLIMITED) {
        int64_t left = x->spend_max - s->query->cost->amount[LIM_MONEY];
        for (int i = 0; i < LIM_BLOCK; i++)
            if (b->value[LIM_VALUE_SPENT][i] > left &&
                ready[i] < s->query->month_end)
                ready[i] = s->query->month_end;
    }
    if (s->query->capped)
        for (int i = 0; i < LIM_BLOCK; i++)
            if (b->value[LIM_VALUE_OVER][i] >= 0)
                ready[i] = LIM_NEVER;
}

lim_time lim_index_ready(const struct lim_index *x, uint32_t leaf,
                         const struct lim_query *q)
{
    lim_time ready = lim_index_get(x, leaf, LIM_VALUE_BLOCKED);
    ready = ready > q->now ? ready : q->now;
    for (unsigned i = 0; i < x->window_count; i++) {
        enum lim_limit l = (enum lim_limit)x->windows[i];
        struct lim_window w = lim_index_window(x, leaf, l);
        lim_time t = lim_window_ready(
            &x->rates[l], &w, q->cost->amount[lim_limit_dimension(l)], q->now);
        ready = t > ready ? t : ready;
    }
    if (x->spend_max != LIM_UNLIMITED &&
        lim_index_get(x, leaf, LIM_VALUE_SPENT) + q->cost->amount[LIM_MONEY] >
            x->spend_max &&
        ready < q->month_end)
        ready = q->month_end;
    if (q->capped && lim_index_get(x, leaf, LIM_VALUE_OVER) >= 0)
        return LIM_NEVER;
    return ready;
}

static unsigned columns_in(const struct level *l, uint32_t block)
{
    uint32_t left = l->columns - block * LIM_BLOCK;
    return left < LIM_BLOCK ? left : LIM_BLOCK;
}

/* The view of `columns` columns of a level, from one of them on. */
static struct lim_view view_of(const struct search *s, const struct level *l,
                               uint32_t column, unsigned columns)
{
    const struct lim_index *x = s->index;
    const struct block *b = &l->blocks[column / LIM_BLOCK];
    return (struct lim_view){
        .values = &b->value[0][0] + column % LIM_BLOCK,
        .first = &l->first[column],
        .last = &l->last[column],
        .columns = columns,
        .organisations = x->all,
        .rates = x->rates,
        .span = s->span,
        .scale = x->scale,
        .windows = x->windows,
        .window_count = x->window_count,
        .spend_max = x->spend_max,
        .cost = s->query->cost,
        .affinity = s->query->affinity,
        .draw = s->query->draw,
        .now = s->query->now,
    };
}

static void score_block(const struct search *s, unsigned level, uint32_t block,
                        int64_t score[LIM_BLOCK])
{
    const struct level *l = &s->index->levels[level];
    const struct lim_view view =
        view_of(s, l, block * LIM_BLOCK, columns_in(l, block));
    s->query->strategy->score(s->query->state, &view, score);
}

int64_t lim_index_score(struct lim_index *x, uint32_t leaf,
                        const struct lim_query *q)
{
    struct search s = { .index = x };
    int64_t score[LIM_BLOCK];
    prepare(&s, x, q);
    const struct lim_view view = view_of(&s, &x->levels[0], leaf, 1);
    q->strategy->score(q->state, &view, score);
    return score[0];
}

/* Smaller score first; of equal ones the lower organisation. */
static bool beats(const struct lim_best *best, int64_t score, uint32_t first)
{
    return score < best->score ||
           (score == best->score && first < best->organisation);
}

/*
 * Which columns may take the request now, as a mask: what ready_times would
 * find to be `now` or earlier, for less.
 */
static unsigned open_columns(const struct search *s, const struct lim_index *x,
                             const struct block *b, unsigned columns)
{
    const struct lim_query *q = s->query;
    unsigned shut = 0;
    for (unsigned i = 0; i < columns; i++)
        shut |= (unsigned)(b->value[LIM_VALUE_BLOCKED][i] > q->now) << i;
    for (unsigned k = 0; k < x->window_count; k++) {
        const int64_t *tat = b->value[x->windows[k]];
        int64_t latest = q->now - s->need[x->windows[k]];
        for (unsigned i = 0; i < columns; i++)
            shut |= (unsigned)(tat[i] > latest) << i;
    }
    if (x->spend_max != LIM_UNLIMITED) {
        int64_t left = x->spend_max - q->cost->amount[LIM_MONEY];
        for (unsigned i = 0; i < columns; i++)
            shut |= (unsigned)(b->value[LIM_VALUE_SPENT][i] > left) << i;
    }
    if (q->capped)
        for (unsigned i = 0; i < columns; i++)
            shut |= (unsigned)(b->value[LIM_VALUE_OVER][i] >= 0) << i;
    return ~shut & ((1u << columns) - 1);
}

/* The open column with the smallest value, the first of equal ones. */
static unsigned least_column(const int64_t value[LIM_BLOCK], unsigned open)
{
    unsigned c = (unsigned)__builtin_ctz(open);
    for (open &= open - 1; open != 0; open &= open - 1) {
        unsigned i = (unsigned)__builtin_ctz(open);
        c = value[i] < value[c] ? i : c;
    }
    return c;
}

static void visit(struct search *s, unsigned level, uint32_t block)
{
    const struct lim_index *x = s->index;
    const struct level *l = &x->levels[level];
    unsigned columns = columns_in(l, block);
    unsigned open = open_columns(s, x, &l->blocks[block], columns);
    int64_t score[LIM_BLOCK];
    if (open == 0)
        return;
    score_block(s, level, block, score);
    while (open != 0) {
        unsigned c = least_column(score, open);
        uint32_t column = block * LIM_BLOCK + c;
        open &= ~(1u << c);
        if (score[c] > s->best->score)
            return;
        if (!beats(s->best, score[c], l->first[column]))
            continue;
        if (level > 0) {
            visit(s, level - 1, column);
        } else if (!x->fractions ||
                   lim_index_ready(x, column, s->query) <= s->query->now) {
            *s->best = (struct lim_best){ score[c], l->first[column], column,
                                          s->index };
            if (!x->mixed)
                return;
        }
    }
}

void lim_index_find(struct lim_index *x, const struct lim_query *q,
                    struct lim_best *best)
{
    struct search s = { .best = best, .index = x };
    if (!lim_index_fits(x, q->cost))
        return;
    prepare(&s, x, q);
    unsigned top = x->level_count - 1;
    for (uint32_t b = 0; b < blocks_of(x->levels[top].columns); b++)
        visit(&s, top, b);
}

static lim_time earliest(const struct search *s, const struct lim_index *x,
                         unsigned level, uint32_t block, lim_time best)
{
    const struct level *l = &x->levels[level];
    lim_time ready[LIM_BLOCK];
    ready_times(s, x, &l->blocks[block], ready);
    unsigned open = (1u << columns_in(l, block)) - 1;
    while (open != 0) {
        unsigned c = least_column(ready, open);
        uint32_t column = block * LIM_BLOCK + c;
        open &= ~(1u << c);
        if (ready[c] >= best)
            break;
        lim_time t = level > 0 ? earliest(s, x, level - 1, column, best)
                               : lim_index_ready(x, column, s->query);
        best = t < best ? t : best;
    }
    return best;
}

lim_time lim_index_earliest(const struct lim_index *x,
                            const struct lim_query *q)
{
    struct search s = { .best = NULL };
    if (!lim_index_fits(x, q->cost))
        return LIM_NEVER;
    prepare(&s, x, q);
    unsigned top = x->level_count - 1;
    lim_time first = LIM_NEVER;
    for (uint32_t b = 0; b < blocks_of(x->levels[top].columns); b++)
        first = earliest(&s, x, top, b, first);
    return first;
}
