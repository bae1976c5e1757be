#ifndef BENCH_SKETCH_H
#define BENCH_SKETCH_H

#include <stdio.h>

#include "bench/result.h"
#include "limiter/error.h"

/*
 * A quick look in text: goodput of each variant as a bar, the bound as a
 * mark, 80 columns wide.  Returns LIM_OK, or LIM_ENOMEM and `diag`.
 */
int bench_sketch(const struct bench_result *r, FILE *f, struct lim_diag *diag);

#endif
