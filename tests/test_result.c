#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/aggregate.h"
#include "bench/check.h"
#include "bench/path.h"
#include "bench/result.h"

/* Two variants of three runs each; latency is 100 v + 10 r. */
static struct sim_summary summary_of(size_t variant, size_t replication)
{
    double p95 = 100 * (double)variant + 10 * (double)replication;
    return (struct sim_summary){
        .requests = 10,
        .succeeded = 9,
        .unfinished = 1,
        .attempts = 20,
        .http_429 = 1 + variant,
        .latency_ms = { .any = true, .p95 = p95 },
        .bound_rpm = -1,
        .efficiency = 0.9,
        .fairness_organisations = -1,
        .spend_usd = -1,
        .binding = -1,
    };
}

static void write_run(struct bench_writer *w, size_t i)
{
    struct sim_moment moments[] = {
        { .t_s = 1, .arrived = 4, .admitted = 3, .waiting = 1 },
        { .t_s = 2,
          .succeeded = 3,
          .http_429 = 1,
          .in_flight = 2,
          .gauges = { { 7, 100 }, 2 } },
    };
    struct sim_summary s = summary_of(i / 3, i % 3);
    struct bench_run run = {
        .run = i,
        .variant = i / 3,
        .replication = i % 3,
        .seed = 77 + i % 3,
        .settings = cJSON_CreateObject(),
        .summary = bench_summary_to_json(&s, "1.2.3", 77 + i % 3, -1),
        .moments = i % 3 == 0 ? moments : NULL,
        .moment_count = 2,
    };
    cJSON_AddNumberToObject(run.settings, "client.cap", (double)(i / 3));
    bench_writer_run(w, &run);
    cJSON_Delete(run.settings);
    cJSON_Delete(run.summary);
}

