/* Organisations of unequal limits before one block, against a class after the
   other: the same story in two pools, of which one does not mix, nor remembers
   who was to be ready first.  LIM_SEEDS sets how many stories. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/feedback.h"
#include "limiter/pool.h"
#include "limiter/rng.h"
#include "tests/failmalloc.h"

#define MOST 600 /* three levels, of one class or several */
#define KINDS 20 /* of limits: more than are ever mixed */
#define GROUPS 2
#define SEEDS 500
#define STEPS 300
#define REQUESTS 512

struct fixture {
    struct lim_strategy apart; /* the strategy, but it does not mix */
    struct lim_pool *pool[2];  /* one that mixes, one that does not */
    struct lim_limits kinds[KINDS];
    struct lim_limits limits[MOST][GROUPS];
    bool serves[MOST][GROUPS];
    lim_id flying[REQUESTS];
    unsigned organisations, blocks, kind_count, flying_count;
    lim_time now;
    uint64_t seed, draws;
};

static int64_t below(struct fixture *f, int64_t n)
{
    return (int64_t)(lim_rng_draw(f->seed, 7, f->draws++) % (uint64_t)n);
}

/* Some minutes that divide and some that do not, some days, no window at all
   on a dimension; seldom none at all, and then nothing is mixed. */
static struct lim_limits some_limits(struct fixture *f)
{
    struct lim_limits l = lim_limits_none();
    if (below(f, 50) == 0)
        return l;
    l.max[LIM_RPM] = 1 + below(f, 3) * 7;
    if (below(f, 2) == 0)
        l.max[LIM_TPM] = 50 + below(f, 4) * 77;
    if (below(f, 3) == 0)
        l.max[LIM_RPD] = 20 + below(f, 2) * 20;
    if (below(f, 5) == 0)
        l.max[LIM_TPD] = 1000;
    return l;
}

static const struct lim_strategy *some_strategy(uint64_t seed)
{
    unsigned mixing = 0;
    for (const struct lim_strategy *const *s = lim_strategies; *s; s++)
        mixing += (*s)->mixes;
    unsigned wanted = (unsigned)(seed % mixing);
    for (const struct lim_strategy *const *s = lim_strategies;; s++)
        if ((*s)->mixes && wanted-- == 0)
            return *s;
}

/* Mostly of the size of a block; some of as many blocks, or more. */
static unsigned some_size(struct fixture *f)
{
    static const unsigned most[] = { LIM_BLOCK, LIM_BLOCK, 150, 150, MOST };
    return 2 + (unsigned)below(f, most[below(f, 5)] - 1);
}

static struct lim_limits one_of_the_kinds(struct fixture *f)
{
    return f->kinds[below(f, f->kind_count)];
}

static void set_up(struct fixture *f, uint64_t seed)
{
    static struct lim_organisation o[MOST];
    struct lim_config c = lim_config_default();
    memset(f, 0, sizeof *f);
    f->seed = seed;
    f->organisations = some_size(f);
    f->blocks = 1 + f->organisations / LIM_BLOCK;
    f->kind_count = 1 + (unsigned)below(f, below(f, 2) == 0 ? 5 : KINDS);
    for (unsigned i = 0; i < f->kind_count; i++)
        f->kinds[i] = some_limits(f);
    int64_t spend_kinds = below(f, 3);
    for (unsigned i = 0; i < f->organisations; i++) {
        for (unsigned g = 0; g < GROUPS; g++) {
            f->limits[i][g] = one_of_the_kinds(f);
            f->serves[i][g] = below(f, 6) > 0;
        }
        o[i] = (struct lim_organisation){
            .name = "o",
            .keys = 1,
            .limits = f->limits[i],
            .serves = f->serves[i],
            .spend_max = below(f, 3) < spend_kinds
                             ? 500 + below(f, spend_kinds) * 900
                             : LIM_UNLIMITED,
            .weight = 1 + (double)below(f, 3),
            .priority = (int)below(f, 3),
            .price = 1 + (double)below(f, 2),
        };
    }
    c.groups = GROUPS;
    c.organisations = o;
    c.organisation_count = f->organisations;
    c.strategy = some_strategy(seed);
    c.cap_organisation = below(f, 3) == 0 ? 1 + below(f, 3) : LIM_UNLIMITED;
    c.burst = below(f, 2) == 0 ? 1 : 0.5;
    c.settle = below(f, 2) == 0;
    c.hedge.budget = below(f, 4) == 0 ? 0.5 : 0;
    c.hedge.after_ns = c.hedge.budget > 0 ? LIM_SEC : 0;
    c.requests_max = REQUESTS;
    f->apart = *c.strategy;
    f->apart.mixes = false;
    f->pool[0] = lim_pool_new(&c, NULL);
    c.strategy = &f->apart;
    f->pool[1] = lim_pool_new(&c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool[1]);
}

