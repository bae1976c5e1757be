/*
 * A strategy of one's own: the organisation that has been sent nothing for
 * the longest time.  Unlike round_robin it takes back its turn from one whose
 * turn came late, because it was full or cooling.
 *
 *     cc -shared -fPIC -I INCLUDE -o longest_idle.so example_strategy.c
 *     tierlab bench scenario.json --strategy ./longest_idle.so
 *
 * Eligible: as the pool says.  Key: the number that its last request had, 0
 * before the first; times would tie, since many may go at one instant.  Tie:
 * the lower organisation.  Nobody eligible: the pool waits for the first that
 * will be.
 */

#include "limiter/strategy.h"

/* Above the leaves a column's key is the smallest of those below it, or less:
   the copy is a bound as it stands. */
static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *last_sent = lim_view_row(v, LIM_VALUE_KEY);
    (void)state;
    for (unsigned i = 0; i < v->columns; i++)
        out[i] = last_sent[i];
}

/* The state of a pool begins as zeros. */
struct memory {
    int64_t requests; /* sent so far */
};

static int64_t sent(void *state, const struct lim_event *e)
{
    struct memory *memory = state;
    (void)e;
    return ++memory->requests;
}

extern const struct lim_strategy lim_plugin_strategy;
const struct lim_strategy lim_plugin_strategy = {
    .name = "longest_idle",
    .summary = "the one that was sent nothing for the longest time",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true, /* it reads no limits, equal or not */
    .state_size = sizeof(struct memory),
    .score = score,
    .sent = sent,
};
