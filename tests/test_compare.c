#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare.h"
#include "bench/compared.h"
#include "bench/student.h"

#define RUNS 4

/* Goodput of each replication; latencies are those of a fixed list. */
struct side {
    unsigned seed;
    double goodput[RUNS];
    const char *scenario;
    bool partial;
};

#define PLAIN "\"provider\":{\"table\":\"seed\"},\"duration\":\"10m\""

static const struct side usual = { 1, { 10, 20, 30, 40 }, PLAIN, false };

static void make(struct bench_result *r, const struct side *s)
{
    char *text = NULL;
    size_t length;
    struct lim_diag diag = { 0 };
    FILE *f = open_memstream(&text, &length);
    fprintf(f,
            "{\"kind\":\"head\",\"tierlab\":\"9\",\"name\":\"a<b\",\"on\":"
            "\"sim\",\"seed\":%u,\"variants\":1,\"replications\":%d,"
            "\"scenario\":{%s}}\n",
            s->seed, RUNS, s->scenario);
    for (int i = 0; i < RUNS; i++)
        fprintf(f,
                "{\"kind\":\"run\",\"run\":%d,\"variant\":{},\"replication\":"
                "%d,\"seed\":%d,\"summary\":{\"attempts\":200,\"http_429\":2,"
                "\"goodput_rpm\":%.17g,\"wait_ms\":null}}\n",
                i, i, i, s->goodput[i]);
    fprintf(f, "{\"kind\":\"end\",\"runs\":%d,\"partial\":%s}\n", RUNS,
            s->partial ? "true" : "false");
    fclose(f);
    CU_ASSERT_EQUAL_FATAL(bench_result_parse(r, text, length, &diag), LIM_OK);
    free(text);
}

struct pair {
    struct bench_result base, now;
    struct bench_comparison c;
    struct lim_diag diag;
    int error;
};

static void compare(struct pair *p, const struct side *base,
                    const struct side *now, const char *const *metrics,
                    size_t n, double max_regress)
{
    const struct bench_compare_options o = { metrics, n, max_regress };
    *p = (struct pair){ .error = LIM_OK };
    make(&p->base, base);
    make(&p->now, now);
    p->error = bench_compare(&p->base, &p->now, &o, &p->c, &p->diag);
}

static void end(struct pair *p)
{
    bench_comparison_fini(&p->c);
    bench_result_fini(&p->base);
    bench_result_fini(&p->now);
}

static const char *const goodput[] = { "goodput_rpm" };

static void verdicts_follow_the_interval(void)
{
    /* The t point at 1 % and three degrees is 5.8409. */
    static const struct {
        unsigned seed;
        double now[RUNS];
        double max_regress;
        enum bench_verdict verdict;
    } rows[] = {
        { 1, { 10, 20, 30, 40 }, 0, BENCH_SAME },
        { 1, { 9, 19, 29, 39 }, 0, BENCH_WORSE },
        { 1, { 9, 19, 29, 39 }, 0.05, BENCH_ALLOWED }, /* 4 % of 25 */
        { 1, { 9, 19, 29, 39 }, 0.03, BENCH_WORSE },
        { 1, { 11, 21, 31, 41 }, 0, BENCH_BETTER },
        { 1, { 9, 19, 29, 41 }, 0, BENCH_SAME },
        { 2, { 9, 19, 29, 39 }, 0, BENCH_SAME }, /* other seeds: no pairs */
        { 2, { 1, 1, 1, 1 }, 0, BENCH_SAME },
        { 2, { 100, 110, 120, 130 }, 0, BENCH_BETTER },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct side now = usual;
        struct pair p;
        now.seed = rows[i].seed;
        memcpy(now.goodput, rows[i].now, sizeof now.goodput);
        compare(&p, &usual, &now, goodput, 1, rows[i].max_regress);
        CU_ASSERT_EQUAL_FATAL(p.error, LIM_OK);
        CU_ASSERT_EQUAL(p.c.paired, rows[i].seed == 1);
        CU_ASSERT_EQUAL(p.c.variants[0].differences[0].verdict,
                        rows[i].verdict);
        CU_ASSERT_EQUAL(p.c.worse, rows[i].verdict == BENCH_WORSE);
        end(&p);
    }
}

