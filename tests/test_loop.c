#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "mockserver/loop.h"

#define START (1000 * LIM_SEC)
#define MANY 10000

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * LIM_SEC + t.tv_nsec;
}

/* What the callbacks of a test share. */
struct tally {
    struct mock_loop *loop;
    int64_t begun; /* before the loop's clock started */
    int fired, wanted, early, wrong;
    lim_time last;
    char order[64];
    lim_time at[MANY]; /* by timer */
};

static void count(void *context, uint32_t timer, lim_time now)
{
    struct tally *t = context;
    double passed = (double)(clock_ns() - t->begun);
    double due = (double)(t->at[timer] - START);
    t->early += due > passed * mock_loop_speed(t->loop) + 1;
    t->wrong += now != t->at[timer] || mock_loop_now(t->loop) != now;
    t->wrong += now < t->last;
    t->last = now;
    if (++t->fired == t->wanted)
        mock_loop_stop(t->loop);
}

static void many_timers(double speed, int n, int64_t span_ns)
{
    static struct tally t;
    uint64_t random = 1;
    t = (struct tally){ .begun = clock_ns(), .wanted = n };
    t.loop = mock_loop_new(START, speed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t.loop);
    for (int i = 0; i < n; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t timer = mock_loop_timer_new(t.loop, count, &t);
        t.at[timer] = START + (lim_time)(random >> 33) % span_ns;
        mock_loop_timer_set(t.loop, timer, t.at[timer]);
    }
    CU_ASSERT_EQUAL(mock_loop_run(t.loop), 0);
    CU_ASSERT_EQUAL(t.fired, n);
    CU_ASSERT_EQUAL(t.early, 0);
    CU_ASSERT_EQUAL(t.wrong, 0);
    mock_loop_free(t.loop);
}

static void ten_thousand_timers_are_not_early(void)
{
    many_timers(1, MANY, 300 * LIM_MSEC);
}

static void not_at_other_speeds_either(void)
{
    const double speeds[] = { 0.001, 1.0 / 3, 0.7, 2, 60, 12345.678, 1e6 };
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
        many_timers(speeds[i], 500,
                    (int64_t)(30 * (double)LIM_MSEC * speeds[i]));
}

static void speeds_out_of_range_are_refused(void)
{
    const double speeds[] = { -1, 0.0001, 1e7, -0.5 };
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        errno = 0;
        CU_ASSERT_PTR_NULL(mock_loop_new(START, speeds[i]));
        CU_ASSERT_EQUAL(errno, EINVAL);
    }
}

static void note(void *context, uint32_t timer, lim_time now)
{
    struct tally *t = context;
    t->order[t->fired++] = (char)('a' + timer);
    t->wrong += now != t->at[timer] || mock_loop_now(t->loop) != now;
}

static void stop(void *context, uint32_t timer, lim_time now)
{
    struct tally *t = context;
    (void)timer;
    (void)now;
    mock_loop_stop(t->loop);
}

static void a_frozen_clock_moves_by_hand_alone(void)
{
    static const lim_time at[] = { 30, 10, 20, 10, 40 };
    static struct tally t;
    t = (struct tally){ .loop = mock_loop_new(START, 0) };
    for (size_t i = 0; i < 5; i++) {
        uint32_t timer = mock_loop_timer_new(t.loop, note, &t);
        t.at[timer] = START + at[i];
        mock_loop_timer_set(t.loop, timer, t.at[timer]);
    }
    uint32_t wall = mock_loop_timer_new(t.loop, stop, &t);
    mock_loop_timer_wall(t.loop, wall, 20 * LIM_MSEC);
    CU_ASSERT_EQUAL(mock_loop_run(t.loop), 0);
    CU_ASSERT_EQUAL(t.fired, 0);
    CU_ASSERT_EQUAL(mock_loop_update(t.loop), START);
    mock_loop_advance(t.loop, START + 9);
    CU_ASSERT_EQUAL(t.fired, 0);
    mock_loop_advance(t.loop, START + 30);
    CU_ASSERT_STRING_EQUAL(t.order, "bdca");
    CU_ASSERT_EQUAL(mock_loop_now(t.loop), START + 30);
    mock_loop_advance(t.loop, START + 5);
    CU_ASSERT_EQUAL(mock_loop_now(t.loop), START + 30);
    mock_loop_advance(t.loop, START + 100);
    CU_ASSERT_STRING_EQUAL(t.order, "bdcae");
    CU_ASSERT_EQUAL(t.wrong, 0);
    mock_loop_free(t.loop);
}

