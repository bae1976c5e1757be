#include "tests/pool_model.h"

#include <string.h>

static int64_t limit_of(const struct run *r, unsigned o, unsigned g, unsigned w)
{
    return r->config->belief == LIM_BELIEF_KNOWN ? r->drawn->limits[o][g].max[w]
                                                 : LIM_UNLIMITED;
}

static int64_t burst_of(const struct run *r, int64_t limit)
{
    double share =
        lim_discipline_has_burst(r->config->discipline) ? r->config->burst : 1;
    int64_t burst = (int64_t)((double)limit * share);
    burst = burst > limit ? limit : burst;
    return burst > 1 ? burst : 1;
}

static int64_t asks(const struct lim_cost *cost, unsigned w)
{
    return cost->amount[lim_limit_dimension((enum lim_limit)w)];
}

bool model_fits(const struct run *r, unsigned o, unsigned g,
                const struct lim_cost *cost)
{
    const struct lim_organisation *x = &r->drawn->organisations[o];
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t limit = limit_of(r, o, g, w), units = asks(cost, w);
        if (limit != LIM_UNLIMITED && units > 0 &&
            (limit == 0 || units > burst_of(r, limit)))
            return false;
    }
    return r->drawn->serves[o][g] && (x->spend_max == LIM_UNLIMITED ||
                                      cost->amount[LIM_MONEY] <= x->spend_max);
}

lim_time model_ready(struct run *r, unsigned o, unsigned g,
                     const struct lim_cost *cost)
{
    struct place *p = &r->places[o][g];
    lim_time at = p->blocked > r->now ? p->blocked : r->now;
    int64_t most = r->drawn->organisations[o].spend_max;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        lim_time t = window_model_ready(&p->windows[w], asks(cost, w), r->now);
        at = t > at ? t : at;
    }
    if (most != LIM_UNLIMITED && at < r->month_end &&
        r->spent[o] + cost->amount[LIM_MONEY] > most)
        at = r->month_end;
    return at;
}

bool model_room(const struct run *r, unsigned o)
{
    const struct lim_config *c = r->config;
    return (c->cap_pool == LIM_UNLIMITED ||
            r->counts.in_flight + r->counts.hedging < (uint64_t)c->cap_pool) &&
           (c->cap_organisation == LIM_UNLIMITED ||
            r->flying[o] < c->cap_organisation);
}

bool model_may_go(struct run *r, unsigned o, unsigned g,
                  const struct lim_cost *cost)
{
    return model_fits(r, o, g, cost) && model_room(r, o) &&
           model_ready(r, o, g, cost) <= r->now;
}

void model_charge_all(struct run *r, unsigned o, unsigned g,
                      const struct lim_cost *take)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        window_model_take(&r->places[o][g].windows[w], asks(take, w), r->now);
}

void model_settle_all(struct run *r, unsigned o, unsigned g,
                      const struct lim_cost *take, const struct lim_cost *give,
                      lim_time sent_at)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        struct window_model *x = &r->places[o][g].windows[w];
        int64_t more = asks(take, w) - asks(give, w);
        if (more > 0)
            window_model_owe(x, more, r->now);
        else
            window_model_give(x, -more, sent_at);
    }
}

void model_block(struct run *r, unsigned o, unsigned g, lim_time until)
{
    lim_time *at = &r->places[o][g].blocked;
    *at = until > *at ? until : *at;
}

void model_block_all(struct run *r, unsigned o, lim_time until)
{
    for (unsigned g = 0; g < DRAWN_GROUPS; g++)
        model_block(r, o, g, until);
}

lim_time model_pass(struct run *r, lim_time to)
{
    r->now = to > r->now ? to : r->now;
    if (r->now >= r->month_end) {
        r->month_end = lim_month_end(r->now);
        memset(r->spent, 0, sizeof r->spent);
        for (unsigned i = 0; i < 2 * r->count; i++) {
            const struct item *x = &r->items[i / 2];
            if (x->tries[i % 2].flying)
                r->spent[x->tries[i % 2].organisation] +=
                    x->request.cost.amount[LIM_MONEY];
        }
    }
    return r->monotone ? r->now : to;
}

void model_start(struct run *r)
{
    const struct lim_config *c = r->config;
    r->now = c->start;
    r->month_end = lim_month_end(c->start);
    for (unsigned o = 0; o < c->organisation_count; o++) {
        r->spent[o] = r->drawn->organisations[o].spent;
        for (unsigned g = 0; g < c->groups; g++) {
            r->places[o][g].blocked = INT64_MIN;
            for (unsigned w = 0; w < LIM_WINDOWS; w++) {
                int64_t limit = limit_of(r, o, g, w);
                int64_t ns = lim_limit_window((enum lim_limit)w);
                window_model_start(&r->places[o][g].windows[w], c->discipline,
                                   limit, burst_of(r, limit), ns,
                                   ns == LIM_MIN ? c->quantum_ns : 0, c->start);
            }
        }
    }
}
