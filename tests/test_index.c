/*
 * The index against a plain loop over all organisations: every strategy must
 * choose the same, and the earliest time must be the earliest of all.
 */

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/leaf.h"
#include "limiter/rng.h"

#define ORGANISATIONS_MAX 300
#define GROUPS 2
#define CLASSES 3
#define STEPS 100
#define SEEDS 24
#define SPEND_MAX 50

/* Organisations of equal limits in a group. */
struct class
{
    struct lim_index *index;
    struct lim_rate rates[LIM_WINDOWS];
    int64_t spend_max;
    uint32_t list[ORGANISATIONS_MAX];
    uint32_t count;
};

struct member {
    struct {
        struct class *class; /* NULL: it does not serve the group */
        uint32_t leaf;
    } at[GROUPS];
    int64_t in_flight, sent, spent, key;
    double weight, price;
    int priority;
};

struct fixture {
    struct class classes[GROUPS][CLASSES];
    struct member members[ORGANISATIONS_MAX];
    uint32_t count;
    double weights;
    const struct lim_strategy *strategy;
    void *state;
    uint64_t stream, draws;
    unsigned all_may; /* take it, so many times */
    lim_time now;
};

static uint64_t bits(struct fixture *f)
{
    return lim_rng_draw(f->stream, f->draws++, 0);
}

static int64_t below(struct fixture *f, int64_t n)
{
    return (int64_t)(bits(f) % (uint64_t)n);
}

/* Writes a value of an organisation in every group. */
static void set(struct fixture *f, uint32_t i, enum lim_value value, int64_t to)
{
    for (unsigned g = 0; g < GROUPS; g++)
        if (f->members[i].at[g].class != NULL)
            lim_index_set(f->members[i].at[g].class->index,
                          f->members[i].at[g].leaf, value, to);
}

static struct lim_event event_of(const struct fixture *f, uint32_t i)
{
    const struct member *m = &f->members[i];
    return (struct lim_event){ .organisation = i,
                               .organisations = f->count,
                               .weight = m->weight,
                               .weights = f->weights,
                               .priority = m->priority,
                               .price = m->price,
                               .key = m->key,
                               .first_token_ns = -1,
                               .tokens = -1,
                               .now = f->now };
}

static void set_key(struct fixture *f, uint32_t i, int64_t key)
{
    f->members[i].key = key;
    set(f, i, LIM_VALUE_KEY, key);
}

static void make_class(struct fixture *f, struct class *c)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t limit = below(f, 3) == 0 ? LIM_UNLIMITED : 1 + below(f, 500);
        int64_t burst = limit > 0 ? 1 + below(f, limit) : 0;
        c->rates[w] =
            lim_rate_make(limit, lim_limit_window((enum lim_limit)w), burst);
    }
    c->spend_max = below(f, 2) ? LIM_UNLIMITED : SPEND_MAX;
    c->index = lim_index_new(c->rates, c->spend_max, c->list, c->count,
                             f->count, f->now);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->index);
    lim_index_watch(c->index);
}

static void make_group(struct fixture *f, unsigned group)
{
    int64_t classes = 1 + below(f, CLASSES);
    for (uint32_t i = 0; i < f->count; i++) {
        if (below(f, 10) == 0)
            continue;
        struct class *c = &f->classes[group][below(f, classes)];
        f->members[i].at[group].class = c;
        f->members[i].at[group].leaf = c->count;
        c->list[c->count++] = i;
    }
    for (unsigned i = 0; i < CLASSES; i++)
        if (f->classes[group][i].count > 0)
            make_class(f, &f->classes[group][i]);
}

static void start(struct fixture *f)
{
    bool alike = below(f, 3) == 0;
    for (uint32_t i = 0; i < f->count; i++) {
        struct member *m = &f->members[i];
        m->weight = alike ? 1 : (double)(1 + below(f, 4));
        m->price = (double)(1 + below(f, 3)) / 2;
        m->priority = (int)below(f, 3) - 1;
        f->weights += m->weight;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        struct lim_event e = event_of(f, i);
        set_key(f, i,
                f->strategy->start != NULL ? f->strategy->start(f->state, &e)
                                           : 0);
    }
}

static void set_up(struct fixture *f, const struct lim_strategy *s,
                   uint64_t seed)
{
    const lim_time years[] = { 0, lim_date(2026, 11, 23),
                               lim_date(2100, 1, 1) };
    memset(f, 0, sizeof *f);
    f->stream = lim_rng_stream(seed, LIM_DRAW_ID);
    f->strategy = s;
    f->now = years[below(f, 3)];
    f->count = 1 + (uint32_t)below(f, seed % 2 ? ORGANISATIONS_MAX : 20);
    f->state = calloc(1, s->state_size + f->count * s->state_each + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->state);
    for (unsigned g = 0; g < GROUPS; g++)
        make_group(f, g);
    start(f);
}

static void tear_down(struct fixture *f)
{
    for (unsigned g = 0; g < GROUPS; g++)
        for (unsigned c = 0; c < CLASSES; c++)
            lim_index_free(f->classes[g][c].index);
    free(f->state);
}

