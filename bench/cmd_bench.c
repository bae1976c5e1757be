#define _DEFAULT_SOURCE /* strsep */

#include "bench/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/budget.h"
#include "bench/check.h"
#include "bench/find.h"
#include "bench/folder.h"
#include "bench/interrupt.h"
#include "bench/names.h"
#include "bench/options.h"
#include "bench/output.h"
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

#define THREADS_MAX 256

/* Everything of one experiment, while it runs. */
struct job {
    const struct bench_options *options;
    const char *version;
    struct bench_experiment experiment;
    const struct bench_plugin *plugin;
    struct bench_place place;
    struct bench_check checks[BENCH_OPTIONS_CHECKS];
    struct bench_rank rank;           /* if options->rank */
    struct bench_precision precision; /* if options->precision */
    struct bench_sequence sequence;   /* likewise */
    struct bench_found found;         /* if options->find */
    struct bench_budget budget;
    unsigned threads;
    struct bench_share share;
    struct bench_resume resumed;
    char *folder;          /* of what is written; owned */
    char *requests;        /* likewise, of attempts; NULL: none; owned */
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
    const struct bench_options *o = j->options;
    int error = bench_place_find(&j->place, o->on, diag);
    if (error != LIM_OK)
        return error;
    j->place.speed = 1;
    j->place.accounts = o->accounts;
    j->place.folder = j->scenario_folder;
    j->place.own = j->plugin->strategy;
    if (j->place.world != BENCH_ON_URL &&
        (o->accounts != NULL || o->max_requests != NULL ||
         o->max_spend != NULL))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--accounts, --max-requests and --max-spend are for a "
                        "URL");
    j->place.budget = &j->budget;
    error = bench_budget_read(&j->budget, o->max_requests, o->max_spend, diag);
    if (error != LIM_OK)
        return error;
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
    const struct bench_options *o = j->options;
    if (o->precision == NULL)
        return LIM_OK;
    if (o->resume || o->requests || o->shard != NULL ||
        j->place.world == BENCH_ON_URL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--precision goes with neither --resume, --requests, "
                        "--shard nor a URL");
    j->sequence.precision = &j->precision;
    j->sequence.progress = &j->progress;
    return bench_precision_parse(&j->precision, o->precision, diag);
}

