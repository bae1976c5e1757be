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
 * out, when nothing may take longer than p->slack_s; HUGE_VAL: none is enough.
 * `*limit` asks for it (enum lim_limit; -1: none does).
 */
double bench_plan_least(const struct bench_plan *p, enum lim_tier tier,
                        int *limit, enum bench_plan_why *why);

/* An option of which nothing is known yet. */
struct bench_plan_option bench_plan_option(enum lim_tier tier, int64_t count);

/*
 * What a load that is every day like the scenario takes of the limits that a
 * run does not show, those of a day and the month's spend: shares into `used`,
 * whose other places are left alone.
 */
void bench_plan_long_run(const struct bench_plan *p,
                         struct bench_plan_option *o);

/* The largest multiple of the load that these limits let through; INFINITY.
   `*limit` is the one that does not let more through, or -1. */
double bench_plan_most_load(const struct bench_plan_option *o, int *limit);

/* Finds what could be had and lets most of the load through, by arithmetic;
   returns that share, which may be above 1.  `n->load` is left 0. */
double bench_plan_nearest_by_sum(const struct bench_plan *p,
                                 struct bench_plan_nearest *n);

/* Whether no request that came would have waited for a minute's limit, were
   there `load` times as many: two of the fullest minutes fit into the windows
   at once. */
bool bench_plan_is_roomy(const struct bench_plan *p,
                         const struct bench_plan_option *o, double load);

/* What is still to be paid for an option, and when the last of its
   organisations is there; or why it can not be had. */
void bench_plan_price(const struct bench_plan *p, struct bench_plan_option *o);

/* Tells whether it was tried and meets everything. */
bool bench_plan_is_good(const struct bench_plan_option *o);

/* For qsort: the good ones first, of them the cheapest, of equal ones that
   with fewer organisations, then the sooner; what is there already is told at
   the tier that it has. */
int bench_plan_by_cost(const void *a, const void *b);

/* What so many organisations of a tier let through of the load, at most, by
   arithmetic, and the limit that lets no more through (-1: there is none, or
   no access); at most 1. */
double bench_plan_share(const struct bench_plan *p, enum lim_tier tier,
                        int64_t count, int *limit);

/* Organisations of a plan that come to its tier by the same payments. */
struct bench_plan_group {
    int64_t first, count;
    bool fresh; /* they are not there yet */
    struct bench_plan_path path;
};

/* The group that begins with organisation `at` of an option; false: there is
   none. */
bool bench_plan_next_group(const struct bench_plan *p,
                           const struct bench_plan_option *o, int64_t at,
                           struct bench_plan_group *g);

/* The months until growth has used the headroom up; -1: nobody knows. */
double bench_plan_outgrown(const struct bench_plan *p,
                           const struct bench_plan_option *o);

/*
 * Sentences, or parts of them, as the terminal and the report tell them: no
 * line ends in them.  Those that speak of the cheapest plan need one.
 */
void bench_plan_tell_answer(const struct bench_plan *p, FILE *f);
void bench_plan_tell_room(const struct bench_plan *p, FILE *f);
void bench_plan_tell_client(const struct bench_plan *p, FILE *f);
void bench_plan_tell_objectives(const struct bench_plan *p, FILE *f);
void bench_plan_tell_naive(const struct bench_plan *p, FILE *f);
void bench_plan_tell_quota(const struct bench_plan *p,
                           const struct bench_demand_model *m, FILE *f);
void bench_plan_tell_day(int day, FILE *f);
void bench_plan_tell_used(const struct bench_plan_option *o, FILE *f);
void bench_plan_tell_wait(const struct bench_estimate *e, const char *between,
                          FILE *f);
void bench_plan_tell_headroom(const struct bench_plan_option *o, FILE *f);
void bench_plan_tell_why(const struct bench_plan *p,
                         const struct bench_plan_option *o, FILE *f);
void bench_plan_tell_group(const struct bench_plan_group *g, FILE *f);
void bench_plan_tell_step(const struct bench_plan_group *g, size_t i, FILE *f);
void bench_plan_tell_meanwhile(const struct bench_plan *p,
                               const struct bench_plan_group *g, size_t i,
                               FILE *f);
void bench_plan_tell_what_if(const struct bench_plan_what_if *w, FILE *f);
const char *bench_plan_verdict_words(enum bench_trial_verdict v);

/* What people do without a simulator: the mean rates times a factor. */
void bench_plan_spreadsheet(struct bench_plan *p);

#endif
