/*
 * fill_first: the first in rank as long as it may, then the next: capacity
 * that is paid for anyway before capacity that is not.
 *
 * Eligible: as the pool says.  Key: the configured priority, 0 first.  Tie:
 * the lower organisation, so that the last ones stay idle and show how many
 * there need to be.  Nobody eligible: the pool waits for the first that will
 * be.
 *
 * Source: failover by priority groups, as gateways in front of provisioned
 * capacity do it.  Pitfall: without limits that are known, the first is asked
 * until it refuses, and again as soon as it may be; each turn costs refusals.
 */

#include "limiter/strategies/strategies.h"

#define ORDER_BITS 16 /* of an organisation's number */

struct first {
    bool known;
    int priority;
    uint32_t organisation;
};

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *priority = lim_view_row(v, LIM_VALUE_KEY);
    (void)state;
    for (unsigned i = 0; i < v->columns; i++)
        out[i] = priority[i] * (INT64_C(1) << ORDER_BITS) + v->first[i];
}

static uint32_t propose(const void *state, const struct lim_view *v)
{
    const struct first *f = state;
    (void)v;
    return f->organisation;
}

static int64_t start(void *state, const struct lim_event *e)
{
    struct first *f = state;
    if (!f->known || e->priority < f->priority ||
        (e->priority == f->priority && e->organisation < f->organisation))
        *f = (struct first){ true, e->priority, e->organisation };
    return e->priority;
}

const struct lim_strategy lim_strategy_fill_first = {
    .name = "fill_first",
    .summary = "by priority, then in order, each until it is full",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .state_size = sizeof(struct first),
    .score = score,
    .propose = propose,
    .start = start,
};
