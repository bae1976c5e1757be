/* What answers teach, one organisation and limit group at a time. */

#include <CUnit/CUnit.h>

#include <stdio.h>

#include "limiter/error.h"
#include "limiter/learn.h"
#include "limiter/meter.h"
#include "limiter/rng.h"

#define ANY LIM_UNLIMITED

enum how { OK, BUSY, BROKEN }; /* admitted, refused by a limit, neither */

/* An answer to a request of 1 and 100 tokens, sent at `sent` seconds. */
struct row {
    int64_t sent;
    enum how how;
    struct lim_shown requests, tokens; /* reset in ms */
    int by;                            /* the limit that refused, or -1 */
    int64_t max, hint_ms;
    struct lim_limits known; /* after it */
};

#define HIDDEN                                                                 \
    {                                                                          \
        -1, -1, -1                                                             \
    }
#define NAMES_NONE -1, -1, -1
#define KNOWN(rpm, rpd, tpm, tpd)                                              \
    {                                                                          \
        .max = { rpm, rpd, tpm, tpd, ANY }                                     \
    }

static struct lim_shown shown(const struct lim_shown *s)
{
    struct lim_shown out = *s;
    if (out.reset_ns > 0)
        out.reset_ns *= LIM_MSEC;
    return out;
}

static struct lim_learned hear(struct lim_learn *l, const struct row *r)
{
    static const struct lim_cost cost = { { 1, 100, 0, 0 } };
    struct lim_feedback f = lim_feedback_none();
    struct lim_learned out;
    f.requests = shown(&r->requests);
    f.tokens = shown(&r->tokens);
    f.refused_by = r->by;
    f.refused_max = r->max;
    f.hint_ns = r->hint_ms < 0 ? -1 : r->hint_ms * LIM_MSEC;
    const struct lim_lesson lesson = {
        .feedback = &f,
        .cost = &cost,
        .sent_at = r->sent * LIM_SEC,
        .admitted = r->how == OK,
        .refused = r->how == BUSY,
    };
    lim_learn_from(l, &lesson, &out);
    return out;
}

static void check(const struct lim_limits *is, const struct lim_limits *want,
                  size_t row)
{
    for (int w = 0; w < LIM_WINDOWS; w++) {
        CU_ASSERT_EQUAL(is->max[w], want->max[w]);
        if (is->max[w] != want->max[w])
            printf("\nrow %zu, %s: %lld, not %lld\n", row,
                   lim_limit_name((enum lim_limit)w), (long long)is->max[w],
                   (long long)want->max[w]);
    }
}

static void play(const struct row *rows, size_t n)
{
    struct lim_learn l;
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    CU_ASSERT_FALSE(lim_learn_answered(&l));
    for (size_t i = 0; i < n; i++) {
        const struct lim_limits before = *lim_learn_limits(&l);
        struct lim_learned out = hear(&l, &rows[i]);
        check(lim_learn_limits(&l), &rows[i].known, i);
        for (unsigned w = 0; w < LIM_WINDOWS; w++)
            CU_ASSERT_EQUAL(out.changed >> w & 1,
                            before.max[w] != rows[i].known.max[w]);
    }
}

#define PLAY(rows) play(rows, sizeof(rows) / sizeof((rows)[0]))

/* clang-format off */
static void windows_follow_from_the_reset(void)
{
    const struct row minute[] = {
        { 0, OK, { 500, 499, 120 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) },
    };
    const struct row day[] = {
        { 0, OK, { 10000, 9999, 8640 }, { 1500000, 1499900, 5760 },
          NAMES_NONE, KNOWN(ANY, 10000, ANY, 1500000) },
    };
    const struct row half_used[] = {
        { 0, OK, { 200, 119, 34800000 }, { 50, 47, 3362 }, NAMES_NONE,
          KNOWN(ANY, 200, ANY, ANY) }, /* 50 tokens: less than it cost */
        { 9, OK, { 50, 47, 3362 }, HIDDEN, NAMES_NONE,
          KNOWN(ANY, 200, ANY, ANY) }, /* beside another: once more */
        { 10, OK, { 50, 47, 3362 }, HIDDEN, NAMES_NONE,
          KNOWN(50, ANY, ANY, ANY) }, /* a day of 200 would take longer */
    };
    PLAY(minute);
    PLAY(day);
    PLAY(half_used);
}

