#ifndef TEST_ONE_METER_H
#define TEST_ONE_METER_H

#include <CUnit/CUnit.h>

#include "limiter/error.h"
#include "limiter/meter.h"

/* A meter with its rule, and short names for what is done with it. */
struct one {
    struct lim_meter_rule rule;
    struct lim_meter meter;
};

static inline struct one make(enum lim_discipline d, int64_t limit,
                              int64_t window_ns, lim_time now)
{
    const struct lim_meter_config c = { .discipline = d,
                                        .limit = limit,
                                        .window_ns = window_ns,
                                        .burst = limit > 0 ? limit : 0,
                                        .quantum_ns = LIM_SEC };
    struct one o = { .rule = lim_meter_rule_make(&c) };
    lim_meter_init(&o.rule, &o.meter, now);
    return o;
}

static inline lim_time ready(const struct one *o, int64_t cost, lim_time now)
{
    return lim_meter_ready(&o->rule, &o->meter, cost, now);
}

static inline void take(struct one *o, int64_t cost, lim_time now)
{
    CU_ASSERT_EQUAL(lim_meter_reserve(&o->rule, &o->meter, now), LIM_OK);
    lim_meter_take(&o->rule, &o->meter, cost, now);
}

static inline void give(struct one *o, int64_t cost, lim_time taken_at)
{
    lim_meter_give(&o->rule, &o->meter, cost, taken_at);
}

static inline int64_t left(const struct one *o, lim_time now)
{
    return lim_meter_remaining(&o->rule, &o->meter, now);
}

static inline int64_t reset(const struct one *o, lim_time now)
{
    return lim_meter_reset(&o->rule, &o->meter, now);
}

static inline void end(struct one *o)
{
    lim_meter_fini(&o->rule, &o->meter);
}

#endif
