/* Requests of a file go to a live endpoint through the pool. */

#define _GNU_SOURCE

#include "bench/run_parts.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/interrupt.h"
#include "mockserver/loop.h"
#include "mockserver/units.h"

enum key {
    KEY_ACCOUNTS = 256,
    KEY_CLIENT,
    KEY_SET,
    KEY_STRATEGY,
    KEY_MAX_REQUESTS,
    KEY_MAX_SPEND,
    KEY_MAX_WAIT,
    KEY_RESUME,
    KEY_DRY_RUN,
    KEY_ERRORS,
    KEY_CACERT,
    KEY_SPEED,
    KEY_STATUS,
    KEY_METRICS
};

static const struct argp_option option_list[] = {
    { .name = "output",
      .key = 'o',
      .arg = "FILE",
      .doc = "Where the answers go, a line each (required)" },
    { .name = "errors",
      .key = KEY_ERRORS,
      .arg = "FILE",
      .doc = "Where what failed for good goes (beside the output: "
             "OUTPUT.errors.jsonl)" },
    { .name = "accounts",
      .key = KEY_ACCOUNTS,
      .arg = "FILE",
      .doc = "Who sends (OPENAI_API_KEY)" },
    { .name = "client",
      .key = KEY_CLIENT,
      .arg = "FILE",
      .doc = "How: a scenario, of which \"client\" is read" },
    { .name = "set",
      .key = KEY_SET,
      .arg = "PATH=VALUE",
      .doc = "Change a parameter of the client, such as client.cap=10" },
    { .name = "strategy",
      .key = KEY_STRATEGY,
      .arg = "WHICH",
      .doc = "The client's strategy: a name, or a shared object of your own" },
    { .name = "max-requests",
      .key = KEY_MAX_REQUESTS,
      .arg = "N",
      .doc = "Stop when so many were sent, tries again included" },
    { .name = "max-spend",
      .key = KEY_MAX_SPEND,
      .arg = "$",
      .doc = "Send nothing that might cost more" },
    { .name = "max-wait",
      .key = KEY_MAX_WAIT,
      .arg = "TIME",
      .doc = "How long to wait when nothing can be sent" },
    { .name = "resume",
      .key = KEY_RESUME,
      .doc = "Go on with an output that is there: what it answers is not "
             "sent again" },
    { .name = "yes", .key = 'y', .doc = "Do not ask before sending" },
    { .name = "dry-run",
      .key = KEY_DRY_RUN,
      .doc = "Tell what would be sent, and how long it would take; send "
             "nothing" },
    { .name = "status",
      .key = KEY_STATUS,
      .arg = "FILE",
      .doc = "Keep a JSON file that tells how it stands" },
    { .name = "metrics",
      .key = KEY_METRICS,
      .arg = "PORT",
      .doc = "Tell it to Prometheus, at 127.0.0.1:PORT/metrics (0: any port)" },
    { .name = "cacert",
      .key = KEY_CACERT,
      .arg = "FILE",
      .doc = "Authorities to trust, in place of the system's" },
    { .name = "speed",
      .key = KEY_SPEED,
      .arg = "X",
      .doc = "That of a mock server's clock (1)" },
    { .name = "quiet", .key = 'q', .doc = "Neither plan nor progress" },
    { 0 }
};

static void read_number(struct argp_state *state, struct bench_run_options *o,
                        int key, const char *arg)
{
    double n = 0;
    bool good = mock_units_count(arg, &n);
    if (key == KEY_MAX_WAIT && !mock_units_duration(arg, &o->max_wait_ns))
        argp_error(state, "--max-wait %s: expected a time such as 2h", arg);
    if (key == KEY_SPEED && !(good && n >= 0.001 && n <= 1e6))
        argp_error(state, "--speed %s: expected a number above 0", arg);
    if (key == KEY_METRICS && !(good && n >= 0 && n <= 65535))
        argp_error(state, "--metrics %s: expected a port", arg);
    if (key == KEY_SPEED)
        o->speed = n;
    if (key == KEY_METRICS)
        o->metrics_port = (int)n;
}

