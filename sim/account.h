#ifndef SIM_ACCOUNT_H
#define SIM_ACCOUNT_H

#include <stdint.h>

#include "limiter/pool.h"
#include "limiter/price.h"
#include "sim/costs.h"
#include "sim/scenario.h"
#include "sim/summary.h"

/*
 * The books of a run: organisations, limit groups and tenants as the client's
 * pool knows them, what arrived, what each organisation let through, and from
 * that utilisation, the bound, efficiency and fairness.  Internal to
 * sim/client; fields are read there.
 */
struct sim_arrived { /* in one limit group */
    struct sim_costs tokens;
    int64_t least_images;
};

struct sim_account {
    const struct sim_scenario *scenario;
    struct lim_organisation *organisations;
    unsigned organisation_count;
    struct lim_limits *limits; /* by organisation and group */
    bool *serves;              /* likewise */
    unsigned group_count;
    unsigned *group_of_workload;
    unsigned tenant_count;
    unsigned *tenant_of_workload;
    const struct lim_price **price_of_workload; /* NULL: not known */
    int64_t *reply_of_workload;  /* tokens that are reckoned for a reply */
    struct sim_arrived *arrived; /* by group */
    struct lim_cost *admitted;   /* by organisation, group */
    bool out_of_memory;
};

/*
 * Reads organisations and models of a scenario against its table.  Returns
 * LIM_OK, LIM_ENOMEM, or LIM_EINVAL with `diag`: a model that the table does
 * not know, or that no organisation's tier has access to.
 */
int sim_account_init(struct sim_account *a, const struct sim_scenario *s,
                     struct lim_diag *diag);
void sim_account_fini(struct sim_account *a);

/* What a request of a workload costs at admission. */
struct lim_cost sim_account_cost(const struct sim_account *a,
                                 const struct sim_workload *w,
                                 unsigned workload, int64_t prompt_tokens);

void sim_account_arrived(struct sim_account *a, unsigned group,
                         const struct lim_cost *cost);
void sim_account_admitted(struct sim_account *a, uint32_t organisation,
                          unsigned group, const struct lim_cost *cost);

/*
 * Fills utilisation, bound, efficiency, fairness and the binding limit of a
 * run of `elapsed_ns` in which `got` requests were admitted and did not fail.
 * Returns LIM_OK or LIM_ENOMEM.
 */
int sim_account_summary(struct sim_account *a, uint64_t got, int64_t elapsed_ns,
                        struct sim_summary *out);

#endif
