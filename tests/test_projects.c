/* Projects: a share of an organisation, with windows of its own. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "sim/provider.h"
#include "tests/failmalloc.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define WEB SIM_PROJECT_FIRST
#define JOBS (SIM_PROJECT_FIRST + 1)

/* m and m2 are of one group. */
static const char text[] = "@as_of 2026-01\n@source test made up\n"
                           "@tier tier1 5 0 100\n@tier tier2 50 7 -\n"
                           "m tier1 g 60 1000 1000 - - - -\n"
                           "m2 tier1 g 60 1000 1000 - - - -\n"
                           "m tier2 g 600 - 5000 - - - -\n"
                           "n tier1 - 10 - - - - - -\n"
                           "o tier2 - 10 - - - - - -\n";

struct world {
    struct lim_table *table;
    struct sim_provider_config config;
    struct sim_provider *provider;
    lim_time start;
};

/* Limits of rpm rpd tpm tpd ipm. */
#define LIMITS(...)                                                            \
    {                                                                          \
        .max = { __VA_ARGS__ }                                                 \
    }

static struct world settings(void)
{
    struct world w = { .config = sim_provider_config_default() };
    struct lim_diag diag = { 0 };
    w.table = lim_table_parse("t", text, strlen(text), &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w.table);
    w.config.table = w.table;
    w.start = w.config.start;
    return w;
}

/* "one" with the projects web (10 RPM, 500 TPM of m's group, no n) and jobs
   (no limits), and "two" without. */
static void build(struct world *w)
{
    static const struct sim_project_limit limits[] = {
        { "m", LIMITS(10, -1, 500, -1, -1) },
        { "n", LIMITS(0, -1, -1, -1, -1) },
    };
    static const struct sim_project projects[] = { { "web", limits, 2 },
                                                   { "jobs", NULL, 0 } };
    static const struct sim_organisation o[] = {
        { .name = "one",
          .tier = LIM_TIER_1,
          .projects = projects,
          .project_count = 2 },
        { .name = "two", .tier = LIM_TIER_1 },
    };
    w->config.organisations = o;
    w->config.organisation_count = 2;
    w->provider = sim_provider_new(&w->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->provider);
}

static void end(struct world *w)
{
    sim_provider_free(w->provider);
    lim_table_free(w->table);
}

static unsigned group(const struct world *w, const char *model)
{
    int g = sim_provider_group(w->provider, model);
    CU_ASSERT_FATAL(g >= 0);
    return (unsigned)g;
}

static struct sim_verdict ask(struct world *w, uint32_t who, const char *model,
                              int64_t tokens, lim_time now)
{
    struct sim_verdict v, probed;
    struct lim_cost c = { { 1, tokens, 0, 0 } };
    sim_provider_probe(w->provider, who, group(w, model), &c, now, &probed);
    sim_provider_admit(w->provider, who, group(w, model), &c, now, &v);
    CU_ASSERT_EQUAL(v.answer, probed.answer);
    CU_ASSERT_EQUAL(v.project, probed.project);
    CU_ASSERT_EQUAL(v.admitted_at, probed.admitted_at);
    return v;
}

static int64_t left(const struct world *w, uint32_t who, enum lim_limit limit,
                    lim_time now)
{
    struct sim_window_view view;
    sim_provider_window(w->provider, who, group(w, "m"), limit, now, &view);
    return view.remaining;
}

static void organisations_come_first_and_projects_have_parents(void)
{
    struct world w = settings();
    build(&w);
    const struct sim_provider *p = w.provider;
    CU_ASSERT_EQUAL(sim_provider_organisations(p), 2);
    CU_ASSERT_EQUAL(sim_provider_projects(p), 2);
    CU_ASSERT_EQUAL(sim_provider_parent(p, 1), -1);
    CU_ASSERT_EQUAL(sim_provider_parent(p, WEB), 0);
    CU_ASSERT_STRING_EQUAL(sim_provider_project_name(p, WEB), "web");
    CU_ASSERT_STRING_EQUAL(sim_provider_project_name(p, JOBS), "jobs");
    CU_ASSERT_PTR_NULL(sim_provider_project_name(p, 0));
    CU_ASSERT_STRING_EQUAL(sim_provider_organisation_name(p, WEB), "one");
    const struct sim_project_limit m2 = { "m2", LIMITS(1, 1, 1, 1, 1) };
    const struct sim_project late = { "late", &m2, 1 };
    CU_ASSERT_EQUAL(sim_provider_add_project(w.provider, 1, &late, NULL),
                    (int)SIM_PROJECT_FIRST + 2);
    CU_ASSERT_EQUAL(sim_provider_parent(p, SIM_PROJECT_FIRST + 2), 1);
    end(&w);
}