static struct lim_cost some_cost(struct fixture *f)
{
    struct lim_cost c = { { below(f, 3), below(f, 120), below(f, 3),
                            below(f, 5) } };
    return c;
}

/* The score of one organisation, as a block of one column. */
static int64_t score_one(const struct fixture *f, const struct lim_query *q,
                         const struct class *c, uint32_t leaf)
{
    int64_t values[LIM_VALUES][LIM_BLOCK] = { { 0 } };
    int64_t span[LIM_WINDOWS], scale[LIM_WINDOWS], score[LIM_BLOCK];
    unsigned windows[LIM_WINDOWS + 1], n = 0;
    for (int v = 0; v < LIM_VALUES; v++)
        values[v][0] = lim_index_get(c->index, leaf, (enum lim_value)v);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t amount =
            q->cost->amount[lim_limit_dimension((enum lim_limit)w)];
        if (c->rates[w].limit == LIM_UNLIMITED)
            continue;
        span[w] = lim_rate_span(&c->rates[w], amount).ns;
        scale[w] = (INT64_C(1) << 62) / c->rates[w].full.ns;
        windows[n++] = w;
    }
    windows[n] = LIM_WINDOWS;
    struct lim_view v = { .values = &values[0][0],
                          .first = &c->list[leaf],
                          .last = &c->list[leaf],
                          .columns = 1,
                          .organisations = f->count,
                          .rates = c->rates,
                          .span = span,
                          .scale = scale,
                          .windows = windows,
                          .window_count = n,
                          .spend_max = c->spend_max,
                          .cost = q->cost,
                          .affinity = q->affinity,
                          .draw = q->draw,
                          .now = q->now };
    f->strategy->score(f->state, &v, score);
    return score[0];
}

/* The plain loop; tells the earliest time as well. */
static uint32_t choose_plainly(const struct fixture *f, unsigned group,
                               const struct lim_query *q, lim_time *first)
{
    uint32_t chosen = UINT32_MAX;
    int64_t least = 0;
    *first = LIM_NEVER;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct class *c = f->members[i].at[group].class;
        uint32_t leaf = f->members[i].at[group].leaf;
        if (c == NULL || !lim_index_fits(c->index, q->cost))
            continue;
        lim_time t = lim_index_ready(c->index, leaf, q);
        *first = t < *first ? t : *first;
        if (t > q->now)
            continue;
        int64_t s = score_one(f, q, c, leaf);
        if (chosen == UINT32_MAX || s < least) {
            chosen = i;
            least = s;
        }
    }
    return chosen;
}

/* Who may be first, later than now, is ready then and nobody else before. */
static void check_first(const struct fixture *f, unsigned group,
                        const struct lim_query *q,
                        const struct lim_first *first)
{
    if (first->at <= q->now || first->at == LIM_NEVER)
        return;
    CU_ASSERT_TRUE(first->at <= first->next);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct class *c = f->members[i].at[group].class;
        if (c == NULL || !lim_index_fits(c->index, q->cost))
            continue;
        lim_time t = lim_index_ready(c->index, f->members[i].at[group].leaf, q);
        bool is_first = i == first->organisation;
        CU_ASSERT_TRUE(is_first ? t == first->at : t >= first->next);
    }
}

/* Who is proposed and may take it must be who wins. */
static void check_proposal(const struct fixture *f, unsigned group,
                           const struct lim_query *q, uint32_t chosen)
{
    const struct lim_view v = { .organisations = f->count,
                                .cost = q->cost,
                                .affinity = q->affinity,
                                .draw = q->draw,
                                .now = q->now };
    if (f->strategy->propose == NULL)
        return;
    uint32_t i = f->strategy->propose(f->state, &v);
    CU_ASSERT_FATAL(i < f->count);
    const struct class *c = f->members[i].at[group].class;
    if (c != NULL &&
        lim_index_ready(c->index, f->members[i].at[group].leaf, q) <= q->now)
        CU_ASSERT_EQUAL(chosen, i);
}

/* All of a class may take it, if the class says so; which it does at times. */
static void check_all_may(struct fixture *f, unsigned group,
                          const struct lim_query *q, const struct class *c)
{
    lim_index_ask(c->index, q);
    if (!lim_all_may(c->index, q))
        return;
    f->all_may++;
    for (uint32_t i = 0; i < f->count; i++)
        if (f->members[i].at[group].class == c)
            CU_ASSERT_TRUE(lim_index_ready(c->index,
                                           f->members[i].at[group].leaf,
                                           q) <= q->now);
}

static uint32_t compare(struct fixture *f, unsigned group,
                        const struct lim_query *q)
{
    struct lim_best best = { INT64_MAX, UINT32_MAX, 0, NULL };
    struct lim_first found = LIM_FIRST_NOBODY;
    lim_time first;
    uint32_t chosen = choose_plainly(f, group, q, &first);
    for (unsigned i = 0; i < CLASSES; i++) {
        struct lim_index *x = f->classes[group][i].index;
        if (x == NULL)
            continue;
        check_all_may(f, group, q, &f->classes[group][i]);
        lim_index_find(x, q, &best);
        lim_index_earliest(x, q, &found);
    }
    CU_ASSERT_EQUAL(best.organisation, chosen);
    CU_ASSERT_EQUAL(found.at, first);
    check_first(f, group, q, &found);
    check_proposal(f, group, q, chosen);
    return chosen;
}

