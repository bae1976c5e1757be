#ifndef TEST_MEASURE_H
#define TEST_MEASURE_H

/*
 * What programs that measure the core share: clocks, trials, lines "name TAB
 * value TAB unit", and the organisations and requests that they measure with.
 * For <time.h>, _POSIX_C_SOURCE stands before all that they include.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "limiter/limits.h"
#include "limiter/time.h"

#define TRIALS 7
#define ORGANISATIONS_MAX 10000

static inline int64_t read_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * LIM_SEC + t.tv_nsec;
}

/* Of this thread alone: neighbours take no part of it. */
static inline int64_t clock_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static inline int64_t wall_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median(double trial[TRIALS])
{
    qsort(trial, TRIALS, sizeof trial[0], ascending);
    return trial[TRIALS / 2];
}

static inline void report(const char *name, double value, const char *unit)
{
    printf("%s\t%.1f\t%s\n", name, value, unit);
    fflush(stdout);
}

static const struct lim_cost chat = { { 1, 300, 0, 900 } };

static inline struct lim_limits limits(void)
{
    struct lim_limits l = lim_limits_none();
    l.max[LIM_RPM] = 5000;
    l.max[LIM_TPM] = 1500000;
    return l;
}

/* Time goes on so that `n` organisations are at 60 % of their limits. */
static inline lim_time gap_of(unsigned n)
{
    return LIM_MIN * 10 / (6 * 5000 * (int64_t)n);
}

/* The median of several trials of an expression, into `out`. */
#define MEASURE(out, expression)                                               \
    do {                                                                       \
        double trial[TRIALS];                                                  \
        for (int i = 0; i < TRIALS; i++)                                       \
            trial[i] = (expression);                                           \
        *(out) = median(trial);                                                \
    } while (0)

#endif