/* Differences -1, -1, -1 and 1: mean -0.5, s = 1. */
static void intervals_are_as_by_hand(void)
{
    static const char *const two[] = { "goodput_rpm", "http_429%" };
    struct side now = { 1, { 9, 19, 29, 41 }, PLAIN, false };
    struct pair p;
    compare(&p, &usual, &now, goodput, 1, 0);
    const struct bench_difference *d = &p.c.variants[0].differences[0];
    CU_ASSERT_DOUBLE_EQUAL(d->difference, -0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(d->relative, -0.02, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(d->high, -0.5 + 5.8409093 / 2, 1e-6);
    end(&p);
    compare(&p, &usual, &now, two, 2, 0); /* two at 99.5 %: t = 7.4533 */
    d = &p.c.variants[0].differences[0];
    CU_ASSERT_DOUBLE_EQUAL(d->low, -0.5 - 7.4533185 / 2, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(p.c.variants[0].differences[1].base, 1, 1e-12);
    end(&p);
}

static void points_of_t_are_those_of_tables(void)
{
    static const struct {
        double chance, t;
        size_t df;
    } rows[] = { { 0.05, 12.7062047, 1 },
                 { 0.01, 4.60409487, 4 },
                 { 0.001, 3.88340585, 19 },
                 { 0.05, 1.98421695, 99 },
                 { 1, 0, 7 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_DOUBLE_EQUAL(bench_student_point(rows[i].chance, rows[i].df),
                               rows[i].t, 1e-6);
}

static void what_cannot_be_compared_is_refused(void)
{
    static const struct {
        struct side now;
        const char *says;
    } rows[] = {
        { { 1,
            { 1 },
            "\"provider\":{\"table\":\"x\"},\"duration\":\"10m\"",
            false },
          "\"provider\"" },
        { { 1, { 1 }, "\"provider\":{\"table\":\"seed\"}", false },
          "\"duration\"" },
        { { 1, { 1 }, PLAIN ",\"workload\":{}", false }, "\"workload\"" },
        { { 1, { 1 }, PLAIN, true }, "NEW was interrupted" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair p;
        compare(&p, &usual, &rows[i].now, NULL, 0, 0);
        CU_ASSERT_EQUAL(p.error, LIM_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(p.diag.text, rows[i].says));
        end(&p);
    }
}

static void figures_that_are_none_are_refused(void)
{
    static const char *const rows[] = { "goodput", "latency_ms.p95%", "",
                                        "requests" };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair p;
        compare(&p, &usual, &usual, &rows[i], 1, 0);
        CU_ASSERT_EQUAL(p.error, LIM_EINVAL);
        end(&p);
    }
}

static void a_client_may_differ(void)
{
    struct side now = usual;
    struct pair p;
    now.scenario = PLAIN ",\"client\":{\"cap\":3},\"name\":\"other\"";
    compare(&p, &usual, &now, NULL, 0, 0);
    CU_ASSERT_EQUAL(p.error, LIM_OK);
    CU_ASSERT_EQUAL(p.c.tests, p.c.metric_count);
    /* what the results do not have is told so */
    CU_ASSERT_EQUAL(p.c.variants[0].differences[1].verdict, BENCH_ABSENT);
    end(&p);
}

static char *written(const struct bench_comparison *c,
                     void (*write)(FILE *f, const struct bench_comparison *c))
{
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    write(f, c);
    fclose(f);
    return text;
}

static void it_is_written_for_all_who_read_it(void)
{
    struct side now = { 1, { 9, 19, 29, 39 }, PLAIN, false };
    struct pair p;
    compare(&p, &usual, &now, NULL, 0, 0);
    char *text = written(&p.c, bench_compared_text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "-4.00 %"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 figure worse"));
    free(text);
    text = written(&p.c, bench_compared_markdown);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "| `goodput_rpm` | 25.0 | 24.0 | -1 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "**worse**"));
    free(text);
    text = written(&p.c, bench_compared_junit);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<testsuite name=\"a&lt;b\" "
                                        "tests=\"2\" failures=\"1\">"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<failure message=\"worse: 24"));
    free(text);
    cJSON *json = bench_compared_json(&p.c);
    CU_ASSERT_EQUAL(cJSON_GetObjectItemCaseSensitive(json, "worse")->valueint,
                    1);
    cJSON_Delete(json);
    end(&p);
}

CU_TestInfo compare_tests[] = {
    { "verdicts follow the interval", verdicts_follow_the_interval },
    { "intervals are as by hand", intervals_are_as_by_hand },
    { "points of t are those of tables", points_of_t_are_those_of_tables },
    { "what cannot be compared is refused",
      what_cannot_be_compared_is_refused },
    { "figures that are none are refused", figures_that_are_none_are_refused },
    { "a client may differ", a_client_may_differ },
    { "it is written for all who read it", it_is_written_for_all_who_read_it },
    CU_TEST_INFO_NULL,
};
