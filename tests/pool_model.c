#include "tests/pool_model.h"

#include <string.h>

static int64_t limit_of(const struct run *r, unsigned o, unsigned g, unsigned w)
{
    return r->config->belief == LIM_BELIEF_KNOWN ? r->drawn->limits[o][g].max[w]
                                                 : LIM_UNLIMITED;
}

static int64_t burst_of(const struct run *r, int64_t limit)
{
    int64_t burst = (int64_t)((double)limit * r->config->burst);
    burst = burst > limit ? limit : burst;
    return burst > 1 ? burst : 1;
}

static lim_wide price(unsigned w, int64_t units)
{
    return (lim_wide)units * lim_limit_window((enum lim_limit)w);
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

static void refill(struct run *r, unsigned o, unsigned g, unsigned w)
{
    struct bucket *b = &r->places[o][g].windows[w];
    int64_t limit = limit_of(r, o, g, w);
    lim_wide full = price(w, burst_of(r, limit));
    b->credits += (lim_wide)(r->now - b->at) * limit;
    b->credits = b->credits < full ? b->credits : full;
    b->at = r->now;
}

lim_time model_ready(struct run *r, unsigned o, unsigned g,
                     const struct lim_cost *cost)
{
    const struct place *p = &r->places[o][g];
    lim_time at = p->blocked > r->now ? p->blocked : r->now;
    int64_t most = r->drawn->organisations[o].spend_max;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        int64_t limit = limit_of(r, o, g, w), units = asks(cost, w);
        if (limit == LIM_UNLIMITED || units == 0)
            continue;
        refill(r, o, g, w);
        lim_wide lacks = price(w, units) - p->windows[w].credits;
        if (lacks <= 0)
            continue;
        lim_time t = r->now + (lim_time)((lacks + limit - 1) / limit);
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
            r->counts.in_flight < (uint64_t)c->cap_pool) &&
           (c->cap_organisation == LIM_UNLIMITED ||
            r->flying[o] < c->cap_organisation);
}

bool model_may_go(struct run *r, unsigned o, unsigned g,
                  const struct lim_cost *cost)
{
    return model_fits(r, o, g, cost) && model_room(r, o) &&
           model_ready(r, o, g, cost) <= r->now;
}

/* Charges `units` more of a window, or fewer. */
static void charge(struct run *r, unsigned o, unsigned g, unsigned w,
                   int64_t units)
{
    if (limit_of(r, o, g, w) <= 0)
        return;
    if (units > 0)
        refill(r, o, g, w);
    r->places[o][g].windows[w].credits -= price(w, units);
}

void model_charge_all(struct run *r, unsigned o, unsigned g,
                      const struct lim_cost *take, const struct lim_cost *give)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        charge(r, o, g, w, asks(take, w) - asks(give, w));
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
        for (unsigned i = 0; i < r->count; i++)
            if (r->items[i].state == FLYING)
                r->spent[r->items[i].organisation] +=
                    r->items[i].request.cost.amount[LIM_MONEY];
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
            for (unsigned w = 0; w < LIM_WINDOWS; w++)
                r->places[o][g].windows[w] = (struct bucket){
                    price(w, burst_of(r, limit_of(r, o, g, w))), c->start
                };
        }
    }
}
