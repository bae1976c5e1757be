/*
 * The index against a plain loop over all organisations: every strategy must
 * choose the same, and the earliest time must be the earliest of all.
 */

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/index.h"
#include "limiter/rng.h"

#define ORGANISATIONS_MAX 300

struct fixture {
    struct lim_index *index;
    uint32_t count;
    struct lim_rate rates[LIM_WINDOWS];
    uint32_t list[ORGANISATIONS_MAX];
    uint64_t stream, draws;
    char state[64];
};

static uint64_t bits(struct fixture *f)
{
    return lim_rng_draw(f->stream, f->draws++, 0);
}

static int64_t below(struct fixture *f, int64_t n)
{
    return (int64_t)(bits(f) % (uint64_t)n);
}

static void set_up(struct fixture *f, uint64_t seed)
{
    memset(f, 0, sizeof *f);
    f->stream = lim_rng_stream(seed, LIM_DRAW_ID);
    f->count = 1 + (uint32_t)below(f, ORGANISATIONS_MAX);
    for (uint32_t i = 0, n = 0; i < f->count; i++, n++) {
        n += (uint32_t)below(f, 2);
        f->list[i] = n;
    }
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t limit = below(f, 3) == 0 ? LIM_UNLIMITED : 1 + below(f, 500);
        int64_t burst = limit > 0 ? 1 + below(f, limit) : 0;
        f->rates[w] =
            lim_rate_make(limit, lim_limit_window((enum lim_limit)w), burst);
    }
    f->index = lim_index_new(f->rates, below(f, 2) ? LIM_UNLIMITED : 50,
                             f->list, f->count, f->list[f->count - 1] + 1, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->index);
}

static struct lim_cost some_cost(struct fixture *f)
{
    struct lim_cost c = { { below(f, 3), below(f, 120), below(f, 3),
                            below(f, 5) } };
    return c;
}

/* The score of one organisation, as a block of one column. */
static int64_t score_one(const struct fixture *f, const struct lim_query *q,
                         uint32_t leaf)
{
    struct lim_block b;
    int64_t span[LIM_WINDOWS], scale[LIM_WINDOWS], score[LIM_BLOCK];
    unsigned windows[LIM_WINDOWS], n = 0;
    memset(&b, 0, sizeof b);
    for (int v = 0; v < LIM_VALUES; v++)
        b.value[v][0] = lim_index_get(f->index, leaf, (enum lim_value)v);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t amount =
            q->cost->amount[lim_limit_dimension((enum lim_limit)w)];
        if (f->rates[w].limit == LIM_UNLIMITED)
            continue;
        span[w] = lim_rate_span(&f->rates[w], amount).ns;
        scale[w] = (INT64_C(1) << 62) / f->rates[w].full.ns;
        windows[n++] = w;
    }
    struct lim_view v = { .block = &b,
                          .first = &f->list[leaf],
                          .last = &f->list[leaf],
                          .columns = 1,
                          .organisations = f->list[f->count - 1] + 1,
                          .rates = f->rates,
                          .span = span,
                          .scale = scale,
                          .windows = windows,
                          .window_count = n,
                          .draw = q->draw,
                          .now = q->now };
    q->strategy->score(q->state, &v, score);
    return score[0];
}

static void compare(struct fixture *f, const struct lim_query *q,
                    struct lim_best *best)
{
    uint32_t chosen = UINT32_MAX;
    int64_t chosen_score = 0;
    lim_time first = LIM_NEVER;
    for (uint32_t i = 0; i < f->count; i++) {
        lim_time t = lim_index_ready(f->index, i, q);
        first = t < first ? t : first;
        if (t > q->now || !lim_index_fits(f->index, q->cost))
            continue;
        int64_t s = score_one(f, q, i);
        if (chosen == UINT32_MAX || s < chosen_score) {
            chosen = f->list[i];
            chosen_score = s;
        }
    }
    *best = (struct lim_best){ INT64_MAX, UINT32_MAX, 0, NULL };
    lim_index_find(f->index, q, best);
    CU_ASSERT_EQUAL(best->organisation, chosen);
    if (lim_index_fits(f->index, q->cost))
        CU_ASSERT_EQUAL(lim_index_earliest(f->index, q), first);
}

static void disturb(struct fixture *f, lim_time now)
{
    uint32_t leaf = (uint32_t)below(f, f->count);
    switch (below(f, 4)) {
    case 0:
        lim_index_set(f->index, leaf, LIM_VALUE_BLOCKED,
                      below(f, 5) ? now + below(f, LIM_MIN) : LIM_NEVER);
        break;
    case 1:
        lim_index_set(f->index, leaf, LIM_VALUE_BLOCKED, INT64_MIN);
        break;
    case 2:
        lim_index_set(f->index, leaf, LIM_VALUE_SPENT, below(f, 60));
        break;
    default:
        lim_index_set(f->index, leaf, LIM_VALUE_IN_FLIGHT, below(f, 6));
    }
}

static void play(struct fixture *f, const struct lim_strategy *strategy)
{
    lim_time now = 0;
    for (int i = 0; i < 150; i++) {
        struct lim_cost cost = some_cost(f);
        struct lim_best best;
        struct lim_query q = { .cost = &cost,
                               .strategy = strategy,
                               .state = f->state,
                               .cap = below(f, 2) ? LIM_UNLIMITED : 4,
                               .month_end = LIM_HOUR,
                               .draw = bits(f),
                               .now = now };
        compare(f, &q, &best);
        if (best.index != NULL) {
            lim_index_take(f->index, best.leaf, &cost, now);
            lim_index_set(f->index, best.leaf, LIM_VALUE_SENT,
                          lim_index_get(f->index, best.leaf, LIM_VALUE_SENT) +
                              1);
            if (strategy->sent != NULL)
                strategy->sent(f->state, best.organisation);
        }
        disturb(f, now);
        now += below(f, 3) ? 0 : below(f, LIM_SEC);
    }
}

static void chooses_as_a_plain_loop_would(void)
{
    for (size_t s = 0; lim_strategies[s] != NULL; s++) {
        CU_ASSERT_FATAL(lim_strategies[s]->state_size <= 64);
        for (uint64_t seed = 0; seed < 120; seed++) {
            struct fixture f;
            set_up(&f, seed);
            play(&f, lim_strategies[s]);
            lim_index_free(f.index);
        }
    }
}

CU_TestInfo index_tests[] = { { "chooses as a plain loop would",
                                chooses_as_a_plain_loop_would },
                              CU_TEST_INFO_NULL };
