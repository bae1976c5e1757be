#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/rank.h"
#include "bench/show.h"

#define RUNS 3
#define NONE NAN      /* the run has no such figure */
#define GONE INFINITY /* there is no such run */

/* t with two degrees of freedom, over the root of three runs. */
static const double t_2 = 4.30265273 / 1.73205081;

/* Both figures of a run; half of the requests were refused once. */
static void put_run(FILE *f, size_t run, size_t variant, double x)
{
    char p95[32] = "null";
    if (!isnan(x))
        snprintf(p95, sizeof p95, "{\"p95\":%.17g}", x);
    fprintf(f,
            "{\"kind\":\"run\",\"run\":%zu,\"variant\":{\"client.cap\":%zu},"
            "\"replication\":%zu,\"seed\":%zu,\"summary\":{\"attempts\":200,"
            "\"http_429\":%zu,\"goodput_rpm\":%.17g,\"wait_ms\":%s}}\n",
            run, variant + 1, run % RUNS, run % RUNS, 2 * variant,
            isnan(x) ? 0 : x, p95);
}

/* A row a variant, a column a replication. */
static void make(struct bench_result *r, const double x[][RUNS], size_t n)
{
    char *text = NULL;
    size_t length, runs = 0;
    struct lim_diag diag = { 0 };
    FILE *f = open_memstream(&text, &length);
    fputs("{\"kind\":\"head\",\"tierlab\":\"9\",\"name\":\"made\",\"on\":"
          "\"sim\",\"seed\":1,",
          f);
    fprintf(f,
            "\"variants\":%zu,\"replications\":%d,\"scenario\":{\"vary\":", n,
            RUNS);
    fputs("{\"client.cap\":[", f);
    for (size_t v = 0; v < n; v++)
        fprintf(f, "%s%zu", v > 0 ? "," : "", v + 1);
    fputs("]}}}\n", f);
    for (size_t i = 0; i < n * RUNS; i++)
        if (!isinf(x[i / RUNS][i % RUNS])) {
            put_run(f, i, i / RUNS, x[i / RUNS][i % RUNS]);
            runs++;
        }
    fprintf(f, "{\"kind\":\"end\",\"runs\":%zu,\"partial\":%s}\n", runs,
            runs < n * RUNS ? "true" : "false");
    fclose(f);
    int error = bench_result_parse(r, text, length, &diag);
    if (error != LIM_OK)
        fprintf(stderr, "%s\n", diag.text);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    free(text);
}

