#include "limiter/throttle.h"

#include <assert.h>
#include <stdlib.h>

struct lim_throttle {
    int64_t fixed, fixed_all;
    const struct lim_cap *cap; /* NULL: none */
    struct lim_cap_options options;
    bool whole;
    size_t stride;
    unsigned char *states; /* of the cap: one, or one an organisation */
    struct lim_breaker_config breaker;
    struct lim_breaker *breakers; /* NULL: none */
};

static size_t aligned(size_t size)
{
    size_t unit = _Alignof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

static void *state_of(const struct lim_throttle *t, uint32_t organisation)
{
    return t->states + (t->whole ? 0 : organisation * t->stride);
}

struct lim_throttle *lim_throttle_new(const struct lim_config *c)
{
    struct lim_throttle *t = calloc(1, sizeof *t);
    uint32_t states = c->cap_whole ? 1 : c->organisation_count;
    if (t == NULL)
        return NULL;
    t->fixed = c->cap_organisation;
    t->fixed_all = c->cap_pool;
    t->cap = c->cap;
    t->options = c->cap_options;
    t->whole = c->cap_whole;
    t->breaker = c->breaker;
    if (t->cap != NULL) {
        t->stride = aligned(t->cap->state_size);
        t->states = calloc(states, t->stride);
        if (t->states == NULL)
            goto fail;
        for (uint32_t i = 0; i < states; i++)
            t->cap->init(state_of(t, i), &t->options, c->start);
    }
    if (t->breaker.failures > 0) {
        t->breakers = calloc(c->organisation_count, sizeof *t->breakers);
        if (t->breakers == NULL)
            goto fail;
    }
    return t;
fail:
    lim_throttle_free(t);
    return NULL;
}

void lim_throttle_free(struct lim_throttle *t)
{
    if (t == NULL)
        return;
    free(t->breakers);
    free(t->states);
    free(t);
}

bool lim_throttle_caps_organisations(const struct lim_throttle *t)
{
    return t->fixed != LIM_UNLIMITED || (t->cap != NULL && !t->whole) ||
           t->breakers != NULL;
}

bool lim_throttle_listens(const struct lim_throttle *t)
{
    return t->cap != NULL || t->breakers != NULL;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a == LIM_UNLIMITED ? b : b == LIM_UNLIMITED || a < b ? a : b;
}

int64_t lim_throttle_limit(const struct lim_throttle *t, uint32_t organisation)
{
    int64_t limit = t->fixed;
    if (t->cap != NULL && !t->whole)
        limit = lesser(limit, t->cap->limit(state_of(t, organisation)));
    if (t->breakers != NULL)
        limit = lesser(
            limit, lim_breaker_limit(&t->breakers[organisation], &t->breaker));
    return limit;
}

int64_t lim_throttle_limit_all(const struct lim_throttle *t)
{
    if (t->cap == NULL || !t->whole)
        return t->fixed_all;
    return lesser(t->fixed_all, t->cap->limit(t->states));
}

lim_time lim_throttle_not_before(const struct lim_throttle *t,
                                 uint32_t organisation)
{
    lim_time at = INT64_MIN, until;
    if (t->cap != NULL && !t->whole && t->cap->not_before != NULL)
        at = t->cap->not_before(state_of(t, organisation));
    if (t->breakers != NULL) {
        until = lim_breaker_until(&t->breakers[organisation]);
        at = until > at ? until : at;
    }
    return at;
}

lim_time lim_throttle_not_before_all(const struct lim_throttle *t)
{
    return t->cap != NULL && t->whole && t->cap->not_before != NULL
               ? t->cap->not_before(t->states)
               : INT64_MIN;
}

void lim_throttle_sent(struct lim_throttle *t, uint32_t organisation,
                       lim_time now)
{
    if (t->cap != NULL && t->cap->sent != NULL)
        t->cap->sent(state_of(t, organisation), now);
}

/* What the cap is to take for the latency of an answer. */
static int64_t measured(const struct lim_throttle *t,
                        const struct lim_outcome *o, int64_t latency_ns)
{
    if (t->options.measure == LIM_MEASURE_FIRST_TOKEN && o->first_token_ns > 0)
        return o->first_token_ns;
    if (t->options.measure == LIM_MEASURE_PER_TOKEN && o->reply_tokens > 0)
        latency_ns /= o->reply_tokens;
    return latency_ns > 0 ? latency_ns : 1;
}

void lim_throttle_ended(struct lim_throttle *t, uint32_t organisation,
                        const struct lim_outcome *o,
                        const struct lim_cap_sample *sample)
{
    bool broken = o->class == LIM_CLASS_TRANSIENT;
    bool full = o->class == LIM_CLASS_RATE_LIMIT;
    if (t->breakers != NULL && (broken || o->class == LIM_CLASS_OK))
        lim_breaker_ended(&t->breakers[organisation], &t->breaker, broken,
                          sample->sent_at, sample->now);
    if (t->cap == NULL || !(broken || full || o->class == LIM_CLASS_OK))
        return;
    struct lim_cap_sample s = *sample;
    s.dropped = broken || full;
    s.broken = broken;
    s.latency_ns = measured(t, o, sample->latency_ns);
    t->cap->ended(state_of(t, organisation), &s);
}
