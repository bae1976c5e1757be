#include "sim/client_parts.h"

#include <stdlib.h>

#define REQUESTS_AT_ONCE_MAX (1 << 22)

/* The most requests that can be under way at a time, for the pool's arrays. */
static uint32_t requests_max(const struct sim_scenario *s)
{
    int64_t most = 0;
    for (size_t i = 0; i < s->workload_count; i++)
        most += sim_arrivals_most(&s->workloads[i].arrivals, s->duration_ns);
    if (most > REQUESTS_AT_ONCE_MAX)
        most = REQUESTS_AT_ONCE_MAX;
    return most < 1 ? 1 : (uint32_t)most;
}

static int check(const struct sim_scenario *s, struct lim_diag *diag)
{
    if (s->workload_count < 1 || s->workload_count > UINT16_MAX)
        return lim_fail(diag, LIM_EINVAL, 0, "workloads: 1 to %d", UINT16_MAX);
    for (size_t i = 0; i < s->workload_count; i++)
        if (sim_arrivals_most(&s->workloads[i].arrivals, s->duration_ns) < 0)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "arrivals without end need a duration");
    return LIM_OK;
}

static struct lim_pool *make_pool(struct sim_client *c, uint64_t seed,
                                  bool tells_sent, struct lim_diag *diag)
{
    struct lim_config config = lim_config_default();
    sim_client_configure(&c->scenario->client, &config);
    config.groups = c->account.group_count;
    config.organisations = c->account.organisations;
    config.organisation_count = c->account.organisation_count;
    config.burst = c->scenario->client.belief == LIM_BELIEF_LEARNED
                       ? 1
                       : c->scenario->provider.burst;
    config.tenants = c->account.tenant_count;
    config.requests_max = requests_max(c->scenario);
    config.settle = c->scenario->provider.charge.settle;
    config.tells_sent = tells_sent;
    config.seed = seed;
    config.start = c->start;
    return lim_pool_new(&config, diag);
}

struct sim_client *sim_client_new(const struct sim_scenario *s, uint64_t seed,
                                  lim_time start, bool tells_sent,
                                  const struct sim_watch *watch,
                                  struct lim_diag *diag)
{
    if (check(s, diag) != LIM_OK)
        return NULL;
    struct sim_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        goto no_memory;
    c->scenario = s;
    c->start = start;
    lim_time end =
        s->duration_ns == LIM_NEVER ? LIM_NEVER : start + s->duration_ns;
    c->latest = s->drain ? LIM_NEVER : end;
    c->hedges = s->client.hedge.budget > 0;
    if (watch != NULL)
        c->watch = *watch;
    c->watched = c->watch.attempt != NULL || c->watch.event != NULL;
    int error = sim_account_init(&c->account, s, diag);
    if (error == LIM_EINVAL)
        goto fail;
    sim_tally_init(&c->tally, c->account.tenant_count, start, s->duration_ns,
                   s->warmup_ns);
    c->memory =
        malloc(((size_t)requests_max(s) << c->hedges) * sizeof *c->jobs +
               LIM_CACHE_LINE - 1);
    if (error != LIM_OK || c->memory == NULL ||
        sim_intake_init(&c->intake, s, seed, start, end) != LIM_OK)
        goto no_memory;
    c->jobs = lim_cache_line_in(c->memory);
    c->pool = make_pool(c, seed, tells_sent, diag);
    if (c->pool == NULL)
        goto fail;
    return c;
no_memory:
    lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
fail:
    sim_client_free(c);
    return NULL;
}

void sim_client_free(struct sim_client *c)
{
    if (c == NULL)
        return;
    lim_pool_free(c->pool);
    sim_account_fini(&c->account);
    sim_tally_fini(&c->tally);
    sim_intake_fini(&c->intake);
    free(c->memory);
    free(c);
}
