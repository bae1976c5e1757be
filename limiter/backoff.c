#include "limiter/backoff.h"

#include <stddef.h>
#include <string.h>

#include "limiter/backoffs/backoffs.h"

const struct lim_backoff *const lim_backoffs[] = {
    &lim_backoff_decorrelated, &lim_backoff_equal_jitter,
    &lim_backoff_full_jitter,  &lim_backoff_hinted,
    &lim_backoff_immediate,    &lim_backoff_sdk,
    &lim_backoff_sdk_node,     NULL,
};

const struct lim_backoff *lim_backoff_find(const char *name)
{
    for (size_t i = 0; lim_backoffs[i] != NULL; i++)
        if (strcmp(lim_backoffs[i]->name, name) == 0)
            return lim_backoffs[i];
    return NULL;
}
