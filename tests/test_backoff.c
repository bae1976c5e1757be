#include <CUnit/CUnit.h>

#include <limits.h>
#include <math.h>
#include <string.h>

#include "limiter/backoff.h"
#include "limiter/rng.h"

/* Draws of 0, 1/2 and 1, but for less than 10^-15. */
#define NONE UINT64_C(0)
#define HALF (UINT64_C(1) << 63)
#define ALL UINT64_MAX

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SEEDS 500

static int64_t wait_of(const char *name, struct lim_backoff_case c)
{
    return lim_backoff_find(name)->wait(&c);
}

/* From 500 ms to 8 s, as the pool's defaults. */
struct row {
    const char *name;
    unsigned n;
    int64_t previous_ms, hint_ms;
    uint64_t draw;
    int64_t wait_ns;
};

static void play(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        struct lim_backoff_case c = {
            .base_ns = 500 * LIM_MSEC,
            .cap_ns = 8 * LIM_SEC,
            .n = r->n,
            .previous_ns = r->previous_ms * LIM_MSEC,
            .hint_ns = r->hint_ms < 0 ? -1 : r->hint_ms * LIM_MSEC,
            .draw = r->draw,
        };
        CU_ASSERT_EQUAL(wait_of(r->name, c), r->wait_ns);
    }
}

#define PLAY(rows) play(rows, COUNT(rows))

static void each_form_waits_as_defined(void)
{
    const struct row rows[] = {
        { "full_jitter", 0, 0, -1, NONE, 0 },
        { "full_jitter", 0, 0, -1, HALF, 250 * LIM_MSEC },
        { "full_jitter", 0, 0, -1, ALL, 500 * LIM_MSEC - 1 },
        { "full_jitter", 3, 0, -1, HALF, 2 * LIM_SEC },
        { "full_jitter", 4, 0, -1, HALF, 4 * LIM_SEC },
        { "full_jitter", 60000, 0, -1, HALF, 4 * LIM_SEC },
        { "equal_jitter", 0, 0, -1, NONE, 250 * LIM_MSEC },
        { "equal_jitter", 0, 0, -1, HALF, 375 * LIM_MSEC },
        { "equal_jitter", 0, 0, -1, ALL, 500 * LIM_MSEC - 1 },
        { "equal_jitter", 2, 0, -1, HALF, 1500 * LIM_MSEC },
        { "equal_jitter", 99, 0, -1, NONE, 4 * LIM_SEC },
        { "decorrelated", 0, 0, -1, NONE, 500 * LIM_MSEC },
        { "decorrelated", 0, 0, -1, HALF, LIM_SEC },
        { "decorrelated", 0, 0, -1, ALL, 1500 * LIM_MSEC - 1 },
        { "decorrelated", 9, 1000, -1, HALF, 1750 * LIM_MSEC },
        { "decorrelated", 1, 100, -1, HALF, LIM_SEC },
        { "decorrelated", 1, 8000, -1, HALF, 8 * LIM_SEC },
        { "decorrelated", 1, 8000, -1, NONE, 500 * LIM_MSEC },
        { "sdk", 0, 0, -1, NONE, 500 * LIM_MSEC },
        { "sdk", 0, 0, -1, HALF, 437500000 },
        { "sdk", 0, 0, -1, ALL, 375 * LIM_MSEC + 1 },
        { "sdk", 1, 0, -1, HALF, 875 * LIM_MSEC },
        { "sdk", 1000, 0, -1, NONE, 8 * LIM_SEC },
        { "hinted", 0, 0, -1, HALF, 250 * LIM_MSEC },
        { "hinted", 4, 0, -1, HALF, 4 * LIM_SEC },
    };
    PLAY(rows);
}

static void the_sdk_obeys_up_to_two_minutes(void)
{
    const struct row rows[] = {
        { "sdk", 0, 0, 0, NONE, 500 * LIM_MSEC },
        { "sdk", 0, 0, 1, NONE, LIM_MSEC },
        { "sdk", 5, 0, 8640, HALF, 8640 * LIM_MSEC },
        { "sdk", 0, 0, 60001, ALL, 60001 * LIM_MSEC },
        { "sdk", 0, 0, 120000, ALL, 120 * LIM_SEC },
        { "sdk", 0, 0, 120001, ALL, LIM_BACKOFF_GIVE_UP },
        { "sdk", 0, 0, 54749000, NONE, LIM_BACKOFF_GIVE_UP },
    };
    PLAY(rows);
}

