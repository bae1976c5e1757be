#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/answer.h"
#include "bench/student.h"
#include "bench/asked.h"
#include "bench/folder.h"
#include "bench/report.h"
#include "bench/words.h"
#include "tests/made_result.h"

static void the_tail_of_t_is_that_of_the_tables(void)
{
    const struct {
        double t, chance;
        size_t df;
    } rows[] = {
        { 0, 1, 1 },
        { 12.7062, 0.05, 1 },
        { 4.30265, 0.05, 2 },
        { 3.18245, 0.05, 3 },
        { 2.57058, 0.05, 5 },
        { 3.16927, 0.01, 10 },
        { -2.22814, 0.05, 10 },
        { 1.98397, 0.05, 100 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_DOUBLE_EQUAL(bench_student_tail(rows[i].t, rows[i].df),
                               rows[i].chance, 2e-6);
}

/* The answer to made-up results; the caller frees it. */
static char *answer_to(const struct made *m, struct bench_answer *a)
{
    struct bench_result r;
    struct bench_grid g;
    made_result(&r, m);
    CU_ASSERT_EQUAL_FATAL(bench_grid_init(&g, &r), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(bench_answer_init(a, &r, &g), LIM_OK);
    char *text = bench_answer_text(a, &r, &g);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    bench_grid_fini(&g);
    bench_result_fini(&r);
    return text;
}

static void what_is_better_in_every_pair_is_best(void)
{
    struct made m = made_default();
    struct bench_answer a;
    m.slope = 0.01; /* far below what replications differ by */
    m.noise = 3;
    char *text = answer_to(&m, &a);
    CU_ASSERT_EQUAL(a.best, 7);
    CU_ASSERT_EQUAL(a.like_best, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "Most goodput has cap none, round_robin"));
    bench_answer_fini(&a);
    free(text);
}

static void what_cannot_be_told_apart_is_called_so(void)
{
    struct made m = made_default();
    struct bench_answer a;
    m.slope = 0;
    char *text = answer_to(&m, &a);
    CU_ASSERT_EQUAL(a.like_best, 8);
    CU_ASSERT_EQUAL(a.fastest, 7);
    CU_ASSERT_EQUAL(a.like_fastest, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the 8 variants cannot be told apart"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "cap none, round_robin has the lowest "
                                        "p95 latency: 2.50 s"));
    bench_answer_fini(&a);
    free(text);
}

/* Eight variants: steps far above what runs differ by, and far below. */
static void the_interval_decides(void)
{
    const struct {
        double slope;
        size_t like_best;
    } cases[] = { { 5, 1 }, { 0.01, 8 } };
    for (size_t i = 0; i < 2; i++) {
        struct made m = made_default();
        struct bench_answer a;
        m.replications = 5;
        m.own = 0.3;
        m.slope = cases[i].slope;
        char *text = answer_to(&m, &a);
        CU_ASSERT_EQUAL(a.like_best, cases[i].like_best);
        bench_answer_fini(&a);
        free(text);
    }
}

static void one_replication_proves_nothing(void)
{
    struct made m = made_default();
    struct bench_answer a;
    m.replications = 1;
    char *text = answer_to(&m, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "no interval can be given"));
    bench_answer_fini(&a);
    free(text);
}

static void the_question_is_made_of_the_scenario(void)
{
    struct made m = made_default();
    struct bench_result r;
    struct bench_grid g;
    m.scenario = "{\"name\": \"n\", \"duration\": \"10m\", \"provider\": "
                 "{\"organisations\": [{\"name\": \"f\", \"tier\": \"free\", "
                 "\"count\": 5}]}, \"workload\": {\"model\": \"gpt-4\", "
                 "\"arrivals\": {\"poisson\": \"12/m\"}}, \"vary\": "
                 "{\"client.cap\": [1, \"none\"]}}";
    made_result(&r, &m);
    CU_ASSERT_EQUAL_FATAL(bench_grid_init(&g, &r), LIM_OK);
    char *text = bench_asked(&r, &g);
    CU_ASSERT_STRING_EQUAL(
        text, "How do goodput, latency and refusals depend on the cap (1 or "
              "none)? Requests for gpt-4 arrive at random, 12/m on average; "
              "the organisations are 5 of the free tier. Each variant ran 3 "
              "times, for 10m each, in the simulator.");
    free(text);
    bench_grid_fini(&g);
    bench_result_fini(&r);
}

/* The report of one or two results; the caller frees it. */
static char *report_of(const struct made *m, const struct made *other,
                       int *error)
{
    struct bench_result r[2];
    const struct bench_result *results[] = { &r[0], &r[1] };
    struct lim_diag diag = { 0 };
    char *folder = made_folder();
    char *path = bench_folder_join(folder, "report.html");
    made_result(&r[0], m);
    if (other != NULL)
        made_result(&r[1], other);
    *error = bench_report(results, other != NULL ? 2 : 1, NULL, path, &diag);
    char *text = made_read(folder, "report.html");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    bench_result_fini(&r[0]);
    if (other != NULL)
        bench_result_fini(&r[1]);
    free(path);
    made_folder_fini(folder);
    return text;
}

