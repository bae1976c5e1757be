#ifndef SIM_SUMMARY_H
#define SIM_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/pool.h"
#include "limiter/time.h"
#include "sim/steady.h"

/*
 * What a run came to: the figures of the summary in tierlab(1), counted as
 * things happen.  Both worlds feed the same tally: the simulator and the
 * driver.  Quantiles of up to a million are exact; of more they come from a
 * histogram, within 1/256 of themselves.
 */
struct sim_quantiles {
    bool any; /* false: the set was empty */
    double mean, p50, p90, p95, p99, p999, p9999, max; /* milliseconds */
    double error; /* of p50 to p9999, at most such a share; 0: exact */
};

/* Used over what the limits allowed; -1: no such limit. */
struct sim_utilisation {
    double share[LIM_LIMITS];
};

struct sim_summary {
    uint64_t requests, succeeded, failed, refused, expired, unfinished;
    uint64_t attempts, http_429, http_5xx;
    uint64_t hedges; /* of the attempts */
    double duration_s, makespan_s;
    double warmup_s;       /* left out of times and rates */
    double dispersion_60s; /* of arrivals, see sim/dispersion.h; -1: none */
    double requested_rpm, achieved_rpm; /* due; sent for the first time */
    double throughput_rps, goodput_rpm, tokens_per_min;
    struct sim_quantiles latency_ms, service_ms, wait_ms, ttft_ms;
    struct sim_utilisation pool;
    struct sim_utilisation *organisations; /* owned */
    const char **organisation_names;       /* owned array, borrowed
                                                   strings */
    size_t organisation_count;
    double bound_rpm;              /* the most that any policy could admit */
    double efficiency;             /* -1: no bound */
    double fairness_organisations; /* Jain; -1: none */
    double fairness_tenants;       /* of the tokens of what succeeded; -1: one
                                      tenant, or nothing */
    double spend_usd;              /* -1: a price is not known */
    int binding;                   /* enum lim_limit, or -1: none binds */
    bool partial;                  /* interrupted */
    bool batched;                  /* a run of its own: it has */
    struct sim_batches goodput_batches, latency_batches; /* rpm, ms */
};

void sim_summary_fini(struct sim_summary *s);

/* How far organisations have used their scarcest windows, in percent. */
#define SIM_GAUGES_MAX 16
struct sim_gauges {
    uint8_t percent[SIM_GAUGES_MAX]; /* of the first organisations */
    uint8_t count;                   /* 0: nobody tells */
};

/* One second (or more) of the run, for the timeline figure. */
struct sim_moment {
    double t_s; /* end of the interval, from the start */
    uint64_t arrived, admitted, http_429, succeeded;
    uint64_t waiting, in_flight; /* at its end */
    struct sim_gauges gauges;    /* at its end */
};

/* What stands for the status of an attempt whose answer was not waited for,
   because another one's had come: as nginx logs it. */
#define SIM_ABANDONED 499

/* One attempt, for --requests FILE.csv. */
struct sim_attempt {
    uint64_t request;
    unsigned attempt;
    uint32_t organisation;
    const char *model;
    /* From the start: it was due, the pool let it go, it left, the first byte
       of an answer's content came (-1: none did), its last. */
    int64_t arrival_ns, admitted_ns, sent_ns, first_byte_ns, done_ns;
    int status;
    int limit;        /* enum lim_limit that refused, or -1 */
    int64_t estimate; /* tokens */
};

#endif
