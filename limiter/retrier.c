#include "limiter/retrier.h"

#include "limiter/rng.h"

void lim_retrier_init(struct lim_retrier *r, const struct lim_config *c)
{
    r->policy = c->retry;
    r->belief = c->belief;
    r->draws = lim_rng_stream(c->seed, LIM_DRAW_BACKOFF);
    if (c->retry.budget > 0)
        lim_budget_init(&r->budget, c->retry.budget, c->retry.budget_reserve);
    else
        lim_budget_init_none(&r->budget);
}

/* What is too large for one whose limits are unknown may fit another's. */
static bool worth_it(const struct lim_retrier *r, const struct lim_outcome *o)
{
    if (o->feedback.should_retry >= 0)
        return o->feedback.should_retry > 0;
    if (o->class == LIM_CLASS_TOO_LARGE)
        return r->belief == LIM_BELIEF_LEARNED;
    return o->class == LIM_CLASS_RATE_LIMIT || o->class == LIM_CLASS_QUOTA ||
           o->class == LIM_CLASS_TRANSIENT ||
           o->class == LIM_CLASS_CREDENTIAL || o->class == LIM_CLASS_NO_ACCESS;
}

/*
 * How long until the next try may start; LIM_BACKOFF_GIVE_UP: there is none.
 * Who is out does not make others wait, and with limits that are believed a
 * hint holds for the organisation, not for the request.
 */
static int64_t wait_of(const struct lim_retrier *r, const struct lim_outcome *o,
                       uint64_t number, unsigned attempt, int64_t previous_ns)
{
    if (o->class == LIM_CLASS_QUOTA || o->class == LIM_CLASS_CREDENTIAL ||
        o->class == LIM_CLASS_NO_ACCESS)
        return 0;
    const struct lim_backoff *backoff = r->policy.backoff;
    bool hinted =
        o->feedback.hint_ns >= 0 &&
        (r->belief == LIM_BELIEF_NONE || o->class != LIM_CLASS_RATE_LIMIT);
    const struct lim_backoff_case c = {
        .base_ns = r->policy.base_ns,
        .cap_ns = r->policy.cap_ns,
        .n = attempt,
        .previous_ns = previous_ns,
        .hint_ns = hinted ? o->feedback.hint_ns : -1,
        .draw = lim_rng_draw(r->draws, number, attempt),
    };
    int64_t wait = backoff->wait(&c);
    if (!backoff->obeys && hinted && wait < c.hint_ns + LIM_HINT_EXTRA)
        wait = c.hint_ns + LIM_HINT_EXTRA;
    return wait;
}

enum lim_reason lim_retrier_plan(struct lim_retrier *r,
                                 const struct lim_outcome *o, uint64_t number,
                                 unsigned attempt, int64_t previous_ns,
                                 int64_t *wait_ns)
{
    if (!worth_it(r, o))
        return LIM_REASON_FATAL;
    if (attempt >= r->policy.max)
        return LIM_REASON_RETRIES;
    *wait_ns = wait_of(r, o, number, attempt, previous_ns);
    if (*wait_ns == LIM_BACKOFF_GIVE_UP)
        return LIM_REASON_RETRIES;
    return lim_budget_withdraw(&r->budget) ? LIM_REASON_NONE
                                           : LIM_REASON_BUDGET;
}
