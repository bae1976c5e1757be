#ifndef TESTS_MADE_RESULT_H
#define TESTS_MADE_RESULT_H

#include <stddef.h>

#include "bench/result.h"

/*
 * Results made up for tests of what reads them: no run took place.  Variant v
 * (from 0) has in replication r
 *
 *     goodput      base + slope v + noise r (the same r in every variant)
 *     p95 latency  20 s / (v + 1) + r ms; p50 a third of that
 *     429s         v of 100 attempts
 */
struct made {
    const char *scenario; /* JSON, with "vary" */
    const char *on;
    size_t replications;
    double base, slope, noise;
    double own;     /* times -2 to 2, of each run, on top of goodput */
    size_t without; /* runs of this variant are missing; SIZE_MAX: none */
};

struct made made_default(void);

/* Makes it; the caller calls bench_result_fini. */
void made_result(struct bench_result *r, const struct made *m);

/* A folder of its own below TMPDIR; the caller calls made_folder_fini. */
char *made_folder(void);
void made_folder_fini(char *folder);

/* The whole file FOLDER/NAME, or NULL; the caller frees it. */
char *made_read(const char *folder, const char *name);

#endif