static void a_minute_that_is_hidden_is_named_by_a_refusal(void)
{
    const struct row rows[] = {
        { 0, OK, { 200, 199, 432000 }, { 40000, 39900, 150 }, NAMES_NONE,
          KNOWN(ANY, 200, 40000, ANY) },
        { 5, BUSY, { 200, 197, 1290000 }, { 40000, 40000, 0 },
          LIM_RPM, 3, 15000, KNOWN(3, 200, 40000, ANY) },
        { 25, OK, { 200, 196, 1705000 }, { 40000, 39900, 150 }, NAMES_NONE,
          KNOWN(3, 200, 40000, ANY) },
    };
    PLAY(rows);
}

static void what_grows_is_another_tier(void)
{
    const struct row rows[] = {
        { 0, OK, { 200, 199, 432000 }, { 40000, 39900, 150 }, NAMES_NONE,
          KNOWN(ANY, 200, 40000, ANY) },
        { 5, BUSY, { 200, 197, 1290000 }, { 40000, 40000, 0 },
          LIM_RPM, 3, 15000, KNOWN(3, 200, 40000, ANY) },
        { 25, OK, { 10000, 9999, 8640 }, { 60000, 59900, 100 }, NAMES_NONE,
          KNOWN(ANY, 10000, 60000, ANY) }, /* 3 a minute is of old */
        { 20, OK, { 200, 196, 1720000 }, { 40000, 39900, 150 }, NAMES_NONE,
          KNOWN(ANY, 10000, 60000, ANY) }, /* sent before: late */
        { 30, OK, { 3500, 3499, 17 }, { 60000, 59900, 100 }, NAMES_NONE,
          KNOWN(ANY, 10000, 60000, ANY) },
        { 31, OK, { 3500, 3498, 34 }, { 60000, 59800, 200 }, NAMES_NONE,
          KNOWN(3500, ANY, 60000, ANY) }, /* no day any more */
    };
    const struct row by_tokens[] = {
        { 0, OK, { 10000, 9999, 8640 }, { 40000, 39900, 150 }, NAMES_NONE,
          KNOWN(ANY, 10000, 40000, ANY) },
        { 5, BUSY, { 10000, 9500, 4315000 }, HIDDEN, LIM_RPM, 500, 120,
          KNOWN(500, 10000, 40000, ANY) },
        { 25, OK, { 10000, 9500, 4315000 }, { 80000, 79900, 75 }, NAMES_NONE,
          KNOWN(ANY, 10000, 80000, ANY) },
    };
    PLAY(rows);
    PLAY(by_tokens);
}

static void what_falls_is_believed_when_said_twice(void)
{
    const struct row rows[] = {
        { 0, OK, { 500, 499, 120 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) },
        { 1, OK, { 60, 59, 1000 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) },
        { 1, OK, { 60, 59, 1000 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) }, /* the same answer: head and end */
        { 2, OK, { 500, 499, 120 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) },
        { 3, OK, { 60, 59, 1000 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) },
        { 4, OK, { 60, 59, 1000 }, { 30000, 29900, 200 }, NAMES_NONE,
          KNOWN(60, ANY, 30000, ANY) },
        { 5, BUSY, { 60, 0, 60000 }, HIDDEN, LIM_TPM, 10000, 10,
          KNOWN(60, ANY, 10000, ANY) }, /* a sentence is enough */
    };
    PLAY(rows);
}

