/*
 * Every allocation of a thing's making fails once: it must say so, and leak
 * nothing (the sanitizers look).
 */

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/pool.h"
#include "limiter/tier.h"
#include "limiter/timerq.h"
#include "sim/provider.h"
#include "sim/world.h"
#include "tests/failmalloc.h"

#define ALLOCATIONS_MAX 2000

/* Makes a thing and lets go of it; false: it said that memory is short. */
typedef bool make_fn(void);

/* `spares`: some allocations only make it faster, and may fail unseen. */
static void exhaust(make_fn *make, bool spares)
{
    for (unsigned n = 1; n < ALLOCATIONS_MAX; n++) {
        fail_after(n);
        bool made = make();
        bool failed = fail_happened();
        fail_after(0);
        CU_ASSERT(made == !failed || (made && spares));
        if (!failed) {
            CU_ASSERT(n > 1);
            return;
        }
    }
    CU_FAIL("allocates without end");
}

static bool make_timerq(void)
{
    struct lim_timerq *q = lim_timerq_new(4);
    bool made = q != NULL && lim_timerq_grow(q, 100) == LIM_OK;
    lim_timerq_free(q);
    return made;
}

static bool make_pool(void)
{
    static const struct lim_limits limits = { .max = { 3, 200, 10000, -1,
                                                       -1 } };
    static const struct lim_organisation organisations[] = {
        { .name = "a", .keys = 1, .limits = &limits, .spend_max = -1 },
        { .name = "b", .keys = 1, .limits = &limits, .spend_max = 1000 },
    };
    struct lim_config c = lim_config_default();
    struct lim_diag diag = { 0, "" };
    c.organisations = organisations;
    c.organisation_count = 2;
    struct lim_pool *p = lim_pool_new(&c, &diag);
    if (p == NULL)
        CU_ASSERT_STRING_EQUAL(diag.text, "out of memory");
    lim_pool_free(p);
    return p != NULL;
}

static bool make_table(void)
{
    struct lim_diag diag = { 0, "" };
    struct lim_table *t = lim_table_builtin("seed", &diag);
    if (t == NULL)
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "memory"));
    lim_table_free(t);
    return t != NULL;
}

static const struct sim_organisation free_account = { .name = "free",
                                                      .tier = LIM_TIER_FREE,
                                                      .keys = 1 };

static bool make_provider(void)
{
    struct sim_provider_config c = sim_provider_config_default();
    struct lim_diag diag;
    c.organisations = &free_account;
    c.organisation_count = 1;
    struct sim_provider *p = sim_provider_new(&c, &diag);
    sim_provider_free(p);
    return p != NULL;
}

static bool run_world(void)
{
    const struct sim_workload workload = {
        .model = "gpt-4",
        .arrivals = { .kind = SIM_ARRIVE_BATCH, .batch = 2000 },
        .prompt_tokens = sim_dist_constant(10),
        .completion_tokens = sim_dist_constant(10),
        .max_tokens = -1,
        .deadline_ns = LIM_NEVER,
    };
    struct sim_scenario s = { .name = "memory",
                              .duration_ns = LIM_NEVER,
                              .provider = sim_provider_config_default(),
                              .client = sim_client_config_default(),
                              .workloads = &workload,
                              .workload_count = 1 };
    struct sim_summary summary;
    struct sim_moment *moments = NULL;
    size_t count;
    struct lim_diag diag = { 0, "" };
    s.provider.organisations = &free_account;
    s.provider.organisation_count = 1;
    int error =
        sim_world_run(&s, 1, NULL, NULL, &summary, &moments, &count, &diag);
    if (error != LIM_OK) {
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "memory"));
        return false;
    }
    sim_summary_fini(&summary);
    free(moments);
    return true;
}

static void timers(void)
{
    exhaust(make_timerq, false);
}

static void a_pool(void)
{
    exhaust(make_pool, false);
}

static void a_table(void)
{
    exhaust(make_table, false);
}

static void a_provider(void)
{
    exhaust(make_provider, false);
}

static void a_run(void)
{
    exhaust(run_world, true);
}

/* What making a pool of so many asks for. */
static size_t bytes_of_pool(unsigned organisations)
{
    const struct lim_limits limits = { .max = { 500, -1, 30000, -1, -1 } };
    struct lim_organisation *o = calloc(organisations, sizeof *o);
    struct lim_config c = lim_config_default();
    for (unsigned i = 0; i < organisations; i++)
        o[i] = (struct lim_organisation){
            .name = "o", .keys = 1, .limits = &limits, .spend_max = -1
        };
    c.organisations = o;
    c.organisation_count = organisations;
    c.requests_max = 16;
    size_t before = bytes_asked();
    struct lim_pool *p = lim_pool_new(&c, NULL);
    size_t bytes = bytes_asked() - before;
    CU_ASSERT_PTR_NOT_NULL(p);
    lim_pool_free(p);
    free(o);
    return bytes;
}

static void an_organisation(void)
{
    size_t bytes = bytes_of_pool(10000) - bytes_of_pool(1000);
    CU_ASSERT(bytes > 9000 * 100);
    CU_ASSERT(bytes <= 9000 * 300);
}

CU_TestInfo memory_tests[] = {
    { "timers say that memory is short", timers },
    { "a pool says that memory is short", a_pool },
    { "a table says that memory is short", a_table },
    { "a provider says that memory is short", a_provider },
    { "a run says that memory is short", a_run },
    { "an organisation takes 300 bytes at most", an_organisation },
    CU_TEST_INFO_NULL
};
