#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "bench/plugin.h"
#include "limiter/error.h"

/* What a command of the tool is, and what all commands share. */
enum bench_exit {
    BENCH_DONE = 0,
    BENCH_FAILED = 1,   /* it could not run */
    BENCH_USAGE = 2,    /* bad input or command line */
    BENCH_MISSED = 3,   /* it ran, and a threshold was missed */
    BENCH_WORSENED = 4, /* it ran, and is worse than the baseline */
    BENCH_INTERRUPTED = 130
};

struct bench_command {
    const char *name;
    const char *summary;
    /* argv[0] is "tierlab NAME".  Returns an enum bench_exit. */
    int (*run)(int argc, char **argv, const char *version);
};

int bench_cmd_sim(int argc, char **argv, const char *version);
int bench_cmd_bench(int argc, char **argv, const char *version);
int bench_cmd_compare(int argc, char **argv, const char *version);
int bench_cmd_merge(int argc, char **argv, const char *version);
int bench_cmd_plan(int argc, char **argv, const char *version);
int bench_cmd_probe(int argc, char **argv, const char *version);
int bench_cmd_run(int argc, char **argv, const char *version);
int bench_cmd_plot(int argc, char **argv, const char *version);
int bench_cmd_tiers(int argc, char **argv, const char *version);
int bench_cmd_mock(int argc, char **argv, const char *version);

/*
 * Says on standard error what is wrong: "tierlab: FILE:LINE: message".
 * `file` is NULL when no file is to blame.  Returns BENCH_USAGE for what
 * better input mends, else BENCH_FAILED.
 */
int bench_complain(const char *file, int error, const struct lim_diag *diag);

/* What a command line changes in a scenario. */
#define BENCH_SETS_MAX 64

struct bench_changes {
    const char *sets[BENCH_SETS_MAX]; /* "path=value" */
    size_t set_count;
    const char *seed;         /* NULL: as it is */
    const char *replications; /* NULL: as it is */
    const char *strategy;     /* its name; NULL: as it is */
};

/*
 * Reads a scenario file and makes the changes.  NULL: it has complained.
 * The caller frees it.
 */
cJSON *bench_command_scenario(const char *path,
                              const struct bench_changes *changes);

/* Makes the changes in `tree`, which it takes.  NULL: it has complained. */
cJSON *bench_command_changed(cJSON *tree, const struct bench_changes *changes);

/* Takes one more "path=value"; false: there are too many. */
bool bench_command_set(struct bench_changes *changes, const char *assignment);

/*
 * Finds the strategy that --strategy asks for (`argument`, NULL: none) and
 * makes it a change.  Returns BENCH_DONE, and the caller closes the plug-in;
 * or it has complained, and returns BENCH_USAGE.
 */
int bench_command_strategy(struct bench_plugin *plugin, const char *argument,
                           struct bench_changes *changes);

/* Seconds of CLOCK_MONOTONIC. */
double bench_command_clock(void);

#endif