static void submit(struct fixture *f)
{
    struct lim_request r = {
        .group = (unsigned)below(f, GROUPS),
        .cost = { { below(f, 9) > 0, below(f, 130), 0, below(f, 40) } },
        .deadline = below(f, 4) == 0 ? f->now + LIM_MIN : LIM_NEVER,
        .number = f->draws,
        .affinity = (uint64_t)below(f, 5),
    };
    if (below(f, 30) == 0)
        r.cost.amount[LIM_TOKENS] = 700; /* fits few, or nobody */
    struct lim_refusal why[2];
    lim_id id[2] = { 0, 0 };
    int answer[2];
    for (int k = 0; k < 2; k++)
        answer[k] = lim_submit(f->pool[k], &r, f->now, &id[k], &why[k]);
    CU_ASSERT_EQUAL(answer[0], answer[1]);
    CU_ASSERT_EQUAL(id[0], id[1]);
    if (answer[0] == LIM_REFUSED) {
        CU_ASSERT_EQUAL(why[0].limit, why[1].limit);
        CU_ASSERT_EQUAL(why[0].largest, why[1].largest);
    }
}

/* A tier that is reached or lost. */
static void change_limits(struct fixture *f)
{
    uint32_t i = (uint32_t)below(f, f->organisations);
    unsigned g = (unsigned)below(f, GROUPS);
    const struct lim_limits l =
        below(f, 8) == 0 ? some_limits(f) : one_of_the_kinds(f);
    int error[2];
    for (int k = 0; k < 2; k++)
        error[k] = lim_change_limits(f->pool[k], i, g, &l, f->now);
    CU_ASSERT_EQUAL(error[0], error[1]);
    f->limits[i][g] = l;
}

/* What changes nothing, but the pool cannot know that. */
static void forget(struct fixture *f, struct lim_pool *p)
{
    uint32_t i = (uint32_t)(f->draws % f->organisations);
    for (unsigned g = 0; g < GROUPS; g++)
        (void)lim_change_limits(p, i, g, &f->limits[i][g], f->now);
}

static void act(struct fixture *f)
{
    struct lim_action a[2];
    bool more = true;
    while (more && f->flying_count < REQUESTS) {
        for (int k = 0; k < 2; k++) {
            memset(&a[k], 0, sizeof a[k]);
            if (k == 1)
                forget(f, f->pool[k]);
            more = lim_next(f->pool[k], f->now, &a[k]);
        }
        CU_ASSERT_EQUAL_FATAL(a[0].id, a[1].id);
        CU_ASSERT_EQUAL(a[0].kind, a[1].kind);
        CU_ASSERT_EQUAL(a[0].organisation, a[1].organisation);
        if (more && a[0].kind == LIM_SEND)
            f->flying[f->flying_count++] = a[0].id;
    }
    CU_ASSERT_EQUAL(lim_wakeup(f->pool[0]), lim_wakeup(f->pool[1]));
}

