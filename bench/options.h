#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "bench/command.h"

/* The command line of `tierlab bench`; NULL where nothing was said. */
#define BENCH_OPTIONS_CHECKS 32

struct bench_options {
    const char *scenario, *on, *accounts, *folder, *threads, *speed, *strategy,
        *rank, *shard, *precision, *find, *best, *such_that, *max_requests,
        *max_spend;
    struct bench_changes changes;
    const char *checks[BENCH_OPTIONS_CHECKS];
    size_t check_count;
    bool list, quiet, json, no_figures, requests, resume, yes;
};

/* Ends the program on bad usage (status 2) and after --help (0). */
void bench_options_read(struct bench_options *o, int argc, char **argv);

#endif
