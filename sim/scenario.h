#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/meter.h"
#include "limiter/pool.h"
#include "limiter/price.h"
#include "limiter/tier.h"
#include "limiter/time.h"
#include "sim/dist.h"
#include "sim/faults.h"
#include "sim/latency.h"
#include "sim/trace.h"

/*
 * A scenario as plain values: what bench has read from JSON, and what a run
 * in any of the three worlds needs.  Whoever fills it owns all that it points
 * to; a run only reads it, so that many runs may share one.
 */

/* A payment that is to come. */
struct sim_payment {
    int64_t after_ns; /* after the provider's start; >= 0 */
    int64_t microusd; /* > 0 */
};

/* What a project may at most take of its organisation's limits, in the limit
   group of `model`, or in the group of that name. */
struct sim_project_limit {
    const char *model;
    struct lim_limits limits; /* a limit of 0: no access */
};

struct sim_project {
    const char *name; /* unique in its organisation */
    const struct sim_project_limit *limits;
    size_t limit_count;
};

/*
 * The truth: a provider's organisations and its ways.  Of an organisation
 * that has paid, or is to pay, the payments are known: it may be upgraded.
 * Others stay at their tier.
 */
struct sim_organisation {
    const char *name;
    enum lim_tier tier;
    unsigned keys; /* >= 1 */
    int64_t paid_microusd;
    int first_payment_days_ago;         /* -1: at the start, or never */
    const struct sim_payment *payments; /* to come, by time */
    size_t payment_count;
    int64_t spent_microusd; /* this month, at the start */
    const struct sim_project *projects;
    size_t project_count;
    double weight; /* the client's, as its pool takes them; */
    int priority;  /* the provider knows neither */
};

/* When an organisation whose payments are known changes its tier. */
enum sim_upgrades {
    SIM_UPGRADES_AUTOMATIC, /* when paid and days are reached */
    SIM_UPGRADES_ON_PAYMENT /* the same is looked at only with a payment:
                               so users of the real API report it */
};

struct sim_charge {
    bool refused;     /* refusals are charged too */
    bool bad_request; /* 400s are charged */
    bool settle;      /* the reservation is settled to real use */
};

enum sim_latency_source {
    SIM_LATENCY_PROFILE, /* of the request's model */
    SIM_LATENCY_GIVEN    /* `latency` */
};

struct sim_provider_config {
    const struct lim_table *table; /* NULL: no limits, every model */
    const struct sim_organisation *organisations;
    size_t organisation_count;
    struct lim_prices prices; /* before those of the list */
    enum sim_upgrades upgrades;
    enum lim_discipline discipline;
    int64_t quantum_ns; /* of quantised windows, 1 to LIM_MIN */
    double burst;       /* share of the limit, (0, 1]; 1 where the
                           discipline has none */
    struct sim_charge charge;
    enum sim_latency_source latency_source;
    struct sim_latency latency;
    struct sim_load load;
    double tier_speed[LIM_TIERS]; /* factors of all times, > 0; 1 */
    struct sim_faults faults;     /* the rules outlive the provider */
    uint64_t seed;                /* of latency, faults and reply lengths */
    lim_time start;
};

/*
 * The defaults: no organisation, buckets with full burst (quantum 1 s), charges
 * as observed, latency by the model's profile, from 2026-01-01.  `table` is
 * NULL: tables own memory, so the caller makes the one that it wants ("current"
 * where nothing is said).
 */
struct sim_provider_config sim_provider_config_default(void);

/* The belief and the policy: how the client sends. */
struct sim_client_config {
    const struct lim_strategy *strategy;
    enum lim_belief belief;
    enum lim_discipline discipline; /* that it assumes, */
    int64_t quantum_ns;             /* with slices of so much */
    int64_t cap_pool;
    int64_t cap_organisation;
    const struct lim_cap *cap; /* adaptive; NULL: none */
    struct lim_cap_options cap_options;
    bool cap_whole;
    struct lim_queueing queue;
    struct lim_retry retry;
    struct lim_hedging hedge;
    struct lim_breaker_config breaker;
};

/* As lim_config_default: headroom, known limits, no caps, 6 retries. */
struct sim_client_config sim_client_config_default(void);

/* Sets the belief and the policy of a pool's configuration. */
void sim_client_configure(const struct sim_client_config *c,
                          struct lim_config *pool);

enum sim_arrival_kind {
    SIM_ARRIVE_BATCH,
    SIM_ARRIVE_POISSON,
    SIM_ARRIVE_GAMMA,   /* gaps between arrivals: independent, gamma */
    SIM_ARRIVE_WEIBULL, /* or Weibull distributed */
    SIM_ARRIVE_DIURNAL, /* a rate for each hour of the day or week */
    SIM_ARRIVE_MMPP,    /* a rate for each state of a Markov chain */
    SIM_ARRIVE_TRACE,
    SIM_ARRIVE_CLOSED, /* users who wait for their answers and think */
    SIM_ARRIVE_SHARED  /* of those of the other workloads with a share */
};

#define SIM_HOURS 168
#define SIM_STATES_MAX 8

/* States follow each other round and round; each stays for an exponential
   time. */
struct sim_state {
    double rate_per_s;
    double stay_s; /* mean, > 0 */
};

struct sim_arrivals {
    enum sim_arrival_kind kind;
    int64_t batch;     /* requests at the start */
    double rate_per_s; /* mean, of all random ones but mmpp */
    double cv;         /* of the gaps at a constant rate, SIM_CV_MIN to _MAX;
                          diurnal and mmpp: 1 is Poisson, others are gamma */
    double factors[SIM_HOURS]; /* of the mean rate, UTC, from Monday's first
                                  hour on; their own mean is 1 */
    unsigned factor_count;     /* 24 or SIM_HOURS */
    struct sim_state states[SIM_STATES_MAX];
    unsigned state_count;
    const struct sim_trace_row *rows;
    size_t row_count;
    double speed; /* of the trace's clock */
    bool loop;    /* the trace begins anew when it ends */
    uint32_t users;
    struct sim_dist think; /* seconds, > 0 */
};

/* One stream of requests; a workload is one or several. */
struct sim_workload {
    const char *model;
    struct sim_arrivals arrivals;
    double share; /* > 0: every arrival of a workload with a share falls to
                     one of them by chance, as their shares are; 0: none */
    struct sim_dist prompt_tokens; /* traces bring their own */
    struct sim_dist completion_tokens;
    bool paired;         /* both are empirical: a draw takes a row of both */
    int64_t max_tokens;  /* -1: none */
    int64_t images;      /* a request; 0: not images */
    bool stream;         /* replies come token by token */
    int64_t deadline_ns; /* LIM_NEVER: none */
    const char *tenant;  /* whose; NULL: nobody's, who is one tenant too */
    int priority;        /* 0 to LIM_PRIORITIES - 1, higher first */
    uint64_t affinity;   /* distinct prompts, by cache; 0: not said */
};

struct sim_scenario {
    const char *name;
    uint64_t seed;
    int64_t duration_ns; /* LIM_NEVER: until the end */
    int64_t warmup_ns;   /* left out of times and rates; 0: nothing */
    bool drain;
    /* Answers that end at one instant end in the order in which they began;
       or, if `shuffled`, in one of this seed.  What depends on it shows. */
    bool shuffled;
    uint64_t shuffle_seed;
    struct sim_provider_config provider;
    struct sim_client_config client;
    const struct sim_workload *workloads;
    size_t workload_count;
};

#endif
