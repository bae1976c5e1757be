#ifndef BENCH_COMPARED_H
#define BENCH_COMPARED_H

#include <stdio.h>

#include "bench/compare.h"

/* A comparison, written for those who read it.  What only one of the results
   has is left out, but for JSON. */

/* For people: a table of each variant, and a sentence. */
void bench_compared_text(FILE *f, const struct bench_comparison *c);

/* For a pull request. */
void bench_compared_markdown(FILE *f, const struct bench_comparison *c);

/* For CI servers: a test case for each figure; what is worse fails. */
void bench_compared_junit(FILE *f, const struct bench_comparison *c);

/* For machines: all of it.  NULL: no memory.  The caller frees it. */
cJSON *bench_compared_json(const struct bench_comparison *c);

#endif
