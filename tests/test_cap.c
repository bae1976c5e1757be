#include <CUnit/CUnit.h>

#include <stdalign.h>
#include <string.h>

#include "limiter/cap.h"
#include "limiter/rng.h"
#include "tests/failmalloc.h"

#define ROOM 4096
#define GUARD 0xa5
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A cap, its state with a guard behind it, and the time. */
struct subject {
    const struct lim_cap *cap;
    lim_time now;
    alignas(16) unsigned char state[ROOM];
};

static void start(struct subject *x, const char *name,
                  struct lim_cap_options options)
{
    x->cap = lim_cap_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x->cap);
    CU_ASSERT_FATAL(x->cap->state_size <= ROOM - 64);
    memset(x->state, GUARD, ROOM);
    x->now = 0;
    x->cap->init(x->state, &options, 0);
}

static void start_at(struct subject *x, const char *name, double initial)
{
    struct lim_cap_options o = { .initial = initial, .drops = true };
    start(x, name, o);
}

static bool guard_holds(const struct subject *x)
{
    for (size_t i = x->cap->state_size; i < ROOM; i++)
        if (x->state[i] != GUARD)
            return false;
    return true;
}

static int64_t limit(const struct subject *x)
{
    return x->cap->limit(x->state);
}

static void end(struct subject *x, int64_t latency, int64_t in_flight,
                bool dropped)
{
    const struct lim_cap_sample s = {
        .latency_ns = latency,
        .in_flight = in_flight,
        .dropped = dropped,
        .sent_at = x->now - latency,
        .now = x->now,
    };
    x->cap->ended(x->state, &s);
}

/* `n` answers, each sent when the one before it came. */
static void answers(struct subject *x, int n, int64_t latency,
                    int64_t in_flight)
{
    for (int i = 0; i < n; i++) {
        x->now += latency;
        end(x, latency, in_flight, false);
    }
}

static void drop(struct subject *x)
{
    x->now += LIM_SEC;
    end(x, LIM_SEC, 10, true);
}

static const char *const of_a_limit[] = { "aimd", "vegas", "gradient2",
                                          "adaptive", "littles_law" };

static void each_is_found_by_its_name(void)
{
    size_t n = 0;
    for (; lim_caps[n] != NULL; n++) {
        CU_ASSERT_PTR_EQUAL(lim_cap_find(lim_caps[n]->name), lim_caps[n]);
        CU_ASSERT_TRUE(strlen(lim_caps[n]->summary) > 0);
    }
    CU_ASSERT_EQUAL(n, 7);
    CU_ASSERT_PTR_NULL(lim_cap_find("reno"));
}

static void aimd_adds_one_a_round_trip(void)
{
    struct subject x;
    start_at(&x, "aimd", 4);
    answers(&x, 4, LIM_SEC, 4); /* 4.25, 4.485, 4.708, 4.921 */
    CU_ASSERT_EQUAL(limit(&x), 4);
    answers(&x, 1, LIM_SEC, 4); /* 5.124 */
    CU_ASSERT_EQUAL(limit(&x), 5);
    start_at(&x, "aimd", 10);
    drop(&x); /* 9 */
    CU_ASSERT_EQUAL(limit(&x), 9);
    drop(&x); /* 8.1 */
    drop(&x); /* 7.29 */
    CU_ASSERT_EQUAL(limit(&x), 7);
    answers(&x, 1, LIM_MIN, 10); /* 7.43 */
    CU_ASSERT_EQUAL(limit(&x), 7);
    answers(&x, 1, LIM_MIN + 1, 10); /* slower than a minute: 6.69 */
    CU_ASSERT_EQUAL(limit(&x), 6);
    start(&x, "aimd", (struct lim_cap_options){ .backoff = 0.5 });
    drop(&x);
    CU_ASSERT_EQUAL(limit(&x), 5);
}

