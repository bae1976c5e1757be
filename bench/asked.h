#ifndef BENCH_ASKED_H
#define BENCH_ASKED_H

#include "bench/grid.h"
#include "bench/result.h"

/*
 * What an experiment asks, as a sentence made of its scenario: what varies,
 * who is asked for what, how often, for how long, and where.  NULL: no
 * memory.  The caller frees it.
 */
char *bench_asked(const struct bench_result *r, const struct bench_grid *g);

/* "in the simulator", "against the mock server over HTTP", "against URL". */
const char *bench_asked_where(const struct bench_result *r);

#endif
