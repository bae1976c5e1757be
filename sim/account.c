#include "sim/account.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/billing.h"
#include "sim/bound.h"

static const char *group_name(const struct sim_scenario *s, size_t workload)
{
    const char *model = s->workloads[workload].model;
    return s->provider.table == NULL
               ? model
               : lim_table_group(s->provider.table, model);
}

/* As much as is allowed, or what is usual. */
static int64_t reply_of(const struct sim_workload *w)
{
    return w->max_tokens >= 0 ? w->max_tokens
                              : (int64_t)sim_dist_mean(&w->completion_tokens);
}

/* Numbers the groups of the workloads in order of appearance. */
static int number_groups(struct sim_account *a, struct lim_diag *diag)
{
    const struct sim_scenario *s = a->scenario;
    for (size_t i = 0; i < s->workload_count; i++) {
        const char *name = group_name(s, i);
        size_t k = 0;
        if (name == NULL)
            return lim_fail(
                diag, LIM_EINVAL, 0, "table %s does not know the model \"%s\"",
                lim_table_name(s->provider.table), s->workloads[i].model);
        while (k < i && strcmp(group_name(s, k), name) != 0)
            k++;
        a->group_of_workload[i] =
            k < i ? a->group_of_workload[k] : a->group_count++;
        a->reply_of_workload[i] = reply_of(&s->workloads[i]);
        a->price_of_workload[i] =
            lim_prices_find(&s->provider.prices, s->workloads[i].model);
    }
    return LIM_OK;
}

static bool same_tenant(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Numbers the tenants likewise. */
static void number_tenants(struct sim_account *a)
{
    const struct sim_workload *w = a->scenario->workloads;
    for (size_t i = 0; i < a->scenario->workload_count; i++) {
        size_t k = 0;
        while (k < i && !same_tenant(w[k].tenant, w[i].tenant))
            k++;
        a->tenant_of_workload[i] =
            k < i ? a->tenant_of_workload[k] : a->tenant_count++;
    }
}

/* The limits of organisation `o` for the models of group `g`. */
static void read_limits(struct sim_account *a, unsigned o, unsigned g)
{
    const struct sim_scenario *s = a->scenario;
    size_t at = (size_t)o * a->group_count + g;
    size_t w = 0;
    a->limits[at] = lim_limits_none();
    a->serves[at] = true;
    if (s->provider.table == NULL)
        return;
    while (a->group_of_workload[w] != g)
        w++;
    const struct lim_tier_row *row =
        lim_table_find(s->provider.table, s->workloads[w].model,
                       s->provider.organisations[o].tier);
    a->serves[at] = row != NULL;
    if (row != NULL)
        a->limits[at] = row->limits;
}

static void read_organisation(struct sim_account *a, unsigned o)
{
    const struct sim_provider_config *p = &a->scenario->provider;
    const struct sim_organisation *from = &p->organisations[o];
    a->organisations[o] = (struct lim_organisation){
        .name = from->name,
        .keys = from->keys,
        .limits = &a->limits[(size_t)o * a->group_count],
        .serves = &a->serves[(size_t)o * a->group_count],
        .spend_max = LIM_UNLIMITED,
        .spent = from->spent_microusd,
        .weight = from->weight,
        .priority = from->priority,
    };
    for (unsigned g = 0; g < a->group_count; g++)
        read_limits(a, o, g);
    if (p->table != NULL && a->scenario->client.belief != LIM_BELIEF_NONE)
        a->organisations[o].spend_max =
            lim_table_qualification(p->table, from->tier)->month_microusd;
}

static int check_access(const struct sim_account *a, struct lim_diag *diag)
{
    const struct sim_scenario *s = a->scenario;
    for (size_t w = 0; w < s->workload_count; w++) {
        bool served = false;
        for (unsigned o = 0; o < a->organisation_count; o++)
            served |= a->organisations[o].serves[a->group_of_workload[w]];
        if (!served)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "no organisation's tier has access to \"%s\"",
                            s->workloads[w].model);
    }
    return LIM_OK;
}

int sim_account_init(struct sim_account *a, const struct sim_scenario *s,
                     struct lim_diag *diag)
{
    size_t workloads = s->workload_count;
    *a = (struct sim_account){ .scenario = s };
    a->organisation_count = (unsigned)s->provider.organisation_count;
    if (a->organisation_count < 1)
        return lim_fail(diag, LIM_EINVAL, 0, "no organisations");
    a->group_of_workload = calloc(workloads, sizeof *a->group_of_workload);
    a->price_of_workload = calloc(workloads, sizeof *a->price_of_workload);
    a->reply_of_workload = calloc(workloads, sizeof *a->reply_of_workload);
    a->tenant_of_workload = calloc(workloads, sizeof *a->tenant_of_workload);
    if (a->reply_of_workload == NULL || a->group_of_workload == NULL ||
        a->price_of_workload == NULL || a->tenant_of_workload == NULL)
        return LIM_ENOMEM;
    number_tenants(a);
    if (number_groups(a, diag) != LIM_OK)
        return LIM_EINVAL;
    size_t places = (size_t)a->organisation_count * a->group_count;
    a->organisations = calloc(a->organisation_count, sizeof *a->organisations);
    a->limits = calloc(places, sizeof *a->limits);
    a->serves = calloc(places, sizeof *a->serves);
    a->arrived = calloc(a->group_count, sizeof *a->arrived);
    a->admitted = calloc(places, sizeof *a->admitted);
    if (a->organisations == NULL || a->limits == NULL || a->serves == NULL ||
        a->arrived == NULL || a->admitted == NULL)
        return LIM_ENOMEM;
    for (unsigned o = 0; o < a->organisation_count; o++)
        read_organisation(a, o);
    return check_access(a, diag);
}