static void land(struct fixture *f, lim_id id)
{
    for (unsigned i = 0; i < f->flying_count; i++)
        if (f->flying[i] == id)
            f->flying[i] = f->flying[--f->flying_count];
}

static void answer(struct fixture *f)
{
    static const enum lim_class classes[] = { LIM_CLASS_OK, LIM_CLASS_OK,
                                              LIM_CLASS_RATE_LIMIT,
                                              LIM_CLASS_TRANSIENT };
    struct lim_outcome o = { .class = classes[below(f, 4)],
                             .usage_known = below(f, 2) == 0,
                             .tokens_used = below(f, 100),
                             .microusd = below(f, 30),
                             .first_token_ns = -1,
                             .reply_tokens = below(f, 60),
                             .feedback = lim_feedback_none() };
    if (f->flying_count == 0)
        return;
    lim_id id = f->flying[below(f, f->flying_count)];
    enum lim_fate fate[2];
    land(f, id);
    if (below(f, 3) == 0)
        o.feedback.hint_ns = LIM_SEC;
    for (int k = 0; k < 2; k++)
        fate[k] = lim_complete(f->pool[k], id, &o, f->now, NULL);
    CU_ASSERT_EQUAL(fate[0], fate[1]);
    if (fate[0] == LIM_FATE_WON)
        land(f, id ^ LIM_HEDGE); /* nobody waits for it any more */
}

/* Often it is just then that somebody may go, to the nanosecond. */
static void pass_time(struct fixture *f)
{
    lim_time at = lim_wakeup(f->pool[0]);
    if (below(f, 2) == 0 && at < LIM_NEVER)
        f->now = at;
    else if (below(f, 3) == 0)
        f->now += below(f, 20 * LIM_SEC / f->blocks);
}

/* More in the same time, where there are more organisations. */
static void play(struct fixture *f)
{
    for (int step = 0; step < STEPS; step++) {
        for (int64_t i = below(f, 2 * f->blocks); i >= 0; i--) {
            int64_t what = below(f, 20);
            if (what < 10 && f->flying_count < REQUESTS / 2)
                submit(f);
            else if (what < 19)
                answer(f);
            else
                change_limits(f);
        }
        act(f);
        pass_time(f);
    }
}

static void chooses_as_a_class_after_the_other_would(void)
{
    static struct fixture f;
    const char *text = getenv("LIM_SEEDS");
    int seeds = text != NULL ? atoi(text) : SEEDS;
    for (int seed = 1; seed <= seeds; seed++) {
        unsigned failures = CU_get_number_of_failures();
        set_up(&f, (uint64_t)seed);
        play(&f);
        for (int k = 0; k < 2; k++)
            lim_pool_free(f.pool[k]);
        if (CU_get_number_of_failures() != failures)
            printf("seed %d\n", seed);
    }
}

/* Two organisations of one request in a seventh and in an eleventh of a minute:
   neither is a whole number of ns. */
static void set_up_two(struct fixture *f)
{
    static struct lim_organisation o[2];
    struct lim_config c = lim_config_default();
    memset(f, 0, sizeof *f);
    for (unsigned i = 0; i < 2; i++) {
        f->limits[i][0] = lim_limits_none();
        f->limits[i][0].max[LIM_RPM] = i == 0 ? 7 : 11;
        f->limits[i][0].max[LIM_TPM] = 1000;
        o[i] = (struct lim_organisation){ .name = "o",
                                          .keys = 1,
                                          .limits = f->limits[i],
                                          .spend_max = LIM_UNLIMITED };
    }
    c.organisations = o;
    c.organisation_count = 2;
    c.burst = 0.1;
    f->pool[0] = lim_pool_new(&c, NULL);
}

static bool goes(struct fixture *f, int64_t tokens, struct lim_action *a)
{
    const struct lim_request r = { .cost = { { 1, tokens, 0, 0 } },
                                   .deadline = LIM_NEVER };
    lim_id id;
    CU_ASSERT_EQUAL(lim_submit(f->pool[0], &r, f->now, &id, NULL),
                    LIM_ACCEPTED);
    return lim_next(f->pool[0], f->now, a);
}