static void the_node_sdk_obeys_up_to_one_minute(void)
{
    const struct row rows[] = {
        { "sdk_node", 0, 0, -1, HALF, 437500000 },
        { "sdk_node", 1, 0, -1, NONE, LIM_SEC },
        { "sdk_node", 0, 0, 0, NONE, 0 },
        { "sdk_node", 5, 0, 8640, HALF, 8640 * LIM_MSEC },
        { "sdk_node", 0, 0, 60000, ALL, LIM_MIN },
        { "sdk_node", 0, 0, 60001, HALF, 437500000 },
        { "sdk_node", 9, 0, 54749000, NONE, 8 * LIM_SEC },
    };
    PLAY(rows);
}

static void the_immediate_waits_for_nobody(void)
{
    const struct row rows[] = {
        { "immediate", 0, 0, -1, HALF, 0 },
        { "immediate", 9, 500, 20000, ALL, 0 },
    };
    PLAY(rows);
}

static void the_hinted_spreads_behind_the_hint(void)
{
    const struct row rows[] = {
        { "hinted", 0, 0, 0, NONE, LIM_MSEC },
        { "hinted", 0, 0, 20000, NONE, 20001 * LIM_MSEC },
        { "hinted", 0, 0, 20000, HALF, 20251 * LIM_MSEC },
        { "hinted", 2, 0, 20000, HALF, 21001 * LIM_MSEC },
        { "hinted", 9, 0, 20000, ALL, 28001 * LIM_MSEC - 1 },
        { "hinted", 0, 0, 54749000, HALF, 54749251 * LIM_MSEC },
    };
    PLAY(rows);
}

static void the_others_leave_hints_to_the_pool(void)
{
    for (size_t i = 0; lim_backoffs[i] != NULL; i++) {
        const struct lim_backoff *b = lim_backoffs[i];
        struct lim_backoff_case c = {
            500 * LIM_MSEC, 8 * LIM_SEC, 1, 0, -1, HALF
        };
        int64_t without = b->wait(&c);
        c.hint_ns = 20 * LIM_SEC;
        bool deaf = strcmp(b->name, "immediate") == 0;
        CU_ASSERT_EQUAL(b->obeys && !deaf, b->wait(&c) != without);
        CU_ASSERT_EQUAL(b->obeys, deaf || strncmp(b->name, "sdk", 3) == 0 ||
                                      strcmp(b->name, "hinted") == 0);
    }
}

static void full_jitter_is_what_it_was(void)
{
    uint64_t stream = lim_rng_stream(1, LIM_DRAW_BACKOFF);
    for (uint64_t item = 0; item < 1000; item++) {
        int64_t ceiling = 500 * LIM_MSEC;
        for (unsigned n = 0; n < 12; n++) {
            uint64_t draw = lim_rng_draw(stream, item, n);
            struct lim_backoff_case c = {
                500 * LIM_MSEC, 8 * LIM_SEC, n, 0, -1, draw
            };
            CU_ASSERT_EQUAL(wait_of("full_jitter", c),
                            (int64_t)((double)ceiling * lim_rng_uniform(draw)));
            ceiling = ceiling < 4 * LIM_SEC ? 2 * ceiling : 8 * LIM_SEC;
        }
    }
}

/* A base up to about 17 min, a cap up to about 2 h, 30 retries. */
static struct lim_backoff_case random_case(uint64_t seed)
{
    return (struct lim_backoff_case){
        .base_ns = (int64_t)(lim_rng_draw(seed, 0, 0) % (UINT64_C(1) << 40)),
        .cap_ns = (int64_t)(lim_rng_draw(seed, 0, 1) % (UINT64_C(1) << 43)),
        .n = (unsigned)(lim_rng_draw(seed, 0, 2) % 30),
        .previous_ns =
            (int64_t)(lim_rng_draw(seed, 0, 3) % (UINT64_C(1) << 43)),
        .hint_ns = -1,
        .draw = lim_rng_draw(seed, 0, 4),
    };
}

static int64_t ceiling_of(const struct lim_backoff_case *c)
{
    int64_t m = c->base_ns;
    for (unsigned i = 0; i < c->n && m < c->cap_ns; i++)
        m *= 2;
    return m < c->cap_ns ? m : c->cap_ns;
}

