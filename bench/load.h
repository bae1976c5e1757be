#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>

#include <cjson/cJSON.h>

/*
 * Changes what arrives in a scenario, as JSON: "what if there were 20 % more
 * of it?"
 */

/* Multiplies every arrival rate (users, requests of a batch, scale of a trace)
   by `factor` > 0.  False: no memory, or no arrivals that can be read. */
bool bench_load_scale(cJSON *scenario, double factor);

/*
 * Doubles the coefficient of variation of the gaps; Poisson arrivals become
 * gamma ones of 2, and of a trace the numbers a minute lie twice as far from
 * the hour's (sim/burst.h).  Counted by the minute, the variance is four
 * times what it was.  False: a batch or a closed loop has nothing that could
 * be changed so, and nothing is.
 */
bool bench_load_burst(cJSON *scenario);

#endif
