/*
 * What the core costs: ns an operation, one line "name TAB value TAB unit"
 * each.  A value is the median of several trials in one process, so read it
 * as what the code needs when the machine leaves it alone.
 */

#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "limiter/blocking.h"
#include "limiter/pool.h"
#include "limiter/rng.h"
#include "limiter/timerq.h"
#include "limiter/window.h"
#include "sim/provider.h"
#include "sim/world.h"

#define TRIALS 7
#define ORGANISATIONS_MAX 100

static volatile int64_t sink;

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * LIM_SEC + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, double trial[TRIALS])
{
    qsort(trial, TRIALS, sizeof trial[0], ascending);
    printf("%s\t%.1f\tns\n", name, trial[TRIALS / 2]);
    fflush(stdout);
}

static const struct lim_cost chat = { { 1, 300, 0, 900 } };

/* Requests, tokens, images, and money of a month: all or none. */
static double admissions(int n)
{
    const struct lim_rate rates[] = {
        lim_rate_make(5000, LIM_MIN, 5000),
        lim_rate_make(600000, LIM_MIN, 600000),
        lim_rate_make(500, LIM_MIN, 500),
    };
    const int64_t cost[] = { 1, 300, 1 };
    struct lim_window window[3];
    int64_t spent = 0, spend_max = LIM_LIMIT_MAX, admitted = 0;
    for (int i = 0; i < 3; i++)
        lim_window_init(&window[i], 0);
    int64_t began = clock_ns();
    for (lim_time now = 0; now < n * 100 * LIM_MSEC; now += 100 * LIM_MSEC) {
        lim_time ready = spent + 900 <= spend_max ? now : LIM_NEVER;
        for (int i = 0; i < 3; i++) {
            lim_time t = lim_window_ready(&rates[i], &window[i], cost[i], now);
            ready = t > ready ? t : ready;
        }
        if (ready > now)
            continue;
        for (int i = 0; i < 3; i++)
            lim_window_take(&rates[i], &window[i], cost[i], now);
        spent += 900;
        admitted++;
    }
    double ns = (double)(clock_ns() - began) / n;
    sink = admitted;
    return ns;
}

static struct lim_limits limits(void)
{
    struct lim_limits l = lim_limits_none();
    l.max[LIM_RPM] = 5000;
    l.max[LIM_TPM] = 1500000;
    return l;
}

static struct lim_pool *make_pool(const char *strategy, unsigned n)
{
    struct lim_organisation o[ORGANISATIONS_MAX];
    struct lim_config c = lim_config_default();
    struct lim_limits l = limits();
    for (unsigned i = 0; i < n; i++)
        o[i] = (struct lim_organisation){ "o", 1, &l, NULL, -1, 0 };
    c.organisations = o;
    c.organisation_count = n;
    c.strategy = lim_strategy_find(strategy);
    struct lim_pool *p = lim_pool_new(&c, NULL);
    assert(p != NULL);
    return p;
}

/*
 * A request is submitted, sent, and the oldest one in flight ends: at 60 % of
 * what the limits carry, with three in flight for each organisation.
 */
static double decisions(const char *strategy, unsigned n, int count)
{
    lim_id in_flight[3 * ORGANISATIONS_MAX];
    const struct lim_outcome ok = { .class = LIM_CLASS_OK,
                                    .status = 200,
                                    .feedback = lim_feedback_none() };
    struct lim_pool *p = make_pool(strategy, n);
    lim_time now = 0, gap = LIM_MIN * 10 / (6 * 5000 * (int64_t)n);
    int depth = 3 * (int)n;
    struct lim_action a;
    int64_t began = 0;
    for (int i = -depth; i < count; i++) {
        struct lim_request r = { .cost = chat,
                                 .deadline = LIM_NEVER,
                                 .number = (uint64_t)i };
        lim_id id;
        if (i == 0)
            began = clock_ns();
        now += gap;
        int rc = lim_submit(p, &r, now, &id, NULL);
        bool sent = lim_next(p, now, &a);
        assert(rc == LIM_ACCEPTED && sent && a.kind == LIM_SEND);
        (void)rc;
        (void)sent;
        int slot = (i + depth) % depth;
        if (i >= 0)
            lim_complete(p, in_flight[slot], &ok, now, NULL);
        in_flight[slot] = id;
    }
    double ns = (double)(clock_ns() - began) / count;
    lim_pool_free(p);
    return ns;
}

/* lim_next alone, for requests that wait and may go. */
static double choices(const char *strategy, unsigned n, int rounds)
{
    enum { BATCH = 64 };
    const struct lim_outcome ok = { .class = LIM_CLASS_OK,
                                    .status = 200,
                                    .feedback = lim_feedback_none() };
    struct lim_pool *p = make_pool(strategy, n);
    lim_time now = 0, gap = LIM_MIN * 10 / (6 * 5000 * (int64_t)n);
    int64_t spent_ns = 0;
    lim_id id[BATCH];
    for (int round = 0; round < rounds; round++) {
        struct lim_action a;
        now += gap * BATCH;
        for (int i = 0; i < BATCH; i++) {
            struct lim_request r = { .cost = chat,
                                     .deadline = LIM_NEVER,
                                     .number = (uint64_t)(round * BATCH + i) };
            lim_submit(p, &r, now, &id[i], NULL);
        }
        int64_t began = clock_ns();
        for (int i = 0; i < BATCH; i++) {
            bool sent = lim_next(p, now, &a);
            assert(sent && a.kind == LIM_SEND);
            (void)sent;
        }
        spent_ns += clock_ns() - began;
        for (int i = 0; i < BATCH; i++)
            lim_complete(p, id[i], &ok, now, NULL);
    }
    lim_pool_free(p);
    return (double)spent_ns / ((double)rounds * BATCH);
}

