/* The tool: one table of commands. */

#define _POSIX_C_SOURCE 200809L

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "mockserver/json.h"

static const struct bench_command commands[] = {
    { "sim", "one scenario in virtual time", bench_cmd_sim },
    { "bench", "an experiment: variants, replications, figures, a report",
      bench_cmd_bench },
    { "compare", "two results: what became better or worse, chance aside",
      bench_cmd_compare },
    { "merge", "the shards of an experiment become one result",
      bench_cmd_merge },
    { "plan", "which tier, and how many organisations, traffic needs",
      bench_cmd_plan },
    { "run", "a file of requests to a live endpoint, through the limiter",
      bench_cmd_run },
    { "probe", "what limits accounts have, by one request each",
      bench_cmd_probe },
    { "plot", "draws the figures of a result again", bench_cmd_plot },
    { "tiers", "the tier tables, their source and date", bench_cmd_tiers },
    { "mock", "a mock server, as tierlab-mockd", bench_cmd_mock },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *f)
{
    fputs("usage: tierlab COMMAND [OPTION...]\n\n", f);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("  help     help on a command\n\n"
          "tierlab COMMAND --help tells a command's options; tierlab(1) is "
          "the manual.\n",
          f);
}

static const struct bench_command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS + 1] = { NULL };
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = mock_json_nearest(name, names);
    fprintf(stderr, "tierlab: there is no command '%s'", name);
    if (near != NULL)
        fprintf(stderr, ", did you mean '%s'?", near);
    fputs("; `tierlab help` lists them\n", stderr);
    return BENCH_USAGE;
}

static int run(const struct bench_command *c, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof name, "tierlab %s", c->name);
    argv[0] = name;
    return c->run(argc, argv, TIERLAB_VERSION);
}

static int help(int argc, char **argv)
{
    char option[] = "--help";
    char *args[] = { argv[0], option, NULL };
    if (argc < 2) {
        usage(stdout);
        return BENCH_DONE;
    }
    const struct bench_command *c = find(argv[1]);
    return c == NULL ? unknown(argv[1]) : run(c, 2, args);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return BENCH_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        puts("tierlab " TIERLAB_VERSION);
        return BENCH_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0)
        return help(argc - 1, argv + 1);
    const struct bench_command *c = find(name);
    return c == NULL ? unknown(name) : run(c, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    /* A disk that is full is an error of a write. */
    signal(SIGXFSZ, SIG_IGN);
    argp_err_exit_status = BENCH_USAGE;
    int code = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("tierlab: cannot write to standard output\n", stderr);
        return code == BENCH_DONE ? BENCH_FAILED : code;
    }
    return code;
}
