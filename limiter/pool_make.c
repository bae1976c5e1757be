#include "limiter/pool_parts.h"

#include <stdlib.h>

#include "limiter/config.h"
#include "limiter/rng.h"

/*
 * Addresses that lie a multiple of 4,096 bytes apart look alike to a processor
 * that wants to know whether a load must wait for a store.  A request's record
 * is read right after its flight was written (5 % of a simulated day, where
 * there was room for a round number of them): they lie half of that apart.
 */
static size_t room_for(size_t records)
{
    enum { ALIKE = 4096 / sizeof(struct lim_record) };
    return records + (ALIKE + ALIKE / 2 - records % ALIKE) % ALIKE;
}

static bool allocate(struct lim_pool *p, const struct lim_config *c)
{
    const struct lim_lanes_config lanes = {
        .queue = c->queue.discipline,
        .groups = c->groups,
        .tenants = c->tenants,
        .requests = c->requests_max,
        .quantum = c->queue.quantum,
        .aging_ns = c->queue.aging_ns > 0
                        ? c->queue.aging_ns
                        : c->queue.discipline->aging_default_ns,
    };
    bool hedges = c->hedge.budget > 0;
    size_t room = room_for(c->requests_max);
    size_t one = sizeof *p->flights + (hedges ? sizeof *p->pairs : 0);
    p->memory = malloc(room * sizeof *p->records + c->requests_max * one +
                       LIM_CACHE_LINE - 1);
    if (p->memory == NULL)
        return false;
    p->records = lim_cache_line_in(p->memory);
    p->flights = (struct lim_flight *)(p->records + room);
    if (hedges)
        p->pairs = (struct lim_pair *)(p->flights + c->requests_max);
    p->lanes = lim_lanes_new(&lanes);
    p->timers = lim_timerq_new(c->requests_max);
    p->members = lim_members_new(c);
    if (hedges)
        p->hedger = lim_hedger_new(&c->hedge);
    return p->lanes != NULL && p->timers != NULL && p->members != NULL &&
           (!hedges || p->hedger != NULL);
}

struct lim_pool *lim_pool_new(const struct lim_config *c, struct lim_diag *diag)
{
    if (lim_config_check(c, diag) != LIM_OK)
        return NULL;
    struct lim_pool *p = calloc(1, sizeof *p);
    if (p == NULL || !allocate(p, c)) {
        lim_pool_free(p);
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    p->record_count = c->requests_max;
    p->free = LIM_NOBODY;
    p->groups = c->groups;
    p->tenants = c->tenants;
    p->waiting_max =
        c->queue.max == LIM_UNLIMITED ? UINT64_MAX : (uint64_t)c->queue.max;
    p->shed_last = c->queue.shed_last;
    lim_retrier_init(&p->retrier, c);
    p->judge = (struct lim_judge){ .members = p->members,
                                   .belief = c->belief,
                                   .settle = c->settle,
                                   .lossy = c->belief == LIM_BELIEF_LEARNED };
    p->bounded =
        c->cap_pool != LIM_UNLIMITED || (c->cap != NULL && c->cap_whole);
    p->draws = c->strategy->draws || c->strategy->samples > 0;
    p->draw_strategy = lim_rng_stream(c->seed, LIM_DRAW_STRATEGY);
    p->now = c->start;
    p->month_end = lim_members_month_end(p->members);
    return p;
}

void lim_pool_free(struct lim_pool *p)
{
    if (p == NULL)
        return;
    lim_pool_check(p);
    lim_members_free(p->members);
    lim_timerq_free(p->timers);
    lim_lanes_free(p->lanes);
    lim_hedger_free(p->hedger);
    free(p->memory);
    free(p);
}

struct lim_counts lim_pool_counts(const struct lim_pool *p)
{
    return p->counts;
}

struct lim_window_belief lim_pool_belief(const struct lim_pool *p,
                                         uint32_t organisation, unsigned group,
                                         enum lim_limit limit, lim_time now)
{
    return lim_members_belief(p->members, organisation, group, limit,
                              now > p->now ? now : p->now);
}
