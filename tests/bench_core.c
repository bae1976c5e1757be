/*
 * What the core costs: ns an operation, one line "name TAB value TAB unit"
 * each, and bytes.  A value is the median of several trials in one process,
 * so read it as what the code needs when the machine leaves it alone.
 */

#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "limiter/blocking.h"
#include "limiter/feedback.h"
#include "limiter/pool.h"
#include "limiter/rng.h"
#include "limiter/timerq.h"
#include "limiter/window.h"
#include "tests/measure.h"

static volatile int64_t sink;

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

/* How large a pool is. */
struct size {
    const char *strategy;
    unsigned organisations, groups, requests;
};

static struct lim_pool *make_pool(const struct size *size)
{
    static struct lim_organisation o[ORGANISATIONS_MAX];
    struct lim_config c = lim_config_default();
    struct lim_limits l[] = { limits(), limits() };
    assert(size->organisations <= ORGANISATIONS_MAX && size->groups <= 2);
    for (unsigned i = 0; i < size->organisations; i++)
        o[i] = (struct lim_organisation){
            .name = "o", .keys = 1, .limits = l, .spend_max = LIM_UNLIMITED
        };
    c.organisations = o;
    c.organisation_count = size->organisations;
    c.groups = size->groups;
    c.requests_max = size->requests;
    c.strategy = lim_strategy_find(size->strategy);
    struct lim_pool *p = lim_pool_new(&c, NULL);
    assert(p != NULL);
    return p;
}

static lim_id submit(struct lim_pool *p, int number, lim_time deadline,
                     lim_time now)
{
    const struct lim_request r = { .cost = chat,
                                   .deadline = deadline,
                                   .number = (uint64_t)number };
    lim_id id;
    int rc = lim_submit(p, &r, now, &id, NULL);
    assert(rc == LIM_ACCEPTED);
    (void)rc;
    return id;
}

static lim_id send_one(struct lim_pool *p, lim_time now)
{
    struct lim_action a;
    bool sent = lim_next(p, now, &a);
    assert(sent && a.kind == LIM_SEND);
    (void)sent;
    return a.id;
}

/*
 * A request is submitted, sent, and the oldest one in flight ends: at 60 % of
 * what the limits carry, with three in flight for each organisation, while
 * `waiting` others wait.  What is measured comes after so many `first`: what
 * the system takes for memory that nobody has touched yet is not the pool's.
 */
static double decisions(const char *strategy, unsigned n, int waiting,
                        int first, int count)
{
    static lim_id in_flight[3 * ORGANISATIONS_MAX];
    const struct lim_outcome ok = { .class = LIM_CLASS_OK,
                                    .status = 200,
                                    .first_token_ns = -1,
                                    .reply_tokens = -1,
                                    .feedback = lim_feedback_none() };
    int depth = 3 * (int)n;
    const struct size size = { strategy, n, 1,
                               (unsigned)(waiting + depth + 1) };
    struct lim_pool *p = make_pool(&size);
    lim_time now = 0, gap = gap_of(n);
    int64_t began = 0;
    int oldest = 0; /* of the ring of those in flight */
    for (int i = 0; i < waiting; i++)
        submit(p, i, LIM_NEVER, now);
    for (int i = -depth - first; i < count; i++) {
        if (i == 0)
            began = clock_ns();
        now += gap;
        submit(p, i, LIM_NEVER, now);
        lim_id id = send_one(p, now);
        if (i >= -first)
            lim_complete(p, in_flight[oldest], &ok, now, NULL);
        in_flight[oldest] = id;
        oldest = oldest + 1 < depth ? oldest + 1 : 0;
    }
    double ns = (double)(clock_ns() - began) / count;
    lim_pool_free(p);
    return ns;
}

static double bytes_of(const struct size *size)
{
    struct mallinfo2 before = mallinfo2();
    struct lim_pool *p = make_pool(size);
    struct mallinfo2 after = mallinfo2();
    double bytes = (double)(after.uordblks + after.hblkhd) -
                   (double)(before.uordblks + before.hblkhd);
    lim_pool_free(p);
    return bytes;
}

/* What one more organisation adds, with `groups` limit groups. */
static double bytes_an_organisation(unsigned groups)
{
    const struct size few = { "headroom", 1000, groups, 16 };
    const struct size many = { "headroom", 10000, groups, 16 };
    return (bytes_of(&many) - bytes_of(&few)) / 9000;
}

