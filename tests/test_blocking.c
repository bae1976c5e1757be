/*
 * Real threads on the real clock, so only what holds at every speed is
 * checked: no lower bound is missed, nothing is lost.
 */

#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "limiter/blocking.h"

#define THREADS 12

static struct lim_blocking *make(struct lim_config c, struct lim_limits limits)
{
    const struct lim_organisation both[] = {
        { .name = "a", .keys = 2, .limits = &limits, .spend_max = -1 },
        { .name = "b", .keys = 1, .limits = &limits, .spend_max = -1 },
    };
    c.organisations = both;
    if (c.organisation_count == 0)
        c.organisation_count = 1;
    return lim_blocking_new(&c, NULL);
}

static struct lim_request plain(uint64_t number)
{
    return (struct lim_request){ .cost.amount[LIM_REQUESTS] = 1,
                                 .deadline = LIM_NEVER,
                                 .number = number };
}

static struct lim_outcome ended(enum lim_class class, int status)
{
    return (struct lim_outcome){ .class = class,
                                 .status = status,
                                 .feedback = lim_feedback_none() };
}

/* What the threads of one case do, and what they saw. */
struct crowd {
    struct lim_blocking *b;
    unsigned requests;   /* of each thread */
    unsigned fail_every; /* a transient failure; 0: never */
    lim_time deadline;
    atomic_int inside, most;
    atomic_uint next, done, gave_up, failed;
};

static void come_in(struct crowd *c)
{
    int now = atomic_fetch_add(&c->inside, 1) + 1;
    int most = atomic_load(&c->most);
    while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
        continue;
    sched_yield();
    atomic_fetch_sub(&c->inside, 1);
}

static void one_request(struct crowd *c, unsigned number)
{
    const struct lim_outcome bad = ended(LIM_CLASS_TRANSIENT, 503);
    struct lim_request r = plain(number);
    struct lim_grant g = { .attempt = 0 };
    r.deadline = c->deadline;
    int rc = lim_blocking_acquire(c->b, &r, &g);
    if (rc == LIM_OK)
        rc = LIM_BLOCKING_RETRY;
    while (rc == LIM_BLOCKING_RETRY) {
        come_in(c);
        bool fails = c->fail_every && (number + g.attempt) % c->fail_every == 0;
        rc = lim_blocking_release(c->b, &g, fails ? &bad : NULL);
    }
    atomic_fetch_add(rc == LIM_OK                 ? &c->done
                     : rc == LIM_BLOCKING_GAVE_UP ? &c->gave_up
                                                  : &c->failed,
                     1);
}

static void *work(void *arg)
{
    struct crowd *c = arg;
    for (unsigned i = 0; i < c->requests; i++)
        one_request(c, atomic_fetch_add(&c->next, 1));
    return NULL;
}

static void play(struct crowd *c)
{
    pthread_t thread[THREADS];
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->b);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, work, c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    struct lim_counts n = lim_blocking_counts(c->b);
    CU_ASSERT_EQUAL(n.submitted, THREADS * c->requests);
    CU_ASSERT_EQUAL(n.waiting + n.in_flight + n.backing_off, 0);
    CU_ASSERT_EQUAL(n.succeeded, atomic_load(&c->done));
    CU_ASSERT_EQUAL(n.failed, atomic_load(&c->failed));
    CU_ASSERT_EQUAL(n.expired, atomic_load(&c->gave_up));
    lim_blocking_free(c->b);
}

static void never_more_in_flight_than_the_cap(void)
{
    struct lim_config config = lim_config_default();
    config.cap_pool = 3;
    struct crowd c = { .b = make(config, lim_limits_none()),
                       .requests = 300,
                       .deadline = LIM_NEVER };
    play(&c);
    CU_ASSERT_TRUE(atomic_load(&c.most) <= 3);
    CU_ASSERT_EQUAL(atomic_load(&c.done), THREADS * 300);
}

static void threads_sleep_until_a_window_lets_them_go(void)
{
    struct lim_limits limits = lim_limits_none();
    struct lim_config config = lim_config_default();
    struct timespec from, to;
    limits.max[LIM_RPM] = 60000;
    config.burst = 1.0 / 60000;
    struct crowd c = { .b = make(config, limits),
                       .requests = 5,
                       .deadline = LIM_NEVER };
    clock_gettime(CLOCK_MONOTONIC, &from);
    play(&c);
    clock_gettime(CLOCK_MONOTONIC, &to);
    CU_ASSERT_EQUAL(atomic_load(&c.done), THREADS * 5);
    CU_ASSERT_TRUE((to.tv_sec - from.tv_sec) * LIM_SEC + to.tv_nsec -
                       from.tv_nsec >=
                   (THREADS * 5 - 1) * LIM_MSEC);
}

static void nobody_is_lost_among_failures_and_deadlines(void)
{
    struct lim_config config = lim_config_default();
    config.cap_pool = 2;
    config.organisation_count = 2;
    config.retry.base_ns = 100 * LIM_USEC;
    config.retry.max = 2;
    struct crowd c = { .b = make(config, lim_limits_none()),
                       .requests = 200,
                       .fail_every = 2,
                       .deadline = 2 * LIM_MSEC };
    play(&c);
    CU_ASSERT_TRUE(atomic_load(&c.most) <= 2);
}

