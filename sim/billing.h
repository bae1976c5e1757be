#ifndef SIM_BILLING_H
#define SIM_BILLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/tier.h"
#include "limiter/time.h"
#include "sim/scenario.h"

/*
 * The money of one organisation: what it has paid, what it will pay, what it
 * has spent in the calendar month (UTC), and the tier that follows.
 *
 * A table asks $50 and 7 days of tier2: who pays $5 on 1 June at 12:00 and
 * $45 two days later is at tier2 on 8 June at 12:00, to the nanosecond, and
 * was at tier1 before.  Rules are looked at when something changes them: at a
 * payment, and where upgrades are automatic when a number of days is reached.
 * They lift an organisation to the highest tier that the table defines and
 * they allow, and never lower it.
 */
struct sim_billing {
    bool known; /* its payments are; else no rule moves it */
    enum lim_tier tier;
    int64_t paid_microusd;
    lim_time first_payment;             /* LIM_NEVER: it has not paid */
    lim_time start;                     /* of what is to come */
    const struct sim_payment *payments; /* to come, by time; somebody else's */
    size_t payment_count;
    lim_time month_end;
    bool spend_max_given; /* else it is the tier's */
    /* What each request asks for, side by side. */
    int64_t spent_microusd; /* in the month that ends at month_end */
    int64_t spend_max;      /* a month; LIM_UNLIMITED: none */
    lim_time next_change; /* the first that is known; nothing happens before */
};

/* What tiers follow from; without a table none does. */
struct sim_billing_rules {
    const struct lim_table *table;
    enum sim_upgrades upgrades;
};

/*
 * Makes the billing of `o` at `now`, and lets the rules have their say where
 * upgrades are automatic.  o's payments must outlive it.
 */
struct sim_billing sim_billing_make(const struct sim_organisation *o,
                                    const struct sim_billing_rules *rules,
                                    lim_time now);

/*
 * Lets happen what is due at the instant b->next_change, and finds the next
 * one.  Whoever wants the state at `now` calls it while b->next_change <= now.
 */
void sim_billing_step(struct sim_billing *b,
                      const struct sim_billing_rules *rules);

/*
 * The same at the hand of somebody, at `now`; nothing is due then that was
 * not stepped through.  A sum that is paid is >= 0.  A tier that is set is
 * defined by the table; rules lift it again when something changes them.
 */
void sim_billing_pay(struct sim_billing *b,
                     const struct sim_billing_rules *rules, int64_t microusd,
                     lim_time now);
void sim_billing_set_tier(struct sim_billing *b,
                          const struct sim_billing_rules *rules,
                          enum lim_tier tier, lim_time now);

/* The monthly limit of spend at a tier. */
int64_t sim_billing_tier_spend(const struct sim_billing_rules *rules,
                               enum lim_tier tier);

/* The highest tier that the rules allow at `t`, at least b->tier. */
enum lim_tier sim_billing_allowed(const struct sim_billing *b,
                                  const struct sim_billing_rules *rules,
                                  lim_time t);

/*
 * The lowest tier above b->tier that a payment can lead to: false, there is
 * none.  `*missing_microusd` is to be paid for it, `*at` when its days are
 * reached (maybe long ago; LIM_NEVER while something is missing).
 */
bool sim_billing_next_tier(const struct sim_billing *b,
                           const struct sim_billing_rules *rules,
                           enum lim_tier *tier, int64_t *missing_microusd,
                           lim_time *at);

#endif
