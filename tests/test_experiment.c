#include <CUnit/CUnit.h>

#include <string.h>

#include "bench/experiment.h"
#include "bench/runner.h"
#include "bench/path.h"
#include "mockserver/json.h"

static cJSON *json(const char *text)
{
    struct lim_diag diag = { 0 };
    cJSON *tree = mock_json_parse(text, strlen(text), &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    return tree;
}

static int begin(struct bench_experiment *e, const char *text,
                 struct lim_diag *diag)
{
    cJSON *tree = json(text);
    int error = bench_experiment_init(e, tree, diag);
    cJSON_Delete(tree);
    return error;
}

static void says(cJSON *made, const char *expect)
{
    char *text = cJSON_PrintUnformatted(made);
    CU_ASSERT_STRING_EQUAL(text, expect);
    cJSON_free(text);
    cJSON_Delete(made);
}

static const char two_lists[] =
    "{\"seed\": 3, \"replications\": 2, \"client\": {\"cap\": 9},"
    " \"vary\": {\"client.cap\": [1, 5],"
    "            \"client.strategy\": [\"a\", \"b\", \"c\"]}}";

static void the_last_list_varies_fastest(void)
{
    static const char *const expect[] = {
        "{\"client.cap\":1,\"client.strategy\":\"a\"}",
        "{\"client.cap\":1,\"client.strategy\":\"b\"}",
        "{\"client.cap\":1,\"client.strategy\":\"c\"}",
        "{\"client.cap\":5,\"client.strategy\":\"a\"}",
        "{\"client.cap\":5,\"client.strategy\":\"b\"}",
        "{\"client.cap\":5,\"client.strategy\":\"c\"}",
    };
    struct bench_experiment e;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(begin(&e, two_lists, &diag), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(e.variants, 6);
    CU_ASSERT_EQUAL(bench_experiment_runs(&e), 12);
    for (size_t v = 0; v < 6; v++)
        says(bench_experiment_settings(&e, v), expect[v]);
    bench_experiment_fini(&e);
}

static void replications_stand_inside_and_share_their_seeds(void)
{
    struct bench_experiment e;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(begin(&e, two_lists, &diag), LIM_OK);
    for (size_t i = 0; i < 12; i++) {
        struct bench_run_id id = bench_experiment_run(&e, i);
        CU_ASSERT_EQUAL(id.variant, i / 2);
        CU_ASSERT_EQUAL(id.replication, i % 2);
        CU_ASSERT_EQUAL(id.seed, bench_experiment_run(&e, i % 2).seed);
        CU_ASSERT(id.seed < UINT64_C(1) << 53);
    }
    CU_ASSERT_EQUAL(bench_experiment_run(&e, 0).seed, 3);
    CU_ASSERT_NOT_EQUAL(bench_experiment_run(&e, 1).seed, 3);
    bench_experiment_fini(&e);
}

static void settings_take_their_places(void)
{
    struct bench_experiment e;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(begin(&e, two_lists, &diag), LIM_OK);
    says(bench_experiment_scenario(&e, 5, &diag),
         "{\"seed\":3,\"client\":{\"cap\":5,\"strategy\":\"c\"}}");
    bench_experiment_fini(&e);
}

static void without_lists_there_is_one_variant(void)
{
    struct bench_experiment e;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(begin(&e, "{\"name\": \"n\"}", &diag), LIM_OK);
    CU_ASSERT_EQUAL(bench_experiment_runs(&e), 1);
    CU_ASSERT_EQUAL(bench_experiment_run(&e, 0).seed, 1);
    says(bench_experiment_settings(&e, 0), "{}");
    bench_experiment_fini(&e);
}

static void broken_lists_are_refused(void)
{
    static const char *const rows[] = {
        "{\"vary\": []}",
        "{\"vary\": {\"client.cap\": 5}}",
        "{\"vary\": {\"client.cap\": []}}",
        "{\"vary\": {\"seed\": [1, 2]}}",
        "{\"vary\": {\"replications\": [1, 2]}}",
        "{\"replications\": 1.5}",
        "{\"replications\": 600000, \"vary\": {\"client.cap\": [1, 2]}}",
        "{\"seed\": -1}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench_experiment e;
        struct lim_diag diag = { 0 };
        CU_ASSERT_NOT_EQUAL(begin(&e, rows[i], &diag), LIM_OK);
        CU_ASSERT_NOT_EQUAL(diag.text[0], 0);
    }
}

static void a_setting_without_a_place_is_named(void)
{
    struct bench_experiment e;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(
        begin(&e, "{\"a\": 1, \"vary\": {\"a.b\": [2]}}", &diag), LIM_OK);
    CU_ASSERT_PTR_NULL(bench_experiment_scenario(&e, 0, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "a is a number"));
    bench_experiment_fini(&e);
}

static void paths_reach_objects_and_lists(void)
{
    cJSON *tree = json("{\"a\": {\"b\": [{\"c\": 1}, {\"c\": 2}]}}");
    double x = 0;
    CU_ASSERT_TRUE(bench_path_number(tree, "a.b[1].c", &x));
    CU_ASSERT_EQUAL(x, 2);
    CU_ASSERT_PTR_NULL(bench_path_get(tree, "a.b[2].c"));
    CU_ASSERT_PTR_NULL(bench_path_get(tree, "a.x.y"));
    CU_ASSERT_PTR_NULL(bench_path_get(tree, ""));
    CU_ASSERT_PTR_NULL(bench_path_get(tree, "[0]"));
    CU_ASSERT_PTR_NULL(bench_path_get(tree, "a..b"));
    CU_ASSERT_PTR_NULL(bench_path_get(tree, "a.b[x]"));
    CU_ASSERT_PTR_NULL(bench_path_get(tree, "a.b[0]c"));
    cJSON_Delete(tree);
}

static void assignments_are_json_or_words(void)
{
    static const struct {
        const char *assignment, *after;
    } rows[] = {
        { "a=2", "{\"a\":2}" },
        { "a=10m", "{\"a\":\"10m\"}" },
        { "a=", "{\"a\":\"\"}" },
        { "a=b=c", "{\"a\":\"b=c\"}" },
        { "b.c=true", "{\"a\":1,\"b\":{\"c\":true}}" },
        { "a={\"x\": [1]}", "{\"a\":{\"x\":[1]}}" },
    };
    struct lim_diag diag = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *tree = json("{\"a\": 1}");
        CU_ASSERT_EQUAL(bench_path_assign(tree, rows[i].assignment, &diag),
                        LIM_OK);
        says(tree, rows[i].after);
    }
    static const char *const wrong[] = { "a",      "=1",   "a[0]=1", "a.b=1",
                                         "a={\"x", ".a=1", "a.=1",   "b[0]=1" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cJSON *tree = json("{\"a\": 1}");
        CU_ASSERT_EQUAL(bench_path_assign(tree, wrong[i], &diag), LIM_EINVAL);
        says(tree, "{\"a\":1}");
    }
}

static void shards_are_disjoint_and_all_of_it(void)
{
    for (size_t n = 1; n <= 7; n++) {
        unsigned seen[20] = { 0 };
        for (size_t k = 1; k <= n; k++) {
            struct bench_share s = { k, n };
            for (size_t i = 0; i < bench_share_runs(s, 20); i++)
                seen[bench_share_run(s, i)]++;
        }
        for (size_t run = 0; run < 20; run++)
            CU_ASSERT_EQUAL(seen[run], 1);
    }
    CU_ASSERT_EQUAL(bench_share_runs((struct bench_share){ 5, 9 }, 4), 0);
}

CU_TestInfo experiment_tests[] = {
    { "the last list varies fastest", the_last_list_varies_fastest },
    { "replications stand inside and share their seeds",
      replications_stand_inside_and_share_their_seeds },
    { "settings take their places", settings_take_their_places },
    { "without lists there is one variant",
      without_lists_there_is_one_variant },
    { "broken lists are refused", broken_lists_are_refused },
    { "a setting without a place is named",
      a_setting_without_a_place_is_named },
    { "paths reach objects and lists", paths_reach_objects_and_lists },
    { "assignments are JSON or words", assignments_are_json_or_words },
    { "shards are disjoint and all of it", shards_are_disjoint_and_all_of_it },
    CU_TEST_INFO_NULL
};
