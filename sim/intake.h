#ifndef SIM_INTAKE_H
#define SIM_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/error.h"
#include "limiter/time.h"
#include "sim/arrivals.h"
#include "sim/scenario.h"
#include "sim/sizes.h"

/*
 * Whose request comes next, of all workloads of a scenario, and what it is:
 * the requests are numbered as they come, and that number keys all that is
 * drawn for one.  Internal to sim/client.
 */
struct sim_newcomer {
    uint64_t request;
    lim_time arrival;
    int64_t prompt_tokens, completion_tokens;
    uint64_t affinity; /* of requests with one prompt; 0: none */
    uint32_t user;     /* of a closed loop */
    uint16_t source;   /* the workload whose arrival it is, */
    uint16_t workload; /* and the one that it falls to */
};

struct sim_intake { /* fields are private */
    const struct sim_scenario *scenario;
    struct sim_source *sources; /* one a workload */
    struct sim_sizes *sizes;    /* likewise */
    uint64_t draw_prompt, draw_share;
    double shares;     /* of all workloads */
    uint64_t requests; /* that came */
    lim_time end;      /* nobody comes from then */
    int source;        /* whose comes next; -1: nobody */
    lim_time next;
    bool loops; /* a workload is a closed loop */
};

/* LIM_OK or LIM_ENOMEM; sim_intake_fini in any case, and of zeros. */
int sim_intake_init(struct sim_intake *i, const struct sim_scenario *s,
                    uint64_t seed, lim_time start, lim_time end);
void sim_intake_fini(struct sim_intake *i);

/* When the next request comes; LIM_NEVER: none, or after an answer. */
static inline lim_time sim_intake_next(const struct sim_intake *i)
{
    return i->next;
}

/* Takes it: there is one. */
void sim_intake_take(struct sim_intake *i, struct sim_newcomer *out);

/* What sim_intake_ended does where there are closed loops. */
void sim_intake_go_round(struct sim_intake *i, unsigned source, uint32_t user,
                         lim_time now);

/* A request came to its end: in a closed loop, its user thinks. */
static inline void sim_intake_ended(struct sim_intake *i, unsigned source,
                                    uint32_t user, lim_time now)
{
    if (i->loops)
        sim_intake_go_round(i, source, user, now);
}

#endif
