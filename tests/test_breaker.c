#include <CUnit/CUnit.h>

#include "limiter/breaker.h"
#include "limiter/limits.h"
#include "limiter/rng.h"

#define SHUT INT64_MIN
#define FREE LIM_UNLIMITED

/* An attempt, by seconds, and what the breaker says after it. */
struct row {
    bool failed;
    int64_t sent_s, ended_s;
    int64_t until_s; /* SHUT: not open */
    int64_t limit;
};

static void play(const struct lim_breaker_config *c, const struct row *rows,
                 size_t n)
{
    struct lim_breaker b = { .row = 0 };
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        lim_breaker_ended(&b, c, r->failed, r->sent_s * LIM_SEC,
                          r->ended_s * LIM_SEC);
        CU_ASSERT_EQUAL(lim_breaker_until(&b),
                        r->until_s == SHUT ? SHUT : r->until_s * LIM_SEC);
        CU_ASSERT_EQUAL(lim_breaker_limit(&b, c), r->limit);
    }
}

#define PLAY(config, rows) play(config, rows, sizeof(rows) / sizeof((rows)[0]))

/* Three failures, 2 probes, 10 s up to 50 s, slow start over 3. */
static struct lim_breaker_config small(void)
{
    return (struct lim_breaker_config){
        .failures = 3,
        .probes = 2,
        .open_ns = 10 * LIM_SEC,
        .open_max_ns = 50 * LIM_SEC,
        .slow_start = 3,
    };
}

static void at_first_it_is_closed(void)
{
    struct lim_breaker_config c = lim_breaker_config_default();
    struct lim_breaker b = { .row = 0 };
    CU_ASSERT_EQUAL(lim_breaker_until(&b), INT64_MIN);
    CU_ASSERT_EQUAL(lim_breaker_limit(&b, &c), LIM_UNLIMITED);
}

static void failures_in_a_row_open_it(void)
{
    const struct row rows[] = {
        { true, 0, 1, SHUT, FREE },  { true, 0, 2, SHUT, FREE },
        { false, 0, 3, SHUT, FREE }, { true, 0, 4, SHUT, FREE },
        { true, 0, 5, SHUT, FREE },  { true, 0, 6, 16, 2 },
    };
    struct lim_breaker_config c = small();
    PLAY(&c, rows);
}

static void what_was_sent_before_is_not_heard(void)
{
    const struct row rows[] = {
        { true, 0, 1, SHUT, FREE },
        { true, 0, 2, SHUT, FREE },
        { true, 0, 3, 13, 2 },
        /* while it is open */
        { true, 1, 4, 13, 2 },
        { false, 2, 5, 13, 2 },
        { false, 3, 6, 13, 2 },
        /* and while it is half open */
        { true, 2, 14, 13, 2 },
        { false, 2, 14, 13, 2 },
        { false, 2, 14, 13, 2 },
        { false, 13, 15, 13, 2 },
        { true, 14, 16, 36, 2 },
        /* a probe of the half-open phase before */
        { false, 15, 37, 36, 2 },
        { true, 15, 37, 36, 2 },
        { false, 36, 38, 36, 2 },
        { false, 36, 38, 36, 2 },
        { false, 38, 39, 36, 3 },
    };
    struct lim_breaker_config c = small();
    PLAY(&c, rows);
}

static void a_probe_that_fails_doubles_the_time(void)
{
    const struct row rows[] = {
        { true, 0, 0, SHUT, FREE }, { true, 0, 0, SHUT, FREE },
        { true, 0, 0, 10, 2 },      { true, 10, 11, 31, 2 },
        { true, 31, 32, 72, 2 },    { true, 72, 73, 123, 2 },
        { true, 123, 124, 174, 2 },
    };
    struct lim_breaker_config c = small();
    PLAY(&c, rows);
}

static void probes_that_succeed_close_it_slowly(void)
{
    const struct row rows[] = {
        { true, 0, 0, SHUT, FREE },
        { true, 0, 0, SHUT, FREE },
        { true, 0, 0, 10, 2 },
        { false, 10, 11, 10, 2 },
        { false, 11, 12, 10, 2 },
        { false, 12, 13, 10, 3 },
        { false, 12, 13, 10, 4 },
        { false, 13, 14, SHUT, FREE },
        /* The row starts anew, and so does the time. */
        { true, 14, 15, SHUT, FREE },
        { true, 14, 15, SHUT, FREE },
        { true, 14, 15, 25, 2 },
    };
    struct lim_breaker_config c = small();
    PLAY(&c, rows);
}

