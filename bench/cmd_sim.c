#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/attempts.h"
#include "bench/interrupt.h"
#include "bench/output.h"
#include "bench/place.h"
#include "bench/progress.h"
#include "bench/result.h"
#include "bench/scenario.h"
#include "bench/show.h"
#include "limiter/duration.h"
#include "mockserver/units.h"

struct options {
    const char *scenario, *requests, *strategy;
    struct bench_changes changes;
    bool json, trace, quiet;
    double shuffle; /* seed; < 0: none */
};

enum key {
    KEY_JSON = 256,
    KEY_REQUESTS,
    KEY_TRACE,
    KEY_SET,
    KEY_SEED,
    KEY_STRATEGY,
    KEY_SHUFFLE
};

static const struct argp_option option_list[] = {
    { .name = "json",
      .key = KEY_JSON,
      .doc = "Print the summary as one JSON "
             "object" },
    { .name = "requests",
      .key = KEY_REQUESTS,
      .arg = "FILE",
      .doc = "Write one row an attempt to FILE (CSV)" },
    { .name = "trace", .key = KEY_TRACE, .doc = "Print one line an event" },
    { .name = "set",
      .key = KEY_SET,
      .arg = "PATH=VALUE",
      .doc = "Change a parameter of the scenario, such as client.cap=10" },
    { .name = "seed", .key = KEY_SEED, .arg = "N", .doc = "Seed of the draws" },
    { .name = "strategy",
      .key = KEY_STRATEGY,
      .arg = "WHICH",
      .doc = "The client's strategy: a name, or a shared object of your own" },
    { .name = "shuffle-ties",
      .key = KEY_SHUFFLE,
      .arg = "N",
      .doc = "Shuffle answers that end at one instant, by that seed: figures "
             "that change depend on their order" },
    { .name = "quiet", .key = 'q', .doc = "Print no summary for people" },
    { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case KEY_JSON:
        o->json = true;
        break;
    case KEY_REQUESTS:
        o->requests = arg;
        break;
    case KEY_TRACE:
        o->trace = true;
        break;
    case KEY_SET:
        if (!bench_command_set(&o->changes, arg))
            argp_error(state, "too many --set");
        break;
    case KEY_SHUFFLE:
        if (!mock_units_count(arg, &o->shuffle))
            argp_error(state, "--shuffle-ties %s: expected a number", arg);
        break;
    case KEY_SEED:
        o->changes.seed = arg;
        break;
    case KEY_STRATEGY:
        o->strategy = arg;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        if (o->scenario != NULL)
            argp_error(state, "one scenario at a time, not also '%s'", arg);
        o->scenario = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "SCENARIO",
    .doc = "Runs one scenario in virtual time and prints what it came to.\v"
           "SCENARIO is a JSON file, or - for standard input.  The parameters "
           "\"vary\" and \"replications\" are for `tierlab bench` and ignored "
           "here.",
};

/* What the watch writes to. */
struct log {
    struct bench_attempts attempts; /* no file: they are not wanted */
    FILE *trace;
};

static void write_attempt(void *context, const struct sim_attempt *a)
{
    struct log *log = context;
    if (log->attempts.file != NULL)
        bench_attempts_add(&log->attempts, a);
}

static void write_event(void *context, lim_time at, const char *text)
{
    const struct log *log = context;
    if (log->trace == NULL)
        return;
    fprintf(log->trace, "%lld.%09lld %s\n", (long long)(at / LIM_SEC),
            (long long)(at % LIM_SEC), text);
}

/* How far a run is, for people who wait. */
struct watchman {
    const struct sim_scenario *scenario;
    struct bench_progress progress;
};

static void tell_progress(struct watchman *w, lim_time now, uint64_t attempts)
{
    char at[LIM_DURATION_SIZE], end[LIM_DURATION_SIZE];
    const struct sim_scenario *s = w->scenario;
    int64_t passed = now - s->provider.start;
    bool ends = s->duration_ns != LIM_NEVER;
    double seconds = bench_command_clock() - w->progress.began;
    lim_duration_format(passed / LIM_SEC * LIM_SEC, at);
    lim_duration_format(ends ? s->duration_ns : 0, end);
    bench_progress_tell(
        &w->progress, ends ? (double)passed / (double)s->duration_ns : 0,
        "%s%s%s of virtual time, %llu attempts, %.0f a second", at,
        ends ? " of " : "", ends ? end : "", (unsigned long long)attempts,
        (double)attempts / (seconds > 0 ? seconds : 1));
}

static bool go_on(void *context, lim_time now, uint64_t attempts)
{
    struct watchman *w = context;
    if (w->progress.on)
        tell_progress(w, now, attempts);
    return !bench_interrupt_came();
}

static int print(const struct options *o, const struct bench_scenario *s,
                 const struct bench_outcome *outcome, const char *version)
{
    if (!o->json) {
        if (!o->quiet)
            bench_show_summary(stdout, s, &outcome->summary);
        return LIM_OK;
    }
    cJSON *summary = bench_summary_to_json(&outcome->summary, version,
                                           s->sim.seed, outcome->wall_s);
    char *text = summary == NULL ? NULL : cJSON_PrintUnformatted(summary);
    if (text != NULL)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(summary);
    return text == NULL ? LIM_ENOMEM : LIM_OK;
}

static int run(const struct options *o, const struct bench_scenario *s,
               FILE *requests, const char *version, struct lim_diag *diag)
{
    struct log log = { .attempts = { .scenario = &s->sim, .file = requests },
                       .trace = o->trace ? stdout : NULL };
    const struct sim_watch watch = { .context = &log,
                                     .attempt = write_attempt,
                                     .event = o->trace ? write_event : NULL };
    struct watchman watchman = { .scenario = &s->sim };
    const struct sim_pace pace = { .context = &watchman, .go_on = go_on };
    const struct bench_place place = { .world = BENCH_ON_SIM };
    struct bench_outcome outcome;
    struct bench_interrupt held;
    bool watched = o->trace || requests != NULL;
    bench_interrupt_hold(&held);
    bench_progress_begin(&watchman.progress, !o->quiet && !o->trace);
    int error = bench_place_run(&place, s, s->sim.seed, watched ? &watch : NULL,
                                &pace, &outcome, diag);
    bench_progress_end(&watchman.progress);
    bench_interrupt_release(&held);
    if (error != LIM_OK)
        return bench_complain(o->scenario, error, diag);
    error = print(o, s, &outcome, version);
    bool partial = outcome.summary.partial;
    bench_outcome_fini(&outcome);
    if (error != LIM_OK)
        return bench_complain(NULL, error, diag);
    return partial ? BENCH_INTERRUPTED : BENCH_DONE;
}

static int run_with_requests(const struct options *o,
                             const struct bench_scenario *s,
                             const char *version)
{
    struct lim_diag diag = { 0 };
    struct bench_output out;
    if (o->requests == NULL)
        return run(o, s, NULL, version, &diag);
    int error = bench_output_open(&out, o->requests, &diag);
    if (error != LIM_OK) {
        bench_complain(NULL, error, &diag);
        return BENCH_FAILED;
    }
    bench_attempts_head(out.file);
    int code = run(o, s, out.file, version, &diag);
    if (code != BENCH_DONE && code != BENCH_INTERRUPTED) {
        bench_output_abandon(&out);
        return code;
    }
    error = bench_output_commit(&out, &diag);
    if (error == LIM_OK)
        return code;
    bench_complain(NULL, error, &diag);
    return BENCH_FAILED;
}

static void tell_ignored(const cJSON *tree)
{
    static const struct {
        const char *key, *command;
    } ignored[] = { { "vary", "bench" },
                    { "replications", "bench" },
                    { "plan", "plan" } };
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        if (cJSON_GetObjectItemCaseSensitive(tree, ignored[i].key) != NULL)
            fprintf(stderr,
                    "tierlab: \"%s\" is ignored here; `tierlab %s` takes it\n",
                    ignored[i].key, ignored[i].command);
}

static int start(const struct options *o, const struct lim_strategy *own,
                 const char *version)
{
    struct bench_scenario s;
    struct lim_diag diag = { 0 };
    cJSON *tree = bench_command_scenario(o->scenario, &o->changes);
    if (tree == NULL)
        return BENCH_USAGE;
    char *folder = bench_scenario_folder(o->scenario);
    int error = bench_scenario_with(&s, tree, folder, own, &diag);
    if (error == LIM_OK && !o->quiet)
        tell_ignored(tree);
    free(folder);
    cJSON_Delete(tree);
    if (error != LIM_OK)
        return bench_complain(o->scenario, error, &diag);
    s.sim.shuffled = o->shuffle >= 0;
    s.sim.shuffle_seed = s.sim.shuffled ? (uint64_t)o->shuffle : 0;
    int code = run_with_requests(o, &s, version);
    bench_scenario_fini(&s);
    return code;
}

int bench_cmd_sim(int argc, char **argv, const char *version)
{
    struct options o = { .shuffle = -1 };
    struct bench_plugin plugin;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    int error = bench_command_strategy(&plugin, o.strategy, &o.changes);
    if (error != BENCH_DONE)
        return error;
    int code = start(&o, plugin.strategy, version);
    bench_plugin_close(&plugin);
    return code;
}
