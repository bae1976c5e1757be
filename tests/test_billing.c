/* What is paid, when it counts, and what follows: tiers, limits, months. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "sim/billing.h"
#include "sim/provider.h"
#include "sim/world.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define DOLLAR INT64_C(1000000)

/* free, tier1 $5, tier2 $50 and 7 days, tier4 $250 and 14 days; no tier3. */
static const char rules_text[] =
    "@as_of 2026-01\n@source test made up\n@tier free 0 0 10\n"
    "@tier tier1 5 0 100\n@tier tier2 50 7 500\n@tier tier4 250 14 -\n"
    "m free - 3 - - - - - -\nm tier1 - 60 - 1000 - - - -\n"
    "m tier2 - 600 - 5000 - - - -\nm tier4 - 600 - - - - - -\n"
    "n tier2 - 5 - - - - - -\nn tier4 - 5 - - - - - -\n";

struct world {
    struct lim_table *table;
    struct sim_provider_config config;
    struct sim_organisation organisation;
    struct sim_provider *provider;
    lim_time start;
};

static struct world settings(enum lim_tier tier)
{
    struct world w = { .config = sim_provider_config_default() };
    struct lim_diag diag = { 0 };
    w.table = lim_table_parse("t", rules_text, strlen(rules_text), &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w.table);
    w.config.table = w.table;
    w.start = w.config.start;
    w.organisation = (struct sim_organisation){
        .name = "org", .tier = tier, .keys = 1, .first_payment_days_ago = -1
    };
    return w;
}

static void build(struct world *w)
{
    w->config.organisations = &w->organisation;
    w->config.organisation_count = 1;
    w->provider = sim_provider_new(&w->config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->provider);
}

static void end(struct world *w)
{
    sim_provider_free(w->provider);
    lim_table_free(w->table);
}

static enum lim_tier tier_at(struct world *w, lim_time now)
{
    sim_provider_advance(w->provider, 0, now);
    return sim_provider_tier(w->provider, 0);
}

static struct sim_verdict admit(struct world *w, int64_t tokens, lim_time now)
{
    struct sim_verdict v;
    struct lim_cost c = { { 1, tokens, 0, 0 } };
    sim_provider_admit(w->provider, 0, 0, &c, now, &v);
    return v;
}

static int64_t left(const struct world *w, enum lim_limit limit, lim_time now)
{
    struct sim_window_view view;
    sim_provider_window(w->provider, 0, 0, limit, now, &view);
    return view.remaining;
}

