#include "sim/scenario.h"

#include <assert.h>

static_assert(LIM_TIERS == 6, "each tier has its factor");

struct sim_provider_config sim_provider_config_default(void)
{
    return (struct sim_provider_config){
        .discipline = LIM_DISCIPLINE_BUCKET,
        .quantum_ns = LIM_SEC,
        .burst = 1,
        .charge = { .refused = false, .bad_request = true, .settle = false },
        .latency_source = SIM_LATENCY_PROFILE,
        .latency = sim_latency_constant(0),
        .load = { .in_flight = 100, .slope = 0 },
        .tier_speed = { 1, 1, 1, 1, 1, 1 },
        .faults = sim_faults_none(),
        .seed = 1,
        .start = lim_date(2026, 1, 1),
    };
}

struct sim_client_config sim_client_config_default(void)
{
    struct lim_config d = lim_config_default();
    return (struct sim_client_config){
        .strategy = d.strategy,
        .belief = d.belief,
        .discipline = d.discipline,
        .quantum_ns = d.quantum_ns,
        .cap_pool = d.cap_pool,
        .cap_organisation = d.cap_organisation,
        .queue = d.queue,
        .retry = d.retry,
    };
}

void sim_client_configure(const struct sim_client_config *c,
                          struct lim_config *pool)
{
    pool->strategy = c->strategy;
    pool->belief = c->belief;
    pool->discipline = c->discipline;
    pool->quantum_ns = c->quantum_ns;
    pool->cap_pool = c->cap_pool;
    pool->cap_organisation = c->cap_organisation;
    pool->cap = c->cap;
    pool->cap_options = c->cap_options;
    pool->cap_whole = c->cap_whole;
    pool->queue = c->queue;
    pool->retry = c->retry;
    pool->hedge = c->hedge;
    pool->breaker = c->breaker;
}
