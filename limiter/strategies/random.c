/*
 * random: anyone, with equal chances.
 *
 * Eligible: as the pool says.  Key: none; the pool draws one of those who
 * may.  Tie: none.  Nobody eligible: the pool waits for the first that will
 * be.
 *
 * Source: the default of most gateways (one-api, litellm).  Pitfall: whoever
 * comes first of n who are drawn over n requests is drawn again with a chance
 * of 1 - 1/e, and small organisations are asked as often as large ones.
 */

#include "limiter/strategies/strategies.h"

const struct lim_strategy lim_strategy_random = {
    .name = "random",
    .summary = "anyone, with equal chances",
    .abi = LIM_STRATEGY_ABI,
    .samples = 1,
};
