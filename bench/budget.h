#ifndef BENCH_BUDGET_H
#define BENCH_BUDGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/experiment.h"
#include "bench/place.h"
#include "limiter/error.h"

/*
 * What an experiment against a URL is going to send and to cost, said before
 * the first request; and what it may at most, kept while it runs: one that
 * reaches its end stops there, and its result is partial.
 */
struct bench_budget {
    int64_t requests; /* attempts that are left; < 0: without a bound */
    int64_t microusd; /* money that is left; INT64_MAX: without a bound */
};

/* No bounds, or those of --max-requests and --max-spend (NULL: none).  LIM_OK,
   or LIM_EINVAL and `diag`. */
int bench_budget_read(struct bench_budget *b, const char *requests,
                      const char *spend, struct lim_diag *diag);

/* Takes a request; false: none is left, or no money. */
bool bench_budget_take(struct bench_budget *b);

/* Tells whether there is nothing left to send with. */
bool bench_budget_is_spent(const struct bench_budget *b);

/* An answer cost so much; below 0: it is not known, and counts nothing. */
void bench_budget_spend(struct bench_budget *b, int64_t microusd);

/*
 * Writes what all runs of the experiment would send, tokens and cost (first
 * tries; refused ones come again).  LIM_OK, or an error and `diag`.
 */
int bench_budget_tell(const struct bench_experiment *e,
                      const struct bench_place *place, FILE *out,
                      struct lim_diag *diag);

/* Tells whether nobody has to be asked: the URL is of this machine. */
bool bench_budget_is_free(const char *url);

/* Asks on a terminal whether to go on; false: no, or there is none. */
bool bench_budget_ask(void);

#endif
