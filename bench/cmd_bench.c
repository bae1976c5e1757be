#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/check.h"
#include "bench/folder.h"
#include "bench/names.h"
#include "bench/progress.h"
#include "bench/rank.h"
#include "bench/report.h"
#include "bench/resume.h"
#include "bench/result.h"
#include "bench/runner.h"
#include "bench/sequence.h"
#include "bench/show.h"
#include "bench/wall.h"
#include "mockserver/units.h"

#define CHECKS_MAX 32
#define THREADS_MAX 256

struct options {
    const char *scenario, *on, *accounts, *folder, *threads, *speed, *strategy,
        *rank, *shard, *precision;
    struct bench_changes changes;
    const char *checks[CHECKS_MAX];
    size_t check_count;
    bool list, quiet, json, no_figures, resume;
};

enum key {
    KEY_ON = 256,
    KEY_ACCOUNTS,
    KEY_SET,
    KEY_SEED,
    KEY_REPLICATIONS,
    KEY_STRATEGY,
    KEY_THREADS,
    KEY_SPEED,
    KEY_CHECK,
    KEY_RANK,
    KEY_LIST,
    KEY_JSON,
    KEY_NO_FIGURES,
    KEY_RESUME,
    KEY_SHARD,
    KEY_PRECISION
};

static const struct argp_option option_list[] = {
    { .name = "on",
      .key = KEY_ON,
      .arg = "WHERE",
      .doc = "sim (default), mock, a base URL, or api: OPENAI_BASE_URL, "
             "else OpenAI itself" },
    { .name = "output",
      .key = 'o',
      .arg = "DIR",
      .doc = "Folder for all that is written (default: results/NAME)" },
    { .name = "set",
      .key = KEY_SET,
      .arg = "PATH=VALUE",
      .doc = "Change a parameter of the scenario, such as client.cap=10" },
    { .name = "seed", .key = KEY_SEED, .arg = "N", .doc = "Seed of the draws" },
    { .name = "replications",
      .key = KEY_REPLICATIONS,
      .arg = "N",
      .doc = "Runs of each variant" },
    { .name = "strategy",
      .key = KEY_STRATEGY,
      .arg = "WHICH",
      .doc = "The client's strategy, or one more of those that vary: a name, "
             "or a shared object of your own" },
    { .name = "threads",
      .key = KEY_THREADS,
      .arg = "N",
      .doc = "Runs side by side, in the simulator (default: processors)" },
    { .name = "speed",
      .key = KEY_SPEED,
      .arg = "X",
      .doc = "With --on mock: how much faster than the wall's clock" },
    { .name = "accounts",
      .key = KEY_ACCOUNTS,
      .arg = "FILE",
      .doc = "With a URL: who sends (default: OPENAI_API_KEY)" },
    { .name = "check",
      .key = KEY_CHECK,
      .arg = "EXPR",
      .doc = "Threshold for every variant, such as 'latency_ms.p95<2s'; "
             "exit status 3 when one is missed" },
    { .name = "rank",
      .key = KEY_RANK,
      .arg = "FIGURE",
      .doc = "Rank the variants by a figure, such as wait_ms.p95, and tell "
             "by how much each differs from the best" },
    { .name = "list",
      .key = KEY_LIST,
      .doc = "Print the names of strategies, caps, profiles and so on" },
    { .name = "json", .key = KEY_JSON, .doc = "Print every figure as JSON" },
    { .name = "no-figures",
      .key = KEY_NO_FIGURES,
      .doc = "Write neither figures nor a report" },
    { .name = "quiet", .key = 'q', .doc = "No progress, no table" },
    { .name = "resume",
      .key = KEY_RESUME,
      .doc = "Go on where an interrupted experiment stopped, or start one" },
    { .name = "shard",
      .key = KEY_SHARD,
      .arg = "K/N",
      .doc = "Run the K-th of N parts; `tierlab merge` puts them together" },
    { .name = "precision",
      .key = KEY_PRECISION,
      .arg = "SHARE[,FIGURE]...",
      .doc = "Add replications until figures are known so well, such as 2%" },
    { 0 }
};

