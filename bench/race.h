#ifndef BENCH_RACE_H
#define BENCH_RACE_H

#include "bench/find.h"

/*
 * The race of a search (bench/find.h): between all variants of the scenario,
 * whose `vary` has the values of each path of f->path, and perhaps others.
 * Internal to find.c, which has made `out` empty; returns as bench_find_run.
 */
int bench_race_run(const struct bench_find *f, cJSON *tree,
                   struct bench_found *out, bool *interrupted,
                   struct lim_diag *diag);

/* Tells who won, and who cannot be told from it. */
void bench_race_show(const struct bench_found *f, FILE *out);

#endif
