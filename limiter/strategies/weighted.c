/*
 * weighted: anyone, with chances as the weights.
 *
 * Eligible: as the pool says.  Key: none; the pool draws one of those who
 * may, each by its own weight.  Tie: none.  Nobody eligible: the pool waits
 * for the first that will be.
 *
 * Source: weighted random balancing; litellm's simple shuffle.  Pitfall: that
 * one looks at its first deployment to see which field is the weight, and one
 * that lacks this field has no chance at all; here every organisation has a
 * weight of its own, 1 where none is given.
 */

#include "limiter/strategies/strategies.h"

const struct lim_strategy lim_strategy_weighted = {
    .name = "weighted",
    .summary = "anyone, with chances as the weights",
    .abi = LIM_STRATEGY_ABI,
    .samples = 1,
    .weighted = true,
};
