/* What is to be paid when, for an organisation to reach a tier: by the rules
   that the provider's model has (sim/billing.h). */

#include "bench/plan_parts.h"
#include "sim/billing.h"

static lim_time day_start(int day)
{
    return day * LIM_DAY;
}

static int day_of(lim_time t)
{
    return (int)((t + LIM_DAY - 1) / LIM_DAY);
}

static struct sim_billing billing_of(const struct bench_plan_question *q,
                                     size_t organisation,
                                     const struct sim_billing_rules *rules)
{
    struct sim_organisation o = { .tier = LIM_TIER_FREE,
                                  .first_payment_days_ago = -1 };
    if (organisation < q->have_count) {
        o.tier = q->have[organisation].tier;
        o.paid_microusd = q->have[organisation].paid_microusd;
        o.first_payment_days_ago = q->have[organisation].days;
    }
    return sim_billing_make(&o, rules, 0);
}

/* When a payment of today leads to the next tier; who has never paid begins
   with it, since no day counts before. */
static int day_to_pay(const struct sim_billing *b,
                      const struct sim_billing_rules *rules, enum lim_tier next,
                      int64_t missing, int today)
{
    struct sim_billing paid = *b;
    lim_time at = day_start(today);
    if (missing > 0)
        sim_billing_pay(&paid, rules, missing, at);
    if (b->first_payment == LIM_NEVER || paid.tier >= next)
        return today;
    return sim_billing_next_tier(&paid, rules, &next, &missing, &at) &&
                   at != LIM_NEVER && at > day_start(today)
               ? day_of(at)
               : today;
}

static void add_step(struct bench_plan_path *path, int day, int64_t microusd,
                     enum lim_tier tier)
{
    struct bench_plan_step *last =
        path->count > 0 ? &path->steps[path->count - 1] : NULL;
    path->microusd += microusd;
    if (last != NULL && last->day == day) {
        last->microusd += microusd;
        last->tier = tier;
        return;
    }
    if (path->count < BENCH_PLAN_STEPS)
        path->steps[path->count++] =
            (struct bench_plan_step){ day, microusd, tier };
}

bool bench_plan_find_path(const struct bench_plan_question *q,
                          size_t organisation, enum lim_tier tier,
                          struct bench_plan_path *path)
{
    const struct sim_billing_rules rules = { q->table, SIM_UPGRADES_AUTOMATIC };
    struct sim_billing b = billing_of(q, organisation, &rules);
    *path = (struct bench_plan_path){ .from = b.tier };
    int today = 0;
    for (int turn = 0; b.tier < tier && turn < 2 * LIM_TIERS; turn++) {
        enum lim_tier next;
        int64_t missing;
        lim_time at;
        if (!sim_billing_next_tier(&b, &rules, &next, &missing, &at))
            return false;
        int day = day_to_pay(&b, &rules, next, missing, today);
        if (missing == 0 && at > day_start(day))
            day = day_of(at);
        while (b.next_change <= day_start(day))
            sim_billing_step(&b, &rules);
        if (missing > 0)
            sim_billing_pay(&b, &rules, missing, day_start(day));
        else if (b.tier < next && at <= day_start(day))
            sim_billing_set_tier(&b, &rules, next, day_start(day));
        today = day;
        add_step(path, day, missing, b.tier);
    }
    path->day = today;
    return b.tier >= tier;
}