/* Options that are taken as they are; false: it is none of them. */
static bool read_text(struct bench_run_options *o, int key, const char *arg)
{
    const struct {
        int key;
        const char **to;
    } texts[] = {
        { 'o', &o->output },
        { KEY_ERRORS, &o->errors },
        { KEY_ACCOUNTS, &o->accounts },
        { KEY_CLIENT, &o->client },
        { KEY_STRATEGY, &o->strategy },
        { KEY_MAX_REQUESTS, &o->max_requests },
        { KEY_MAX_SPEND, &o->max_spend },
        { KEY_CACERT, &o->cacert },
        { KEY_STATUS, &o->status },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].key == key) {
            *texts[i].to = arg;
            return true;
        }
    return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench_run_options *o = state->input;
    if (read_text(o, key, arg))
        return 0;
    switch (key) {
    case KEY_SET:
        if (!bench_command_set(&o->changes, arg))
            argp_error(state, "too many --set");
        break;
    case KEY_MAX_WAIT:
    case KEY_SPEED:
    case KEY_METRICS:
        read_number(state, o, key, arg);
        break;
    case KEY_DRY_RUN:
        o->dry_run = true;
        break;
    case KEY_RESUME:
        o->resume = true;
        break;
    case 'y':
        o->yes = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        if (o->requests != NULL)
            argp_error(state, "one file at a time, not also '%s'", arg);
        o->requests = arg;
        break;
    case ARGP_KEY_END:
        if (o->requests == NULL)
            argp_error(state, "which requests?");
        if (o->output == NULL && !o->dry_run)
            argp_error(state, "where do the answers go? (-o)");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "REQUESTS.jsonl",
    .doc = "Sends a file of requests through the limiter, and writes the "
           "answers.\v"
           "A line is a request of OpenAI's Batch format (custom_id, method, "
           "url, body), or a body alone; so are the answers.  What it will "
           "send is told first, and asked on a terminal.  Ctrl-C lets end "
           "what is in flight, twice does not.  Exit status 1: some request "
           "got no good answer; 3: a bound ended it.",
};

/* The client of the file, or the default; limits are learned where not all
   of them are known. */
static int read_client(struct bench_run *j, const struct lim_strategy *own,
                       struct lim_diag *diag)
{
    const struct bench_run_options *o = j->options;
    struct mock_json root, client, provider;
    int error = LIM_OK;
    j->tree = o->client != NULL
                  ? bench_command_scenario(o->client, &o->changes)
                  : bench_command_changed(cJSON_CreateObject(), &o->changes);
    if (j->tree == NULL)
        return LIM_EINVAL;
    j->client = sim_client_config_default();
    mock_json_open(&root, j->tree, "", &error, diag);
    mock_json_enter(&client, &root, "client");
    bool told = mock_json_get(&client, "limits") != NULL ||
                mock_json_get(&client, "preset") != NULL;
    bench_client_read(&client, own, &j->client);
    if (j->roster.priced.provider.prices.count == 0) {
        mock_json_enter(&provider, &root, "provider");
        mock_config_prices(&j->roster.priced, &provider);
    }
    if (!told && !j->roster.limits_known)
        j->client.belief = LIM_BELIEF_LEARNED;
    if (error != LIM_OK)
        bench_complain(o->client, error, diag);
    return error;
}

/* BENCH_DONE: send.  Money is spent from here on. */
static int agree(const struct bench_run *j)
{
    const struct bench_run_options *o = j->options;
    int64_t spend = bench_run_most_spend(j);
    if (!o->quiet || o->dry_run) {
        bench_run_tell_plan(j, spend);
        bench_run_tell_forecast(&j->forecast);
    }
    if (o->max_spend != NULL && spend < 0) {
        fputs("tierlab: a price is not known, so --max-spend cannot be kept\n",
              stderr);
        return BENCH_USAGE;
    }
    if (o->yes || o->dry_run || j->left == 0)
        return BENCH_DONE;
    if (!isatty(STDIN_FILENO) || strcmp(o->requests, "-") == 0) {
        fputs("tierlab: say --yes to send them\n", stderr);
        return BENCH_USAGE;
    }
    return bench_budget_ask() ? BENCH_DONE : BENCH_INTERRUPTED;
}

static enum bench_wish tell(void *context, const struct bench_view *v)
{
    struct bench_run *j = context;
    bench_run_tell_progress(j, v);
    bench_status_tell(&j->status, v);
    if (v->over || !bench_interrupt_take())
        return BENCH_GO_ON;
    if (v->sent->ending == BENCH_END_STOPPED)
        return BENCH_CUT;
    if (!j->options->quiet)
        fprintf(stderr,
                "\ninterrupted: waiting for %llu answers (again: do not)\n",
                (unsigned long long)v->sent->in_flight);
    return BENCH_STOP;
}

static struct bench_sender sender_of(struct bench_run *j)
{
    return (struct bench_sender){
        .batch = &j->batch,
        .done = j->done,
        .roster = &j->roster,
        .client = &j->client,
        .base_url = bench_accounts_default_url(),
        .cacert = j->options->cacert,
        .budget = &j->budget,
        .max_wait_ns = j->options->max_wait_ns,
        .speed = j->options->speed,
        .seed = 1,
        .tell = tell,
        .context = j,
    };
}