static void late_answers_change_no_limit(void)
{
    const struct row rows[] = {
        { 10, OK, { 500, 499, 120 }, HIDDEN, NAMES_NONE,
          KNOWN(500, ANY, ANY, ANY) },
        { 9, OK, { 3500, 3499, 17 }, HIDDEN, NAMES_NONE,
          KNOWN(500, ANY, ANY, ANY) },
        { 8, OK, { 60, 59, 1000 }, HIDDEN, NAMES_NONE,
          KNOWN(500, ANY, ANY, ANY) },
        { 7, OK, { 60, 59, 1000 }, HIDDEN, NAMES_NONE,
          KNOWN(500, ANY, ANY, ANY) },
        { 6, BUSY, HIDDEN, HIDDEN, LIM_RPM, 60, 1000,
          KNOWN(500, ANY, ANY, ANY) },
        { 10, OK, { 3500, 3498, 34 }, HIDDEN, NAMES_NONE,
          KNOWN(3500, ANY, ANY, ANY) }, /* at one instant: as they come */
    };
    PLAY(rows);
}

static void lies_are_passed_over(void)
{
    const struct row rows[] = {
        { 0, OK, { -1, -1, 0 }, { 0, 0, 0 }, NAMES_NONE,
          KNOWN(ANY, ANY, ANY, ANY) },
        { 1, OK, { 500, 501, 120 }, { 99, 98, 600 }, NAMES_NONE,
          KNOWN(ANY, ANY, ANY, ANY) }, /* more than all; less than it cost */
        { 2, OK, { LIM_LIMIT_MAX + 1, 0, 0 }, { -1, 7, 7 }, NAMES_NONE,
          KNOWN(ANY, ANY, ANY, ANY) },
        { 3, BUSY, HIDDEN, HIDDEN, LIM_RPM, 0, -1,
          KNOWN(ANY, ANY, ANY, ANY) },
        { 4, BUSY, HIDDEN, HIDDEN, LIM_SPEND, 100, -1,
          KNOWN(ANY, ANY, ANY, ANY) },
        { 5, BUSY, HIDDEN, HIDDEN, LIM_TPM, -1, 500,
          KNOWN(ANY, ANY, ANY, ANY) },
        { 6, OK, { 500, 499, 360000 }, { 150000, 149984, 360000 }, NAMES_NONE,
          KNOWN(500, ANY, 150000, ANY) }, /* fits nothing: a minute's */
    };
    PLAY(rows);
}

static void without_a_reset_it_is_a_minute_until_it_is_sure(void)
{
    const struct row rows[] = {
        { 0, OK, { 10000, 9999, -1 }, { 40000, -1, -1 }, NAMES_NONE,
          KNOWN(10000, ANY, 40000, ANY) },
        { 1, OK, { 10000, 9998, 16280 }, HIDDEN, NAMES_NONE,
          KNOWN(10000, ANY, 40000, ANY) }, /* a day, or another discipline */
        { 2, OK, { 10000, 9997, 25920 }, HIDDEN, NAMES_NONE,
          KNOWN(ANY, 10000, 40000, ANY) }, /* exactly three of a day */
        { 3, OK, { 10000, 9996, -1 }, HIDDEN, NAMES_NONE,
          KNOWN(ANY, 10000, 40000, ANY) },
        { 4, BUSY, HIDDEN, HIDDEN, LIM_TPD, 40000, 1000,
          KNOWN(ANY, 10000, ANY, 40000) }, /* no minute's, as it turns out */
    };
    PLAY(rows);
}

static void a_fixed_minute_is_not_taken_for_a_day(void)
{
    const struct row rows[] = {
        { 0, OK, { 10000, 9996, 30000 }, HIDDEN, NAMES_NONE,
          KNOWN(ANY, 10000, ANY, ANY) }, /* it looks like one, */
        { 1, OK, { 10000, 9988, 29000 }, HIDDEN, NAMES_NONE,
          KNOWN(10000, ANY, ANY, ANY) }, /* and is none */
        { 2, OK, { 10000, 9996, 28000 }, HIDDEN, NAMES_NONE,
          KNOWN(10000, ANY, ANY, ANY) },
    };
    PLAY(rows);
}