static void advance_more(void *context, uint32_t timer, lim_time now)
{
    struct tally *t = context;
    note(context, timer, now);
    mock_loop_advance(t->loop, START + 50);
}

static void a_callback_may_move_the_clock(void)
{
    static struct tally t;
    t = (struct tally){ .loop = mock_loop_new(START, 0) };
    uint32_t a = mock_loop_timer_new(t.loop, advance_more, &t);
    uint32_t b = mock_loop_timer_new(t.loop, note, &t);
    mock_loop_timer_set(t.loop, a, t.at[a] = START + 10);
    mock_loop_timer_set(t.loop, b, t.at[b] = START + 40);
    mock_loop_advance(t.loop, START + 20);
    CU_ASSERT_STRING_EQUAL(t.order, "ab");
    CU_ASSERT_EQUAL(mock_loop_now(t.loop), START + 50);
    CU_ASSERT_EQUAL(t.wrong, 0);
    mock_loop_free(t.loop);
}

/* So slow that what passes on the wall during the test is next to nothing. */
static void a_running_clock_goes_on_from_there(void)
{
    static struct tally t;
    t = (struct tally){ .loop = mock_loop_new(START, 0.001) };
    uint32_t a = mock_loop_timer_new(t.loop, note, &t);
    mock_loop_timer_set(t.loop, a, t.at[a] = START + LIM_HOUR);
    mock_loop_advance(t.loop, START + LIM_DAY);
    CU_ASSERT_STRING_EQUAL(t.order, "a");
    CU_ASSERT_EQUAL(mock_loop_now(t.loop), START + LIM_DAY);
    lim_time now = mock_loop_update(t.loop);
    CU_ASSERT(now >= START + LIM_DAY);
    CU_ASSERT(now < START + LIM_DAY + LIM_HOUR);
    mock_loop_advance(t.loop, START);
    CU_ASSERT(mock_loop_now(t.loop) >= now);
    CU_ASSERT(mock_loop_now(t.loop) < START + LIM_DAY + LIM_HOUR);
    mock_loop_free(t.loop);
}

static void free_itself(void *context, uint32_t timer, lim_time now)
{
    struct tally *t = context;
    note(context, timer, now);
    mock_loop_timer_free(t->loop, timer);
    uint32_t again = mock_loop_timer_new(t->loop, note, t);
    mock_loop_timer_set(t->loop, again, t->at[again] = now + 1);
}

static void timers_may_be_moved_and_freed_anywhere(void)
{
    static struct tally t;
    t = (struct tally){ .loop = mock_loop_new(START, 0) };
    uint32_t a = mock_loop_timer_new(t.loop, free_itself, &t);
    uint32_t b = mock_loop_timer_new(t.loop, note, &t);
    uint32_t c = mock_loop_timer_new(t.loop, note, &t);
    mock_loop_timer_set(t.loop, a, t.at[a] = START + 10);
    mock_loop_timer_set(t.loop, b, START + 5);
    mock_loop_timer_set(t.loop, b, t.at[b] = START + 20);
    mock_loop_timer_set(t.loop, c, START + 15);
    mock_loop_timer_set(t.loop, c, LIM_NEVER);
    mock_loop_advance(t.loop, START + 100);
    CU_ASSERT_STRING_EQUAL(t.order, "aab");
    mock_loop_timer_set(t.loop, b, START + 200);
    mock_loop_timer_wall(t.loop, b, LIM_SEC); /* no longer at 200 */
    mock_loop_advance(t.loop, START + 300);
    CU_ASSERT_STRING_EQUAL(t.order, "aab");
    CU_ASSERT_EQUAL(t.wrong, 0);
    mock_loop_free(t.loop);
}

