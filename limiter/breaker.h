#ifndef LIM_BREAKER_H
#define LIM_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * A circuit breaker for one organisation.  It answers server errors,
 * time-outs and lost connections, never 429s: for those it is known when they
 * end.
 *
 *     closed     all may go; `failures` in a row open it
 *     open       nothing goes before lim_breaker_until
 *     half open  `probes` at a time; a failure opens it again for twice as
 *                long (up to `open_max_ns`), `probes` successes close it
 *     slow       closed, but the cap grows from `probes` by one with every
 *     start      success, `slow_start` times, so that the herd does not trip
 *                it again; `failures` in a row open it, for twice as long too
 *
 * Defaults: five 503s in a row at 0 s open it until 30 s; the probe sent then
 * fails at 31 s: open until 91 s.  The next one succeeds: one in flight, then
 * two, and without a bound after twenty more successes; only now the next
 * time is 30 s again.
 *
 * Source: M. Nygard, "Release It!", 2007; the doubling as in Envoy's outlier
 * detection, where each ejection is longer than the last.  Pitfall: whoever
 * still waits for an answer from before is in flight and leaves no room for a
 * probe: time-outs should be no longer than `open_ns`.
 */
struct lim_breaker_config {
    unsigned failures;            /* in a row, that open it; 0: no breaker */
    unsigned probes;              /* >= 1 */
    int64_t open_ns, open_max_ns; /* > 0; the second no less */
    unsigned slow_start;          /* successes of it; 0: none */
};

/* 5 failures, 1 probe, 30 s doubling up to 5 min, slow start over 20. */
struct lim_breaker_config lim_breaker_config_default(void);

/* Fields are private.  All zero is closed. */
struct lim_breaker {
    unsigned row;       /* failures in a row */
    unsigned successes; /* since it was half open */
    bool tripped;       /* open, half open or in slow start */
    int64_t open_ns;
    lim_time until;
};

/*
 * An attempt that was sent at `sent_at` ended: `failed` by a server error, a
 * time-out or a lost connection, or else the server works.  An answer that
 * says neither, as a 429, is not told.  What was sent before it opened last is
 * not heard.
 */
void lim_breaker_ended(struct lim_breaker *b,
                       const struct lim_breaker_config *c, bool failed,
                       lim_time sent_at, lim_time now);

/* Nothing goes before; INT64_MIN: not open. */
lim_time lim_breaker_until(const struct lim_breaker *b);

/* The most in flight, or LIM_UNLIMITED. */
int64_t lim_breaker_limit(const struct lim_breaker *b,
                          const struct lim_breaker_config *c);

#endif
