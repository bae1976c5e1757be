#ifndef SIM_PROVIDER_H
#define SIM_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/feedback.h"
#include "limiter/limits.h"
#include "limiter/tier.h"
#include "sim/scenario.h"

/*
 * The truth about limits: organisations, each with a window for every limit
 * of every limit group of its tier, and its spend of the calendar month.  A
 * request is admitted by all windows, or refused and charged by none.  What
 * the wire rounds is rounded here, once.
 *
 * How much a window admits at most in any interval stands with its discipline
 * (limiter/disciplines/); for a bucket, the default, burst + limit x t /
 * window (without settlement).  Fixed windows and sliding counters begin with
 * the minutes of the clock and the days of the UTC calendar.  Quantised
 * windows have slices in a minute's limits, none in a day's.
 *
 * The hint of a bucket is the formula that fits all real messages: (used +
 * requested - max) x window / max, cut to ms, up to one unit off the exact
 * wait.  No real message of another discipline is known; their hint is the
 * exact wait, rounded up to ms.  A quantised window's numbers are those of
 * the whole window, also when it is a slice that is short.
 *
 * What is refused is found in this order: no access, the month's money, a
 * size that no wait mends, a window that is short.  Of several short windows
 * the one with the longest exact wait is reported; of equal ones the first.
 *
 * A charged refusal, and a reply longer than its reservation where that is
 * settled, may leave a window owing, at most its whole limit.  Then `used` is
 * above `max`, so that the hint's formula holds; headers show 0 remaining.
 *
 * Money (sim/billing.h): what was paid, and since when, decides the tier of
 * an organisation whose payments are known; the tier decides limits and the
 * money that a month may cost.  When the tier changes, the limits change at
 * that instant: each window keeps the units that are used, at most its new
 * limit, so that a limit which grows gives the difference at once.  That is
 * our choice: no observation of such an instant is known.
 *
 * A project is a share of its organisation: it has windows of its own where
 * limits were given to it, and a request in its name passes them and those
 * of the organisation, and takes from all or from none.  Money and tier are
 * the organisation's.  Organisations are numbered from 0, projects from
 * SIM_PROJECT_FIRST; where an `organisation` is asked for, either will do,
 * and a project has its organisation's name, tier and money.
 *
 * The windows of a group come to be with an organisation's first request of
 * it, and sliding logs grow as they fill (limiter/meter.h); nothing else
 * allocates after an organisation was added.
 */
struct sim_provider;

#define SIM_PROJECT_FIRST ((uint32_t)LIM_ORGANISATIONS_MAX)
#define SIM_PROJECTS_MAX LIM_ORGANISATIONS_MAX

enum sim_answer {
    SIM_ADMITTED,
    SIM_RATE_LIMITED, /* a wait mends it */
    SIM_TOO_LARGE,    /* above the limit itself: no wait does */
    SIM_QUOTA,        /* the month's money is spent */
    SIM_NO_MODEL,     /* unknown, or not for this tier */
    SIM_WRONG,        /* a mistake in the request; of the service alone */
    SIM_UNASKED       /* never of a provider: a fault came before it */
};

/*
 * What the provider decided, with the numbers as the wire shows them, after
 * the decision.  SIM_NO_MODEL: `max` is 0, and `limit` the one that lets
 * nothing through.  SIM_QUOTA: `max` and `used` are micro-dollars of the
 * month.  Neither shows headers, nor does SIM_TOO_LARGE give a hint.
 */
struct sim_verdict {
    enum sim_answer answer;
    enum lim_limit limit; /* which refused */
    int64_t max;          /* of that limit; -1: admitted */
    int64_t window_ns;    /* its window; 0: admitted, or money */
    int64_t used;         /* max - remaining, as printed */
    int64_t requested;
    lim_time admitted_at;            /* exact: not 1 ns before, if nobody
                                        else comes and the tier stays; `now`
                                        when admitted, LIM_NEVER when no wait
                                        helps */
    struct lim_feedback shown;       /* hint_ns as the message prints it */
    struct lim_shown project_tokens; /* the project's; limit -1: none */
    bool project;                    /* `limit` is one of the project's */
};