static void every_wait_is_within_its_bounds(void)
{
    for (uint64_t seed = 0; seed < SEEDS * 20; seed++) {
        struct lim_backoff_case c = random_case(seed);
        int64_t m = ceiling_of(&c);
        int64_t full = wait_of("full_jitter", c);
        CU_ASSERT(full >= 0 && full <= m);
        int64_t equal = wait_of("equal_jitter", c);
        CU_ASSERT(equal >= m - m / 2 && equal <= m);
        int64_t sdk = wait_of("sdk", c);
        CU_ASSERT(sdk >= m - m / 4 && sdk <= m);
        CU_ASSERT_EQUAL(wait_of("hinted", c), full);
        int64_t last = c.previous_ns > c.base_ns ? c.previous_ns : c.base_ns;
        int64_t least = c.base_ns < c.cap_ns ? c.base_ns : c.cap_ns;
        int64_t wait = wait_of("decorrelated", c);
        CU_ASSERT(wait >= least && wait <= c.cap_ns && wait <= 3 * last);
        c.hint_ns = c.previous_ns;
        int64_t hinted = wait_of("hinted", c);
        CU_ASSERT_EQUAL(hinted, c.hint_ns + LIM_MSEC + full);
        c.draw = NONE;
        CU_ASSERT_EQUAL(wait_of("equal_jitter", c), m - m / 2);
    }
}

/* The same draw never waits less at a later try. */
static void later_tries_wait_no_less(void)
{
    static const char *const names[] = { "full_jitter", "equal_jitter", "sdk",
                                         "hinted" };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct lim_backoff_case c = random_case(seed);
        for (size_t i = 0; i < COUNT(names); i++) {
            int64_t last = 0;
            for (c.n = 0; c.n < 70; c.n++) {
                int64_t wait = wait_of(names[i], c);
                CU_ASSERT(wait >= last);
                last = wait;
            }
        }
    }
}

/* Whether this back-off waits for that hint. */
static bool waits_for(const struct lim_backoff *b,
                      const struct lim_backoff_case *c)
{
    if (strcmp(b->name, "sdk_node") == 0)
        return c->hint_ns <= 60 * LIM_SEC;
    return strcmp(b->name, "immediate") != 0;
}

static void check_extreme(const struct lim_backoff_case *c)
{
    for (size_t i = 0; lim_backoffs[i] != NULL; i++) {
        const struct lim_backoff *b = lim_backoffs[i];
        int64_t wait = b->wait(c);
        if (wait == LIM_BACKOFF_GIVE_UP) {
            CU_ASSERT_STRING_EQUAL(b->name, "sdk");
            CU_ASSERT(c->hint_ns > 120 * LIM_SEC);
        } else {
            CU_ASSERT(wait >= 0);
            CU_ASSERT(wait <= c->cap_ns || b->obeys);
            CU_ASSERT(!b->obeys || wait >= c->hint_ns || !waits_for(b, c));
        }
    }
}

static void nothing_overflows(void)
{
    static const int64_t spans[] = {
        0,
        1,
        3,
        LIM_SEC,
        (INT64_C(1) << 53) + 1,
        INT64_MAX / 3,
        INT64_MAX / 3 + 1,
        INT64_MAX / 2 + 1,
        INT64_MAX - 1,
        INT64_MAX,
    };
    static const unsigned tries[] = { 0,  1,  2,          61,      62,
                                      63, 64, UINT16_MAX, UINT_MAX };
    static const int64_t hints[] = {
        -1, 0, 1, 120 * LIM_SEC, INT64_MAX - LIM_MSEC, INT64_MAX
    };
    static const uint64_t draws[] = { NONE, 4095, HALF, ALL };
    size_t s = COUNT(spans), t = COUNT(tries), h = COUNT(hints);
    size_t all = s * s * s * t * h * COUNT(draws);
    for (size_t i = 0; i < all; i++) {
        struct lim_backoff_case c = {
            .base_ns = spans[i % s],
            .cap_ns = spans[i / s % s],
            .previous_ns = spans[i / s / s % s],
            .n = tries[i / s / s / s % t],
            .hint_ns = hints[i / s / s / s / t % h],
            .draw = draws[i / s / s / s / t / h],
        };
        check_extreme(&c);
    }
}

static void a_base_of_zero_never_waits(void)
{
    static const char *const names[] = { "full_jitter", "equal_jitter", "sdk",
                                         "hinted", "decorrelated" };
    static const unsigned tries[] = { 0, 1, 62, 63, 64, UINT_MAX };
    for (size_t i = 0; i < COUNT(names); i++)
        for (size_t k = 0; k < COUNT(tries); k++) {
            struct lim_backoff_case c = { 0, INT64_MAX, tries[k], 0, -1, ALL };
            CU_ASSERT_EQUAL(wait_of(names[i], c), 0);
        }
}

#define DRAWS 20000

