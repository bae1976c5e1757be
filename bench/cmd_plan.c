#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/folder.h"
#include "bench/interrupt.h"
#include "bench/plan.h"

#define THREADS_MAX 64
#define PLACES_MAX 16
#define PLACE_SIZE 100

enum key {
    KEY_TRACE = 256,
    KEY_MODEL,
    KEY_SUCH_THAT,
    KEY_BUDGET,
    KEY_MAX_ORGANISATIONS,
    KEY_MAX_TIER,
    KEY_BY_DAY,
    KEY_GROWTH,
    KEY_SET,
    KEY_SEED,
    KEY_JSON,
    KEY_THREADS
};

struct options {
    const char *scenario, *trace, *model;
    const char *checks[BENCH_PLAN_CHECKS];
    size_t check_count;
    const char *folder; /* of the report; NULL: none */
    struct bench_changes changes;
    char places[PLACES_MAX][PLACE_SIZE]; /* "plan.growth=0.1" */
    size_t place_count;
    unsigned threads;
    bool json, quiet;
};

static const struct argp_option option_list[] = {
    { .name = "trace",
      .key = KEY_TRACE,
      .arg = "FILE",
      .doc = "Plan for the requests of a trace, without a scenario" },
    { .name = "model",
      .key = KEY_MODEL,
      .arg = "NAME",
      .doc = "... of --trace" },
    { .name = "table",
      .key = 't',
      .arg = "TABLE",
      .doc = "The tier table, or a file of one (`tierlab tiers`)" },
    { .name = "such-that",
      .key = KEY_SUCH_THAT,
      .arg = "EXPR",
      .doc = "An objective, such as 'wait_ms.p95<2s' (the default, with "
             "'http_429<1%'); again for more" },
    { .name = "budget",
      .key = KEY_BUDGET,
      .arg = "MONEY",
      .doc = "The most for the first month, such as $200" },
    { .name = "max-organisations",
      .key = KEY_MAX_ORGANISATIONS,
      .arg = "N",
      .doc = "The most organisations (10)" },
    { .name = "max-tier",
      .key = KEY_MAX_TIER,
      .arg = "TIER",
      .doc = "The highest tier (tier5)" },
    { .name = "by-day",
      .key = KEY_BY_DAY,
      .arg = "N",
      .doc = "From which day on it must be had; 0: today" },
    { .name = "growth",
      .key = KEY_GROWTH,
      .arg = "SHARE",
      .doc = "How much the load grows a month, such as 0.1" },
    { .name = "set",
      .key = KEY_SET,
      .arg = "PATH=VALUE",
      .doc = "Change a parameter of the scenario" },
    { .name = "seed", .key = KEY_SEED, .arg = "N", .doc = "Seed of the draws" },
    { .name = "threads",
      .key = KEY_THREADS,
      .arg = "N",
      .doc = "Threads (all processors)" },
    { .name = "output",
      .key = 'o',
      .arg = "DIR",
      .doc = "Write report.html, its figures and plan.json there; it must "
             "not exist" },
    { .name = "json", .key = KEY_JSON, .doc = "Print one JSON object" },
    { .name = "quiet", .key = 'q', .doc = "Tell no progress" },
    { 0 }
};

/* An option that stands for a place in the scenario. */
static void set(struct options *o, const char *path, const char *value,
                struct argp_state *state)
{
    if (o->place_count == PLACES_MAX || strlen(value) > PLACE_SIZE / 2)
        argp_error(state, "'%.40s': too long, or too many", value);
    char *place = o->places[o->place_count++];
    snprintf(place, PLACE_SIZE, "%s=%s", path, value);
    if (!bench_command_set(&o->changes, place))
        argp_error(state, "too many changes");
}

static void read_threads(struct options *o, const char *arg,
                         struct argp_state *state)
{
    char *end;
    unsigned long n = strtoul(arg, &end, 10);
    if (*end != '\0' || n < 1 || n > THREADS_MAX)
        argp_error(state, "--threads: expected 1 to %d, found '%s'",
                   THREADS_MAX, arg);
    o->threads = (unsigned)n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case KEY_TRACE:
        o->trace = arg;
        break;
    case KEY_MODEL:
        o->model = arg;
        break;
    case KEY_SUCH_THAT:
        if (o->check_count == BENCH_PLAN_CHECKS - 1)
            argp_error(state, "too many --such-that");
        o->checks[o->check_count++] = arg;
        break;
    case KEY_BUDGET:
        set(o, "plan.budget", arg, state);
        break;
    case KEY_MAX_ORGANISATIONS:
        set(o, "plan.max_organisations", arg, state);
        break;
    case KEY_MAX_TIER:
        set(o, "plan.max_tier", arg, state);
        break;
    case KEY_BY_DAY:
        set(o, "plan.by_day", arg, state);
        break;
    case 't':
        set(o, "provider.table", arg, state);
        break;
    case KEY_GROWTH:
        set(o, "plan.growth", arg, state);
        break;
    case KEY_SET:
        if (!bench_command_set(&o->changes, arg))
            argp_error(state, "too many --set");
        break;
    case KEY_SEED:
        o->changes.seed = arg;
        break;
    case KEY_THREADS:
        read_threads(o, arg, state);
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case 'o':
        o->folder = arg;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        if (o->scenario != NULL)
            argp_error(state, "one scenario at a time, not also '%s'", arg);
        o->scenario = arg;
        break;
    case ARGP_KEY_END:
        if ((o->scenario == NULL) == (o->trace == NULL))
            argp_error(state, "give a scenario, or --trace and --model");
        if ((o->trace == NULL) != (o->model == NULL))
            argp_error(state, "--trace and --model go together");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "SCENARIO\n--trace FILE --model NAME",
    .doc = "Tells which tiers, and how many organisations of them, traffic "
           "needs, and what that costs.\v"
           "Arithmetic rules out what can not do, simulation finds what does; "
           "see tierlab(1) for what a scenario's \"plan\" may say.",
};

