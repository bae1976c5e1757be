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
 * Sliding logs grow as they fill (limiter/meter.h); nothing else allocates
 * after an organisation was added.
 */
struct sim_provider;

enum sim_answer {
    SIM_ADMITTED,
    SIM_RATE_LIMITED, /* a wait mends it */
    SIM_TOO_LARGE,    /* above the limit itself: no wait does */
    SIM_QUOTA,        /* the month's money is spent */
    SIM_NO_MODEL,     /* unknown, or not for this tier */
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
    int64_t used;         /* max - remaining, as printed */
    int64_t requested;
    lim_time admitted_at;      /* exact: not 1 ns before, if nobody
                                        else comes; `now` when admitted,
                                        LIM_NEVER when no wait helps */
    struct lim_feedback shown; /* hint_ns as the message prints it */
};

/*
 * Makes a provider with the organisations of `config`, all windows full at
 * its start.  NULL and `diag`: a burst that is not in (0, 1], or not 1 with a
 * discipline that has none; a quantum that is not in (0, 1 minute]; an
 * organisation at a tier that the table does not define, too many, or no
 * memory.  The table must outlive it; names are copied.
 */
struct sim_provider *sim_provider_new(const struct sim_provider_config *config,
                                      struct lim_diag *diag);
void sim_provider_free(struct sim_provider *p); /* NULL is allowed */

/*
 * Adds an organisation whose windows are full.  Returns its index, or with
 * `diag` LIM_EINVAL (tier), LIM_EFULL (LIM_ORGANISATIONS_MAX) or LIM_ENOMEM.
 */
int sim_provider_add(struct sim_provider *p, const struct sim_organisation *o,
                     struct lim_diag *diag);

/* The organisations, in order of their making. */
uint32_t sim_provider_organisations(const struct sim_provider *p);
const char *sim_provider_organisation_name(const struct sim_provider *p,
                                           uint32_t organisation);
enum lim_tier sim_provider_tier(const struct sim_provider *p,
                                uint32_t organisation);

/*
 * The number of a model's limit group, or -1 for a model that the table does
 * not know.  Without a table every model is in group 0.
 */
int sim_provider_group(const struct sim_provider *p, const char *model);

/* Tells whether the organisation's tier has access to the group. */
bool sim_provider_serves(const struct sim_provider *p, uint32_t organisation,
                         unsigned group);

/*
 * Admits or refuses a request.  `group` is one of sim_provider_group's
 * (>= 0).  Fills all of `v`.  Returns LIM_OK, or LIM_ENOMEM when a sliding log
 * cannot grow: then nothing is taken, and `v` says what a probe would.
 */
int sim_provider_admit(struct sim_provider *p, uint32_t organisation,
                       unsigned group, const struct lim_cost *cost,
                       lim_time now, struct sim_verdict *v);

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

/* One window as it stands, for reports and /mock/orgs. */
struct sim_window_view {
    int64_t limit;     /* LIM_UNLIMITED: there is none */
    int64_t remaining; /* whole units, floored */
    double level;      /* the same with its fraction */
    int64_t used_ns;   /* ns until nothing is used (rounded up) */
    int64_t admitted;  /* units taken since the start, settled */
};

/* `limit` is one of those that have a window; a group that the tier does not
   serve has limits of 0. */
void sim_provider_window(const struct sim_provider *p, uint32_t organisation,
                         unsigned group, enum lim_limit limit, lim_time now,
                         struct sim_window_view *out);

/* The spend of the calendar month that holds `now`, and its limit. */
int64_t sim_provider_spent(const struct sim_provider *p, uint32_t organisation,
                           lim_time now);
int64_t sim_provider_spend_max(const struct sim_provider *p,
                               uint32_t organisation);

#endif
