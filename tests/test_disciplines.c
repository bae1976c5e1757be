/*
 * The provider by each discipline: random limits, loads, charges and clocks;
 * what the wire shows fits the truth.  LIM_SEEDS sets how many runs.
 */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "sim/provider.h"
#include "sim/world.h"
#include "tests/failmalloc.h"

#define STEPS 100

struct run {
    struct lim_table *table;
    struct sim_provider *provider;
    enum lim_discipline discipline;
    lim_time now;
    int64_t tokens; /* costs are below this */
    uint64_t seed, draws;
    size_t refused;
};

static int64_t below(struct run *r, int64_t most)
{
    uint64_t bits = lim_rng_draw(r->seed, 11, r->draws++);
    return (int64_t)(bits % (uint64_t)most);
}

static uint64_t seeds(void)
{
    const char *text = getenv("LIM_SEEDS");
    return text != NULL ? strtoull(text, NULL, 10) : 500;
}

/* Limits of rpm rpd tpm tpd ipm; the last four may be absent. */
static struct lim_table *random_table(struct run *r)
{
    static const int64_t scale[] = { 3, 60, 997, 10000, 2000000 };
    char text[512] = "@as_of 2026-01\n@source test made up\n"
                     "@tier tier1 5 0 -\nm tier1 -";
    for (int i = 0; i < LIM_WINDOWS; i++) {
        size_t at = strlen(text);
        int64_t limit = 1 + below(r, scale[below(r, 5)]);
        if (i > 0 && below(r, 3) == 0)
            snprintf(text + at, sizeof text - at, " -");
        else
            snprintf(text + at, sizeof text - at, " %lld", (long long)limit);
        if (i == LIM_TPM)
            r->tokens = limit / 2 + 2;
    }
    strcat(text, " - -\n");
    return lim_table_parse("t", text, strlen(text), NULL);
}

static struct run start(enum lim_discipline d, uint64_t seed)
{
    const struct sim_organisation o = { .name = "org", .tier = LIM_TIER_1 };
    struct sim_provider_config c = sim_provider_config_default();
    struct run r = { .seed = seed, .discipline = d };
    r.table = random_table(&r);
    r.now = c.start + below(&r, LIM_DAY);
    c.table = r.table;
    c.discipline = d;
    c.quantum_ns = below(&r, 2) ? LIM_SEC : 1 + below(&r, 10 * LIM_SEC);
    if (lim_discipline_has_burst(d) && below(&r, 3) == 0)
        c.burst = 0.1;
    c.charge.refused = below(&r, 3) == 0;
    c.charge.settle = below(&r, 2) == 0;
    c.organisations = &o;
    c.organisation_count = 1;
    c.start = r.now;
    r.provider = sim_provider_new(&c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.provider);
    return r;
}

static void end(struct run *r)
{
    sim_provider_free(r->provider);
    lim_table_free(r->table);
}

static struct sim_verdict probe(const struct run *r, const struct lim_cost *c,
                                lim_time now)
{
    struct sim_verdict v;
    sim_provider_probe(r->provider, 0, 0, c, now, &v);
    return v;
}

/* The hint comes from the exact wait, or by the bucket's formula. */
static void check_hint(const struct run *r, const struct sim_verdict *v)
{
    int64_t off = v->shown.hint_ns - (v->admitted_at - r->now);
    CU_ASSERT_EQUAL(v->shown.hint_ns % LIM_MSEC, 0);
    if (r->discipline == LIM_DISCIPLINE_BUCKET) {
        CU_ASSERT(off > -LIM_MSEC);
    } else {
        CU_ASSERT(off >= 0 && off < LIM_MSEC);
    }
}

