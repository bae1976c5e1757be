/* What can be said of a plan without a run: the least number of
   organisations, what they cost, and what a spreadsheet would say. */

#include <math.h>
#include <string.h>

#include "bench/plan_parts.h"
#include "limiter/window.h"

#define DAY_S 86400.0
#define SPREADSHEET 1.5

/* The demand of all models in the group of `model`. */
static struct bench_demand_minute asked(const struct bench_plan *p,
                                        const char *model, int64_t *largest)
{
    const struct lim_table *table = p->question->table;
    const char *group = lim_table_group(table, model);
    struct bench_demand_minute sum = { 0, 0, 0 };
    *largest = 0;
    for (size_t i = 0; i < p->demand.model_count; i++) {
        const struct bench_demand_model *m = &p->demand.models[i];
        const char *other = lim_table_group(table, m->name);
        if (group == NULL || other == NULL || strcmp(group, other) != 0)
            continue;
        sum.requests += m->sum.requests;
        sum.tokens += m->sum.tokens;
        sum.images += m->sum.images;
        if (m->tokens_max > *largest)
            *largest = m->tokens_max;
    }
    return sum;
}

static double of_dimension(const struct bench_demand_minute *d,
                           enum lim_dimension dimension)
{
    return (double)(dimension == LIM_TOKENS   ? d->tokens
                    : dimension == LIM_IMAGES ? d->images
                                              : d->requests);
}

bool bench_plan_is_batch(const struct bench_plan *p)
{
    for (size_t i = 0; i < p->scenario.sim.workload_count; i++)
        if (p->scenario.workloads[i].arrivals.kind != SIM_ARRIVE_BATCH)
            return p->demand.span_s < 60;
    return true;
}

/* What is asked of a day, when every day is like the scenario. */
static double a_day(const struct bench_plan *p, double total)
{
    return bench_plan_is_batch(p) ? total : total * DAY_S / p->demand.span_s;
}

/* Longer than the minutes of which a run has many. */
static bool is_long(const struct lim_limits *limits, int l)
{
    return l >= LIM_WINDOWS ||
           lim_limits_window(limits, (enum lim_limit)l) > LIM_MIN;
}

/* Whether the traffic goes on and on, so that its mean has to fit: a batch and
   users who wait for their answers do not. */
static bool is_endless(const struct bench_plan *p)
{
    for (size_t i = 0; i < p->scenario.sim.workload_count; i++)
        if (p->scenario.workloads[i].arrivals.kind == SIM_ARRIVE_CLOSED)
            return false;
    return !bench_plan_is_batch(p);
}

/*
 * What is asked of a limit in the time that there is, over what it lets
 * through then, if one organisation has `limit`; 0: nothing is asked.
 */
static double need_of(const struct bench_plan *p,
                      const struct lim_limits *limits, enum lim_limit l,
                      const struct bench_demand_minute *d)
{
    int64_t limit = limits->max[l];
    double total = of_dimension(d, lim_limit_dimension(l)) * p->demand.factor;
    double window_s = (double)lim_limits_window(limits, l) / (double)LIM_SEC;
    double runs = (double)p->demand.runs, run_s = p->demand.span_s / runs;
    int64_t full = lim_rate_burst(limit, p->scenario.sim.provider.burst);
    if (total <= 0)
        return 0;
    if (limit <= 0 || full <= 0)
        return HUGE_VAL;
    if (is_long(limits, (int)l) || is_endless(p))
        return a_day(p, total) * window_s / DAY_S / (double)limit;
    return total / runs /
           ((double)full + (double)limit * (run_s + p->slack_s) / window_s);
}

/* The share that one limit of all organisations lets through of a model's
   group; and nothing where the largest request fits none of them. */
static double share_of(const struct bench_plan *p,
                       const struct bench_plan_mix *m, const char *model,
                       enum lim_limit l)
{
    int64_t largest;
    struct bench_demand_minute d = asked(p, model, &largest);
    bool fits = lim_limit_dimension(l) != LIM_TOKENS;
    double sum = 0;
    for (int t = 0; t < LIM_TIERS; t++) {
        if (m->of[t] == 0)
            continue;
        const struct lim_limits *limits =
            &lim_table_find(p->question->table, model, (enum lim_tier)t)
                 ->limits;
        double need =
            limits->max[l] == LIM_UNLIMITED ? 0 : need_of(p, limits, l, &d);
        if (need == 0)
            return INFINITY;
        fits =
            fits || largest <= lim_rate_burst(limits->max[l],
                                              p->scenario.sim.provider.burst);
        sum += (double)m->of[t] / need;
    }
    return fits ? sum : 0;
}

static double share_of_spend(const struct bench_plan *p,
                             const struct bench_plan_mix *m)
{
    double sum = 0;
    for (int t = 0; t < LIM_TIERS; t++) {
        int64_t month =
            lim_table_qualification(p->question->table, (enum lim_tier)t)
                ->month_microusd;
        if (m->of[t] > 0 && month == LIM_UNLIMITED)
            return INFINITY;
        if (m->of[t] > 0)
            sum += (double)m->of[t] * (double)month / 1e6;
    }
    return p->month_usd > 0 ? sum / p->month_usd : INFINITY;
}