static void a_project_takes_from_both(void)
{
    struct world w = settings();
    build(&w);
    struct sim_verdict v = ask(&w, WEB, "m", 100, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(v.shown.tokens.limit, 1000);
    CU_ASSERT_EQUAL(v.shown.tokens.remaining, 900);
    CU_ASSERT_EQUAL(v.project_tokens.limit, 500);
    CU_ASSERT_EQUAL(v.project_tokens.remaining, 400);
    CU_ASSERT_EQUAL(v.project_tokens.reset_ns, 12 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&w, 0, LIM_RPM, w.start), 59);
    CU_ASSERT_EQUAL(left(&w, WEB, LIM_RPM, w.start), 9);
    CU_ASSERT_EQUAL(left(&w, WEB, LIM_RPD, w.start), LIM_UNLIMITED);
    v = ask(&w, JOBS, "m", 100, w.start);
    CU_ASSERT_EQUAL(v.project_tokens.limit, -1);
    CU_ASSERT_EQUAL(v.shown.tokens.remaining, 800);
    CU_ASSERT_EQUAL(left(&w, WEB, LIM_TPM, w.start), 400);
    CU_ASSERT_EQUAL(left(&w, JOBS, LIM_TPM, w.start), LIM_UNLIMITED);
    v = ask(&w, 0, "m2", 100, w.start);
    CU_ASSERT_EQUAL(v.project_tokens.limit, -1);
    CU_ASSERT_EQUAL(left(&w, 1, LIM_TPM, w.start), 1000);
    end(&w);
}