/* Paid so much, so many days ago; when it comes to the tier that follows. */
static void a_tier_follows_from_payment_and_days(void)
{
    const struct {
        enum lim_tier tier;
        int64_t dollars;
        int days;
        enum lim_tier first;
        int64_t next_days; /* -1: never */
        enum lim_tier then;
    } rows[] = {
        { LIM_TIER_FREE, 0, -1, LIM_TIER_FREE, -1, LIM_TIER_FREE },
        { LIM_TIER_FREE, 4, 0, LIM_TIER_FREE, -1, LIM_TIER_FREE },
        { LIM_TIER_FREE, 5, 0, LIM_TIER_1, -1, LIM_TIER_1 },
        { LIM_TIER_FREE, 5, -1, LIM_TIER_1, -1, LIM_TIER_1 },
        { LIM_TIER_FREE, 50, 0, LIM_TIER_1, 7, LIM_TIER_2 },
        { LIM_TIER_FREE, 50, 6, LIM_TIER_1, 1, LIM_TIER_2 },
        { LIM_TIER_FREE, 50, 7, LIM_TIER_2, -1, LIM_TIER_2 },
        { LIM_TIER_1, 249, 100, LIM_TIER_2, -1, LIM_TIER_2 },
        { LIM_TIER_1, 250, 7, LIM_TIER_2, 7, LIM_TIER_4 },
        { LIM_TIER_1, 250, 13, LIM_TIER_2, 1, LIM_TIER_4 },
        { LIM_TIER_1, 250, 14, LIM_TIER_4, -1, LIM_TIER_4 },
        { LIM_TIER_2, 5, 0, LIM_TIER_2, -1, LIM_TIER_2 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w = settings(rows[i].tier);
        w.organisation.paid_microusd = rows[i].dollars * DOLLAR;
        w.organisation.first_payment_days_ago = rows[i].days;
        build(&w);
        CU_ASSERT_EQUAL(tier_at(&w, w.start), rows[i].first);
        if (rows[i].next_days >= 0) {
            lim_time at = w.start + rows[i].next_days * LIM_DAY;
            CU_ASSERT_EQUAL(tier_at(&w, at - 1), rows[i].first);
            CU_ASSERT_EQUAL(tier_at(&w, at), rows[i].then);
        }
        if (rows[i].next_days < 0 || rows[i].then == LIM_TIER_4)
            CU_ASSERT_EQUAL(tier_at(&w, w.start + 400 * LIM_DAY), rows[i].then);
        end(&w);
    }
}

static void payments_to_come_count_from_their_time(void)
{
    static const struct sim_payment payments[] = {
        { LIM_DAY, 5 * DOLLAR },
        { 3 * LIM_DAY, 40 * DOLLAR },
        { 3 * LIM_DAY, 5 * DOLLAR },
        { 30 * LIM_DAY, 200 * DOLLAR },
    };
    const struct {
        int64_t days;
        enum lim_tier before, at;
    } rows[] = {
        { 1, LIM_TIER_FREE, LIM_TIER_1 },
        { 3, LIM_TIER_1, LIM_TIER_1 },
        { 8, LIM_TIER_1, LIM_TIER_2 },
        { 30, LIM_TIER_2, LIM_TIER_4 },
    };
    struct world w = settings(LIM_TIER_FREE);
    w.organisation.payments = payments;
    w.organisation.payment_count = COUNT(payments);
    build(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        lim_time at = w.start + rows[i].days * LIM_DAY;
        CU_ASSERT_EQUAL(tier_at(&w, at - 1), rows[i].before);
        CU_ASSERT_EQUAL(tier_at(&w, at), rows[i].at);
    }
    struct sim_standing s;
    sim_provider_standing(w.provider, 0, w.start + LIM_DAY, &s);
    CU_ASSERT_EQUAL(s.paid_microusd, 250 * DOLLAR);
    CU_ASSERT_EQUAL(s.first_payment, w.start + LIM_DAY);
    CU_ASSERT_FALSE(s.has_next);
    end(&w);
}

static void with_upgrades_on_payment_days_alone_do_nothing(void)
{
    static const struct sim_payment payments[] = { { 20 * LIM_DAY, DOLLAR } };
    struct world w = settings(LIM_TIER_1);
    w.config.upgrades = SIM_UPGRADES_ON_PAYMENT;
    w.organisation.paid_microusd = 60 * DOLLAR;
    w.organisation.first_payment_days_ago = 10;
    w.organisation.payments = payments;
    w.organisation.payment_count = 1;
    build(&w);
    CU_ASSERT_EQUAL(tier_at(&w, w.start), LIM_TIER_1);
    CU_ASSERT_EQUAL(tier_at(&w, w.start + 20 * LIM_DAY - 1), LIM_TIER_1);
    CU_ASSERT_EQUAL(tier_at(&w, w.start + 20 * LIM_DAY), LIM_TIER_2);
    sim_provider_pay(w.provider, 0, 189 * DOLLAR, w.start + 21 * LIM_DAY);
    CU_ASSERT_EQUAL(tier_at(&w, w.start + 99 * LIM_DAY), LIM_TIER_4);
    end(&w);
}

static void of_the_others_nobody_moves(void)
{
    struct world w = settings(LIM_TIER_1);
    build(&w);
    CU_ASSERT_EQUAL(tier_at(&w, w.start + 1000 * LIM_DAY), LIM_TIER_1);
    sim_provider_pay(w.provider, 0, 0, w.start + 1000 * LIM_DAY);
    CU_ASSERT_EQUAL(tier_at(&w, w.start + 2000 * LIM_DAY), LIM_TIER_1);
    end(&w);
}

static void standing_tells_what_is_missing(void)
{
    struct sim_standing s;
    struct world w = settings(LIM_TIER_FREE);
    build(&w);
    sim_provider_standing(w.provider, 0, w.start, &s);
    CU_ASSERT_FALSE(s.known);
    CU_ASSERT_EQUAL(s.first_payment, LIM_NEVER);
    CU_ASSERT_TRUE(s.has_next);
    CU_ASSERT_EQUAL(s.next, LIM_TIER_1);
    CU_ASSERT_EQUAL(s.missing_microusd, 5 * DOLLAR);
    CU_ASSERT_EQUAL(s.next_at, LIM_NEVER);
    sim_provider_pay(w.provider, 0, 30 * DOLLAR, w.start + 5);
    sim_provider_standing(w.provider, 0, w.start + 5, &s);
    CU_ASSERT_TRUE(s.known);
    CU_ASSERT_EQUAL(s.tier, LIM_TIER_1);
    CU_ASSERT_EQUAL(s.next, LIM_TIER_2);
    CU_ASSERT_EQUAL(s.missing_microusd, 20 * DOLLAR);
    CU_ASSERT_EQUAL(s.next_at, LIM_NEVER);
    sim_provider_pay(w.provider, 0, 20 * DOLLAR, w.start + LIM_DAY);
    sim_provider_standing(w.provider, 0, w.start + LIM_DAY, &s);
    CU_ASSERT_EQUAL(s.missing_microusd, 0);
    CU_ASSERT_EQUAL(s.next_at, w.start + 5 + 7 * LIM_DAY);
    sim_provider_standing(w.provider, 0, s.next_at, &s);
    CU_ASSERT_EQUAL(s.tier, LIM_TIER_2);
    CU_ASSERT_EQUAL(s.next, LIM_TIER_4);
    CU_ASSERT_EQUAL(sim_provider_tier(w.provider, 0), LIM_TIER_1);
    end(&w);
}

static void an_upgrade_gives_the_difference_at_its_instant(void)
{
    for (int d = 0; d < LIM_DISCIPLINES; d++) {
        struct world w = settings(LIM_TIER_1);
        struct sim_verdict v;
        w.config.discipline = (enum lim_discipline)d;
        w.config.quantum_ns = LIM_MIN;
        w.organisation.paid_microusd = 50 * DOLLAR;
        build(&w);
        lim_time at = w.start + 7 * LIM_DAY;
        CU_ASSERT_EQUAL(admit(&w, 1000, at - 1).answer, SIM_ADMITTED);
        CU_ASSERT_EQUAL(admit(&w, 4001, at - 1).answer, SIM_TOO_LARGE);
        struct lim_cost c = { { 1, 4000, 0, 0 } };
        sim_provider_probe(w.provider, 0, 0, &c, at, &v);
        bool now_new = d == LIM_DISCIPLINE_FIXED; /* a new day too */
        CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        CU_ASSERT_EQUAL(left(&w, LIM_TPM, at - 1), 0);
        CU_ASSERT_EQUAL(left(&w, LIM_TPM, at), now_new ? 5000 : 4000);
        CU_ASSERT_EQUAL(left(&w, LIM_RPM, at), now_new ? 600 : 599);
        v = admit(&w, 4000, at);
        CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        CU_ASSERT_EQUAL(v.shown.tokens.limit, 5000);
        CU_ASSERT_EQUAL(v.shown.tokens.remaining, now_new ? 1000 : 0);
        CU_ASSERT_EQUAL(sim_provider_spend_max(w.provider, 0), 500 * DOLLAR);
        end(&w);
    }
}

static void a_tier_may_bring_models(void)
{
    struct world w = settings(LIM_TIER_1);
    build(&w);
    int n = sim_provider_group(w.provider, "n");
    CU_ASSERT_FATAL(n >= 0);
    CU_ASSERT_FALSE(sim_provider_serves(w.provider, 0, (unsigned)n));
    CU_ASSERT_EQUAL(
        sim_provider_set_tier(w.provider, 0, LIM_TIER_2, w.start, NULL),
        LIM_OK);
    CU_ASSERT_TRUE(sim_provider_serves(w.provider, 0, (unsigned)n));
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL(
        sim_provider_set_tier(w.provider, 0, LIM_TIER_3, w.start, &diag),
        LIM_EINVAL);
    CU_ASSERT_STRING_EQUAL(diag.text, "table t has no tier3");
    end(&w);
}

/* Set lower by hand, it stays there until a payment, not a month, lifts it. */
static void a_tier_set_by_hand_stays_until_a_rule_speaks(void)
{
    struct world w = settings(LIM_TIER_1);
    w.organisation.paid_microusd = 60 * DOLLAR;
    w.organisation.first_payment_days_ago = 30;
    build(&w);
    CU_ASSERT_EQUAL(tier_at(&w, w.start), LIM_TIER_2);
    sim_provider_set_tier(w.provider, 0, LIM_TIER_FREE, w.start, NULL);
    CU_ASSERT_EQUAL(sim_provider_spend_max(w.provider, 0), 10 * DOLLAR);
    CU_ASSERT_EQUAL(tier_at(&w, w.start + 90 * LIM_DAY), LIM_TIER_FREE);
    sim_provider_pay(w.provider, 0, 1, w.start + 90 * LIM_DAY);
    CU_ASSERT_EQUAL(sim_provider_tier(w.provider, 0), LIM_TIER_2);
    end(&w);
}

static void months_renew_the_spend(void)
{
    struct world w = settings(LIM_TIER_1);
    w.organisation.spent_microusd = 100 * DOLLAR;
    build(&w);
    for (int month = 2; month <= 12; month++) {
        lim_time at = lim_date(2026, month, 1);
        CU_ASSERT_EQUAL(admit(&w, 1, at - 1).answer, SIM_QUOTA);
        CU_ASSERT_EQUAL(admit(&w, 1, at - 1).admitted_at, at);
        struct sim_verdict v = admit(&w, 1, at);
        CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
        const struct sim_usage u = { 1, 1, 100 * DOLLAR, at };
        sim_provider_settle(w.provider, 0, 0, &u, at + LIM_SEC);
        CU_ASSERT_EQUAL(sim_provider_spent(w.provider, 0, at + LIM_SEC),
                        100 * DOLLAR);
    }
    end(&w);
}

static void a_hand_changes_spend_and_cap(void)
{
    struct world w = settings(LIM_TIER_1);
    build(&w);
    sim_provider_set_spent(w.provider, 0, 100 * DOLLAR, w.start);
    CU_ASSERT_EQUAL(admit(&w, 1, w.start).answer, SIM_QUOTA);
    sim_provider_set_spend_max(w.provider, 0, 101 * DOLLAR);
    CU_ASSERT_EQUAL(admit(&w, 1, w.start).answer, SIM_ADMITTED);
    sim_provider_set_tier(w.provider, 0, LIM_TIER_2, w.start, NULL);
    CU_ASSERT_EQUAL(sim_provider_spend_max(w.provider, 0), 101 * DOLLAR);
    sim_provider_set_spend_max(w.provider, 0, 0);
    CU_ASSERT_EQUAL(admit(&w, 1, w.start).admitted_at, LIM_NEVER);
    sim_provider_set_spend_max(w.provider, 0, LIM_UNLIMITED);
    CU_ASSERT_EQUAL(admit(&w, 1, w.start).answer, SIM_ADMITTED);
    sim_provider_set_spend_max(w.provider, 0, SIM_SPEND_OF_TIER);
    CU_ASSERT_EQUAL(sim_provider_spend_max(w.provider, 0), 500 * DOLLAR);
    end(&w);
}

static void a_reset_fills_windows_and_keeps_tiers(void)
{
    for (int d = 0; d < LIM_DISCIPLINES; d++) {
        struct world w = settings(LIM_TIER_1);
        w.config.discipline = (enum lim_discipline)d;
        build(&w);
        sim_provider_pay(w.provider, 0, 50 * DOLLAR, w.start);
        for (int i = 0; i < 20; i++)
            admit(&w, 50, w.start + i * LIM_SEC);
        sim_provider_set_spent(w.provider, 0, 7, w.start);
        lim_time now = w.start + 8 * LIM_DAY;
        sim_provider_reset(w.provider, now);
        CU_ASSERT_EQUAL(sim_provider_tier(w.provider, 0), LIM_TIER_2);
        CU_ASSERT_EQUAL(sim_provider_spent(w.provider, 0, now), 0);
        CU_ASSERT_EQUAL(left(&w, LIM_RPM, now), 600);
        struct sim_window_view view;
        sim_provider_window(w.provider, 0, 0, LIM_TPM, now, &view);
        CU_ASSERT_EQUAL(view.admitted, 0);
        CU_ASSERT_EQUAL(view.used_ns, 0);
        end(&w);
    }
}

struct dice {
    uint64_t seed, draws;
};

static int64_t below(struct dice *d, int64_t most)
{
    uint64_t bits = lim_rng_draw(d->seed, 3, d->draws++);
    return (int64_t)(bits % (uint64_t)most);
}

/* Two equal organisations: one is looked at all the time, the other only at
   the end.  Probes and views of later times change nothing. */
static void when_one_looks_does_not_matter(void)
{
    const char *text = getenv("LIM_SEEDS");
    uint64_t seeds = text != NULL ? strtoull(text, NULL, 10) : 200;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct dice d = { .seed = seed };
        struct sim_payment payments[4];
        struct world a = settings((enum lim_tier)below(&d, 3));
        lim_time now = a.start;
        int64_t after = 0, gap = below(&d, 2) ? 3 * LIM_DAY : 20 * LIM_SEC;
        for (size_t i = 0; i < COUNT(payments); i++) {
            after += below(&d, 4 * gap);
            payments[i] =
                (struct sim_payment){ after, 1 + below(&d, 99 * DOLLAR) };
        }
        a.config.discipline = (enum lim_discipline)(seed % LIM_DISCIPLINES);
        a.config.upgrades = (enum sim_upgrades)below(&d, 2);
        a.organisation.payments = payments;
        a.organisation.payment_count = (size_t)below(&d, 5);
        a.organisation.spent_microusd = below(&d, 120 * DOLLAR);
        build(&a);
        struct world b = a;
        build(&b);
        for (int i = 0; i < 40; i++) {
            lim_time next = now + below(&d, gap);
            struct sim_verdict va, vb, later;
            struct lim_cost c = { { 1, below(&d, 2000), 0, 0 } };
            sim_provider_probe(b.provider, 0, 0, &c, next, &later);
            int64_t seen = left(&b, LIM_RPM, next);
            for (int k = 0; k < 4; k++)
                sim_provider_advance(b.provider, 0,
                                     now + below(&d, next - now + 1));
            now = next;
            sim_provider_advance(b.provider, 0, now);
            CU_ASSERT_EQUAL(left(&b, LIM_RPM, now), seen);
            va = admit(&a, c.amount[LIM_TOKENS], now);
            vb = admit(&b, c.amount[LIM_TOKENS], now);
            CU_ASSERT_EQUAL(va.answer, vb.answer);
            CU_ASSERT_EQUAL(va.answer, later.answer);
            CU_ASSERT_EQUAL(va.admitted_at, later.admitted_at);
            CU_ASSERT_EQUAL(va.admitted_at, vb.admitted_at);
            CU_ASSERT_EQUAL(va.shown.tokens.remaining,
                            vb.shown.tokens.remaining);
            CU_ASSERT_EQUAL(left(&a, LIM_TPM, now), left(&b, LIM_TPM, now));
            CU_ASSERT_EQUAL(left(&a, LIM_RPM, now), left(&b, LIM_RPM, now));
            CU_ASSERT(va.answer == SIM_QUOTA || va.max < 0 ||
                      va.used <= va.max);
        }
        sim_provider_free(b.provider);
        end(&a);
    }
}