static double resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Memory that is touched when a million requests with deadlines wait. */
static double bytes_a_waiting_request(void)
{
    enum { COUNT = 1000000 };
    const struct size size = { "headroom", 10, 1, COUNT };
    struct lim_pool *p = make_pool(&size);
    double before = resident();
    for (int i = 0; i < COUNT; i++)
        submit(p, i, LIM_HOUR + i, 0);
    double bytes = (resident() - before) / COUNT;
    lim_pool_free(p);
    return bytes;
}

#define PAIRS 500000

static void *acquire_and_release(void *pool)
{
    struct lim_request r = { .deadline = LIM_NEVER };
    struct lim_grant g;
    for (int i = 0; i < PAIRS; i++) {
        lim_blocking_acquire(pool, &r, &g);
        lim_blocking_release(pool, &g, NULL);
    }
    return NULL;
}

/* The time that passes a pair, by the clock: threads wait for each other. */
static double acquisitions(int threads)
{
    struct lim_config c = lim_config_default();
    struct lim_limits l = limits();
    struct lim_organisation o = {
        .name = "o", .keys = 1, .limits = &l, .spend_max = LIM_UNLIMITED
    };
    pthread_t thread[2];
    c.organisations = &o;
    c.organisation_count = 1;
    struct lim_blocking *b = lim_blocking_new(&c, NULL);
    assert(b != NULL);
    int64_t began = wall_ns();
    for (int i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, acquire_and_release, b);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    double ns = (double)(wall_ns() - began) / (threads * PAIRS);
    lim_blocking_free(b);
    return ns;
}

static double timers(uint32_t pending, int count)
{
    struct lim_timerq *q = lim_timerq_new(pending);
    uint32_t id;
    assert(q != NULL);
    for (uint32_t i = 0; i < pending; i++)
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

/* More organisations take longer to set up, not to decide. */
static void decide(void)
{
    static const char *const strategies[] = { "round_robin", "p2c", "headroom",
                                              "earliest", "least_in_flight" };
    for (size_t s = 0; s < sizeof strategies / sizeof strategies[0]; s++)
        for (unsigned n = 1; n <= ORGANISATIONS_MAX; n *= 10) {
            char name[80];
            double ns;
            MEASURE(&ns, decisions(strategies[s], n, 0, 0, 200000));
            snprintf(name, sizeof name,
                     "submit, next, complete: %s, %u organisations",
                     strategies[s], n);
            report(name, ns, "ns");
        }
    for (int waiting = 10; waiting <= 1000000; waiting *= 10) {
        char name[80];
        double ns;
        MEASURE(&ns, decisions("headroom", 100, waiting, waiting, 200000));
        snprintf(name, sizeof name,
                 "submit, next, complete: headroom, 100, %d waiting", waiting);
        report(name, ns, "ns");
    }
    double ns;
    MEASURE(&ns, decisions("headroom", 100, 1000000, 0, 200000));
    report("submit, next, complete: headroom, 100, 1000000 waiting, memory "
           "never touched before",
           ns, "ns");
}

static void wait_for_timers(void)
{
    for (uint32_t pending = 10; pending <= 100000; pending *= 10) {
        char name[80];
        double ns;
        MEASURE(&ns, timers(pending, 2000000));
        snprintf(name, sizeof name, "timer set and popped, %" PRIu32 " pending",
                 pending);
        report(name, ns, "ns");
    }
}

static void weigh(void)
{
    double one = bytes_an_organisation(1), two = bytes_an_organisation(2);
    report("an organisation in one limit group", one, "bytes");
    report("an organisation in one limit group more", two - one, "bytes");
    report("a waiting request with a deadline", bytes_a_waiting_request(),
           "bytes");
}

int main(void)
{
    double ns;
    weigh();
    MEASURE(&ns, admissions(5000000));
    report("one admission, four dimensions", ns, "ns");
    decide();
    MEASURE(&ns, acquisitions(1));
    report("acquire and release, one thread", ns, "ns");
    MEASURE(&ns, acquisitions(2));
    report("acquire and release, two threads", ns, "ns");
    wait_for_timers();
    return 0;
}
