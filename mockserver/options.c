#include "mockserver/options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/units.h"

enum key {
    KEY_HOST = 256,
    KEY_PORT,
    KEY_TABLE,
    KEY_TIER,
    KEY_CONFIG,
    KEY_ONE_ORG,
    KEY_LATENCY,
    KEY_SPEED,
    KEY_SEED,
    KEY_NO_LIMITS,
    KEY_LOG,
    KEY_START,
    KEY_DISCIPLINE,
    KEY_VERSION,
    KEY_THREADS,
    KEY_FAULTS,
    KEY_ERA,
    KEY_DIALECT,
    KEY_FAIL_ON_IGNORED
};

static const struct argp_option options[] = {
    { "host", KEY_HOST, "ADDRESS", 0, "where to listen (127.0.0.1)", 1 },
    { "port", KEY_PORT, "PORT", 0, "port to listen on, 0 for any (8080)", 1 },
    { "table", KEY_TABLE, "NAME|FILE", 0,
      "limits of each tier (current); none: no limits", 2 },
    { "tier", KEY_TIER, "TIER", 0, "tier of every organisation (tier1)", 2 },
    { "one-org", KEY_ONE_ORG, NULL, 0, "all keys are of one organisation", 2 },
    { "config", KEY_CONFIG, "FILE", 0,
      "a scenario's \"provider\" as JSON: organisations with their keys", 2 },
    { "no-limits", KEY_NO_LIMITS, NULL, 0, "let everything through", 2 },
    { "discipline", KEY_DISCIPLINE, "NAME", 0,
      "how windows count: bucket, quantised, fixed, sliding-log, "
      "sliding-counter (bucket; with --config, what that says)",
      2 },
    { "latency", KEY_LATENCY, "none|DURATION|PROFILE", 0,
      "how long an answer takes (the model's profile)", 3 },
    { "speed", KEY_SPEED, "X", 0,
      "run the clock X times as fast; 0: it stands, see /mock/clock (1)", 3 },
    { "start", KEY_START, "DATE", 0,
      "when the clock starts (now; with --config, what that says)", 3 },
    { "seed", KEY_SEED, "N", 0, "of everything that is drawn (1)", 3 },
    { "faults", KEY_FAULTS, "FILE", 0,
      "what goes wrong, as a scenario's \"provider.faults\" in JSON", 3 },
    { "era", KEY_ERA, "NAME", 0,
      "whose wording: now, 2023, 2023-03 or 2022 (now)", 3 },
    { "dialect", KEY_DIALECT, "NAME", 0,
      "whose paths, keys, errors and headers: openai or azure (openai)", 3 },
    { "fail-on-ignored-retry-after", KEY_FAIL_ON_IGNORED, NULL, 0,
      "end with status 3 if a client came again too early", 4 },
    { "threads", KEY_THREADS, "N", 0, "threads that serve (1)", 4 },
    { "log", KEY_LOG, "FILE", 0, "one JSON object a request; - for stdout", 4 },
    { "version", KEY_VERSION, NULL, 0, "print the version", -1 },
    { 0 },
};

static void read_port(struct argp_state *state, const char *arg, uint16_t *out)
{
    char *end;
    long port = strtol(arg, &end, 10);
    if (*arg < '0' || *arg > '9' || *end != '\0' || port > UINT16_MAX)
        argp_error(state, "--port %s: expected 0 to 65535", arg);
    else
        *out = (uint16_t)port;
}

static void read_speed(struct argp_state *state, const char *arg, double *out)
{
    char *end;
    double speed = strtod(arg, &end);
    bool in_range = speed == 0 || (speed >= 0.001 && speed <= 1e6);
    if (*arg < '0' || *arg > '9' || *end != '\0' || !in_range)
        argp_error(state, "--speed %s: expected 0, or 0.001 to 1000000", arg);
    else
        *out = speed;
}