static void a_deadline_ends_the_wait(void)
{
    struct lim_config config = lim_config_default();
    struct lim_request r = plain(2);
    struct lim_grant first, second;
    config.cap_pool = 1;
    struct lim_blocking *b = make(config, lim_limits_none());
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &first), LIM_OK);
    r.deadline = 3 * LIM_MSEC;
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &second), LIM_BLOCKING_GAVE_UP);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &first, NULL), LIM_OK);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &second), LIM_OK);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &second, NULL), LIM_OK);
    lim_blocking_free(b);
}

static void a_retry_is_a_new_grant(void)
{
    struct lim_config config = lim_config_default();
    const struct lim_outcome busy = ended(LIM_CLASS_TRANSIENT, 503);
    const struct lim_outcome wrong = ended(LIM_CLASS_CALLER, 400);
    struct lim_request r = plain(1);
    struct lim_grant g;
    config.retry.base_ns = LIM_MSEC;
    config.retry.max = 1;
    struct lim_blocking *b = make(config, lim_limits_none());
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &g), LIM_OK);
    CU_ASSERT_EQUAL(g.attempt, 0);
    CU_ASSERT_EQUAL(g.key, 0);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &g, &busy), LIM_BLOCKING_RETRY);
    CU_ASSERT_EQUAL(g.attempt, 1);
    CU_ASSERT_EQUAL(g.key, 1);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &g, &busy), LIM_BLOCKING_FAILED);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &g), LIM_OK);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &g, &wrong), LIM_BLOCKING_FAILED);
    CU_ASSERT_EQUAL(lim_blocking_counts(b).failed, 2);
    lim_blocking_free(b);
}

static void *wait_for_leave(void *arg)
{
    struct lim_request r = plain(3);
    struct lim_grant g;
    CU_ASSERT_EQUAL(lim_blocking_acquire(arg, &r, &g), LIM_OK);
    CU_ASSERT_EQUAL(lim_blocking_release(arg, &g, NULL), LIM_OK);
    return NULL;
}

static void who_comes_when_too_many_wait_gives_up(void)
{
    struct lim_config config = lim_config_default();
    struct lim_request r = plain(2);
    struct lim_grant first, second;
    pthread_t thread;
    config.cap_pool = 1;
    config.queue.max = 1;
    struct lim_blocking *b = make(config, lim_limits_none());
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &first), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wait_for_leave, b), 0);
    while (lim_blocking_counts(b).waiting == 0)
        sched_yield();
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &second), LIM_BLOCKING_GAVE_UP);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &first, NULL), LIM_OK);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(lim_blocking_counts(b).succeeded, 2);
    CU_ASSERT_EQUAL(lim_blocking_counts(b).refused, 1);
    lim_blocking_free(b);
}

static void with_nowhere_to_go_it_gives_up(void)
{
    const struct lim_outcome unknown = ended(LIM_CLASS_CREDENTIAL, 401);
    struct lim_request r = plain(1);
    struct lim_grant g;
    struct lim_blocking *b = make(lim_config_default(), lim_limits_none());
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &g), LIM_OK);
    CU_ASSERT_EQUAL(lim_blocking_release(b, &g, &unknown),
                    LIM_BLOCKING_GAVE_UP);
    lim_blocking_free(b);
}

static void what_can_never_be_sent_is_refused_at_once(void)
{
    struct lim_limits limits = lim_limits_none();
    struct lim_request r = plain(1);
    struct lim_grant g;
    limits.max[LIM_TPM] = 1000;
    r.cost.amount[LIM_TOKENS] = 1001;
    struct lim_blocking *b = make(lim_config_default(), limits);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &g), LIM_BLOCKING_REFUSED);
    r.group = 1;
    CU_ASSERT_EQUAL(lim_blocking_acquire(b, &r, &g), LIM_EINVAL);
    lim_blocking_free(b);
    lim_blocking_free(NULL);
}

static void a_bad_configuration_is_told(void)
{
    struct lim_config config = lim_config_default();
    struct lim_diag diag = { .text = "" };
    CU_ASSERT_PTR_NULL(lim_blocking_new(&config, &diag));
    CU_ASSERT_STRING_NOT_EQUAL(diag.text, "");
}

CU_TestInfo blocking_tests[] = {
    { "never more in flight than the cap", never_more_in_flight_than_the_cap },
    { "threads sleep until a window lets them go",
      threads_sleep_until_a_window_lets_them_go },
    { "nobody is lost among failures and deadlines",
      nobody_is_lost_among_failures_and_deadlines },
    { "a deadline ends the wait", a_deadline_ends_the_wait },
    { "a retry is a new grant", a_retry_is_a_new_grant },
    { "who comes when too many wait gives up",
      who_comes_when_too_many_wait_gives_up },
    { "with nowhere to go it gives up", with_nowhere_to_go_it_gives_up },
    { "what can never be sent is refused at once",
      what_can_never_be_sent_is_refused_at_once },
    { "a bad configuration is told", a_bad_configuration_is_told },
    CU_TEST_INFO_NULL
};