static void vegas_follows_the_queue(void)
{
    /* The first answer, 100 ms, is the shortest; the limit is 10. */
    const struct {
        int64_t ms;
        int times;
        int64_t limit;
    } rows[] = {
        { 100, 1, 10 },  /* queue 0: 10.6 */
        { 100, 2, 11 },  /* 11.17 */
        { 110, 2, 11 },  /* 0.96: as good as none */
        { 120, 10, 10 }, /* 1.67, up: 2; adds 1 in 10 answers, 10.96 */
        { 120, 11, 11 }, /* 11.05 */
        { 130, 50, 10 }, /* 2.3, up: 3; holds */
        { 240, 50, 10 }, /* 5.8, up: 6; holds */
        { 400, 1, 9 },   /* 7.5: 9.9 */
        { 400, 40, 7 },  /* until 0.75 of it is 6: 8 */
    };
    struct subject x;
    for (size_t i = 0; i < COUNT(rows); i++) {
        start_at(&x, "vegas", 10);
        answers(&x, 1, 100 * LIM_MSEC, 10);
        answers(&x, rows[i].times, rows[i].ms * LIM_MSEC, 10);
        CU_ASSERT_EQUAL(limit(&x), rows[i].limit);
    }
    const int64_t drops[][2] = { { 5, 4 }, { 10, 9 }, { 100, 90 } };
    for (size_t i = 0; i < COUNT(drops); i++) {
        start_at(&x, "vegas", (double)drops[i][0]);
        drop(&x);
        CU_ASSERT_EQUAL(limit(&x), drops[i][1]);
    }
}

static void vegas_does_not_measure_drops(void)
{
    struct subject x;
    start_at(&x, "vegas", 10);
    answers(&x, 1, LIM_SEC, 10);
    x.now += 1000;
    end(&x, 1000, 10, true);     /* a refusal within a microsecond: 9 */
    answers(&x, 6, LIM_SEC, 10); /* still the shortest: 6 a round trip */
    CU_ASSERT_EQUAL(limit(&x), 12);
}

static void gradient2_follows_the_trend(void)
{
    const struct {
        int64_t ms, limit;
    } windows[] = {
        { 100, 10 },  /* 0.8 * 10 + 0.2 * 14 = 10.8 */
        { 100, 11 },  /* 11.6 */
        { 300, 12 },  /* long 166.7, gradient 0.833: 12.01 */
        { 3000, 11 }, /* long 875, gradient 0.5: 11.61 */
        { 100, 12 },  /* long 720, gradient 1: 12.41 */
    };
    struct subject x;
    start_at(&x, "gradient2", 10);
    for (size_t i = 0; i < COUNT(windows); i++) {
        x.now += LIM_SEC;
        answers(&x, 10, windows[i].ms * LIM_MSEC, 12);
        CU_ASSERT_EQUAL(limit(&x), windows[i].limit);
    }
    drop(&x); /* 11.17 */
    CU_ASSERT_EQUAL(limit(&x), 11);
}

/* One window; a tenth or so of its answers is the `slow` ones. */
static void window(struct subject *x, int64_t ms, int slow, int64_t in_flight)
{
    int n = limit(x) < 10 ? 10 : (int)limit(x);
    x->now += 10 * LIM_SEC;
    answers(x, slow, 10 * LIM_SEC, in_flight);
    answers(x, n - slow, ms * LIM_MSEC, in_flight);
}

static void adaptive_takes_the_quantile(void)
{
    struct subject x;
    start_at(&x, "adaptive", 10);
    window(&x, 100, 0, 8); /* no queue: one more */
    CU_ASSERT_EQUAL(limit(&x), 11);
    window(&x, 100, 1, 8); /* one slow of eleven is above the 90 % */
    CU_ASSERT_EQUAL(limit(&x), 12);
    /* recent (0.1 + 0.1 + 10) / 3, baseline (0.1 + 0.1 + 3.4) / 3 */
    window(&x, 100, 2, 8);
    CU_ASSERT_EQUAL(limit(&x), 11);
    drop(&x); /* 9.9 */
    CU_ASSERT_EQUAL(limit(&x), 9);
    window(&x, 100, 0, 1); /* above five times what is in flight: 8.9 */
    CU_ASSERT_EQUAL(limit(&x), 8);
}

