#ifndef BENCH_SOURCES_H
#define BENCH_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/grid.h"
#include "bench/result.h"
#include "limiter/tier.h"

/*
 * Writes the limits of the provider's tiers as HTML, each with its date and
 * source: of every model and tier that the scenario or its variants name.
 */
void bench_sources_write(FILE *f, const struct bench_result *r,
                         const struct bench_grid *g);

/* The same of a table: the models and tiers that are wanted. */
#define BENCH_SOURCES_MODELS_MAX 32
struct bench_sources {
    const char *models[BENCH_SOURCES_MODELS_MAX]; /* borrowed */
    size_t model_count;
    bool tiers[LIM_TIERS];
};
void bench_sources_table(FILE *f, const struct lim_table *t,
                         const struct bench_sources *wanted);

#endif
