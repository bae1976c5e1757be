/* Requests of a file go to a live endpoint through the pool. */

#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/forecast.h"
#include "bench/interrupt.h"
#include "bench/progress.h"
#include "bench/sender.h"
#include "limiter/price.h"
#include "mockserver/units.h"

struct options {
    const char *requests, *output, *accounts, *client, *strategy;
    struct bench_changes changes;
    double max_requests; /* < 0: no bound */
    int64_t max_spend;   /* micro-dollars; < 0 */
    bool resume, yes, quiet, dry_run;
};

enum key {
    KEY_ACCOUNTS = 256,
    KEY_CLIENT,
    KEY_SET,
    KEY_STRATEGY,
    KEY_MAX_REQUESTS,
    KEY_MAX_SPEND,
    KEY_RESUME,
    KEY_DRY_RUN
};

static const struct argp_option option_list[] = {
    { .name = "output",
      .key = 'o',
      .arg = "FILE",
      .doc = "Where the answers go, a line each (required)" },
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
      .doc = "Refuse a file that would send more" },
    { .name = "max-spend",
      .key = KEY_MAX_SPEND,
      .arg = "$",
      .doc = "Refuse a file that may cost more, or nobody knows what" },
    { .name = "resume",
      .key = KEY_RESUME,
      .doc = "Go on with an output that is there: what it answers is not "
             "sent again" },
    { .name = "yes", .key = 'y', .doc = "Do not ask before sending" },
    { .name = "dry-run",
      .key = KEY_DRY_RUN,
      .doc = "Tell what would be sent, and how long it would take; send "
             "nothing" },
    { .name = "quiet", .key = 'q', .doc = "Neither plan nor progress" },
    { 0 }
};

