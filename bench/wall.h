#ifndef BENCH_WALL_H
#define BENCH_WALL_H

#include <cjson/cJSON.h>

/*
 * The record of what belongs to the wall's clock and to this machine, kept
 * apart so that all else of a result is the same wherever it is made.
 */

/* {"kind":"wall","started":...,"machine":{...},"threads":...,"runs":[]}.
   NULL: no memory.  The caller frees it. */
cJSON *bench_wall_new(unsigned threads, double speed);

/* Adds a run's seconds. */
void bench_wall_add(cJSON *wall, double wall_s);

/* Adds the seconds of all. */
void bench_wall_end(cJSON *wall, double wall_s);

/* Processors that are there, at least 1. */
unsigned bench_wall_processors(void);

#endif
