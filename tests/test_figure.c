#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/chart.h"
#include "bench/figure.h"
#include "bench/gnuplot.h"
#include "bench/scale.h"
#include "bench/svg.h"
#include "bench/words.h"
#include "tests/made_result.h"

/* A chart of made-up results, and what it is made of. */
struct plan {
    struct bench_result result;
    struct bench_grid grid;
    struct bench_chart chart;
};

static void plan_init(struct plan *p, const char *vary)
{
    struct made m = made_default();
    char *scenario = bench_words("{\"name\": \"n\", \"vary\": %s}", vary);
    m.scenario = scenario;
    made_result(&p->result, &m);
    CU_ASSERT_EQUAL_FATAL(bench_grid_init(&p->grid, &p->result), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(bench_chart_init(&p->chart, &p->result, &p->grid),
                          LIM_OK);
    free(scenario);
}

static void plan_fini(struct plan *p)
{
    bench_chart_fini(&p->chart);
    bench_grid_fini(&p->grid);
    bench_result_fini(&p->result);
}

static void numbers_lie_along_x_and_none_apart(void)
{
    struct plan p;
    plan_init(&p, "{\"client.strategy\": [\"a\", \"b\"], "
                  "\"client.cap\": [\"none\", 1, 100, 10]}");
    CU_ASSERT_TRUE(p.chart.any && p.chart.numeric && p.chart.log);
    CU_ASSERT_STRING_EQUAL(p.grid.dims[p.chart.x].path, "client.cap");
    CU_ASSERT_STRING_EQUAL(p.grid.dims[p.chart.series].path, "client.strategy");
    CU_ASSERT_TRUE(p.chart.apart[0]);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[0], 1, 0);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[1], 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[2], 0.86, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[3], 0.43, 1e-12);
    const size_t order[] = { 1, 3, 2, 0 };
    CU_ASSERT_EQUAL(memcmp(p.chart.order, order, sizeof order), 0);
    plan_fini(&p);
}

static void units_are_read(void)
{
    struct plan p;
    plan_init(&p, "{\"workload.arrivals.poisson\": [\"1/s\", \"30/m\", "
                  "\"90/m\"]}");
    CU_ASSERT_TRUE(p.chart.numeric && !p.chart.log && !p.chart.has_series);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[0], 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[1], 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(p.chart.at[2], 1, 1e-12);
    plan_fini(&p);
    plan_init(&p, "{\"client.cap\": [{\"per_organisation\": 2}, "
                  "{\"per_organisation\": 4}]}");
    CU_ASSERT_TRUE(p.chart.numeric);
    plan_fini(&p);
}

static void names_are_no_numbers(void)
{
    struct plan p;
    plan_init(&p, "{\"client.limits\": [\"known\", \"none\"], "
                  "\"client.strategy\": [\"a\", \"b\", \"c\"]}");
    CU_ASSERT_TRUE(p.chart.any && !p.chart.numeric && p.chart.has_series);
    CU_ASSERT_STRING_EQUAL(p.grid.dims[p.chart.x].path, "client.strategy");
    plan_fini(&p);
    plan_init(&p, "{\"client.cap\": [5, {\"per_organisation\": 5}]}");
    CU_ASSERT_FALSE(p.chart.numeric);
    plan_fini(&p);
}

static void a_third_parameter_makes_slices(void)
{
    struct plan p;
    plan_init(&p, "{\"client.cap\": [1, 2], \"client.strategy\": [\"a\", "
                  "\"b\"], \"client.limits\": [\"known\", \"none\"]}");
    CU_ASSERT_EQUAL(p.chart.slice_count, 2);
    size_t variant;
    CU_ASSERT_TRUE(bench_chart_find(&p.chart, 1, 0, 1, &variant));
    CU_ASSERT_EQUAL(variant, 5);
    char *name = bench_chart_slice_name(&p.chart, 1);
    CU_ASSERT_STRING_EQUAL(name, "limits none");
    free(name);
    plan_fini(&p);
}

