#ifndef SIM_ARRIVALS_H
#define SIM_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/error.h"
#include "limiter/time.h"
#include "sim/draws.h"
#include "sim/scenario.h"
#include "sim/think.h"

/*
 * When the requests of one workload arrive, pulled one at a time.  Gap k
 * depends on the seed, the workload's place and k alone.
 *
 * Random arrivals are a renewal process that has been going on, of gaps with
 * mean 1, on a clock that runs at the rate of the moment: constant, of the
 * hour (diurnal), or of a state that changes at random (mmpp).  So the rate
 * holds on average from the start on, however bursty the arrivals are, and
 * what is bursty within the hour keeps its coefficient of variation.
 */
struct sim_source { /* fields are private */
    const struct sim_arrivals *arrivals;
    struct sim_dist gap;   /* mean 1 */
    struct sim_draws gaps; /* of it; in ns, where the rate is steady */
    bool steady;           /* the rate is always the same, and not 0 */
    uint64_t stream, state_stream;
    uint64_t index; /* of the workload */
    uint64_t count; /* arrivals taken */
    lim_time start;
    lim_time next;

    /* The stretch of constant rate in which `next` lies. */
    double rate_per_s;
    lim_time until;
    uint64_t stretches; /* so far; of mmpp */
    unsigned state;

    struct sim_think think; /* of closed loops */
};

/* LIM_OK or LIM_ENOMEM; sim_source_fini in any case, and of zeros. */
int sim_source_init(struct sim_source *s, const struct sim_arrivals *a,
                    uint64_t seed, uint64_t index, lim_time start);
void sim_source_fini(struct sim_source *s);

/* When the next request arrives; LIM_NEVER: no more, or after an answer. */
lim_time sim_source_next(const struct sim_source *s);

/* What a request brings along from its arrival. */
struct sim_arrival {
    const struct sim_trace_row *row; /* the trace's; NULL: there is none */
    uint32_t user;                   /* of a closed loop; else 0 */
};

/* Takes it. */
struct sim_arrival sim_source_take(struct sim_source *s);

/* The request of a closed loop's user came to its end; of others: nothing. */
void sim_source_ended(struct sim_source *s, uint32_t user, lim_time now);

/*
 * At most how many requests arrive within `duration_ns` (LIM_NEVER: ever), or
 * of a closed loop are there at a time; for random arrivals, all but surely
 * (beyond are less than one run in 10^13).  -1: without end.
 */
int64_t sim_arrivals_most(const struct sim_arrivals *a, int64_t duration_ns);

/* The mean rate of random arrivals, in requests a second. */
double sim_arrivals_mean(const struct sim_arrivals *a);

#endif
