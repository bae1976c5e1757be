#include "bench/options.h"

#include <argp.h>

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
    KEY_REQUESTS,
    KEY_SHARD,
    KEY_PRECISION,
    KEY_FIND,
    KEY_SUCH_THAT,
    KEY_BEST,
    KEY_MAX_REQUESTS,
    KEY_MAX_SPEND
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
    { .name = "max-requests",
      .key = KEY_MAX_REQUESTS,
      .arg = "N",
      .doc = "With a URL: stop after so many, retries included" },
    { .name = "max-spend",
      .key = KEY_MAX_SPEND,
      .arg = "MONEY",
      .doc = "With a URL: stop when so much is spent, such as $5" },
    { .name = "yes",
      .key = 'y',
      .doc = "With a URL that is not of this machine: do not ask" },
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
    { .name = "requests",
      .key = KEY_REQUESTS,
      .doc = "Write one row an attempt to DIR/requests/RUN.csv" },
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
    { .name = "find",
      .key = KEY_FIND,
      .arg = "PATH",
      .doc = "Search a parameter first, such as workload.arrivals.poisson or "
             "client.cap, or several for --best: "
             "client.cap,client.strategy" },
    { .name = "such-that",
      .key = KEY_SUCH_THAT,
      .arg = "EXPR[,EXPR]...",
      .doc = "... for its largest value that meets these thresholds" },
    { .name = "best",
      .key = KEY_BEST,
      .arg = "FIGURE",
      .doc = "... for its value with the best figure, such as goodput_rpm" },
    { 0 }
};

static void add_check(struct bench_options *o, const char *arg,
                      struct argp_state *state)
{
    if (o->check_count == BENCH_OPTIONS_CHECKS)
        argp_error(state, "too many --check");
    else
        o->checks[o->check_count++] = arg;
}

static void add_argument(struct bench_options *o, const char *arg,
                         struct argp_state *state)
{
    if (o->scenario != NULL)
        argp_error(state, "one scenario at a time, not also '%s'", arg);
    o->scenario = arg;
}

/* Where the text of an option goes that is only kept. */
static const char **text_of(struct bench_options *o, int key)
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
        { KEY_FIND, &o->find },
        { KEY_SUCH_THAT, &o->such_that },
        { KEY_BEST, &o->best },
        { KEY_MAX_REQUESTS, &o->max_requests },
        { KEY_MAX_SPEND, &o->max_spend },
        { KEY_THREADS, &o->threads },
        { KEY_SPEED, &o->speed },
        { KEY_ACCOUNTS, &o->accounts },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].key == key)
            return texts[i].text;
    return NULL;
}

static bool *flag_of(struct bench_options *o, int key)
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
    case KEY_REQUESTS:
        return &o->requests;
    case 'q':
        return &o->quiet;
    case 'y':
        return &o->yes;
    default:
        return NULL;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench_options *o = state->input;
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
    else if (key == ARGP_KEY_END &&
             (o->find != NULL) != ((o->such_that != NULL) != (o->best != NULL)))
        argp_error(state, "--find goes with either --such-that or --best");
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

void bench_options_read(struct bench_options *o, int argc, char **argv)
{
    *o = (struct bench_options){ .on = "sim" };
    argp_parse(&argp, argc, argv, 0, NULL, o);
}
