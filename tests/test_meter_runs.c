/*
 * Meters under random runs, and against theory.  Costs and gaps are chosen so
 * that a window is short half of the time; the clock steps back now and then.
 * LIM_SEEDS sets how many runs, LIM_VERBOSE shows what was refused.
 */

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "limiter/rng.h"
#include "tests/one_meter.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define STEPS 120

struct run {
    struct one o;
    uint64_t seed, draws;
    size_t taken;
    lim_time at[STEPS]; /* never decreasing: what a clock that stands shows */
    int64_t cost[STEPS];
};

static int64_t below(struct run *r, int64_t most)
{
    uint64_t bits = lim_rng_draw(r->seed, 7, r->draws++);
    return (int64_t)(bits % (uint64_t)most);
}

static uint64_t seeds(void)
{
    const char *text = getenv("LIM_SEEDS");
    return text != NULL ? strtoull(text, NULL, 10) : 500;
}

static struct run start(enum lim_discipline d, uint64_t seed)
{
    static const int64_t scale[] = { 3, 7, 60, 997, 10000, 2000000 };
    static const int64_t window[] = { LIM_MIN, LIM_MIN, LIM_DAY, 7919 };
    struct run r = { .seed = seed };
    struct lim_meter_config c = { .discipline = d };
    c.limit = 1 + below(&r, scale[below(&r, 6)]);
    c.window_ns = window[below(&r, 4)];
    c.burst = below(&r, 2) ? c.limit : 1 + below(&r, c.limit);
    c.quantum_ns = below(&r, 2) ? LIM_SEC : 1 + below(&r, c.window_ns);
    r.o.rule = lim_meter_rule_make(&c);
    lim_meter_init(&r.o.rule, &r.o.meter, 0);
    return r;
}

static int64_t random_cost(struct run *r)
{
    int64_t most = lim_meter_largest(&r->o.rule);
    return 1 + below(r, below(r, 4) == 0 ? most : most / 4 + 1);
}

/* A wait is what it says: nothing goes 1 ns before, and all of it then. */
static void check_wait(const struct run *r, int64_t cost, lim_time now)
{
    lim_time goes = ready(&r->o, cost, now);
    bool fits = cost <= left(&r->o, now);
    CU_ASSERT(goes >= now);
    if (goes == now)
        CU_ASSERT_TRUE(fits);
    if (r->o.rule.discipline != LIM_DISCIPLINE_QUANTISED)
        CU_ASSERT_EQUAL(fits, goes == now);
    if (goes == now)
        return;
    CU_ASSERT_EQUAL(ready(&r->o, cost, goes), goes);
    CU_ASSERT_EQUAL(ready(&r->o, cost, goes - 1), goes);
    CU_ASSERT(ready(&r->o, cost - 1, now) <= goes);
}

/* Nobody comes until the reset: then all is there, and 1 ns before it not. */
static void check_reset(const struct run *r, lim_time now)
{
    int64_t ns = reset(&r->o, now);
    int64_t all = lim_meter_largest(&r->o.rule);
    CU_ASSERT_EQUAL(left(&r->o, now + ns), all);
    CU_ASSERT_EQUAL(ns > 0, left(&r->o, now) < all);
    if (ns > 0)
        CU_ASSERT(left(&r->o, now + ns - 1) < all);
}

static lim_time step(struct run *r, lim_time now)
{
    int64_t window = r->o.rule.rate.window_ns;
    switch (below(r, 12)) {
    case 0:
        return now + below(r, window + window / 2);
    case 1:
        return now - below(r, now < window ? now + 1 : window);
    case 2:
    case 3:
    case 4:
        return now;
    default:
        return now + below(r, window / 20 + 2);
    }
}

static void run(struct run *r)
{
    lim_time now = 0, last = 0;
    for (int i = 0; i < STEPS; i++) {
        int64_t cost = random_cost(r);
        check_wait(r, cost, now);
        check_wait(r, 1, now);
        check_reset(r, now);
        lim_time goes = ready(&r->o, cost, now);
        if (goes > now && below(r, 2))
            now = goes;
        if (ready(&r->o, cost, now) == now) {
            take(&r->o, cost, now);
            last = now > last ? now : last;
            r->at[r->taken] = last;
            r->cost[r->taken++] = cost;
        }
        now = step(r, now);
    }
}

/* The most that may be admitted from `from` to `to`, both included, by what
   the header of each discipline says; `cost` is the last one. */
