#include "limiter/strategy.h"

#include <string.h>

#include "limiter/strategies/strategies.h"

const struct lim_strategy *const lim_strategies[] = {
    &lim_strategy_best_fit,
    &lim_strategy_cheapest,
    &lim_strategy_earliest,
    &lim_strategy_edf_wrr,
    &lim_strategy_fill_first,
    &lim_strategy_headroom,
    &lim_strategy_least_in_flight,
    &lim_strategy_litellm_latency,
    &lim_strategy_litellm_usage,
    &lim_strategy_lowest_latency,
    &lim_strategy_opportunity,
    &lim_strategy_p2c,
    &lim_strategy_peak_ewma,
    &lim_strategy_random,
    &lim_strategy_round_robin,
    &lim_strategy_sticky,
    &lim_strategy_swrr,
    &lim_strategy_weighted,
    NULL,
};

const char *lim_strategy_flaw(const struct lim_strategy *s)
{
    if (s->samples > LIM_SAMPLES_MAX)
        return "compares too many samples";
    return s->score == NULL && s->samples == 0 ? "has no score" : NULL;
}

const struct lim_strategy *lim_strategy_find(const char *name)
{
    for (size_t i = 0; lim_strategies[i] != NULL; i++)
        if (strcmp(lim_strategies[i]->name, name) == 0)
            return lim_strategies[i];
    return NULL;
}
