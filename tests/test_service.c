#include <CUnit/CUnit.h>
#include <string.h>

#include "limiter/time.h"
#include "sim/service.h"

/* One organisation of the mid-2024 table at tier1, and a call to make. */
struct world {
    struct lim_table *table;
    struct sim_provider_config config;
    struct sim_service service;
    struct sim_call call;
    struct sim_plan plan;
};

static void begin(struct world *w, struct sim_call call)
{
    static const struct sim_organisation o = { .name = "org",
                                               .tier = LIM_TIER_1,
                                               .keys = 1 };
    *w = (struct world){ .table = lim_table_builtin("official-2024-mid", NULL),
                         .config = sim_provider_config_default() };
    w->config.table = w->table;
    w->config.organisations = &o;
    w->config.organisation_count = 1;
    CU_ASSERT_EQUAL_FATAL(sim_service_init(&w->service, &w->config, NULL),
                          LIM_OK);
    w->call = call;
    sim_service_resolve(&w->service, &w->call);
}

/* The provider's ways are now those of w->config. */
static void change(struct world *w)
{
    sim_service_change(&w->service, &w->config);
    sim_service_resolve(&w->service, &w->call);
}

static void ask(struct world *w)
{
    sim_service_begin(&w->service, &w->call, w->config.start, &w->plan);
}

static void answer_ends(struct world *w, const struct sim_plan *plan,
                        lim_time now)
{
    const struct sim_debt debt = sim_service_debt(&w->call, plan);
    sim_service_end(&w->service, &debt, now);
}

static void end(struct world *w)
{
    sim_service_fini(&w->service);
    lim_table_free(w->table);
}

static void a_request_is_charged_for_prompt_and_allowance(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 300,
                                 .max_tokens = 600,
                                 .completion_tokens = 100 });
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_REQUESTS], 1);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_TOKENS], 900);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_IMAGES], 0);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_MONEY], 0);
    CU_ASSERT_EQUAL(w.plan.completion_tokens, 100);
    w.call.max_tokens = -1;
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.cost.amount[LIM_TOKENS], 300);
    end(&w);
}

static void the_real_cost_is_spent_at_the_end(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 1000,
                                 .max_tokens = 600,
                                 .completion_tokens = 100 });
    ask(&w);
    int64_t price = lim_price_cost(lim_price_find("gpt-4o"), 1000, 100, 0);
    CU_ASSERT(price > 0);
    CU_ASSERT_EQUAL(w.plan.microusd, price);
    CU_ASSERT_EQUAL(sim_provider_spent(w.service.provider, 0, w.config.start),
                    0);
    lim_time done = w.config.start + w.plan.timing.total_ns;
    answer_ends(&w, &w.plan, done);
    CU_ASSERT_EQUAL(sim_provider_spent(w.service.provider, 0, done), price);
    end(&w);
}

static void a_price_that_is_not_known_is_told_and_not_spent(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "no-such-model", .max_tokens = -1 });
    w.config.table = NULL;
    sim_service_fini(&w.service);
    sim_service_init(&w.service, &w.config, NULL);
    sim_service_resolve(&w.service, &w.call);
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_ADMITTED);
    CU_ASSERT_EQUAL(w.plan.microusd, -1);
    answer_ends(&w, &w.plan, w.config.start);
    CU_ASSERT_EQUAL(sim_provider_spent(w.service.provider, 0, w.config.start),
                    0);
    end(&w);
}

static void replies_are_cut_at_max_tokens(void)
{
    const struct {
        int64_t given, max, length;
    } rows[] = {
        { 100, -1, 100 }, { 100, 99, 99 }, { 100, 1, 1 },
        { 0, -1, 0 },     { 0, 10, 0 },    { 1, 0, 1 },
    };
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o", .prompt_tokens = 10 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w.call.completion_tokens = rows[i].given;
        w.call.max_tokens = rows[i].max;
        ask(&w);
        CU_ASSERT_EQUAL(w.plan.completion_tokens, rows[i].length);
    }
    end(&w);
}