static bool has_access(const struct bench_plan *p,
                       const struct bench_plan_mix *m)
{
    for (size_t i = 0; i < p->demand.model_count; i++)
        for (int t = 0; t < LIM_TIERS; t++)
            if (m->of[t] > 0 &&
                lim_table_find(p->question->table, p->demand.models[i].name,
                               (enum lim_tier)t) == NULL)
                return false;
    return true;
}

enum bench_plan_why bench_plan_shares(const struct bench_plan *p,
                                      const struct bench_plan_mix *m,
                                      double share[LIM_LIMITS])
{
    for (int l = 0; l < LIM_LIMITS; l++)
        share[l] = INFINITY;
    if (!has_access(p, m))
        return BENCH_PLAN_NO_ACCESS;
    for (size_t i = 0; i < p->demand.model_count; i++)
        for (int l = 0; l < LIM_WINDOWS; l++)
            share[l] = fmin(share[l], share_of(p, m, p->demand.models[i].name,
                                               (enum lim_limit)l));
    share[LIM_SPEND] = share_of_spend(p, m);
    return BENCH_PLAN_TRIED_IT;
}

double bench_plan_share(const struct bench_plan *p,
                        const struct bench_plan_mix *m, int *limit)
{
    double share[LIM_LIMITS], least = INFINITY;
    *limit = -1;
    if (bench_plan_shares(p, m, share) != BENCH_PLAN_TRIED_IT)
        return 0;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (share[l] < least) {
            least = share[l];
            *limit = l;
        }
    return least;
}

bool bench_plan_rule_out(const struct bench_plan *p,
                         struct bench_plan_option *o)
{
    int limit;
    if (bench_plan_share(p, &o->mix, &limit) >= 1 - 1e-9)
        return false;
    o->why = limit < 0 ? BENCH_PLAN_NO_ACCESS : BENCH_PLAN_TOO_SMALL;
    o->limit = limit;
    bench_plan_long_run(p, o);
    return true;
}

/* The limits that are long for a model at a tier, as bits. */
static unsigned long_limits(const struct bench_plan *p,
                            const struct bench_plan_mix *m)
{
    unsigned bits = 1u << LIM_SPEND;
    for (size_t i = 0; i < p->demand.model_count; i++)
        for (int t = 0; t < LIM_TIERS; t++) {
            const struct lim_tier_row *row =
                m->of[t] == 0 ? NULL
                              : lim_table_find(p->question->table,
                                               p->demand.models[i].name,
                                               (enum lim_tier)t);
            for (int l = 0; row != NULL && l < LIM_WINDOWS; l++)
                if (is_long(&row->limits, l))
                    bits |= 1u << l;
        }
    return bits;
}

void bench_plan_long_run(const struct bench_plan *p,
                         struct bench_plan_option *o)
{
    double share[LIM_LIMITS];
    o->is_long = long_limits(p, &o->mix);
    o->is_endless = is_endless(p);
    if (bench_plan_shares(p, &o->mix, share) != BENCH_PLAN_TRIED_IT)
        return;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (o->is_endless || bench_plan_is_long(o, l))
            o->used[l] = share[l] > 0 && isfinite(share[l]) ? 1 / share[l] : -1;
}

/* Of all models in a group, at most so much in one minute. */
static double fullest(const struct bench_plan *p, const char *group,
                      enum bench_demand_what what)
{
    double sum = 0;
    for (size_t i = 0; i < p->demand.model_count; i++) {
        const struct bench_demand_model *m = &p->demand.models[i];
        const char *other = lim_table_group(p->question->table, m->name);
        if (group == NULL || other == NULL || strcmp(group, other) == 0)
            sum += (double)bench_demand_quantile(m, what, 1);
    }
    return sum;
}

/* Whether `count` organisations hold two of the fullest minutes at once. */
static bool holds_two(const struct bench_plan *p, const char *model,
                      const struct lim_limits *limits, int64_t count,
                      double load)
{
    const char *group = lim_table_group(p->question->table, model);
    for (int l = 0; l < LIM_WINDOWS; l++) {
        enum lim_dimension d = lim_limit_dimension((enum lim_limit)l);
        int64_t max = limits->max[l];
        if (max == LIM_UNLIMITED || is_long(limits, l))
            continue;
        if (d == LIM_IMAGES)
            return false;
        double most = fullest(p, group,
                              d == LIM_REQUESTS ? BENCH_DEMAND_REQUESTS
                                                : BENCH_DEMAND_TOKENS);
        int64_t full = lim_rate_burst(max, p->scenario.sim.provider.burst);
        if (2 * load * most > (double)(count * full))
            return false;
    }
    return true;
}