void sim_account_fini(struct sim_account *a)
{
    for (unsigned g = 0; a->arrived != NULL && g < a->group_count; g++)
        sim_costs_fini(&a->arrived[g].tokens);
    free(a->arrived);
    free(a->admitted);
    free(a->serves);
    free(a->limits);
    free(a->organisations);
    free(a->tenant_of_workload);
    free(a->reply_of_workload);
    free(a->price_of_workload);
    free(a->group_of_workload);
}

struct lim_cost sim_account_cost(const struct sim_account *a,
                                 const struct sim_workload *w,
                                 unsigned workload, int64_t prompt_tokens)
{
    int64_t money =
        lim_price_cost(a->price_of_workload[workload], prompt_tokens,
                       a->reply_of_workload[workload], w->images);
    return (struct lim_cost){ {
        [LIM_REQUESTS] = 1,
        [LIM_TOKENS] = lim_estimate_tokens(prompt_tokens, w->max_tokens),
        [LIM_IMAGES] = w->images,
        [LIM_MONEY] = money > 0 ? money : 0,
    } };
}

void sim_account_arrived(struct sim_account *a, unsigned group,
                         const struct lim_cost *cost)
{
    struct sim_arrived *c = &a->arrived[group];
    if (c->tokens.count == 0 || cost->amount[LIM_IMAGES] < c->least_images)
        c->least_images = cost->amount[LIM_IMAGES];
    if (sim_costs_add(&c->tokens, cost->amount[LIM_TOKENS]) != LIM_OK)
        a->out_of_memory = true;
}

void sim_account_admitted(struct sim_account *a, uint32_t organisation,
                          unsigned group, const struct lim_cost *cost)
{
    struct lim_cost *sum =
        &a->admitted[(size_t)organisation * a->group_count + group];
    for (int d = 0; d < LIM_DIMENSIONS; d++)
        sum->amount[d] += cost->amount[d];
}

/* Used and allowed units of one limit, added up. */
struct share {
    double used, allowed;
};

/* Adds what an organisation used of limit `w` and what it was allowed. */
static void add_share(const struct sim_account *a, const struct sim_room *rooms,
                      unsigned o, unsigned w, struct share *s)
{
    enum lim_dimension d = lim_limit_dimension((enum lim_limit)w);
    for (unsigned g = 0; g < a->group_count; g++) {
        double allowed = rooms[g * a->organisation_count + o].total[w];
        size_t at = (size_t)o * a->group_count + g;
        if (!(allowed > 0 && allowed < HUGE_VAL))
            continue;
        s->used += (double)a->admitted[at].amount[d];
        s->allowed += allowed;
    }
}

static double ratio(struct share s)
{
    return s.allowed > 0 ? s.used / s.allowed : -1;
}

/* Money: spent this month, of the tier's monthly limit. */
static struct share spend_share(const struct sim_account *a, unsigned o)
{
    const struct sim_provider_config *p = &a->scenario->provider;
    struct share s = { (double)p->organisations[o].spent_microusd, 0 };
    if (p->table == NULL)
        return s;
    int64_t most = lim_table_qualification(p->table, p->organisations[o].tier)
                       ->month_microusd;
    s.allowed = most == LIM_UNLIMITED ? 0 : (double)most;
    for (unsigned g = 0; g < a->group_count; g++)
        s.used += (double)a->admitted[(size_t)o * a->group_count + g]
                      .amount[LIM_MONEY];
    return s;
}

static void fill_utilisation(const struct sim_account *a,
                             const struct sim_room *rooms,
                             struct sim_summary *out)
{
    struct share pool[LIM_LIMITS] = { { 0, 0 } };
    for (unsigned o = 0; o < a->organisation_count; o++) {
        out->organisation_names[o] = a->organisations[o].name;
        for (unsigned w = 0; w < LIM_LIMITS; w++) {
            struct share s = { 0, 0 };
            if (w == LIM_SPEND)
                s = spend_share(a, o);
            else
                add_share(a, rooms, o, w, &s);
            out->organisations[o].share[w] = ratio(s);
            if (s.allowed > 0) {
                pool[w].used += s.used;
                pool[w].allowed += s.allowed;
            }
        }
    }
    for (unsigned w = 0; w < LIM_LIMITS; w++)
        out->pool.share[w] = ratio(pool[w]);
}