struct count {
    uint64_t week[4]; /* admitted */
};

static void note(void *context, const struct sim_attempt *a)
{
    struct count *c = context;
    int64_t week = a->sent_ns / (7 * LIM_DAY);
    if (a->status == 200 && week < 4)
        c->week[week]++;
}

/* Minutes of 6 requests until day 7, then of 60; 9 are asked for.  A client
   that learns limits finds out. */
static void goodput_rises_on_day_seven(void)
{
    static const char text[] = "@as_of 2026-01\n@source test made up\n"
                               "@tier tier1 5 0 -\n@tier tier2 50 7 -\n"
                               "m tier1 - 6 - - - - - -\n"
                               "m tier2 - 60 - - - - - -\n";
    struct world w = settings(LIM_TIER_1);
    lim_table_free(w.table);
    w.table = lim_table_parse("t", text, strlen(text), NULL);
    w.config.table = w.table;
    w.organisation.paid_microusd = 50 * DOLLAR;
    w.config.organisations = &w.organisation;
    w.config.organisation_count = 1;
    w.config.latency_source = SIM_LATENCY_GIVEN;
    w.config.latency = sim_latency_constant(1);
    const struct sim_workload workload = {
        .model = "m",
        .arrivals = { .kind = SIM_ARRIVE_POISSON, .rate_per_s = 0.15, .cv = 1 },
        .prompt_tokens = sim_dist_constant(1),
        .completion_tokens = sim_dist_constant(1),
        .max_tokens = -1,
        .deadline_ns = LIM_MIN,
    };
    struct sim_scenario s = { .name = "weeks",
                              .seed = 1,
                              .duration_ns = 14 * LIM_DAY,
                              .provider = w.config,
                              .client = sim_client_config_default(),
                              .workloads = &workload,
                              .workload_count = 1 };
    s.client.belief = LIM_BELIEF_LEARNED;
    struct count c = { { 0 } };
    const struct sim_watch watch = { .context = &c, .attempt = note };
    struct sim_summary out;
    CU_ASSERT_EQUAL_FATAL(
        sim_world_run(&s, 1, &watch, NULL, &out, NULL, NULL, NULL), LIM_OK);
    uint64_t minutes = 7 * 24 * 60;
    CU_ASSERT(c.week[0] <= 6 * minutes + 6);
    CU_ASSERT(c.week[0] > 6 * minutes * 99 / 100);
    CU_ASSERT(c.week[1] > 9 * minutes * 98 / 100);
    sim_summary_fini(&out);
    lim_table_free(w.table);
}