static void add_check(struct options *o, const char *arg,
                      struct argp_state *state)
{
    if (o->check_count == CHECKS_MAX)
        argp_error(state, "too many --check");
    else
        o->checks[o->check_count++] = arg;
}

static void add_argument(struct options *o, const char *arg,
                         struct argp_state *state)
{
    if (o->scenario != NULL)
        argp_error(state, "one scenario at a time, not also '%s'", arg);
    o->scenario = arg;
}

/* Where the text of an option goes that is only kept. */
static const char **text_of(struct options *o, int key)
{
    const struct {
        int key;
        const char **text;
    } texts[] = {
        { KEY_ON, &o->on },
        { 'o', &o->folder },
        { KEY_SEED, &o->changes.seed },
        { KEY_REPLICATIONS, &o->changes.replications },
        { KEY_STRATEGY, &o->strategy },
        { KEY_RANK, &o->rank },
        { KEY_SHARD, &o->shard },
        { KEY_PRECISION, &o->precision },
        { KEY_THREADS, &o->threads },
        { KEY_SPEED, &o->speed },
        { KEY_ACCOUNTS, &o->accounts },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].key == key)
            return texts[i].text;
    return NULL;
}

static bool *flag_of(struct options *o, int key)
{
    switch (key) {
    case KEY_LIST:
        return &o->list;
    case KEY_JSON:
        return &o->json;
    case KEY_NO_FIGURES:
        return &o->no_figures;
    case KEY_RESUME:
        return &o->resume;
    case 'q':
        return &o->quiet;
    default:
        return NULL;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    const char **text = text_of(o, key);
    bool *flag = flag_of(o, key);
    if (text != NULL)
        *text = arg;
    else if (flag != NULL)
        *flag = true;
    else if (key == KEY_CHECK)
        add_check(o, arg, state);
    else if (key == KEY_SET && !bench_command_set(&o->changes, arg))
        argp_error(state, "too many --set");
    else if (key == ARGP_KEY_ARG)
        add_argument(o, arg, state);
    else if (key == ARGP_KEY_END && o->scenario == NULL && !o->list)
        argp_error(state, "which scenario?");
    else if (key != KEY_SET)
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "SCENARIO",
    .doc = "Runs every combination of what a scenario varies, each as often "
           "as it says, and writes results.jsonl, figures and report.html.\v"
           "SCENARIO is a JSON file, or - for standard input.",
};

/* Everything of one experiment, while it runs. */
struct job {
    const struct options *options;
    const char *version;
    struct bench_experiment experiment;
    const struct bench_plugin *plugin;
    struct bench_place place;
    struct bench_check checks[CHECKS_MAX];
    struct bench_rank rank;           /* if options->rank */
    struct bench_precision precision; /* if options->precision */
    struct bench_sequence sequence;   /* likewise */
    unsigned threads;
    struct bench_share share;
    struct bench_resume resumed;
    char *folder;          /* of what is written; owned */
    char *scenario_folder; /* owned */
    struct bench_writer *writer;
    cJSON *wall;
    size_t runs;
    double began;
    struct bench_progress progress;
};

static int read_threads(struct job *j, struct lim_diag *diag)
{
    double n;
    const char *text = j->options->threads;
    j->threads = bench_wall_processors();
    if (text == NULL)
        return LIM_OK;
    if (!mock_units_count(text, &n) || !(n >= 1 && n <= THREADS_MAX) ||
        n != (unsigned)n)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--threads takes 1 to %d, not '%.40s'", THREADS_MAX,
                        text);
    j->threads = (unsigned)n;
    return LIM_OK;
}

