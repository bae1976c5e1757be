#include "sim/billing.h"

#include <assert.h>

static const struct lim_qualification *rule_of(
    const struct sim_billing_rules *rules, int tier)
{
    return lim_table_qualification(rules->table, (enum lim_tier)tier);
}

/* When the days of a rule are reached. */
static lim_time days_reached(const struct sim_billing *b,
                             const struct lim_qualification *q)
{
    if (b->first_payment == LIM_NEVER)
        return q->days > 0 ? LIM_NEVER : b->start;
    return b->first_payment + q->days * LIM_DAY;
}

enum lim_tier sim_billing_allowed(const struct sim_billing *b,
                                  const struct sim_billing_rules *rules,
                                  lim_time t)
{
    if (rules->table == NULL || !b->known)
        return b->tier;
    for (int tier = LIM_TIERS - 1; tier > (int)b->tier; tier--) {
        const struct lim_qualification *q = rule_of(rules, tier);
        if (q->defined && b->paid_microusd >= q->paid_microusd &&
            q->paid_microusd != INT64_MAX && t >= days_reached(b, q))
            return (enum lim_tier)tier;
    }
    return b->tier;
}

int64_t sim_billing_tier_spend(const struct sim_billing_rules *rules,
                               enum lim_tier tier)
{
    if (rules->table == NULL)
        return LIM_UNLIMITED;
    return rule_of(rules, (int)tier)->month_microusd;
}

static void put_at(struct sim_billing *b, const struct sim_billing_rules *rules,
                   enum lim_tier tier)
{
    b->tier = tier;
    if (!b->spend_max_given)
        b->spend_max = sim_billing_tier_spend(rules, tier);
}

static lim_time earlier(lim_time a, lim_time b)
{
    return a < b ? a : b;
}

/* The first time after `now` at which the days of a paid tier are reached. */
static lim_time next_days(const struct sim_billing *b,
                          const struct sim_billing_rules *rules, lim_time now)
{
    lim_time next = LIM_NEVER;
    if (rules->table == NULL || !b->known ||
        rules->upgrades != SIM_UPGRADES_AUTOMATIC)
        return next;
    for (int tier = (int)b->tier + 1; tier < LIM_TIERS; tier++) {
        const struct lim_qualification *q = rule_of(rules, tier);
        if (!q->defined || b->paid_microusd < q->paid_microusd)
            continue;
        lim_time t = days_reached(b, q);
        if (t > now)
            next = earlier(next, t);
    }
    return next;
}

static lim_time next_payment(const struct sim_billing *b)
{
    return b->payment_count > 0 ? b->start + b->payments[0].after_ns
                                : LIM_NEVER;
}

static void find_next(struct sim_billing *b,
                      const struct sim_billing_rules *rules, lim_time now)
{
    b->next_change = earlier(b->month_end, next_payment(b));
    b->next_change = earlier(b->next_change, next_days(b, rules, now));
}

static void receive(struct sim_billing *b, int64_t microusd, lim_time now)
{
    assert(microusd >= 0);
    if (__builtin_add_overflow(b->paid_microusd, microusd, &b->paid_microusd))
        b->paid_microusd = INT64_MAX;
    if (b->first_payment == LIM_NEVER && microusd > 0)
        b->first_payment = now;
    b->known = true;
}

struct sim_billing sim_billing_make(const struct sim_organisation *o,
                                    const struct sim_billing_rules *rules,
                                    lim_time now)
{
    struct sim_billing b = {
        .known = o->paid_microusd > 0 || o->payment_count > 0,
        .paid_microusd = o->paid_microusd,
        .first_payment = LIM_NEVER,
        .start = now,
        .payments = o->payments,
        .payment_count = o->payment_count,
        .spent_microusd = o->spent_microusd,
        .month_end = lim_month_end(now),
    };
    int days = o->first_payment_days_ago;
    if (o->paid_microusd > 0)
        b.first_payment = now - (days > 0 ? days : 0) * LIM_DAY;
    put_at(&b, rules, o->tier);
    if (rules->upgrades == SIM_UPGRADES_AUTOMATIC)
        put_at(&b, rules, sim_billing_allowed(&b, rules, now));
    find_next(&b, rules, now);
    return b;
}

void sim_billing_step(struct sim_billing *b,
                      const struct sim_billing_rules *rules)
{
    lim_time now = b->next_change;
    bool looked_at = next_days(b, rules, now - 1) == now;
    assert(now != LIM_NEVER);
    if (b->month_end <= now) {
        b->spent_microusd = 0;
        b->month_end = lim_month_end(now);
    }
    while (next_payment(b) <= now) {
        receive(b, b->payments->microusd, now);
        b->payments++;
        b->payment_count--;
        looked_at = true;
    }
    if (looked_at)
        put_at(b, rules, sim_billing_allowed(b, rules, now));
    find_next(b, rules, now);
}

void sim_billing_pay(struct sim_billing *b,
                     const struct sim_billing_rules *rules, int64_t microusd,
                     lim_time now)
{
    receive(b, microusd, now);
    put_at(b, rules, sim_billing_allowed(b, rules, now));
    find_next(b, rules, now);
}

void sim_billing_set_tier(struct sim_billing *b,
                          const struct sim_billing_rules *rules,
                          enum lim_tier tier, lim_time now)
{
    put_at(b, rules, tier);
    find_next(b, rules, now);
}

bool sim_billing_next_tier(const struct sim_billing *b,
                           const struct sim_billing_rules *rules,
                           enum lim_tier *tier, int64_t *missing_microusd,
                           lim_time *at)
{
    for (int t = (int)b->tier + 1; rules->table != NULL && t < LIM_TIERS; t++) {
        const struct lim_qualification *q = rule_of(rules, t);
        if (!q->defined || q->paid_microusd == INT64_MAX)
            continue;
        *tier = (enum lim_tier)t;
        bool paid = b->paid_microusd >= q->paid_microusd;
        *missing_microusd = paid ? 0 : q->paid_microusd - b->paid_microusd;
        *at = paid ? days_reached(b, q) : LIM_NEVER;
        return true;
    }
    return false;
}
