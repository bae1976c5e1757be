#ifndef BENCH_GROWN_H
#define BENCH_GROWN_H

#include "limiter/learn.h"
#include "limiter/tier.h"

/*
 * A tier upgrade while a batch is sent: an answer shows a limit that is larger
 * than the one that was told.  Of each dimension it shows one window:
 *
 *     told              shown         now
 *     500 rpm, 30k tpm  5000, 450k    5000 rpm, 450k tpm
 *     3 rpm, 200 rpd    500           500 rpm, and what the table's tier with
 *                                     500 a minute has of a day
 *
 * What the answer does not show is that of the table's tier which has what it
 * shows, where that is larger; else it stays.
 */
struct bench_grown {
    const struct lim_table *table;
    const char *model;
    struct lim_limits told; /* as they are believed */
};

/* Reads an answer; true: `out` has the limits that it tells. */
bool bench_grown_read(const struct bench_grown *g,
                      const struct lim_lesson *lesson, struct lim_limits *out);

#endif