static void wall_timers_ignore_the_speed(void)
{
    static struct tally t;
    t = (struct tally){ .loop = mock_loop_new(START, 1e6) };
    uint32_t timer = mock_loop_timer_new(t.loop, stop, &t);
    int64_t before = mock_loop_wall(t.loop);
    mock_loop_timer_wall(t.loop, timer, 30 * LIM_MSEC);
    CU_ASSERT_EQUAL(mock_loop_run(t.loop), 0);
    CU_ASSERT(clock_ns() - before >= 30 * LIM_MSEC);
    CU_ASSERT(mock_loop_now(t.loop) >= START + 30000 * LIM_SEC);
    mock_loop_free(t.loop);
}

/* Two pipes that are readable at once; the first to be seen unwatches the
   other and watches a new one, with the same descriptor. */
struct pipes {
    struct mock_loop *loop;
    int read[2], write[2];
    int seen, stale;
};

static void on_new(void *context, uint32_t events)
{
    struct pipes *p = context;
    (void)events;
    p->stale++;
}

static void on_old(void *context, uint32_t events)
{
    struct pipes *p = context;
    char byte;
    CU_ASSERT_EQUAL(events, EPOLLIN);
    p->seen++;
    int i = read(p->read[0], &byte, 1) == 1 ? 1 : 0;
    int fd = p->read[i], fresh[2];
    mock_loop_unwatch(p->loop, fd);
    CU_ASSERT_EQUAL(pipe(fresh), 0);
    CU_ASSERT_EQUAL(dup2(fresh[0], fd), fd);
    close(fresh[0]);
    close(p->write[i]);
    p->write[i] = fresh[1];
    CU_ASSERT_EQUAL(mock_loop_watch(p->loop, fd, EPOLLIN, on_new, p), 0);
}

static void an_event_of_an_old_watch_is_dropped(void)
{
    static struct tally t;
    struct pipes p = { .loop = mock_loop_new(START, 1) };
    t = (struct tally){ .loop = p.loop };
    for (int i = 0; i < 2; i++) {
        int ends[2];
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        p.read[i] = ends[0];
        p.write[i] = ends[1];
        CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
        CU_ASSERT_EQUAL(mock_loop_watch(p.loop, ends[0], EPOLLIN, on_old, &p),
                        0);
    }
    uint32_t timer = mock_loop_timer_new(p.loop, stop, &t);
    mock_loop_timer_wall(p.loop, timer, 10 * LIM_MSEC);
    CU_ASSERT_EQUAL(mock_loop_run(p.loop), 0);
    CU_ASSERT_EQUAL(p.seen, 1);
    CU_ASSERT_EQUAL(p.stale, 0);
    for (int i = 0; i < 2; i++) {
        mock_loop_unwatch(p.loop, p.read[i]);
        close(p.read[i]);
        close(p.write[i]);
    }
    mock_loop_free(p.loop);
}

static void a_stop_before_the_run_counts(void)
{
    struct mock_loop *l = mock_loop_new(START, 1);
    mock_loop_stop(l);
    CU_ASSERT_EQUAL(mock_loop_run(l), 0);
    mock_loop_free(l);
}

CU_TestInfo loop_tests[] = {
    { "ten thousand timers are not early", ten_thousand_timers_are_not_early },
    { "nor at other speeds", not_at_other_speeds_either },
    { "speeds out of range are refused", speeds_out_of_range_are_refused },
    { "a frozen clock moves by hand alone",
      a_frozen_clock_moves_by_hand_alone },
    { "a callback may move the clock", a_callback_may_move_the_clock },
    { "a running clock goes on from there",
      a_running_clock_goes_on_from_there },
    { "timers may be moved and freed anywhere",
      timers_may_be_moved_and_freed_anywhere },
    { "wall timers ignore the speed", wall_timers_ignore_the_speed },
    { "an event of an old watch is dropped",
      an_event_of_an_old_watch_is_dropped },
    { "a stop before the run counts", a_stop_before_the_run_counts },
    CU_TEST_INFO_NULL
};