static bool within(const struct lim_meter_rule *r, int64_t sum, int64_t cost,
                   lim_time from, lim_time to)
{
    int64_t t = to - from, window = r->rate.window_ns;
    lim_wide flow = (lim_wide)t * r->rate.limit;
    lim_wide slice = (lim_wide)t * r->slice.limit;
    int64_t slice_burst = cost > r->slice.burst ? cost : r->slice.burst;
    switch (r->discipline) {
    case LIM_DISCIPLINE_QUANTISED:
        if (r->slice.limit > 0 &&
            (lim_wide)(sum - slice_burst) * r->slice.window_ns > slice)
            return false;
        return (lim_wide)(sum - r->rate.burst) * window <= flow;
    case LIM_DISCIPLINE_FIXED:
        return sum <= r->rate.limit * (to / window - from / window + 1);
    case LIM_DISCIPLINE_SLIDING_LOG:
        return sum <= r->rate.limit * (t / window + 1);
    case LIM_DISCIPLINE_BUCKET:
    case LIM_DISCIPLINE_SLIDING_COUNTER:
    case LIM_DISCIPLINES:
    default:
        return (lim_wide)(sum - r->rate.burst) * window <= flow;
    }
}

static void check_bound(const struct run *r)
{
    bool all = true;
    for (size_t from = 0; from < r->taken; from++) {
        int64_t sum = 0;
        for (size_t to = from; to < r->taken; to++) {
            sum += r->cost[to];
            all &= within(&r->o.rule, sum, r->cost[to], r->at[from], r->at[to]);
        }
    }
    CU_ASSERT_TRUE(all);
}

static void no_interval_sees_more_than_its_bound(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        size_t taken = 0;
        for (uint64_t seed = 1; seed <= seeds(); seed++) {
            unsigned failures = CU_get_number_of_failures();
            struct run r = start((enum lim_discipline)i, seed);
            run(&r);
            check_bound(&r);
            taken += r.taken;
            end(&r.o);
            if (CU_get_number_of_failures() != failures)
                printf("%s, seed %d\n",
                       lim_discipline_name((enum lim_discipline)i), (int)seed);
        }
        CU_ASSERT(taken > seeds() * STEPS / 3);
        CU_ASSERT(taken < seeds() * (STEPS - 5));
    }
}

/* What is given back at the instant of its taking was never taken.  A log may
   have merged it with what came within its grain before. */
static void taken_and_given_at_once_is_nothing(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        for (uint64_t seed = 1; seed <= seeds(); seed++) {
            struct run r = start((enum lim_discipline)i, seed);
            lim_time now = 0;
            for (int k = 0; k < 30; k++) {
                int64_t cost = random_cost(&r), probe = random_cost(&r);
                int64_t before = left(&r.o, now);
                lim_time goes = ready(&r.o, probe, now);
                int64_t full = reset(&r.o, now);
                take(&r.o, cost, now);
                give(&r.o, cost, now);
                int64_t late =
                    i == LIM_DISCIPLINE_SLIDING_LOG ? r.o.rule.grain_ns - 1 : 0;
                CU_ASSERT_EQUAL(left(&r.o, now), before);
                int64_t off = ready(&r.o, probe, now) - goes;
                CU_ASSERT(off >= 0 && off <= late);
                off = reset(&r.o, now) - full;
                CU_ASSERT(off >= 0 && off <= late);
                goes = ready(&r.o, cost, now);
                take(&r.o, cost, goes);
                now = goes + below(&r, r.o.rule.rate.window_ns / 10 + 2);
            }
            end(&r.o);
        }
    }
}

/*
 * Of a cost, a part comes back later: as if only the rest had been taken.
 * Not for buckets: one that is full while the whole cost would still have
 * weighed on it has lost that time.
 */
