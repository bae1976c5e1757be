#include <CUnit/CUnit.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/precision.h"
#include "bench/sequence.h"
#include "tests/made_result.h"

static void a_share_and_figures_are_read(void)
{
    struct bench_precision p;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL(bench_precision_parse(&p, "2%", &diag), LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(p.share, 0.02, 1e-15);
    CU_ASSERT_EQUAL(p.count, 2);
    CU_ASSERT_STRING_EQUAL(p.figures[0], "goodput_rpm");
    CU_ASSERT_STRING_EQUAL(p.figures[1], "latency_ms.p95");
    CU_ASSERT_EQUAL(p.most, BENCH_PRECISION_MOST);
    CU_ASSERT_EQUAL(
        bench_precision_parse(&p, "0.05,wait_ms.p99,max=40,http_429%", &diag),
        LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(p.share, 0.05, 1e-15);
    CU_ASSERT_EQUAL(p.count, 2);
    CU_ASSERT_STRING_EQUAL(p.figures[1], "http_429%");
    CU_ASSERT_EQUAL(p.most, 40);
}

static void what_it_cannot_be_is_told(void)
{
    static const char *const wrong[] = {
        "",
        "x",
        "0",
        "100%",
        "2%,",
        "2%,latency",
        "2%,max=9",
        "2%,max=",
        "2%,max=1e3",
        "-2%",
        "2%,max=2000000",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bench_precision p;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL(bench_precision_parse(&p, wrong[i], &diag), LIM_EINVAL);
        CU_ASSERT(diag.text[0] != 0);
    }
}

/* Enough exactly when the interval is short enough for a mean that is known
   no better than that: h <= g / (1 + g) of it. */
static void it_stops_when_the_interval_is_short(void)
{
    struct made m = made_default();
    struct bench_result r;
    struct bench_precision p = { .count = 1, .most = 1000 };
    strcpy(p.figures[0], "goodput_rpm");
    m.replications = 12;
    made_result(&r, &m);
    double worst = 0;
    for (size_t v = 0; v < r.variants; v++) {
        struct bench_estimate e = bench_aggregate(&r, v, "goodput_rpm");
        double x = e.ci95 / e.mean;
        worst = x > worst ? x : worst;
    }
    CU_ASSERT_FATAL(worst > 0 && worst < 0.3);
    double g = worst / (1 - worst);
    p.share = g * 1.001;
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 12);
    p.share = g * 0.999;
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 13);
    /* A third of the width takes nine times as many: twice at a time. */
    p.share = g / 3;
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 24);
    p.most = 20;
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 20);
    p.most = 12;
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 12);
    bench_result_fini(&r);
}

static void ten_are_the_least(void)
{
    struct made m = made_default();
    struct bench_result r, none = { .run_count = 0 };
    struct bench_precision p = { .share = 0.9, .count = 1, .most = 1000 };
    strcpy(p.figures[0], "goodput_rpm");
    m.replications = 9;
    made_result(&r, &m);
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 10);
    CU_ASSERT_EQUAL(bench_precision_next(&p, &none), 10);
    bench_result_fini(&r);
}

static void more_runs_do_not_bring_a_figure_that_is_not_there(void)
{
    struct made m = made_default();
    struct bench_result r;
    struct bench_precision p = { .share = 0.01, .count = 1, .most = 1000 };
    strcpy(p.figures[0], "ttft_ms.p95");
    m.replications = 10;
    made_result(&r, &m);
    CU_ASSERT_EQUAL(bench_precision_next(&p, &r), 10);
    bench_result_fini(&r);
}

