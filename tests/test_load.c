#include <CUnit/CUnit.h>

#include <stdio.h>

#include "bench/load.h"
#include "bench/path.h"

static void loads_are_scaled_whatever_arrives(void)
{
    static const struct {
        const char *arrivals, *path;
        double wanted; /* a second; NAN of a count */
        const char *count;
    } rows[] = {
        { "{\"poisson\": \"120/m\"}", "poisson", 3, NULL },
        { "{\"poisson\": 2}", "poisson", 3, NULL },
        { "{\"gamma\": {\"rate\": \"2/s\", \"cv\": 2}}", "gamma.rate", 3,
          NULL },
        { "{\"weibull\": {\"rate\": \"2/s\", \"cv\": 2}}", "weibull.rate", 3,
          NULL },
        { "{\"diurnal\": {\"mean\": \"2/s\"}}", "diurnal.mean", 3, NULL },
        { "{\"mmpp\": {\"rates\": [\"1/s\", \"2/s\"]}}", "mmpp.rates[1]", 3,
          NULL },
        { "{\"poisson\": \"0.00001/m\"}", "poisson", 2.5e-7, NULL },
        { "{\"batch\": 100}", "batch", 0, "150" },
        { "{\"batch\": 1}", "batch", 0, "2" },
        { "{\"closed\": {\"users\": 10}}", "closed.users", 0, "15" },
        { "{\"trace\": \"f\"}", "scale", 0, "1.5" },
        { "{\"trace\": \"f\", \"scale\": 2}", "scale", 0, "3" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200], path[60], found[60] = "";
        snprintf(text, sizeof text, "{\"workload\": {\"arrivals\": %s}}",
                 rows[i].arrivals);
        snprintf(path, sizeof path, "workload.arrivals.%s", rows[i].path);
        cJSON *tree = cJSON_Parse(text);
        CU_ASSERT_TRUE(bench_load_scale(tree, 1.5));
        char *value = cJSON_PrintUnformatted(bench_path_get(tree, path));
        if (rows[i].count != NULL)
            snprintf(found, sizeof found, "%s", rows[i].count);
        else
            snprintf(found, sizeof found, "%g", rows[i].wanted);
        CU_ASSERT_PTR_NOT_NULL_FATAL(value);
        CU_ASSERT_STRING_EQUAL(value, found);
        cJSON_free(value);
        cJSON_Delete(tree);
    }
}

static void bursts_double_where_there_are_gaps(void)
{
    cJSON *tree = cJSON_Parse("{\"workload\": [{\"arrivals\": {\"poisson\":"
                              " \"1/s\"}}, {\"share\": 1}, {\"arrivals\":"
                              " {\"mmpp\": {\"rates\": [1], \"cv\": 3}}}]}");
    double cv;
    CU_ASSERT_TRUE(bench_load_burst(tree));
    CU_ASSERT_TRUE(
        bench_path_number(tree, "workload[0].arrivals.gamma.cv", &cv));
    CU_ASSERT_EQUAL(cv, 2);
    CU_ASSERT_TRUE(
        bench_path_number(tree, "workload[2].arrivals.mmpp.cv", &cv));
    CU_ASSERT_EQUAL(cv, 6);
    cJSON_Delete(tree);
    tree = cJSON_Parse("{\"workload\": {\"arrivals\": {\"trace\": \"f\","
                       " \"burstiness\": 1.5}}}");
    CU_ASSERT_TRUE(bench_load_burst(tree));
    CU_ASSERT_TRUE(
        bench_path_number(tree, "workload.arrivals.burstiness", &cv));
    CU_ASSERT_EQUAL(cv, 3);
    cJSON_Delete(tree);
    tree = cJSON_Parse("{\"workload\": [{\"arrivals\": {\"poisson\": \"1/s\"}},"
                       " {\"arrivals\": {\"batch\": 3}}]}");
    CU_ASSERT_FALSE(bench_load_burst(tree));
    CU_ASSERT_PTR_NOT_NULL(
        bench_path_get(tree, "workload[0].arrivals.poisson"));
    cJSON_Delete(tree);
}

CU_TestInfo load_tests[] = { { "loads are scaled whatever arrives",
                               loads_are_scaled_whatever_arrives },
                             { "bursts double where there are gaps",
                               bursts_double_where_there_are_gaps },
                             CU_TEST_INFO_NULL };
