#include "limiter/meter.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "limiter/disciplines/disciplines.h"
#include "limiter/error.h"

static const struct lim_meter_type *const types[LIM_DISCIPLINES] = {
    [LIM_DISCIPLINE_BUCKET] = &lim_meter_bucket,
    [LIM_DISCIPLINE_QUANTISED] = &lim_meter_quantised,
    [LIM_DISCIPLINE_FIXED] = &lim_meter_fixed,
    [LIM_DISCIPLINE_SLIDING_LOG] = &lim_meter_sliding_log,
    [LIM_DISCIPLINE_SLIDING_COUNTER] = &lim_meter_sliding_counter,
};

static const struct lim_meter_type *type_of(const struct lim_meter_rule *r)
{
    return types[r->discipline];
}

const char *lim_discipline_name(enum lim_discipline discipline)
{
    assert(discipline < LIM_DISCIPLINES);
    return types[discipline]->name;
}

const char *lim_discipline_summary(enum lim_discipline discipline)
{
    assert(discipline < LIM_DISCIPLINES);
    return types[discipline]->summary;
}

bool lim_discipline_find(const char *name, enum lim_discipline *out)
{
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        if (strcmp(types[i]->name, name) != 0)
            continue;
        *out = (enum lim_discipline)i;
        return true;
    }
    return false;
}

bool lim_discipline_has_burst(enum lim_discipline discipline)
{
    assert(discipline < LIM_DISCIPLINES);
    return types[discipline]->has_burst;
}

/* A slice is rounded up: rounded down, a minute of them would hold less than
   the limit, and that of a small limit nothing. */
static struct lim_rate slice_of(const struct lim_meter_config *c)
{
    lim_wide part = (lim_wide)c->limit * c->quantum_ns;
    int64_t units = (int64_t)((part + c->window_ns - 1) / c->window_ns);
    return lim_rate_make(units, c->quantum_ns, units);
}

struct lim_meter_rule lim_meter_rule_make(const struct lim_meter_config *c)
{
    bool has_burst = lim_discipline_has_burst(c->discipline);
    bool sliced = c->discipline == LIM_DISCIPLINE_QUANTISED && c->limit > 0 &&
                  c->quantum_ns > 0 && c->quantum_ns < c->window_ns;
    int64_t burst = has_burst || c->limit < 0 ? c->burst : c->limit;
    int64_t grains = c->grains > 0 ? c->grains : LIM_METER_GRAINS;
    struct lim_meter_rule r = {
        .rate = lim_rate_make(c->limit, c->window_ns, burst),
        .discipline = c->discipline,
        .grain_ns = (c->window_ns - 1) / grains + 1,
    };
    r.slice =
        sliced ? slice_of(c) : lim_rate_make(LIM_UNLIMITED, c->window_ns, 0);
    return r;
}

void lim_meter_init(const struct lim_meter_rule *r, struct lim_meter *m,
                    lim_time now)
{
    memset(m, 0, sizeof *m);
    type_of(r)->init(m, r, now);
}

void lim_meter_clear(const struct lim_meter_rule *r, struct lim_meter *m,
                     lim_time now)
{
    type_of(r)->init(m, r, now);
}

void lim_meter_fini(const struct lim_meter_rule *r, struct lim_meter *m)
{
    if (type_of(r)->fini != NULL)
        type_of(r)->fini(m);
}

int64_t lim_meter_largest(const struct lim_meter_rule *r)
{
    if (r->rate.limit == LIM_UNLIMITED)
        return INT64_MAX;
    return r->rate.limit > 0 ? r->rate.burst : 0;
}

int lim_meter_reserve(const struct lim_meter_rule *r, struct lim_meter *m,
                      lim_time now)
{
    if (r->rate.limit <= 0 || type_of(r)->reserve == NULL)
        return LIM_OK;
    return type_of(r)->reserve(r, m, now);
}

int lim_meter_reserve_all(const struct lim_meter_rule *r, struct lim_meter *m)
{
    if (r->rate.limit <= 0 || type_of(r)->reserve_all == NULL)
        return LIM_OK;
    return type_of(r)->reserve_all(r, m);
}

void lim_meter_give(const struct lim_meter_rule *r, struct lim_meter *m,
                    int64_t cost, lim_time taken_at)
{
    if (r->rate.limit > 0 && cost > 0)
        type_of(r)->give(r, m, cost, taken_at);
}

void lim_meter_raise(const struct lim_meter_rule *r, struct lim_meter *m,
                     int64_t cost, lim_time now)
{
    if (type_of(r)->raise == NULL)
        lim_meter_give(r, m, cost, now);
    else if (r->rate.limit > 0 && cost > 0)
        type_of(r)->raise(r, m, cost, now);
}

void lim_meter_lower(const struct lim_meter_rule *r, struct lim_meter *m,
                     int64_t cost, lim_time now)
{
    if (type_of(r)->lower == NULL)
        lim_meter_take(r, m, cost, now);
    else if (r->rate.limit > 0 && cost > 0)
        type_of(r)->lower(r, m, cost, now);
}

void lim_meter_change(const struct lim_meter_rule *from,
                      const struct lim_meter_rule *to, struct lim_meter *m,
                      lim_time now)
{
    assert(from->discipline == to->discipline);
    if (from->rate.limit <= 0 || to->rate.limit <= 0 ||
        from->rate.window_ns != to->rate.window_ns)
        type_of(to)->init(m, to, now);
    else if (from->rate.limit != to->rate.limit ||
             from->rate.burst != to->rate.burst)
        type_of(to)->change(m, from, to, now);
}

int64_t lim_meter_other_remaining(const struct lim_meter_rule *r,
                                  const struct lim_meter *m, lim_time now)
{
    if (r->rate.limit <= 0)
        return r->rate.limit;
    return type_of(r)->remaining(r, m, now);
}

int64_t lim_meter_other_reset(const struct lim_meter_rule *r,
                              const struct lim_meter *m, lim_time now)
{
    return r->rate.limit > 0 ? type_of(r)->reset(r, m, now) : 0;
}

double lim_meter_level(const struct lim_meter_rule *r,
                       const struct lim_meter *m, lim_time now)
{
    if (r->rate.limit <= 0 || type_of(r)->level == NULL)
        return (double)lim_meter_remaining(r, m, now);
    return type_of(r)->level(r, m, now);
}

lim_time lim_meter_other_ready(const struct lim_meter_rule *r,
                               const struct lim_meter *m, int64_t cost,
                               lim_time now)
{
    if (r->rate.limit == LIM_UNLIMITED || cost == 0)
        return now;
    if (!lim_window_fits(&r->rate, cost))
        return LIM_NEVER;
    return type_of(r)->ready(r, m, cost, now);
}

void lim_meter_other_take(const struct lim_meter_rule *r, struct lim_meter *m,
                          int64_t cost, lim_time now)
{
    if (r->rate.limit > 0 && cost > 0)
        type_of(r)->take(r, m, cost, now);
}