static void check_refusal(struct run *r, const struct lim_cost *c,
                          const struct sim_verdict *v)
{
    struct sim_window_view w;
    sim_provider_window(r->provider, 0, 0, v->limit, r->now, &w);
    CU_ASSERT_EQUAL(v->max, w.limit);
    CU_ASSERT_EQUAL(v->max - v->used, w.remaining);
    CU_ASSERT_EQUAL(v->requested, c->amount[lim_limit_dimension(v->limit)]);
    if (v->answer == SIM_TOO_LARGE) {
        CU_ASSERT_EQUAL(v->shown.hint_ns, -1);
        return;
    }
    CU_ASSERT_EQUAL(v->answer, SIM_RATE_LIMITED);
    check_hint(r, v);
    lim_time hinted = r->now + v->shown.hint_ns + LIM_MSEC;
    CU_ASSERT_EQUAL(probe(r, c, hinted).answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(probe(r, c, v->admitted_at).answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(probe(r, c, v->admitted_at - 1).answer, SIM_RATE_LIMITED);
    if (v->admitted_at - r->now > LIM_MSEC)
        CU_ASSERT_EQUAL(probe(r, c, v->admitted_at - LIM_MSEC).answer,
                        SIM_RATE_LIMITED);
    r->refused++;
}

/* Headers show one of the two windows, and nothing that is not there. */
static void check_shown(const struct run *r, const struct lim_shown *shown,
                        enum lim_limit minute, enum lim_limit day)
{
    bool fits = shown->limit == -1;
    for (int i = 0; i < 2; i++) {
        struct sim_window_view w;
        sim_provider_window(r->provider, 0, 0, i == 0 ? minute : day, r->now,
                            &w);
        int64_t left = w.remaining > 0 ? w.remaining : 0;
        fits |= shown->limit == w.limit && shown->remaining == left &&
                shown->reset_ns == w.used_ns / LIM_MSEC * LIM_MSEC;
        CU_ASSERT(w.level > (double)w.remaining - 1e-3);
        CU_ASSERT(w.level < (double)w.remaining + 1.001);
    }
    CU_ASSERT_TRUE(fits);
}

static lim_time step(struct run *r)
{
    switch (below(r, 8)) {
    case 0:
        return r->now + below(r, 2 * LIM_MIN);
    case 1:
        return r->now - below(r, LIM_SEC);
    case 2:
    case 3:
        return r->now + below(r, 2 * LIM_SEC);
    default:
        return r->now;
    }
}

static void settle(struct run *r, int64_t reserved, lim_time admitted_at)
{
    const struct sim_usage u = { .reserved_tokens = reserved,
                                 .tokens = below(r, 2 * reserved + 1),
                                 .admitted_at = admitted_at };
    CU_ASSERT_EQUAL(sim_provider_settle(r->provider, 0, 0, &u, r->now), LIM_OK);
}

static void play(struct run *r)
{
    int64_t reserved = 0;
    lim_time admitted_at = r->now;
    for (int i = 0; i < STEPS; i++) {
        const struct lim_cost c = { { [LIM_REQUESTS] = 1,
                                      [LIM_TOKENS] = below(r, r->tokens),
                                      [LIM_IMAGES] = below(r, 3) } };
        struct sim_verdict before = probe(r, &c, r->now), v;
        CU_ASSERT_EQUAL(sim_provider_admit(r->provider, 0, 0, &c, r->now, &v),
                        LIM_OK);
        CU_ASSERT_EQUAL(v.answer, before.answer);
        check_shown(r, &v.shown.requests, LIM_RPM, LIM_RPD);
        check_shown(r, &v.shown.tokens, LIM_TPM, LIM_TPD);
        if (v.answer != SIM_ADMITTED) {
            check_refusal(r, &c, &v);
        } else {
            settle(r, reserved, admitted_at);
            reserved = c.amount[LIM_TOKENS];
            admitted_at = v.admitted_at;
        }
        r->now = v.answer == SIM_RATE_LIMITED && below(r, 3) == 0
                     ? v.admitted_at
                     : step(r);
    }
}

static void what_is_shown_fits_the_truth(void)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        size_t refused = 0;
        for (uint64_t seed = 1; seed <= seeds(); seed++) {
            unsigned failures = CU_get_number_of_failures();
            struct run r = start((enum lim_discipline)i, seed);
            play(&r);
            refused += r.refused;
            end(&r);
            if (CU_get_number_of_failures() != failures)
                printf("%s, seed %d\n",
                       lim_discipline_name((enum lim_discipline)i), (int)seed);
        }
        CU_ASSERT(refused > seeds() * STEPS / 10);
        CU_ASSERT(refused < seeds() * STEPS * 9 / 10);
    }
}