/* gpt-4 holds 8,192 tokens. */
static void what_is_longer_than_the_context_is_wrong(void)
{
    const struct {
        const char *model;
        int64_t prompt, max;
        bool wrong;
        int64_t length; /* of a reply of 500 */
    } rows[] = {
        { "gpt-4", 8192, -1, false, 0 },    { "gpt-4", 8193, -1, true, 0 },
        { "gpt-4", 8000, 192, false, 192 }, { "gpt-4", 8000, 193, true, 0 },
        { "gpt-4", 8000, -1, false, 192 },  { "gpt-4", 100, -1, false, 500 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        begin(&w, (struct sim_call){ .model = rows[i].model,
                                     .prompt_tokens = rows[i].prompt,
                                     .max_tokens = rows[i].max,
                                     .completion_tokens = 500 });
        CU_ASSERT_EQUAL(sim_service_too_long(&w.call), rows[i].wrong);
        w.call.wrong = rows[i].wrong;
        ask(&w);
        CU_ASSERT_EQUAL(w.plan.admitted, !rows[i].wrong);
        CU_ASSERT_EQUAL(w.plan.completion_tokens, rows[i].length);
        end(&w);
    }
    CU_ASSERT_EQUAL(sim_service_room(NULL, 1000000), INT64_MAX);
}

/* It costs what it asks for, where 400s are charged, and else nothing, and
   comes when the limits let it through. */
static void a_mistake_meets_the_limits(void)
{
    for (int charged = 0; charged < 2; charged++) {
        struct world w;
        struct lim_outcome o;
        begin(&w, (struct sim_call){ .model = "gpt-4",
                                     .prompt_tokens = 9000,
                                     .max_tokens = -1,
                                     .wrong = true });
        w.config.charge.bad_request = charged;
        change(&w);
        ask(&w);
        sim_service_outcome(&w.call, &w.plan, &o);
        CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_WRONG);
        CU_ASSERT_EQUAL(o.status, 400);
        CU_ASSERT_EQUAL(o.class, LIM_CLASS_CALLER);
        CU_ASSERT_EQUAL(w.plan.timing.total_ns, 0);
        CU_ASSERT_EQUAL(w.service.in_flight, 0);
        CU_ASSERT_EQUAL(o.feedback.tokens.remaining, charged ? 1000 : 10000);
        ask(&w);
        CU_ASSERT_EQUAL(w.plan.status, charged ? 429 : 400);
        end(&w);
    }
}

static void lengths_that_are_not_given_are_drawn(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-3.5-turbo",
                                 .max_tokens = -1,
                                 .completion_tokens = -1 });
    w.config.table = NULL;
    sim_service_fini(&w.service);
    sim_service_init(&w.service, &w.config, NULL);
    sim_service_resolve(&w.service, &w.call);
    w.call.group = 0;
    int below_p50 = 0, below_p95 = 0, n = 10000;
    for (int i = 0; i < n; i++) {
        w.call.request = (uint64_t)i;
        ask(&w);
        int64_t length = w.plan.completion_tokens;
        CU_ASSERT(length >= 1);
        below_p50 += length <= 129;
        below_p95 += length <= 451;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)below_p50 / n, 0.5, 0.015);
    CU_ASSERT_DOUBLE_EQUAL((double)below_p95 / n, 0.95, 0.006);
    int64_t last = w.plan.completion_tokens;
    w.call.attempt = 1; /* another try has the same reply */
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.completion_tokens, last);
    struct sim_dist a = sim_default_completion();
    struct sim_dist b = sim_dist_lognormal(129, 451);
    CU_ASSERT_DOUBLE_EQUAL(a.a, b.a, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(a.b, b.b, 1e-14);
    end(&w);
}

static void latency_is_the_models_or_the_given(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o-2024-08-06",
                                 .max_tokens = -1,
                                 .completion_tokens = 50,
                                 .request = 7,
                                 .attempt = 2 });
    ask(&w);
    const struct sim_latency_of of = {
        .request = 7, .attempt = 2, .completion_tokens = 50, .factor = 1
    };
    struct sim_timing t = sim_latency_draw(&sim_profile_find("gpt-4o")->latency,
                                           w.config.seed, &of);
    CU_ASSERT_EQUAL(w.plan.timing.ttft_ns, t.ttft_ns);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, t.total_ns);
    w.config.latency_source = SIM_LATENCY_GIVEN;
    w.config.latency = sim_latency_constant(10);
    change(&w);
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, 10 * LIM_SEC);
    end(&w);
}

