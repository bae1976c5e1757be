#include "limiter/breaker.h"

#include <assert.h>

#include "limiter/limits.h"

struct lim_breaker_config lim_breaker_config_default(void)
{
    return (struct lim_breaker_config){
        .failures = 5,
        .probes = 1,
        .open_ns = 30 * LIM_SEC,
        .open_max_ns = 5 * LIM_MIN,
        .slow_start = 20,
    };
}

static bool half_open(const struct lim_breaker *b,
                      const struct lim_breaker_config *c)
{
    return b->tripped && b->successes < c->probes;
}

static void trip(struct lim_breaker *b, const struct lim_breaker_config *c,
                 lim_time now)
{
    if (!b->tripped)
        b->open_ns = c->open_ns;
    else if (b->open_ns <= c->open_max_ns / 2)
        b->open_ns *= 2;
    else
        b->open_ns = c->open_max_ns;
    b->until = now < LIM_NEVER - b->open_ns ? now + b->open_ns : LIM_NEVER;
    b->tripped = true;
    b->row = 0;
    b->successes = 0;
}

void lim_breaker_ended(struct lim_breaker *b,
                       const struct lim_breaker_config *c, bool failed,
                       lim_time sent_at, lim_time now)
{
    if (c->failures == 0)
        return;
    assert(c->probes >= 1);
    assert(c->open_ns > 0 && c->open_ns <= c->open_max_ns);
    /* Nothing goes while it is open, so this is from before. */
    if (b->tripped && sent_at < b->until)
        return;
    if (failed) {
        b->row++;
        if (half_open(b, c) || b->row >= c->failures)
            trip(b, c, now);
        return;
    }
    b->row = 0;
    if (!b->tripped)
        return;
    b->successes++;
    if (b->successes >= c->probes && b->successes - c->probes >= c->slow_start)
        b->tripped = false;
}

lim_time lim_breaker_until(const struct lim_breaker *b)
{
    return b->tripped ? b->until : INT64_MIN;
}

int64_t lim_breaker_limit(const struct lim_breaker *b,
                          const struct lim_breaker_config *c)
{
    if (!b->tripped)
        return LIM_UNLIMITED;
    return b->successes > c->probes ? b->successes : c->probes;
}