static void adaptive_sees_that_more_gets_no_more_done(void)
{
    struct subject x;
    start_at(&x, "adaptive", 10);
    for (int i = 0; i < 9; i++)
        window(&x, 100 + 2 * limit(&x), 0, limit(&x));
    CU_ASSERT_EQUAL(limit(&x), 19);
    window(&x, 100 + 2 * limit(&x), 0, limit(&x)); /* ten: it may tell */
    CU_ASSERT_EQUAL(limit(&x), 18);
}

static void littles_law_multiplies(void)
{
    const struct {
        double requests_per_s, tokens_per_s;
        int64_t tokens, latency_s, in_flight, limit;
    } rows[] = {
        { 0, 0, 500, 30, 10, 10 },    /* nothing is known: it holds */
        { 2, 0, 500, 30, 10, 90 },    /* 1.5 * 2 * 30 */
        { 2, 0, 500, 30, 4, 10 },     /* nobody needs more */
        { 2, 500, 500, 30, 10, 45 },  /* 1 a second by tokens */
        { 2, 1e6, 500, 30, 10, 90 },  /* by requests */
        { 0, 1000, 500, 30, 10, 90 }, /* tokens alone */
        { 0.05, 0, 500, 2, 1, 1 },    /* 3 a minute, 2 s each: 0.15 */
        { 1e15, 1e15, 0, 30, 10, 10000 },
    };
    struct subject x;
    for (size_t i = 0; i < COUNT(rows); i++) {
        start_at(&x, "littles_law", 10);
        x.now = rows[i].latency_s * LIM_SEC;
        const struct lim_cap_sample s = {
            .latency_ns = 1, /* by another measure */
            .in_flight = rows[i].in_flight,
            .tokens = rows[i].tokens,
            .requests_per_s = rows[i].requests_per_s,
            .tokens_per_s = rows[i].tokens_per_s,
            .sent_at = 0,
            .now = x.now,
        };
        x.cap->ended(x.state, &s);
        CU_ASSERT_EQUAL(limit(&x), rows[i].limit);
    }
    start_at(&x, "littles_law", 10);
    drop(&x); /* 9 */
    CU_ASSERT_EQUAL(limit(&x), 9);
    answers(&x, 90, LIM_SEC, 1); /* little in use: no word on the drop */
    CU_ASSERT_EQUAL(limit(&x), 9);
    answers(&x, 10, LIM_SEC, 9); /* a round trip takes it back */
    CU_ASSERT_EQUAL(limit(&x), 10);
}

/* Returns the requests a second that it lets go: spends what is left. */
static double rate(struct subject *x)
{
    lim_time first = x->cap->not_before(x->state);
    for (; first <= x->now; first = x->cap->not_before(x->state))
        x->cap->sent(x->state, x->now);
    x->cap->sent(x->state, x->now);
    return 1e9 / (double)(x->cap->not_before(x->state) - first);
}

static void cubic_returns_to_its_peak(void)
{
    struct subject x;
    start_at(&x, "cubic", 0);
    CU_ASSERT_EQUAL(limit(&x), LIM_UNLIMITED);
    for (int i = 0; i < 100; i++)
        x.cap->sent(x.state, 0);
    CU_ASSERT_TRUE(x.cap->not_before(x.state) <= 0);
    answers(&x, 10, 40 * LIM_MSEC, 10);
    CU_ASSERT_TRUE(x.cap->not_before(x.state) <= x.now);
    /* The eleventh of half a second: 22 a second; 0.7 of it is 15.4. */
    for (int i = 0; i < 5; i++) {
        end(&x, 40 * LIM_MSEC, 10, true);
        CU_ASSERT_TRUE(x.cap->not_before(x.state) > x.now);
        if (i == 0)
            CU_ASSERT_DOUBLE_EQUAL(rate(&x), 15.4, 1e-6);
    }
    CU_ASSERT_DOUBLE_EQUAL(rate(&x), 15.4, 1e-6);
    /* k = (22 * 0.3 / 0.4)^(1/3) = 2.5458 s; at k / 2 it lacks 0.4 k^3/8. */
    lim_time refused = x.now;
    const lim_time k = 2545821844;
    answers(&x, 26, k / 52, 10);
    CU_ASSERT_DOUBLE_EQUAL(rate(&x), 22 - 6.6 / 8, 1e-4);
    answers(&x, 26, k / 52, 10);
    CU_ASSERT_DOUBLE_EQUAL(rate(&x), 22, 1e-4);
    answers(&x, 26, k / 52, 10);
    CU_ASSERT_DOUBLE_EQUAL(rate(&x), 22 + 6.6 / 8, 1e-4);
    CU_ASSERT_TRUE(x.now - refused > k);
}