/* $10 a request of the month's $100: ten in January, ten in February. */
static void a_spent_month_stops_an_organisation(void)
{
    struct world w = settings(LIM_TIER_1);
    lim_time next = lim_date(2026, 2, 1);
    build(&w);
    int in[2] = { 0, 0 };
    for (lim_time now = w.start; now < lim_date(2026, 3, 1);
         now += 8 * LIM_HOUR) {
        struct sim_verdict v = admit(&w, 10, now);
        CU_ASSERT_EQUAL(v.answer,
                        in[now >= next] < 10 ? SIM_ADMITTED : SIM_QUOTA);
        if (v.answer != SIM_ADMITTED)
            continue;
        const struct sim_usage u = { 10, 10, 10 * DOLLAR, now };
        sim_provider_settle(w.provider, 0, 0, &u, now + LIM_SEC);
        in[now >= next]++;
    }
    CU_ASSERT_EQUAL(in[0], 10);
    CU_ASSERT_EQUAL(in[1], 10);
    end(&w);
}

struct sums {
    int64_t next; /* month, from the start */
    uint64_t before, after;
    uint64_t refused;
    int64_t last; /* success before the month's end */
};

static void sum(void *context, const struct sim_attempt *a)
{
    struct sums *s = context;
    if (a->status != 200)
        s->refused++;
    else if (a->sent_ns >= s->next)
        s->after++;
    else
        s->before++;
    if (a->status == 200 && a->sent_ns < s->next)
        s->last = a->sent_ns;
}

