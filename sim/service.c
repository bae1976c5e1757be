#include "sim/service.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/cold.h"
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
    int64_t room = sim_service_room(call->price, call->prompt_tokens);
    return tokens < room ? tokens : room > 0 ? room : 0;
}

int64_t sim_service_room(const struct lim_price *price, int64_t prompt_tokens)
{
    if (price == NULL || price->context_tokens <= 0)
        return INT64_MAX;
    return price->context_tokens - prompt_tokens;
}

bool sim_service_too_long(const struct sim_call *call)
{
    int64_t reply = call->max_tokens > 0 ? call->max_tokens : 0;
    return reply > sim_service_room(call->price, call->prompt_tokens);
}

void sim_service_change(struct sim_service *s,
                        const struct sim_provider_config *config)
{
    size_t profiles = sim_profiles();
    s->config = *config;
    for (size_t i = 0; i < profiles; i++)
        sim_times_init(&s->times[i], &sim_profile_at(i)->latency, config->seed);
    sim_times_init(&s->times[profiles], &s->config.latency, config->seed);
    s->even = config->load.slope <= 0;
    for (int t = 0; t < LIM_TIERS; t++)
        s->even &= config->tier_speed[t] == 1;
}

int sim_service_init(struct sim_service *s,
                     const struct sim_provider_config *config,
                     struct lim_diag *diag)
{
    *s = (struct sim_service){ .provider = sim_provider_new(config, diag) };
    if (s->provider == NULL)
        return LIM_EINVAL;
    s->times = calloc(sim_profiles() + 1, sizeof *s->times);
    if (s->times == NULL) {
        sim_service_fini(s);
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    sim_service_change(s, config);
    return LIM_OK;
}

void sim_service_fini(struct sim_service *s)
{
    sim_provider_free(s->provider);
    free(s->times);
    *s = (struct sim_service){ 0 };
}

int64_t sim_image_tokens(const char *model)
{
    bool tells = strncmp(model, "gpt-image-", 10) == 0 ||
                 strncmp(model, "chatgpt-image-", 14) == 0;
    return tells ? SIM_IMAGE_TOKENS : -1;
}

void sim_service_resolve(const struct sim_service *s, struct sim_call *call)
{
    call->group = sim_provider_group(s->provider, call->model);
    call->price = lim_prices_find(&s->config.prices, call->model);
    size_t times = sim_profiles();
    if (s->config.latency_source == SIM_LATENCY_PROFILE)
        times = (size_t)(sim_profile_for(call->model) - sim_profile_at(0));
    call->times = &s->times[times];
    call->image_tokens = sim_image_tokens(call->model);
}

/* A verdict that tells nothing of the limits. */
static struct sim_verdict untold(enum sim_answer answer)
{
    return (struct sim_verdict){ .answer = answer,
                                 .limit = LIM_RPM,
                                 .admitted_at = LIM_NEVER,
                                 .project_tokens = { -1, -1, -1 },
                                 .shown = lim_feedback_none() };
}

LIM_APART static enum sim_fault draw_fault(const struct sim_service *s,
                                           const struct sim_call *call,
                                           lim_time now)
{
    const struct sim_fault_target t = {
        .organisation =
            sim_provider_organisation_name(s->provider, call->organisation),
        .model = call->model,
        .request = call->request,
        .attempt = call->attempt,
        .now = now,
    };
    enum sim_fault fault =
        sim_faults_draw(&s->config.faults, s->config.seed, &t);
    /* a stream has no length that could be wrong */
    if (call->stream && fault == SIM_FAULT_WRONG_LENGTH)
        return SIM_FAULT_NONE;
    return fault;
}

LIM_APART static int status_of_verdict(const struct sim_call *call,
                                       enum sim_answer answer)
{
    if (answer == SIM_NO_MODEL)
        return 404;
    if (answer == SIM_WRONG)
        return 400;
    return answer == SIM_QUOTA && call->images > 0 ? 400 : 429;
}

static int status_of_fault(enum sim_fault fault)
{
    static const int of[SIM_FAULTS] = {
        [SIM_FAULT_HTTP_429] = 429,      [SIM_FAULT_EDGE_429] = 429,
        [SIM_FAULT_HTTP_503] = 503,      [SIM_FAULT_SLOW_DOWN] = 503,
        [SIM_FAULT_HTTP_500] = 500,      [SIM_FAULT_CUT_STREAM] = 200,
        [SIM_FAULT_MALFORMED] = 200,     [SIM_FAULT_WRONG_LENGTH] = 200,
        [SIM_FAULT_RESET_IN_HEAD] = 200, [SIM_FAULT_RESET_AFTER_HEAD] = 200,
        [SIM_FAULT_NO_HEADERS] = 200,    [SIM_FAULT_LYING_HEADERS] = 200,
        [SIM_FAULT_CLOCK_SKEW] = 200,
    };
    return of[fault];
}

/* How much longer the answers take now, of one who is admitted now. */
LIM_APART static double slowness(const struct sim_service *s,
                                 uint32_t organisation)
{
    const struct sim_provider_config *c = &s->config;
    double factor = c->tier_speed[sim_provider_tier(s->provider, organisation)];
    if (c->load.slope > 0)
        factor *= sim_load_factor(&c->load, s->in_flight);
    return factor;
}

static void lie(struct lim_shown *s)
{
    if (s->limit >= 0)
        *s = (struct lim_shown){ s->limit, s->limit, 0 };
}

/* What an answer shows of the limits, refusals included. */
LIM_APART static void falsify(struct sim_plan *plan)
{
    struct lim_feedback *shown = &plan->verdict.shown;
    if (plan->fault == SIM_FAULT_NO_HEADERS) {
        *shown = lim_feedback_none();
        plan->verdict.project_tokens = shown->tokens;
    } else if (plan->fault == SIM_FAULT_LYING_HEADERS) {
        lie(&shown->requests);
        lie(&shown->tokens);
        lie(&plan->verdict.project_tokens);
        shown->hint_ns = -1;
    }
}

/* Cuts the times and tokens of an admitted answer to where it is lost. */
LIM_APART static void lose(const struct sim_service *s, struct sim_plan *plan)
{
    struct sim_timing *t = &plan->timing;
    plan->status = status_of_fault(plan->fault);
    if (plan->fault == SIM_FAULT_TIMEOUT) {
        *t = (struct sim_timing){ s->config.faults.timeout_ns,
                                  s->config.faults.timeout_ns };
        plan->told_tokens = 0;
    } else if (plan->fault == SIM_FAULT_CUT_STREAM) {
        plan->told_tokens /= 2;
        t->total_ns = t->ttft_ns + (t->total_ns - t->ttft_ns) / 2;
    } else if (plan->fault != SIM_FAULT_MALFORMED &&
               plan->fault != SIM_FAULT_WRONG_LENGTH) {
        plan->told_tokens = 0;
        t->total_ns = t->ttft_ns;
    }
    if (plan->fault == SIM_FAULT_HTTP_500)
        plan->microusd = plan->microusd > 0 ? 0 : plan->microusd;
}

/* A reply as it is drawn, before any fault. */
struct drawn {
    int64_t completion_tokens, microusd;
    struct sim_timing timing;
};

/* One who is admitted gets a reply. */
LIM_IN_PLACE static void draw_reply(struct sim_service *s,
                                    const struct sim_call *call,
                                    struct drawn *out)
{
    int64_t tokens = completion_of(call, s->config.seed);
    const struct sim_latency_of of = {
        .request = call->request,
        .attempt = call->attempt,
        .prompt_tokens = call->prompt_tokens,
        .completion_tokens = tokens,
        .factor = s->even ? 1 : slowness(s, call->organisation),
    };
    out->timing = sim_times_draw(call->times, &of);
    s->in_flight++;
    out->completion_tokens = tokens;
    out->microusd =
        lim_price_cost(call->price, call->prompt_tokens, tokens, call->images);
}

LIM_APART static void answer(struct sim_service *s, const struct sim_call *call,
                             struct sim_plan *plan)
{
    struct drawn d;
    draw_reply(s, call, &d);
    plan->status = 200;
    plan->admitted = true;
    plan->completion_tokens = d.completion_tokens;
    plan->told_tokens = d.completion_tokens;
    plan->timing = d.timing;
    plan->microusd = d.microusd;
    if (plan->fault != SIM_FAULT_NONE && sim_fault_loses(plan->fault))
        lose(s, plan);
}

/* What a call reserves at its admission. */
static inline struct lim_cost reservation(const struct sim_call *call)
{
    return (struct lim_cost){ {
        [LIM_REQUESTS] = 1,
        [LIM_TOKENS] =
            lim_estimate_tokens(call->prompt_tokens, call->max_tokens),
        [LIM_IMAGES] = call->images,
    } };
}

/* Field by field: to clear all first takes as long as the rest. */
static void open_plan(struct sim_plan *plan, const struct sim_call *call)
{
    plan->status = 0;
    plan->fault = SIM_FAULT_NONE;
    plan->admitted = false;
    plan->cost = reservation(call);
    plan->completion_tokens = 0;
    plan->told_tokens = 0;
    plan->microusd = 0;
    plan->timing.ttft_ns = 0;
    plan->timing.total_ns = 0;
}

/* A call that is wrong asks the provider for what it costs, or where that is
   not charged how it would fare. */
LIM_APART static int admit_wrong(struct sim_service *s,
                                 const struct sim_call *call, lim_time now,
                                 struct sim_plan *plan)
{
    unsigned group = (unsigned)call->group;
    struct sim_verdict *v = &plan->verdict;
    if (s->config.charge.bad_request) {
        int error = sim_provider_admit(s->provider, call->organisation, group,
                                       &plan->cost, now, v);
        if (v->answer == SIM_ADMITTED)
            v->answer = SIM_WRONG;
        return error;
    }
    plan->cost = (struct lim_cost){ { 0 } };
    sim_provider_probe(s->provider, call->organisation, group, &plan->cost, now,
                       v);
    if (v->answer != SIM_NO_MODEL)
        v->answer = SIM_WRONG;
    v->shown.hint_ns = -1;
    return LIM_OK;
}

/* Asks the provider for what a call costs. */
static inline int admit(struct sim_service *s, const struct sim_call *call,
                        lim_time now, struct sim_plan *plan)
{
    if (call->group < 0) {
        plan->verdict = untold(SIM_NO_MODEL);
        return LIM_OK;
    }
    if (call->wrong)
        return admit_wrong(s, call, now, plan);
    return sim_provider_admit(s->provider, call->organisation,
                              (unsigned)call->group, &plan->cost, now,
                              &plan->verdict);
}

int sim_service_begin(struct sim_service *s, const struct sim_call *call,
                      lim_time now, struct sim_plan *plan)
{
    open_plan(plan, call);
    if (s->config.faults.count > 0)
        plan->fault = draw_fault(s, call, now);
    if (sim_fault_in_front(plan->fault)) {
        plan->status = status_of_fault(plan->fault);
        plan->verdict = untold(SIM_UNASKED);
        return LIM_OK;
    }
    int error = admit(s, call, now, plan);
    if (error != LIM_OK)
        return error;
    if (plan->fault != SIM_FAULT_NONE)
        falsify(plan);
    if (plan->verdict.answer == SIM_ADMITTED)
        answer(s, call, plan);
    else
        plan->status = status_of_verdict(call, plan->verdict.answer);
    return LIM_OK;
}

struct sim_debt sim_service_debt(const struct sim_call *call,
                                 const struct sim_plan *plan)
{
    assert(plan->admitted);
    return (struct sim_debt){
        .organisation = call->organisation,
        .group = (unsigned)call->group,
        .usage = {
            .reserved_tokens = plan->cost.amount[LIM_TOKENS],
            .tokens = call->prompt_tokens + plan->completion_tokens,
            .microusd = plan->microusd > 0 ? plan->microusd : 0,
            .admitted_at = plan->verdict.admitted_at,
        },
    };
}

LIM_EVERYWHERE int sim_service_end(struct sim_service *s,
                                   const struct sim_debt *debt, lim_time now)
{
    assert(s->in_flight > 0);
    s->in_flight--;
    return sim_provider_settle(s->provider, debt->organisation, debt->group,
                               &debt->usage, now);
}

/* Tells whether the client sees the head of an admitted answer, and so what
   it shows of the limits; a 500 shows nothing. */
static bool head_comes(const struct sim_plan *plan)
{
    return plan->admitted && plan->status == 200 &&
           plan->fault != SIM_FAULT_RESET_IN_HEAD;
}

int64_t sim_service_first_token(const struct sim_call *call,
                                const struct sim_plan *plan)
{
    if (!call->stream || !head_comes(plan) ||
        plan->fault == SIM_FAULT_RESET_AFTER_HEAD)
        return -1;
    return plan->timing.ttft_ns;
}

static enum lim_class class_of(const struct sim_plan *plan)
{
    static const enum lim_class of[] = {
        [SIM_ADMITTED] = LIM_CLASS_OK,
        [SIM_RATE_LIMITED] = LIM_CLASS_RATE_LIMIT,
        [SIM_TOO_LARGE] = LIM_CLASS_TOO_LARGE,
        [SIM_QUOTA] = LIM_CLASS_QUOTA,
        [SIM_NO_MODEL] = LIM_CLASS_NO_ACCESS,
        [SIM_WRONG] = LIM_CLASS_CALLER,
        [SIM_UNASKED] = LIM_CLASS_TRANSIENT,
    };
    if (plan->fault == SIM_FAULT_HTTP_429 || plan->fault == SIM_FAULT_EDGE_429)
        return LIM_CLASS_RATE_LIMIT;
    if (plan->admitted && sim_fault_loses(plan->fault))
        return LIM_CLASS_TRANSIENT;
    return of[plan->verdict.answer];
}

/* What it reads where the answer is not what was asked for, or may not be. */
LIM_APART static void tell_trouble(const struct sim_plan *plan,
                                   struct lim_outcome *out)
{
    bool lost = plan->admitted && sim_fault_loses(plan->fault);
    struct lim_feedback *f = &out->feedback;
    out->class = class_of(plan);
    out->usage_known = out->class == LIM_CLASS_OK;
    if (lost && plan->fault != SIM_FAULT_HTTP_500)
        out->status = 0;
    if (lost && !head_comes(plan))
        *f = lim_feedback_none();
    if (plan->fault == SIM_FAULT_EDGE_429)
        f->hint_ns = SIM_EDGE_HINT_NS;
    else if (plan->verdict.answer == SIM_QUOTA)
        f->refused_by = LIM_SPEND;
    if (plan->verdict.answer == SIM_RATE_LIMITED ||
        plan->verdict.answer == SIM_TOO_LARGE) {
        f->refused_by = (int)plan->verdict.limit;
        f->refused_max = plan->verdict.max;
    }
}

/* An image's own tokens, or no word of any. */
LIM_APART static void tell_images(const struct sim_call *call,
                                  struct lim_outcome *out)
{
    if (out->class != LIM_CLASS_OK)
        return;
    out->usage_known = call->image_tokens >= 0;
    if (out->usage_known)
        out->reply_tokens = call->images * call->image_tokens;
    out->tokens_used =
        out->usage_known ? call->prompt_tokens + out->reply_tokens : 0;
}

/* Field by field, as with a plan. */
void sim_service_outcome(const struct sim_call *call,
                         const struct sim_plan *plan, struct lim_outcome *out)
{
    out->class = LIM_CLASS_OK;
    out->status = plan->status;
    out->usage_known = true;
    out->tokens_used = call->prompt_tokens + plan->completion_tokens;
    out->microusd = plan->microusd;
    out->first_token_ns = sim_service_first_token(call, plan);
    out->reply_tokens = plan->completion_tokens;
    out->feedback = plan->verdict.shown;
    if (plan->fault != SIM_FAULT_NONE || !plan->admitted)
        tell_trouble(plan, out);
    if (call->images > 0)
        tell_images(call, out);
}

LIM_APART static int reply_by_plan(struct sim_service *s,
                                   const struct sim_call *call, lim_time now,
                                   struct sim_reply *out)
{
    struct sim_plan plan;
    int error = sim_service_begin(s, call, now, &plan);
    if (error != LIM_OK)
        return error;
    sim_service_outcome(call, &plan, &out->outcome);
    out->admitted = plan.admitted;
    if (plan.admitted)
        out->debt = sim_service_debt(call, &plan);
    out->end = now + plan.timing.total_ns;
    return LIM_OK;
}

/* Mostly all is as asked for, and then there is less to be written down. */
int sim_service_reply(struct sim_service *s, const struct sim_call *call,
                      lim_time now, struct sim_reply *out)
{
    const struct lim_cost cost = reservation(call);
    struct lim_outcome *o = &out->outcome;
    struct drawn d;
    if (s->config.faults.count > 0 || call->group < 0 || call->wrong ||
        call->images > 0 ||
        !sim_provider_admit_plain(s->provider, call->organisation,
                                  (unsigned)call->group, &cost, now,
                                  &o->feedback))
        return reply_by_plan(s, call, now, out);
    draw_reply(s, call, &d);
    o->class = LIM_CLASS_OK;
    o->status = 200;
    o->usage_known = true;
    o->tokens_used = call->prompt_tokens + d.completion_tokens;
    o->microusd = d.microusd;
    o->first_token_ns = call->stream ? d.timing.ttft_ns : -1;
    o->reply_tokens = d.completion_tokens;
    out->admitted = true;
    out->debt.organisation = call->organisation;
    out->debt.group = (unsigned)call->group;
    out->debt.usage.reserved_tokens = cost.amount[LIM_TOKENS];
    out->debt.usage.tokens = o->tokens_used;
    out->debt.usage.microusd = d.microusd > 0 ? d.microusd : 0;
    out->debt.usage.admitted_at = now;
    out->end = now + d.timing.total_ns;
    return LIM_OK;
}