static int read_share(struct job *j, struct lim_diag *diag)
{
    const char *text = j->options->shard;
    j->share = (struct bench_share){ 1, 1 };
    if (text == NULL)
        return LIM_OK;
    if (!bench_share_parse(&j->share, text))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--shard takes K/N such as 2/8, not '%.40s'", text);
    if (j->options->check_count > 0 || j->options->rank != NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--check and --rank want all runs: use them when the "
                        "shards are merged");
    return LIM_OK;
}

static int read_place(struct job *j, struct lim_diag *diag)
{
    const struct options *o = j->options;
    int error = bench_place_find(&j->place, o->on, diag);
    if (error != LIM_OK)
        return error;
    j->place.speed = 1;
    j->place.accounts = o->accounts;
    j->place.folder = j->scenario_folder;
    j->place.own = j->plugin->strategy;
    if (o->accounts != NULL && j->place.world != BENCH_ON_URL)
        return lim_fail(diag, LIM_EINVAL, 0, "--accounts is for a URL");
    if (o->speed == NULL)
        return LIM_OK;
    if (j->place.world != BENCH_ON_MOCK)
        return lim_fail(diag, LIM_EINVAL, 0, "--speed is for --on mock");
    if (!mock_units_count(o->speed, &j->place.speed) ||
        !(j->place.speed >= 0.001 && j->place.speed <= 1e6))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--speed takes a number from 0.001 to 1M, not '%.40s'",
                        o->speed);
    return LIM_OK;
}

static int read_precision(struct job *j, struct lim_diag *diag)
{
    const struct options *o = j->options;
    if (o->precision == NULL)
        return LIM_OK;
    if (o->resume || o->shard != NULL || j->place.world == BENCH_ON_URL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--precision goes with neither --resume, --shard nor "
                        "a URL");
    j->sequence.precision = &j->precision;
    j->sequence.progress = &j->progress;
    return bench_precision_parse(&j->precision, o->precision, diag);
}

static int read_command_line(struct job *j, struct lim_diag *diag)
{
    const struct options *o = j->options;
    int error = LIM_OK;
    for (size_t i = 0; error == LIM_OK && i < o->check_count; i++)
        error = bench_check_parse(&j->checks[i], o->checks[i], diag);
    if (error == LIM_OK && o->rank != NULL)
        error = bench_rank_init(&j->rank, o->rank, diag);
    if (error == LIM_OK)
        error = read_threads(j, diag);
    if (error == LIM_OK)
        error = read_share(j, diag);
    if (error == LIM_OK)
        error = read_place(j, diag);
    if (error == LIM_OK)
        error = read_precision(j, diag);
    return error;
}

static size_t runs_of(const struct job *j)
{
    return bench_share_runs(j->share, bench_experiment_runs(&j->experiment));
}

static void done(void *context, const struct bench_run *run, double wall_s)
{
    struct job *j = context;
    bench_writer_run(j->writer, run);
    bench_wall_add(j->wall, wall_s);
    j->runs++;
    size_t all = runs_of(j);
    bench_progress_tell(&j->progress, (double)j->runs / (double)all,
                        "%zu of %zu runs", j->runs, all);
}

/* A new file, or the one that is there and is to go on. */
static int open_at(struct job *j, const char *path,
                   const struct bench_head *head, struct lim_diag *diag)
{
    if (!j->options->resume || !bench_folder_exists(path)) {
        j->writer = bench_writer_open(path, head, diag);
        return j->writer != NULL ? LIM_OK : LIM_EINVAL;
    }
    int error = bench_resume_read(path, head, j->share, &j->resumed, diag);
    if (error != LIM_OK)
        return error;
    j->runs = j->resumed.runs;
    j->writer =
        bench_writer_go_on(path, j->resumed.length, j->resumed.runs, diag);
    return j->writer != NULL ? LIM_OK : LIM_EINVAL;
}