static void what_comes_back_was_never_taken(void)
{
    for (int i = LIM_DISCIPLINE_FIXED; i < LIM_DISCIPLINES; i++) {
        for (uint64_t seed = 1; seed <= seeds(); seed++) {
            struct run r = start((enum lim_discipline)i, seed);
            struct one less = { .rule = r.o.rule };
            lim_meter_init(&less.rule, &less.meter, 0);
            lim_time now = 0;
            for (int k = 0; k < 30; k++) {
                int64_t cost = random_cost(&r), rest = 1 + below(&r, cost);
                now = ready(&r.o, cost, now);
                lim_time at = now;
                take(&r.o, cost, at);
                take(&less, rest, at);
                for (int n = (int)below(&r, 3); n > 0; n--) {
                    now += below(&r, r.o.rule.rate.window_ns / 2 + 2);
                    now = ready(&r.o, 1, now);
                    take(&r.o, 1, now);
                    take(&less, 1, now);
                }
                give(&r.o, cost - rest, at);
                CU_ASSERT_EQUAL(left(&r.o, now), left(&less, now));
                CU_ASSERT_EQUAL(reset(&r.o, now), reset(&less, now));
                CU_ASSERT_EQUAL(ready(&r.o, cost, now),
                                ready(&less, cost, now));
            }
            end(&r.o);
            end(&less);
        }
    }
}

/*
 * Poisson arrivals, 54 a minute against a limit of 60: the shares that are
 * refused.  Theory: a fixed window refuses what of a Poisson number is above
 * 60; a sliding log is an Erlang loss system with 60 lines; with refusals
 * counted it refuses whenever 60 came in the last minute; a slice of one a
 * second is closed for a second after each.
 */
#define ARRIVALS 600000
#define LOAD 54
#define LIMIT 60

static double refused(enum lim_discipline d, bool counted)
{
    struct one o = make(d, LIMIT, LIM_MIN, 0);
    double now = 0;
    int64_t refusals = 0;
    for (uint64_t i = 0; i < ARRIVALS; i++) {
        now -= log(lim_rng_uniform(lim_rng_draw(1, i, 0))) * 60e9 / LOAD;
        lim_time at = (lim_time)now;
        bool goes = ready(&o, 1, at) == at;
        if (goes || counted)
            take(&o, 1, at);
        refusals += !goes;
    }
    end(&o);
    return (double)refusals / ARRIVALS;
}

/* The chance of exactly n in a minute. */
static double poisson(int n)
{
    double p = exp(-LOAD);
    for (int i = 1; i <= n; i++)
        p *= (double)LOAD / i;
    return p;
}

static double fixed_theory(void)
{
    double above = 0;
    for (int n = LIMIT + 1; n < 200; n++)
        above += (n - LIMIT) * poisson(n);
    return above / LOAD;
}

static double tail_theory(void)
{
    double tail = 0;
    for (int n = LIMIT; n < 200; n++)
        tail += poisson(n);
    return tail;
}

static double erlang_theory(void)
{
    double inverse = 1;
    for (int n = 1; n <= LIMIT; n++)
        inverse = 1 + inverse * n / LOAD;
    return 1 / inverse;
}

static void disciplines_differ_as_theory_says(void)
{
    double slice = (double)LOAD / 60;
    const struct {
        const char *name;
        double theory, within, seen;
    } rows[] = {
        { "bucket", 0, 1e-4, refused(LIM_DISCIPLINE_BUCKET, false) },
        { "fixed", fixed_theory(), 0.002,
          refused(LIM_DISCIPLINE_FIXED, false) },
        { "sliding log", erlang_theory(), 0.002,
          refused(LIM_DISCIPLINE_SLIDING_LOG, false) },
        { "sliding log, refusals counted", tail_theory(), 0.01,
          refused(LIM_DISCIPLINE_SLIDING_LOG, true) },
        { "quantised", slice / (1 + slice), 0.002,
          refused(LIM_DISCIPLINE_QUANTISED, false) },
    };
    double counter = refused(LIM_DISCIPLINE_SLIDING_COUNTER, false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_DOUBLE_EQUAL(rows[i].seen, rows[i].theory, rows[i].within);
        if (getenv("LIM_VERBOSE") != NULL)
            printf("%-30s refuses %6.3f %%, theory %6.3f %%\n", rows[i].name,
                   rows[i].seen * 100, rows[i].theory * 100);
    }
    if (getenv("LIM_VERBOSE") != NULL)
        printf("%-30s refuses %6.3f %%\n", "sliding counter", counter * 100);
    CU_ASSERT(counter > rows[1].seen && counter < rows[2].seen);
}

CU_TestInfo meter_runs_tests[] = {
    { "no interval sees more than its bound, and waits are exact",
      no_interval_sees_more_than_its_bound },
    { "what is taken and given at once is nothing",
      taken_and_given_at_once_is_nothing },
    { "what comes back was never taken", what_comes_back_was_never_taken },
    { "disciplines differ as theory says", disciplines_differ_as_theory_says },
    CU_TEST_INFO_NULL
};