static int read_command_line(struct job *j, struct lim_diag *diag)
{
    const struct bench_options *o = j->options;
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

static bool done(void *context, const struct bench_run *run, double wall_s)
{
    struct job *j = context;
    bool kept = bench_writer_run(j->writer, run);
    bench_wall_add(j->wall, wall_s);
    j->runs += kept && !cJSON_HasObjectItem(run->summary, "partial");
    size_t all = runs_of(j);
    bench_progress_tell(&j->progress, (double)j->runs / (double)all,
                        "%zu of %zu runs", j->runs, all);
    return kept;
}

/* A new file, or the one that is there and is to go on. */
static int open_at(struct job *j, const char *path,
                   const struct bench_head *head, struct lim_diag *diag)
{
    if (!j->options->resume || !bench_folder_exists(path)) {
        j->writer = bench_writer_open(path, head, diag);
        return j->writer != NULL ? LIM_OK : BENCH_EWRITE;
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

/* Of an experiment that ended before its time. */
static void tell_rest(const struct job *j)
{
    if (j->runs > 0 && j->options->precision == NULL)
        fprintf(stderr,
                "tierlab: %zu of %zu runs are in %s; --resume goes on\n",
                j->runs, runs_of(j), j->folder);
}

/* A server that is not there is no fault of the input. */
static int run_failed(const struct job *j, int error,
                      const struct lim_diag *diag)
{
    int code = bench_complain(NULL, error, diag);
    tell_rest(j);
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
        .requests = j->requests,
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
        return run_failed(j, error, &diag);
    }
    bool cut = *interrupted || bench_budget_is_spent(&j->budget);
    error = bench_writer_close(j->writer, cut, j->wall, &diag);
    return error == LIM_OK ? BENCH_DONE : run_failed(j, error, &diag);
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

/* The folder of the attempts. */
static int make_requests(struct job *j, struct lim_diag *diag)
{
    if (!j->options->requests)
        return LIM_OK;
    j->requests = bench_folder_join(j->folder, "requests");
    if (j->requests == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    return bench_folder_need(j->requests, diag);
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
        error = make_requests(j, &diag);
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
    const struct bench_options *o = j->options;
    int code = BENCH_DONE;
    if (o->json)
        code = bench_show_json(stdout, r, ranking(j)) == LIM_OK ? BENCH_DONE
                                                                : BENCH_FAILED;
    else if (!o->quiet)
        print_tables(r, ranking(j));
    if (o->find != NULL && o->json)
        bench_found_json(&j->found, stdout);
    else if (o->find != NULL)
        bench_found_show(&j->found, stdout);
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
    if (o->check_count > 0 && bench_result_saturated(r) > 0) {
        fputs("missed: the generator was saturated\n", stderr);
        missed++;
    }
    if (o->find != NULL && j->found.best < 0)
        missed++;
    if (bench_budget_is_spent(&j->budget)) {
        fputs("stopped: what --max-requests or --max-spend allows is used up\n",
              stderr);
        missed++;
    }
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
    if (interrupted)
        tell_rest(j);
    return interrupted ? BENCH_INTERRUPTED : code;
}

/* What goes out is said before; away from this machine somebody has to agree
   to it. */
static int agree(const struct job *j)
{
    struct lim_diag diag = { 0 };
    if (j->place.world != BENCH_ON_URL)
        return BENCH_DONE;
    int error = bench_budget_tell(&j->experiment, &j->place, stderr, &diag);
    if (error != LIM_OK)
        return bench_complain(j->options->scenario, error, &diag);
    if (j->options->yes || bench_budget_is_free(j->place.name) ||
        bench_budget_ask())
        return BENCH_DONE;
    fputs("tierlab: not sent; in a script say --yes\n", stderr);
    return BENCH_USAGE;
}

static enum bench_folder_there where_it_is_there(const struct bench_options *o)
{
    if (o->resume)
        return BENCH_FOLDER_GOES_ON;
    return o->precision == NULL ? BENCH_FOLDER_WOULD : BENCH_FOLDER_NEVER;
}

static int run_job(struct job *j)
{
    struct lim_diag diag = { 0 };
    bool interrupted = false;
    int error = bench_runner_check(&j->experiment, &j->place, &diag);
    if (error != LIM_OK)
        return bench_complain(j->options->scenario, error, &diag);
    int agreed = agree(j);
    if (agreed != BENCH_DONE)
        return agreed;
    j->folder = bench_folder_choose(j->options->folder,
                                    bench_experiment_name(&j->experiment),
                                    where_it_is_there(j->options), &diag);
    if (j->folder == NULL)
        return bench_complain(NULL, LIM_EINVAL, &diag);
    struct bench_interrupt held;
    bench_interrupt_hold(&held);
    int code = write_results(j, &interrupted);
    bench_interrupt_release(&held);
    return code == BENCH_DONE ? finish(j, interrupted) : code;
}

/* The thresholds of --such-that, which may be several with commas between;
   their texts are cut out of `text`. */
static int read_such_that(char *text, struct bench_check *checks, size_t *count,
                          struct lim_diag *diag)
{
    int error = LIM_OK;
    char *rest = text;
    for (char *one = strsep(&rest, ","); one != NULL && error == LIM_OK;
         one = strsep(&rest, ",")) {
        if (*count == BENCH_OPTIONS_CHECKS)
            return lim_fail(diag, LIM_EINVAL, 0, "too many thresholds");
        error = bench_check_parse(&checks[(*count)++], one, diag);
    }
    return error;
}

/* Nothing is searched for that could not be written. */
static int may_find(const struct job *j, cJSON *tree, struct lim_diag *diag)
{
    const struct bench_options *o = j->options;
    const struct bench_experiment e = { .tree = tree };
    if (j->place.world == BENCH_ON_SIM && !o->resume && o->shard == NULL &&
        o->precision == NULL) {
        char *folder = bench_folder_choose(o->folder, bench_experiment_name(&e),
                                           BENCH_FOLDER_NEVER, diag);
        free(folder);
        return folder != NULL ? LIM_OK : LIM_EINVAL;
    }
    return lim_fail(diag, LIM_EINVAL, 0,
                    "--find is for the simulator, and goes with neither "
                    "--resume, --shard nor --precision");
}

/* The experiment that follows is the evidence: as many runs, at least, as it
   took to be sure. */
static void set_replications(cJSON *tree)
{
    if (cJSON_GetObjectItemCaseSensitive(tree, "replications") == NULL)
        cJSON_AddNumberToObject(tree, "replications", BENCH_TRIAL_SURE);
}

/* Searches as --find says, and makes `tree` vary over what was tried. */
static int search(struct job *j, cJSON *tree, bool *interrupted,
                  struct lim_diag *diag)
{
    const struct bench_options *o = j->options;
    struct bench_check checks[BENCH_OPTIONS_CHECKS];
    struct bench_trial_way way = { .folder = j->scenario_folder,
                                   .version = j->version,
                                   .own = j->plugin->strategy,
                                   .threads = j->threads,
                                   .checks = checks };
    struct bench_find f = { .path = o->find,
                            .way = &way,
                            .progress = &j->progress };
    struct bench_interrupt held;
    struct bench_rank rank;
    char *texts = strdup(o->such_that != NULL ? o->such_that : "");
    int error = texts == NULL ? LIM_ENOMEM : may_find(j, tree, diag);
    if (error == LIM_OK && o->such_that != NULL)
        error = read_such_that(texts, checks, &way.check_count, diag);
    if (error == LIM_OK && o->best != NULL)
        error = bench_rank_init(&rank, o->best, diag);
    f.best = o->best != NULL ? rank.metric : NULL;
    bench_progress_begin(&j->progress, !o->quiet);
    bench_interrupt_hold(&held);
    if (error == LIM_OK)
        error = bench_find_run(&f, tree, &j->found, interrupted, diag);
    bench_interrupt_release(&held);
    bench_progress_end(&j->progress);
    set_replications(tree);
    free(texts);
    return error;
}

static int start(struct job *j)
{
    struct lim_diag diag = { 0 };
    const struct bench_options *o = j->options;
    int error = read_command_line(j, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    cJSON *tree = bench_command_scenario(o->scenario, &o->changes);
    if (tree == NULL)
        return BENCH_USAGE;
    bool interrupted = false;
    if (o->find != NULL)
        error = search(j, tree, &interrupted, &diag);
    if (error == LIM_OK && !interrupted)
        error = bench_experiment_init(&j->experiment, tree, &diag);
    cJSON_Delete(tree);
    if (interrupted)
        return BENCH_INTERRUPTED;
    if (error != LIM_OK)
        return bench_complain(o->scenario, error, &diag);
    int code = run_job(j);
    bench_experiment_fini(&j->experiment);
    return code;
}

int bench_cmd_bench(int argc, char **argv, const char *version)
{
    struct bench_options o;
    struct bench_plugin plugin;
    bench_options_read(&o, argc, argv);
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
    bench_found_fini(&j.found);
    bench_sequence_fini(&j.sequence);
    cJSON_Delete(j.wall);
    free(j.folder);
    free(j.requests);
    free(j.scenario_folder);
    bench_plugin_close(&plugin);
    return code;
}
