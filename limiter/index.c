#include "limiter/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/error.h"
#include "limiter/tree.h"

#define SCALE_BITS 62
#define APART 31 /* of no mixed index: all leaves are one column */

static void free_levels(struct lim_index *x)
{
    for (unsigned i = 0; i < x->level_count; i++) {
        free(x->levels[i].memory);
        free(x->levels[i].stale);
        free(x->levels[i].first);
        free(x->levels[i].last);
    }
}

void lim_index_free(struct lim_index *x)
{
    if (x == NULL)
        return;
    free_levels(x);
    lim_meters_free(x->meters);
    free(x->mix != NULL ? x->mix->memory : NULL);
    free(x->fraction);
    free(x);
}

/* Columns that are not in use are blocked for ever and never the least. */
static bool add_level(struct lim_index *x, uint32_t columns)
{
    struct lim_level *l = &x->levels[x->level_count];
    size_t blocks = lim_blocks_of(columns);
    assert(x->level_count < LIM_LEVELS_MAX);
    l->columns = columns;
    l->memory = malloc(blocks * sizeof *l->blocks + LIM_CACHE_LINE - 1);
    l->stale = calloc(blocks, sizeof *l->stale);
    l->first = calloc(blocks * LIM_BLOCK, sizeof *l->first);
    l->last = calloc(blocks * LIM_BLOCK, sizeof *l->last);
    x->level_count++;
    if (l->memory == NULL || l->stale == NULL || l->first == NULL ||
        l->last == NULL)
        return false;
    l->blocks = lim_cache_line_in(l->memory);
    for (size_t b = 0; b < blocks; b++) {
        for (int v = 0; v < LIM_TREE_VALUES; v++)
            for (int i = 0; i < LIM_BLOCK; i++)
                l->blocks[b].value[v][i] =
                    v == LIM_VALUE_BLOCKED ? LIM_NEVER : LIM_FAR;
    }
    return true;
}

/* A new leaf's values: windows full, nothing in the way but `blocked`. */
static void set_first(struct lim_level *leaves, uint32_t leaf, lim_time now,
                      lim_time blocked)
{
    struct lim_block *b = &leaves->blocks[leaf / LIM_BLOCK];
    for (int v = 0; v < LIM_VALUES; v++)
        b->value[v][leaf % LIM_BLOCK] = v < LIM_WINDOWS ? now : 0;
    b->value[LIM_VALUE_BLOCKED][leaf % LIM_BLOCK] = blocked;
    b->value[LIM_VALUE_OVER][leaf % LIM_BLOCK] = INT64_MIN / 2;
}

static void widen(struct lim_level *l, uint32_t column, uint32_t first,
                  uint32_t last)
{
    if (first < l->first[column])
        l->first[column] = first;
    if (last > l->last[column])
        l->last[column] = last;
}

/* Fills the levels above the leaves from those below; one block alone is
   opened as fast as its root. */
static bool build(struct lim_index *x)
{
    if (x->levels[0].columns <= LIM_BLOCK)
        return true;
    while (x->levels[x->level_count - 1].columns > 1) {
        const struct lim_level *below = &x->levels[x->level_count - 1];
        uint32_t columns = lim_blocks_of(below->columns);
        if (!add_level(x, columns))
            return false;
        struct lim_level *l = &x->levels[x->level_count - 1];
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t end = (c + 1) * LIM_BLOCK;
            end = end < below->columns ? end : below->columns;
            l->first[c] = below->first[c * LIM_BLOCK];
            for (uint32_t i = c * LIM_BLOCK; i < end; i++)
                widen(l, c, below->first[i], below->last[i]);
            for (int v = 0; v < LIM_TREE_VALUES; v++)
                l->blocks[c / LIM_BLOCK].value[v][c % LIM_BLOCK] =
                    lim_block_least(x, &below->blocks[c], below == x->levels,
                                    (unsigned)v);
        }
    }
    return true;
}

/* The shortest windows are what binds at any moment. */
static void join(struct lim_index *x)
{
    int64_t shortest = INT64_MAX;
    unsigned count = 0;
    for (unsigned i = 0; i < x->window_count; i++) {
        int64_t ns = x->rates[x->windows[i]].window_ns;
        shortest = ns < shortest ? ns : shortest;
    }
    for (unsigned i = 0; i < x->window_count; i++)
        if (x->rates[x->windows[i]].window_ns == shortest)
            x->joint[count++] = x->windows[i];
    x->joint[count > 1 ? count : 0] = LIM_WINDOWS;
    struct lim_joint *j = &x->view.joint;
    j->scale = j->full_ns = INT64_MAX;
    for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++) {
        j->scale = lim_lesser(j->scale, x->scale[*w]);
        j->full_ns = lim_lesser(j->full_ns, x->rates[*w].full.ns);
    }
}

