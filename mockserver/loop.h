#ifndef MOCK_LOOP_H
#define MOCK_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * An event loop: epoll, and the core's timer queue on a clock that may run
 * faster than the wall's.
 *
 * Time starts at `start` and runs `speed` times as fast as CLOCK_MONOTONIC;
 * with speed 0 it stands still and moves only by mock_loop_advance.  A timer
 * is never early.  Callbacks run one at a time, in the thread that called
 * mock_loop_run; they may add and remove anything.
 */
struct mock_loop;

/* Readiness of a descriptor: EPOLLIN, EPOLLOUT, EPOLLRDHUP, ... */
typedef void mock_loop_io_fn(void *context, uint32_t events);
typedef void mock_loop_timer_fn(void *context, uint32_t timer, lim_time now);

/* `start` is at least 0, `speed` 0 or 0.001 to 1e6.  NULL: they are not
   (EINVAL), no memory or no descriptors (errno tells). */
struct mock_loop *mock_loop_new(lim_time start, double speed);

/* A loop for another thread, on the clock of `other`: both tell the same
   time.  NULL: no memory or no descriptors, or that clock stands still
   (EINVAL: there is nobody to move both at once). */
struct mock_loop *mock_loop_new_like(const struct mock_loop *other);

void mock_loop_free(struct mock_loop *l); /* NULL is allowed */

/* The loop's time; in a timer's callback, that at which it was due even if
   the loop woke later; in others, that at which the loop woke.  Never earlier
   than before. */
lim_time mock_loop_now(const struct mock_loop *l);

/* Reads the clock anew; between two callbacks the loop does it itself. */
lim_time mock_loop_update(struct mock_loop *l);

/* CLOCK_MONOTONIC in ns when it was last read. */
int64_t mock_loop_wall(const struct mock_loop *l);

double mock_loop_speed(const struct mock_loop *l);

/* Moves time forward to `to`, running the timers due on the way in order; a
   clock that runs goes on from there.  A `to` that has passed does nothing. */
void mock_loop_advance(struct mock_loop *l, lim_time to);

/* Watches `fd`; `events` as for epoll (level-triggered).  0, or -1 (errno).
   Setting again changes events, function and context; with the same events
   it costs nothing.  Unwatch a descriptor before closing it. */
int mock_loop_watch(struct mock_loop *l, int fd, uint32_t events,
                    mock_loop_io_fn *fn, void *context);
void mock_loop_unwatch(struct mock_loop *l, int fd);

/* Makes a timer, unarmed.  Returns its number, or UINT32_MAX: no memory. */
uint32_t mock_loop_timer_new(struct mock_loop *l, mock_loop_timer_fn *fn,
                             void *context);
void mock_loop_timer_free(struct mock_loop *l, uint32_t timer);

/* Arms a timer on the loop's time; LIM_NEVER disarms it. */
void mock_loop_timer_set(struct mock_loop *l, uint32_t timer, lim_time at);

/* The same on the wall's clock, whatever the speed: ns from now.  For
   deadlines of connections; 0 is the loop's next turn.  < 0 disarms it. */
void mock_loop_timer_wall(struct mock_loop *l, uint32_t timer, int64_t ns);

/* Runs until mock_loop_stop.  Returns 0, or -1 (errno). */
int mock_loop_run(struct mock_loop *l);
void mock_loop_stop(struct mock_loop *l);

#endif
