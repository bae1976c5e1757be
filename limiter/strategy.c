#include "limiter/strategy.h"

#include <string.h>

#include "limiter/strategies/strategies.h"

const struct lim_strategy *const lim_strategies[] = {
    &lim_strategy_headroom,
    &lim_strategy_least_in_flight,
    &lim_strategy_round_robin,
    NULL,
};

const struct lim_strategy *lim_strategy_find(const char *name)
{
    for (size_t i = 0; lim_strategies[i] != NULL; i++)
        if (strcmp(lim_strategies[i]->name, name) == 0)
            return lim_strategies[i];
    return NULL;
}