static void a_provider_that_shows_minutes_only_is_understood(void)
{
    const struct row rows[] = {
        { 0, OK, { 500, 499, 120 }, HIDDEN, NAMES_NONE,
          KNOWN(500, ANY, ANY, ANY) },
        { 9, BUSY, { 500, 500, 0 }, HIDDEN, LIM_RPD, 200, 432000,
          KNOWN(500, 200, ANY, ANY) },
        { 500, OK, { 500, 499, 120 }, HIDDEN, NAMES_NONE,
          KNOWN(500, ANY, ANY, ANY) }, /* not shown, so gone */
        { 501, BUSY, { 500, 490, 1200 }, HIDDEN, LIM_RPD, 200, 431000,
          KNOWN(500, 200, ANY, ANY) }, /* no: this one hides days */
        { 950, OK, { 500, 499, 120 }, HIDDEN, NAMES_NONE,
          KNOWN(500, 200, ANY, ANY) },
    };
    PLAY(rows);
}

static void a_month_is_no_minute(void)
{
    const struct row rows[] = {
        { 0, BUSY, HIDDEN, HIDDEN, LIM_TPM, 100000, 411480000,
          KNOWN(ANY, ANY, ANY, 100000) },
    };
    PLAY(rows);
}

static void no_headers_teach_nothing_but_that_there_are_none(void)
{
    const struct row silent = { 0, OK, HIDDEN, HIDDEN, NAMES_NONE,
                                KNOWN(ANY, ANY, ANY, ANY) };
    struct row r = silent;
    struct lim_learn l;
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    r.how = BROKEN;
    hear(&l, &r);
    CU_ASSERT_FALSE(lim_learn_answered(&l));
    hear(&l, &silent);
    CU_ASSERT(lim_learn_answered(&l));
    check(lim_learn_limits(&l), &silent.known, 0);
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    r.how = BUSY;
    hear(&l, &r);
    CU_ASSERT(lim_learn_answered(&l));
}

static void levels_are_told_as_they_were_at_sending(void)
{
    const struct row rows[] = {
        { 100, OK, { 500, 499, 120 }, { 30000, 20000, 20000 }, NAMES_NONE,
          KNOWN(500, ANY, 30000, ANY) },
        { 100, BUSY, { 500, 490, -1 }, HIDDEN, LIM_TPM, 30000, 3000,
          KNOWN(500, ANY, 30000, ANY) },
        { 100, BUSY, { 200, 0, 86400000 }, HIDDEN, LIM_RPM, 3, -1,
          KNOWN(3, 200, 30000, ANY) },
    };
    struct lim_learn l;
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    struct lim_learned out = hear(&l, &rows[0]);
    CU_ASSERT_EQUAL(out.level[LIM_RPM].at, 100 * LIM_SEC + 120 * LIM_MSEC);
    CU_ASSERT_EQUAL(out.level[LIM_RPM].units, LIM_UNLIMITED);
    CU_ASSERT_EQUAL(out.level[LIM_TPM].at, 120 * LIM_SEC);
    CU_ASSERT_EQUAL(out.level[LIM_RPD].at, LIM_NEVER);
    out = hear(&l, &rows[1]);
    CU_ASSERT_EQUAL(out.level[LIM_RPM].at, 100 * LIM_SEC);
    CU_ASSERT_EQUAL(out.level[LIM_RPM].units, 491);
    CU_ASSERT_EQUAL(out.level[LIM_TPM].at, 103 * LIM_SEC);
    CU_ASSERT_EQUAL(out.level[LIM_TPM].units, 100);
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    out = hear(&l, &rows[2]);
    CU_ASSERT_EQUAL(out.level[LIM_RPD].at, 86500 * LIM_SEC);
    CU_ASSERT_EQUAL(out.level[LIM_RPM].at, 100 * LIM_SEC);
    CU_ASSERT_EQUAL(out.level[LIM_RPM].units, 0);
}

