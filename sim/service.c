#include "sim/service.h"

#include <assert.h>

#include "limiter/rng.h"
#include "limiter/tier.h"

/* ln 129 and ln(451 / 129) / 1.6449: p50 129, p95 451 tokens. */
struct sim_dist sim_default_completion(void)
{
    return (struct sim_dist){ .kind = SIM_DIST_LOGNORMAL,
                              .a = 4.8598124043616719,
                              .b = 0.76095216901505679 };
}

static int64_t drawn_completion(uint64_t seed, uint64_t request)
{
    struct sim_dist d = sim_default_completion();
    uint64_t stream = lim_rng_stream(seed, LIM_DRAW_COMPLETION);
    double tokens = sim_dist_draw(&d, lim_rng_draw(stream, request, 0));
    return tokens < 1 ? 1 : (int64_t)(tokens + 0.5);
}

static int64_t completion_of(const struct sim_call *call, uint64_t seed)
{
    int64_t tokens = call->completion_tokens;
    if (tokens < 0)
        tokens = drawn_completion(seed, call->request);
    if (call->max_tokens > 0 && tokens > call->max_tokens)
        tokens = call->max_tokens;
    return tokens;
}

void sim_service_resolve(const struct sim_provider *p,
                         const struct sim_provider_config *config,
                         struct sim_call *call)
{
    call->group = sim_provider_group(p, call->model);
    call->price = lim_price_find(call->model);
    call->latency = config->latency_source == SIM_LATENCY_PROFILE
                        ? &sim_profile_for(call->model)->latency
                        : &config->latency;
}

static void refuse_model(struct sim_verdict *v)
{
    *v = (struct sim_verdict){ .answer = SIM_NO_MODEL,
                               .limit = LIM_RPM,
                               .admitted_at = LIM_NEVER,
                               .shown = lim_feedback_none() };
}

int sim_service_begin(struct sim_provider *p,
                      const struct sim_provider_config *config,
                      const struct sim_call *call, lim_time now,
                      struct sim_plan *plan)
{
    int error = LIM_OK;
    *plan = (struct sim_plan){ .cost = { {
                                   [LIM_REQUESTS] = 1,
                                   [LIM_TOKENS] = lim_estimate_tokens(
                                       call->prompt_tokens, call->max_tokens),
                                   [LIM_IMAGES] = call->images,
                               } } };
    if (call->group < 0)
        refuse_model(&plan->verdict);
    else
        error = sim_provider_admit(p, call->organisation, (unsigned)call->group,
                                   &plan->cost, now, &plan->verdict);
    if (error != LIM_OK || plan->verdict.answer != SIM_ADMITTED)
        return error;
    plan->completion_tokens = completion_of(call, config->seed);
    plan->timing = sim_latency_draw(call->latency, config->seed, call->request,
                                    call->attempt, plan->completion_tokens);
    plan->microusd = lim_price_cost(call->price, call->prompt_tokens,
                                    plan->completion_tokens, call->images);
    return LIM_OK;
}

int sim_service_end(struct sim_provider *p, const struct sim_call *call,
                    const struct sim_plan *plan, lim_time now)
{
    assert(plan->verdict.answer == SIM_ADMITTED);
    const struct sim_usage u = {
        .reserved_tokens = plan->cost.amount[LIM_TOKENS],
        .tokens = call->prompt_tokens + plan->completion_tokens,
        .microusd = plan->microusd > 0 ? plan->microusd : 0,
        .admitted_at = plan->verdict.admitted_at,
    };
    return sim_provider_settle(p, call->organisation, (unsigned)call->group, &u,
                               now);
}
