/* What named clients do today, run in virtual time. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "bench/preset.h"
#include "bench/scenario.h"
#include "sim/world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int load(struct bench_scenario *s, const char *text,
                struct lim_diag *diag)
{
    cJSON *tree = mock_json_parse(text, strlen(text), diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    int error = bench_scenario_from_json(s, tree, NULL, diag);
    cJSON_Delete(tree);
    if (error != LIM_OK)
        printf("\n%s\n", diag->text);
    return error;
}

/* A client before a provider and some work, both as JSON. */
static void make(struct bench_scenario *s, const char *client,
                 const char *provider, const char *workload)
{
    char text[2048];
    struct lim_diag diag = { 0 };
    snprintf(text, sizeof text,
             "{\"duration\": \"10m\", \"client\": %s, \"provider\": %s,"
             " \"workload\": %s}",
             client, provider, workload);
    CU_ASSERT_EQUAL_FATAL(load(s, text, &diag), LIM_OK);
}

/* What was sent, in the order in which it ended. */
struct log {
    struct sim_attempt of[4000];
    size_t count;
};

static void note(void *context, const struct sim_attempt *a)
{
    struct log *l = context;
    if (l->count < COUNT(l->of))
        l->of[l->count++] = *a;
}

static struct sim_summary run(const struct bench_scenario *s, struct log *l)
{
    struct sim_summary sum;
    struct lim_diag diag = { 0, "" };
    const struct sim_watch watch = { .context = l, .attempt = note };
    l->count = 0;
    int error =
        sim_world_run(&s->sim, 1, &watch, NULL, &sum, NULL, NULL, &diag);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    return sum;
}

#define MIXED                                                                  \
    "{\"table\": \"seed\", \"organisations\": ["                               \
    " {\"name\": \"free\", \"tier\": \"free\", \"count\": 2},"                 \
    " {\"name\": \"small\", \"tier\": \"tier1\", \"count\": 2}],"              \
    " \"latency\": \"2s\"}"
#define MUCH                                                                   \
    "{\"model\": \"gpt-4\", \"arrivals\": {\"poisson\": \"60/m\"},"            \
    " \"prompt_tokens\": 400, \"max_tokens\": 300}"

#define FREE                                                                   \
    "{\"table\": \"seed\", \"latency\": \"1s\", \"organisations\": "           \
    "[{\"name\": \"a\", \"tier\": \"free\", \"count\": 3}]}"
#define OPEN                                                                   \
    "{\"table\": \"none\", \"latency\": \"2s\", \"organisations\": "           \
    "[{\"name\": \"a\", \"count\": 4}]}"
#define BATCH(n)                                                               \
    "{\"model\": \"gpt-4\", \"arrivals\": {\"batch\": " #n "},"                \
    " \"prompt_tokens\": 100, \"max_tokens\": 100}"

static void each_preset_is_whole(void)
{
    static const char *const names[] = {
        "openai-python",    "openai-node",
        "cookbook-script",  "litellm-simple-shuffle",
        "litellm-usage-v2", "litellm-latency",
        "one-api",          "round-robin-semaphore"
    };
    cJSON *all = bench_preset_all();
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(all), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        const cJSON *p = cJSON_GetObjectItemCaseSensitive(all, names[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(p), 5);
        CU_ASSERT(cJSON_IsString(cJSON_GetObjectItem(p, "summary")));
        CU_ASSERT(cJSON_IsString(cJSON_GetObjectItem(p, "source")));
        CU_ASSERT(cJSON_GetArraySize(cJSON_GetObjectItem(p, "bugs")) > 0);
        CU_ASSERT(cJSON_IsArray(cJSON_GetObjectItem(p, "departures")));
        CU_ASSERT(cJSON_IsObject(cJSON_GetObjectItem(p, "client")));
    }
    cJSON_Delete(all);
}

static void each_runs_on_a_mixed_pool(void)
{
    static struct log log;
    cJSON *all = bench_preset_all();
    const cJSON *preset;
    cJSON_ArrayForEach(preset, all)
    {
        struct bench_scenario s;
        char client[100];
        snprintf(client, sizeof client, "{\"preset\": \"%s\"}", preset->string);
        make(&s, client, MIXED, MUCH);
        struct sim_summary sum = run(&s, &log);
        CU_ASSERT(sum.requests > 500);
        CU_ASSERT(sum.succeeded > 100);
        CU_ASSERT(sum.succeeded < sum.requests);
        sim_summary_fini(&sum);
        bench_scenario_fini(&s);
    }
    cJSON_Delete(all);
}

/* The most tries of one request. */
static unsigned tries(const struct log *l)
{
    unsigned most = 0;
    for (size_t i = 0; i < l->count; i++)
        most = l->of[i].attempt + 1 > most ? l->of[i].attempt + 1 : most;
    return most;
}

