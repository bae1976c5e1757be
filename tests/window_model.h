#ifndef TESTS_WINDOW_MODEL_H
#define TESTS_WINDOW_MODEL_H

#include <stdint.h>

#include "limiter/meter.h"

/*
 * A window of any discipline as its header has it, in the plainest way: a
 * bucket in whole credits, all others as a list of what was taken when.
 * Nothing of it is shared with limiter/meter.h.
 */

#define WINDOW_TAKEN 1500
#define WINDOW_GRAINS 500 /* of a sliding log in a pool */

/* A unit is `window` credits, and a nanosecond brings `limit` of them. */
struct bucket {
    lim_wide credits;
    lim_time at;
    int64_t limit, burst, window_ns;
};

struct window_model {
    enum lim_discipline discipline;
    int64_t limit; /* LIM_UNLIMITED: none */
    int64_t window_ns;
    struct bucket whole, slice; /* slice: limit LIM_UNLIMITED, or quantised */
    struct {
        lim_time at;
        int64_t units;
    } taken[WINDOW_TAKEN];
    unsigned count;
};

/* Nothing is taken at `now`; slices are of `quantum_ns`, 0: none. */
void window_model_start(struct window_model *w, enum lim_discipline discipline,
                        int64_t limit, int64_t burst, int64_t window_ns,
                        int64_t quantum_ns, lim_time now);

/* The largest cost that ever fits, where there is a limit. */
int64_t window_model_largest(const struct window_model *w);

/* When `units` fit, from `now` on; they do fit an unused window. */
lim_time window_model_ready(struct window_model *w, int64_t units,
                            lim_time now);

/* Takes what fits; what may not, at most one limit into debt; gives back. */
void window_model_take(struct window_model *w, int64_t units, lim_time now);
void window_model_owe(struct window_model *w, int64_t units, lim_time now);
void window_model_give(struct window_model *w, int64_t units,
                       lim_time taken_at);

#endif