/*
 * Makes a provider with the organisations of `config`, all windows full at
 * its start.  NULL and `diag`: a burst that is not in (0, 1], or not 1 with a
 * discipline that has none; a quantum that is not in (0, 1 minute]; an
 * organisation at a tier that the table does not define, a project that
 * sim_provider_add_project refuses, too many, or no memory.  The table must
 * outlive it; all else is copied.
 */
struct sim_provider *sim_provider_new(const struct sim_provider_config *config,
                                      struct lim_diag *diag);
void sim_provider_free(struct sim_provider *p); /* NULL is allowed */

/*
 * Adds an organisation whose windows are full, with its projects.  Returns
 * its index, or with `diag` LIM_EINVAL (tier, projects), LIM_EFULL
 * (LIM_ORGANISATIONS_MAX) or LIM_ENOMEM.
 */
int sim_provider_add(struct sim_provider *p, const struct sim_organisation *o,
                     struct lim_diag *diag);

/*
 * Adds a project of an organisation (not of a project), its windows full.
 * Returns its index, or with `diag` LIM_EINVAL (a model that the table does
 * not know, two limits for one group), LIM_EFULL (SIM_PROJECTS_MAX) or
 * LIM_ENOMEM.
 */
int sim_provider_add_project(struct sim_provider *p, uint32_t organisation,
                             const struct sim_project *project,
                             struct lim_diag *diag);

/*
 * Gives a project other limits at `now`, in place of all that it had: windows
 * that it keeps follow as with another tier, the others come and go.  LIM_OK,
 * or as sim_provider_add_project, nothing having changed.
 */
int sim_provider_set_project(struct sim_provider *p, uint32_t index,
                             const struct sim_project *project, lim_time now,
                             struct lim_diag *diag);

/* Tells whether a project would be taken: LIM_OK, or as those two. */
int sim_provider_check_project(const struct sim_provider *p,
                               const struct sim_project *project,
                               struct lim_diag *diag);

/* The organisations, in order of their making. */
uint32_t sim_provider_organisations(const struct sim_provider *p);
const char *sim_provider_organisation_name(const struct sim_provider *p,
                                           uint32_t organisation);

/* The projects of all organisations, in order of their making. */
uint32_t sim_provider_projects(const struct sim_provider *p);

/* A project's name; NULL for an organisation. */
const char *sim_provider_project_name(const struct sim_provider *p,
                                      uint32_t index);

/* The organisation of a project; -1 for an organisation. */
int64_t sim_provider_parent(const struct sim_provider *p, uint32_t index);

/*
 * Brings an organisation to `now`: payments, upgrades and month ends that are
 * due happen, each at its own instant.  Admission and settlement do so by
 * themselves; whoever asks for the tier, or what it serves, does so before.
 */
void sim_provider_advance(struct sim_provider *p, uint32_t organisation,
                          lim_time now);

enum lim_tier sim_provider_tier(const struct sim_provider *p,
                                uint32_t organisation);

/*
 * The number of a model's limit group, or -1 for a model that the table does
 * not know.  Without a table every model is in group 0.
 */
int sim_provider_group(const struct sim_provider *p, const char *model);

/* Tells whether the organisation's tier, and the project, have access to the
   group. */
bool sim_provider_serves(const struct sim_provider *p, uint32_t organisation,
                         unsigned group);

/*
 * Admits or refuses a request.  `group` is one of sim_provider_group's
 * (>= 0).  Fills all of `v`.  Returns LIM_OK, or LIM_ENOMEM when windows or a
 * sliding log cannot grow: then nothing is taken, and `v` says what a probe
 * would.
 */
int sim_provider_admit(struct sim_provider *p, uint32_t organisation,
                       unsigned group, const struct lim_cost *cost,
                       lim_time now, struct sim_verdict *v);

/*
 * The short way of most requests: nothing is due, the windows are buckets, all
 * have room, and of the verdict only what is shown is wanted.  False: nothing
 * has happened, `shown` is void, and sim_provider_admit tells more.
 */
bool sim_provider_admit_plain(struct sim_provider *p, uint32_t organisation,
                              unsigned group, const struct lim_cost *cost,
                              lim_time now, struct lim_feedback *shown);

