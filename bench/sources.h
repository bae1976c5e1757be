#ifndef BENCH_SOURCES_H
#define BENCH_SOURCES_H

#include <stdio.h>

#include "bench/grid.h"
#include "bench/result.h"

/*
 * Writes the limits of the provider's tiers as HTML, each with its date and
 * source: of every model and tier that the scenario or its variants name.
 */
void bench_sources_write(FILE *f, const struct bench_result *r,
                         const struct bench_grid *g);

#endif