static void nobody_goes_a_nanosecond_early(void)
{
    static struct fixture f;
    struct lim_action a;
    set_up_two(&f);
    CU_ASSERT_TRUE(goes(&f, 1, &a) && goes(&f, 1, &a));
    f.now = LIM_MIN / 11; /* rounded down */
    CU_ASSERT_FALSE(goes(&f, 1, &a));
    CU_ASSERT_EQUAL(lim_wakeup(f.pool[0]), f.now + 1);
    f.now++;
    CU_ASSERT_TRUE(lim_next(f.pool[0], f.now, &a));
    CU_ASSERT_EQUAL(a.organisation, 1);
    lim_pool_free(f.pool[0]);
}

static void what_is_limited_as_before_stays_used(void)
{
    static struct fixture f;
    struct lim_action a;
    set_up_two(&f);
    CU_ASSERT_TRUE(goes(&f, 60, &a) && goes(&f, 60, &a));
    struct lim_limits l = f.limits[0][0];
    l.max[LIM_TPM] = 2000;
    CU_ASSERT_EQUAL(lim_change_limits(f.pool[0], 0, 0, &l, f.now), LIM_OK);
    for (uint32_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(
            lim_pool_belief(f.pool[0], i, 0, LIM_RPM, f.now).remaining, 0);
        CU_ASSERT_EQUAL(
            lim_pool_belief(f.pool[0], i, 0, LIM_TPM, f.now).remaining,
            i == 0 ? 200 - 60 : 100 - 60);
    }
    CU_ASSERT_FALSE(goes(&f, 1, &a));
    lim_pool_free(f.pool[0]);
}

/* Nobody can go until one may; before he does, the other may do much more. */
static void who_was_to_be_first_may_be_passed(void)
{
    static struct fixture f;
    struct lim_action a;
    set_up_two(&f);
    CU_ASSERT_TRUE(goes(&f, 1, &a) && goes(&f, 1, &a));
    CU_ASSERT_FALSE(goes(&f, 1, &a));
    lim_time first = lim_wakeup(f.pool[0]); /* organisation 1 may, alone */
    struct lim_limits l = f.limits[0][0];
    l.max[LIM_RPM] = 1000;
    CU_ASSERT_EQUAL(lim_change_limits(f.pool[0], 0, 0, &l, f.now), LIM_OK);
    CU_ASSERT_TRUE(lim_next(f.pool[0], f.now, &a));
    CU_ASSERT_EQUAL(a.organisation, 0);
    f.now = first;
    CU_ASSERT_TRUE(goes(&f, 1, &a));
    CU_ASSERT_EQUAL(a.organisation, 0);
    lim_pool_free(f.pool[0]);
}

static void who_was_to_be_first_may_be_lost(void)
{
    static struct fixture f;
    const struct lim_outcome lost = { .class = LIM_CLASS_CREDENTIAL,
                                      .status = 401,
                                      .feedback = lim_feedback_none() };
    struct lim_action a, b, c;
    set_up_two(&f);
    CU_ASSERT_TRUE(goes(&f, 1, &a) && goes(&f, 1, &b));
    CU_ASSERT_FALSE(goes(&f, 1, &c));
    lim_time first = lim_wakeup(f.pool[0]);
    lim_complete(f.pool[0], b.organisation == 1 ? b.id : a.id, &lost, f.now,
                 NULL);
    f.now = first; /* organisation 1 was to be it */
    CU_ASSERT_FALSE(lim_next(f.pool[0], f.now, &c) && c.kind == LIM_SEND);
    f.now = lim_wakeup(f.pool[0]);
    CU_ASSERT_TRUE(lim_next(f.pool[0], f.now, &c));
    CU_ASSERT_EQUAL(c.organisation, 0);
    lim_pool_free(f.pool[0]);
}

