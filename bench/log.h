#ifndef BENCH_LOG_H
#define BENCH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/buffer.h"
#include "limiter/error.h"

/*
 * A file to which whole lines are appended.  A line is with the system when
 * bench_log_add has returned true, so that it outlives this process, and on
 * the disk at the next bench_log_sync.  What the system does not take (the
 * disk is full) is kept and tried again with the next; at the end a line of
 * which it took a part is taken back.
 */
struct bench_log {
    int file;                   /* -1: not open */
    char *path;                 /* owned */
    struct bench_buffer unsaid; /* lines that are not, or not all, written */
    int64_t whole;              /* bytes up to the end of the last line */
    int trouble;                /* errno of the last write; 0: it went well */
    bool dirty, regular;
};

/*
 * Makes a file that is not there yet; "-" is standard output.  With `go_on`
 * one that is there is opened, and a part of a line at its end is cut off.
 * Nobody else may write it meanwhile.  LIM_OK, or LIM_EINVAL and `diag`.
 */
int bench_log_open(struct bench_log *l, const char *path, bool go_on,
                   struct lim_diag *diag);

/* Cuts a file that was opened to go on with after its first `length` bytes,
   an end of a line.  False: `trouble` tells why. */
bool bench_log_shorten(struct bench_log *l, int64_t length);

/* Appends a line, to which its end is added.  False: all that is unsaid is
   kept, and `trouble` tells why. */
bool bench_log_add(struct bench_log *l, const char *line, size_t length);

/* Tries what is unsaid again; true: nothing is. */
bool bench_log_flush(struct bench_log *l);

/* What was written is on the disk. */
void bench_log_sync(struct bench_log *l);

/* How many lines were not written. */
size_t bench_log_unsaid(const struct bench_log *l);

/* Closes; true: every line is on the disk. */
bool bench_log_close(struct bench_log *l);

#endif