static void slow_start_bears_failures_but_not_a_row(void)
{
    const struct row rows[] = {
        { true, 0, 0, SHUT, FREE },
        { true, 0, 0, SHUT, FREE },
        { true, 0, 0, 10, 2 },
        { false, 10, 11, 10, 2 },
        { false, 10, 11, 10, 2 },
        { true, 11, 12, 10, 2 },
        { true, 11, 12, 10, 2 },
        { false, 12, 13, 10, 3 },
        { true, 13, 14, 10, 3 },
        { true, 13, 14, 10, 3 },
        /* The third in a row: open for 20 s, since it never recovered. */
        { true, 13, 14, 34, 2 },
        { false, 34, 35, 34, 2 },
        { true, 34, 36, 76, 2 },
    };
    struct lim_breaker_config c = small();
    PLAY(&c, rows);
}

static void without_slow_start_it_closes_at_once(void)
{
    const struct row rows[] = {
        { true, 0, 0, 10, 1 },         { false, 10, 11, SHUT, FREE },
        { true, 11, 12, 22, 1 },       { true, 22, 23, 43, 1 },
        { false, 43, 44, SHUT, FREE }, { true, 44, 45, 55, 1 },
    };
    struct lim_breaker_config c = small();
    c.failures = 1;
    c.probes = 1;
    c.slow_start = 0;
    PLAY(&c, rows);
}

static void the_defaults_are_as_stated(void)
{
    struct lim_breaker_config c = lim_breaker_config_default();
    struct lim_breaker b = { .row = 0 };
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(lim_breaker_until(&b), INT64_MIN);
        lim_breaker_ended(&b, &c, true, 0, 0);
    }
    CU_ASSERT_EQUAL(lim_breaker_until(&b), 30 * LIM_SEC);
    lim_breaker_ended(&b, &c, true, 30 * LIM_SEC, 31 * LIM_SEC);
    CU_ASSERT_EQUAL(lim_breaker_until(&b), 91 * LIM_SEC);
    CU_ASSERT_EQUAL(lim_breaker_limit(&b, &c), 1);
    lim_breaker_ended(&b, &c, false, 91 * LIM_SEC, 92 * LIM_SEC);
    for (int i = 1; i <= 20; i++) {
        CU_ASSERT_EQUAL(lim_breaker_limit(&b, &c), i);
        lim_breaker_ended(&b, &c, false, 92 * LIM_SEC, 93 * LIM_SEC);
    }
    CU_ASSERT_EQUAL(lim_breaker_limit(&b, &c), LIM_UNLIMITED);
    CU_ASSERT_EQUAL(lim_breaker_until(&b), INT64_MIN);
}

static void no_breaker_never_opens(void)
{
    struct lim_breaker_config c = { .failures = 0 };
    struct lim_breaker b = { .row = 0 };
    for (int i = 0; i < 1000; i++)
        lim_breaker_ended(&b, &c, true, i, i);
    CU_ASSERT_EQUAL(lim_breaker_until(&b), INT64_MIN);
    CU_ASSERT_EQUAL(lim_breaker_limit(&b, &c), LIM_UNLIMITED);
}

static void the_longest_times_do_not_overflow(void)
{
    struct lim_breaker_config c = { 1, 1, INT64_MAX / 2 + 1, INT64_MAX, 0 };
    struct lim_breaker b = { .row = 0 };
    lim_breaker_ended(&b, &c, true, 0, 5);
    CU_ASSERT_EQUAL(lim_breaker_until(&b), INT64_MAX / 2 + 6);
    lim_breaker_ended(&b, &c, true, INT64_MAX / 2 + 6, INT64_MAX / 2 + 7);
    CU_ASSERT_EQUAL(lim_breaker_until(&b), LIM_NEVER);
}

/* A server that is down for an hour; each attempt takes a second to fail. */
static void an_hour_of_failure_costs_few_attempts(void)
{
    struct lim_breaker_config c = lim_breaker_config_default();
    struct lim_breaker b = { .row = 0 };
    lim_time now = 0;
    unsigned attempts = 0;
    while (now < LIM_HOUR) {
        lim_breaker_ended(&b, &c, true, now, now + LIM_SEC);
        now += LIM_SEC;
        attempts++;
        if (lim_breaker_until(&b) > now)
            now = lim_breaker_until(&b);
    }
    /* 5, then probes at 35, 96, 217, 458, 759 s and each 301 s from there. */
    CU_ASSERT_EQUAL(attempts, 5 + 4 + 10);
}

