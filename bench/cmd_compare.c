#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "bench/compare.h"
#include "bench/compared.h"
#include "bench/figure.h"
#include "bench/folder.h"
#include "bench/output.h"
#include "mockserver/units.h"

#define METRICS_MAX 64

struct options {
    const char *results[2];
    size_t count;
    const char *metrics[METRICS_MAX];
    size_t metric_count;
    double max_regress;
    const char *junit, *folder;
    bool json, markdown, quiet;
};

enum key { KEY_JSON = 256, KEY_MARKDOWN, KEY_JUNIT, KEY_METRIC, KEY_REGRESS };

static const struct argp_option option_list[] = {
    { .name = "max-regress",
      .key = KEY_REGRESS,
      .arg = "SHARE",
      .doc = "A figure may be worse by that share of the base, such as 5% "
             "(0%)" },
    { .name = "metric",
      .key = KEY_METRIC,
      .arg = "FIGURE",
      .doc = "Compare this figure, such as latency_ms.p95 or http_429% "
             "(repeat it for more; a dozen usual ones)" },
    { .name = "markdown", .key = KEY_MARKDOWN, .doc = "Print Markdown" },
    { .name = "json", .key = KEY_JSON, .doc = "Print one JSON object" },
    { .name = "junit",
      .key = KEY_JUNIT,
      .arg = "FILE",
      .doc = "Write JUnit XML to FILE: a test case a figure" },
    { .name = "output",
      .key = 'o',
      .arg = "DIR",
      .doc = "Draw the differences: DIR/difference.svg, .png and .csv" },
    { .name = "quiet", .key = 'q', .doc = "Print nothing" },
    { 0 }
};

static void read_regress(struct argp_state *state, const char *arg, double *out)
{
    if (!mock_units_count(arg, out) || *out > 1000)
        argp_error(state, "--max-regress %s: expected a share such as 5%%",
                   arg);
}

static void add_metric(struct argp_state *state, struct options *o,
                       const char *arg)
{
    if (o->metric_count == METRICS_MAX)
        argp_error(state, "too many --metric");
    else
        o->metrics[o->metric_count++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case KEY_REGRESS:
        read_regress(state, arg, &o->max_regress);
        break;
    case KEY_METRIC:
        add_metric(state, o, arg);
        break;
    case KEY_MARKDOWN:
        o->markdown = true;
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case KEY_JUNIT:
        o->junit = arg;
        break;
    case 'o':
        o->folder = arg;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        if (o->count == 2)
            argp_error(state, "two results, not also '%s'", arg);
        o->results[o->count++] = arg;
        break;
    case ARGP_KEY_END:
        if (o->count < 2)
            argp_error(state, "which two results?");
        if (o->json && o->markdown)
            argp_error(state, "--json or --markdown");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "BASE NEW",
    .doc = "Compares two results, chance aside.\v"
           "BASE and NEW are result files, or the folders that hold "
           "results.jsonl, of equal provider, workload, duration and "
           "replications; of equal seeds they are compared replication by "
           "replication.  Exit status 4: some figure is worse.",
};

static int print(const struct options *o, const struct bench_comparison *c)
{
    if (o->quiet)
        return LIM_OK;
    if (!o->json) {
        if (o->markdown)
            bench_compared_markdown(stdout, c);
        else
            bench_compared_text(stdout, c);
        return LIM_OK;
    }
    cJSON *json = bench_compared_json(c);
    char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;
    if (text != NULL)
        puts(text);
    int error = text != NULL ? LIM_OK : LIM_ENOMEM;
    cJSON_free(text);
    cJSON_Delete(json);
    return error;
}

static int write_junit(const char *path, const struct bench_comparison *c)
{
    struct lim_diag diag = { 0 };
    struct bench_output out;
    if (path == NULL)
        return BENCH_DONE;
    int error = bench_output_open(&out, path, &diag);
    if (error == LIM_OK) {
        bench_compared_junit(out.file, c);
        error = bench_output_commit(&out, &diag);
    }
    if (error == LIM_OK)
        return BENCH_DONE;
    bench_complain(NULL, error, &diag);
    return BENCH_FAILED;
}

static int draw(const char *folder, const struct bench_comparison *c)
{
    struct lim_diag diag = { 0 };
    if (folder == NULL)
        return BENCH_DONE;
    int error = bench_folder_need(folder, &diag);
    if (error == LIM_OK)
        error = bench_figures_difference(c, folder, &diag);
    if (error == LIM_OK)
        return BENCH_DONE;
    bench_complain(NULL, error, &diag);
    return BENCH_FAILED;
}

static int compare(const struct options *o, const struct bench_result *base,
                   const struct bench_result *now)
{
    struct lim_diag diag = { 0 };
    struct bench_comparison c;
    const struct bench_compare_options how = {
        .metrics = o->metric_count > 0 ? o->metrics : NULL,
        .metric_count = o->metric_count,
        .max_regress = o->max_regress,
    };
    int error = bench_compare(base, now, &how, &c, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    bool worse = c.worse > 0;
    error = print(o, &c);
    int code = error == LIM_OK ? write_junit(o->junit, &c)
                               : bench_complain(NULL, error, &diag);
    if (code == BENCH_DONE)
        code = draw(o->folder, &c);
    bench_comparison_fini(&c);
    return code == BENCH_DONE && worse ? BENCH_WORSENED : code;
}

int bench_cmd_compare(int argc, char **argv, const char *version)
{
    (void)version;
    struct options o = { .count = 0 };
    struct bench_result base, now;
    struct lim_diag diag = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    int error = bench_result_read(&base, o.results[0], &diag);
    if (error != LIM_OK)
        return bench_complain(o.results[0], error, &diag);
    error = bench_result_read(&now, o.results[1], &diag);
    if (error != LIM_OK) {
        bench_result_fini(&base);
        return bench_complain(o.results[1], error, &diag);
    }
    int code = compare(&o, &base, &now);
    bench_result_fini(&base);
    bench_result_fini(&now);
    return code;
}
