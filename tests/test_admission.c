/* Properties of the provider under random limits, bursts, sizes and gaps. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "limiter/rng.h"
#include "limiter/window.h"
#include "sim/provider.h"

__extension__ typedef __int128 wide;

#define STEPS 250

struct run {
    struct lim_table *table;
    struct sim_provider *provider;
    lim_time start;
    double burst;
    struct lim_limits limits;
    struct lim_rate rate[LIM_WINDOWS];
    uint64_t seed, draws;
    size_t admitted;
    lim_time at[STEPS];
    struct lim_cost cost[STEPS];
};

/* A whole number from 0 to most - 1. */
static int64_t random_below(struct run *r, int64_t most)
{
    return (int64_t)(lim_rng_draw(r->seed, 99, r->draws++) % (uint64_t)most);
}

static void random_limits(struct run *r, char *text, size_t room)
{
    static const int64_t scale[] = { 3, 7, 60, 997, 10000, 2000000 };
    size_t at = 0;
    for (int i = 0; i < LIM_WINDOWS; i++) {
        r->limits.max[i] = 1 + random_below(r, scale[random_below(r, 6)]);
        if (random_below(r, 3) == 0)
            r->limits.max[i] = LIM_UNLIMITED;
        if (r->limits.max[i] == LIM_UNLIMITED)
            at += (size_t)snprintf(text + at, room - at, "- ");
        else
            at += (size_t)snprintf(text + at, room - at, "%lld ",
                                   (long long)r->limits.max[i]);
    }
}

static struct lim_table *table_of(const char *limits)
{
    char text[512];
    snprintf(text, sizeof text,
             "@as_of 2026-01\n@source test made up\n@tier tier1 5 0 100\n"
             "m tier1 - %s - -\n",
             limits);
    return lim_table_parse("t", text, strlen(text), NULL);
}

static void start_run(struct run *r, uint64_t seed)
{
    static const struct sim_organisation o = { .name = "org",
                                               .tier = LIM_TIER_1 };
    struct sim_provider_config config = sim_provider_config_default();
    char limits[128];
    *r = (struct run){ .seed = seed, .start = config.start };
    random_limits(r, limits, sizeof limits);
    r->table = table_of(limits);
    r->burst = 1 - 0.9 * (double)random_below(r, 2);
    config.table = r->table;
    config.burst = r->burst;
    config.organisations = &o;
    config.organisation_count = 1;
    r->provider = sim_provider_new(&config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->provider);
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t limit = r->limits.max[i];
        r->rate[i] = lim_rate_make(limit, lim_limit_window((enum lim_limit)i),
                                   lim_rate_burst(limit, r->burst));
    }
}

static struct lim_cost random_cost(struct run *r)
{
    int64_t tokens = r->limits.max[LIM_TPM];
    return (struct lim_cost){ {
        [LIM_REQUESTS] = 1,
        [LIM_TOKENS] = random_below(r, tokens > 0 ? tokens / 2 + 2 : 500),
        [LIM_IMAGES] = random_below(r, 3),
    } };
}

/* At `now` the request is refused by a wait: every number fits the others. */
static void check_refusal(const struct run *r, const struct lim_cost *c,
                          const struct sim_verdict *v, lim_time now)
{
    struct sim_verdict w;
    const struct sim_provider *p = r->provider;
    int64_t window = lim_limit_window(v->limit);
    struct sim_window_view view;
    sim_provider_window(p, 0, 0, v->limit, now, &view);
    CU_ASSERT_EQUAL(v->max, r->limits.max[v->limit]);
    CU_ASSERT_EQUAL(v->max - v->used, view.remaining);
    int64_t off = v->shown.hint_ns - (v->admitted_at - now);
    CU_ASSERT(off > -LIM_MSEC);
    CU_ASSERT((wide)off * v->max <= window);
    CU_ASSERT_EQUAL(v->shown.hint_ns % LIM_MSEC, 0);
    sim_provider_probe(p, 0, 0, c, now + v->shown.hint_ns + LIM_MSEC, &w);
    CU_ASSERT_EQUAL(w.answer, SIM_ADMITTED);
    sim_provider_probe(p, 0, 0, c, v->admitted_at - 1, &w);
    CU_ASSERT_EQUAL(w.answer, SIM_RATE_LIMITED);
    sim_provider_probe(p, 0, 0, c, v->admitted_at, &w);
    CU_ASSERT_EQUAL(w.answer, SIM_ADMITTED);
}

static void play(struct run *r)
{
    lim_time now = r->start;
    for (int i = 0; i < STEPS; i++) {
        struct lim_cost c = random_cost(r);
        struct sim_verdict v, before;
        sim_provider_probe(r->provider, 0, 0, &c, now, &before);
        sim_provider_admit(r->provider, 0, 0, &c, now, &v);
        CU_ASSERT_EQUAL(before.answer, v.answer);
        CU_ASSERT_EQUAL(before.admitted_at, v.admitted_at);
        if (v.answer == SIM_ADMITTED) {
            r->at[r->admitted] = now;
            r->cost[r->admitted++] = c;
        } else if (v.answer == SIM_RATE_LIMITED) {
            check_refusal(r, &c, &v, now);
            if (random_below(r, 3) == 0)
                now = v.admitted_at;
        }
        if (random_below(r, 3) == 0)
            now += random_below(r, 2 * LIM_SEC);
    }
}

/* In every interval: cost <= burst + limit x t / window, exactly. */
static void check_admissions(const struct run *r, int i)
{
    const struct lim_rate *rate = &r->rate[i];
    enum lim_dimension d = lim_limit_dimension((enum lim_limit)i);
    int64_t total = 0;
    for (size_t from = 0; from < r->admitted; from++) {
        int64_t sum = 0;
        total += r->cost[from].amount[d];
        for (size_t to = from; to < r->admitted; to++) {
            sum += r->cost[to].amount[d];
            wide over = (wide)(sum - rate->burst) * rate->window_ns -
                        (wide)(r->at[to] - r->at[from]) * rate->limit;
            if (rate->limit != LIM_UNLIMITED && over > 0)
                CU_FAIL("more was admitted than the limit allows");
        }
    }
    struct sim_window_view view;
    sim_provider_window(r->provider, 0, 0, (enum lim_limit)i, r->start, &view);
    CU_ASSERT_EQUAL(view.admitted, total);
}

static void no_interval_sees_more_than_its_limit(void)
{
    static struct run r;
    size_t admitted = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        unsigned failures = CU_get_number_of_failures();
        start_run(&r, seed);
        play(&r);
        for (int i = 0; i < LIM_WINDOWS; i++)
            check_admissions(&r, i);
        admitted += r.admitted;
        sim_provider_free(r.provider);
        lim_table_free(r.table);
        if (CU_get_number_of_failures() != failures)
            printf("seed %d\n", (int)seed);
    }
    CU_ASSERT(admitted > 1000 && admitted < 60 * STEPS - 1000);
}

CU_TestInfo admission_tests[] = {
    { "no interval sees more than its limit, and every number fits",
      no_interval_sees_more_than_its_limit },
    CU_TEST_INFO_NULL
};
