#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdio.h>

#include "bench/demand.h"
#include "bench/progress.h"
#include "bench/trial.h"
#include "limiter/tier.h"

/*
 * Which tiers, and how many organisations of them, traffic needs: arithmetic
 * says of most that they can not do, simulation says which of the others do.
 *
 * Of each tier the least number that meets every check is looked for; then,
 * among what costs less than the cheapest of these, a number of one tier and
 * one of a lower:  where 2 of tier2 do for $100, 1 of tier2 and 3 of tier1 may
 * for $65.  The organisations that are there come first, the highest ones
 * foremost, and are never put below the tier that they have: "2 of tier1" of
 * who has one at tier 4 are that one and another at tier 1.  Options are told
 * by what they cost in the first month.
 *
 * What is assumed: the traffic of the scenario is that of every day of the
 * month, day and night (a batch comes once a day), so that its mean has to fit
 * into the limits, whatever full windows let through at first; money is paid
 * in advance and used up by the tokens that are bought; and days count from
 * the first payment, which is made today where there was none.  What a run of
 * an hour can not show, the limits of a day and of a month, arithmetic says of
 * every load.
 */
#define BENCH_PLAN_CHECKS 8 /* one of them is ours, or three */
#define BENCH_PLAN_TRIED 256

/* An organisation that is there already. */
struct bench_plan_have {
    enum lim_tier tier;
    int64_t paid_microusd;
    int days; /* since its first payment; 0: today */
};

/* What is paid on a day, and at which tier the organisation is then. */
struct bench_plan_step {
    int day;          /* 0: today */
    int64_t microusd; /* 0: the days alone lead on */
    enum lim_tier tier;
};

/*
 * How one organisation comes to a tier.  Each tier on the way is reached as
 * soon as its rule allows, and each sum is paid as late as that allows: where
 * $50 and 7 days lead to tier 2, $5 today let the days begin, and $45 follow
 * on day 7.  So it holds too where an upgrade waits for a payment.
 */
#define BENCH_PLAN_STEPS LIM_TIERS
struct bench_plan_path {
    enum lim_tier from;
    struct bench_plan_step steps[BENCH_PLAN_STEPS];
    size_t count;
    int64_t microusd; /* of all steps */
    int day;          /* of the last */
};

/* So many organisations of each tier. */
struct bench_plan_mix {
    int64_t of[LIM_TIERS];
    int64_t count; /* of all */
};

struct bench_plan_question {
    cJSON *tree; /* owned: the scenario, without its organisations */
    const char *table_name;
    struct lim_table *table; /* owned */
    struct bench_check checks[BENCH_PLAN_CHECKS];
    size_t check_count;
    struct bench_plan_have *have; /* owned; the highest first, then the most
                                     paid */
    size_t have_count;
    int64_t organisations_max;
    enum lim_tier tier_max;
    int64_t budget_microusd; /* of the first month; -1: none */
    int day_max;             /* from which it must be had; -1: any */
    double growth;           /* of the load, a month: 0.1 */
};

/* Why no simulation was needed. */
enum bench_plan_why {
    BENCH_PLAN_TRIED_IT,
    BENCH_PLAN_NO_ACCESS, /* the tier has not the model */
    BENCH_PLAN_NO_WAY,    /* no payment leads to the tier */
    BENCH_PLAN_TOO_SMALL, /* a limit is below what is asked, whatever waits */
    BENCH_PLAN_BUDGET,    /* it costs more than there is */
    BENCH_PLAN_TOO_LATE   /* its days end after the one that was given */
};

struct bench_plan_option {
    struct bench_plan_mix mix;
    enum bench_plan_why why;
    bool spare; /* less of its tiers meets everything too, or a cheaper mix */
    int limit;  /* enum lim_limit that is too small, or binds; -1 */
    enum bench_trial_verdict verdict;
    struct bench_estimate wait_p95, refused; /* ms; % of the attempts */
    /* Shares, -1: no such limit; in the long run, not of what stands in them
       when a run begins.  Of a minute's in the runs, if it is not endless. */
    double used[LIM_LIMITS];
    unsigned is_long;         /* longer than a minute, as bits */
    bool is_endless;          /* the mean of the load has to fit */
    size_t runs;              /* that its verdict is of */
    int64_t changed;          /* organisations to be opened, or raised */
    int64_t deposit_microusd; /* to be paid */
    int64_t month_microusd;   /* first month, tokens included */
    int day;                  /* from which it can be had; 0: today */
    double in_flight;         /* on average; -1: it was not run */
    double headroom; /* 0.5: half more load is met too; -1: not looked for */
    int ends_at;     /* enum lim_limit that ends the headroom; -1: none does */
};

