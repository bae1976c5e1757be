#ifndef BENCH_RUN_PARTS_H
#define BENCH_RUN_PARTS_H

#include "bench/command.h"
#include "bench/forecast.h"
#include "bench/progress.h"
#include "bench/sender.h"
#include "bench/status.h"

/* `tierlab run`: cmd_run.c does it, run_tell.c says so.  Internal to both. */
struct bench_run_options {
    const char *requests, *output, *errors, *accounts, *client, *strategy;
    const char *max_requests, *max_spend; /* NULL: no bound */
    const char *cacert, *status;
    struct bench_changes changes;
    int64_t max_wait_ns; /* < 0: not said */
    double speed;
    int metrics_port; /* -1: none */
    bool resume, yes, quiet, dry_run;
};

/* One run, and what it needs. */
struct bench_run {
    const struct bench_run_options *options;
    struct bench_batch batch;
    struct bench_roster roster;
    struct sim_client_config client;
    cJSON *tree; /* that the client points into */
    bool *done;
    struct bench_replies_before before;
    struct bench_budget budget;
    struct bench_progress progress;
    struct bench_status status;
    size_t left; /* requests to send */
    struct bench_forecast forecast;
};

/* The most that the requests may cost; -1: nobody knows. */
int64_t bench_run_most_spend(const struct bench_run *j);

/* Before it: what would be sent, and for how long. */
void bench_run_tell_plan(const struct bench_run *j, int64_t spend);
void bench_run_tell_forecast(const struct bench_forecast *f);

/* While it sends, on a terminal. */
void bench_run_tell_progress(struct bench_run *j, const struct bench_view *v);

/* After it: what it came to, and why if it ended early.  Returns an enum
   bench_exit. */
int bench_run_tell_end(const struct bench_run *j, const struct bench_sent *s,
                       const struct bench_replies *replies);

#endif