static void a_refusal_comes_at_once(void)
{
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 100000000,
                                 .max_tokens = -1,
                                 .completion_tokens = 5 });
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_TOO_LARGE);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, 0);
    CU_ASSERT_EQUAL(w.plan.completion_tokens, 0);
    CU_ASSERT_EQUAL(w.plan.microusd, 0);
    end(&w);
    begin(&w, (struct sim_call){ .model = "gpt-99" });
    CU_ASSERT_EQUAL(w.call.group, -1);
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_NO_MODEL);
    CU_ASSERT_EQUAL(w.plan.verdict.max, 0);
    CU_ASSERT_EQUAL(w.plan.verdict.admitted_at, LIM_NEVER);
    CU_ASSERT_EQUAL(w.plan.timing.total_ns, 0);
    end(&w);
}

/* What each fault does to an answer of 21 tokens, of which the first comes
   after 1 s and each other after 0.1 s, and to what its client reads of it. */
struct fault_row {
    enum sim_fault fault;
    int status, charged;
    int64_t told, ttft_ms, total_ms;
    bool paid;
    enum lim_class class;
    int seen; /* status that the client sees */
    bool shown;
    int64_t first_token_ms; /* of a stream; -1: none */
};

static const struct fault_row fault_rows[] = {
    { SIM_FAULT_NONE, 200, 1, 21, 1000, 3000, true, LIM_CLASS_OK, 200, true,
      1000 },
    { SIM_FAULT_HTTP_429, 429, 0, 0, 0, 0, false, LIM_CLASS_RATE_LIMIT, 429,
      false, -1 },
    { SIM_FAULT_EDGE_429, 429, 0, 0, 0, 0, false, LIM_CLASS_RATE_LIMIT, 429,
      false, -1 },
    { SIM_FAULT_HTTP_503, 503, 0, 0, 0, 0, false, LIM_CLASS_TRANSIENT, 503,
      false, -1 },
    { SIM_FAULT_SLOW_DOWN, 503, 0, 0, 0, 0, false, LIM_CLASS_TRANSIENT, 503,
      false, -1 },
    { SIM_FAULT_HTTP_500, 500, 1, 0, 1000, 1000, false, LIM_CLASS_TRANSIENT,
      500, false, -1 },
    { SIM_FAULT_TIMEOUT, 0, 1, 0, 600000, 600000, true, LIM_CLASS_TRANSIENT, 0,
      false, -1 },
    { SIM_FAULT_RESET, 0, 1, 0, 1000, 1000, true, LIM_CLASS_TRANSIENT, 0, false,
      -1 },
    { SIM_FAULT_RESET_IN_HEAD, 200, 1, 0, 1000, 1000, true, LIM_CLASS_TRANSIENT,
      0, false, -1 },
    { SIM_FAULT_RESET_AFTER_HEAD, 200, 1, 0, 1000, 1000, true,
      LIM_CLASS_TRANSIENT, 0, true, -1 },
    { SIM_FAULT_CUT_STREAM, 200, 1, 10, 1000, 2000, true, LIM_CLASS_TRANSIENT,
      0, true, 1000 },
    { SIM_FAULT_MALFORMED, 200, 1, 21, 1000, 3000, true, LIM_CLASS_TRANSIENT, 0,
      true, 1000 },
    { SIM_FAULT_WRONG_LENGTH, 200, 1, 21, 1000, 3000, true, LIM_CLASS_TRANSIENT,
      0, true, 1000 },
    { SIM_FAULT_NO_HEADERS, 200, 1, 21, 1000, 3000, true, LIM_CLASS_OK, 200,
      false, 1000 },
    { SIM_FAULT_LYING_HEADERS, 200, 1, 21, 1000, 3000, true, LIM_CLASS_OK, 200,
      true, 1000 },
    { SIM_FAULT_CLOCK_SKEW, 200, 1, 21, 1000, 3000, true, LIM_CLASS_OK, 200,
      true, 1000 },
};

/* Requests of the day that are left. */
static int64_t left(const struct world *w)
{
    const struct lim_cost nothing = { { 0 } };
    struct sim_verdict v;
    sim_provider_probe(w->service.provider, 0, (unsigned)w->call.group,
                       &nothing, w->config.start, &v);
    return v.shown.requests.remaining;
}

