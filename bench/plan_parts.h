#ifndef BENCH_PLAN_PARTS_H
#define BENCH_PLAN_PARTS_H

#include "bench/plan.h"

/* What the plan's files share, and nobody else. */

/* The checks of a question, or the defaults; and that nothing is refused as
   too large for the limits.  LIM_OK, or an error and `diag`. */
int bench_plan_checks(const struct bench_plan_question *q,
                      struct bench_check checks[BENCH_PLAN_CHECKS],
                      size_t *count, struct lim_diag *diag);

/* `more` organisations at a tier join: the next of those that are there, which
   are not put below the tier that they have, and then new ones. */
void bench_plan_mix_add(const struct bench_plan_question *q,
                        struct bench_plan_mix *m, enum lim_tier tier,
                        int64_t more);

/* The tier of number `i`, the highest first; i < m->count. */
enum lim_tier bench_plan_mix_tier(const struct bench_plan_mix *m, int64_t i);

bool bench_plan_mix_is(const struct bench_plan_mix *a,
                       const struct bench_plan_mix *b);

/* Whether each of `a` has one of `b` that is no lower, for itself. */
bool bench_plan_mix_within(const struct bench_plan_mix *a,
                           const struct bench_plan_mix *b);

/* "2 of tier4", "1 of tier4 + 3 of tier1"; returns `out`. */
#define BENCH_PLAN_NAME_SIZE 100
char *bench_plan_mix_name(const struct bench_plan_mix *m,
                          char out[BENCH_PLAN_NAME_SIZE]);

/* The scenario with these organisations; the caller frees it.  NULL: no
   memory. */
cJSON *bench_plan_scenario(const struct bench_plan_question *q,
                           const struct bench_plan_mix *m);

/*
 * The share of the load that each limit lets through, at most: of one without
 * end in the long run, of a batch when nothing may take longer than
 * p->slack_s; INFINITY: it does not bind.  Or BENCH_PLAN_NO_ACCESS.
 */
enum bench_plan_why bench_plan_shares(const struct bench_plan *p,
                                      const struct bench_plan_mix *m,
                                      double share[LIM_LIMITS]);

/* The smallest of the shares, and whose it is (enum lim_limit; -1: none
   binds, or no access: then it is 0). */
double bench_plan_share(const struct bench_plan *p,
                        const struct bench_plan_mix *m, int *limit);

/* Rules an option out, if arithmetic does; true: it did. */
bool bench_plan_rule_out(const struct bench_plan *p,
                         struct bench_plan_option *o);

/* Whether all of it arrives at once: that is taken to come once a day. */
bool bench_plan_is_batch(const struct bench_plan *p);

/* An option of which nothing is known but what it costs, and from when on; or
   why it can not be had. */
struct bench_plan_option bench_plan_option(const struct bench_plan *p,
                                           const struct bench_plan_mix *m);

/*
 * What a load that is every day like the scenario takes of the limits that a
 * run does not show: those longer than a minute, the month's spend, and if it
 * is endless all.  Shares into `used`, whose other places are left alone, and
 * which these are.
 */
void bench_plan_long_run(const struct bench_plan *p,
                         struct bench_plan_option *o);

static inline bool bench_plan_is_long(const struct bench_plan_option *o, int l)
{
    return (o->is_long >> l & 1) != 0;
}

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

/* Tells whether it was tried and meets everything. */
bool bench_plan_is_good(const struct bench_plan_option *o);

/* For qsort: the good ones first, of them the cheapest, of equal ones that
   which changes fewer organisations, then that which has fewer, then the
   sooner. */
int bench_plan_by_cost(const void *a, const void *b);

/* Tells whether `a` costs less, or as much and leaves more as it is. */
bool bench_plan_is_cheaper(const struct bench_plan_option *a,
                           const struct bench_plan_option *b);

/* Organisations of a plan that come to a tier by the same payments. */
struct bench_plan_group {
    int64_t first, count;
    enum lim_tier tier;
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
