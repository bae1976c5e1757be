#ifndef SIM_PROVIDER_PARTS_H
#define SIM_PROVIDER_PARTS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "limiter/meter.h"
#include "sim/billing.h"
#include "sim/provider.h"

/*
 * What the files of the provider share, and nobody else.
 *
 * The rates of a tier are the same for all its organisations: they are made
 * once.  What an organisation has of its own is the level of its windows,
 * for each limit group, from its first request of that group on: until then
 * it has `sim_unused`, of which nothing is used.  A project has rates and
 * windows for those groups alone in which it is limited.
 */
struct sim_windows {               /* of one group */
    int64_t taken[LIM_IMAGES + 1]; /* of each dimension, at admission */
    struct lim_meter level[LIM_WINDOWS];
    int64_t more[LIM_WINDOWS]; /* taken later, or by refusals; or given back */
};

/* Zeros; never written. */
extern struct sim_windows sim_unused;

/* The limits of one group; all 0 where it is not served. */
struct sim_rates {
    struct lim_meter_rule rule[LIM_WINDOWS];
    struct sim_limited {      /* those that are a limit, in their order */
        struct lim_rate rate; /* the rule's */
        uint8_t limit, dimension;
        bool shown; /* headers show it, and no other beside it */
    } limited[LIM_WINDOWS];
    uint8_t limited_count;
    struct sim_headers { /* of requests and of tokens: they show that of the
                            windows from `first` to `last`, of the minute and
                            of the day, which takes longer until it is full;
                            first LIM_WINDOWS: none */
        uint8_t first, last;
    } headers[LIM_TOKENS + 1];
    bool paired; /* in some headers the one is not the other */
    bool plain;  /* all are buckets, and none lets nothing through */
};

struct sim_org { /* what each request asks for comes last, side by side */
    char *name;
    struct sim_payment *payments; /* billing reads on in them */
    struct sim_billing billing;
    const struct sim_rates *rates; /* of its tier, for each group */
    struct sim_decided decided;
    struct sim_windows *windows[]; /* of each group; sim_unused: not yet */
};

struct sim_share { /* a project */
    char *name;
    struct sim_decided decided;
    uint32_t parent;
    uint32_t panels;             /* groups that it limits */
    int32_t *panel_of;           /* of each group; -1: none */
    struct sim_rates *rates;     /* of each panel */
    struct sim_windows *windows; /* likewise */
};

struct sim_provider {
    struct sim_org **orgs;
    uint32_t count, room;
    struct sim_share **shares;
    uint32_t share_count, share_room;
    enum lim_discipline discipline;
    struct sim_charge charge;
    unsigned groups;
    struct sim_rates *rates; /* LIM_TIERS x groups */
    struct sim_billing_rules rules;
    int64_t quantum_ns;
    double burst;
    lim_time start;
};

static inline struct sim_rates *sim_provider_rates(const struct sim_provider *p,
                                                   enum lim_tier tier)
{
    return &p->rates[(size_t)tier * p->groups];
}

/* The project of that number; NULL: it is an organisation's. */
static inline struct sim_share *sim_provider_share(const struct sim_provider *p,
                                                   uint32_t index)
{
    if (index < SIM_PROJECT_FIRST)
        return NULL;
    assert(index - SIM_PROJECT_FIRST < p->share_count);
    return p->shares[index - SIM_PROJECT_FIRST];
}

/* The organisation of that number, or of the project of that number. */
static inline struct sim_org *sim_provider_org(const struct sim_provider *p,
                                               uint32_t index)
{
    if (index >= SIM_PROJECT_FIRST)
        index = sim_provider_share(p, index)->parent;
    assert(index < p->count);
    return p->orgs[index];
}

/* Frees what an organisation used of a group; all of it is there again. */
void sim_provider_disown(struct sim_org *o, unsigned group);

/* Empties the windows of a project likewise. */
void sim_provider_clear_share(struct sim_share *s);

/* Brings an organisation to `now`, when there is something to be done. */
void sim_provider_catch_up(const struct sim_provider *p, struct sim_org *o,
                           lim_time now);

#endif
