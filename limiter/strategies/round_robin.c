/*
 * round_robin: the next organisation in turn.  The cursor walks the full
 * list and skips who cannot take the request: a cursor over the filtered
 * list would give the neighbour of a cooling organisation a double share.
 *
 * Eligible: as the pool says.  Key: distance from the cursor.  Tie: none.
 * Nobody eligible: the pool waits for the first that will be; the cursor
 * stays.
 *
 * Source: as old as time sharing.  Pitfall: a turn is a turn, whatever the
 * organisation holds: unequal tiers are asked alike, until the small are full.
 */

#include "limiter/strategies/strategies.h"

struct cursor {
    uint32_t next;
};

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const struct cursor *c = state;
    for (unsigned i = 0; i < v->columns; i++) {
        if (v->first[i] >= c->next)
            out[i] = v->first[i] - c->next;
        else if (v->last[i] >= c->next)
            out[i] = 0;
        else
            out[i] = (int64_t)v->first[i] + v->organisations - c->next;
    }
}

static uint32_t propose(const void *state, const struct lim_view *v)
{
    const struct cursor *c = state;
    return c->next < v->organisations ? c->next : 0;
}

static int64_t sent(void *state, const struct lim_event *e)
{
    struct cursor *c = state;
    c->next = e->organisation + 1; /* one past the end is as good as 0 */
    return 0;
}

const struct lim_strategy lim_strategy_round_robin = {
    .name = "round_robin",
    .summary = "the next in turn, skipping who cannot take the request",
    .abi = LIM_STRATEGY_ABI,
    .state_size = sizeof(struct cursor),
    .score = score,
    .propose = propose,
    .sent = sent,
};
