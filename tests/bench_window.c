/*
 * What a window costs that holds more and more: ns to ask it and take from
 * it, by discipline, as rows for tests/bench.sh.  Each is the least of several
 * trials in turns, in CPU time, so that the neighbours hardly show.
 */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <time.h>

#include "limiter/error.h"
#include "limiter/meter.h"

#define TRIALS 7
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const int64_t sizes[] = { 500, 5000, 10000, 30000 };

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * LIM_SEC + (double)t.tv_nsec;
}

/* So many requests, evenly over time, that a minute has `held` of them. */
static void pass(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t held, int64_t requests, lim_time *now)
{
    for (int64_t i = 0; i < requests; i++) {
        *now += LIM_MIN / held;
        if (lim_meter_ready(r, m, 1, *now) == *now &&
            lim_meter_reserve(r, m, *now) == LIM_OK)
            lim_meter_take(r, m, 1, *now);
    }
}

static double trial(enum lim_discipline discipline, int64_t held)
{
    const struct lim_meter_config c = { .discipline = discipline,
                                        .limit = 2 * held,
                                        .window_ns = LIM_MIN,
                                        .burst = 2 * held,
                                        .quantum_ns = LIM_SEC };
    const int64_t requests = 300000;
    struct lim_meter_rule r = lim_meter_rule_make(&c);
    struct lim_meter m;
    lim_time now = 0;
    lim_meter_init(&r, &m, now);
    pass(&r, &m, held, 2 * held, &now);
    double began = cpu_ns();
    pass(&r, &m, held, requests, &now);
    double ns = cpu_ns() - began;
    lim_meter_fini(&r, &m);
    return ns / (double)requests;
}

int main(void)
{
    for (int d = 0; d < LIM_DISCIPLINES; d++) {
        double least[COUNT(sizes)] = { 0 };
        for (size_t i = 0; i < TRIALS * COUNT(sizes); i++) {
            size_t k = i % COUNT(sizes);
            double ns = trial((enum lim_discipline)d, sizes[k]);
            if (i == k || ns < least[k])
                least[k] = ns;
        }
        for (size_t k = 0; k < COUNT(sizes); k++)
            printf("window, %s, %d in it: ask and take\t%.1f\tns\n",
                   lim_discipline_name((enum lim_discipline)d), (int)sizes[k],
                   least[k]);
    }
    return 0;
}