/* Beyond this nobody looks for more: four times the load. */
#define BENCH_PLAN_HEADROOM_MOST 3.0

struct bench_plan_what_if {
    char name[48];
    bool possible;
    enum bench_trial_verdict verdict;
    int limit;        /* of a day or a month, which is exceeded; -1: none */
    double month_usd; /* of tokens; -1: not known */
    struct bench_estimate wait_p95, refused;
};

/* The most of a plan that meets nothing that could be had. */
struct bench_plan_nearest {
    struct bench_plan_mix mix; /* of none: nothing at all can be had */
    double load;               /* the share of the load that it meets */
    int limit;                 /* that prevents more; -1: the budget does */
};

#define BENCH_PLAN_WHAT_IFS 4
#define BENCH_PLAN_SHOWN 3

struct bench_plan {
    const struct bench_plan_question *question;
    struct bench_scenario scenario; /* owned */
    struct bench_demand demand;     /* owned */
    double month_usd;               /* of tokens; -1: not known */
    double slack_s;  /* the longest that an objective lets anything take */
    double finish_s; /* in which all must be done; 0: nothing is said */
    /* All that was looked at.  First what meets everything, and would not
       with less; the cheapest before the others. */
    struct bench_plan_option options[BENCH_PLAN_TRIED];
    size_t option_count, good_count;
    struct bench_plan_option naive; /* of none: there is none */
    /* Of the first: */
    struct bench_plan_what_if what_ifs[BENCH_PLAN_WHAT_IFS];
    size_t what_if_count;
    int64_t cap; /* with so many in flight it does; 0: as it was given */
    struct bench_plan_nearest nearest; /* without a good one */
};

struct bench_plan_way {
    struct bench_trial_way trial;
    struct bench_progress *progress;
};

/*
 * Reads a scenario and what stands under its "plan" (see tierlab(1)).  LIM_OK,
 * or an error and `diag`; the tree outlives the question, and the caller
 * calls bench_plan_question_fini in any case.
 */
int bench_plan_ask(struct bench_plan_question *q, const cJSON *tree,
                   const char *folder, struct lim_diag *diag);
void bench_plan_question_fini(struct bench_plan_question *q);

/*
 * Answers.  LIM_OK and whether an interrupt ended it, or an error and `diag`.
 * The question outlives the plan; the caller calls bench_plan_fini in any
 * case.
 */
int bench_plan_make(struct bench_plan *p, const struct bench_plan_question *q,
                    const struct bench_plan_way *way, bool *interrupted,
                    struct lim_diag *diag);
void bench_plan_fini(struct bench_plan *p);

/*
 * Finds what to pay when, for the organisation of that number to come to a
 * tier: those that are there come first, further ones are new.  False: no
 * payment leads there.
 */
bool bench_plan_find_path(const struct bench_plan_question *q,
                          size_t organisation, enum lim_tier tier,
                          struct bench_plan_path *path);

/* Where a plan is from. */
struct bench_plan_source {
    const cJSON *tree; /* the scenario, with all that was asked */
    const char *version;
};

/* For people, and as one JSON object on a line (LIM_OK or LIM_ENOMEM). */
void bench_plan_show(const struct bench_plan *p, FILE *f);
int bench_plan_json(const struct bench_plan *p,
                    const struct bench_plan_source *source, FILE *f);

/*
 * Writes report.html, plan.json and the figures into `folder`,
 * which exists.  Returns LIM_OK, or as bench_figures_draw; when the figures
 * could not be drawn the report is written all the same, and says so.
 */
int bench_plan_report(const struct bench_plan *p,
                      const struct bench_plan_source *source,
                      const char *folder, struct lim_diag *diag);

#endif
