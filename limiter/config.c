#include "limiter/config.h"

#include "limiter/budget.h"

struct lim_config lim_config_default(void)
{
    return (struct lim_config){
        .groups = 1,
        .strategy = lim_strategy_find("headroom"),
        .belief = LIM_BELIEF_KNOWN,
        .discipline = LIM_DISCIPLINE_BUCKET,
        .quantum_ns = LIM_SEC,
        .burst = 1,
        .cap_pool = LIM_UNLIMITED,
        .cap_organisation = LIM_UNLIMITED,
        .tenants = 1,
        .queue = { .discipline = lim_queue_find("fifo"),
                   .max = LIM_UNLIMITED,
                   .quantum = 1000 },
        .retry = { .max = 6,
                   .backoff = lim_backoff_find("full_jitter"),
                   .base_ns = 500 * LIM_MSEC,
                   .cap_ns = 8 * LIM_SEC },
        .requests_max = 4096,
        .seed = 1,
    };
}

static int check_organisation(const struct lim_config *c, unsigned i,
                              struct lim_diag *diag)
{
    const struct lim_organisation *o = &c->organisations[i];
    const char *name = o->name != NULL ? o->name : "?";
    if (o->keys < 1 || o->limits == NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "organisation %s has no keys or no limits", name);
    if (o->spend_max < LIM_UNLIMITED || o->spend_max > LIM_LIMIT_MAX ||
        o->spent < 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "organisation %s: spend is out of range", name);
    for (unsigned g = 0; g < c->groups; g++)
        for (unsigned w = 0; w < LIM_WINDOWS; w++)
            if (o->limits[g].max[w] < LIM_UNLIMITED ||
                o->limits[g].max[w] > LIM_LIMIT_MAX ||
                o->limits[g].window_ns[w] < 0 ||
                o->limits[g].window_ns[w] > LIM_WINDOW_MAX)
                return lim_fail(diag, LIM_EINVAL, 0,
                                "organisation %s: %s is out of range", name,
                                lim_limit_name((enum lim_limit)w));
    return LIM_OK;
}

static int check_sizes(const struct lim_config *c, struct lim_diag *diag)
{
    if (c->groups < 1 || c->groups > LIM_GROUPS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "limit groups: 1 to %d",
                        LIM_GROUPS_MAX);
    if (c->organisation_count < 1 ||
        c->organisation_count > LIM_ORGANISATIONS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "organisations: 1 to %d",
                        LIM_ORGANISATIONS_MAX);
    if (c->requests_max < 1 || c->requests_max > LIM_REQUESTS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "requests at a time: 1 to %d",
                        LIM_REQUESTS_MAX);
    if (c->tenants < 1 || c->tenants > LIM_TENANTS_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "tenants: 1 to %d",
                        LIM_TENANTS_MAX);
    return LIM_OK;
}

static int check_policy(const struct lim_config *c, struct lim_diag *diag)
{
    const struct lim_retry *r = &c->retry;
    if (c->strategy == NULL || c->strategy->abi != LIM_STRATEGY_ABI)
        return lim_fail(diag, LIM_EINVAL, 0, "no strategy of ABI %d",
                        LIM_STRATEGY_ABI);
    const char *flaw = lim_strategy_flaw(c->strategy);
    if (flaw != NULL)
        return lim_fail(diag, LIM_EINVAL, 0, "the strategy %s", flaw);
    if (c->queue.discipline == NULL || c->queue.max < LIM_UNLIMITED ||
        c->queue.max == 0 || c->queue.quantum < 1 || c->queue.aging_ns < 0)
        return lim_fail(diag, LIM_EINVAL, 0, "queue is out of range");
    if (r->backoff == NULL || r->base_ns < 0 || r->cap_ns < 0 ||
        r->max > UINT16_MAX - 1 || !(r->budget >= 0) ||
        (r->budget > 0 &&
         (r->budget_reserve < 1 || r->budget_reserve > LIM_BUDGET_RESERVE_MAX)))
        return lim_fail(diag, LIM_EINVAL, 0, "retry is out of range");
    if ((int)c->discipline < 0 || c->discipline >= LIM_DISCIPLINES)
        return lim_fail(diag, LIM_EINVAL, 0, "no such discipline");
    if (c->quantum_ns <= 0 || c->quantum_ns > LIM_MIN)
        return lim_fail(diag, LIM_EINVAL, 0, "quantum: above 0, at most 1m");
    if (!(c->burst > 0 && c->burst <= 1))
        return lim_fail(diag, LIM_EINVAL, 0, "burst: above 0, at most 1");
    if (c->cap_pool < LIM_UNLIMITED || c->cap_pool == 0 ||
        c->cap_organisation < LIM_UNLIMITED || c->cap_organisation == 0)
        return lim_fail(diag, LIM_EINVAL, 0, "caps: at least 1");
    if (!(c->hedge.budget >= 0 && c->hedge.budget <= 1) ||
        (c->hedge.budget > 0 &&
         (c->hedge.after_ns < 0 ||
          (c->hedge.after_ns == 0 &&
           !(c->hedge.quantile > 0 && c->hedge.quantile < 1)))))
        return lim_fail(diag, LIM_EINVAL, 0, "hedge is out of range");
    if (c->breaker.failures > 0 &&
        (c->breaker.probes < 1 || c->breaker.open_ns < 1 ||
         c->breaker.open_max_ns < c->breaker.open_ns))
        return lim_fail(diag, LIM_EINVAL, 0, "breaker is out of range");
    return LIM_OK;
}

int lim_config_check(const struct lim_config *c, struct lim_diag *diag)
{
    if (check_sizes(c, diag) != LIM_OK || check_policy(c, diag) != LIM_OK)
        return LIM_EINVAL;
    for (unsigned i = 0; i < c->organisation_count; i++)
        if (check_organisation(c, i, diag) != LIM_OK)
            return LIM_EINVAL;
    return LIM_OK;
}