/* The definition of the header with its states spelt out. */
struct model {
    enum { CLOSED, OPEN, HALF_OPEN, SLOW } state;
    unsigned bad, good; /* in a row; in this state */
    int64_t length;
    lim_time until;
};

static void model_open(struct model *m, const struct lim_breaker_config *c,
                       lim_time now)
{
    int64_t twice = 2 * m->length;
    m->length = m->state == CLOSED       ? c->open_ns
                : twice > c->open_max_ns ? c->open_max_ns
                                         : twice;
    m->until = now + m->length;
    m->state = OPEN;
    m->bad = 0;
}

static void model_succeeded(struct model *m, const struct lim_breaker_config *c)
{
    m->bad = 0;
    m->good++;
    if (m->state == HALF_OPEN && m->good == c->probes) {
        m->state = c->slow_start > 0 ? SLOW : CLOSED;
        m->good = 0;
    } else if (m->state == SLOW && m->good == c->slow_start) {
        m->state = CLOSED;
    }
}

static void model_ended(struct model *m, const struct lim_breaker_config *c,
                        bool failed, lim_time sent_at, lim_time now)
{
    if (m->state != CLOSED && sent_at < m->until)
        return;
    if (m->state == OPEN) {
        m->state = HALF_OPEN;
        m->good = 0;
    }
    if (!failed)
        model_succeeded(m, c);
    else if (m->state == HALF_OPEN || ++m->bad == c->failures)
        model_open(m, c, now);
}

static int64_t model_limit(const struct model *m,
                           const struct lim_breaker_config *c)
{
    return m->state == CLOSED ? LIM_UNLIMITED
           : m->state == SLOW ? c->probes + m->good
                              : c->probes;
}

static void play_against_model(uint64_t seed, unsigned reached[4])
{
    struct lim_breaker_config c = {
        .failures = 1 + (unsigned)(lim_rng_draw(seed, 0, 0) % 4),
        .probes = 1 + (unsigned)(lim_rng_draw(seed, 0, 1) % 3),
        .open_ns = 1 + (int64_t)(lim_rng_draw(seed, 0, 2) % 10),
        .slow_start = (unsigned)(lim_rng_draw(seed, 0, 3) % 5),
    };
    c.open_max_ns = c.open_ns + (int64_t)(lim_rng_draw(seed, 0, 4) % 50);
    uint64_t of_ten = 1 + lim_rng_draw(seed, 0, 5) % 9;
    struct lim_breaker b = { .row = 0 };
    struct model m = { .state = CLOSED };
    lim_time now = 0;
    for (uint64_t i = 0; i < 200; i++) {
        now += (lim_time)(lim_rng_draw(seed, 1, i) % 12);
        lim_time sent = now - (lim_time)(lim_rng_draw(seed, 2, i) % 8);
        bool failed = lim_rng_draw(seed, 3, i) % 10 < of_ten;
        lim_breaker_ended(&b, &c, failed, sent, now);
        model_ended(&m, &c, failed, sent, now);
        CU_ASSERT_EQUAL(lim_breaker_until(&b),
                        m.state == CLOSED ? INT64_MIN : m.until);
        CU_ASSERT_EQUAL(lim_breaker_limit(&b, &c), model_limit(&m, &c));
        reached[m.state]++;
    }
}

static void it_follows_the_state_diagram(void)
{
    unsigned reached[4] = { 0 };
    for (uint64_t seed = 0; seed < 2000; seed++)
        play_against_model(seed, reached);
    for (int state = 0; state < 4; state++)
        CU_ASSERT(reached[state] > 1000);
}

CU_TestInfo breaker_tests[] = {
    { "at first it is closed", at_first_it_is_closed },
    { "failures in a row open it", failures_in_a_row_open_it },
    { "what was sent before is not heard", what_was_sent_before_is_not_heard },
    { "a probe that fails doubles the time",
      a_probe_that_fails_doubles_the_time },
    { "probes that succeed close it slowly",
      probes_that_succeed_close_it_slowly },
    { "slow start bears failures, but not a row",
      slow_start_bears_failures_but_not_a_row },
    { "without slow start it closes at once",
      without_slow_start_it_closes_at_once },
    { "the defaults are as stated", the_defaults_are_as_stated },
    { "no breaker never opens", no_breaker_never_opens },
    { "the longest times do not overflow", the_longest_times_do_not_overflow },
    { "an hour of failure costs few attempts",
      an_hour_of_failure_costs_few_attempts },
    { "it follows the state diagram", it_follows_the_state_diagram },
    CU_TEST_INFO_NULL
};
