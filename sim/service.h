#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include <stdint.h>

#include "limiter/price.h"
#include "sim/latency.h"
#include "sim/provider.h"

/*
 * One request to the provider and the plan of its answer: admission, then
 * latency and the reply's length.  The simulator schedules the plan, the
 * daemon renders it; every draw is keyed by (seed, purpose, request,
 * attempt), so both come to the same plan.
 */
struct sim_call {
    uint32_t organisation;
    const char *model;
    int64_t prompt_tokens; /* the provider's estimate of the prompt */
    int64_t max_tokens;    /* -1: none */
    int64_t images;
    int64_t completion_tokens; /* length of the reply before max_tokens
                                      cuts it; 0: there is none (embeddings,
                                      images); -1: drawn by default */
    uint64_t request;          /* number of the request, keys the draws */
    unsigned attempt;
    /* What follows from the model; sim_service_resolve fills it. */
    int group;                     /* < 0: the provider does not know it */
    const struct lim_price *price; /* NULL: not known */
    const struct sim_latency *latency;
};

struct sim_plan {
    struct sim_verdict verdict;
    struct lim_cost cost;      /* reserved at admission */
    int64_t completion_tokens; /* after the cut */
    int64_t microusd;          /* real cost; -1: price unknown */
    struct sim_timing timing;  /* these three are 0 for a refusal */
};

/*
 * Looks up what follows from call->model.  The result serves for every call
 * of that model to this provider, which `config` has made.
 */
void sim_service_resolve(const struct sim_provider *p,
                         const struct sim_provider_config *config,
                         struct sim_call *call);

/*
 * Decides at `now`.  The caller calls sim_service_end when an admitted answer
 * ends, at now + timing.total_ns.  Both return LIM_OK, or LIM_ENOMEM as
 * sim_provider_admit and sim_provider_settle do; after LIM_ENOMEM here there
 * is nothing to end.
 */
int sim_service_begin(struct sim_provider *p,
                      const struct sim_provider_config *config,
                      const struct sim_call *call, lim_time now,
                      struct sim_plan *plan);

int sim_service_end(struct sim_provider *p, const struct sim_call *call,
                    const struct sim_plan *plan, lim_time now);

/* The default length of a reply: log-normal, p50 129, p95 451 tokens (the
   Azure conversation trace of 2023). */
struct sim_dist sim_default_completion(void);

#endif
