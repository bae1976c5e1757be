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
 *
 * Once closed, the cap grows from `probes` by one with every success until
 * it is out of the way (slow start), so that the herd does not trip it again.
 */
struct lim_breaker_config {
    unsigned failures; /* in a row, that open it; 0: no breaker */
    unsigned probes;   /* >= 1 */
    int64_t open_ns, open_max_ns;
    unsigned slow_start; /* successes of it; 0: none */
};

/* 5 failures, 1 probe, 30 s doubling up to 5 min, slow start over 20. */
struct lim_breaker_config lim_breaker_config_default(void);

/* Fields are private. */
struct lim_breaker {
    unsigned row;       /* failures in a row */
    unsigned successes; /* since it was half open */
    bool tripped;       /* open, half open or in slow start */
    int64_t open_ns;
    lim_time until;
};

/*
 * An attempt that was sent at `sent_at` ended.  What was sent before it
 * opened last is not heard.
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
