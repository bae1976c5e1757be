#include "limiter/cap.h"

#include <string.h>

#include "limiter/caps/caps.h"

const struct lim_cap *const lim_caps[] = {
    &lim_cap_aimd,  &lim_cap_vegas,       &lim_cap_gradient2, &lim_cap_adaptive,
    &lim_cap_cubic, &lim_cap_littles_law, &lim_cap_cooldown,  NULL,
};

const struct lim_cap *lim_cap_find(const char *name)
{
    for (size_t i = 0; lim_caps[i] != NULL; i++)
        if (strcmp(lim_caps[i]->name, name) == 0)
            return lim_caps[i];
    return NULL;
}
