#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "bench/find.h"
#include "bench/path.h"

/* Three at once, and then one each 20 s, answered at once: six take 60 s. */
#define BATCH                                                                  \
    "{\"provider\": {\"table\": \"seed\", \"latency\": \"none\","              \
    " \"organisations\": [{\"name\": \"a\", \"tier\": \"free\"}]},"            \
    " \"workload\": {\"model\": \"gpt-4\", \"prompt_tokens\": 20,"             \
    " \"arrivals\": {\"batch\": %s}}}"

/* Ten seconds each, so many at a time. */
#define CAPPED                                                                 \
    "{\"provider\": {\"table\": \"none\", \"latency\": \"10s\"},"              \
    " \"workload\": {\"model\": \"m\", \"arrivals\": {\"batch\": 12}},"        \
    " \"vary\": {\"client.cap\": %s}}"

static struct bench_found found;

/* The scenario as it varies afterwards; NULL: an error. */
static cJSON *search(const char *form, const char *value, const char *path,
                     const char *check, const char *best, struct lim_diag *why)
{
    char text[500];
    struct bench_check c;
    struct bench_progress progress = { .on = false };
    struct bench_trial_way way = { .folder = ".",
                                   .version = "test",
                                   .threads = 1,
                                   .checks = &c,
                                   .check_count = check != NULL };
    const struct bench_find f = {
        .path = path, .best = best, .way = &way, .progress = &progress
    };
    bool interrupted = false;
    if (check != NULL)
        CU_ASSERT_EQUAL(bench_check_parse(&c, check, why), LIM_OK);
    snprintf(text, sizeof text, form, value);
    cJSON *tree = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    int error = bench_find_run(&f, tree, &found, &interrupted, why);
    CU_ASSERT_FALSE(interrupted);
    if (error == LIM_OK)
        return tree;
    cJSON_Delete(tree);
    return NULL;
}

static int find(const char *form, const char *value, const char *path,
                const char *check, const char *best, struct lim_diag *why)
{
    cJSON *tree = search(form, value, path, check, best, why);
    if (tree == NULL) {
        bench_found_fini(&found);
        return LIM_EINVAL;
    }
    const cJSON *vary = cJSON_GetObjectItemCaseSensitive(tree, "vary");
    CU_ASSERT_TRUE(cJSON_Compare(cJSON_GetObjectItemCaseSensitive(vary, path),
                                 found.values, true));
    cJSON_Delete(tree);
    return LIM_OK;
}

static double value_at(int i)
{
    return cJSON_GetNumberValue(cJSON_GetArrayItem(found.values, i));
}

static void the_largest_count_is_found_from_any_start(void)
{
    static const char *const starts[] = { "1", "5", "6", "7", "8", "100" };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct lim_diag why = { 0 };
        CU_ASSERT_EQUAL(find(BATCH, starts[i], "workload.arrivals.batch",
                             "makespan_s<=60", NULL, &why),
                        LIM_OK);
        CU_ASSERT_FATAL(found.best >= 0);
        CU_ASSERT_EQUAL(value_at(found.best), 6);
        CU_ASSERT_EQUAL(value_at(found.best + 1), 7);
        CU_ASSERT_EQUAL(found.verdicts[found.best + 1], BENCH_MISSED_IT);
        for (int k = 1; k < cJSON_GetArraySize(found.values); k++)
            CU_ASSERT(value_at(k) > value_at(k - 1));
        bench_found_fini(&found);
    }
}

