/* Payments, tiers and spend: what sim/billing decides, the windows follow. */

#include "sim/provider_parts.h"

#include "limiter/cold.h"

/* The windows of an organisation follow its tier. */
static void follow(const struct sim_provider *p, struct sim_org *o,
                   lim_time now)
{
    const struct sim_rates *to = sim_provider_rates(p, o->billing.tier);
    if (to == o->rates)
        return;
    for (unsigned g = 0; g < p->groups; g++)
        for (int i = 0; i < LIM_WINDOWS && o->windows[g] != &sim_unused; i++)
            lim_meter_change(&o->rates[g].rule[i], &to[g].rule[i],
                             &o->windows[g]->level[i], now);
    o->rates = to;
}

LIM_COLD void sim_provider_catch_up(const struct sim_provider *p,
                                    struct sim_org *o, lim_time now)
{
    while (o->billing.next_change <= now) {
        lim_time at = o->billing.next_change;
        sim_billing_step(&o->billing, &p->rules);
        follow(p, o, at);
    }
}

static struct sim_org *org_at(const struct sim_provider *p, uint32_t index,
                              lim_time now)
{
    struct sim_org *o = sim_provider_org(p, index);
    sim_provider_catch_up(p, o, now);
    return o;
}

void sim_provider_advance(struct sim_provider *p, uint32_t organisation,
                          lim_time now)
{
    org_at(p, organisation, now);
}

void sim_provider_pay(struct sim_provider *p, uint32_t organisation,
                      int64_t microusd, lim_time now)
{
    struct sim_org *o = org_at(p, organisation, now);
    sim_billing_pay(&o->billing, &p->rules, microusd, now);
    follow(p, o, now);
}

int sim_provider_set_tier(struct sim_provider *p, uint32_t organisation,
                          enum lim_tier tier, lim_time now,
                          struct lim_diag *diag)
{
    const struct lim_table *table = p->rules.table;
    if (table != NULL && !lim_table_qualification(table, tier)->defined)
        return lim_fail(diag, LIM_EINVAL, 0, "table %s has no %s",
                        lim_table_name(table), lim_tier_name(tier));
    struct sim_org *o = org_at(p, organisation, now);
    sim_billing_set_tier(&o->billing, &p->rules, tier, now);
    follow(p, o, now);
    return LIM_OK;
}

void sim_provider_set_spent(struct sim_provider *p, uint32_t organisation,
                            int64_t microusd, lim_time now)
{
    assert(microusd >= 0);
    org_at(p, organisation, now)->billing.spent_microusd = microusd;
}

void sim_provider_set_spend_max(struct sim_provider *p, uint32_t organisation,
                                int64_t microusd)
{
    struct sim_billing *b = &sim_provider_org(p, organisation)->billing;
    assert(microusd >= SIM_SPEND_OF_TIER);
    b->spend_max_given = microusd != SIM_SPEND_OF_TIER;
    b->spend_max = b->spend_max_given
                       ? microusd
                       : sim_billing_tier_spend(&p->rules, b->tier);
}

void sim_provider_reset(struct sim_provider *p, lim_time now)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct sim_org *o = org_at(p, i, now);
        o->billing.spent_microusd = 0;
        o->decided = (struct sim_decided){ 0, 0 };
        for (unsigned g = 0; g < p->groups; g++)
            sim_provider_disown(o, g);
    }
    for (uint32_t i = 0; i < p->share_count; i++) {
        sim_provider_clear_share(p->shares[i]);
        p->shares[i]->decided = (struct sim_decided){ 0, 0 };
    }
}

enum lim_tier sim_provider_tier(const struct sim_provider *p,
                                uint32_t organisation)
{
    return sim_provider_org(p, organisation)->billing.tier;
}

int64_t sim_provider_spend_max(const struct sim_provider *p,
                               uint32_t organisation)
{
    return sim_provider_org(p, organisation)->billing.spend_max;
}

static struct sim_billing billing_at(const struct sim_provider *p,
                                     uint32_t organisation, lim_time now)
{
    struct sim_billing b = sim_provider_org(p, organisation)->billing;
    while (b.next_change <= now)
        sim_billing_step(&b, &p->rules);
    return b;
}

int64_t sim_provider_spent(const struct sim_provider *p, uint32_t organisation,
                           lim_time now)
{
    return billing_at(p, organisation, now).spent_microusd;
}

void sim_provider_standing(const struct sim_provider *p, uint32_t organisation,
                           lim_time now, struct sim_standing *out)
{
    struct sim_billing b = billing_at(p, organisation, now);
    *out = (struct sim_standing){ .known = b.known,
                                  .tier = b.tier,
                                  .paid_microusd = b.paid_microusd,
                                  .first_payment = b.first_payment,
                                  .next = b.tier,
                                  .next_at = LIM_NEVER };
    out->has_next = sim_billing_next_tier(
        &b, &p->rules, &out->next, &out->missing_microusd, &out->next_at);
}