static void write_file(const char *path, size_t runs, bool partial)
{
    struct lim_diag diag = { 0 };
    cJSON *scenario = cJSON_Parse("{\"name\": \"n\"}");
    const struct bench_head head = { .version = "1.2.3",
                                     .name = "n",
                                     .on = "sim",
                                     .seed = 77,
                                     .variants = 2,
                                     .replications = 3,
                                     .scenario = scenario };
    unlink(path); /* what is there is not written over */
    struct bench_writer *w = bench_writer_open(path, &head, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (size_t i = 0; i < runs; i++)
        write_run(w, i);
    CU_ASSERT_EQUAL(bench_writer_close(w, partial, NULL, &diag), LIM_OK);
    cJSON_Delete(scenario);
}

static void read_back(struct bench_result *r, size_t runs, bool partial)
{
    char path[] = "/tmp/tierlab-result-XXXXXX";
    struct lim_diag diag = { 0 };
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    write_file(path, runs, partial);
    CU_ASSERT_EQUAL_FATAL(bench_result_read(r, path, &diag), LIM_OK);
    unlink(path);
}

static void what_is_written_is_read(void)
{
    struct bench_result r;
    read_back(&r, 6, false);
    CU_ASSERT_STRING_EQUAL(r.name, "n");
    CU_ASSERT_STRING_EQUAL(r.on, "sim");
    CU_ASSERT_STRING_EQUAL(r.version, "1.2.3");
    CU_ASSERT_EQUAL(r.seed, 77);
    CU_ASSERT_EQUAL(r.variants, 2);
    CU_ASSERT_EQUAL(r.replications, 3);
    CU_ASSERT_FALSE(r.partial);
    CU_ASSERT_EQUAL_FATAL(r.run_count, 6);
    for (size_t i = 0; i < 6; i++) {
        double p95 = -1;
        CU_ASSERT_EQUAL(r.runs[i].variant, i / 3);
        CU_ASSERT_EQUAL(r.runs[i].replication, i % 3);
        CU_ASSERT_EQUAL(r.runs[i].seed, 77 + i % 3);
        CU_ASSERT_EQUAL(r.runs[i].moment_count, i % 3 == 0 ? 2 : 0);
        CU_ASSERT(bench_aggregate_run(&r.runs[i], "latency_ms.p95", &p95));
        CU_ASSERT_EQUAL(p95, 100.0 * (double)(i / 3) + 10.0 * (double)(i % 3));
    }
    CU_ASSERT_EQUAL(r.runs[3].moments[1].in_flight, 2);
    CU_ASSERT_EQUAL(r.runs[3].moments[0].arrived, 4);
    CU_ASSERT_EQUAL(r.runs[3].moments[0].gauges.count, 0);
    CU_ASSERT_EQUAL(r.runs[3].moments[1].gauges.count, 2);
    CU_ASSERT_EQUAL(r.runs[3].moments[1].gauges.percent[1], 100);
    bench_result_fini(&r);
}

static void means_have_their_intervals(void)
{
    struct bench_result r;
    read_back(&r, 6, false);
    /* 100, 110, 120: deviation 10, t of 2 degrees 4.302653. */
    struct bench_estimate e = bench_aggregate(&r, 1, "latency_ms.p95");
    CU_ASSERT_EQUAL(e.n, 3);
    CU_ASSERT_DOUBLE_EQUAL(e.mean, 110, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(e.ci95, 4.302653 * 10 / 1.7320508, 1e-4);
    e = bench_aggregate(&r, 1, "http_429%");
    CU_ASSERT_DOUBLE_EQUAL(e.mean, 10, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(e.ci95, 0, 1e-9);
    CU_ASSERT_EQUAL(bench_aggregate(&r, 0, "wait_ms.p95").n, 0);
    CU_ASSERT_EQUAL(bench_aggregate(&r, 0, "no.such").n, 0);
    CU_ASSERT_EQUAL(bench_aggregate(&r, 2, "attempts").n, 0);
    cJSON *all = bench_aggregate_json(&r, 1);
    double x = 0;
    CU_ASSERT_TRUE(bench_path_number(all, "latency_ms.p95.mean", &x));
    CU_ASSERT_DOUBLE_EQUAL(x, 110, 1e-9);
    CU_ASSERT_TRUE(bench_path_number(all, "requests.n", &x));
    CU_ASSERT_EQUAL(x, 3);
    cJSON_Delete(all);
    bench_result_fini(&r);
}

static void one_replication_has_no_interval(void)
{
    struct bench_result r;
    read_back(&r, 1, true);
    CU_ASSERT_TRUE(r.partial);
    struct bench_estimate e = bench_aggregate(&r, 0, "attempts");
    CU_ASSERT_EQUAL(e.n, 1);
    CU_ASSERT_EQUAL(e.mean, 20);
    CU_ASSERT(e.ci95 < 0);
    CU_ASSERT_PTR_NULL(bench_aggregate_settings(&r, 1));
    bench_result_fini(&r);
}

#define HEAD                                                                   \
    "{\"kind\":\"head\",\"tierlab\":\"1\",\"name\":\"n\",\"on\":\"sim\","      \
    "\"seed\":1,\"variants\":1,\"replications\":2,\"scenario\":{}}\n"
#define RUN(i)                                                                 \
    "{\"kind\":\"run\",\"run\":" i                                             \
    ",\"variant\":{},\"seed\":1,\"summary\":{}}\n"

static void broken_files_are_refused_with_the_line(void)
{
    static const struct {
        const char *text;
        int line;
    } rows[] = {
        { "", 0 },
        { "\n\n", 2 },
        { "no\n", 1 },
        { "[1]\n", 1 },
        { RUN("0"), 1 },
        { HEAD HEAD, 2 },
        { "{\"kind\":\"head\",\"tierlab\":\"1\",\"name\":\"n\",\"on\":\"sim\","
          "\"seed\":1,\"variants\":1000000,\"replications\":2,"
          "\"scenario\":{}}",
          1 },
        { HEAD RUN("0") RUN("0"), 3 },
        { HEAD RUN("1") RUN("0"), 3 },
        { HEAD RUN("2"), 2 },
        { HEAD RUN("-1"), 2 },
        { HEAD RUN("\"x\""), 2 },
        { HEAD RUN("0") "{\"kind\":\"timeline\",\"run\":1,\"moments\":[]}", 3 },
        { HEAD RUN("0") "{\"kind\":\"timeline\",\"run\":0,\"moments\":[[1]]}",
          3 },
        { HEAD RUN("0") "{\"kind\":\"timeline\",\"run\":0,"
                        "\"moments\":[[1,2,3,4,5,6,-7]]}",
          3 },
        { HEAD RUN("0") "{\"kind\":\"timeline\",\"run\":0,"
                        "\"moments\":[[1,2,3,4,5,6,7,101]]}",
          3 },
        { HEAD "{\"kind\":\"run\",\"run\":0}", 2 },
        { HEAD "{\"kind\":\"run\",\"ru\n", 2 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench_result r;
        struct lim_diag diag = { 0 };
        int error =
            bench_result_parse(&r, rows[i].text, strlen(rows[i].text), &diag);
        CU_ASSERT_NOT_EQUAL(error, LIM_OK);
        CU_ASSERT_EQUAL(diag.line, rows[i].line);
    }
}

static void unknown_kinds_are_passed_over_and_no_end_is_partial(void)
{
    static const char text[] = HEAD "{\"kind\":\"later\"}\n" RUN("0");
    struct bench_result r;
    struct lim_diag diag = { 0 };
    CU_ASSERT_EQUAL_FATAL(bench_result_parse(&r, text, strlen(text), &diag),
                          LIM_OK);
    CU_ASSERT_EQUAL(r.run_count, 1);
    CU_ASSERT_TRUE(r.partial);
    bench_result_fini(&r);
}

static void thresholds_are_read_with_their_units(void)
{
    static const struct {
        const char *text, *metric;
        double bound;
        enum bench_relation relation;
    } rows[] = {
        { "latency_ms.p95<2s", "latency_ms.p95", 2000, BENCH_LESS },
        { "latency_ms.p95 <= 150", "latency_ms.p95", 150, BENCH_AT_MOST },
        { "makespan_s<2m", "makespan_s", 120, BENCH_LESS },
        { "http_429<0.1%", "http_429%", 0.1, BENCH_LESS },
        { "efficiency>=90%", "efficiency", 0.9, BENCH_AT_LEAST },
        { "tokens_per_min>40k", "tokens_per_min", 40000, BENCH_MORE },
        { "spend_usd<$3", "spend_usd", 3, BENCH_LESS },
    };
    struct bench_check c;
    struct lim_diag diag = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL_FATAL(bench_check_parse(&c, rows[i].text, &diag),
                              LIM_OK);
        CU_ASSERT_STRING_EQUAL(c.metric, rows[i].metric);
        CU_ASSERT_DOUBLE_EQUAL(c.bound, rows[i].bound, 1e-9);
        CU_ASSERT_EQUAL(c.relation, rows[i].relation);
    }
    static const char *const wrong[] = { "",
                                         "attempts",
                                         "attempts<",
                                         "<5",
                                         "attempts=5",
                                         "attempts<>5",
                                         "latency_ms<5",
                                         "latency.p95<5",
                                         "attempts<many",
                                         "attempts<%",
                                         "attempts<5s" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(bench_check_parse(&c, wrong[i], &diag), LIM_EINVAL);
}

static size_t missed(const struct bench_result *r, const char *text)
{
    struct bench_check c;
    struct lim_diag diag = { 0 };
    FILE *out = tmpfile();
    CU_ASSERT_EQUAL_FATAL(bench_check_parse(&c, text, &diag), LIM_OK);
    size_t n = bench_check_run(&c, r, out);
    fclose(out);
    return n;
}

static void thresholds_hold_for_every_variant(void)
{
    struct bench_result r;
    read_back(&r, 6, false);
    CU_ASSERT_EQUAL(missed(&r, "latency_ms.p95<1s"), 0);
    CU_ASSERT_EQUAL(missed(&r, "latency_ms.p95<50ms"), 1);
    CU_ASSERT_EQUAL(missed(&r, "latency_ms.p95<=110"), 0);
    CU_ASSERT_EQUAL(missed(&r, "latency_ms.p95<110"), 1);
    CU_ASSERT_EQUAL(missed(&r, "http_429<=5%"), 1);
    CU_ASSERT_EQUAL(missed(&r, "spend_usd<$3"), 2);
    bench_result_fini(&r);
}

CU_TestInfo result_tests[] = {
    { "what is written is read", what_is_written_is_read },
    { "means have their intervals", means_have_their_intervals },
    { "one replication has no interval", one_replication_has_no_interval },
    { "broken files are refused with the line",
      broken_files_are_refused_with_the_line },
    { "unknown kinds are passed over, and no end is partial",
      unknown_kinds_are_passed_over_and_no_end_is_partial },
    { "thresholds are read with their units",
      thresholds_are_read_with_their_units },
    { "thresholds hold for every variant", thresholds_hold_for_every_variant },
    CU_TEST_INFO_NULL
};