static bool drew(int error)
{
    CU_ASSERT_TRUE(error == LIM_OK || error == LIM_ENOTFOUND);
    return error == LIM_OK;
}

static size_t count_of(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

static void a_report_needs_nothing_else(void)
{
    struct made m = made_default();
    int error;
    char *text = report_of(&m, NULL, &error);
    CU_ASSERT_PTR_NULL(strstr(text, "{{"));
    CU_ASSERT_PTR_NULL(strstr(text, "<script"));
    CU_ASSERT_PTR_NULL(strstr(text, "<link"));
    CU_ASSERT_PTR_NULL(strstr(text, "src="));
    CU_ASSERT_PTR_NULL(strstr(text, "@import"));
    CU_ASSERT_PTR_NULL(strstr(text, "href=\"http"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "tierlab 9.9.9"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "&quot;client.cap&quot;"));
    if (drew(error))
        CU_ASSERT_EQUAL(count_of(text, "<figure class=\"both\">"), 7);
    free(text);
}

/* Every id once, and whatever refers to one finds it. */
static void ids_are_unique(void)
{
    const char *const uses[] = { "href='#", "url(#" };
    struct made m = made_default();
    int error;
    char *text = report_of(&m, NULL, &error);
    for (const char *p = text; (p = strstr(p, " id=")) != NULL; p++) {
        char *id = bench_words("%.*s", (int)strcspn(p + 5, "'\"") + 6, p);
        CU_ASSERT_EQUAL(count_of(text, id), 1);
        free(id);
    }
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        for (const char *p = text; (p = strstr(p, uses[i])) != NULL; p++) {
            const char *name = p + strlen(uses[i]);
            int n = (int)strcspn(name, "'\")");
            char *one = bench_words(" id='%.*s'", n, name);
            char *two = bench_words(" id=\"%.*s\"", n, name);
            CU_ASSERT_EQUAL(count_of(text, one) + count_of(text, two), 1);
            free(one);
            free(two);
        }
    free(text);
}

static void text_is_escaped(void)
{
    struct made m = made_default();
    int error;
    m.scenario = "{\"name\": \"n\", \"description\": \"<script>x</script>\", "
                 "\"workload\": {\"model\": \"<i>\"}, \"vary\": "
                 "{\"client.strategy\": [\"<b>\", \"\\\"&'\"], "
                 "\"client.<u>\": [1, 2]}}";
    char *text = report_of(&m, NULL, &error);
    CU_ASSERT_PTR_NULL(strstr(text, "<script"));
    CU_ASSERT_PTR_NULL(strstr(text, "<i>"));
    CU_ASSERT_PTR_NULL(strstr(text, "<b>"));
    CU_ASSERT_PTR_NULL(strstr(text, "<u>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "&lt;script&gt;x"));
    free(text);
}

static void another_world_stands_beside(void)
{
    struct made m = made_default(), other = made_default();
    int error;
    other.on = "mock";
    other.replications = 1;
    other.base = 11; /* 10 % above, in the first variant */
    char *text = report_of(&m, &other, &error);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Side by side: sim and mock"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "<td>10.0</td><td>11.0</td><td>+10.0&nbsp;%</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<td>0&nbsp;%</td>"));
    free(text);
}

static void an_interrupted_experiment_says_so(void)
{
    struct made m = made_default();
    int error;
    m.without = 3;
    char *text = report_of(&m, NULL, &error);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "21 of 24 runs are there"));
    free(text);
}

static void without_gnuplot_there_is_a_report(void)
{
    struct made m = made_default();
    char *path = strdup(getenv("PATH"));
    int error;
    setenv("PATH", "/nowhere", 1);
    char *text = report_of(&m, NULL, &error);
    setenv("PATH", path, 1);
    CU_ASSERT_EQUAL(error, LIM_ENOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "There are no figures: figures need "
                                        "gnuplot"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "</html>"));
    free(path);
    free(text);
}

CU_TestInfo report_tests[] = {
    { "the tail of t is that of the tables",
      the_tail_of_t_is_that_of_the_tables },
    { "what is better in every pair is best",
      what_is_better_in_every_pair_is_best },
    { "what cannot be told apart is called so",
      what_cannot_be_told_apart_is_called_so },
    { "the interval decides", the_interval_decides },
    { "one replication proves nothing", one_replication_proves_nothing },
    { "the question is made of the scenario",
      the_question_is_made_of_the_scenario },
    { "a report needs nothing else", a_report_needs_nothing_else },
    { "ids are unique", ids_are_unique },
    { "text is escaped", text_is_escaped },
    { "another world stands beside", another_world_stands_beside },
    { "an interrupted experiment says so", an_interrupted_experiment_says_so },
    { "without gnuplot there is a report", without_gnuplot_there_is_a_report },
    CU_TEST_INFO_NULL
};