static double acquisitions(int count)
{
    struct lim_config c = lim_config_default();
    struct lim_limits l = limits();
    struct lim_organisation o = { "o", 1, &l, NULL, -1, 0 };
    struct lim_request r = { .deadline = LIM_NEVER };
    struct lim_grant g;
    c.organisations = &o;
    c.organisation_count = 1;
    struct lim_blocking *b = lim_blocking_new(&c, NULL);
    assert(b != NULL);
    int64_t began = clock_ns();
    for (int i = 0; i < count; i++) {
        lim_blocking_acquire(b, &r, &g);
        lim_blocking_release(b, &g, NULL);
    }
    double ns = (double)(clock_ns() - began) / count;
    lim_blocking_free(b);
    return ns;
}

static double timers(int count)
{
    enum { PENDING = 1000 };
    struct lim_timerq *q = lim_timerq_new(PENDING);
    uint32_t id;
    assert(q != NULL);
    for (uint32_t i = 0; i < PENDING; i++)
        lim_timerq_set(q, i, (lim_time)(lim_rng_mix(i) >> 34), 0);
    int64_t began = clock_ns();
    for (int i = 0; i < count; i++) {
        lim_time now = lim_timerq_next(q);
        lim_timerq_pop(q, now, &id);
        lim_timerq_set(q, id, now + (lim_time)(lim_rng_mix((uint64_t)i) >> 34),
                       0);
    }
    double ns = (double)(clock_ns() - began) / count;
    lim_timerq_free(q);
    return ns;
}

/* Ten organisations of gpt-4o at tier 3: 600,000 TPM carry 666 a minute. */
static double simulated(double load)
{
    struct sim_organisation o[10];
    struct sim_workload w = {
        .model = "gpt-4o",
        .arrivals = { .kind = SIM_ARRIVE_POISSON,
                      .rate_per_s = load * 10 * 600000 / 900.0 / 60 },
        .prompt_tokens = sim_dist_constant(300),
        .completion_tokens = sim_dist_lognormal(129, 451),
        .max_tokens = 600,
        .deadline_ns = LIM_NEVER,
    };
    for (int i = 0; i < 10; i++)
        o[i] = (struct sim_organisation){ .name = "o",
                                          .tier = LIM_TIER_3,
                                          .keys = 1,
                                          .first_payment_days_ago = -1 };
    struct lim_table *table = lim_table_builtin("official-2024-mid", NULL);
    struct sim_scenario s = { .name = "bench",
                              .seed = 1,
                              .duration_ns = 30 * LIM_MIN,
                              .provider = sim_provider_config_default(),
                              .client = sim_client_config_default(),
                              .workloads = &w,
                              .workload_count = 1 };
    struct sim_summary out;
    assert(table != NULL);
    s.provider.table = table;
    s.provider.organisations = o;
    s.provider.organisation_count = 10;
    int64_t began = clock_ns();
    int rc = sim_world_run(&s, 1, NULL, NULL, &out, NULL, NULL, NULL);
    double took = (double)(clock_ns() - began);
    assert(rc == LIM_OK && out.requests > 0);
    (void)rc;
    double ns = took / (double)out.requests;
    sim_summary_fini(&out);
    lim_table_free(table);
    return ns;
}

#define MEASURE(name, expression)                                              \
    do {                                                                       \
        double trial[TRIALS];                                                  \
        for (int i = 0; i < TRIALS; i++)                                       \
            trial[i] = (expression);                                           \
        report(name, trial);                                                   \
    } while (0)

int main(void)
{
    static const char *const strategies[] = { "round_robin", "headroom",
                                              "least_in_flight" };
    MEASURE("one admission, four dimensions", admissions(5000000));
    for (unsigned n = 10; n <= 100; n *= 10)
        for (size_t s = 0; s < 3; s++) {
            char name[80];
            snprintf(name, sizeof name,
                     "submit, next, complete: %s, %u organisations",
                     strategies[s], n);
            MEASURE(name, decisions(strategies[s], n, 500000));
            snprintf(name, sizeof name, "next alone: %s, %u organisations",
                     strategies[s], n);
            MEASURE(name, choices(strategies[s], n, 8000));
        }
    MEASURE("acquire and release, one thread", acquisitions(500000));
    MEASURE("timer set and popped, 1000 pending", timers(2000000));
    MEASURE("simulated request, 10 organisations, 60 % load", simulated(0.6));
    MEASURE("simulated request, 10 organisations, 105 % load", simulated(1.05));
    return 0;
}