bool bench_plan_is_roomy(const struct bench_plan *p,
                         const struct bench_plan_option *o, double load)
{
    const struct sim_scenario *s = &p->scenario.sim;
    /* Those of the highest tier have to have the room: a large request may not
       fit another. */
    enum lim_tier top = bench_plan_mix_tier(&o->mix, 0);
    /* A second may be too full, one of several organisations, or what faults
       make to be sent again. */
    if (s->provider.discipline == LIM_DISCIPLINE_QUANTISED ||
        (o->mix.count > 1 && s->client.belief != LIM_BELIEF_KNOWN) ||
        s->provider.faults.count > 0)
        return false;
    for (size_t i = 0; i < p->demand.model_count; i++) {
        const char *model = p->demand.models[i].name;
        const struct lim_tier_row *row =
            lim_table_find(p->question->table, model, top);
        if (row == NULL ||
            !holds_two(p, model, &row->limits, o->mix.of[top], load))
            return false;
    }
    return true;
}

double bench_plan_most_load(const struct bench_plan_option *o, int *limit)
{
    double most = INFINITY;
    *limit = -1;
    for (int l = 0; l < LIM_LIMITS; l++)
        if ((o->is_endless || bench_plan_is_long(o, l)) && o->used[l] > 0 &&
            1 / o->used[l] < most) {
            most = 1 / o->used[l];
            *limit = l;
        }
    return most;
}

/* Whether it could be had for a smaller load. */
static bool can_be_had(const struct bench_plan_question *q,
                       const struct bench_plan_option *o)
{
    return o->why == BENCH_PLAN_TRIED_IT ||
           (o->why == BENCH_PLAN_BUDGET &&
            o->deposit_microusd <= q->budget_microusd &&
            (q->day_max < 0 || o->day <= q->day_max));
}

/* The largest share of the load that the most of a tier lets through. */
static double most_of_tier(const struct bench_plan *p, enum lim_tier tier,
                           struct bench_plan_nearest *n)
{
    const struct bench_plan_question *q = p->question;
    double load = -1;
    *n = (struct bench_plan_nearest){ .limit = -1 };
    for (int64_t count = q->organisations_max; count > 0; count--) {
        struct bench_plan_mix m = { .count = 0 };
        bench_plan_mix_add(q, &m, tier, count);
        struct bench_plan_option o = bench_plan_option(p, &m);
        if (!can_be_had(q, &o))
            continue;
        n->mix = m;
        load = bench_plan_share(p, &m, &n->limit);
        break;
    }
    if (n->limit < 0 && load == 0)
        n->mix.count = 0; /* no access */
    double paid = q->budget_microusd >= 0 && p->month_usd > 0
                      ? (double)q->budget_microusd / 1e6 / p->month_usd
                      : INFINITY;
    if (paid < load)
        n->limit = -1;
    return fmin(load, paid);
}

double bench_plan_nearest_by_sum(const struct bench_plan *p,
                                 struct bench_plan_nearest *n)
{
    double most = -1;
    *n = (struct bench_plan_nearest){ .limit = -1 };
    for (int t = 0; t <= (int)p->question->tier_max; t++) {
        struct bench_plan_nearest one;
        double load = most_of_tier(p, (enum lim_tier)t, &one);
        if (one.mix.count > 0 && load > most) {
            most = load;
            *n = one;
        }
    }
    return fmax(most, 0);
}

/* So many organisations do the mean rates times a factor ask for. */
static double multiplied(const struct bench_plan *p, enum lim_tier tier)
{
    const struct lim_table *table = p->question->table;
    /* Who has six hours for a batch divides by them. */
    double span = bench_plan_is_batch(p) && p->finish_s > 0 ? p->finish_s
                                                            : p->demand.span_s;
    double minutes = fmax(1, span / 60), n = 1;
    for (size_t i = 0; i < p->demand.model_count; i++) {
        int64_t largest;
        const char *model = p->demand.models[i].name;
        const struct lim_tier_row *row = lim_table_find(table, model, tier);
        struct bench_demand_minute d = asked(p, model, &largest);
        if (row == NULL)
            return HUGE_VAL;
        for (int w = 0; w < LIM_WINDOWS; w++) {
            enum lim_limit l = (enum lim_limit)w;
            double need = p->demand.factor *
                          of_dimension(&d, lim_limit_dimension(l)) / minutes;
            if (row->limits.max[w] != LIM_UNLIMITED && need > 0 &&
                lim_limits_window(&row->limits, l) == LIM_MIN)
                n = fmax(n, SPREADSHEET * need / (double)row->limits.max[w]);
        }
    }
    return ceil(n - 1e-9);
}

void bench_plan_spreadsheet(struct bench_plan *p)
{
    const struct bench_plan_question *q = p->question;
    for (int t = 0; t <= (int)q->tier_max; t++) {
        double n = multiplied(p, (enum lim_tier)t);
        struct bench_plan_mix m = { .count = 0 };
        if (n > (double)q->organisations_max)
            continue;
        bench_plan_mix_add(q, &m, (enum lim_tier)t, (int64_t)n);
        struct bench_plan_option o = bench_plan_option(p, &m);
        if (o.why == BENCH_PLAN_TRIED_IT &&
            (p->naive.mix.count == 0 || bench_plan_by_cost(&o, &p->naive) < 0))
            p->naive = o;
    }
}
