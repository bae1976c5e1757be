#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "sim/provider.h"
#include "tests/failmalloc.h"

/* A table, a provider with one organisation of it, and its settings. */
struct world {
    struct lim_table *table;
    struct sim_provider_config config;
    struct sim_provider *provider;
    lim_time start;
};

static struct world settings(struct lim_table *table)
{
    struct world w = { .table = table };
    w.config = sim_provider_config_default();
    w.config.table = table;
    w.start = w.config.start;
    return w;
}

static void build(struct world *w, enum lim_tier tier, int64_t spent_microusd)
{
    const struct sim_organisation o = {
        .name = "org", .tier = tier, .keys = 1, .spent_microusd = spent_microusd
    };
    w->config.organisations = &o;
    w->config.organisation_count = 1;
    w->provider = sim_provider_new(&w->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->provider);
}

static void end(struct world *w)
{
    sim_provider_free(w->provider);
    lim_table_free(w->table);
}

/* A table of one model, "m", at tier1; `limits` is rpm rpd tpm tpd ipm. */
static struct lim_table *table_of(const char *limits)
{
    char text[512];
    snprintf(text, sizeof text,
             "@as_of 2026-01\n@source test made up\n@tier tier1 5 0 100\n"
             "m tier1 - %s - -\n",
             limits);
    struct lim_diag diag = { 0 };
    struct lim_table *t = lim_table_parse("t", text, strlen(text), &diag);
    if (t == NULL)
        printf("line %d: %s\n", diag.line, diag.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static struct lim_cost cost_of(int64_t tokens)
{
    return (struct lim_cost){ { [LIM_REQUESTS] = 1, [LIM_TOKENS] = tokens } };
}

static struct sim_verdict admit(struct world *w, unsigned group, int64_t tokens,
                                lim_time now)
{
    struct sim_verdict v;
    struct lim_cost c = cost_of(tokens);
    sim_provider_admit(w->provider, 0, group, &c, now, &v);
    return v;
}

static struct sim_verdict probe(const struct world *w, unsigned group,
                                int64_t tokens, lim_time now)
{
    struct sim_verdict v;
    struct lim_cost c = cost_of(tokens);
    sim_provider_probe(w->provider, 0, group, &c, now, &v);
    return v;
}

/* What was admitted at the start ends at `now`. */
static void settled(struct world *w, int64_t reserved, int64_t tokens,
                    int64_t microusd, lim_time now)
{
    const struct sim_usage u = { .reserved_tokens = reserved,
                                 .tokens = tokens,
                                 .microusd = microusd,
                                 .admitted_at = w->start };
    CU_ASSERT_EQUAL(sim_provider_settle(w->provider, 0, 0, &u, now), LIM_OK);
}

static int64_t left(const struct world *w, enum lim_limit limit, lim_time now)
{
    struct sim_window_view view;
    sim_provider_window(w->provider, 0, 0, limit, now, &view);
    return view.remaining;
}

#define CHECK_SHOWN(shown, a, b, c)                                            \
    do {                                                                       \
        CU_ASSERT_EQUAL((shown).limit, (a));                                   \
        CU_ASSERT_EQUAL((shown).remaining, (b));                               \
        CU_ASSERT_EQUAL((shown).reset_ns, (c));                                \
    } while (0)

static void the_fourth_request_of_a_free_account_waits(void)
{
    struct world w = settings(lim_table_builtin("seed", NULL));
    build(&w, LIM_TIER_FREE, 0);
    int group = sim_provider_group(w.provider, "gpt-4");
    CU_ASSERT_FATAL(group >= 0);
    unsigned g = (unsigned)group;
    struct sim_verdict v;
    for (int i = 1; i <= 3; i++) {
        v = admit(&w, g, 10, w.start);
        CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        CU_ASSERT_EQUAL(v.admitted_at, w.start);
        CU_ASSERT_EQUAL(v.shown.hint_ns, -1);
        CHECK_SHOWN(v.shown.requests, 200, 200 - i, i * 432 * LIM_SEC);
        CHECK_SHOWN(v.shown.tokens, 10000, 10000 - 10 * i, i * 60 * LIM_MSEC);
    }
    v = admit(&w, g, 10, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
    CU_ASSERT_EQUAL(v.limit, LIM_RPM);
    CU_ASSERT_EQUAL(v.max, 3);
    CU_ASSERT_EQUAL(v.used, 3);
    CU_ASSERT_EQUAL(v.requested, 1);
    CU_ASSERT_EQUAL(v.shown.hint_ns, 20 * LIM_SEC);
    CU_ASSERT_EQUAL(v.admitted_at, w.start + 20 * LIM_SEC);
    CHECK_SHOWN(v.shown.requests, 200, 197, 21 * LIM_MIN + 36 * LIM_SEC);
    CHECK_SHOWN(v.shown.tokens, 10000, 9970, 180 * LIM_MSEC);
    lim_time at = v.admitted_at;
    CU_ASSERT_EQUAL(probe(&w, g, 10, at - 1).answer, SIM_RATE_LIMITED);
    CU_ASSERT_EQUAL(admit(&w, g, 10, at).answer, SIM_ADMITTED);
    end(&w);
}

/* Numbers of real error messages, and the hints that they gave. */
static void hints_are_those_of_real_messages(void)
{
    const struct {
        enum lim_limit limit;
        int64_t max, used, requested, hint_ms;
        const char *window; /* NULL: as usual */
    } rows[] = {
        { LIM_TPM, 100000, 96749, 19126, 411480000, "/30d" },
        { LIM_TPM, 30000, 28039, 3906, 3890, NULL },
        { LIM_TPM, 500000, 442231, 249686, 23030, NULL },
        { LIM_TPM, 10000, 8554, 3082, 9816, NULL },
        { LIM_TPM, 30000, 14567, 24754, 18642, NULL },
        { LIM_TPM, 200000, 170583, 180002, 45175, NULL },
        { LIM_TPM, 10000, 6701, 4497, 7188, NULL },
        { LIM_RPD, 10000, 10000, 1, 8640, NULL },
        { LIM_RPD, 200, 200, 1, 432000, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char limits[64];
        bool tokens = rows[i].limit == LIM_TPM;
        snprintf(limits, sizeof limits,
                 tokens ? "- - %lld%s - -" : "- %lld%s - - -",
                 (long long)rows[i].max,
                 rows[i].window != NULL ? rows[i].window : "");
        struct world w = settings(table_of(limits));
        build(&w, LIM_TIER_1, 0);
        if (tokens)
            admit(&w, 0, rows[i].used, w.start);
        for (int64_t k = 0; !tokens && k < rows[i].used; k++)
            admit(&w, 0, 0, w.start);
        struct sim_verdict v =
            admit(&w, 0, tokens ? rows[i].requested : 0, w.start);
        CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
        CU_ASSERT_EQUAL(v.limit, rows[i].limit);
        CU_ASSERT_EQUAL(v.max, rows[i].max);
        CU_ASSERT_EQUAL(v.used, rows[i].used);
        CU_ASSERT_EQUAL(v.requested, rows[i].requested);
        CU_ASSERT_EQUAL(v.shown.hint_ns, rows[i].hint_ms * LIM_MSEC);
        if (rows[i].max == 200000) /* its headers are known as well */
            CHECK_SHOWN(v.shown.tokens, 200000, 29417, 51174 * LIM_MSEC);
        end(&w);
    }
}

/* What real headers showed after one request; -1: nothing. */
static void headers_show_the_window_that_fills_last(void)
{
    const struct {
        const char *limits;
        struct lim_shown requests, tokens;
    } rows[] = {
        { "500 10000 200000 - -",
          { 10000, 9999, 8640 * LIM_MSEC },
          { 200000, 199993, 2 * LIM_MSEC } },
        { "500 - 30000 - -",
          { 500, 499, 120 * LIM_MSEC },
          { 30000, 29993, 14 * LIM_MSEC } },
        { "500 - 300000 1500000 -",
          { 500, 499, 120 * LIM_MSEC },
          { 1500000, 1499993, 403 * LIM_MSEC } },
        { "- 100 - - -", { 100, 99, 864 * LIM_SEC }, { -1, -1, -1 } },
        { "- - - - 5", { -1, -1, -1 }, { -1, -1, -1 } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w = settings(table_of(rows[i].limits));
        build(&w, LIM_TIER_1, 0);
        struct lim_feedback f = admit(&w, 0, 7, w.start).shown;
        CHECK_SHOWN(f.requests, rows[i].requests.limit,
                    rows[i].requests.remaining, rows[i].requests.reset_ns);
        CHECK_SHOWN(f.tokens, rows[i].tokens.limit, rows[i].tokens.remaining,
                    rows[i].tokens.reset_ns);
        end(&w);
    }
}

static void of_several_the_longest_wait_is_reported(void)
{
    struct world w = settings(table_of("2 10 1000 - -"));
    build(&w, LIM_TIER_1, 0);
    admit(&w, 0, 300, w.start);
    admit(&w, 0, 300, w.start);
    /* Requests: 30 s.  Tokens: 600 + 400 + 1 - 1000 wait 60 ms. */
    CU_ASSERT_EQUAL(probe(&w, 0, 401, w.start).limit, LIM_RPM);
    /* 600 + 900 - 1000 wait as long, the minute's requests come first. */
    CU_ASSERT_EQUAL(probe(&w, 0, 900, w.start).limit, LIM_RPM);
    CU_ASSERT_EQUAL(probe(&w, 0, 901, w.start).limit, LIM_TPM);
    for (int i = 1; i <= 4; i++)
        for (int k = 0; k < 2; k++)
            admit(&w, 0, 1, w.start + i * LIM_MIN);
    struct sim_verdict v = admit(&w, 0, 1, w.start + 5 * LIM_MIN);
    CU_ASSERT_EQUAL(v.limit, LIM_RPD);
    CU_ASSERT_EQUAL(v.admitted_at, w.start + LIM_DAY / 10);
    end(&w);
}

static void what_is_refused_takes_nothing(void)
{
    struct world w = settings(table_of("10 - 1000 - -"));
    build(&w, LIM_TIER_1, 0);
    admit(&w, 0, 900, w.start);
    struct sim_verdict v = admit(&w, 0, 101, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
    v = admit(&w, 0, 1001, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_TOO_LARGE);
    CU_ASSERT_EQUAL(v.limit, LIM_TPM);
    CU_ASSERT_EQUAL(v.max, 1000);
    CU_ASSERT_EQUAL(v.requested, 1001);
    CU_ASSERT_EQUAL(v.shown.hint_ns, -1);
    CU_ASSERT_EQUAL(v.admitted_at, LIM_NEVER);
    CHECK_SHOWN(v.shown.requests, 10, 9, 6 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&w, LIM_RPM, w.start), 9);
    CU_ASSERT_EQUAL(left(&w, LIM_TPM, w.start), 100);
    struct sim_window_view view;
    sim_provider_window(w.provider, 0, 0, LIM_TPM, w.start, &view);
    CU_ASSERT_EQUAL(view.limit, 1000);
    CU_ASSERT_EQUAL(view.used_ns, 54 * LIM_SEC);
    CU_ASSERT_EQUAL(view.admitted, 900);
    end(&w);
}

static void a_tier_without_access_is_told_so(void)
{
    struct world w = settings(lim_table_builtin("official-2024-mid", NULL));
    build(&w, LIM_TIER_FREE, 0);
    CU_ASSERT_EQUAL(sim_provider_group(w.provider, "no-such-model"), -1);
    int group = sim_provider_group(w.provider, "gpt-4");
    CU_ASSERT_FATAL(group >= 0);
    CU_ASSERT_FALSE(sim_provider_serves(w.provider, 0, (unsigned)group));
    struct sim_verdict v = admit(&w, (unsigned)group, 10, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_NO_MODEL);
    CU_ASSERT_EQUAL(v.max, 0);
    CU_ASSERT_EQUAL(v.admitted_at, LIM_NEVER);
    CU_ASSERT_EQUAL(v.shown.requests.limit, -1);
    group = sim_provider_group(w.provider, "gpt-3.5-turbo");
    CU_ASSERT_TRUE(sim_provider_serves(w.provider, 0, (unsigned)group));
    end(&w);
}

static void a_limit_of_zero_lets_nothing_through(void)
{
    struct world w = settings(table_of("5 - - - 0"));
    build(&w, LIM_TIER_1, 0);
    CU_ASSERT_TRUE(sim_provider_serves(w.provider, 0, 0));
    CU_ASSERT_EQUAL(admit(&w, 0, 10, w.start).answer, SIM_ADMITTED);
    struct lim_cost image = { { [LIM_REQUESTS] = 1, [LIM_IMAGES] = 1 } };
    struct sim_verdict v;
    sim_provider_admit(w.provider, 0, 0, &image, w.start, &v);
    CU_ASSERT_EQUAL(v.answer, SIM_NO_MODEL);
    CU_ASSERT_EQUAL(v.limit, LIM_IPM);
    CU_ASSERT_EQUAL(left(&w, LIM_RPM, w.start), 4);
    end(&w);
}

/* Too many tokens, and no images at all. */
static void no_access_is_told_before_a_size(void)
{
    struct world w = settings(table_of("5 - 100 - 0"));
    build(&w, LIM_TIER_1, 0);
    struct lim_cost image = { { 1, 101, 1, 0 } };
    struct sim_verdict v;
    sim_provider_admit(w.provider, 0, 0, &image, w.start, &v);
    CU_ASSERT_EQUAL(v.answer, SIM_NO_MODEL);
    CU_ASSERT_EQUAL(v.limit, LIM_IPM);
    CU_ASSERT_EQUAL(v.max, 0);
    image.amount[LIM_IMAGES] = 0;
    sim_provider_admit(w.provider, 0, 0, &image, w.start, &v);
    CU_ASSERT_EQUAL(v.answer, SIM_TOO_LARGE);
    end(&w);
}

static void a_spent_month_ends_with_the_month(void)
{
    struct world w = settings(table_of("3 - - - -"));
    build(&w, LIM_TIER_1, 99 * INT64_C(1000000));
    lim_time next = lim_date(2026, 2, 1);
    CU_ASSERT_EQUAL(admit(&w, 0, 1, w.start).answer, SIM_ADMITTED);
    settled(&w, 1, 1, 1000000, w.start);
    CU_ASSERT_EQUAL(sim_provider_spent(w.provider, 0, w.start), 100000000);
    CU_ASSERT_EQUAL(sim_provider_spend_max(w.provider, 0), 100000000);
    struct sim_verdict v = admit(&w, 0, 1, w.start + 1);
    CU_ASSERT_EQUAL(v.answer, SIM_QUOTA);
    CU_ASSERT_EQUAL(v.limit, LIM_SPEND);
    CU_ASSERT_EQUAL(v.max, 100000000);
    CU_ASSERT_EQUAL(v.used, 100000000);
    CU_ASSERT_EQUAL(v.admitted_at, next);
    CU_ASSERT_EQUAL(v.shown.hint_ns, -1);
    CU_ASSERT_EQUAL(v.shown.requests.limit, -1);
    CU_ASSERT_EQUAL(left(&w, LIM_RPM, w.start + 1), 2);
    CU_ASSERT_EQUAL(admit(&w, 0, 1, next - 1).answer, SIM_QUOTA);
    CU_ASSERT_EQUAL(admit(&w, 0, 1, next).answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(sim_provider_spent(w.provider, 0, next), 0);
    settled(&w, 1, 1, 7, next);
    CU_ASSERT_EQUAL(sim_provider_spent(w.provider, 0, next), 7);
    end(&w);
}

static void refusals_are_charged_where_that_is_set(void)
{
    struct world w = settings(table_of("3 - 100 - -"));
    w.config.charge.refused = true;
    build(&w, LIM_TIER_1, 0);
    for (int i = 0; i < 3; i++)
        admit(&w, 0, 1, w.start);
    struct sim_verdict v = admit(&w, 0, 1, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
    CU_ASSERT_EQUAL(v.used, 4);
    CU_ASSERT_EQUAL(v.shown.hint_ns, 40 * LIM_SEC);
    CU_ASSERT_EQUAL(v.admitted_at, w.start + 40 * LIM_SEC);
    CHECK_SHOWN(v.shown.requests, 3, 0, 80 * LIM_SEC);
    CU_ASSERT_EQUAL(left(&w, LIM_TPM, w.start), 97);
    /* A debt ends at the limit, however many more there are. */
    for (int i = 0; i < 100; i++)
        v = admit(&w, 0, 1, w.start);
    CU_ASSERT_EQUAL(left(&w, LIM_RPM, w.start), -3);
    CU_ASSERT_EQUAL(v.admitted_at, w.start + 80 * LIM_SEC);
    CU_ASSERT_EQUAL(admit(&w, 0, 1, v.admitted_at).answer, SIM_ADMITTED);
    end(&w);
}

static void a_reservation_is_settled_where_that_is_set(void)
{
    for (int settle = 0; settle <= 1; settle++) {
        struct world w = settings(table_of("- - 1000 5000 -"));
        w.config.charge.settle = settle;
        build(&w, LIM_TIER_1, 0);
        admit(&w, 0, 800, w.start);
        settled(&w, 800, 300, 0, w.start);
        CU_ASSERT_EQUAL(left(&w, LIM_TPM, w.start), settle ? 700 : 200);
        CU_ASSERT_EQUAL(left(&w, LIM_TPD, w.start), settle ? 4700 : 4200);
        settled(&w, 0, 1500, 0, w.start);
        CU_ASSERT_EQUAL(left(&w, LIM_TPM, w.start), settle ? -800 : 200);
        settled(&w, 0, 1500000000, 0, w.start);
        CU_ASSERT_EQUAL(left(&w, LIM_TPM, w.start), settle ? -1000 : 200);
        end(&w);
    }
}

static void a_small_burst_holds_less_than_the_limit(void)
{
    struct world w = settings(table_of("60 - 1000 - -"));
    w.config.burst = 0.1;
    build(&w, LIM_TIER_1, 0);
    for (int i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(admit(&w, 0, 1, w.start).answer, SIM_ADMITTED);
    struct sim_verdict v = admit(&w, 0, 1, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
    CU_ASSERT_EQUAL(v.shown.hint_ns, LIM_SEC);
    v = admit(&w, 0, 101, w.start);
    CU_ASSERT_EQUAL(v.answer, SIM_TOO_LARGE);
    CU_ASSERT_EQUAL(v.max, 1000);
    end(&w);
    CU_ASSERT_EQUAL(lim_rate_burst(3, 0.1), 1);
    CU_ASSERT_EQUAL(lim_rate_burst(0, 1), 0);
    CU_ASSERT_EQUAL(lim_rate_burst(LIM_UNLIMITED, 1), 0);
    CU_ASSERT_EQUAL(lim_rate_burst(LIM_LIMIT_MAX, 1), LIM_LIMIT_MAX);
}

static void without_a_table_there_are_no_limits(void)
{
    struct world w = settings(NULL);
    build(&w, LIM_TIER_2, 0);
    CU_ASSERT_EQUAL(sim_provider_group(w.provider, "anything"), 0);
    CU_ASSERT_EQUAL(sim_provider_spend_max(w.provider, 0), LIM_UNLIMITED);
    for (int i = 0; i < 1000; i++) {
        struct sim_verdict v = admit(&w, 0, LIM_LIMIT_MAX, w.start);
        CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        CHECK_SHOWN(v.shown.requests, -1, -1, -1);
        CHECK_SHOWN(v.shown.tokens, -1, -1, -1);
    }
    end(&w);
}

static void what_cannot_be_made_is_explained(void)
{
    struct world w = settings(lim_table_builtin("seed", NULL));
    struct sim_organisation o = { .name = "x", .tier = LIM_TIER_2, .keys = 1 };
    struct lim_diag diag = { 0 };
    w.config.organisations = &o;
    w.config.organisation_count = 1;
    CU_ASSERT_PTR_NULL(sim_provider_new(&w.config, &diag));
    CU_ASSERT_STRING_EQUAL(diag.text, "organisation x: table seed has no "
                                      "tier2; it has: free tier1 tier4 tier5");
    o.tier = LIM_TIER_1;
    w.config.burst = 0;
    CU_ASSERT_PTR_NULL(sim_provider_new(&w.config, &diag));
    w.config.burst = 1.5;
    CU_ASSERT_PTR_NULL(sim_provider_new(&w.config, NULL));
    end(&w);
}

static void organisations_share_nothing(void)
{
    struct world w = settings(table_of("3 - - - -"));
    build(&w, LIM_TIER_1, 0);
    struct lim_cost c = cost_of(1);
    struct sim_verdict v;
    for (uint32_t i = 1; i < 3000; i++) {
        char name[16];
        snprintf(name, sizeof name, "org-%u", (unsigned)i);
        struct sim_organisation o = { .name = name, .tier = LIM_TIER_1 };
        CU_ASSERT_EQUAL(sim_provider_add(w.provider, &o, NULL), (int)i);
    }
    CU_ASSERT_EQUAL(sim_provider_organisations(w.provider), 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        for (int k = 0; k < 4; k++) {
            sim_provider_admit(w.provider, i, 0, &c, w.start, &v);
            CU_ASSERT_EQUAL(v.answer, k < 3 ? SIM_ADMITTED : SIM_RATE_LIMITED);
        }
    }
    CU_ASSERT_STRING_EQUAL(sim_provider_organisation_name(w.provider, 2999),
                           "org-2999");
    CU_ASSERT_EQUAL(sim_provider_tier(w.provider, 5), LIM_TIER_1);
    end(&w);
}

/* With the first that takes something, and not before. */
static void windows_come_with_their_first_request(void)
{
    for (int d = 0; d < LIM_DISCIPLINES; d++) {
        struct world w = settings(table_of("1 - 100 - -"));
        struct sim_window_view window;
        struct lim_cost c = cost_of(10);
        struct sim_verdict v;
        w.config.discipline = (enum lim_discipline)d;
        build(&w, LIM_TIER_1, 0);
        fail_after(1);
        CU_ASSERT_EQUAL(probe(&w, 0, 10, w.start).answer, SIM_ADMITTED);
        CU_ASSERT_EQUAL(probe(&w, 0, 101, w.start).answer, SIM_TOO_LARGE);
        CU_ASSERT_FALSE(fail_happened());
        CU_ASSERT_EQUAL(sim_provider_admit(w.provider, 0, 0, &c, w.start, &v),
                        LIM_ENOMEM);
        CU_ASSERT_TRUE(fail_happened());
        sim_provider_window(w.provider, 0, 0, LIM_TPM, w.start, &window);
        CU_ASSERT_EQUAL(window.remaining, 100);
        CU_ASSERT_EQUAL(window.admitted, 0);
        CU_ASSERT_EQUAL(admit(&w, 0, 10, w.start).answer, SIM_ADMITTED);
        CU_ASSERT_EQUAL(admit(&w, 0, 10, w.start).answer, SIM_RATE_LIMITED);
        sim_provider_window(w.provider, 0, 0, LIM_TPM, w.start, &window);
        CU_ASSERT_EQUAL(window.remaining, 90);
        end(&w);
    }
}

CU_TestInfo provider_tests[] = {
    { "the fourth request of a free account waits",
      the_fourth_request_of_a_free_account_waits },
    { "hints are those of real messages", hints_are_those_of_real_messages },
    { "headers show the window that fills last",
      headers_show_the_window_that_fills_last },
    { "of several the longest wait is reported",
      of_several_the_longest_wait_is_reported },
    { "what is refused takes nothing", what_is_refused_takes_nothing },
    { "a tier without access is told so", a_tier_without_access_is_told_so },
    { "a limit of zero lets nothing through",
      a_limit_of_zero_lets_nothing_through },
    { "no access is told before a size", no_access_is_told_before_a_size },
    { "a spent month ends with the month", a_spent_month_ends_with_the_month },
    { "refusals are charged where that is set",
      refusals_are_charged_where_that_is_set },
    { "a reservation is settled where that is set",
      a_reservation_is_settled_where_that_is_set },
    { "a small burst holds less than the limit",
      a_small_burst_holds_less_than_the_limit },
    { "without a table there are no limits",
      without_a_table_there_are_no_limits },
    { "what cannot be made is explained", what_cannot_be_made_is_explained },
    { "organisations share nothing", organisations_share_nothing },
    { "windows come with their first request",
      windows_come_with_their_first_request },
    CU_TEST_INFO_NULL
};
