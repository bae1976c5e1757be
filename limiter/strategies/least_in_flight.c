/*
 * least_in_flight: the organisation with the fewest requests on their way
 * (least connections).  Many implementations break ties by position and so
 * load the first whenever all are idle; here the one that has been sent the
 * fewest so far wins a tie.
 *
 * Eligible: as the pool says.  Key: in flight, then sent.  Tie: the lower
 * organisation.  Nobody eligible: the pool waits for the first that will be.
 *
 * Source: least connections, of every load balancer; least_busy.py of litellm.
 * Pitfalls: a count kept by callbacks goes wrong with each that is missed
 * (there it turns negative); and who refuses at once has never much in flight,
 * so without known limits it is asked most.
 */

#include "limiter/strategies/strategies.h"

#define SENT_BITS 34 /* in flight is at most 2^24 */

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *in_flight = lim_view_row(v, LIM_VALUE_IN_FLIGHT);
    const int64_t *sent = lim_view_row(v, LIM_VALUE_SENT);
    (void)state;
    for (unsigned i = 0; i < v->columns; i++)
        out[i] = in_flight[i] * (INT64_C(1) << SENT_BITS) + sent[i];
}

const struct lim_strategy lim_strategy_least_in_flight = {
    .name = "least_in_flight",
    .summary = "fewest requests in flight, then fewest sent so far",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .reads = 1u << LIM_VALUE_IN_FLIGHT | 1u << LIM_VALUE_SENT,
    .score = score,
};