/* A batch that its organisations take minutes for. */
static void each_gives_up_after_its_tries(void)
{
    static const struct {
        const char *preset;
        unsigned tries;
    } rows[] = {
        { "openai-python", 3 },
        { "openai-node", 3 },
        { "one-api", 1 },
        { "litellm-simple-shuffle", 3 },
        { "litellm-usage-v2", 3 },
        { "litellm-latency", 3 },
        { "round-robin-semaphore", 7 },
    };
    static struct log log;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench_scenario s;
        char client[100];
        snprintf(client, sizeof client, "{\"preset\": \"%s\"}", rows[i].preset);
        make(&s, client, FREE, BATCH(300));
        struct sim_summary sum = run(&s, &log);
        CU_ASSERT_EQUAL(tries(&log), rows[i].tries);
        CU_ASSERT(sum.failed > 0);
        sim_summary_fini(&sum);
        bench_scenario_fini(&s);
    }
}

/* Of refusals that ask for 80 s, the Python client waits, Node does not. */
static void node_passes_over_what_python_waits_for(void)
{
    static const struct {
        const char *preset;
        int64_t wait; /* 0: the base */
    } rows[] = { { "openai-python", 80 * LIM_SEC }, { "openai-node", 0 } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench_scenario s;
        char client[100];
        snprintf(client, sizeof client, "{\"preset\": \"%s\"}", rows[i].preset);
        make(&s, client, OPEN, BATCH(1));
        const struct lim_retry *r = &s.sim.client.retry;
        const struct lim_backoff_case c = { .base_ns = r->base_ns,
                                            .cap_ns = r->cap_ns,
                                            .hint_ns = 80 * LIM_SEC };
        int64_t wait = r->backoff->wait(&c);
        CU_ASSERT_EQUAL(wait, rows[i].wait > 0 ? rows[i].wait : r->base_ns);
        bench_scenario_fini(&s);
    }
}

/* Attempts that went out within `span` of a refusal, after it. */
struct after {
    unsigned same, others; /* to who refused, to others */
};

static struct after after_refusals(const struct log *l, int64_t span)
{
    struct after n = { 0 };
    for (size_t i = 0; i < l->count; i++)
        for (size_t k = 0; k < l->count && l->of[i].status == 429; k++) {
            int64_t later = l->of[k].sent_ns - l->of[i].done_ns;
            bool same = l->of[k].organisation == l->of[i].organisation;
            n.same += later > 0 && later < span && same;
            n.others += later > 0 && later < span && !same;
        }
    return n;
}

/* A provider of fixed minutes refuses who takes it for a bucket. */
static void the_cookbook_silences_all(void)
{
    static struct log log;
    struct bench_scenario s;
    make(&s, "{\"preset\": \"cookbook-script\"}",
         "{\"table\": \"seed\", \"discipline\": \"fixed\","
         " \"latency\": \"1s\", \"organisations\":"
         " [{\"name\": \"a\", \"tier\": \"free\", \"count\": 4}]}",
         MUCH);
    struct sim_summary sum = run(&s, &log);
    struct after n = after_refusals(&log, 15 * LIM_SEC);
    CU_ASSERT(sum.http_429 > 5);
    CU_ASSERT_EQUAL(n.same + n.others, 0);
    CU_ASSERT(after_refusals(&log, LIM_MIN).others > 0);
    sim_summary_fini(&sum);
    bench_scenario_fini(&s);
}

/* Nobody is asked within 5 s of its refusal; the others are. */
static void litellm_cools_the_refused_alone(void)
{
    static struct log log;
    struct bench_scenario s;
    make(&s, "{\"preset\": \"litellm-simple-shuffle\"}", MIXED, MUCH);
    struct sim_summary sum = run(&s, &log);
    struct after n = after_refusals(&log, 5 * LIM_SEC);
    CU_ASSERT(sum.http_429 > 50);
    CU_ASSERT_EQUAL(n.same, 0);
    CU_ASSERT(n.others > 100);
    sim_summary_fini(&sum);
    bench_scenario_fini(&s);
}

/* The most of ten attempts in a row that one organisation got. */
static unsigned longest_run(const char *client)
{
    static struct log log;
    struct bench_scenario s;
    unsigned most = 0;
    make(&s, client, OPEN,
         "{\"model\": \"gpt-4\", \"arrivals\": {\"poisson\": \"300/m\"},"
         " \"prompt_tokens\": 100, \"max_tokens\": 100}");
    struct sim_summary sum = run(&s, &log);
    for (size_t i = 0; i + 10 <= log.count; i++) {
        unsigned n[4] = { 0 };
        for (size_t k = i; k < i + 10; k++) {
            unsigned now = ++n[log.of[k].organisation];
            most = now > most ? now : most;
        }
    }
    sim_summary_fini(&sum);
    bench_scenario_fini(&s);
    return most;
}

/* For 2 s nobody learns of what is on its way: some 10 go to the minimum. */
static void litellm_usage_sends_the_herd_to_the_minimum(void)
{
    CU_ASSERT(longest_run("{\"preset\": \"litellm-usage-v2\"}") >= 9);
    CU_ASSERT(longest_run("{\"preset\": \"litellm-usage-v2\","
                          " \"strategy\": \"least_in_flight\"}") <= 5);
}