static void read_bounds(struct argp_state *state, struct options *o, int key,
                        const char *arg)
{
    if (key == KEY_MAX_REQUESTS && !mock_units_count(arg, &o->max_requests))
        argp_error(state, "--max-requests %s: expected a number", arg);
    if (key == KEY_MAX_SPEND && !mock_units_money(arg, &o->max_spend))
        argp_error(state, "--max-spend %s: expected money such as $5", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'o':
        o->output = arg;
        break;
    case KEY_ACCOUNTS:
        o->accounts = arg;
        break;
    case KEY_CLIENT:
        o->client = arg;
        break;
    case KEY_SET:
        if (!bench_command_set(&o->changes, arg))
            argp_error(state, "too many --set");
        break;
    case KEY_STRATEGY:
        o->strategy = arg;
        break;
    case KEY_MAX_REQUESTS:
    case KEY_MAX_SPEND:
        read_bounds(state, o, key, arg);
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
           "send is told first, and asked on a terminal.  Exit status 1: some "
           "request got no good answer.",
};

/* One run, and what it needs. */
struct job {
    const struct options *options;
    struct bench_batch batch;
    struct bench_roster roster;
    struct sim_client_config client;
    cJSON *tree; /* that the client points into */
    bool *done;
    struct bench_progress progress;
    size_t left; /* requests to send */
    struct bench_forecast forecast;
};

/* The client of the file, or the default; limits are learned where not all
   of them are known. */
static int read_client(struct job *j, const struct lim_strategy *own,
                       struct lim_diag *diag)
{
    const struct options *o = j->options;
    struct mock_json root, client;
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
    if (!told && !j->roster.limits_known)
        j->client.belief = LIM_BELIEF_LEARNED;
    if (error != LIM_OK)
        bench_complain(o->client, error, diag);
    return error;
}

/* The most that the requests may cost; -1: nobody knows. */
static int64_t most_spend(const struct job *j)
{
    int64_t sum = 0;
    for (size_t i = 0; i < j->batch.count; i++) {
        const struct bench_batch_request *q = &j->batch.requests[i];
        if (j->done[i])
            continue;
        /* what is reserved for a reply costs more than what is asked */
        int64_t cost = lim_price_cost(lim_price_find(q->model), 0,
                                      q->cost.amount[LIM_TOKENS],
                                      q->cost.amount[LIM_IMAGES]);
        if (cost < 0)
            return -1;
        sum += cost;
    }
    return sum;
}

static void tell_plan(const struct job *j, int64_t spend)
{
    int64_t tokens = 0;
    for (size_t i = 0; i < j->batch.count; i++)
        if (!j->done[i])
            tokens += j->batch.requests[i].cost.amount[LIM_TOKENS];
    fprintf(stderr,
            "%zu requests for %zu model%s, %zu of them answered "
            "already\n",
            j->batch.count, j->batch.model_count,
            j->batch.model_count == 1 ? "" : "s", j->batch.count - j->left);
    fprintf(stderr, "to send: %zu requests, about %lld tokens, ", j->left,
            (long long)tokens);
    if (spend >= 0)
        fprintf(stderr,
                "at most $%.2f at list price where replies are "
                "bounded\n",
                (double)spend / 1e6);
    else
        fprintf(stderr, "at a price that is not known\n");
    fprintf(stderr, "organisations: %zu; strategy %s; limits %s\n",
            j->roster.count, j->client.strategy->name,
            j->client.belief == LIM_BELIEF_KNOWN     ? "known"
            : j->client.belief == LIM_BELIEF_LEARNED ? "learned from answers"
                                                     : "none");
}

static void tell_forecast(const struct bench_forecast *f)
{
    if (!f->known) {
        fputs("how long it takes is not known, since limits are not\n", stderr);
        return;
    }
    fprintf(stderr, "it will take about %.1f s", f->seconds);
    if (f->refused > 0)
        fprintf(stderr, "; %llu requests are larger than any limit",
                (unsigned long long)f->refused);
    fputc('\n', stderr);
}

static bool ask(void)
{
    char answer[16] = "";
    fputs("send them? [y/N] ", stderr);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

/* BENCH_DONE: send.  Money is spent from here on. */
static int agree(const struct job *j)
{
    const struct options *o = j->options;
    int64_t spend = most_spend(j);
    if (!o->quiet || o->dry_run) {
        tell_plan(j, spend);
        tell_forecast(&j->forecast);
    }
    if (o->max_requests >= 0 && (double)j->left > o->max_requests) {
        fprintf(stderr, "tierlab: %zu requests are more than --max-requests\n",
                j->left);
        return BENCH_USAGE;
    }
    if (o->max_spend >= 0 && (spend < 0 || spend > o->max_spend)) {
        fprintf(stderr, "tierlab: %s\n",
                spend < 0 ? "a price is not known, so --max-spend cannot be "
                            "kept"
                          : "that may be more than --max-spend");
        return BENCH_USAGE;
    }
    if (o->yes || o->dry_run || j->left == 0)
        return BENCH_DONE;
    if (!isatty(STDIN_FILENO) || strcmp(o->requests, "-") == 0) {
        fputs("tierlab: say --yes to send them\n", stderr);
        return BENCH_USAGE;
    }
    return ask() ? BENCH_DONE : BENCH_INTERRUPTED;
}

static bool go_on(void *context, const struct bench_sent *s)
{
    struct job *j = context;
    uint64_t over = s->succeeded + s->failed;
    bench_progress_tell(
        &j->progress, (double)over / (double)j->left,
        "%llu of %zu done, %llu in flight, %llu waiting, "
        "%llu 429s",
        (unsigned long long)over, j->left, (unsigned long long)s->in_flight,
        (unsigned long long)s->waiting, (unsigned long long)s->http_429);
    return !bench_interrupt_came();
}

static int tell_end(const struct job *j, const struct bench_sent *s)
{
    if (!j->options->quiet && j->forecast.known)
        fprintf(stderr, "forecast %.1f s; ", j->forecast.seconds);
    if (!j->options->quiet)
        fprintf(stderr,
                "%llu succeeded, %llu failed, in %.1f s and %llu attempts, "
                "%llu of them 429%s\n",
                (unsigned long long)s->succeeded, (unsigned long long)s->failed,
                s->seconds, (unsigned long long)s->attempts,
                (unsigned long long)s->http_429,
                s->interrupted ? "; interrupted: go on with --resume" : "");
    if (s->interrupted)
        return BENCH_INTERRUPTED;
    return s->failed > 0 ? BENCH_FAILED : BENCH_DONE;
}

static struct bench_sender sender_of(const struct job *j)
{
    return (struct bench_sender){
        .batch = &j->batch,
        .done = j->done,
        .roster = &j->roster,
        .client = &j->client,
        .base_url = bench_accounts_default_url(),
        .seed = 1,
    };
}

static int send(struct job *j, struct bench_replies *replies)
{
    struct lim_diag diag = { 0 };
    struct bench_interrupt held;
    struct bench_sent sent = { 0 };
    struct bench_sender sender = sender_of(j);
    sender.replies = replies;
    sender.go_on = go_on;
    sender.context = j;
    bench_progress_begin(&j->progress, !j->options->quiet);
    bench_interrupt_hold(&held);
    int error = bench_send_batch(&sender, &sent, &diag);
    bench_interrupt_release(&held);
    bench_progress_end(&j->progress);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    return tell_end(j, &sent);
}

static int forecast(struct job *j)
{
    struct lim_diag diag = { 0 };
    const struct bench_sender sender = sender_of(j);
    for (size_t i = 0; i < j->batch.count; i++)
        j->left += !j->done[i];
    int error = bench_forecast_make(&j->forecast, &sender, &diag);
    return error == LIM_OK ? BENCH_DONE : bench_complain(NULL, error, &diag);
}

static int open_and_send(struct job *j)
{
    const struct options *o = j->options;
    struct lim_diag diag = { 0 };
    struct bench_replies *replies =
        o->resume ? bench_replies_resume(o->output, &j->batch, j->done, &diag)
                  : bench_replies_open(o->output, &diag);
    if (replies == NULL)
        return bench_complain(NULL, LIM_EINVAL, &diag);
    int code = forecast(j);
    if (code == BENCH_DONE)
        code = agree(j);
    if (code == BENCH_DONE && j->left > 0)
        code = send(j, replies);
    int error = bench_replies_close(replies, &diag);
    if (error != LIM_OK) {
        bench_complain(NULL, error, &diag);
        code = BENCH_FAILED;
    }
    if (!o->resume && (code == BENCH_USAGE || j->left == 0))
        unlink(o->output);
    return code;
}

static int run(struct job *j, const struct lim_strategy *own)
{
    const struct options *o = j->options;
    struct lim_diag diag = { 0 };
    int error = bench_batch_read(&j->batch, o->requests, &diag);
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
    struct options o = { .max_requests = -1, .max_spend = -1 };
    struct bench_plugin plugin;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    int code = bench_command_strategy(&plugin, o.strategy, &o.changes);
    if (code != BENCH_DONE)
        return code;
    struct job j = { .options = &o };
    code = run(&j, plugin.strategy);
    bench_batch_fini(&j.batch);
    bench_roster_fini(&j.roster);
    cJSON_Delete(j.tree);
    free(j.done);
    bench_plugin_close(&plugin);
    return code;
}
