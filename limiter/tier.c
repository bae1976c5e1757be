#include "limiter/tier.h"

#include <assert.h>
#include <string.h>

static const char *const names[LIM_TIERS] = {
    [LIM_TIER_FREE] = "free", [LIM_TIER_1] = "tier1", [LIM_TIER_2] = "tier2",
    [LIM_TIER_3] = "tier3",   [LIM_TIER_4] = "tier4", [LIM_TIER_5] = "tier5",
};

const char *lim_tier_name(enum lim_tier tier)
{
    assert(tier < LIM_TIERS);
    return names[tier];
}

bool lim_tier_find(const char *name, enum lim_tier *out)
{
    for (int i = 0; i < LIM_TIERS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum lim_tier)i;
            return true;
        }
    }
    return false;
}
