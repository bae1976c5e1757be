#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdio.h>

#include "bench/demand.h"
#include "bench/progress.h"
#include "bench/trial.h"
#include "limiter/tier.h"

/*
 * Which tier, and how many organisations of it, traffic needs: arithmetic
 * says of most that they can not do, simulation says which of the others do.
 * An option is a number of organisations of one tier; of each tier the least
 * number that meets every check is looked for, and the options are told by
 * what they cost in the first month.
 *
 * What is assumed: the traffic of the scenario is that of every day of the
 * month (a batch comes once a day); money is paid in advance and used up by
 * the tokens that are bought; and days count from the first payment, which is
 * made today where there was none.
 */
#define BENCH_PLAN_CHECKS 8 /* one of them is ours, or three */
#define BENCH_PLAN_TRIED 256

/* An organisation that is there already. */
struct bench_plan_have {
    enum lim_tier tier;
    int64_t paid_microusd;
    int days; /* since its first payment; 0: today */
};

struct bench_plan_question {
    cJSON *tree; /* owned: the scenario, without its organisations */
    const char *table_name;
    struct lim_table *table; /* owned */
    struct bench_check checks[BENCH_PLAN_CHECKS];
    size_t check_count;
    struct bench_plan_have *have; /* owned; the most paid first */
    size_t have_count;
    int64_t organisations_max;
    enum lim_tier tier_max;
    int64_t budget_microusd; /* of the first month; -1: none */
    double growth;           /* of the load, a month: 0.1 */
};

/* Why no simulation was needed. */
enum bench_plan_why {
    BENCH_PLAN_TRIED_IT,
    BENCH_PLAN_NO_ACCESS, /* the tier has not the model */
    BENCH_PLAN_NO_WAY,    /* no payment leads to the tier */
    BENCH_PLAN_TOO_SMALL, /* a limit is below what is asked, whatever waits */
    BENCH_PLAN_BUDGET     /* it costs more than there is */
};

struct bench_plan_option {
    enum lim_tier tier;
    int64_t count;
    enum bench_plan_why why;
    int limit; /* enum lim_limit that is too small, or binds; -1 */
    enum bench_verdict verdict;
    struct bench_estimate wait_p95, refused; /* ms; % of the attempts */
    double used[LIM_LIMITS];                 /* shares; -1: no such limit */
    int64_t deposit_microusd;                /* to be paid */
    int64_t month_microusd;                  /* first month, tokens included */
    int day;         /* from which it can be had; 0: today */
    double headroom; /* 0.5: half more load is met too; -1: not looked for */
};

struct bench_plan_what_if {
    const char *name; /* static memory */
    bool possible;
    enum bench_verdict verdict;
    struct bench_estimate wait_p95, refused;
};

#define BENCH_PLAN_WHAT_IFS 3
#define BENCH_PLAN_SHOWN 3

struct bench_plan {
    const struct bench_plan_question *question;
    struct bench_scenario scenario; /* owned */
    struct bench_demand demand;     /* owned */
    double month_usd;               /* of tokens; -1: not known */
    /* All that was looked at; those that meet everything come first, the
       cheapest before the others. */
    struct bench_plan_option options[BENCH_PLAN_TRIED];
    size_t option_count, good_count;
    struct bench_plan_option naive; /* count 0: there is none */
    struct bench_plan_what_if what_ifs[BENCH_PLAN_WHAT_IFS]; /* of the first */
    double nearest; /* without a good one: the load that could be met; 0 */
};

struct bench_plan_way {
    struct bench_trial_way trial;
    struct bench_progress *progress;
};

/*
 * Reads a scenario and what stands under its "plan" (see tierlab(1)).  LIM_OK,
 * or an error and `diag`; the caller calls bench_plan_question_fini in any
 * case.
 */
int bench_plan_ask(struct bench_plan_question *q, const cJSON *tree,
                   const char *folder, struct lim_diag *diag);
void bench_plan_question_fini(struct bench_plan_question *q);

/* Adds an objective as `--check` takes it; `text` outlives the question.
   LIM_OK or LIM_EINVAL. */
int bench_plan_add_check(struct bench_plan_question *q, const char *text,
                         struct lim_diag *diag);

/*
 * Answers.  LIM_OK and whether an interrupt ended it, or an error and `diag`.
 * The question outlives the plan; the caller calls bench_plan_fini in any
 * case.
 */
int bench_plan_make(struct bench_plan *p, const struct bench_plan_question *q,
                    const struct bench_plan_way *way, bool *interrupted,
                    struct lim_diag *diag);
void bench_plan_fini(struct bench_plan *p);

/* For people, and as one JSON object on a line (LIM_OK or LIM_ENOMEM). */
void bench_plan_show(const struct bench_plan *p, FILE *f);
int bench_plan_json(const struct bench_plan *p, FILE *f);

#endif