/* A week before the month ends a cent of $100 is left. */
static void a_run_goes_on_with_the_next_month(void)
{
    struct world w = settings(LIM_TIER_1);
    lim_table_free(w.table);
    w.table = lim_table_builtin("official-2024-mid", NULL);
    w.config.table = w.table;
    w.organisation.spent_microusd = 100 * DOLLAR - DOLLAR / 100;
    w.config.organisations = &w.organisation;
    w.config.organisation_count = 1;
    w.config.start = lim_date(2026, 1, 25);
    const struct sim_workload workload = {
        .model = "gpt-4o",
        .arrivals = { .kind = SIM_ARRIVE_POISSON, .rate_per_s = 0.01, .cv = 1 },
        .prompt_tokens = sim_dist_constant(100),
        .completion_tokens = sim_dist_constant(100),
        .max_tokens = -1,
        .deadline_ns = LIM_HOUR,
    };
    struct sim_scenario s = { .name = "month",
                              .seed = 1,
                              .duration_ns = 10 * LIM_DAY,
                              .provider = w.config,
                              .client = sim_client_config_default(),
                              .workloads = &workload,
                              .workload_count = 1 };
    s.client.belief = LIM_BELIEF_NONE;
    struct sums sums = { .next = 7 * LIM_DAY };
    const struct sim_watch watch = { .context = &sums, .attempt = sum };
    struct sim_summary out;
    CU_ASSERT_EQUAL_FATAL(
        sim_world_run(&s, 1, &watch, NULL, &out, NULL, NULL, NULL), LIM_OK);
    CU_ASSERT(sums.before > 0 && sums.before < 20);
    CU_ASSERT(sums.last < LIM_HOUR);
    CU_ASSERT(sums.refused > 0);
    CU_ASSERT(sums.after > 3 * 864 * 9 / 10);
    sim_summary_fini(&out);
    lim_table_free(w.table);
}

