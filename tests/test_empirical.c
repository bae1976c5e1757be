#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/scenario.h"

static const char rows[] = "TIMESTAMP,\"Context, all\",Generated\r\n"
                           "1,300,30\r\n2,100,10\r\n3,200,20\r\n4,100,12\r\n";

/* Makes a file and the scenario with those sizes, where %s is the file.
   Returns what the reading did. */
static int read_sizes(const char *file, const char *prompt,
                      const char *completion, struct bench_scenario *s,
                      struct lim_diag *diag)
{
    char path[] = "/tmp/tierlab-sizes-XXXXXX";
    char sizes[2][200], text[1000];
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, file, strlen(file)), (ssize_t)strlen(file));
    close(fd);
    snprintf(sizes[0], sizeof sizes[0], prompt, path);
    snprintf(sizes[1], sizeof sizes[1], completion, path);
    snprintf(text, sizeof text,
             "{\"provider\": {\"table\": \"none\"}, \"workload\": {\"model\": "
             "\"gpt-4o\", \"arrivals\": {\"batch\": 1}, \"prompt_tokens\": "
             "%s, \"completion_tokens\": %s}}",
             sizes[0], sizes[1]);
    cJSON *tree = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    int error = bench_scenario_from_json(s, tree, NULL, diag);
    cJSON_Delete(tree);
    unlink(path);
    return error;
}

static double at(const struct sim_dist *d, double u)
{
    return sim_dist_draw(d, (uint64_t)(u * 18446744073709551615.0));
}

static void a_list_of_numbers_is_drawn_in_order(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(read_sizes("7\n3.5\n11\n5\n",
                                     "{\"empirical\": \"%s\"}", "20", &s,
                                     &diag),
                          LIM_OK);
    const struct sim_dist *d = &s.sim.workloads[0].prompt_tokens;
    static const double sorted[] = { 3.5, 5, 7, 11 };
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(at(d, 0.25 * i + 0.01), sorted[i]);
        CU_ASSERT_EQUAL(at(d, 0.25 * i + 0.24), sorted[i]);
    }
    CU_ASSERT_EQUAL(sim_dist_draw(d, UINT64_MAX), 11);
    CU_ASSERT_EQUAL(sim_dist_mean(d), 26.5 / 4);
    CU_ASSERT_FALSE(s.sim.workloads[0].paired);
    bench_scenario_fini(&s);
}

static void two_columns_of_one_file_are_drawn_as_rows(void)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(
        read_sizes(
            rows, "{\"empirical\": \"%s\", \"column\": \"Context, all\"}",
            "{\"empirical\": \"%s\", \"column\": \"Generated\"}", &s, &diag),
        LIM_OK);
    const struct sim_workload *w = &s.sim.workloads[0];
    static const double sorted[][2] = {
        { 100, 10 }, { 100, 12 }, { 200, 20 }, { 300, 30 }
    };
    CU_ASSERT_TRUE(w->paired);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(at(&w->prompt_tokens, 0.25 * i + 0.1), sorted[i][0]);
        CU_ASSERT_EQUAL(at(&w->completion_tokens, 0.25 * i + 0.1),
                        sorted[i][1]);
    }
    bench_scenario_fini(&s);
}

static void what_is_wrong_is_named_with_file_and_line(void)
{
    static const struct {
        const char *file, *prompt, *reason;
    } wrong[] = {
        { "1\n2\nx\n", "{\"empirical\": \"%s\"}",
          ":3: expected a number from 0 to 100000000, found 'x'" },
        { "a,b\n1,2\n", "{\"empirical\": \"%s\"}",
          ":1: expected a number from 0 to 100000000, found 'a,b'; for a CSV "
          "file, name the \"column\"" },
        { "a,b\n1,2\n3\n", "{\"empirical\": \"%s\", \"column\": \"b\"}",
          ":3: expected a number" },
        { "a,b\n1,2\n", "{\"empirical\": \"%s\", \"column\": \"c\"}",
          ":1: the header line has no 'c'" },
        { "1\n-2\n", "{\"empirical\": \"%s\"}", ":2: " },
        { "1\n\n", "{\"empirical\": \"%s\"}", ":2: " },
        { "1\n1e9\n", "{\"empirical\": \"%s\"}", ":2: " },
        { "1\nnan\n", "{\"empirical\": \"%s\"}", ":2: " },
        { "", "{\"empirical\": \"%s\"}", "no value" },
        { "a\n", "{\"empirical\": \"%s\", \"column\": \"a\"}", "no value" },
        { "1\n", "{\"empirical\": \"%s.not\"}", "No such file" },
        { "1\n", "{\"empirical\": \"%s\", \"colum\": \"a\"}", "column" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bench_scenario s;
        struct lim_diag diag = { 0 };
        CU_ASSERT_NOT_EQUAL(
            read_sizes(wrong[i].file, wrong[i].prompt, "20", &s, &diag),
            LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, wrong[i].reason));
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "workload.prompt_tokens"));
    }
}

CU_TestInfo empirical_tests[] = { { "a list of numbers is drawn in order",
                                    a_list_of_numbers_is_drawn_in_order },
                                  { "two columns of one file are drawn as rows",
                                    two_columns_of_one_file_are_drawn_as_rows },
                                  { "what is wrong is named with file and line",
                                    what_is_wrong_is_named_with_file_and_line },
                                  CU_TEST_INFO_NULL };