static void check_plan(const struct fault_row *r, const struct world *w)
{
    const struct sim_plan *p = &w->plan;
    CU_ASSERT_EQUAL(p->fault, r->fault);
    CU_ASSERT_EQUAL(p->status, r->status);
    CU_ASSERT_EQUAL(p->admitted, r->charged > 0);
    CU_ASSERT_EQUAL(p->told_tokens, r->told);
    CU_ASSERT_EQUAL(p->timing.ttft_ns, r->ttft_ms * LIM_MSEC);
    CU_ASSERT_EQUAL(p->timing.total_ns, r->total_ms * LIM_MSEC);
    CU_ASSERT_EQUAL(p->microusd > 0, r->paid);
    CU_ASSERT(p->microusd >= 0);
}

static void check_outcome(const struct fault_row *r, const struct world *w)
{
    struct lim_outcome o;
    sim_service_outcome(&w->call, &w->plan, &o);
    CU_ASSERT_EQUAL(o.class, r->class);
    CU_ASSERT_EQUAL(o.status, r->seen);
    CU_ASSERT_EQUAL(o.usage_known, r->class == LIM_CLASS_OK);
    CU_ASSERT_EQUAL(o.feedback.requests.limit >= 0, r->shown);
    CU_ASSERT_EQUAL(o.feedback.refused_by, -1);
    CU_ASSERT_EQUAL(o.feedback.hint_ns,
                    r->fault == SIM_FAULT_EDGE_429 ? SIM_EDGE_HINT_NS : -1);
    if (!w->call.stream || r->first_token_ms < 0)
        CU_ASSERT_EQUAL(o.first_token_ns, -1);
    if (w->call.stream && r->first_token_ms >= 0)
        CU_ASSERT_EQUAL(o.first_token_ns, r->first_token_ms * LIM_MSEC);
}

static void play_fault(const struct fault_row *r, bool stream)
{
    const struct sim_fault_rule rule = {
        .fault = r->fault, .share = 1, .from = INT64_MIN, .until = LIM_NEVER
    };
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .prompt_tokens = 1000,
                                 .max_tokens = -1,
                                 .completion_tokens = 21,
                                 .stream = stream });
    w.config.faults.rules = &rule;
    w.config.faults.count = r->fault != SIM_FAULT_NONE;
    w.config.latency_source = SIM_LATENCY_GIVEN;
    w.config.latency.ttft = sim_dist_constant(1);
    w.config.latency.per_token = sim_dist_constant(0.1);
    change(&w);
    int64_t before = left(&w);
    ask(&w);
    CU_ASSERT_EQUAL(before - left(&w), r->charged);
    CU_ASSERT_EQUAL(w.service.in_flight, r->charged);
    check_plan(r, &w);
    check_outcome(r, &w);
    if (w.plan.admitted)
        answer_ends(&w, &w.plan, w.config.start);
    int64_t spent = sim_provider_spent(w.service.provider, 0, w.config.start);
    CU_ASSERT_EQUAL(spent > 0, r->paid);
    CU_ASSERT_EQUAL(w.service.in_flight, 0);
    end(&w);
}

static void each_fault_has_its_plan(void)
{
    const size_t n = sizeof fault_rows / sizeof fault_rows[0];
    CU_ASSERT_EQUAL(n, SIM_FAULTS);
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(fault_rows[i].fault, i);
        play_fault(&fault_rows[i], false);
        if (fault_rows[i].fault != SIM_FAULT_WRONG_LENGTH)
            play_fault(&fault_rows[i], true);
    }
}

static void streams_have_no_length_to_be_wrong(void)
{
    struct fault_row good = fault_rows[SIM_FAULT_NONE];
    const struct sim_fault_rule rule = { .fault = SIM_FAULT_WRONG_LENGTH,
                                         .share = 1,
                                         .from = INT64_MIN,
                                         .until = LIM_NEVER };
    struct world w;
    begin(&w, (struct sim_call){ .model = "gpt-4o",
                                 .max_tokens = -1,
                                 .completion_tokens = 21,
                                 .stream = true });
    w.service.config.faults.rules = &rule;
    w.service.config.faults.count = 1;
    ask(&w);
    CU_ASSERT_EQUAL(w.plan.fault, good.fault);
    CU_ASSERT_EQUAL(w.plan.told_tokens, good.told);
    end(&w);
}

