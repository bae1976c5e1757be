#ifndef LIM_STRATEGIES_H
#define LIM_STRATEGIES_H

#include "limiter/strategy.h"

/* One file each; the list is in limiter/strategy.c. */
extern const struct lim_strategy lim_strategy_headroom;
extern const struct lim_strategy lim_strategy_least_in_flight;
extern const struct lim_strategy lim_strategy_round_robin;

#endif