/* Of goodput and mean latency, and of nothing else. */
static void a_run_over_http_has_intervals_of_its_own(void)
{
    struct made m = made_default();
    struct bench_result r;
    m.replications = 1;
    made_result(&r, &m);
    cJSON *summary = r.runs[0].summary;
    CU_ASSERT(bench_aggregate(&r, 0, "goodput_rpm").ci95 < 0);
    cJSON_AddItemToObject(summary, "batch_means",
                          cJSON_Parse("{\"goodput\": {\"ci95\": 2.5}, "
                                      "\"latency\": null}"));
    CU_ASSERT_EQUAL(bench_aggregate(&r, 0, "goodput_rpm").ci95, 2.5);
    CU_ASSERT(bench_aggregate(&r, 0, "latency_ms.mean").ci95 < 0);
    CU_ASSERT(bench_aggregate(&r, 0, "latency_ms.p95").ci95 < 0);
    CU_ASSERT(bench_aggregate(&r, 1, "goodput_rpm").ci95 < 0);
    bench_result_fini(&r);
}

static const char scenario[] =
    "{\"duration\": \"10m\", \"provider\": {\"table\": \"none\", \"latency\": "
    "{\"exponential\": {\"mean\": \"1s\"}}}, \"workload\": {\"model\": "
    "\"gpt-4o\", \"arrivals\": {\"poisson\": \"30/m\"}}, \"vary\": "
    "{\"client.cap\": [1, 2]}}";

/* What a sequence came to, as one text. */
struct heard {
    char *text;
    size_t runs;
};

static bool hear(void *context, const struct bench_run *run, double wall_s)
{
    struct heard *h = context;
    char *summary = cJSON_PrintUnformatted(run->summary);
    size_t n = strlen(h->text), more = strlen(summary);
    (void)wall_s;
    CU_ASSERT_EQUAL(run->run, h->runs);
    h->runs++;
    h->text = realloc(h->text, n + more + 1);
    memcpy(h->text + n, summary, more + 1);
    cJSON_free(summary);
    return true;
}

static struct heard run_with(unsigned threads, size_t *replications)
{
    struct bench_precision p;
    struct lim_diag diag = { 0 };
    struct bench_experiment e;
    struct bench_progress progress = { .on = false };
    struct bench_sequence s = { .precision = &p, .progress = &progress };
    struct bench_place place = { .world = BENCH_ON_SIM, .name = "sim" };
    struct heard h = { .text = calloc(1, 1) };
    struct bench_runner r = { .experiment = &e,
                              .place = &place,
                              .version = "",
                              .threads = threads,
                              .share = { 1, 1 },
                              .done = hear,
                              .context = &h };
    bool interrupted = false;
    cJSON *tree = cJSON_Parse(scenario);
    CU_ASSERT_EQUAL_FATAL(bench_experiment_init(&e, tree, &diag), LIM_OK);
    CU_ASSERT_EQUAL(
        bench_precision_parse(&p, "2%,service_ms.mean,max=300", &diag), LIM_OK);
    CU_ASSERT_EQUAL(bench_sequence_run(&s, &r, &e, &interrupted, &diag),
                    LIM_OK);
    CU_ASSERT_EQUAL(bench_precision_next(&p, &s.result), e.replications);
    CU_ASSERT_EQUAL(bench_experiment_runs(&e), s.count);
    bench_sequence_hand(&s, &r);
    *replications = e.replications;
    bench_sequence_fini(&s);
    bench_experiment_fini(&e);
    cJSON_Delete(tree);
    return h;
}

/* And all runs have the numbers of an experiment with so many from the
   start. */
static void threads_make_no_difference(void)
{
    size_t one, three;
    struct heard a = run_with(1, &one), b = run_with(3, &three);
    CU_ASSERT_EQUAL(one, three);
    CU_ASSERT(one > 10);
    CU_ASSERT(one < 300);
    CU_ASSERT_STRING_EQUAL(a.text, b.text);
    free(a.text);
    free(b.text);
}

CU_TestInfo precision_tests[] = {
    { "a share and figures are read", a_share_and_figures_are_read },
    { "what it cannot be is told", what_it_cannot_be_is_told },
    { "it stops when the interval is short",
      it_stops_when_the_interval_is_short },
    { "ten are the least", ten_are_the_least },
    { "more runs do not bring a figure that is not there",
      more_runs_do_not_bring_a_figure_that_is_not_there },
    { "a run over HTTP has intervals of its own",
      a_run_over_http_has_intervals_of_its_own },
    { "threads make no difference", threads_make_no_difference },
    CU_TEST_INFO_NULL
};
