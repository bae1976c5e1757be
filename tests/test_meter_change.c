/*
 * A window whose limit changes while it counts: what is used stays used, and
 * whatever a window admits, it admits across the change.  LIM_SEEDS sets how
 * many runs.
 */

#include <CUnit/CUnit.h>

#include <stdlib.h>

#include "limiter/rng.h"
#include "tests/one_meter.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Changes the limit; the burst is all of it. */
static void change(struct one *o, int64_t limit, lim_time now)
{
    const struct lim_meter_config c = { .discipline = o->rule.discipline,
                                        .limit = limit,
                                        .window_ns = o->rule.rate.window_ns,
                                        .burst = limit > 0 ? limit : 0,
                                        .quantum_ns = LIM_SEC };
    struct lim_meter_rule to = lim_meter_rule_make(&c);
    lim_meter_change(&o->rule, &to, &o->meter, now);
    o->rule = to;
}

static void what_is_used_stays_used(void)
{
    const struct {
        int64_t limit, used, next, left;
    } rows[] = {
        { 60, 50, 600, 550 },
        { 60, 60, 61, 1 },
        { 60, 0, 600, 600 },
        { 600, 50, 60, 10 },
        { 600, 599, 60, 0 },
        { 600, 600, 600, 0 },
        { 7, 3, 11, 8 },
        { 11, 8, 7, 0 },
        { 3, 1, 150000000, 149999999 },
        { 60, 90, 600, 510 },
        { 60, 90, 80, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int d = 0; d < LIM_DISCIPLINES; d++) {
            struct one o =
                make((enum lim_discipline)d, rows[i].limit, LIM_MIN, 0);
            take(&o, rows[i].used, 10 * LIM_SEC);
            change(&o, rows[i].next, 10 * LIM_SEC);
            CU_ASSERT_EQUAL(left(&o, 10 * LIM_SEC), rows[i].left);
            CU_ASSERT_EQUAL(left(&o, 10 * LIM_MIN), rows[i].next);
            end(&o);
        }
    }
}

/* 50 of 60 used at 0 s are 40 at 10 s; of 600 those are back in 4 s. */
static void a_bucket_refills_at_the_new_rate(void)
{
    struct one o = make(LIM_DISCIPLINE_BUCKET, 60, LIM_MIN, 0);
    take(&o, 50, 0);
    change(&o, 600, 10 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&o, 10 * LIM_SEC), 560);
    CU_ASSERT_EQUAL(reset(&o, 10 * LIM_SEC), 4 * LIM_SEC);
    CU_ASSERT_EQUAL(ready(&o, 561, 10 * LIM_SEC), 10 * LIM_SEC + LIM_SEC / 10);
    end(&o);
}

/* Up and down again, after a time that no limit divides. */
static void a_bucket_loses_no_fraction(void)
{
    static const int64_t limits[] = { 7, 11, 997, 13, 150000000, 7 };
    struct one o = make(LIM_DISCIPLINE_BUCKET, 7, LIM_MIN, 0);
    lim_time now = 1234567891;
    take(&o, 5, 0);
    lim_time goes = ready(&o, 7, now);
    for (size_t i = 0; i < COUNT(limits); i++)
        change(&o, limits[i], now);
    CU_ASSERT_EQUAL(ready(&o, 7, now), goes);
    end(&o);
}

/* A bucket that is long full keeps no fraction of another limit. */
static void a_full_bucket_stays_full(void)
{
    struct one o = make(LIM_DISCIPLINE_BUCKET, 999983, LIM_MIN, 0);
    take(&o, 1, 0);
    lim_time now = reset(&o, 0);
    change(&o, 3, now);
    CU_ASSERT_EQUAL(ready(&o, 3, now), now);
    CU_ASSERT_EQUAL(reset(&o, now), 0);
    end(&o);
}

/* A cost of 30 s in one slice holds the next, at a rate that is now twice. */
static void a_slice_still_owes(void)
{
    struct one o = make(LIM_DISCIPLINE_QUANTISED, 60, LIM_MIN, 0);
    take(&o, 30, 0);
    change(&o, 120, 0);
    CU_ASSERT_EQUAL(left(&o, 0), 90);
    CU_ASSERT_EQUAL(ready(&o, 1, 0), 14 * LIM_SEC + LIM_SEC / 2);
    end(&o);
}

