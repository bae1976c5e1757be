#ifndef BENCH_PLAN_WORK_H
#define BENCH_PLAN_WORK_H

#include "bench/plan_parts.h"

/* A plan that is being made: what the search for it and what is looked at
   beside it share. */
struct bench_plan_work {
    struct bench_plan *plan;
    const struct bench_plan_question *question;
    const struct bench_plan_way *way;
    struct bench_plan_way own; /* with the checks that are always made */
    struct bench_check checks[BENCH_PLAN_CHECKS];
    bool interrupted;
    size_t trials;
};

/* Runs a scenario, which it frees; NULL: no memory.  A few runs tell what is
   to be told where it is `roomy`.  The caller calls bench_trial_fini in any
   case. */
int bench_plan_try(struct bench_plan_work *w, cJSON *tree, bool roomy,
                   struct bench_trial *t, enum bench_trial_verdict *verdict,
                   struct lim_diag *diag);

/* What the runs of an option tell of it, but the verdict. */
void bench_plan_fill(const struct bench_trial *t, const struct bench_plan *p,
                     struct bench_plan_option *o);

/* Finds the options: those of one tier, and cheaper ones of two.  LIM_OK, or
   an error and `diag`. */
int bench_plan_search(struct bench_plan_work *w, struct lim_diag *diag);

/*
 * When the options stand: the headroom of those that are told, and of the
 * first what other loads and clients would do, and a cap; or the nearest load
 * where nothing does.  By few runs, from then on.
 */
int bench_plan_look_beside(struct bench_plan_work *w, struct lim_diag *diag);

#endif