/* What was used before in the organisation and in web; the next's verdict. */
static void the_longer_wait_is_reported(void)
{
    const struct {
        int64_t outside, inside, tokens;
        enum sim_answer answer;
        bool project;
        enum lim_limit limit;
        int64_t wait_ms;
    } rows[] = {
        { 0, 400, 100, SIM_ADMITTED, false, LIM_RPM, 0 },
        { 0, 400, 200, SIM_RATE_LIMITED, true, LIM_TPM, 12000 },
        { 600, 400, 100, SIM_RATE_LIMITED, false, LIM_TPM, 6000 },
        { 600, 400, 110, SIM_RATE_LIMITED, false, LIM_TPM, 6600 },
        { 600, 400, 300, SIM_RATE_LIMITED, true, LIM_TPM, 24000 },
        { 500, 400, 200, SIM_RATE_LIMITED, true, LIM_TPM, 12000 },
        { 500, 500, 1, SIM_RATE_LIMITED, true, LIM_TPM, 120 },
        { 0, 0, 501, SIM_TOO_LARGE, true, LIM_TPM, 0 },
        { 0, 0, 1001, SIM_TOO_LARGE, false, LIM_TPM, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w = settings();
        build(&w);
        if (rows[i].outside > 0)
            ask(&w, JOBS, "m", rows[i].outside, w.start);
        if (rows[i].inside > 0)
            ask(&w, WEB, "m", rows[i].inside, w.start);
        int64_t before = left(&w, 0, LIM_TPM, w.start);
        struct sim_verdict v = ask(&w, WEB, "m", rows[i].tokens, w.start);
        CU_ASSERT_EQUAL(v.answer, rows[i].answer);
        CU_ASSERT_EQUAL(v.project, rows[i].project);
        CU_ASSERT_EQUAL(v.limit, rows[i].limit);
        if (v.answer != SIM_ADMITTED) {
            CU_ASSERT_EQUAL(v.max, rows[i].project ? 500 : 1000);
            CU_ASSERT_EQUAL(left(&w, 0, LIM_TPM, w.start), before);
        }
        if (v.answer == SIM_RATE_LIMITED) {
            CU_ASSERT_EQUAL(v.shown.hint_ns, rows[i].wait_ms * LIM_MSEC);
            lim_time at = v.admitted_at;
            CU_ASSERT_EQUAL(at - w.start, rows[i].wait_ms * LIM_MSEC);
            CU_ASSERT_EQUAL(ask(&w, WEB, "m", rows[i].tokens, at - 1).answer,
                            SIM_RATE_LIMITED);
            CU_ASSERT_EQUAL(ask(&w, WEB, "m", rows[i].tokens, at).answer,
                            SIM_ADMITTED);
        }
        end(&w);
    }
}

static void a_limit_of_zero_is_no_access(void)
{
    struct world w = settings();
    build(&w);
    unsigned n = group(&w, "n"), o = group(&w, "o");
    CU_ASSERT_TRUE(sim_provider_serves(w.provider, 0, n));
    CU_ASSERT_FALSE(sim_provider_serves(w.provider, WEB, n));
    CU_ASSERT_TRUE(sim_provider_serves(w.provider, JOBS, n));
    CU_ASSERT_FALSE(sim_provider_serves(w.provider, JOBS, o));
    struct sim_verdict v = ask(&w, WEB, "n", 1, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_NO_MODEL);
    CU_ASSERT_TRUE(v.project);
    CU_ASSERT_EQUAL(v.max, 0);
    CU_ASSERT_EQUAL(v.admitted_at, LIM_NEVER);
    v = ask(&w, WEB, "o", 1, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_NO_MODEL);
    CU_ASSERT_FALSE(v.project);
    end(&w);
}

static void money_and_tier_are_the_parents(void)
{
    struct world w = settings();
    build(&w);
    sim_provider_pay(w.provider, WEB, 60000000, w.start);
    const struct sim_usage u = { 1, 1, 99999999, w.start };
    CU_ASSERT_EQUAL(ask(&w, WEB, "m", 1, w.start).answer, SIM_ADMITTED);
    sim_provider_settle(w.provider, WEB, group(&w, "m"), &u, w.start);
    CU_ASSERT_EQUAL(ask(&w, WEB, "m", 1, w.start).answer, SIM_ADMITTED);
    sim_provider_settle(w.provider, WEB, group(&w, "m"), &u, w.start);
    CU_ASSERT_EQUAL(sim_provider_spent(w.provider, JOBS, w.start), 199999998);
    struct sim_verdict v = ask(&w, WEB, "m", 400, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_QUOTA);
    CU_ASSERT_FALSE(v.project);
    CU_ASSERT_EQUAL(ask(&w, 0, "m", 1, w.start).answer, SIM_QUOTA);
    CU_ASSERT_EQUAL(ask(&w, 1, "m", 1, w.start).answer, SIM_ADMITTED);
    lim_time later = w.start + 7 * LIM_DAY; /* tier2: no cap, 5000 TPM */
    v = ask(&w, WEB, "m", 500, later);
    CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(v.shown.tokens.limit, 5000);
    CU_ASSERT_EQUAL(v.project_tokens.limit, 500);
    CU_ASSERT_EQUAL(sim_provider_tier(w.provider, WEB), LIM_TIER_2);
    CU_ASSERT_EQUAL(ask(&w, WEB, "m", 501, later).answer, SIM_TOO_LARGE);
    end(&w);
}

static void charges_and_settlements_meet_both(void)
{
    struct world w = settings();
    w.config.charge.refused = true;
    w.config.charge.settle = true;
    build(&w);
    CU_ASSERT_EQUAL(ask(&w, WEB, "m", 400, w.start).answer, SIM_ADMITTED);
    const struct sim_usage u = { 400, 100, 0, w.start };
    sim_provider_settle(w.provider, WEB, group(&w, "m"), &u, w.start);
    CU_ASSERT_EQUAL(left(&w, 0, LIM_TPM, w.start), 900);
    CU_ASSERT_EQUAL(left(&w, WEB, LIM_TPM, w.start), 400);
    struct lim_cost c = { { 1, 450, 0, 0 } };
    struct sim_verdict v;
    sim_provider_admit(w.provider, WEB, group(&w, "m"), &c, w.start, &v);
    CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
    CU_ASSERT_EQUAL(left(&w, WEB, LIM_RPM, w.start), 8);
    CU_ASSERT_EQUAL(left(&w, 0, LIM_RPM, w.start), 58);
    sim_provider_reset(w.provider, w.start);
    CU_ASSERT_EQUAL(left(&w, WEB, LIM_TPM, w.start), 500);
    CU_ASSERT_EQUAL(left(&w, 0, LIM_TPM, w.start), 1000);
    end(&w);
}

/* Whatever refuses; a project's stand with its organisation's, too. */
static void decisions_are_counted(void)
{
    struct world w = settings();
    build(&w);
    struct sim_provider *p = w.provider;
    for (int i = 0; i < 12; i++)
        ask(&w, WEB, "m", 1, w.start);
    ask(&w, 0, "m", 1, w.start);
    ask(&w, 0, "m", LIM_LIMIT_MAX, w.start);
    CU_ASSERT_EQUAL(sim_provider_decided(p, WEB).admitted, 10);
    CU_ASSERT_EQUAL(sim_provider_decided(p, WEB).refused, 2);
    CU_ASSERT_EQUAL(sim_provider_decided(p, 0).admitted, 11);
    CU_ASSERT_EQUAL(sim_provider_decided(p, 0).refused, 3);
    CU_ASSERT_EQUAL(sim_provider_decided(p, WEB + 1).admitted, 0);
    CU_ASSERT_EQUAL(sim_provider_decided(p, 1).refused, 0);
    sim_provider_reset(p, w.start);
    CU_ASSERT_EQUAL(sim_provider_decided(p, WEB).admitted, 0);
    CU_ASSERT_EQUAL(sim_provider_decided(p, 0).refused, 0);
    end(&w);
}

static void bad_projects_are_refused(void)
{
    static const struct sim_project_limit unknown[] = { { "q", LIMITS(1, 1, 1,
                                                                      1, 1) } };
    static const struct sim_project_limit twice[] = {
        { "m", LIMITS(1, 1, 1, 1, 1) }, { "m2", LIMITS(1, 1, 1, 1, 1) }
    };
    static const struct sim_project_limit named[] = { { "g", LIMITS(1, 1, 1, 1,
                                                                    1) } };
    struct lim_diag diag = { 0 };
    struct world w = settings();
    build(&w);
    struct sim_project x = { "x", unknown, 1 };
    CU_ASSERT_EQUAL(sim_provider_add_project(w.provider, 0, &x, &diag),
                    LIM_EINVAL);
    CU_ASSERT_STRING_EQUAL(diag.text, "project x: table t has no model q");
    const struct sim_organisation o = {
        .name = "three", .tier = LIM_TIER_1, .projects = &x, .project_count = 1
    };
    CU_ASSERT_EQUAL(sim_provider_add(w.provider, &o, NULL), LIM_EINVAL);
    CU_ASSERT_EQUAL(sim_provider_organisations(w.provider), 2);
    x = (struct sim_project){ "x", twice, 2 };
    CU_ASSERT_EQUAL(sim_provider_add_project(w.provider, 0, &x, NULL),
                    LIM_EINVAL);
    CU_ASSERT_EQUAL(sim_provider_projects(w.provider), 2);
    x = (struct sim_project){ "x", named, 1 };
    CU_ASSERT(sim_provider_add_project(w.provider, 0, &x, NULL) > 0);
    end(&w);
}

static void without_memory_nothing_is_added(void)
{
    static const struct sim_project_limit limits[] = { { "m", LIMITS(1, 1, 1, 1,
                                                                     1) } };
    static const struct sim_payment payments[] = { { 0, 1 } };
    const struct sim_project projects[] = { { "a", limits, 1 },
                                            { "b", limits, 1 } };
    const struct sim_organisation o = { .name = "three",
                                        .tier = LIM_TIER_1,
                                        .payments = payments,
                                        .payment_count = 1,
                                        .projects = projects,
                                        .project_count = 2 };
    int failures = 0;
    for (unsigned n = 1;; n++) {
        struct world w = settings();
        build(&w);
        fail_after(n);
        int index = sim_provider_add(w.provider, &o, NULL);
        bool failed = fail_happened();
        fail_after(0);
        CU_ASSERT_EQUAL(index, failed ? LIM_ENOMEM : 2);
        CU_ASSERT_EQUAL(sim_provider_organisations(w.provider), 3 - failed);
        CU_ASSERT_EQUAL(sim_provider_projects(w.provider), failed ? 2 : 4);
        end(&w);
        failures += failed;
        if (!failed)
            break;
    }
    CU_ASSERT(failures >= 12);
}

struct run {
    struct world w;
    uint64_t seed, draws;
    struct {
        lim_time at;
        int64_t tokens;
        uint32_t who;
    } taken[300];
    size_t count;
};

static int64_t below(struct run *r, int64_t most)
{
    uint64_t bits = lim_rng_draw(r->seed, 9, r->draws++);
    return (int64_t)(bits % (uint64_t)most);
}

/* The tokens that went from one take to another; `who` is a project, or 0. */
static int64_t sum(const struct run *r, uint32_t who, size_t from, size_t to)
{
    int64_t tokens = 0;
    for (size_t i = from; i <= to; i++)
        if (who == 0 || r->taken[i].who == who)
            tokens += r->taken[i].tokens;
    return tokens;
}

static int64_t most_in(const struct run *r, int64_t limit, lim_time from,
                       lim_time to)
{
    switch (r->w.config.discipline) {
    case LIM_DISCIPLINE_FIXED:
        return (to / LIM_MIN - from / LIM_MIN + 1) * limit;
    case LIM_DISCIPLINE_SLIDING_LOG:
        return ((to - from) / LIM_MIN + 1) * limit;
    case LIM_DISCIPLINE_BUCKET:
    case LIM_DISCIPLINE_QUANTISED:
    case LIM_DISCIPLINE_SLIDING_COUNTER:
    case LIM_DISCIPLINES:
    default:
        return limit + ((to - from) * limit + LIM_MIN - 1) / LIM_MIN;
    }
}

static void play(struct run *r)
{
    static const uint32_t who[] = { 0, WEB, JOBS, WEB };
    lim_time now = r->w.start;
    for (int i = 0; i < 300; i++) {
        uint32_t x = who[below(r, 4)];
        int64_t tokens = 1 + below(r, 200);
        now += below(r, 3) == 0 ? below(r, 20 * LIM_SEC) : 0;
        struct sim_verdict v = ask(&r->w, x, "m", tokens, now);
        if (v.answer == SIM_RATE_LIMITED && below(r, 2)) {
            CU_ASSERT_EQUAL(
                ask(&r->w, x, "m", tokens, v.admitted_at - 1).answer,
                SIM_RATE_LIMITED);
            now = v.admitted_at;
            v = ask(&r->w, x, "m", tokens, now);
            CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        }
        CU_ASSERT(!v.project || x == WEB);
        if (v.answer == SIM_ADMITTED) {
            r->taken[r->count].at = now;
            r->taken[r->count].tokens = tokens;
            r->taken[r->count++].who = x;
        }
    }
}

static void neither_child_nor_parent_admits_too_much(void)
{
    const char *seeds_text = getenv("LIM_SEEDS");
    uint64_t seeds = seeds_text != NULL ? strtoull(seeds_text, NULL, 10) : 50;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct run r = { .w = settings(), .seed = seed };
        r.w.config.discipline = (enum lim_discipline)(seed % LIM_DISCIPLINES);
        build(&r.w);
        play(&r);
        for (size_t i = 0; i < r.count; i++) {
            for (size_t k = i; k < r.count; k++) {
                lim_time from = r.taken[i].at, to = r.taken[k].at;
                CU_ASSERT(sum(&r, 0, i, k) <= most_in(&r, 1000, from, to));
                CU_ASSERT(sum(&r, WEB, i, k) <= most_in(&r, 500, from, to));
            }
        }
        end(&r.w);
    }
}

CU_TestInfo projects_tests[] = {
    { "organisations come first, and projects have parents",
      organisations_come_first_and_projects_have_parents },
    { "a project takes from both", a_project_takes_from_both },
    { "the longer wait is reported", the_longer_wait_is_reported },
    { "a limit of zero is no access", a_limit_of_zero_is_no_access },
    { "money and tier are the parent's", money_and_tier_are_the_parents },
    { "charges and settlements meet both", charges_and_settlements_meet_both },
    { "decisions are counted", decisions_are_counted },
    { "bad projects are refused", bad_projects_are_refused },
    { "without memory nothing is added", without_memory_nothing_is_added },
    { "neither child nor parent admits too much",
      neither_child_nor_parent_admits_too_much },
    CU_TEST_INFO_NULL
};