static void a_log_gives_up_its_oldest_units(void)
{
    struct one o = make(LIM_DISCIPLINE_SLIDING_LOG, 60, LIM_MIN, 0);
    take(&o, 20, 0);
    take(&o, 20, 10 * LIM_SEC);
    take(&o, 20, 20 * LIM_SEC);
    change(&o, 30, 30 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&o, 30 * LIM_SEC), 0);
    CU_ASSERT_EQUAL(ready(&o, 1, 30 * LIM_SEC), 70 * LIM_SEC);
    CU_ASSERT_EQUAL(ready(&o, 10, 30 * LIM_SEC), 70 * LIM_SEC);
    CU_ASSERT_EQUAL(ready(&o, 11, 30 * LIM_SEC), 80 * LIM_SEC);
    give(&o, 20, 10 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&o, 30 * LIM_SEC), 10);
    end(&o);
}

/* 60 in the minute before, half of it covered, and 20. */
static void a_counter_gives_up_the_minute_before(void)
{
    struct one o = make(LIM_DISCIPLINE_SLIDING_COUNTER, 60, LIM_MIN, 0);
    take(&o, 60, 0);
    take(&o, 20, 90 * LIM_SEC);
    change(&o, 25, 90 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&o, 90 * LIM_SEC), 0);
    CU_ASSERT_EQUAL(ready(&o, 5, 90 * LIM_SEC), 120 * LIM_SEC);
    CU_ASSERT_EQUAL(ready(&o, 1, 90 * LIM_SEC), 96 * LIM_SEC);
    end(&o);
}

static void none_and_nothing_begin_unused(void)
{
    static const int64_t odd[] = { LIM_UNLIMITED, 0 };
    for (size_t i = 0; i < COUNT(odd); i++) {
        for (int d = 0; d < LIM_DISCIPLINES; d++) {
            struct one o = make((enum lim_discipline)d, 10, LIM_MIN, 0);
            take(&o, 10, LIM_SEC);
            change(&o, odd[i], LIM_SEC);
            CU_ASSERT_EQUAL(left(&o, LIM_SEC), odd[i]);
            take(&o, 5, LIM_SEC);
            change(&o, 20, 2 * LIM_SEC);
            CU_ASSERT_EQUAL(left(&o, 2 * LIM_SEC), 20);
            CU_ASSERT_EQUAL(reset(&o, 2 * LIM_SEC), 0);
            take(&o, 20, 2 * LIM_SEC);
            CU_ASSERT_EQUAL(left(&o, 2 * LIM_SEC), 0);
            end(&o);
        }
    }
}

static void another_length_begins_unused(void)
{
    for (int d = 0; d < LIM_DISCIPLINES; d++) {
        struct one o = make((enum lim_discipline)d, 10, 30 * LIM_DAY, 0);
        struct one minute = make((enum lim_discipline)d, 20, LIM_MIN, 0);
        take(&o, 10, LIM_SEC);
        CU_ASSERT_EQUAL(left(&o, LIM_SEC), 0);
        lim_meter_change(&o.rule, &minute.rule, &o.meter, LIM_SEC);
        o.rule = minute.rule;
        CU_ASSERT_EQUAL(left(&o, LIM_SEC), 20);
        CU_ASSERT_EQUAL(reset(&o, LIM_SEC), 0);
        end(&minute);
        end(&o);
    }
}

static void a_copy_changes_alone(void)
{
    for (int d = 0; d < LIM_DISCIPLINES; d++) {
        struct one o = make((enum lim_discipline)d, 60, LIM_MIN, 0);
        for (int i = 0; i < 60; i++)
            take(&o, 1, i * LIM_SEC);
        lim_time now = 59 * LIM_SEC;
        lim_time goes = ready(&o, 30, now);
        int64_t before = left(&o, now);
        struct one copy = o;
        change(&copy, 7, now);
        CU_ASSERT_EQUAL(left(&copy, now), before > 0 ? 6 : 0);
        CU_ASSERT_EQUAL(left(&o, now), before);
        CU_ASSERT_EQUAL(ready(&o, 30, now), goes);
        end(&o);
    }
}

struct run {
    struct one o;
    uint64_t seed, draws;
    lim_time changed;
    int64_t limits[2]; /* before and after */
    lim_time at[200];
    int64_t cost[200];
    size_t taken;
};

static int64_t below(struct run *r, int64_t most)
{
    uint64_t bits = lim_rng_draw(r->seed, 5, r->draws++);
    return (int64_t)(bits % (uint64_t)most);
}