/* Headers are false on refusals too; what was refused stays refused. */
static void refusals_can_lie(void)
{
    const struct {
        enum sim_fault fault;
        bool shown, full, hint;
    } rows[] = {
        { SIM_FAULT_NONE, true, false, true },
        { SIM_FAULT_NO_HEADERS, false, false, false },
        { SIM_FAULT_LYING_HEADERS, true, true, false },
        { SIM_FAULT_RESET, true, false, true }, /* it is no answer's */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_fault_rule rule = { .fault = rows[i].fault,
                                       .share = 1,
                                       .from = INT64_MIN,
                                       .until = LIM_NEVER };
        struct lim_outcome o;
        struct world w;
        begin(&w, (struct sim_call){ .model = "gpt-4o",
                                     .prompt_tokens = 20000,
                                     .max_tokens = -1,
                                     .completion_tokens = 1 });
        ask(&w);
        w.service.config.faults.rules = &rule;
        w.service.config.faults.count = rule.fault != SIM_FAULT_NONE;
        ask(&w);
        CU_ASSERT_EQUAL(w.plan.verdict.answer, SIM_RATE_LIMITED);
        sim_service_outcome(&w.call, &w.plan, &o);
        CU_ASSERT_EQUAL(o.class, LIM_CLASS_RATE_LIMIT);
        CU_ASSERT_EQUAL(o.status, 429);
        CU_ASSERT_EQUAL(o.feedback.refused_by, LIM_TPM);
        CU_ASSERT_EQUAL(o.feedback.tokens.limit >= 0, rows[i].shown);
        if (rows[i].shown)
            CU_ASSERT_EQUAL(o.feedback.tokens.remaining == 30000, rows[i].full);
        CU_ASSERT_EQUAL(o.feedback.hint_ns > 0, rows[i].hint);
        end(&w);
    }
}

/* In the world's organisation, at tier1, with a constant second and tokens. */
static void times_grow_with_load_and_fall_with_tiers(void)
{
    const struct {
        double slope, tier1;
        int64_t before, total_ms; /* admitted before it; its time */
    } rows[] = {
        { 0, 1, 5, 2000 },    { 1, 1, 0, 2000 },    { 1, 1, 5, 3000 },
        { 1, 1, 10, 4000 },   { 0.5, 1, 10, 3000 }, { 0, 0.5, 5, 1000 },
        { 1, 0.5, 10, 2000 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        begin(&w, (struct sim_call){ .model = "gpt-4o",
                                     .max_tokens = -1,
                                     .completion_tokens = 11 });
        w.config.latency_source = SIM_LATENCY_GIVEN;
        w.config.latency.ttft = sim_dist_constant(1);
        w.config.latency.per_token = sim_dist_constant(0.1);
        w.config.load = (struct sim_load){ 10, rows[i].slope };
        w.config.tier_speed[LIM_TIER_1] = rows[i].tier1;
        change(&w);
        for (int64_t k = 0; k < rows[i].before; k++)
            ask(&w);
        struct sim_plan last = w.plan;
        ask(&w);
        CU_ASSERT_EQUAL(w.plan.timing.total_ns, rows[i].total_ms * LIM_MSEC);
        CU_ASSERT_EQUAL(w.plan.timing.ttft_ns, rows[i].total_ms * LIM_MSEC / 2);
        if (rows[i].before > 0)
            answer_ends(&w, &last, w.config.start);
        CU_ASSERT_EQUAL(w.service.in_flight,
                        rows[i].before > 0 ? rows[i].before : 1);
        end(&w);
    }
}

CU_TestInfo service_tests[] = {
    { "a request is charged for prompt and allowance",
      a_request_is_charged_for_prompt_and_allowance },
    { "the real cost is spent at the end", the_real_cost_is_spent_at_the_end },
    { "a price that is not known is told and not spent",
      a_price_that_is_not_known_is_told_and_not_spent },
    { "replies are cut at max_tokens", replies_are_cut_at_max_tokens },
    { "what is longer than the context is wrong",
      what_is_longer_than_the_context_is_wrong },
    { "a mistake meets the limits", a_mistake_meets_the_limits },
    { "lengths that are not given are drawn",
      lengths_that_are_not_given_are_drawn },
    { "latency is the model's or the given",
      latency_is_the_models_or_the_given },
    { "a refusal comes at once", a_refusal_comes_at_once },
    { "each fault has its plan", each_fault_has_its_plan },
    { "streams have no length to be wrong",
      streams_have_no_length_to_be_wrong },
    { "refusals can lie", refusals_can_lie },
    { "times grow with load and fall with tiers",
      times_grow_with_load_and_fall_with_tiers },
    CU_TEST_INFO_NULL
};
