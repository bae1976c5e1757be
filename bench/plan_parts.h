#ifndef BENCH_PLAN_PARTS_H
#define BENCH_PLAN_PARTS_H

#include "bench/plan.h"

/* What the plan's files share, and nobody else. */

/* The checks of a question, or the defaults; and that nothing is refused as
   too large for the limits.  LIM_OK, or an error and `diag`. */
int bench_plan_checks(const struct bench_plan_question *q,
                      struct bench_check checks[BENCH_PLAN_CHECKS],
                      size_t *count, struct lim_diag *diag);

/* The scenario with so many organisations of a tier; the caller frees it.
   NULL: no memory. */
cJSON *bench_plan_scenario(const struct bench_plan_question *q,
                           enum lim_tier tier, int64_t count);

/*
 * The least number of organisations of a tier that arithmetic does not rule
 * out, when nothing may take longer than `slack_s`; HUGE_VAL: none is enough.
 * `*limit` asks for it (enum lim_limit; -1: none does).
 */
double bench_plan_least(const struct bench_plan *p, double slack_s,
                        enum lim_tier tier, int *limit,
                        enum bench_plan_why *why);

/* What is still to be paid for an option, and when the last of its
   organisations is there; or why it can not be had. */
void bench_plan_price(const struct bench_plan *p, struct bench_plan_option *o);

/* Tells whether it was tried and meets everything. */
bool bench_plan_is_good(const struct bench_plan_option *o);

/* For qsort: the good ones first, of them the cheapest, of equal ones that
   with fewer organisations, then the sooner. */
int bench_plan_by_cost(const void *a, const void *b);

/* What people do without a simulator: the mean rates times a factor. */
void bench_plan_spreadsheet(struct bench_plan *p);

#endif