/* The first two are of a kind of their own; the others' blocks of leaves are
   columns, too, and so is theirs. */
static void set_up_columns(struct fixture *f)
{
    enum { COUNT = LIM_BLOCK + 4 };
    static struct lim_organisation o[COUNT];
    struct lim_config c = lim_config_default();
    memset(f, 0, sizeof *f);
    for (unsigned i = 0; i < COUNT; i++) {
        f->limits[i][0] = lim_limits_none();
        f->limits[i][0].max[LIM_RPM] = i < 2 ? 10 : 8;
        f->limits[i][0].max[LIM_TPM] = i < 2 ? 1000 : 50;
        o[i] = (struct lim_organisation){ .name = "o",
                                          .keys = 1,
                                          .limits = f->limits[i],
                                          .spend_max = LIM_UNLIMITED };
    }
    c.organisations = o;
    c.organisation_count = COUNT;
    c.strategy = lim_strategy_find("best_fit");
    f->pool[0] = lim_pool_new(&c, NULL);
}

/* It leaves its class for the same class, where another was: beside it stands
   nothing but what it was before. */
static void who_comes_back_is_scored_as_it_is(void)
{
    static struct fixture f;
    struct lim_action a;
    set_up_columns(&f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.pool[0]);
    for (uint32_t i = 2; i-- > 0;)
        CU_ASSERT_EQUAL(lim_change_limits(f.pool[0], i, 0,
                                          &f.limits[i == 1 ? 2 : 0][0], f.now),
                        LIM_OK);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(goes(&f, 60, &a)); /* too many tokens for the others */
        CU_ASSERT_EQUAL(a.organisation, 0);
    }
    CU_ASSERT_TRUE(goes(&f, 0, &a));
    CU_ASSERT_EQUAL(a.organisation, 0); /* 6 would be left, and of others 7 */
    lim_pool_free(f.pool[0]);
}

/* Each allocation fails once, of a pool's and of a change's. */
static void short_memory_changes_nothing(void)
{
    static struct fixture f;
    struct lim_action a;
    unsigned n = 1;
    do {
        fail_after(n++);
        set_up_two(&f);
    } while (f.pool[0] == NULL);
    CU_ASSERT_FALSE(fail_happened());
    CU_ASSERT_TRUE(n > 20);
    CU_ASSERT_TRUE(goes(&f, 60, &a) && goes(&f, 60, &a));
    struct lim_limits l = f.limits[0][0];
    l.max[LIM_TPM] = 2000;
    for (n = 1;; n++) {
        fail_after(n);
        int error = lim_change_limits(f.pool[0], 0, 0, &l, f.now);
        bool failed = fail_happened();
        fail_after(0);
        struct lim_window_belief b =
            lim_pool_belief(f.pool[0], 0, 0, LIM_TPM, f.now);
        CU_ASSERT_EQUAL(error, failed ? LIM_ENOMEM : LIM_OK);
        CU_ASSERT_EQUAL(b.limit, failed ? 1000 : 2000);
        CU_ASSERT_EQUAL(b.remaining, (failed ? 100 : 200) - 60);
        if (!failed)
            break;
    }
    CU_ASSERT_TRUE(n > 3);
    lim_pool_free(f.pool[0]);
}

CU_TestInfo mix_tests[] = {
    { "chooses as a class after the other would",
      chooses_as_a_class_after_the_other_would },
    { "nobody goes a nanosecond early", nobody_goes_a_nanosecond_early },
    { "who was to be first may be passed", who_was_to_be_first_may_be_passed },
    { "who was to be first may be lost", who_was_to_be_first_may_be_lost },
    { "what is limited as before stays used",
      what_is_limited_as_before_stays_used },
    { "who comes back is scored as it is", who_comes_back_is_scored_as_it_is },
    { "short memory changes nothing", short_memory_changes_nothing },
    CU_TEST_INFO_NULL
};