static struct mock_loop *new_loop(const struct bench_run_options *o)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return mock_loop_new(t.tv_sec * LIM_SEC + t.tv_nsec, o->speed);
}

/* A disk that is full and a reader that went are errors of a write. */
static void ignore_signals(void)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

static int send(struct bench_run *j, struct bench_replies *replies,
                bool *settled)
{
    struct lim_diag diag = { 0 };
    struct bench_interrupt held;
    struct bench_sent sent = { 0 };
    struct bench_sender sender = sender_of(j);
    sender.replies = replies;
    sender.loop = new_loop(j->options);
    if (sender.loop == NULL)
        return bench_complain(
            NULL, lim_fail(&diag, LIM_ENOMEM, 0, "no event loop"), &diag);
    ignore_signals();
    int error = bench_status_begin(&j->status, &sender, j->options->status,
                                   j->options->metrics_port, &diag);
    if (error == LIM_OK) {
        bench_progress_begin(&j->progress, !j->options->quiet);
        bench_interrupt_hold(&held);
        error = bench_send_batch(&sender, &sent, &diag);
        bench_interrupt_release(&held);
        bench_progress_end(&j->progress);
    }
    bench_status_end(&j->status);
    mock_loop_free(sender.loop);
    *settled = error == LIM_OK &&
               (sent.ending == BENCH_END_DONE ||
                (j->before.lost == 0 && sent.ending != BENCH_END_CUT &&
                 sent.ending != BENCH_END_UNWRITTEN));
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    return bench_run_tell_end(j, &sent, replies);
}

static int forecast(struct bench_run *j)
{
    struct lim_diag diag = { 0 };
    const struct bench_sender sender = sender_of(j);
    for (size_t i = 0; i < j->batch.count; i++)
        j->left += !j->done[i];
    int error = bench_forecast_make(&j->forecast, &sender, &diag);
    return error == LIM_OK ? BENCH_DONE : bench_complain(NULL, error, &diag);
}

static int open_and_send(struct bench_run *j)
{
    const struct bench_run_options *o = j->options;
    const struct bench_replies_config config = { .results = o->output,
                                                 .errors = o->errors,
                                                 .batch = &j->batch,
                                                 .resume = o->resume,
                                                 .done = j->done };
    struct lim_diag diag = { 0 };
    struct bench_replies *replies =
        bench_replies_open(&config, &j->before, &diag);
    if (replies == NULL)
        return bench_complain(NULL, LIM_EINVAL, &diag);
    bool settled = j->before.lost == 0;
    int code = forecast(j);
    if (code == BENCH_DONE)
        code = agree(j);
    if (code == BENCH_DONE && j->left > 0)
        code = send(j, replies, &settled);
    else if (!o->resume)
        bench_replies_drop(replies);
    int error = bench_replies_close(replies, settled, &diag);
    if (error != LIM_OK) {
        bench_complain(NULL, error, &diag);
        code = BENCH_FAILED;
    }
    return code;
}

static int run(struct bench_run *j, const struct lim_strategy *own)
{
    const struct bench_run_options *o = j->options;
    struct lim_diag diag = { 0 };
    int error =
        bench_budget_read(&j->budget, o->max_requests, o->max_spend, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    if (o->cacert != NULL && access(o->cacert, R_OK) != 0)
        return bench_complain(NULL,
                              lim_fail(&diag, LIM_EINVAL, 0, "--cacert %s: %s",
                                       o->cacert, strerror(errno)),
                              &diag);
    error = bench_batch_read(&j->batch, o->requests, &diag);
    if (error != LIM_OK)
        return bench_complain(o->requests, error, &diag);
    error = bench_roster_init(&j->roster, o->accounts, &j->batch, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    if (read_client(j, own, &diag) != LIM_OK)
        return BENCH_USAGE;
    j->done = calloc(j->batch.count, sizeof *j->done);
    if (j->done == NULL)
        return bench_complain(NULL, LIM_ENOMEM, &diag);
    if (!o->dry_run)
        return open_and_send(j);
    int code = forecast(j);
    return code == BENCH_DONE ? agree(j) : code;
}

int bench_cmd_run(int argc, char **argv, const char *version)
{
    (void)version;
    struct bench_run_options o = { .max_wait_ns = -1,
                                   .speed = 1,
                                   .metrics_port = -1 };
    struct bench_plugin plugin;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    int code = bench_command_strategy(&plugin, o.strategy, &o.changes);
    if (code != BENCH_DONE)
        return code;
    struct bench_run j = { .options = &o };
    code = run(&j, plugin.strategy);
    bench_batch_fini(&j.batch);
    bench_roster_fini(&j.roster);
    cJSON_Delete(j.tree);
    free(j.done);
    bench_plugin_close(&plugin);
    return code;
}
