#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include <stdint.h>
#include <sys/types.h>

#include "limiter/error.h"

/*
 * A mock server of one's own: tierlab-mockd as a process on a free port of
 * 127.0.0.1.  It belongs to the thread that starts it, is not told of a
 * terminal's interrupt, and ends with that thread at the latest.
 */
struct bench_daemon {
    pid_t pid;
    int output;        /* its standard output; private */
    char base_url[64]; /* "http://127.0.0.1:PORT/v1" */
};

struct bench_daemon_options {
    const char *program; /* NULL: beside this program, else in PATH */
    /* A scenario's "provider" as JSON text; its "start" is when the daemon's
       time starts. */
    const char *provider_json;
    const char *folder; /* where a table file is looked for; NULL: here */
    double speed;       /* 0: its clock stands still */
    uint64_t seed;      /* of what the daemon draws */
};

/*
 * Starts the daemon and waits, 10 s at most, until it listens.  Returns
 * LIM_OK; LIM_ENOMEM; LIM_EINVAL: the JSON is none; LIM_ENOTFOUND: there is
 * no such program, or it ended or did not listen.  `diag` says which; the
 * daemon's own messages go to our standard error.
 */
int bench_daemon_start(struct bench_daemon *d,
                       const struct bench_daemon_options *options,
                       struct lim_diag *diag);

/* Asks it to end, leaves it 100 ms for answers and 5 s for the rest, and waits
   for it. */
void bench_daemon_stop(struct bench_daemon *d);

#endif