static struct sim_provider *provider_of(enum lim_discipline d,
                                        const char *limits,
                                        struct lim_table **table)
{
    static const struct sim_organisation o = { .name = "org",
                                               .tier = LIM_TIER_1 };
    struct sim_provider_config c = sim_provider_config_default();
    char text[200];
    snprintf(text, sizeof text,
             "@as_of 2026-01\n@source test made up\n@tier tier1 5 0 1\n"
             "m tier1 - %s - -\n",
             limits);
    *table = lim_table_parse("t", text, strlen(text), NULL);
    c.table = *table;
    c.discipline = d;
    c.organisations = &o;
    c.organisation_count = 1;
    struct sim_provider *p = sim_provider_new(&c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

/* Three a minute, at 50, 51 and 52 s of a minute: how long has the fourth to
   wait that comes with the third? */
static void each_discipline_waits_in_its_way(void)
{
    static const int64_t waits_ms[LIM_DISCIPLINES] = {
        [LIM_DISCIPLINE_BUCKET] = 20000, /* 2.9 used count as 3 */
        [LIM_DISCIPLINE_QUANTISED] = 18000,
        [LIM_DISCIPLINE_FIXED] = 8000,
        [LIM_DISCIPLINE_SLIDING_LOG] = 58000,
        [LIM_DISCIPLINE_SLIDING_COUNTER] = 28000,
    };
    const struct lim_cost one = { { [LIM_REQUESTS] = 1 } };
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        struct lim_table *table;
        struct sim_provider *p =
            provider_of((enum lim_discipline)i, "3 - - - -", &table);
        lim_time now = lim_date(2026, 1, 1) + 50 * LIM_SEC;
        struct sim_verdict v = { .answer = SIM_ADMITTED };
        for (int k = 0; k < 3; k++) {
            sim_provider_admit(p, 0, 0, &one, now, &v);
            CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
            now += LIM_SEC; /* a slice holds one */
        }
        now -= LIM_SEC;
        sim_provider_admit(p, 0, 0, &one, now, &v);
        CU_ASSERT_EQUAL(v.shown.hint_ns, waits_ms[i] * LIM_MSEC);
        sim_provider_free(p);
        lim_table_free(table);
    }
}

/* Admits while the nth allocation fails (0: none); tells whether it did. */
static bool fails(struct sim_provider *p, unsigned nth, lim_time now)
{
    const struct lim_cost c = { { [LIM_REQUESTS] = 1, [LIM_TOKENS] = 10 } };
    struct sim_verdict v;
    fail_after(nth);
    int error = sim_provider_admit(p, 0, 0, &c, now, &v);
    bool failed = fail_happened();
    fail_after(0);
    CU_ASSERT_EQUAL(error, failed ? LIM_ENOMEM : LIM_OK);
    CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
    return failed;
}

/* Requests, those of the day and tokens are taken together, or not at all. */
static void without_memory_nothing_is_taken(void)
{
    struct lim_table *table;
    struct sim_provider *p =
        provider_of(LIM_DISCIPLINE_SLIDING_LOG, "100 200 5000 - -", &table);
    lim_time now = lim_date(2026, 1, 1);
    int failures = 0;
    for (int i = 1; i <= 35; i++) {
        /* What has grown stays so: each in turn is the one that fails. */
        static const unsigned nth[] = { 1, 2, 2, 0 };
        for (int k = 0; fails(p, nth[k], now); k++)
            failures++;
        for (int l = 0; l < LIM_IPM; l++) {
            struct sim_window_view w;
            bool tokens = l == LIM_TPM || l == LIM_TPD;
            sim_provider_window(p, 0, 0, (enum lim_limit)l, now, &w);
            CU_ASSERT_EQUAL(w.admitted, tokens ? 10 * i : i);
            if (w.limit > 0)
                CU_ASSERT_EQUAL(w.remaining, w.limit - w.admitted);
        }
        now += 3 * LIM_SEC / 2; /* a day's log merges what is nearer */
    }
    CU_ASSERT_EQUAL(failures, 9); /* three logs, with 1, 17, 33 entries */
    sim_provider_free(p);
    lim_table_free(table);
}

/* Runs 40 requests while the nth allocation fails; false: it says so. */
static bool run_world(const struct lim_table *table, enum lim_discipline d,
                      unsigned nth, bool *failed)
{
    static const struct sim_organisation o = {
        .name = "org", .tier = LIM_TIER_1, .keys = 1, .weight = 1
    };
    const struct sim_workload w = {
        .model = "m",
        .arrivals = { .kind = SIM_ARRIVE_BATCH, .batch = 40 },
        .prompt_tokens = sim_dist_constant(10),
        .completion_tokens = sim_dist_constant(10),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
    struct sim_scenario s = { .name = "memory",
                              .duration_ns = LIM_NEVER,
                              .provider = sim_provider_config_default(),
                              .client = sim_client_config_default(),
                              .workloads = &w,
                              .workload_count = 1 };
    struct sim_summary summary;
    struct lim_diag diag = { 0, "" };
    s.provider.table = table;
    s.provider.discipline = d;
    s.provider.organisations = &o;
    s.provider.organisation_count = 1;
    fail_after(nth);
    int error = sim_world_run(&s, 1, NULL, NULL, &summary, NULL, NULL, &diag);
    *failed = fail_happened();
    fail_after(0);
    if (error == LIM_OK)
        sim_summary_fini(&summary);
    else
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "memory"));
    return error == LIM_OK;
}