static void where_nothing_meets_it_none_is_found(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(find(BATCH, "8", "workload.arrivals.batch",
                         "succeeded>=100", NULL, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(found.best, -1);
    CU_ASSERT_EQUAL(value_at(0), 1);
    bench_found_fini(&found);
}

static void a_race_leaves_the_best_and_its_equals(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(find(CAPPED, "[1, 12, 4, 20, 3]", "client.cap", NULL,
                         "makespan_s", &why),
                    LIM_OK);
    CU_ASSERT_TRUE(found.race);
    CU_ASSERT_EQUAL(found.best, 1);
    const enum bench_trial_verdict wanted[] = { BENCH_MISSED_IT, BENCH_MET_IT,
                                                BENCH_MISSED_IT, BENCH_MET_IT,
                                                BENCH_MISSED_IT };
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(found.verdicts[i], wanted[i]);
    bench_found_fini(&found);
    CU_ASSERT_EQUAL(
        find(CAPPED, "[1, 4, 3]", "client.cap", NULL, "throughput_rps", &why),
        LIM_OK);
    CU_ASSERT_EQUAL(found.best, 1);
    bench_found_fini(&found);
}

/* Caps by latencies: what is fast enough needs no cap of more than 6. */
#define TWICE                                                                  \
    "{\"provider\": {\"table\": \"none\"}, \"workload\": {\"model\": \"m\","   \
    " \"arrivals\": {\"batch\": 12}}, \"vary\": {\"client.cap\": %s,"          \
    " \"provider.latency\": [\"10s\", \"5s\"]}}"

static void what_else_varies_takes_part_in_a_race(void)
{
    struct lim_diag why = { 0 };
    const char *both[] = { "client.cap", "client.cap,provider.latency" };
    for (int i = 0; i < 2; i++) {
        cJSON *tree =
            search(TWICE, "[3, 6, 12]", both[i], NULL, "makespan_s", &why);
        CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
        CU_ASSERT_TRUE(found.several);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(found.values), 6);
        const cJSON *best = cJSON_GetArrayItem(found.values, found.best);
        const cJSON *cap = cJSON_GetObjectItemCaseSensitive(best, "client.cap");
        const cJSON *latency =
            cJSON_GetObjectItemCaseSensitive(best, "provider.latency");
        CU_ASSERT_EQUAL(cJSON_GetNumberValue(cap), 12);
        CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(latency), "5s");
        for (int v = 0; v < 6; v++)
            CU_ASSERT_EQUAL(found.verdicts[v],
                            v == found.best ? BENCH_MET_IT : BENCH_MISSED_IT);
        const cJSON *vary = cJSON_GetObjectItemCaseSensitive(tree, "vary");
        CU_ASSERT_EQUAL(cJSON_GetArraySize(vary), 2);
        cJSON_Delete(tree);
        bench_found_fini(&found);
    }
}

static void what_can_not_be_searched_is_told(void)
{
    static const struct {
        const char *form, *value, *path, *check, *best, *words;
    } rows[] = {
        { BATCH, "3", "client.cap", "makespan_s<=60", NULL, "to start from" },
        { BATCH, "3", "workload.model", "makespan_s<=60", NULL,
          "to start from" },
        { CAPPED, "[1, 2]", "workload.arrivals.batch", "makespan_s<60", NULL,
          "nothing else may vary" },
        { BATCH, "3", "client.queue", NULL, "makespan_s", "list them" },
        { CAPPED, "[1]", "client.cap", NULL, "makespan_s", "list them" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_diag why = { 0 };
        CU_ASSERT_NOT_EQUAL(find(rows[i].form, rows[i].value, rows[i].path,
                                 rows[i].check, rows[i].best, &why),
                            LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(why.text, rows[i].words));
        bench_found_fini(&found);
    }
}

CU_TestInfo find_tests[] = { { "the largest count is found from any start",
                               the_largest_count_is_found_from_any_start },
                             { "where nothing meets it none is found",
                               where_nothing_meets_it_none_is_found },
                             { "a race leaves the best and its equals",
                               a_race_leaves_the_best_and_its_equals },
                             { "what else varies takes part in a race",
                               what_else_varies_takes_part_in_a_race },
                             { "what can not be searched is told",
                               what_can_not_be_searched_is_told },
                             CU_TEST_INFO_NULL };