static void scales_begin_at_nought_and_end_round(void)
{
    struct bench_scale s = bench_scale_make(3, 71.6, 6, INFINITY);
    CU_ASSERT_DOUBLE_EQUAL(s.low, 0, 0);
    CU_ASSERT_DOUBLE_EQUAL(s.step, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.high, 80, 1e-9);
    s = bench_scale_make(0, 0, 6, INFINITY);
    CU_ASSERT_TRUE(s.high > s.low);
    s = bench_scale_make(30, 4000, 4, 1);
    CU_ASSERT_TRUE(s.log);
    CU_ASSERT_DOUBLE_EQUAL(s.low, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.high, 5000, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(bench_scale_at(&s, 20), 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(bench_scale_at(&s, 5000), 1, 1e-12);
}

static void labels_keep_clear_of_each_other(void)
{
    double h[] = { 0.99, 1.0, 0.98, 0.2, 1.4 };
    bench_scale_spread(h, 5, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(h[3], 0.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(h[4], 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(h[1], 0.95, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(h[0], 0.9, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(h[2], 0.85, 1e-12);
    double many[40] = { 0 };
    bench_scale_spread(many, 40, 0.05);
    for (size_t i = 0; i < 40; i++)
        CU_ASSERT_TRUE(many[i] >= -1e-9 && many[i] <= 1 + 1e-9);
}

static char *written(void (*write)(FILE *f, const char *text), const char *text)
{
    char *out = NULL;
    size_t length;
    FILE *f = open_memstream(&out, &length);
    write(f, text);
    fclose(f);
    return out;
}

static void nothing_in_a_name_is_expanded(void)
{
    char *s = written(bench_gnuplot_string, "it's `date` \"$x\"\n@y");
    CU_ASSERT_STRING_EQUAL(s, "'it’s `date` \"$x\" @y'");
    free(s);
    s = written(bench_gnuplot_csv, "a,\"b\"\n");
    CU_ASSERT_STRING_EQUAL(s, "\"a,'b' \"");
    free(s);
    s = written(bench_svg_escape, "<a href='x'>\"&");
    CU_ASSERT_STRING_EQUAL(s, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
    free(s);
}

static void ids_of_an_image_get_its_name(void)
{
    const struct bench_svg svg = { "fig", "A <title>", "What" };
    const char *text = "<?xml?>\n<svg w=\"1\">\n<title>Gnuplot</title>"
                       "<g id=\"a\"/><p id='b'/><u xlink:href='#a'/>"
                       "<q f=\"url(#b)\" font-family=\"sans:Bold\"/></svg>";
    char *out = NULL;
    size_t length;
    FILE *f = open_memstream(&out, &length);
    bench_svg_write(&svg, text, strlen(text), f);
    fclose(f);
    CU_ASSERT_STRING_EQUAL(
        bench_svg_inline(out),
        "<svg role=\"img\" aria-labelledby=\"fig-title fig-desc\" w=\"1\">"
        "\n<title id=\"fig-title\">A &lt;title&gt;</title>"
        "\n<desc id=\"fig-desc\">What</desc>\n"
        "<g id=\"fig-a\"/><p id='fig-b'/><u xlink:href='#fig-a'/>"
        "<q f=\"url(#fig-b)\" font-family=\"sans\" font-weight=\"bold\"/>"
        "</svg>");
    free(out);
}

static void a_missing_gnuplot_is_told(void)
{
    struct lim_diag diag = { 0 };
    int error = bench_gnuplot_run("/nowhere/gnuplot", "/", "", 0, &diag);
    CU_ASSERT_EQUAL(error, LIM_ENOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "not installed"));
    CU_ASSERT_EQUAL(bench_gnuplot_run(NULL, "/nowhere", "", 0, &diag),
                    LIM_EINVAL);
    CU_ASSERT_EQUAL(bench_gnuplot_run("/bin/false", "/", "", 0, &diag),
                    LIM_EINVAL);
}

/* Tells whether figures can be drawn here at all. */
static bool gnuplot_is_here(void)
{
    bool here = bench_gnuplot_run(NULL, "/", "", 0, NULL) != LIM_ENOTFOUND;
    if (!here)
        fputs("skipped: no gnuplot\n", stderr);
    return here;
}

static void what_gnuplot_complains_of_is_told(void)
{
    struct lim_diag diag = { 0 };
    const char *script = "set nonsense\n";
    if (!gnuplot_is_here())
        return;
    CU_ASSERT_EQUAL(bench_gnuplot_run(NULL, "/", script, strlen(script), &diag),
                    LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "line 0: "));
}

static void draw(const char *folder, const struct made *m,
                 struct bench_figures *f)
{
    struct bench_result r;
    struct lim_diag diag = { 0 };
    made_result(&r, m);
    int error = bench_figures_draw(f, &r, folder, "", &diag);
    if (error != LIM_OK)
        fprintf(stderr, "%s\n", diag.text);
    CU_ASSERT_EQUAL(error, LIM_OK);
    bench_result_fini(&r);
}

static void check_file(const char *folder, const char *name, const char *ending,
                       const char *begins)
{
    char *file = bench_words("%s.%s", name, ending);
    char *text = made_read(folder, file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, begins, strlen(begins)), 0);
    free(text);
    free(file);
}

/* Draws and looks at the files; returns the number of figures. */
static size_t drawn(const struct made *m)
{
    struct bench_figures f;
    char *folder = made_folder();
    draw(folder, m, &f);
    for (size_t i = 0; i < f.count; i++) {
        check_file(folder, f.list[i].name, "svg", "<?xml");
        check_file(folder, f.list[i].name, "png", "\x89PNG");
        check_file(folder, f.list[i].name, "csv", "");
        CU_ASSERT_TRUE(strlen(f.list[i].finding) > 0);
    }
    size_t count = f.count;
    bench_figures_fini(&f);
    made_folder_fini(folder);
    return count;
}

static void every_kind_of_result_is_drawn(void)
{
    const struct {
        const char *vary;
        size_t replications, without, figures;
    } cases[] = {
        { "{}", 1, SIZE_MAX, 2 },
        { "{\"client.cap\": [1, 2]}", 1, SIZE_MAX, 6 },
        { "{\"client.cap\": [1, \"none\"]}", 2, SIZE_MAX, 6 },
        { "{\"client.strategy\": [\"a\", \"b\"]}", 1, SIZE_MAX, 6 },
        { "{\"client.cap\": [1, 2], \"client.strategy\": [\"a\", \"b\"]}", 2, 1,
          8 },
        { "{\"client.cap\": [1, 2], \"client.strategy\": [\"a\", \"b\"], "
          "\"client.limits\": [\"known\", \"none\"]}",
          2, SIZE_MAX, 12 },
    };
    for (size_t i = 0; gnuplot_is_here() && i < sizeof cases / sizeof cases[0];
         i++) {
        struct made m = made_default();
        char *scenario =
            bench_words("{\"name\": \"n\", \"vary\": %s}", cases[i].vary);
        m.scenario = scenario;
        m.replications = cases[i].replications;
        m.without = cases[i].without;
        m.slope = -1;
        CU_ASSERT_EQUAL(drawn(&m), cases[i].figures);
        free(scenario);
    }
}

static void names_reach_gnuplot_as_text_alone(void)
{
    struct made m = made_default();
    struct bench_figures f;
    if (!gnuplot_is_here())
        return;
    m.scenario = "{\"name\": \"n\", \"vary\": {\"client.cap\": [1, 2, 3], "
                 "\"client.strategy\": [\"`touch struck`\", "
                 "\"'; system('touch struck'); '\", \"a\\\",b\\n\\\\\", "
                 "\"<g id='x'>&\"]}}";
    char *folder = made_folder();
    draw(folder, &m, &f);
    char *struck = made_read(folder, "struck");
    CU_ASSERT_PTR_NULL(struck);
    char *svg = made_read(folder, "throughput.svg");
    CU_ASSERT_PTR_NOT_NULL_FATAL(svg);
    CU_ASSERT_PTR_NOT_NULL(strstr(svg, "`touch struck`"));
    CU_ASSERT_PTR_NULL(strstr(svg, "<g id='x'>"));
    CU_ASSERT_PTR_NULL(strstr(svg, "<g id='throughput-x'>"));
    free(svg);
    free(struck);
    bench_figures_fini(&f);
    made_folder_fini(folder);
}

static void the_same_result_gives_the_same_bytes(void)
{
    const char *files[] = { "throughput.svg", "latency.svg", "timeline.svg",
                            "throughput.csv", "throughput.png" };
    struct made m = made_default();
    struct bench_figures f;
    char *folders[2];
    if (!gnuplot_is_here())
        return;
    for (size_t i = 0; i < 2; i++) {
        folders[i] = made_folder();
        draw(folders[i], &m, &f);
        bench_figures_fini(&f);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *a = made_read(folders[0], files[i]);
        char *b = made_read(folders[1], files[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(a);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b);
        CU_ASSERT_STRING_EQUAL(a, b);
        free(a);
        free(b);
    }
    made_folder_fini(folders[0]);
    made_folder_fini(folders[1]);
}

static void data_stand_beside_the_figure(void)
{
    struct made m = made_default();
    struct bench_figures f;
    if (!gnuplot_is_here())
        return;
    m.noise = 0;
    char *folder = made_folder();
    draw(folder, &m, &f);
    char *csv = made_read(folder, "throughput.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(csv);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(csv, "client.strategy,client.cap,position,n,goodput_rpm,"
                    "goodput_rpm low,goodput_rpm high,bound_rpm\n"
                    "headroom,1,0,3,10,10,10,20\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(csv, "\nround_robin,none,1,3,17,17,17,20\n"));
    CU_ASSERT_STRING_EQUAL(f.list[0].finding,
                           "Most goodput at round_robin, cap none: 17.0 a "
                           "minute, 85 % of the bound.");
    free(csv);
    bench_figures_fini(&f);
    made_folder_fini(folder);
}

CU_TestInfo figure_tests[] = {
    { "numbers lie along x, and none apart",
      numbers_lie_along_x_and_none_apart },
    { "units are read", units_are_read },
    { "names are no numbers", names_are_no_numbers },
    { "a third parameter makes slices", a_third_parameter_makes_slices },
    { "scales begin at nought and end round",
      scales_begin_at_nought_and_end_round },
    { "labels keep clear of each other", labels_keep_clear_of_each_other },
    { "nothing in a name is expanded", nothing_in_a_name_is_expanded },
    { "ids of an image get its name", ids_of_an_image_get_its_name },
    { "a missing gnuplot is told", a_missing_gnuplot_is_told },
    { "what gnuplot complains of is told", what_gnuplot_complains_of_is_told },
    { "every kind of result is drawn", every_kind_of_result_is_drawn },
    { "names reach gnuplot as text alone", names_reach_gnuplot_as_text_alone },
    { "the same result gives the same bytes",
      the_same_result_gives_the_same_bytes },
    { "data stand beside the figure", data_stand_beside_the_figure },
    CU_TEST_INFO_NULL
};