CU_TestInfo billing_tests[] = {
    { "a tier follows from payment and days",
      a_tier_follows_from_payment_and_days },
    { "payments to come count from their time",
      payments_to_come_count_from_their_time },
    { "with upgrades on payment days alone do nothing",
      with_upgrades_on_payment_days_alone_do_nothing },
    { "of the others nobody moves", of_the_others_nobody_moves },
    { "standing tells what is missing", standing_tells_what_is_missing },
    { "an upgrade gives the difference at its instant",
      an_upgrade_gives_the_difference_at_its_instant },
    { "a tier may bring models", a_tier_may_bring_models },
    { "a tier set by hand stays until a rule speaks",
      a_tier_set_by_hand_stays_until_a_rule_speaks },
    { "months renew the spend", months_renew_the_spend },
    { "a hand changes spend and cap", a_hand_changes_spend_and_cap },
    { "a reset fills windows and keeps tiers",
      a_reset_fills_windows_and_keeps_tiers },
    { "when one looks does not matter", when_one_looks_does_not_matter },
    { "goodput rises on day seven", goodput_rises_on_day_seven },
    { "a spent month stops an organisation until the next",
      a_spent_month_stops_an_organisation },
    { "a run goes on with the next month", a_run_goes_on_with_the_next_month },
    CU_TEST_INFO_NULL
};
