#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/accounts.h"
#include "limiter/error.h"
#include "sim/client.h"
#include "sim/scenario.h"
#include "sim/summary.h"
#include "sim/world.h"

struct bench_budget;

/*
 * One run over HTTP: the scenario's client against a mock server or any
 * OpenAI-compatible URL.  It is sim_world_run with another other side.
 *
 * Virtual time begins at the scenario's provider.start and runs `speed`
 * times as fast as the wall's.  Before it begins, a mock server is asked for
 * its speed, and connections to it are opened (as many as the client may
 * have in flight, 64 at most): the first request of a run is not to wait for
 * what no later one waits for.  Nothing is sent to other URLs before the
 * run.
 */
struct bench_target {
    /* "http://127.0.0.1:8080/v1"; an account's own goes before it. */
    const char *base_url;
    const struct bench_accounts *accounts; /* for the scenario's provider */
    /* A mock server: it must tell its speed, and is told how long each reply
       is to be. */
    bool mock;
    double speed;                /* > 0; 1 for what is no mock server */
    struct bench_budget *budget; /* of all runs; NULL: without a bound */
};

/*
 * What the run came to on the wall's clock.  The generator was saturated when
 * its thread had hardly a pause, or spent much of its time in turns so long
 * that what was due meanwhile was late: it has then measured itself.
 */
#define BENCH_BUSY 0.9 /* of the time on a processor */
#define BENCH_LONG_WALL_NS (20 * LIM_MSEC)
#define BENCH_LONG_SHARE 0.25

struct bench_wall {
    double wall_s;           /* of the run, without its preparation */
    double cpu_s;            /* of this thread */
    double lag_ms_max;       /* virtual: a send behind its due time */
    uint64_t connections;    /* opened */
    uint64_t network_errors; /* attempts that no answer came to */
    uint64_t aborted;        /* in flight at the end of the duration */
    bool saturated;          /* the generator was */
};

/*
 * Runs a scenario with the draws of `seed`.  `watch`, `pace`, `moments` and
 * `moment_count` are those of sim_world_run, `pace` is asked ten times a
 * second.  Requests in flight when the duration ends are cut off.
 *
 * Returns LIM_OK and fills `out` (its owner calls sim_summary_fini) and
 * `wall`; LIM_ENOMEM; LIM_EINVAL: the scenario or the target is not good;
 * LIM_ENOTFOUND: nothing answers there, or it is a mock server of another
 * speed.  `diag` has the reason, and never a key.
 */
int bench_drive(const struct sim_scenario *s, const struct bench_target *target,
                uint64_t seed, const struct sim_watch *watch,
                const struct sim_pace *pace, struct sim_summary *out,
                struct sim_moment **moments, size_t *moment_count,
                struct bench_wall *wall, struct lim_diag *diag);

#endif
