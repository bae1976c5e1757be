/*
 * p2c: of two organisations drawn at random, the one with fewer requests on
 * their way (power of two choices).
 *
 * Eligible: as the pool says; two different ones are drawn of those who may.
 * Key: in flight.  Tie: the first drawn, so that nobody is favoured for its
 * place.  Nobody eligible: the pool waits for the first that will be.
 *
 * Source: Azar, Broder, Karlin, Upfal 1994; Mitzenmacher 2001: the largest
 * load over the mean falls from log n / log log n to log log n.  Pitfall: one
 * client that knows the loads exactly does better with all of them; two are
 * for speed and for many clients that would else run to the same minimum.
 */

#include "limiter/strategies/strategies.h"

const struct lim_strategy lim_strategy_p2c = {
    .name = "p2c",
    .summary = "of two drawn at random the one with fewer in flight",
    .abi = LIM_STRATEGY_ABI,
    .samples = 2,
};