static void what_headers_said_may_be_doubted_what_a_refusal_named_not(void)
{
    const struct row rows[] = {
        { 0, OK, { 500, 499, 120 }, { 150, 50, 40000 }, NAMES_NONE,
          KNOWN(500, ANY, 150, ANY) },
        { 1, BUSY, HIDDEN, HIDDEN, LIM_TPM, 150, 10,
          KNOWN(500, ANY, 150, ANY) },
    };
    const struct lim_limits left = KNOWN(500, ANY, ANY, ANY);
    struct lim_learn l;
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    hear(&l, &rows[0]);
    CU_ASSERT(lim_learn_doubt(&l, 1u << LIM_TPM));
    CU_ASSERT_FALSE(lim_learn_answered(&l));
    check(lim_learn_limits(&l), &left, 0);
    hear(&l, &rows[1]);
    CU_ASSERT_FALSE(lim_learn_doubt(&l, 1u << LIM_TPM | 1u << LIM_RPM));
    check(lim_learn_limits(&l), &rows[1].known, 1);
}
/* clang-format on */

static int64_t draw(uint64_t seed, uint64_t *n, const int64_t *list,
                    size_t count)
{
    return list[lim_rng_draw(seed, 7, (*n)++) % count];
}

static struct row random_answer(uint64_t seed, uint64_t *n, int64_t sent)
{
    static const int64_t limits[] = { -1,    0,      1,
                                      3,     200,    500,
                                      10000, 150000, LIM_LIMIT_MAX };
    static const int64_t ms[] = { -1,     0,        17,
                                  120,    8640,     60000,
                                  432000, 86400000, 400 * 86400000LL };
    struct row r = { .sent = sent };
    struct lim_shown *const families[] = { &r.requests, &r.tokens };
    for (int i = 0; i < 2; i++) {
        families[i]->limit = draw(seed, n, limits, 9);
        families[i]->remaining = draw(seed, n, limits, 9);
        families[i]->reset_ns = draw(seed, n, ms, 9);
    }
    r.how = (enum how)(lim_rng_draw(seed, 7, (*n)++) % 3);
    r.by = (int)(lim_rng_draw(seed, 7, (*n)++) % 8) - 1;
    r.max = draw(seed, n, limits, 9);
    r.hint_ms = draw(seed, n, ms, 9);
    return r;
}

/* Whatever comes, what is believed is a limit, and a truthful answer or two
   put it right. */
static void after_any_lies_the_truth_is_believed(void)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        uint64_t n = 0;
        struct lim_learn l;
        lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
        for (int64_t i = 0; i < 20; i++) {
            const struct row lie = random_answer(seed, &n, i);
            hear(&l, &lie);
            for (int w = 0; w < LIM_WINDOWS; w++) {
                int64_t max = lim_learn_limits(&l)->max[w];
                CU_ASSERT(max == ANY || (max > 0 && max <= LIM_LIMIT_MAX));
            }
        }
        for (int64_t i = 30; i < 32; i++) {
            const struct row fact = { .sent = i,
                                      .how = OK,
                                      .requests = { 500, 499, 120 },
                                      .tokens = { 30000, 29900, 200 },
                                      .by = -1,
                                      .max = -1,
                                      .hint_ms = -1 };
            hear(&l, &fact);
        }
        CU_ASSERT_EQUAL(lim_learn_limits(&l)->max[LIM_RPM], 500);
        CU_ASSERT_EQUAL(lim_learn_limits(&l)->max[LIM_TPM], 30000);
    }
}

/* What a window of requests teaches, asked `asks` times in a random way. */
static struct lim_learn asked(const struct lim_meter_config *c, uint64_t seed,
                              int asks)
{
    static const struct lim_cost one = { { 1, 0, 0, 0 } };
    const struct lim_meter_rule r = lim_meter_rule_make(c);
    struct lim_meter m;
    struct lim_learn l;
    struct lim_learned out;
    lim_time now = 1000 * LIM_DAY;
    int64_t gap = 2 * c->window_ns / c->limit;
    lim_learn_init(&l, LIM_DISCIPLINE_BUCKET);
    lim_meter_init(&r, &m, now);
    for (int i = 0; i < asks; i++) {
        struct lim_feedback f = lim_feedback_none();
        uint64_t bits = lim_rng_draw(seed, 1, (uint64_t)i);
        now += bits % 3 == 0 ? 0 : (int64_t)((bits >> 8) % (uint64_t)gap);
        CU_ASSERT_EQUAL_FATAL(lim_meter_reserve(&r, &m, now), LIM_OK);
        bool fits = lim_meter_ready(&r, &m, 1, now) == now;
        if (fits)
            lim_meter_take(&r, &m, 1, now);
        int64_t reset = lim_meter_reset(&r, &m, now);
        f.requests =
            (struct lim_shown){ c->limit, lim_meter_remaining(&r, &m, now),
                                reset - reset % LIM_MSEC };
        const struct lim_lesson lesson = {
            .feedback = &f, .cost = &one, .sent_at = now, .admitted = fits
        };
        lim_learn_from(&l, &lesson, &out);
    }
    lim_meter_fini(&r, &m);
    return l;
}

