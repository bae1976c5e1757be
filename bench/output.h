#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include <stdio.h>

#include "limiter/error.h"

/* What no name mends: the disk is full.  Beside the errors of the limiter. */
#define BENCH_EWRITE (-31)

/*
 * Files that are there whole or not at all: written beside their name, and
 * given it at the end.  What is no file, such as /dev/stdout or a pipe, is
 * written to as it is.
 */
struct bench_output {
    FILE *file;
    char *path;      /* owned */
    char *temporary; /* owned */
};

/* Opens the temporary file.  LIM_OK, or LIM_EINVAL and `diag`. */
int bench_output_open(struct bench_output *o, const char *path,
                      struct lim_diag *diag);

/*
 * Gives the file its name; frees everything.  LIM_OK, or LIM_EINVAL and
 * `diag` when something could not be written: nothing is left then.
 */
int bench_output_commit(struct bench_output *o, struct lim_diag *diag);

/* Drops what was written. */
void bench_output_abandon(struct bench_output *o);

#endif
