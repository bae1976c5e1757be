#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"
#include "limiter/limits.h"
#include "limiter/time.h"
#include "sim/dispersion.h"
#include "sim/histogram.h"
#include "sim/summary.h"

/*
 * Counts a run as it happens.  Internal to sim/client, which is the one that
 * knows; what comes out is a struct sim_summary.
 */
struct sim_series { /* times in ns, grown as they come */
    int64_t *value; /* those that are kept */
    size_t kept, room;
    struct sim_histogram *histogram; /* of the others; NULL: there are none */
};

/* So many values are kept, and their quantiles exact; of more, a histogram. */
#define SIM_EXACT_MAX 1000000

struct sim_tally {
    lim_time start, from; /* from: of the end of the warm-up */
    uint64_t arrived, succeeded, failed, refused, expired;
    uint64_t attempts, http_429, http_5xx, hedges;
    uint64_t admitted, lost; /* admitted; of them failed */
    uint64_t missed, begun;  /* due but not taken; sent for the first time */
    struct sim_early {       /* before `from`: what rates leave out */
        uint64_t due, begun, attempts, succeeded;
        int64_t tokens;
    } early;
    int64_t *tenant_tokens; /* of what succeeded, by tenant */
    unsigned tenants;
    int64_t microusd;
    bool price_unknown;
    lim_time last_end; /* of an attempt */
    lim_time first_arrival;
    struct sim_dispersion dispersion;
    struct sim_series latency, service, wait, ttft;
    struct sim_moment *moments;
    size_t moment_count;
    int64_t moment_ns;      /* length of an interval */
    lim_time moment_end;    /* of the open one */
    struct sim_moment open; /* the one under way */
    bool out_of_memory;
};

#define SIM_MOMENTS_MAX 600

/*
 * Starts a tally for `tenants` >= 1; `duration_ns` (LIM_NEVER: open) sizes
 * the timeline.  Requests that arrive in the first `warmup_ns` are not in the
 * sets of times, and what happens then not in rates; all else counts it.
 */
void sim_tally_init(struct sim_tally *t, unsigned tenants, lim_time start,
                    int64_t duration_ns, int64_t warmup_ns);
void sim_tally_fini(struct sim_tally *t);

/* Closes the intervals of the timeline that end before or at `now`. */
void sim_tally_advance(struct sim_tally *t, lim_time now, uint64_t waiting,
                       uint64_t in_flight, const struct sim_gauges *gauges);

/* A request arrived at `at`. */
void sim_tally_arrival(struct sim_tally *t, lim_time at);

/* A request was due at `at`, but nobody was there in time to take it. */
void sim_tally_missed(struct sim_tally *t, lim_time at);

/* An attempt is sent, the first of its request or another. */
void sim_tally_sent(struct sim_tally *t, bool first, lim_time now);

/* A request that arrived at `arrival` succeeded, its last try sent at
   `sent`, its first token at `first_token` (< 0: not a stream). */
void sim_tally_success(struct sim_tally *t, unsigned tenant, lim_time arrival,
                       lim_time sent, lim_time first_token, lim_time now,
                       int64_t tokens);

/* What sim_series_add does when there is no room for another. */
int sim_series_make_room(struct sim_series *s);

/* Adds to a series; LIM_OK or LIM_ENOMEM. */
static inline int sim_series_add(struct sim_series *s, int64_t ns)
{
    int error = s->kept < s->room ? LIM_OK : sim_series_make_room(s);
    if (error == LIM_OK)
        s->value[s->kept++] = ns;
    return error;
}

size_t sim_series_count(const struct sim_series *s);
void sim_series_fini(struct sim_series *s);

/* Reads the quantiles of a series, in ms; its values may change places. */
struct sim_quantiles sim_tally_quantiles(struct sim_series *s);

/*
 * Batch means (sim/steady.h) of goodput and latency so far, for one run that
 * cannot be repeated; before sim_tally_summary.  LIM_OK or LIM_ENOMEM.
 */
int sim_tally_batches(const struct sim_tally *t, struct sim_batches *goodput,
                      struct sim_batches *latency);

/* Fills the parts of `out` that the tally knows; `now` is the run's end. */
void sim_tally_summary(struct sim_tally *t, lim_time now, int64_t duration_ns,
                       struct sim_summary *out);

#endif