static void read_threads(struct argp_state *state, const char *arg,
                         unsigned *out)
{
    char *end;
    long n = strtol(arg, &end, 10);
    if (*arg < '0' || *arg > '9' || *end != '\0' || n < 1 ||
        n > MOCK_OPTIONS_THREADS_MAX)
        argp_error(state, "--threads %s: expected 1 to %d", arg,
                   MOCK_OPTIONS_THREADS_MAX);
    else
        *out = (unsigned)n;
}

static void read_seed(struct argp_state *state, const char *arg, uint64_t *out)
{
    char *end;
    unsigned long long seed = strtoull(arg, &end, 10);
    if (*arg < '0' || *arg > '9' || *end != '\0' || strlen(arg) > 19)
        argp_error(state,
                   "--seed %s: expected a whole number of at most 19 "
                   "digits",
                   arg);
    else
        *out = seed;
}

static void check_together(struct argp_state *state,
                           const struct mock_options *o)
{
    if (o->config != NULL && (o->table != NULL || o->tier != NULL ||
                              o->one_organisation || o->no_limits))
        argp_error(state, "--table, --tier, --one-org and --no-limits cannot "
                          "go with --config, which says that itself");
    if (o->threads > 1 && o->speed == 0)
        argp_error(state, "--threads and --speed 0 cannot go together: "
                          "nobody can move several clocks at once");
    if (o->no_limits && o->table != NULL)
        argp_error(state, "--no-limits and --table cannot go together");
}

static void read_words(struct argp_state *state, int key, char *arg)
{
    struct mock_options *o = state->input;
    switch (key) {
    case KEY_START:
        if (!mock_units_date(arg, &o->start))
            argp_error(state,
                       "--start %s: expected a date such as "
                       "2026-01-01 or 2026-01-01T00:00:00Z",
                       arg);
        break;
    case KEY_FAULTS:
        o->faults = arg;
        break;
    case KEY_ERA:
        o->era = arg;
        break;
    case KEY_FAIL_ON_IGNORED:
        o->fail_on_ignored = true;
        break;
    case KEY_DIALECT:
        o->dialect = arg;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument: %s", arg);
        break;
    default:
        break;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct mock_options *o = state->input;
    switch (key) {
    case KEY_HOST:
        o->host = arg;
        return 0;
    case KEY_PORT:
        read_port(state, arg, &o->port);
        return 0;
    case KEY_TABLE:
        o->table = arg;
        return 0;
    case KEY_TIER:
        o->tier = arg;
        return 0;
    case KEY_CONFIG:
        o->config = arg;
        return 0;
    case KEY_ONE_ORG:
        o->one_organisation = true;
        return 0;
    case KEY_DISCIPLINE:
        o->discipline = arg;
        return 0;
    case KEY_LATENCY:
        o->latency = arg;
        return 0;
    case KEY_SPEED:
        read_speed(state, arg, &o->speed);
        return 0;
    case KEY_SEED:
        read_seed(state, arg, &o->seed);
        return 0;
    case KEY_NO_LIMITS:
        o->no_limits = true;
        return 0;
    case KEY_LOG:
        o->log = arg;
        return 0;
    case KEY_VERSION:
        o->version = true;
        return 0;
    case KEY_THREADS:
        read_threads(state, arg, &o->threads);
        return 0;
    case KEY_START:
    case KEY_FAULTS:
    case KEY_ERA:
    case KEY_DIALECT:
    case KEY_FAIL_ON_IGNORED:
    case ARGP_KEY_ARG:
        read_words(state, key, arg);
        return 0;
    case ARGP_KEY_END:
        check_together(state, o);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void mock_options_read(struct mock_options *o, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Answers as the OpenAI API does, rate limits included.\v"
               "The first line on standard output tells the address.  "
               "SIGTERM and SIGINT end it in good order, a second one at "
               "once.  See tierlab-mockd(1).",
    };
    *o = (struct mock_options){ .host = "127.0.0.1",
                                .port = 8080,
                                .threads = 1,
                                .speed = 1,
                                .seed = 1,
                                .start = -1 };
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, o);
}
