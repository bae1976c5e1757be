/*
 * cooldown: no limit at all; after a refusal nothing goes out for
 * `timeout_ns` (5 s), counted from the last one.  With `drops` server errors
 * and time-outs pause as refusals do.
 *
 * Source: the cooling of litellm's router, 5 s for each deployment whatever
 * the server asks for, and the pause of OpenAI's cookbook script, 15 s for
 * all (scope pool).  A baseline, not advice: see the presets.
 *
 * Pitfall: it looks at nothing but the last refusal.  A pause that is shorter
 * than the server's wait ends in the next refusal, a longer one wastes the
 * window; and all who waited go at once when it ends.  Answers of requests
 * that were sent before the pause lengthen it.
 */

#include "limiter/caps/caps.h"

#define PAUSE (5 * LIM_SEC)

struct cooldown {
    int64_t pause_ns;
    lim_time until;
    bool broken; /* server errors pause too */
};

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct cooldown *c = state;
    c->pause_ns = o->timeout_ns > 0 ? o->timeout_ns : PAUSE;
    c->until = now;
    c->broken = o->drops;
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct cooldown *c = state;
    if (!s->dropped || (s->broken && !c->broken))
        return;
    lim_time until =
        s->now < LIM_NEVER - c->pause_ns ? s->now + c->pause_ns : LIM_NEVER - 1;
    c->until = until > c->until ? until : c->until;
}

static int64_t limit(const void *state)
{
    (void)state;
    return LIM_UNLIMITED;
}

static lim_time not_before(const void *state)
{
    const struct cooldown *c = state;
    return c->until;
}

const struct lim_cap lim_cap_cooldown = {
    .name = "cooldown",
    .summary = "baseline: none, but a pause of 5 s after each refusal",
    .state_size = sizeof(struct cooldown),
    .init = init,
    .ended = ended,
    .limit = limit,
    .not_before = not_before,
};
