/*
 * edf_wrr: weighted round robin by deadlines.  Each organisation is due once
 * in a period of 1 / weight; the one due first takes the request.  The shares
 * of swrr, for one comparison.
 *
 * Eligible: as the pool says.  Key: the next deadline, in virtual time that
 * moves by 2^16 with each request.  Tie: the lower organisation.  Nobody
 * eligible: the pool waits for the first that will be.
 *
 * Source: gRFC A58 of gRPC.  There the first deadline is drawn at random in
 * the period, so that not all clients begin alike; here it is a hash of the
 * organisation, uniform likewise, so that two runs are the same.  Pitfall:
 * who was absent is overdue, and would take all until it is not; so the next
 * deadline counts from the latest that was met.
 */

#include "limiter/strategies/strategies.h"

#include "limiter/rng.h"
#include "limiter/window.h"

#define UNIT 65536.0
#define PERIOD_MAX (INT64_C(1) << 48)
#define DEADLINE_MAX LIM_SCORE_MOST

struct calendar {
    int64_t met; /* the latest deadline */
    int64_t period[];
};

static void score(const void *state, const struct lim_view *v,
                  int64_t out[LIM_BLOCK])
{
    const int64_t *deadline = lim_view_row(v, LIM_VALUE_KEY);
    (void)state;
    for (unsigned i = 0; i < v->columns; i++)
        out[i] = deadline[i];
}

static int64_t start(void *state, const struct lim_event *e)
{
    struct calendar *c = state;
    double period = e->weights / e->weight * UNIT + 0.5;
    int64_t *own = &c->period[e->organisation];
    *own = period < (double)PERIOD_MAX ? (int64_t)period : PERIOD_MAX;
    uint64_t phase = lim_rng_mix(e->organisation) >> 32;
    return (int64_t)((lim_wide)*own * (int64_t)phase >> 32);
}

static int64_t sent(void *state, const struct lim_event *e)
{
    struct calendar *c = state;
    c->met = e->key > c->met ? e->key : c->met;
    int64_t next = c->met + c->period[e->organisation];
    return next < DEADLINE_MAX ? next : DEADLINE_MAX;
}

const struct lim_strategy lim_strategy_edf_wrr = {
    .name = "edf_wrr",
    .summary = "weighted round robin: the earliest virtual deadline",
    .abi = LIM_STRATEGY_ABI,
    .mixes = true,
    .state_size = sizeof(struct calendar),
    .state_each = sizeof(int64_t),
    .score = score,
    .start = start,
    .sent = sent,
};