/* The mean wait in bases, over many requests at their `n`-th retry. */
static double mean_of(const char *name, unsigned n, int64_t cap_ns)
{
    uint64_t stream = lim_rng_stream(7, LIM_DRAW_BACKOFF);
    double sum = 0;
    for (uint64_t item = 0; item < DRAWS; item++) {
        struct lim_backoff_case c = { LIM_SEC, cap_ns, 0, 0, -1, 0 };
        for (; c.n <= n; c.n++) {
            c.draw = lim_rng_draw(stream, item, c.n);
            c.previous_ns = wait_of(name, c);
        }
        sum += (double)c.previous_ns;
    }
    return sum / DRAWS / (double)LIM_SEC;
}

static void means_are_those_of_the_closed_forms(void)
{
    const struct {
        const char *name;
        unsigned n;
        int64_t cap_s;
        double mean;
    } rows[] = {
        { "full_jitter", 0, 1000, 0.5 },
        { "full_jitter", 3, 1000, 4 },
        { "full_jitter", 9, 60, 30 },
        { "equal_jitter", 0, 1000, 0.75 },
        { "equal_jitter", 3, 1000, 6 },
        { "equal_jitter", 9, 60, 45 },
        { "sdk", 0, 1000, 0.875 },
        { "sdk", 3, 1000, 7 },
        { "sdk", 9, 60, 52.5 },
        { "hinted", 3, 1000, 4 },
        { "decorrelated", 0, 1000, 2 },
        { "decorrelated", 1, 1000, 3.5 },
        { "decorrelated", 2, 1000, 5.75 },
        { "decorrelated", 0, 2, 1.75 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        double mean = mean_of(rows[i].name, rows[i].n, rows[i].cap_s * LIM_SEC);
        CU_ASSERT(fabs(mean / rows[i].mean - 1) < 0.02);
    }
}

/* Of 1000 who hear the same hint, how many come back in the worst 100 ms. */
static unsigned most_at_once(const char *name)
{
    enum { SLOTS = 30 };
    unsigned slots[SLOTS] = { 0 }, most = 0;
    uint64_t stream = lim_rng_stream(3, LIM_DRAW_BACKOFF);
    for (uint64_t item = 0; item < 1000; item++) {
        struct lim_backoff_case c = {
            2 * LIM_SEC, 8 * LIM_SEC, 0,
            0,           LIM_SEC,     lim_rng_draw(stream, item, 0)
        };
        size_t slot = (size_t)(wait_of(name, c) / (100 * LIM_MSEC));
        CU_ASSERT_FATAL(slot < SLOTS + 1);
        if (slot < SLOTS && ++slots[slot] > most)
            most = slots[slot];
    }
    return most;
}

static void a_herd_that_hears_one_hint_is_spread(void)
{
    CU_ASSERT_EQUAL(most_at_once("sdk"), 1000);
    CU_ASSERT(most_at_once("hinted") < 80);
}

static void each_is_found_by_its_name(void)
{
    static const char *const names[] = { "decorrelated", "equal_jitter",
                                         "full_jitter",  "hinted",
                                         "immediate",    "sdk",
                                         "sdk_node" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct lim_backoff *b = lim_backoff_find(names[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b);
        CU_ASSERT_PTR_EQUAL(b, lim_backoffs[i]);
        CU_ASSERT_STRING_EQUAL(b->name, names[i]);
        CU_ASSERT(strlen(b->summary) > 0);
    }
    CU_ASSERT_PTR_NULL(lim_backoffs[COUNT(names)]);
    CU_ASSERT_PTR_NULL(lim_backoff_find("full"));
    CU_ASSERT_PTR_NULL(lim_backoff_find(""));
}

CU_TestInfo backoff_tests[] = {
    { "each form waits as defined", each_form_waits_as_defined },
    { "the SDK obeys up to two minutes", the_sdk_obeys_up_to_two_minutes },
    { "the Node SDK obeys up to one minute",
      the_node_sdk_obeys_up_to_one_minute },
    { "the immediate waits for nobody", the_immediate_waits_for_nobody },
    { "the hinted spreads behind the hint",
      the_hinted_spreads_behind_the_hint },
    { "the others leave hints to the pool",
      the_others_leave_hints_to_the_pool },
    { "full jitter is what it was", full_jitter_is_what_it_was },
    { "every wait is within its bounds", every_wait_is_within_its_bounds },
    { "later tries wait no less", later_tries_wait_no_less },
    { "nothing overflows", nothing_overflows },
    { "a base of zero never waits", a_base_of_zero_never_waits },
    { "means are those of the closed forms",
      means_are_those_of_the_closed_forms },
    { "a herd that hears one hint is spread",
      a_herd_that_hears_one_hint_is_spread },
    { "each is found by its name", each_is_found_by_its_name },
    CU_TEST_INFO_NULL
};