static void cubic_keeps_a_request_a_minute(void)
{
    struct subject x;
    start_at(&x, "cubic", 0);
    x.now = 100 * LIM_SEC;
    end(&x, LIM_SEC, 1, true);
    lim_time next = x.cap->not_before(x.state);
    CU_ASSERT_TRUE(next >= 160 * LIM_SEC);
    CU_ASSERT_TRUE(next <= 160 * LIM_SEC + 10);
}

static lim_time pause_of(const struct subject *x)
{
    return x->cap->not_before(x->state);
}

static void cooldown_counts_from_the_last_refusal(void)
{
    struct subject x;
    start(&x, "cooldown", (struct lim_cap_options){ 0 });
    CU_ASSERT_EQUAL(limit(&x), LIM_UNLIMITED);
    answers(&x, 3, LIM_SEC, 3);
    CU_ASSERT(pause_of(&x) <= x.now);
    drop(&x); /* at 4 s */
    CU_ASSERT_EQUAL(pause_of(&x), 9 * LIM_SEC);
    drop(&x);
    answers(&x, 1, LIM_SEC, 3);
    CU_ASSERT_EQUAL(pause_of(&x), 10 * LIM_SEC);
    CU_ASSERT_EQUAL(limit(&x), LIM_UNLIMITED);
    start(&x, "cooldown",
          (struct lim_cap_options){ .timeout_ns = 15 * LIM_SEC });
    drop(&x);
    CU_ASSERT_EQUAL(pause_of(&x), 16 * LIM_SEC);
}

static void cooldown_passes_over_server_errors(void)
{
    const struct lim_cap_sample s = {
        .latency_ns = 1, .dropped = true, .broken = true, .now = LIM_SEC
    };
    struct subject x;
    start(&x, "cooldown", (struct lim_cap_options){ 0 });
    x.cap->ended(x.state, &s);
    CU_ASSERT(pause_of(&x) <= 0);
    start(&x, "cooldown", (struct lim_cap_options){ .drops = true });
    x.cap->ended(x.state, &s);
    CU_ASSERT_EQUAL(pause_of(&x), 6 * LIM_SEC);
}

static void many_drops_at_once_are_one(void)
{
    struct subject x;
    for (size_t i = 0; i < COUNT(of_a_limit); i++) {
        start_at(&x, of_a_limit[i], 100);
        x.now = 2 * LIM_SEC;
        for (int n = 0; n < 50; n++)
            end(&x, LIM_SEC, 100, true);
        CU_ASSERT_EQUAL(limit(&x), 90);
        x.now += LIM_SEC / 2; /* it was in flight when they came */
        end(&x, LIM_SEC, 100, true);
        CU_ASSERT_EQUAL(limit(&x), 90);
        x.now += LIM_SEC;
        end(&x, LIM_SEC, 100, true);
        CU_ASSERT_TRUE(limit(&x) <= 81);
    }
}

static void an_idle_limit_does_not_grow(void)
{
    struct subject x;
    for (size_t i = 0; i < COUNT(of_a_limit); i++) {
        start_at(&x, of_a_limit[i], 10);
        answers(&x, 1000, LIM_SEC, 4);
        CU_ASSERT_TRUE(limit(&x) <= 10);
    }
}

