#ifndef SIM_STEADY_H
#define SIM_STEADY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What one long run tells of the steady state, where observations depend on
 * those before them.
 */

#define SIM_STEADY_BATCH 5
#define SIM_STEADY_LEAST 100 /* observations */

/*
 * MSER-5: how many of the first observations to leave out, so that the mean
 * of the others has the least standard error, by means of 5 (White, "An
 * effective truncation heuristic for bias reduction in simulation output",
 * Simulation 69, 1997).  Returns false when there are fewer than
 * SIM_STEADY_LEAST, or the best is in the latter half: the run is too short.
 * Pitfall: it looks at the mean alone, and a run that never settles may
 * look as if it did.
 */
bool sim_steady_mser5(const double *x, size_t n, size_t *left_out);

#define SIM_STEADY_BATCHES 20

struct sim_batches {
    bool any;           /* false: too few, or what follows would mislead */
    double mean, ci95;  /* of the batches' means; half of the interval */
    double correlation; /* of a batch with the next one */
};

/*
 * Batch means: the interval of the mean of one run, from those of 20 batches
 * of equal length (what does not fill one is left out, at the start).  With
 * fewer than 100 observations, or batches that depend on each other (their
 * correlation is beyond what one of twenty independent series has), there is
 * none.
 */
struct sim_batches sim_steady_batches(const double *x, size_t n);

#endif
