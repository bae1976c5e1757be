#ifndef BENCH_PLAN_FIGURES_H
#define BENCH_PLAN_FIGURES_H

#include "bench/figure.h"
#include "bench/plan_parts.h"

/*
 * The figures of a plan, as those of an experiment (bench/figure.h):
 *
 *     demand    requests and tokens a minute over the run, with the limits of
 *               the plan; a figure for each limit group (demand-2, ...)
 *     cost      a row for each plan that was looked at, by what it costs, with
 *               the p95 of its waits
 *     payments  which tier from which day on, and what is paid then
 */
int bench_plan_figures_draw(struct bench_figures *f, const struct bench_plan *p,
                            const char *folder, struct lim_diag *diag);

/* What an hour asks of a group of models, and what it may have. */
#define BENCH_PLAN_LOAD_LIMITS 3 /* requests, tokens, images a minute */

struct bench_plan_load_bin {
    double mean[BENCH_PLAN_LOAD_LIMITS]; /* a minute */
    double most[BENCH_PLAN_LOAD_LIMITS]; /* in one of its minutes */
};

struct bench_plan_load {
    const char *group;
    struct bench_plan_load_bin *bins; /* owned */
    size_t count;
    int64_t minutes;                               /* of a bin */
    enum lim_limit limits[BENCH_PLAN_LOAD_LIMITS]; /* that there are */
    size_t limit_count;
    double capacity[BENCH_PLAN_LOAD_LIMITS]; /* of `limits` */
    char name[BENCH_PLAN_NAME_SIZE]; /* of the organisations that may have it */
};

/* Of the group of model number `model`.  LIM_OK, or LIM_ENOMEM. */
int bench_plan_load_init(struct bench_plan_load *l, const struct bench_plan *p,
                         size_t model);
void bench_plan_load_fini(struct bench_plan_load *l);

/* The limit (index into `limits`) whose fullest minute takes most of it. */
size_t bench_plan_load_fullest(const struct bench_plan_load *l, double *share);

void bench_plan_load_csv(const void *load, FILE *f);
void bench_plan_load_panel(const void *load, size_t panel, const char *csv,
                           FILE *f);

/* How many pixels the second panel stands below the first, on a phone. */
#define BENCH_PLAN_COST_BELOW 490

/* The data is a struct bench_plan. */
void bench_plan_cost_csv(const void *plan, FILE *f);
void bench_plan_cost_panel(const void *plan, size_t panel, const char *csv,
                           FILE *f);
void bench_plan_payments_csv(const void *plan, FILE *f);
void bench_plan_payments_panel(const void *plan, size_t panel, const char *csv,
                               FILE *f);

#endif