/* Every log that cannot grow ends the run; what may fail unseen is the same
   without logs. */
static void a_run_without_memory_ends(void)
{
    unsigned allocations[2] = { 0 }, unseen[2] = { 0 };
    static const enum lim_discipline d[] = { LIM_DISCIPLINE_BUCKET,
                                             LIM_DISCIPLINE_SLIDING_LOG };
    struct lim_table *table;
    sim_provider_free(provider_of(d[0], "600 - 60000 - -", &table));
    for (int i = 0; i < 2; i++) {
        bool failed = true;
        for (unsigned nth = 1; failed; nth++) {
            bool ran = run_world(table, d[i], nth, &failed);
            CU_ASSERT_TRUE(ran || failed);
            unseen[i] += failed && ran;
            allocations[i] += failed;
        }
    }
    CU_ASSERT_EQUAL(unseen[0], unseen[1]);
    CU_ASSERT(allocations[1] >= allocations[0] + 2);
    lim_table_free(table);
}

/* A month's money comes back with the next month, whatever its length. */
static void money_is_of_the_calendar_month(void)
{
    const struct {
        int year, month, next_year, next_month;
    } rows[] = { { 2026, 1, 2026, 2 },
                 { 2026, 2, 2026, 3 },
                 { 2028, 2, 2028, 3 },
                 { 2026, 4, 2026, 5 },
                 { 2026, 12, 2027, 1 } };
    const struct lim_cost one = { { [LIM_REQUESTS] = 1 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_table *table;
        struct sim_provider *p =
            provider_of(LIM_DISCIPLINE_FIXED, "3 - - - -", &table);
        lim_time from = lim_date(rows[i].year, rows[i].month, 1);
        lim_time next = lim_date(rows[i].next_year, rows[i].next_month, 1);
        const struct sim_usage u = { .microusd = 1000000, .admitted_at = from };
        struct sim_verdict v;
        CU_ASSERT_EQUAL(sim_provider_settle(p, 0, 0, &u, from), LIM_OK);
        sim_provider_probe(p, 0, 0, &one, next - 1, &v);
        CU_ASSERT_EQUAL(v.answer, SIM_QUOTA);
        CU_ASSERT_EQUAL(v.admitted_at, next);
        sim_provider_probe(p, 0, 0, &one, next, &v);
        CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        sim_provider_free(p);
        lim_table_free(table);
    }
}

static void a_burst_is_refused_where_there_is_none(void)
{
    struct sim_provider_config c = sim_provider_config_default();
    struct lim_diag diag = { 0 };
    c.burst = 0.5;
    c.discipline = LIM_DISCIPLINE_SLIDING_LOG;
    CU_ASSERT_PTR_NULL(sim_provider_new(&c, &diag));
    CU_ASSERT_STRING_EQUAL(diag.text, "burst: sliding-log windows have none");
    c.discipline = LIM_DISCIPLINE_QUANTISED;
    c.quantum_ns = 0;
    CU_ASSERT_PTR_NULL(sim_provider_new(&c, &diag));
    CU_ASSERT_STRING_EQUAL(diag.text, "quantum: above 0, at most 1m");
    c.quantum_ns = LIM_MIN + 1;
    CU_ASSERT_PTR_NULL(sim_provider_new(&c, NULL));
}

CU_TestInfo disciplines_tests[] = {
    { "each discipline waits in its way", each_discipline_waits_in_its_way },
    { "what is shown fits the truth", what_is_shown_fits_the_truth },
    { "without memory nothing is taken", without_memory_nothing_is_taken },
    { "a run without memory ends", a_run_without_memory_ends },
    { "money is of the calendar month", money_is_of_the_calendar_month },
    { "a burst is refused where there is none",
      a_burst_is_refused_where_there_is_none },
    CU_TEST_INFO_NULL
};