static void buckets_show_what_they_hold_when_full(void)
{
    static const int64_t limits[] = { 60, 500, 5000, 10007 };
    static const int64_t shares[] = { 1, 2, 4, 10 };
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            for (int day = 0; day < 2; day++) {
                const struct lim_meter_config c = {
                    .discipline = LIM_DISCIPLINE_BUCKET,
                    .limit = limits[i],
                    .window_ns = day ? LIM_DAY : LIM_MIN,
                    .burst = limits[i] / shares[k],
                };
                enum lim_limit w = day ? LIM_RPD : LIM_RPM;
                const struct lim_learn l = asked(&c, 7 * i + k, 200);
                int64_t burst = lim_learn_burst(&l, w);
                CU_ASSERT_EQUAL(lim_learn_limits(&l)->max[w], limits[i]);
                CU_ASSERT_EQUAL(burst, k == 0 ? 0 : c.burst);
            }
}

static void other_windows_are_not_taken_for_small_buckets(void)
{
    static const enum lim_discipline others[] = {
        LIM_DISCIPLINE_QUANTISED, LIM_DISCIPLINE_FIXED,
        LIM_DISCIPLINE_SLIDING_LOG, LIM_DISCIPLINE_SLIDING_COUNTER
    };
    static const int64_t limits[] = { 60, 500, 5000 };
    for (size_t d = 0; d < 4; d++)
        for (uint64_t seed = 0; seed < 60; seed++) {
            const struct lim_meter_config c = {
                .discipline = others[d],
                .limit = limits[seed % 3],
                .window_ns = seed % 5 == 0 ? LIM_DAY : LIM_MIN,
                .burst = limits[seed % 3],
                .quantum_ns = LIM_SEC,
            };
            const struct lim_learn l = asked(&c, seed, 1000);
            CU_ASSERT_EQUAL(lim_learn_burst(&l, LIM_RPM), 0);
            CU_ASSERT_EQUAL(lim_learn_burst(&l, LIM_RPD), 0);
        }
}

CU_TestInfo learn_tests[] = {
    { "buckets show what they hold when full",
      buckets_show_what_they_hold_when_full },
    { "other windows are not taken for small buckets",
      other_windows_are_not_taken_for_small_buckets },
    { "windows follow from the reset", windows_follow_from_the_reset },
    { "a minute that is hidden is named by a refusal",
      a_minute_that_is_hidden_is_named_by_a_refusal },
    { "what grows is another tier", what_grows_is_another_tier },
    { "what falls is believed when said twice",
      what_falls_is_believed_when_said_twice },
    { "late answers change no limit", late_answers_change_no_limit },
    { "lies are passed over", lies_are_passed_over },
    { "without a reset it is a minute until it is sure",
      without_a_reset_it_is_a_minute_until_it_is_sure },
    { "a fixed minute is not taken for a day",
      a_fixed_minute_is_not_taken_for_a_day },
    { "a provider that shows minutes only is understood",
      a_provider_that_shows_minutes_only_is_understood },
    { "a month is no minute", a_month_is_no_minute },
    { "no headers teach nothing but that there are none",
      no_headers_teach_nothing_but_that_there_are_none },
    { "levels are told as they were at sending",
      levels_are_told_as_they_were_at_sending },
    { "what headers said may be doubted, what a refusal named not",
      what_headers_said_may_be_doubted_what_a_refusal_named_not },
    { "after any lies the truth is believed",
      after_any_lies_the_truth_is_believed },
    CU_TEST_INFO_NULL
};
