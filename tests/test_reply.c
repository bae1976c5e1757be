/* The short way of the simulator through a service against the long one. */

#include <CUnit/CUnit.h>
#include <string.h>

#include "limiter/rng.h"
#include "sim/service.h"

#define CALLS 1000 /* before all begins anew */

/* Two services of one configuration: one tells plans, one replies. */
struct pair {
    struct lim_table *table;
    struct sim_provider_config config;
    struct sim_service plans, replies;
};

static void begin(struct pair *p, bool faults)
{
    static const struct sim_organisation o = { .name = "org",
                                               .tier = LIM_TIER_1,
                                               .keys = 1 };
    static const struct sim_fault_rule rule = { .fault = SIM_FAULT_CUT_STREAM,
                                                .share = 0.1,
                                                .from = INT64_MIN,
                                                .until = LIM_NEVER };
    *p = (struct pair){ .table = lim_table_builtin("official-2024-mid", NULL),
                        .config = sim_provider_config_default() };
    p->config.table = p->table;
    p->config.organisations = &o;
    p->config.organisation_count = 1;
    p->config.faults.rules = &rule;
    p->config.faults.count = faults;
    CU_ASSERT_EQUAL_FATAL(sim_service_init(&p->plans, &p->config, NULL),
                          LIM_OK);
    CU_ASSERT_EQUAL_FATAL(sim_service_init(&p->replies, &p->config, NULL),
                          LIM_OK);
}

static void end(struct pair *p)
{
    sim_service_fini(&p->plans);
    sim_service_fini(&p->replies);
    lim_table_free(p->table);
}

static bool same_outcome(const struct lim_outcome *a,
                         const struct lim_outcome *b)
{
    return a->class == b->class && a->status == b->status &&
           a->usage_known == b->usage_known &&
           a->tokens_used == b->tokens_used && a->microusd == b->microusd &&
           a->first_token_ns == b->first_token_ns &&
           a->reply_tokens == b->reply_tokens &&
           memcmp(&a->feedback, &b->feedback, sizeof a->feedback) == 0;
}

static bool same_debt(const struct sim_debt *a, const struct sim_debt *b)
{
    return a->organisation == b->organisation && a->group == b->group &&
           a->usage.reserved_tokens == b->usage.reserved_tokens &&
           a->usage.tokens == b->usage.tokens &&
           a->usage.microusd == b->usage.microusd &&
           a->usage.admitted_at == b->usage.admitted_at;
}

static struct sim_call call_of(uint64_t request)
{
    static const char *const models[] = { "gpt-4o", "gpt-3.5-turbo", "dall-e-3",
                                          "unheard-of" };
    uint64_t bits = lim_rng_draw(1, request, 0);
    unsigned model = bits % 40 < 4 ? (unsigned)(bits % 40) : 0;
    return (struct sim_call){
        .model = models[model],
        .images = model == 2,
        .prompt_tokens = (int64_t)(bits >> 8 & 0xfff),
        .max_tokens = (int64_t)(bits >> 20 & 0x3ff) - 1,
        .completion_tokens = (int64_t)(bits >> 30 & 0x1ff) - 1,
        .stream = (bits >> 39 & 1) != 0,
        .wrong = (bits >> 40 & 31) == 0,
        .attempt = bits >> 45 & 1,
        .request = request,
    };
}

static bool replied_as_planned(struct pair *p, struct sim_call call,
                               lim_time now)
{
    struct sim_plan plan;
    struct sim_reply r;
    struct lim_outcome o;
    sim_service_resolve(&p->plans, &call);
    sim_service_begin(&p->plans, &call, now, &plan);
    sim_service_outcome(&call, &plan, &o);
    sim_service_resolve(&p->replies, &call);
    sim_service_reply(&p->replies, &call, now, &r);
    bool same = r.admitted == plan.admitted && same_outcome(&r.outcome, &o) &&
                r.end == now + plan.timing.total_ns;
    if (!same || !r.admitted)
        return same;
    const struct sim_debt debt = sim_service_debt(&call, &plan);
    sim_service_end(&p->plans, &debt, now);
    sim_service_end(&p->replies, &r.debt, now);
    return same_debt(&r.debt, &debt);
}

static void a_reply_is_what_the_plan_says(void)
{
    for (uint64_t round = 0; round < 6; round++) {
        static struct pair p;
        int planned = 0;
        begin(&p, round % 2 != 0);
        for (uint64_t i = round * CALLS; i < (round + 1) * CALLS; i++)
            planned += replied_as_planned(
                &p, call_of(i), p.config.start + (int64_t)i * 5 * LIM_SEC / 2);
        CU_ASSERT_EQUAL(planned, CALLS);
        end(&p);
    }
}

CU_TestInfo reply_tests[] = { { "a reply is what the plan says",
                                a_reply_is_what_the_plan_says },
                              CU_TEST_INFO_NULL };