static int open_writer(struct job *j, struct lim_diag *diag)
{
    const struct bench_head head = {
        .version = j->version,
        .name = bench_experiment_name(&j->experiment),
        .on = j->place.name,
        .seed = j->experiment.seed,
        .variants = j->experiment.variants,
        .replications = j->experiment.replications,
        .scenario = j->experiment.tree,
        .strategy = j->plugin->file == NULL ? NULL : j->plugin->name,
        .strategy_file = j->plugin->file,
        .shard = j->options->shard != NULL ? j->share.k : 0,
        .shards = j->share.n,
    };
    char *path = bench_folder_join(j->folder, "results.jsonl");
    if (path == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    int error = open_at(j, path, &head, diag);
    free(path);
    return error;
}

/* A server that is not there is no fault of the input. */
static int run_failed(int error, const struct lim_diag *diag)
{
    int code = bench_complain(NULL, error, diag);
    return error == LIM_ENOTFOUND ? BENCH_FAILED : code;
}

static struct bench_runner runner_of(struct job *j)
{
    return (struct bench_runner){
        .experiment = &j->experiment,
        .place = &j->place,
        .version = j->version,
        .threads = j->threads,
        .share = j->share,
        .first = j->resumed.runs,
        .done = done,
        .context = j,
    };
}

/* Runs what is not there yet. */
static int run_all(struct job *j, bool *interrupted)
{
    struct lim_diag diag = { 0 };
    const struct bench_runner runner = runner_of(j);
    int error = LIM_OK;
    if (j->options->precision != NULL)
        bench_sequence_hand(&j->sequence, &runner);
    else
        error = bench_runner_run(&runner, interrupted, &diag);
    bench_progress_end(&j->progress);
    bench_wall_end(j->wall, bench_command_clock() - j->began);
    if (error != LIM_OK) {
        bench_writer_abandon(j->writer);
        return run_failed(error, &diag);
    }
    error = bench_writer_close(j->writer, *interrupted, j->wall, &diag);
    if (error == LIM_OK)
        return BENCH_DONE;
    bench_complain(NULL, error, &diag);
    return BENCH_FAILED;
}

/* With a wanted precision all runs come before the file, whose head tells
   their number. */
static int run_before(struct job *j, bool *interrupted, struct lim_diag *diag)
{
    const struct bench_runner runner = runner_of(j);
    j->began = bench_command_clock();
    bench_progress_begin(&j->progress, !j->options->quiet);
    if (j->options->precision == NULL)
        return LIM_OK;
    return bench_sequence_run(&j->sequence, &runner, &j->experiment,
                              interrupted, diag);
}

static int write_results(struct job *j, bool *interrupted)
{
    struct lim_diag diag = { 0 };
    bool sim = j->place.world == BENCH_ON_SIM;
    int error = LIM_OK;
    if (!bench_folder_exists(j->folder))
        error = bench_folder_make(j->folder, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    j->wall = bench_wall_new(sim ? j->threads : 1, j->place.speed);
    error = j->wall == NULL ? LIM_ENOMEM : run_before(j, interrupted, &diag);
    if (error == LIM_OK)
        error = open_writer(j, &diag);
    int code = BENCH_FAILED;
    if (error == LIM_OK)
        code = run_all(j, interrupted);
    else
        code = bench_complain(NULL, error, &diag);
    if (code != BENCH_DONE)
        bench_folder_unmake(j->folder);
    return code;
}

/* NULL: no ranking is wanted. */
static const struct bench_rank *ranking(const struct job *j)
{
    return j->options->rank == NULL ? NULL : &j->rank;
}

static void print_tables(const struct bench_result *r,
                         const struct bench_rank *k)
{
    bench_show_result(stdout, r);
    if (k != NULL)
        bench_show_rank(stdout, r, k);
}

/* A result is worth keeping without its figures: a machine without gnuplot
   gets a word, and no failure. */
static int draw(const struct job *j, const struct bench_result *r)
{
    struct lim_diag diag = { 0 };
    if (j->options->no_figures || r->partial)
        return BENCH_DONE;
    char *path = bench_folder_join(j->folder, "report.html");
    int error = path == NULL ? LIM_ENOMEM
                             : bench_report(&r, 1, ranking(j), path, &diag);
    free(path);
    if (error == LIM_OK)
        return BENCH_DONE;
    bench_complain(NULL, error, &diag);
    return error == LIM_ENOTFOUND ? BENCH_DONE : BENCH_FAILED;
}

static int tell(const struct job *j, const struct bench_result *r)
{
    const struct options *o = j->options;
    int code = BENCH_DONE;
    if (o->json)
        code = bench_show_json(stdout, r, ranking(j)) == LIM_OK ? BENCH_DONE
                                                                : BENCH_FAILED;
    else if (!o->quiet)
        print_tables(r, ranking(j));
    fflush(stdout);
    if (code == BENCH_DONE)
        code = draw(j, r);
    if (!o->quiet)
        fprintf(stderr, "written to %s\n", j->folder);
    if (o->precision != NULL && !o->quiet && !r->partial)
        bench_precision_tell(&j->precision, r, stderr);
    size_t missed = 0;
    for (size_t i = 0; i < o->check_count; i++)
        missed += bench_check_run(&j->checks[i], r, stderr);
    return code == BENCH_DONE && missed > 0 ? BENCH_MISSED : code;
}

static int finish(struct job *j, bool interrupted)
{
    struct bench_result result;
    struct lim_diag diag = { 0 };
    int error = bench_result_read(&result, j->folder, &diag);
    if (error != LIM_OK) {
        bench_complain(j->folder, error, &diag);
        return BENCH_FAILED;
    }
    int code = BENCH_FAILED;
    if (j->options->rank != NULL)
        error = bench_rank_run(&j->rank, &result);
    if (error == LIM_OK)
        code = tell(j, &result);
    else
        bench_complain(NULL, lim_fail(&diag, error, 0, "out of memory"), &diag);
    bench_rank_fini(&j->rank);
    bench_result_fini(&result);
    return interrupted ? BENCH_INTERRUPTED : code;
}

static int run_job(struct job *j)
{
    struct lim_diag diag = { 0 };
    bool interrupted = false;
    int error = bench_runner_check(&j->experiment, &j->place, &diag);
    if (error != LIM_OK)
        return bench_complain(j->options->scenario, error, &diag);
    j->folder = bench_folder_choose(j->options->folder,
                                    bench_experiment_name(&j->experiment),
                                    j->options->resume, &diag);
    if (j->folder == NULL)
        return bench_complain(NULL, LIM_EINVAL, &diag);
    int code = write_results(j, &interrupted);
    return code == BENCH_DONE ? finish(j, interrupted) : code;
}

static int start(struct job *j)
{
    struct lim_diag diag = { 0 };
    const struct options *o = j->options;
    int error = read_command_line(j, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    cJSON *tree = bench_command_scenario(o->scenario, &o->changes);
    if (tree == NULL)
        return BENCH_USAGE;
    error = bench_experiment_init(&j->experiment, tree, &diag);
    cJSON_Delete(tree);
    if (error != LIM_OK)
        return bench_complain(o->scenario, error, &diag);
    int code = run_job(j);
    bench_experiment_fini(&j->experiment);
    return code;
}

int bench_cmd_bench(int argc, char **argv, const char *version)
{
    struct options o = { .on = "sim" };
    struct bench_plugin plugin;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.list) {
        bench_names_print(stdout);
        return BENCH_DONE;
    }
    int error = bench_command_strategy(&plugin, o.strategy, &o.changes);
    if (error != BENCH_DONE)
        return error;
    struct job j = {
        .options = &o,
        .version = version,
        .plugin = &plugin,
        .scenario_folder = bench_scenario_folder(o.scenario),
    };
    int code = start(&j);
    bench_sequence_fini(&j.sequence);
    cJSON_Delete(j.wall);
    free(j.folder);
    free(j.scenario_folder);
    bench_plugin_close(&plugin);
    return code;
}
