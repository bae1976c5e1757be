#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/folder.h"
#include "bench/report.h"
#include "bench/result.h"
#include "bench/scenario.h"
#include "bench/sketch.h"

#define RESULTS_MAX 8

struct options {
    const char *results[RESULTS_MAX], *folder;
    size_t count;
    bool quiet, terminal;
};

enum key { KEY_TERMINAL = 256 };

static const struct argp_option option_list[] = {
    { .name = "output",
      .key = 'o',
      .arg = "DIR",
      .doc =
          "Folder for figures and report (default: that of the first result)" },
    { .name = "terminal",
      .key = KEY_TERMINAL,
      .doc = "Draw goodput in text, on standard output, and write nothing" },
    { .name = "quiet", .key = 'q', .doc = "Do not say where they are" },
    { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'o':
        o->folder = arg;
        break;
    case KEY_TERMINAL:
        o->terminal = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        if (o->count == RESULTS_MAX)
            argp_error(state, "at most %d results", RESULTS_MAX);
        o->results[o->count++] = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which result?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "RESULT...",
    .doc = "Draws the figures of a result, and its report, again.\v"
           "RESULT is a result file, or the folder that holds results.jsonl.  "
           "Further results, of the same experiment in another world, stand "
           "beside the first.",
};

/* Where the figures go; the caller frees it. */
static char *place_for(const struct options *o)
{
    if (o->folder != NULL)
        return strdup(o->folder);
    if (bench_folder_is(o->results[0]))
        return strdup(o->results[0]);
    return bench_scenario_folder(o->results[0]);
}

static int draw(const struct bench_result *const *results, size_t n,
                const char *folder)
{
    struct lim_diag diag = { 0 };
    char *path = bench_folder_join(folder, "report.html");
    int error = path == NULL ? LIM_ENOMEM : LIM_OK;
    if (error == LIM_OK)
        error = bench_folder_need(folder, &diag);
    if (error == LIM_OK)
        error = bench_report(results, n, NULL, path, &diag);
    free(path);
    if (error == LIM_OK)
        return BENCH_DONE;
    bench_complain(NULL, error, &diag);
    return BENCH_FAILED;
}

static int draw_text(const struct bench_result *const *results, size_t n)
{
    struct lim_diag diag = { 0 };
    for (size_t i = 0; i < n; i++) {
        int error = bench_sketch(results[i], stdout, &diag);
        if (error != LIM_OK)
            return bench_complain(NULL, error, &diag);
    }
    return BENCH_DONE;
}

static int plot(const struct options *o,
                const struct bench_result *const *results)
{
    if (o->terminal)
        return draw_text(results, o->count);
    char *folder = place_for(o);
    int code = folder == NULL ? BENCH_FAILED : draw(results, o->count, folder);
    if (code == BENCH_DONE && !o->quiet)
        fprintf(stderr, "written to %s\n", folder);
    free(folder);
    return code;
}

int bench_cmd_plot(int argc, char **argv, const char *version)
{
    (void)version;
    struct options o = { .count = 0 };
    struct bench_result results[RESULTS_MAX];
    const struct bench_result *list[RESULTS_MAX];
    struct lim_diag diag = { 0 };
    int code = BENCH_DONE;
    size_t n = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    for (; n < o.count && code == BENCH_DONE; n++) {
        int error = bench_result_read(&results[n], o.results[n], &diag);
        list[n] = &results[n];
        if (error != LIM_OK)
            code = bench_complain(o.results[n], error, &diag);
    }
    if (code == BENCH_DONE)
        code = plot(&o, list);
    while (n > 0)
        bench_result_fini(&results[--n]);
    return code;
}