/* Of ten samples nine are of the first minutes: who was quick stays so. */
static void litellm_latency_follows_its_oldest_samples(void)
{
    static struct log log;
    struct bench_scenario s;
    unsigned last[4] = { 0 }, most = 0;
    make(&s, "{\"preset\": \"litellm-latency\"}",
         "{\"table\": \"none\", \"organisations\":"
         " [{\"name\": \"a\", \"count\": 4}],"
         " \"latency\": {\"exponential\": {\"mean\": \"1s\"}}}",
         "{\"model\": \"gpt-4\", \"arrivals\": {\"poisson\": \"300/m\"},"
         " \"completion_tokens\": 100}");
    struct sim_summary sum = run(&s, &log);
    for (size_t i = log.count - 200; i < log.count; i++) {
        unsigned n = ++last[log.of[i].organisation];
        most = n > most ? n : most;
    }
    CU_ASSERT_EQUAL(most, 200);
    sim_summary_fini(&sum);
    bench_scenario_fini(&s);
}

static void keys_of_one_s_own_go_before(void)
{
    struct bench_scenario s;
    make(&s,
         "{\"preset\": \"openai-python\", \"retry\": {\"max\": 5},"
         " \"strategy\": \"p2c\"}",
         OPEN, BATCH(1));
    CU_ASSERT_EQUAL(s.sim.client.retry.max, 5);
    CU_ASSERT_STRING_EQUAL(s.sim.client.retry.backoff->name, "sdk");
    CU_ASSERT_STRING_EQUAL(s.sim.client.strategy->name, "p2c");
    CU_ASSERT_EQUAL(s.sim.client.belief, LIM_BELIEF_NONE);
    bench_scenario_fini(&s);
    make(&s,
         "{\"cap\": {\"per_organisation\": 3}, \"preset\": "
         "\"litellm-latency\", \"limits\": \"learned\"}",
         OPEN, BATCH(1));
    CU_ASSERT_PTR_NULL(s.sim.client.cap);
    CU_ASSERT_EQUAL(s.sim.client.cap_organisation, 3);
    CU_ASSERT_EQUAL(s.sim.client.belief, LIM_BELIEF_LEARNED);
    CU_ASSERT_EQUAL(s.sim.client.retry.max, 2);
    bench_scenario_fini(&s);
    make(&s, "{\"preset\": \"cookbook-script\"}", OPEN, BATCH(1));
    CU_ASSERT_STRING_EQUAL(s.sim.client.cap->name, "cooldown");
    CU_ASSERT_EQUAL(s.sim.client.cap_options.timeout_ns, 15 * LIM_SEC);
    CU_ASSERT_TRUE(s.sim.client.cap_whole);
    CU_ASSERT_EQUAL(s.sim.client.retry.max, 4);
    bench_scenario_fini(&s);
}

static void what_is_wrong_is_told_with_its_place(void)
{
    static const struct {
        const char *client, *says;
    } rows[] = {
        { "{\"preset\": \"openai-pyton\"}", "did you mean \"openai-python\"" },
        { "{\"preset\": \"openai-pyton\"}", "client.preset" },
        { "{\"preset\": 3}", "client.preset" },
        { "{\"preset\": \"one-api\", \"retri\": {}}", "client.retri" },
        { "{\"preset\": \"one-api\", \"retry\": {\"max\": -1}}",
          "client.retry.max" },
        { "{\"preset\": \"one-api\", \"retry\": 3}", "client.retry" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[400];
        struct bench_scenario s;
        struct lim_diag diag = { 0 };
        snprintf(text, sizeof text, "{\"client\": %s, \"workload\": %s}",
                 rows[i].client, BATCH(1));
        cJSON *tree = mock_json_parse(text, strlen(text), &diag);
        CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
        int error = bench_scenario_from_json(&s, tree, NULL, &diag);
        cJSON_Delete(tree);
        CU_ASSERT_NOT_EQUAL(error, LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].says));
        if (strstr(diag.text, rows[i].says) == NULL)
            printf("\nsaid: %s\n", diag.text);
    }
}

CU_TestInfo preset_tests[] = {
    { "each preset is whole", each_preset_is_whole },
    { "each runs on a mixed pool", each_runs_on_a_mixed_pool },
    { "each gives up after its tries", each_gives_up_after_its_tries },
    { "Node passes over what Python waits for",
      node_passes_over_what_python_waits_for },
    { "the cookbook silences all", the_cookbook_silences_all },
    { "litellm cools the refused alone", litellm_cools_the_refused_alone },
    { "litellm's usage sends the herd to the minimum",
      litellm_usage_sends_the_herd_to_the_minimum },
    { "litellm's latency follows its oldest samples",
      litellm_latency_follows_its_oldest_samples },
    { "keys of one's own go before", keys_of_one_s_own_go_before },
    { "what is wrong is told with its place",
      what_is_wrong_is_told_with_its_place },
    CU_TEST_INFO_NULL
};