static void set_rates(struct lim_index *x, const struct lim_rate *rates)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_rate *r = &rates[w];
        x->rates[w] = *r;
        if (r->limit == LIM_UNLIMITED)
            continue;
        x->windows[x->window_count++] = w;
        int64_t *largest = &x->largest[lim_limit_dimension((enum lim_limit)w)];
        *largest = lim_lesser(*largest, r->limit > 0 ? r->burst : 0);
        if (r->full.ns > 0)
            x->scale[w] = (INT64_C(1) << SCALE_BITS) / r->full.ns;
        if (r->step.frac != 0 || r->full.frac != 0)
            x->fractions |= 1u << w;
    }
    x->windows[x->window_count] = LIM_WINDOWS;
    x->view.window_count = x->window_count;
    join(x);
    x->early = x->fractions != 0 ? 2 : 0;
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
    x->moved_shift = APART;
    x->changed = &x->unheard;
    lim_index_forget(x);
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        x->latest[w] = now;
    x->latest[LIM_VALUE_BLOCKED] = -LIM_FAR;
    x->spend_max = spend_max;
    x->spend_left = spend_max == LIM_UNLIMITED ? INT64_MAX : spend_max;
    x->view = (struct lim_view){ .organisations = all,
                                 .rates = x->rates,
                                 .span = x->terms.span_ns,
                                 .scale = x->scale,
                                 .windows = x->windows,
                                 .spend_max = spend_max };
    for (unsigned d = 0; d < LIM_DIMENSIONS; d++)
        x->largest[d] = INT64_MAX;
    if (spend_max != LIM_UNLIMITED)
        x->largest[LIM_MONEY] = spend_max;
    set_rates(x, rates);
    x->fraction = calloc((size_t)count * LIM_WINDOWS, sizeof *x->fraction);
    if (x->fraction == NULL || !add_level(x, count))
        goto fail;
    struct lim_level *l = &x->levels[0];
    for (uint32_t i = 0; i < count; i++) {
        l->first[i] = l->last[i] = list[i];
        set_first(l, i, now, -LIM_FAR);
    }
    if (!build(x))
        goto fail;
    return x;
fail:
    lim_index_free(x);
    return NULL;
}

int lim_index_meter(struct lim_index *x, enum lim_discipline discipline,
                    int64_t quantum_ns, lim_time now)
{
    if (discipline == LIM_DISCIPLINE_BUCKET || lim_index_blind(x))
        return LIM_OK;
    x->meters = lim_meters_new(discipline, quantum_ns, x->rates,
                               x->levels[0].columns, now);
    x->early = LIM_NEVER;
    x->fractions = 0; /* the rows need not be exact */
    return x->meters != NULL ? LIM_OK : LIM_ENOMEM;
}

void lim_index_watch(struct lim_index *x)
{
    x->watched = true;
}

void lim_index_tell(struct lim_index *x, bool *changed)
{
    x->changed = changed;
}

struct lim_meters *lim_index_meters(const struct lim_index *x)
{
    return x->meters;
}

uint32_t lim_index_count(const struct lim_index *x)
{
    return x->count;
}

/* Says who is in a leaf. */
static void label(struct lim_index *x, uint32_t leaf, uint32_t first,
                  uint32_t last)
{
    uint32_t column = leaf;
    x->levels[0].first[leaf] = first;
    x->levels[0].last[leaf] = last;
    for (unsigned i = 1; i < x->level_count; i++) {
        column /= LIM_BLOCK;
        widen(&x->levels[i], column, first, last);
    }
}

/* A vacant leaf is blocked for ever; its other values stay and only make bounds
   wider: it is anybody's.  The list goes through the fractions. */
static void vacate(struct lim_index *x, uint32_t leaf)
{
    label(x, leaf, 0, x->all - 1);
    x->fraction[(size_t)leaf * LIM_WINDOWS] = x->vacant;
    x->vacant = leaf;
}