/* Takes what goes, at once or after its wait; half way the limit changes. */
static void play(struct run *r)
{
    lim_time now = LIM_MIN;
    for (size_t i = 0; i < COUNT(r->at); i++) {
        now += below(r, 3) == 0 ? below(r, 20 * LIM_SEC) : 0;
        if (i == COUNT(r->at) / 2) {
            change(&r->o, r->limits[1], now);
            CU_ASSERT(left(&r->o, now) <= r->limits[1]);
            r->changed = now;
        }
        int64_t cost = 1 + below(r, r->o.rule.rate.limit / 3 + 1);
        lim_time goes = ready(&r->o, cost, now);
        CU_ASSERT_FATAL(goes != LIM_NEVER);
        if (goes > now)
            CU_ASSERT_EQUAL(ready(&r->o, cost, goes - 1), goes);
        if (goes > now && below(r, 2))
            continue;
        now = goes;
        take(&r->o, cost, now);
        r->at[r->taken] = now;
        r->cost[r->taken++] = cost;
    }
}

/* The units of a rate in an interval, across its change, rounded up. */
static int64_t refill(const struct run *r, lim_time from, lim_time to)
{
    lim_time middle = r->changed < from ? from : r->changed;
    middle = middle < to ? middle : to;
    lim_wide units = (lim_wide)(middle - from) * r->limits[0] +
                     (lim_wide)(to - middle) * r->limits[1];
    return (int64_t)((units + LIM_MIN - 1) / LIM_MIN);
}

static int64_t most_in(const struct run *r, lim_time from, lim_time to)
{
    int64_t limit = r->limits[to >= r->changed];
    int64_t larger = r->limits[0] > limit ? r->limits[0] : limit;
    switch (r->o.rule.discipline) {
    case LIM_DISCIPLINE_BUCKET:
    case LIM_DISCIPLINE_QUANTISED:
    case LIM_DISCIPLINE_SLIDING_COUNTER:
        return larger + refill(r, from, to);
    case LIM_DISCIPLINE_FIXED:
        return (to / LIM_MIN - from / LIM_MIN + 1) * larger;
    case LIM_DISCIPLINE_SLIDING_LOG:
    case LIM_DISCIPLINES:
    default:
        return ((to - from) / LIM_MIN + 1) * larger;
    }
}

/* Every interval from one take to a later one. */
static void check_bound(const struct run *r)
{
    for (size_t i = 0; i < r->taken; i++) {
        int64_t sum = 0;
        for (size_t k = i; k < r->taken; k++) {
            sum += r->cost[k];
            CU_ASSERT(sum <= most_in(r, r->at[i], r->at[k]));
        }
    }
}

static void nothing_is_admitted_twice_across_a_change(void)
{
    static const int64_t limits[] = { 3, 7, 60, 997, 30000, 450000 };
    const char *text = getenv("LIM_SEEDS");
    uint64_t seeds = text != NULL ? strtoull(text, NULL, 10) : 60;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        for (int d = 0; d < LIM_DISCIPLINES; d++) {
            struct run r = { .seed = seed };
            r.limits[0] = limits[below(&r, COUNT(limits))];
            r.limits[1] = limits[below(&r, COUNT(limits))];
            r.o = make((enum lim_discipline)d, r.limits[0], LIM_MIN, LIM_MIN);
            play(&r);
            check_bound(&r);
            end(&r.o);
        }
    }
}

CU_TestInfo meter_change_tests[] = {
    { "what is used stays used", what_is_used_stays_used },
    { "a bucket refills at the new rate", a_bucket_refills_at_the_new_rate },
    { "a bucket loses no fraction", a_bucket_loses_no_fraction },
    { "a full bucket stays full", a_full_bucket_stays_full },
    { "a slice still owes", a_slice_still_owes },
    { "a log gives up its oldest units", a_log_gives_up_its_oldest_units },
    { "a counter gives up the minute before",
      a_counter_gives_up_the_minute_before },
    { "no limit and a limit of nothing begin unused",
      none_and_nothing_begin_unused },
    { "a window of another length begins unused",
      another_length_begins_unused },
    { "a copy changes alone", a_copy_changes_alone },
    { "nothing is admitted twice across a change",
      nothing_is_admitted_twice_across_a_change },
    CU_TEST_INFO_NULL
};
