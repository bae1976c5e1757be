#ifndef LIM_STRATEGIES_H
#define LIM_STRATEGIES_H

#include "limiter/row.h"
#include "limiter/strategy.h"

/* One file each; the list is in limiter/strategy.c. */
extern const struct lim_strategy lim_strategy_best_fit;
extern const struct lim_strategy lim_strategy_cheapest;
extern const struct lim_strategy lim_strategy_earliest;
extern const struct lim_strategy lim_strategy_edf_wrr;
extern const struct lim_strategy lim_strategy_fill_first;
extern const struct lim_strategy lim_strategy_headroom;
extern const struct lim_strategy lim_strategy_least_in_flight;
extern const struct lim_strategy lim_strategy_litellm_latency;
extern const struct lim_strategy lim_strategy_litellm_usage;
extern const struct lim_strategy lim_strategy_lowest_latency;
extern const struct lim_strategy lim_strategy_opportunity;
extern const struct lim_strategy lim_strategy_p2c;
extern const struct lim_strategy lim_strategy_peak_ewma;
extern const struct lim_strategy lim_strategy_random;
extern const struct lim_strategy lim_strategy_round_robin;
extern const struct lim_strategy lim_strategy_sticky;
extern const struct lim_strategy lim_strategy_swrr;
extern const struct lim_strategy lim_strategy_weighted;

#endif
