#include "sim/faults.h"

#include <assert.h>
#include <string.h>

#include "limiter/rng.h"

static const char *const names[SIM_FAULTS] = {
    [SIM_FAULT_NONE] = "none",
    [SIM_FAULT_HTTP_429] = "http_429",
    [SIM_FAULT_EDGE_429] = "edge_429",
    [SIM_FAULT_HTTP_503] = "http_503",
    [SIM_FAULT_SLOW_DOWN] = "slow_down",
    [SIM_FAULT_HTTP_500] = "http_500",
    [SIM_FAULT_TIMEOUT] = "timeout",
    [SIM_FAULT_RESET] = "reset",
    [SIM_FAULT_RESET_IN_HEAD] = "reset_in_head",
    [SIM_FAULT_RESET_AFTER_HEAD] = "reset_after_head",
    [SIM_FAULT_CUT_STREAM] = "cut_stream",
    [SIM_FAULT_MALFORMED] = "malformed",
    [SIM_FAULT_WRONG_LENGTH] = "wrong_length",
    [SIM_FAULT_NO_HEADERS] = "no_headers",
    [SIM_FAULT_LYING_HEADERS] = "lying_headers",
    [SIM_FAULT_CLOCK_SKEW] = "clock_skew",
};

const char *sim_fault_name(enum sim_fault fault)
{
    assert(fault < SIM_FAULTS);
    return names[fault];
}

bool sim_fault_find(const char *name, enum sim_fault *out)
{
    for (int i = SIM_FAULT_NONE + 1; i < SIM_FAULTS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum sim_fault)i;
            return true;
        }
    }
    return false;
}

bool sim_fault_in_front(enum sim_fault fault)
{
    return fault > SIM_FAULT_NONE && fault <= SIM_FAULT_SLOW_DOWN;
}

bool sim_fault_loses(enum sim_fault fault)
{
    return fault >= SIM_FAULT_HTTP_500 && fault <= SIM_FAULT_WRONG_LENGTH;
}

struct sim_faults sim_faults_none(void)
{
    return (struct sim_faults){ .timeout_ns = 10 * LIM_MIN };
}

static bool matches(const struct sim_fault_rule *r,
                    const struct sim_fault_target *t)
{
    return t->now >= r->from && t->now < r->until &&
           (r->organisation == NULL ||
            strcmp(r->organisation, t->organisation) == 0) &&
           (r->model == NULL || strcmp(r->model, t->model) == 0);
}

enum sim_fault sim_faults_draw(const struct sim_faults *f, uint64_t seed,
                               const struct sim_fault_target *t)
{
    double below = 0;
    if (f->count == 0)
        return SIM_FAULT_NONE;
    double u = lim_rng_uniform(lim_rng_draw(
        lim_rng_stream(seed, LIM_DRAW_FAULT), t->request, t->attempt));
    for (size_t i = 0; i < f->count; i++) {
        if (!matches(&f->rules[i], t))
            continue;
        below += f->rules[i].share;
        if (u < below)
            return f->rules[i].fault;
    }
    return SIM_FAULT_NONE;
}