/* The scenario of --trace. */
static cJSON *traced(const struct options *o)
{
    cJSON *tree = cJSON_CreateObject();
    const char *slash = strrchr(o->trace, '/');
    cJSON_AddStringToObject(tree, "name", slash != NULL ? slash + 1 : o->trace);
    cJSON *workload = cJSON_AddObjectToObject(tree, "workload");
    cJSON_AddStringToObject(workload, "model", o->model);
    cJSON *arrivals = cJSON_AddObjectToObject(workload, "arrivals");
    cJSON_AddStringToObject(arrivals, "trace", o->trace);
    return tree;
}

/* --such-that becomes a part of the scenario, so that its copy in the report's
   folder asks the same. */
static bool put_checks(cJSON *tree, const struct options *o)
{
    cJSON *plan = cJSON_GetObjectItemCaseSensitive(tree, "plan");
    if (o->check_count == 0)
        return true;
    if (plan == NULL)
        plan = cJSON_AddObjectToObject(tree, "plan");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(plan, "such_that");
    if (list == NULL)
        list = cJSON_AddArrayToObject(plan, "such_that");
    for (size_t i = 0; i < o->check_count; i++) {
        cJSON *check = cJSON_CreateString(o->checks[i]);
        if (!cJSON_AddItemToArray(list, check)) {
            cJSON_Delete(check);
            return false;
        }
    }
    return true;
}

static int write_report(const struct options *o, const struct bench_plan *plan,
                        const struct bench_plan_source *source)
{
    struct lim_diag diag = { 0 };
    int error = bench_folder_make(o->folder, &diag);
    if (error == LIM_OK)
        error = bench_plan_report(plan, source, o->folder, &diag);
    if (error == LIM_OK && !o->quiet)
        fprintf(stderr, "report: %s/report.html\n", o->folder);
    if (error == LIM_OK)
        return BENCH_DONE;
    bench_complain(NULL, error, &diag);
    return error == LIM_ENOTFOUND ? BENCH_DONE : BENCH_FAILED;
}

static int answer(const struct options *o, const struct bench_plan_question *q,
                  const struct bench_plan_way *way,
                  const struct bench_plan_source *source)
{
    struct bench_plan plan;
    struct lim_diag diag = { 0 };
    struct bench_interrupt interrupt;
    bool interrupted = false;
    bench_interrupt_hold(&interrupt);
    bench_progress_begin(way->progress, !o->quiet);
    int error = bench_plan_make(&plan, q, way, &interrupted, &diag);
    bench_progress_end(way->progress);
    bench_interrupt_release(&interrupt);
    int code = BENCH_DONE;
    if (error != LIM_OK)
        code = bench_complain(o->scenario, error, &diag);
    else if (interrupted)
        code = BENCH_INTERRUPTED;
    else if (o->json)
        code = bench_plan_json(&plan, source, stdout) == LIM_OK ? BENCH_DONE
                                                                : BENCH_FAILED;
    else
        bench_plan_show(&plan, stdout);
    if (code == BENCH_DONE && o->folder != NULL)
        code = write_report(o, &plan, source);
    if (code == BENCH_DONE && plan.good_count == 0)
        code = BENCH_MISSED;
    bench_plan_fini(&plan);
    return code;
}

static int plan(const struct options *o, const cJSON *tree, const char *folder,
                const char *version)
{
    struct bench_plan_question q;
    struct bench_progress progress = { .on = false };
    struct lim_diag diag = { 0 };
    const struct bench_plan_way way = {
        .trial = { .folder = folder,
                   .version = version,
                   .threads = o->threads },
        .progress = &progress,
    };
    int error = bench_plan_ask(&q, tree, folder, &diag);
    const struct bench_plan_source source = { tree, version };
    int code = error == LIM_OK ? answer(o, &q, &way, &source)
                               : bench_complain(o->scenario, error, &diag);
    bench_plan_question_fini(&q);
    return code;
}

int bench_cmd_plan(int argc, char **argv, const char *version)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = { .threads = 1 };
    if (processors > 1)
        o.threads =
            processors < THREADS_MAX ? (unsigned)processors : THREADS_MAX;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.folder != NULL && bench_folder_exists(o.folder)) {
        fprintf(stderr, "tierlab: %s exists; choose another folder with -o\n",
                o.folder);
        return BENCH_USAGE;
    }
    cJSON *tree = o.trace != NULL
                      ? bench_command_changed(traced(&o), &o.changes)
                      : bench_command_scenario(o.scenario, &o.changes);
    if (tree == NULL)
        return BENCH_USAGE;
    if (!put_checks(tree, &o)) {
        fprintf(stderr, "tierlab: plan.such_that: expected a list\n");
        cJSON_Delete(tree);
        return BENCH_USAGE;
    }
    char *folder =
        o.trace != NULL ? strdup(".") : bench_scenario_folder(o.scenario);
    int code = plan(&o, tree, folder, version);
    free(folder);
    cJSON_Delete(tree);
    return code;
}