/* Jain's index of the organisations' scarcest rate limits; -1: none used. */
static double fairness(const struct sim_summary *s)
{
    double sum = 0, squares = 0;
    for (size_t o = 0; o < s->organisation_count; o++) {
        double most = 0;
        for (unsigned w = 0; w < LIM_WINDOWS; w++)
            if (s->organisations[o].share[w] > most)
                most = s->organisations[o].share[w];
        sum += most;
        squares += most * most;
    }
    if (squares <= 0)
        return -1;
    return sum * sum / ((double)s->organisation_count * squares);
}

/* The limits of organisation `o` for the models of group `g` at a tier. */
static struct lim_limits limits_at(const struct sim_account *a, unsigned g,
                                   enum lim_tier tier)
{
    const struct lim_table *table = a->scenario->provider.table;
    size_t w = 0;
    while (a->group_of_workload[w] != g)
        w++;
    const struct lim_tier_row *row =
        lim_table_find(table, a->scenario->workloads[w].model, tier);
    return row != NULL ? row->limits : (struct lim_limits){ .max = { 0 } };
}

/* What organisation `o` lets through of all groups in a run, under the limits
   of each tier for as long as it is there. */
static void find_rooms(const struct sim_account *a, unsigned o,
                       int64_t elapsed_ns, struct sim_room *rooms)
{
    const struct sim_provider_config *p = &a->scenario->provider;
    const struct sim_billing_rules rules = { p->table, p->upgrades };
    struct sim_billing b =
        sim_billing_make(&p->organisations[o], &rules, p->start);
    lim_time now = p->start, end = p->start + elapsed_ns;
    const enum lim_tier none = LIM_TIERS;
    enum lim_tier before = none;
    for (;;) {
        lim_time next = b.next_change < end ? b.next_change : end;
        for (unsigned g = 0; g < a->group_count; g++) {
            struct sim_room *r = &rooms[g * a->organisation_count + o];
            struct lim_limits limits = limits_at(a, g, b.tier), old;
            if (before != none)
                old = limits_at(a, g, before);
            if (before != b.tier)
                sim_room_open(r, &limits, before == none ? NULL : &old,
                              p->burst);
            sim_room_flow(r, &limits, next - now);
        }
        if (next == end)
            return;
        before = b.tier;
        now = next;
        sim_billing_step(&b, &rules);
    }
}

/* By group, then organisation; NULL: no memory.  Without a table there are no
   limits. */
static struct sim_room *make_rooms(const struct sim_account *a,
                                   int64_t elapsed_ns)
{
    const struct lim_limits none = lim_limits_none();
    size_t places = (size_t)a->organisation_count * a->group_count;
    struct sim_room *rooms = calloc(places, sizeof *rooms);
    if (rooms == NULL)
        return NULL;
    for (size_t i = 0; a->scenario->provider.table == NULL && i < places; i++)
        sim_room_open(&rooms[i], &none, NULL, 1);
    for (unsigned o = 0;
         a->scenario->provider.table != NULL && o < a->organisation_count; o++)
        find_rooms(a, o, elapsed_ns, rooms);
    return rooms;
}

/* Adds the bound of one group to `*bound`.  LIM_OK or LIM_ENOMEM. */
static int bound_group(const struct sim_account *a, unsigned g,
                       struct sim_room *rooms, double *bound, int *binding)
{
    const struct sim_arrived *c = &a->arrived[g];
    struct sim_demand d = { .requests = c->tokens.count,
                            .least = { 1, 0, c->least_images, 0 } };
    if (d.requests == 0)
        return LIM_OK;
    struct sim_run *runs = sim_costs_runs(&c->tokens, &d.run_count);
    if (runs == NULL)
        return LIM_ENOMEM;
    d.runs = runs;
    struct sim_bound b = sim_bound_group(&d, &rooms[g * a->organisation_count],
                                         a->organisation_count);
    free(runs);
    if (b.binding >= 0)
        *binding = b.binding;
    *bound += b.requests;
    return LIM_OK;
}

int sim_account_summary(struct sim_account *a, uint64_t got, int64_t elapsed_ns,
                        struct sim_summary *out)
{
    size_t n = a->organisation_count;
    struct sim_room *rooms = make_rooms(a, elapsed_ns);
    out->organisations = calloc(n, sizeof *out->organisations);
    out->organisation_names = calloc(n, sizeof *out->organisation_names);
    out->organisation_count = n;
    if (a->out_of_memory || rooms == NULL || out->organisations == NULL ||
        out->organisation_names == NULL) {
        free(rooms);
        return LIM_ENOMEM;
    }
    fill_utilisation(a, rooms, out);
    out->fairness_organisations = fairness(out);
    out->binding = -1;
    double bound = 0;
    int error = LIM_OK;
    for (unsigned g = 0; g < a->group_count && error == LIM_OK; g++)
        error = bound_group(a, g, rooms, &bound, &out->binding);
    out->efficiency = bound > 0 ? (double)got / bound : -1;
    if (elapsed_ns > 0)
        out->bound_rpm = bound / ((double)elapsed_ns / (double)LIM_MIN);
    free(rooms);
    return error;
}

void sim_summary_fini(struct sim_summary *s)
{
    free(s->organisations);
    free(s->organisation_names);
    s->organisations = NULL;
    s->organisation_names = NULL;
}