/* The caller calls both fini. */
static void rank(struct bench_rank *k, struct bench_result *r,
                 const char *metric, const double x[][RUNS], size_t n)
{
    struct lim_diag diag = { 0 };
    make(r, x, n);
    CU_ASSERT_EQUAL_FATAL(bench_rank_init(k, metric, &diag), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(bench_rank_run(k, r), LIM_OK);
}

struct expected {
    size_t variant;
    double mean, difference, ci95;
    bool alike;
};

static void expect(const struct bench_rank *k, const struct expected *rows,
                   size_t n)
{
    CU_ASSERT_EQUAL_FATAL(k->count, n);
    for (size_t i = 0; i < n; i++) {
        const struct bench_ranked *x = &k->list[i];
        CU_ASSERT_EQUAL(x->variant, rows[i].variant);
        CU_ASSERT_DOUBLE_EQUAL(x->figure.mean, rows[i].mean, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(x->difference.mean, rows[i].difference, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(x->difference.ci95, rows[i].ci95, 1e-6);
        CU_ASSERT_EQUAL(x->alike, rows[i].alike);
    }
}

/* Replications differ by far more than variants do: 20 ± 24.8 and 21.1 ± 24.8
   by themselves; in pairs 1, 1 and 1.3, of deviation 0.1 x root 3. */
static void what_is_worse_in_every_pair_is_told_apart(void)
{
    const double x[][RUNS] = { { 11, 21, 31.3 }, { 10, 20, 30 } };
    const struct expected rows[] = {
        { 1, 20, 0, 0, true },
        { 0, 21.1, 1.1, 0.1 * 1.73205081 * t_2, false },
    };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "wait_ms.p95", x, 2);
    expect(&k, rows, 2);
    struct bench_estimate worse = k.list[1].figure;
    CU_ASSERT(worse.mean - worse.ci95 < 20 - 10 * t_2 + 1.2);
    CU_ASSERT_DOUBLE_EQUAL(k.list[0].figure.ci95, 10 * t_2, 1e-6);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

/* The same figures in another order: by themselves the variants are as
   before, in pairs 21, 1 and -18.7. */
static void the_pairs_decide_and_not_the_means(void)
{
    const double x[][RUNS] = { { 31.3, 21, 11 }, { 10, 20, 30 } };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "wait_ms.p95", x, 2);
    CU_ASSERT_EQUAL(k.list[1].variant, 0);
    CU_ASSERT_DOUBLE_EQUAL(k.list[1].difference.mean, 3.3 / 3, 1e-9);
    CU_ASSERT_TRUE(k.list[1].alike);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

/* Differences -1, -2, -3: 2 is less than 1 x 4.303 / root 3. */
static void larger_is_better_where_it_is(void)
{
    const double x[][RUNS] = { { 9, 8, 7 }, { 1, 1, 1 }, { 10, 10, 10 } };
    const struct expected rows[] = {
        { 2, 10, 0, 0, true },
        { 0, 8, -2, t_2, true },
        { 1, 1, -9, 0, false },
    };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "goodput_rpm", x, 3);
    expect(&k, rows, 3);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

/* Variant v has 2 v of 200 attempts answered 429. */
static void a_count_can_be_a_share_of_the_attempts(void)
{
    const double x[][RUNS] = { { 1, 1, 1 }, { 1, 1, 1 } };
    const struct expected share[] = { { 0, 0, 0, 0, true },
                                      { 1, 1, 1, 0, false } };
    const struct expected count[] = { { 0, 0, 0, 0, true },
                                      { 1, 2, 2, 0, false } };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "http_429%", x, 2);
    expect(&k, share, 2);
    bench_rank_fini(&k);
    bench_result_fini(&r);
    rank(&k, &r, "http_429", x, 2);
    expect(&k, count, 2);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

static void equal_means_stand_in_their_order(void)
{
    const double x[][RUNS] = { { 5, 5, 5 }, { 4, 5, 6 }, { 5, 5, 5 } };
    const struct expected rows[] = {
        { 0, 5, 0, 0, true },
        { 1, 5, 0, t_2, true },
        { 2, 5, 0, 0, true },
    };
    const char *const metrics[] = { "wait_ms.p95", "goodput_rpm" };
    for (size_t i = 0; i < 2; i++) {
        struct bench_rank k;
        struct bench_result r;
        rank(&k, &r, metrics[i], x, 3);
        expect(&k, rows, 3);
        bench_rank_fini(&k);
        bench_result_fini(&r);
    }
}

static void one_pair_tells_nothing_of_chance(void)
{
    const double x[][RUNS] = { { 3, GONE, GONE }, { 7, GONE, GONE } };
    const struct expected rows[] = { { 0, 3, 0, -1, true },
                                     { 1, 7, 4, -1, false } };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "wait_ms.p95", x, 2);
    expect(&k, rows, 2);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

/* A pair is of one replication, whatever else is missing: 20 - 11 and
   31 - 12, and not 20 - 10. */
static void what_is_missing_makes_no_pair(void)
{
    const double x[][RUNS] = { { 10, 11, 12 },
                               { GONE, 20, 31 },
                               { NONE, NONE, NONE },
                               { 9, NONE, NONE } };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "wait_ms.p95", x, 4);
    CU_ASSERT_EQUAL(k.list[0].variant, 3);
    CU_ASSERT_EQUAL(k.list[1].variant, 0);
    CU_ASSERT_EQUAL(k.list[1].difference.n, 1);
    CU_ASSERT_EQUAL(k.list[1].difference.mean, 1);
    CU_ASSERT_EQUAL(k.list[2].variant, 1);
    CU_ASSERT_EQUAL(k.list[2].difference.n, 0);
    CU_ASSERT_EQUAL(k.list[3].variant, 2);
    CU_ASSERT_EQUAL(k.list[3].figure.n, 0);
    CU_ASSERT_FALSE(k.list[3].alike);
    struct bench_estimate d = bench_aggregate_paired(&r, 1, 0, "wait_ms.p95");
    CU_ASSERT_EQUAL(d.n, 2);
    CU_ASSERT_DOUBLE_EQUAL(d.mean, 14, 1e-9);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

static void json_has_it_all(void)
{
    const double x[][RUNS] = { { 2, 3, 4 }, { 1, 2, 3 }, { NONE, NONE, 9 } };
    struct bench_rank k;
    struct bench_result r;
    rank(&k, &r, "wait_ms.p95", x, 3);
    cJSON *list = bench_rank_json(&k, &r);
    char *text = cJSON_PrintUnformatted(list);
    CU_ASSERT_STRING_EQUAL(
        text, "[{\"settings\":{\"client.cap\":2},\"mean\":2,\"n\":3,"
              "\"difference\":0,\"ci95\":0,\"pairs\":3,\"alike\":true},"
              "{\"settings\":{\"client.cap\":1},\"mean\":3,\"n\":3,"
              "\"difference\":1,\"ci95\":0,\"pairs\":3,\"alike\":false},"
              "{\"settings\":{\"client.cap\":3},\"mean\":9,\"n\":1,"
              "\"difference\":6,\"ci95\":null,\"pairs\":1,\"alike\":null}]");
    cJSON_free(text);
    cJSON_Delete(list);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

static void people_get_a_table(void)
{
    const double x[][RUNS] = {
        { 11, 21, 31.3 }, { 10, 20, 30 }, { NONE, NONE, NONE }, { 9, 21, 31 }
    };
    struct bench_rank k;
    struct bench_result r;
    char *text = NULL;
    size_t size;
    rank(&k, &r, "wait_ms.p95", x, 4);
    FILE *f = open_memstream(&text, &size);
    bench_show_rank(f, &r, &k);
    fclose(f);
    CU_ASSERT_STRING_EQUAL(
        text, "\nRanked by wait_ms.p95, smallest first; differences to the "
              "best, replication by replication:\n"
              "client.cap  wait_ms.p95  difference  \n"
              "         2         20.0           -  \n"
              "         4         20.3  0.33 ±2.87  not told from the best\n"
              "         1         21.1  1.10 ±0.43  \n"
              "         3            -           -  \n");
    free(text);
    bench_rank_fini(&k);
    bench_result_fini(&r);
}

static void a_figure_that_cannot_rank_is_an_error(void)
{
    const struct {
        const char *metric, *words;
    } rows[] = {
        { "nope", "'nope': the summary has no figure 'nope'" },
        { "", "'': the summary has no figure ''" },
        { "%", "'%': the summary has no figure '%'" },
        { "wait_ms", "'wait_ms': the summary has no figure 'wait_ms'" },
        { "wait_ms.p95%", "'wait_ms.p95%': the summary has no figure "
                          "'wait_ms.p95%'" },
        { "http_429%%", "'http_429%%': the summary has no figure "
                        "'http_429%%'" },
        { "requests", "'requests' cannot rank: neither more of it nor less "
                      "is better" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench_rank k;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL(bench_rank_init(&k, rows[i].metric, &diag), LIM_EINVAL);
        CU_ASSERT_STRING_EQUAL(diag.text, rows[i].words);
    }
}

/* A figure that comes to the summary must be given its direction. */
static void every_figure_has_a_direction(void)
{
    static const char *const none[] = { "requests",       "duration_s",
                                        "requested_rpm",  "bound_rpm",
                                        "dispersion_60s", "seed" };
    const struct sim_summary all = { 0 };
    cJSON *summary = bench_summary_to_json(&all, "", 0, -1);
    const cJSON *item;
    cJSON_ArrayForEach(item, summary)
    {
        bool neither = false;
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
            neither |= strcmp(item->string, none[i]) == 0;
        if (!cJSON_IsString(item))
            CU_ASSERT_EQUAL(bench_metric_better(item->string) == BENCH_NEITHER,
                            neither);
    }
    cJSON_Delete(summary);
    CU_ASSERT_EQUAL(bench_metric_better("ttft_ms.p99"), BENCH_SMALLER);
    CU_ASSERT_EQUAL(bench_metric_better("fairness.tenants"), BENCH_LARGER);
}

CU_TestInfo rank_tests[] = {
    { "what is worse in every pair is told apart",
      what_is_worse_in_every_pair_is_told_apart },
    { "the pairs decide and not the means",
      the_pairs_decide_and_not_the_means },
    { "larger is better where it is", larger_is_better_where_it_is },
    { "a count can be a share of the attempts",
      a_count_can_be_a_share_of_the_attempts },
    { "equal means stand in their order", equal_means_stand_in_their_order },
    { "one pair tells nothing of chance", one_pair_tells_nothing_of_chance },
    { "what is missing makes no pair", what_is_missing_makes_no_pair },
    { "JSON has it all", json_has_it_all },
    { "people get a table", people_get_a_table },
    { "a figure that cannot rank is an error",
      a_figure_that_cannot_rank_is_an_error },
    { "every figure has a direction", every_figure_has_a_direction },
    CU_TEST_INFO_NULL
};