static void send(struct fixture *f, unsigned group, uint32_t i,
                 const struct lim_cost *cost)
{
    struct member *m = &f->members[i];
    lim_index_take(m->at[group].class->index, m->at[group].leaf, cost, f->now);
    m->spent += cost->amount[LIM_MONEY];
    set(f, i, LIM_VALUE_SPENT, m->spent);
    set(f, i, LIM_VALUE_IN_FLIGHT, ++m->in_flight);
    set(f, i, LIM_VALUE_OVER, m->in_flight - 4);
    set(f, i, LIM_VALUE_SENT, ++m->sent);
    struct lim_event e = event_of(f, i);
    e.cost = cost;
    if (f->strategy->sent != NULL)
        set_key(f, i, f->strategy->sent(f->state, &e));
}

static void answer(struct fixture *f, uint32_t i)
{
    struct member *m = &f->members[i];
    if (m->in_flight == 0)
        return;
    set(f, i, LIM_VALUE_IN_FLIGHT, --m->in_flight);
    set(f, i, LIM_VALUE_OVER, m->in_flight - 4);
    struct lim_event e = event_of(f, i);
    struct lim_cost cost = some_cost(f);
    e.cost = &cost;
    e.ok = below(f, 8) > 0;
    e.latency_ns = below(f, 30 * LIM_SEC);
    e.first_token_ns = below(f, 2) ? -1 : below(f, LIM_SEC);
    e.tokens = below(f, 300) - 1;
    if (f->strategy->ended != NULL)
        set_key(f, i, f->strategy->ended(f->state, &e));
}

static void disturb(struct fixture *f)
{
    uint32_t i = (uint32_t)below(f, f->count);
    switch (below(f, 4)) {
    case 0:
        set(f, i, LIM_VALUE_BLOCKED,
            below(f, 5) ? f->now + below(f, LIM_MIN) : LIM_NEVER);
        break;
    case 1:
        set(f, i, LIM_VALUE_BLOCKED, INT64_MIN);
        break;
    case 2:
        f->members[i].spent = below(f, 60);
        set(f, i, LIM_VALUE_SPENT, f->members[i].spent);
        break;
    default:
        answer(f, i);
    }
}

static void play(struct fixture *f)
{
    for (int i = 0; i < STEPS; i++) {
        struct lim_cost cost = some_cost(f);
        unsigned group = (unsigned)below(f, GROUPS);
        struct lim_query q = { .cost = &cost,
                               .strategy = f->strategy,
                               .state = f->state,
                               .capped = below(f, 2),
                               .month_end = lim_month_end(f->now),
                               .affinity = (uint64_t)below(f, 3),
                               .draw = bits(f),
                               .now = f->now };
        uint32_t chosen = compare(f, group, &q);
        if (chosen != UINT32_MAX)
            send(f, group, chosen, &cost);
        disturb(f);
        f->now += below(f, 3) ? 0 : below(f, LIM_SEC);
    }
}

static void chooses_as_a_plain_loop_would(void)
{
    struct fixture *f = malloc(sizeof *f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    unsigned all_may = 0;
    for (size_t s = 0; lim_strategies[s] != NULL; s++) {
        if (lim_strategies[s]->samples > 0)
            continue; /* it does not search */
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            set_up(f, lim_strategies[s], seed);
            play(f);
            all_may += f->all_may;
            tear_down(f);
        }
    }
    CU_ASSERT_TRUE(all_may > 1000);
    free(f);
}

/* Six a minute are whole ns apart, seven are not. */
static void a_fraction_that_there_never_is_is_rounded_up(void)
{
    const struct lim_window odd = { 10, 3 };
    const uint32_t first = 0;
    for (int64_t limit = 6; limit <= 7; limit++) {
        struct lim_rate rates[LIM_WINDOWS];
        for (unsigned w = 0; w < LIM_WINDOWS; w++)
            rates[w] = lim_rate_make(LIM_UNLIMITED, LIM_MIN, 0);
        rates[LIM_RPM] = lim_rate_make(limit, LIM_MIN, limit);
        struct lim_index *x =
            lim_index_new(rates, LIM_UNLIMITED, &first, 1, 1, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(x);
        lim_index_set_window(x, 0, LIM_RPM, odd);
        struct lim_window w = lim_index_window(x, 0, LIM_RPM);
        CU_ASSERT_EQUAL(w.tat, limit == 6 ? 11 : 10);
        CU_ASSERT_EQUAL(w.frac, limit == 6 ? 0 : 3);
        lim_index_free(x);
    }
}

CU_TestInfo index_tests[] = { { "chooses as a plain loop would",
                                chooses_as_a_plain_loop_would },
                              { "a fraction that there never is is rounded up",
                                a_fraction_that_there_never_is_is_rounded_up },
                              CU_TEST_INFO_NULL };