static void each_stays_between_its_bounds(void)
{
    struct subject x;
    struct lim_cap_options o = { .min = 5, .max = 8, .drops = true };
    for (size_t i = 0; i < COUNT(of_a_limit); i++) {
        start(&x, of_a_limit[i], o);
        CU_ASSERT_EQUAL(limit(&x), 8);
        for (int n = 0; n < 100; n++)
            drop(&x);
        CU_ASSERT_EQUAL(limit(&x), 5);
        answers(&x, 1000, LIM_SEC, 10);
        CU_ASSERT_EQUAL(limit(&x), 8);
        start_at(&x, of_a_limit[i], 0);
        CU_ASSERT_EQUAL(limit(&x), 10);
        for (int n = 0; n < 100; n++)
            drop(&x);
        CU_ASSERT_EQUAL(limit(&x), 1);
    }
}

static int64_t pick(uint64_t bits, int64_t a, int64_t b, int64_t c)
{
    return bits % 3 == 0 ? a : bits % 3 == 1 ? b : c;
}

static void extreme(struct subject *x, uint64_t item)
{
    const int64_t late = INT64_C(1000000000000000000);
    uint64_t d[8];
    for (uint64_t i = 0; i < 8; i++)
        d[i] = lim_rng_draw(7, item, i);
    struct lim_cap_sample s = {
        .latency_ns = pick(d[0], 1, LIM_SEC, late),
        .in_flight = pick(d[1], 0, 10, 1000000000),
        .dropped = d[2] % 5 == 0,
        .tokens = pick(d[3], 0, 1, LIM_LIMIT_MAX),
        .requests_per_s = (double)pick(d[4], 0, 1, LIM_LIMIT_MAX),
        .tokens_per_s = (double)pick(d[5], 0, 1, LIM_LIMIT_MAX),
        .sent_at = pick(d[6], 0, x->now, LIM_NEVER - 1),
        .now = pick(d[7] >> 8, x->now, x->now + 1, d[7] % 4 ? late : 0),
    };
    x->now = s.now;
    if (x->cap->sent != NULL)
        x->cap->sent(x->state, x->now);
    x->cap->ended(x->state, &s);
}

static void nothing_breaks_them(void)
{
    struct subject x;
    for (size_t i = 0; lim_caps[i] != NULL; i++) {
        struct lim_cap_options o = { .max = 1e12, .drops = true };
        start(&x, lim_caps[i]->name, o);
        fail_after(1);
        for (uint64_t item = 0; item < 20000; item++) {
            extreme(&x, item);
            int64_t most = limit(&x);
            CU_ASSERT_FATAL(most == LIM_UNLIMITED ||
                            (most >= 1 && most <= 1000000000));
            if (x.cap->not_before != NULL)
                CU_ASSERT_FATAL(x.cap->not_before(x.state) >= 0);
        }
        CU_ASSERT_FALSE(fail_happened());
        fail_after(0);
        CU_ASSERT_TRUE(guard_holds(&x));
    }
}

CU_TestInfo cap_tests[] = {
    { "each is found by its name", each_is_found_by_its_name },
    { "aimd adds one a round trip", aimd_adds_one_a_round_trip },
    { "vegas follows the queue", vegas_follows_the_queue },
    { "vegas does not measure drops", vegas_does_not_measure_drops },
    { "gradient2 follows the trend", gradient2_follows_the_trend },
    { "adaptive takes the quantile", adaptive_takes_the_quantile },
    { "adaptive sees that more gets no more done",
      adaptive_sees_that_more_gets_no_more_done },
    { "littles_law multiplies", littles_law_multiplies },
    { "cubic returns to its peak", cubic_returns_to_its_peak },
    { "cubic keeps a request a minute", cubic_keeps_a_request_a_minute },
    { "cooldown counts from the last refusal",
      cooldown_counts_from_the_last_refusal },
    { "cooldown passes over server errors",
      cooldown_passes_over_server_errors },
    { "many drops at once are one", many_drops_at_once_are_one },
    { "an idle limit does not grow", an_idle_limit_does_not_grow },
    { "each stays between its bounds", each_stays_between_its_bounds },
    { "nothing breaks them", nothing_breaks_them },
    CU_TEST_INFO_NULL
};