/* Twice the leaves, or nothing changes. */
static bool grow(struct lim_index *x, lim_time now)
{
    const struct lim_level *old = &x->levels[0];
    struct lim_index more = *x;
    struct lim_level *l = &more.levels[0];
    uint32_t n = old->columns, room = 2 * lim_blocks_of(n) * LIM_BLOCK;
    size_t bytes = (size_t)room * LIM_WINDOWS * sizeof *x->fraction;
    int64_t *fraction = realloc(x->fraction, bytes);
    x->fraction = fraction != NULL ? fraction : x->fraction;
    more.fraction = fraction;
    more.level_count = 0;
    bool ok = fraction != NULL && add_level(&more, room) &&
              (x->meters == NULL || lim_meters_grow(x->meters, room, now));
    if (ok) {
        memcpy(l->blocks, old->blocks, lim_blocks_of(n) * sizeof *l->blocks);
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
    x->moved_shift = APART; /* until it is a part again */
    while (room-- > n)
        vacate(x, room);
    return true;
}

uint32_t lim_index_add(struct lim_index *x, uint32_t organisation, lim_time now)
{
    assert(organisation < x->all);
    if (x->vacant == LIM_NO_LEAF && !grow(x, now))
        return LIM_NO_LEAF;
    uint32_t leaf = x->vacant;
    x->vacant = (uint32_t)x->fraction[(size_t)leaf * LIM_WINDOWS];
    x->count++;
    x->unordered = true;
    label(x, leaf, organisation, organisation);
    memset(&x->fraction[(size_t)leaf * LIM_WINDOWS], 0,
           LIM_WINDOWS * sizeof *x->fraction);
    if (x->meters != NULL)
        lim_meters_clear(x->meters, leaf, now);
    for (unsigned v = 0; v < LIM_VALUES; v++)
        lim_index_set(x, leaf, (enum lim_value)v, v < LIM_WINDOWS ? now : 0);
    lim_index_set(x, leaf, LIM_VALUE_OVER, INT64_MIN / 2);
    lim_index_set(x, leaf, LIM_VALUE_BLOCKED, INT64_MIN);
    return leaf;
}

void lim_index_remove(struct lim_index *x, uint32_t leaf)
{
    lim_time latest = x->latest[LIM_VALUE_BLOCKED];
    x->count--;
    lim_index_set(x, leaf, LIM_VALUE_BLOCKED, LIM_NEVER);
    x->latest[LIM_VALUE_BLOCKED] = latest; /* who is gone is in nobody's way */
    vacate(x, leaf);
}

bool lim_index_fits(const struct lim_index *x, const struct lim_cost *cost)
{
    bool fits = true;
    for (unsigned d = 0; d < LIM_DIMENSIONS; d++)
        fits &= cost->amount[d] <= x->largest[d];
    return fits;
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

/* Notes for the mixed index that it is part of, if it is. */
static inline void move(struct lim_index *x, uint32_t leaf, unsigned values)
{
    if (x->moved_shift == APART)
        return;
    x->moved.values |= (uint16_t)values;
    x->moved.columns |= (uint16_t)(1u << (leaf >> x->moved_shift));
}

/* Values of a leaf, as 1 << value, have risen. */
LIM_IN_PLACE static void rise(struct lim_index *x, uint32_t column,
                              unsigned values)
{
    move(x, column, values);
    const struct lim_level *end = &x->levels[x->level_count];
    for (const struct lim_level *l = &x->levels[1]; l < end; l++) {
        column /= LIM_BLOCK;
        struct lim_stale *s = &l->stale[column / LIM_BLOCK];
        unsigned bit = 1u << column % LIM_BLOCK;
        if ((s->values & values) == values && (s->columns & bit) != 0)
            return;
        s->values |= (uint16_t)values;
        s->columns |= (uint16_t)bit;
    }
}

/* Nobody looks at what was spent as long as all are far from full.  A new
   month makes that true again, but is not awaited: who looks finds the same. */
static void note_spent(struct lim_index *x, int64_t spent)
{
    if (x->spend_max == LIM_UNLIMITED)
        return;
    x->spend_left = lim_lesser(x->spend_left, x->spend_max - spent);
}

/* The joint value of a leaf. */
static int64_t latest_of(const struct lim_index *x, const struct lim_block *b,
                         unsigned column)
{
    int64_t latest = -LIM_FAR;
    for (const unsigned *w = x->joint; *w != LIM_WINDOWS; w++) {
        int64_t full = b->value[*w][column] + x->usual[*w];
        latest = full > latest ? full : latest;
    }
    return latest;
}

LIM_WIDE void lim_index_rejoin(struct lim_index *x)
{
    x->moved.values |= 1u << LIM_VALUE_JOINT;
    x->moved.columns = UINT16_MAX;
    for (unsigned i = 1; i < x->level_count; i++) {
        const struct lim_level *l = &x->levels[i], *below = l - 1;
        for (uint32_t c = 0; c < l->columns; c++)
            l->blocks[c / LIM_BLOCK].value[LIM_VALUE_JOINT][c % LIM_BLOCK] =
                lim_block_least(x, &below->blocks[c], i == 1, LIM_VALUE_JOINT);
    }
}

static void fall(struct lim_index *x, uint32_t column, unsigned value,
                 int64_t to)
{
    move(x, column, 1u << value);
    for (unsigned i = 1; i < x->level_count; i++) {
        column /= LIM_BLOCK;
        int64_t *above = &x->levels[i]
                              .blocks[column / LIM_BLOCK]
                              .value[value][column % LIM_BLOCK];
        if (to >= *above)
            return;
        *above = to;
    }
}

void lim_index_set(struct lim_index *x, uint32_t leaf, enum lim_value value,
                   int64_t to)
{
    const struct lim_level *l = &x->levels[0];
    struct lim_block *b = &l->blocks[leaf / LIM_BLOCK];
    assert(leaf < l->columns);
    if (value == LIM_VALUE_BLOCKED && to < -LIM_FAR)
        to = -LIM_FAR; /* so that nothing overflows */
    if (value == LIM_VALUE_SPENT)
        note_spent(x, to);
    int64_t *at = &b->value[value][leaf % LIM_BLOCK], was = *at;
    *at = to;
    bool window = (unsigned)value < LIM_WINDOWS;
    if (value <= LIM_VALUE_OVER || value == LIM_VALUE_SPENT)
        *x->changed = true;
    if (value <= LIM_VALUE_BLOCKED)
        lim_index_note(x, value, to);
    if (to > was) {
        rise(x, leaf, 1u << value | (unsigned)window << LIM_VALUE_JOINT);
    } else if (to < was) {
        fall(x, leaf, value, to);
        if (window)
            fall(x, leaf, LIM_VALUE_JOINT, latest_of(x, b, leaf % LIM_BLOCK));
    }
}

LIM_WIDE void lim_index_freshen(struct lim_index *x, unsigned level,
                                uint32_t block)
{
    struct lim_block *b = &x->levels[level].blocks[block];
    struct lim_stale *stale = &x->levels[level].stale[block];
    const struct lim_level *below = &x->levels[level - 1];
    unsigned columns = stale->columns;
    for (; columns != 0; columns &= columns - 1) {
        unsigned c = (unsigned)__builtin_ctz(columns);
        uint32_t child = block * LIM_BLOCK + c;
        if (below->stale[child].columns != 0)
            lim_index_freshen(x, level - 1, child);
        for (unsigned v = stale->values; v != 0; v &= v - 1) {
            unsigned value = (unsigned)__builtin_ctz(v);
            b->value[value][c] =
                lim_block_least(x, &below->blocks[child], level == 1, value);
        }
    }
    *stale = (struct lim_stale){ 0, 0 };
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
    bool whole = (x->fractions >> window & 1) == 0;
    x->fraction[(size_t)leaf * LIM_WINDOWS + window] = whole ? 0 : to.frac;
    lim_index_set(x, leaf, (enum lim_value)window,
                  to.tat + (whole && to.frac > 0));
}

void lim_index_take(struct lim_index *x, uint32_t leaf,
                    const struct lim_cost *cost, lim_time now)
{
    const struct lim_terms *t = &x->terms;
    struct lim_block *b = &x->levels[0].blocks[leaf / LIM_BLOCK];
    assert(leaf < x->levels[0].columns);
    assert(x->view.cost == cost);
    for (const unsigned *k = t->taken; *k != LIM_WINDOWS; k++) {
        unsigned w = *k;
        int64_t *at = &b->value[w][leaf % LIM_BLOCK], was = *at;
        if ((x->fractions >> w & 1) != 0) {
            int64_t *f = &x->fraction[(size_t)leaf * LIM_WINDOWS + w];
            struct lim_window window = { was, *f };
            lim_window_take_span(&x->rates[w], &window, t->span[w], now);
            *f = window.frac;
            *at = window.tat;
        } else {
            *at = (was > now ? was : now) + t->span_ns[w];
        }
        lim_index_note(x, w, *at);
    }
    rise(x, leaf, t->rises);
    *x->changed = true;
    if (x->meters != NULL)
        lim_meters_take(x->meters, leaf, cost, now);
}