/* As sim_provider_admit would decide, but nothing is taken. */
void sim_provider_probe(const struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct lim_cost *cost,
                        lim_time now, struct sim_verdict *v);

/* What an admitted request came to. */
struct sim_usage {
    int64_t reserved_tokens; /* at its admission */
    int64_t tokens;          /* really used; >= 0, as all of these */
    int64_t microusd;
    lim_time admitted_at;
};

/*
 * The answer to an admitted request ends: its real cost is spent, and its
 * reservation settled where the charge policy says so: tokens too many come
 * back to the time of admission, tokens too few are taken at `now`.  Returns
 * LIM_OK, or LIM_ENOMEM when a sliding log cannot grow: the money is spent
 * then, and the reservation stays.
 */
int sim_provider_settle(struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct sim_usage *u,
                        lim_time now);

/*
 * How many requests were admitted and how many refused, for whatever reason,
 * since the start or the last reset: an organisation's with those of its
 * projects, or a project's.
 */
struct sim_decided {
    uint64_t admitted, refused;
};

struct sim_decided sim_provider_decided(const struct sim_provider *p,
                                        uint32_t index);

/* One window as it stands, for reports and /mock/orgs. */
struct sim_window_view {
    int64_t limit;     /* LIM_UNLIMITED: there is none */
    int64_t remaining; /* whole units, floored */
    double level;      /* the same with its fraction */
    int64_t used_ns;   /* ns until nothing is used (rounded up) */
    int64_t admitted;  /* units taken since the start, settled */
};

/* `limit` is one of those that have a window; a group that the tier does not
   serve has limits of 0.  Those of a project are its own. */
void sim_provider_window(const struct sim_provider *p, uint32_t organisation,
                         unsigned group, enum lim_limit limit, lim_time now,
                         struct sim_window_view *out);

/* The spend of the calendar month that holds `now`, and its limit. */
int64_t sim_provider_spent(const struct sim_provider *p, uint32_t organisation,
                           lim_time now);
int64_t sim_provider_spend_max(const struct sim_provider *p,
                               uint32_t organisation);

/*
 * What a hand changes at `now`; first comes all that was due before.
 *
 * A payment (>= 0) makes the payments known, and may upgrade at once.
 */
void sim_provider_pay(struct sim_provider *p, uint32_t organisation,
                      int64_t microusd, lim_time now);

/*
 * Puts the organisation at a tier, below which no rule brings it; one above
 * may, with the next payment or the next number of days that is reached.
 * LIM_OK, or LIM_EINVAL and `diag`: the table does not define the tier.
 */
int sim_provider_set_tier(struct sim_provider *p, uint32_t organisation,
                          enum lim_tier tier, lim_time now,
                          struct lim_diag *diag);

/* Sets the spend of this month (>= 0). */
void sim_provider_set_spent(struct sim_provider *p, uint32_t organisation,
                            int64_t microusd, lim_time now);

/* Sets the limit of a month's spend: >= 0, LIM_UNLIMITED, or
   SIM_SPEND_OF_TIER, as it is at first. */
#define SIM_SPEND_OF_TIER INT64_C(-2)
void sim_provider_set_spend_max(struct sim_provider *p, uint32_t organisation,
                                int64_t microusd);

/* Makes all windows full, all spends and all counts 0, for every organisation;
   payments, tiers and limits stay. */
void sim_provider_reset(struct sim_provider *p, lim_time now);

/* Where an organisation stands, and what is missing to its next tier. */
struct sim_standing {
    bool known; /* its payments are; else it moves by hand alone */
    enum lim_tier tier;
    int64_t paid_microusd;
    lim_time first_payment;   /* LIM_NEVER: it has not paid */
    bool has_next;            /* the table has a tier above that pay leads to */
    enum lim_tier next;       /* the lowest of them */
    int64_t missing_microusd; /* to be paid for it */
    lim_time next_at;         /* when its days are reached, maybe long ago;
                                 LIM_NEVER while something is missing */
};

void sim_provider_standing(const struct sim_provider *p, uint32_t organisation,
                           lim_time now, struct sim_standing *out);

#endif
