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

/* What is asked of a day, when every day is like the scenario. */
static double a_day(const struct bench_plan *p, double total)
{
    double span = p->demand.span_s;
    return span < 60 ? total : total * DAY_S / span;
}

/* So many organisations, at least, does one limit take; 0: it does not bind,
   HUGE_VAL: no number is enough. */
static double least_by(const struct bench_plan *p,
                       const struct lim_limits *limits, enum lim_limit l,
                       const struct bench_demand_minute *d, int64_t largest)
{
    int64_t limit = limits->max[l];
    enum lim_dimension dimension = lim_limit_dimension(l);
    double total = of_dimension(d, dimension);
    double window_s = (double)lim_limits_window(limits, l) / (double)LIM_SEC;
    double burst = p->scenario.sim.provider.burst;
    if (limit == LIM_UNLIMITED || total <= 0)
        return 0;
    int64_t full = lim_rate_burst(limit, burst);
    if (full <= 0 || (dimension == LIM_TOKENS && largest > full))
        return HUGE_VAL;
    if (window_s > 60)
        return a_day(p, total) * window_s / DAY_S / (double)limit;
    double runs = (double)p->demand.runs, run_s = p->demand.span_s / runs;
    return total / runs /
           ((double)full + (double)limit * (run_s + p->slack_s) / window_s);
}

/* How many organisations each limit asks for, not rounded; 0 where it does
   not bind. */
static enum bench_plan_why find_needs(const struct bench_plan *p,
                                      enum lim_tier tier,
                                      double need[LIM_LIMITS])
{
    const struct lim_table *table = p->question->table;
    memset(need, 0, LIM_LIMITS * sizeof *need);
    for (size_t i = 0; i < p->demand.model_count; i++) {
        const char *model = p->demand.models[i].name;
        const struct lim_tier_row *row = lim_table_find(table, model, tier);
        int64_t largest;
        struct bench_demand_minute d = asked(p, model, &largest);
        if (row == NULL)
            return BENCH_PLAN_NO_ACCESS;
        for (int l = 0; l < LIM_WINDOWS; l++)
            need[l] = fmax(need[l], least_by(p, &row->limits, (enum lim_limit)l,
                                             &d, largest));
    }
    int64_t month = lim_table_qualification(table, tier)->month_microusd;
    if (month != LIM_UNLIMITED && p->month_usd > 0)
        need[LIM_SPEND] = p->month_usd * 1e6 / (double)month;
    return BENCH_PLAN_TRIED_IT;
}

double bench_plan_least(const struct bench_plan *p, enum lim_tier tier,
                        int *limit, enum bench_plan_why *why)
{
    double need[LIM_LIMITS], least = 1;
    *limit = -1;
    *why = find_needs(p, tier, need);
    if (*why != BENCH_PLAN_TRIED_IT)
        return HUGE_VAL;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (need[l] > least) {
            least = need[l];
            *limit = l;
        }
    return ceil(least - 1e-9);
}

struct bench_plan_option bench_plan_option(enum lim_tier tier, int64_t count)
{
    struct bench_plan_option o = {
        .tier = tier, .count = count, .limit = -1, .headroom = -1, .ends_at = -1
    };
    for (int l = 0; l < LIM_LIMITS; l++)
        o.used[l] = -1;
    return o;
}

double bench_plan_share(const struct bench_plan *p, enum lim_tier tier,
                        int64_t count, int *limit)
{
    double need[LIM_LIMITS], share = 1;
    *limit = -1;
    if (find_needs(p, tier, need) != BENCH_PLAN_TRIED_IT)
        return 0;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (need[l] > 0 && (double)count / need[l] < share) {
            share = (double)count / need[l];
            *limit = l;
        }
    return share;
}

static bool is_long(int l)
{
    return l == LIM_RPD || l == LIM_TPD || l == LIM_SPEND;
}

void bench_plan_long_run(const struct bench_plan *p,
                         struct bench_plan_option *o)
{
    double need[LIM_LIMITS];
    if (find_needs(p, o->tier, need) != BENCH_PLAN_TRIED_IT)
        return;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (is_long(l))
            o->used[l] = need[l] > 0 && isfinite(need[l])
                             ? need[l] / (double)o->count
                             : -1;
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

bool bench_plan_is_roomy(const struct bench_plan *p,
                         const struct bench_plan_option *o, double load)
{
    const struct lim_table *table = p->question->table;
    static const enum lim_limit limits[] = { LIM_RPM, LIM_TPM };
    const struct sim_scenario *s = &p->scenario.sim;
    /* A second may be too full, one of several organisations, or what faults
       make to be sent again. */
    if (s->provider.discipline == LIM_DISCIPLINE_QUANTISED ||
        (o->count > 1 && s->client.belief != LIM_BELIEF_KNOWN) ||
        s->provider.faults.count > 0)
        return false;
    for (size_t i = 0; i < p->demand.model_count; i++) {
        const char *model = p->demand.models[i].name;
        const struct lim_tier_row *row = lim_table_find(table, model, o->tier);
        if (row == NULL || row->limits.max[LIM_IPM] != LIM_UNLIMITED)
            return false;
        for (size_t l = 0; l < 2; l++) {
            int64_t max = row->limits.max[limits[l]];
            double most = fullest(p, lim_table_group(table, model),
                                  limits[l] == LIM_RPM ? BENCH_DEMAND_REQUESTS
                                                       : BENCH_DEMAND_TOKENS);
            if (max != LIM_UNLIMITED &&
                2 * load * most >
                    (double)(o->count *
                             lim_rate_burst(max,
                                            p->scenario.sim.provider.burst)))
                return false;
        }
    }
    return true;
}

double bench_plan_most_load(const struct bench_plan_option *o, int *limit)
{
    double most = INFINITY;
    *limit = -1;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (is_long(l) && o->used[l] > 0 && 1 / o->used[l] < most) {
            most = 1 / o->used[l];
            *limit = l;
        }
    return most;
}

void bench_plan_price(const struct bench_plan *p, struct bench_plan_option *o)
{
    const struct bench_plan_question *q = p->question;
    struct bench_plan_path path;
    o->deposit_microusd = 0;
    o->day = 0;
    for (size_t i = 0; i < (size_t)o->count; i++) {
        /* All new ones have one path. */
        if (i <= q->have_count && !bench_plan_find_path(q, i, o->tier, &path)) {
            o->why = BENCH_PLAN_NO_WAY;
            return;
        }
        o->deposit_microusd += path.microusd;
        if (path.day > o->day)
            o->day = path.day;
    }
    double month = p->month_usd > 0 ? p->month_usd * 1e6 : 0;
    o->month_microusd = (int64_t)fmax(month, (double)o->deposit_microusd);
    if (q->budget_microusd >= 0 && o->month_microusd > q->budget_microusd)
        o->why = BENCH_PLAN_BUDGET;
    else if (q->day_max >= 0 && o->day > q->day_max)
        o->why = BENCH_PLAN_TOO_LATE;
}

/* Whether it could be had for a smaller load. */
static bool can_be_had(const struct bench_plan *p, struct bench_plan_option *o)
{
    const struct bench_plan_question *q = p->question;
    bench_plan_price(p, o);
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
    struct bench_plan_option o = bench_plan_option(tier, q->organisations_max);
    double need[LIM_LIMITS], load = INFINITY;
    *n = (struct bench_plan_nearest){ .tier = tier, .limit = -1 };
    if (find_needs(p, tier, need) != BENCH_PLAN_TRIED_IT)
        return 0;
    while (o.count > 0 && !can_be_had(p, &o)) {
        o.count--;
        o.why = BENCH_PLAN_TRIED_IT;
    }
    if (o.count == 0)
        return 0;
    if (q->budget_microusd >= 0 && p->month_usd > 0)
        load = (double)q->budget_microusd / 1e6 / p->month_usd;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (need[l] > 0 && (double)o.count / need[l] < load) {
            load = (double)o.count / need[l];
            n->limit = l;
        }
    n->count = o.count;
    return load;
}

double bench_plan_nearest_by_sum(const struct bench_plan *p,
                                 struct bench_plan_nearest *n)
{
    double most = -1;
    *n = (struct bench_plan_nearest){ .count = 0, .limit = -1 };
    for (int t = 0; t <= (int)p->question->tier_max; t++) {
        struct bench_plan_nearest one;
        double load = most_of_tier(p, (enum lim_tier)t, &one);
        if (one.count > 0 && load > most) {
            most = load;
            *n = one;
        }
    }
    return fmax(most, 0);
}

bool bench_plan_is_good(const struct bench_plan_option *o)
{
    return o->why == BENCH_PLAN_TRIED_IT && o->verdict == BENCH_MET_IT;
}

int bench_plan_by_cost(const void *a, const void *b)
{
    const struct bench_plan_option *x = a, *y = b;
    if (bench_plan_is_good(x) != bench_plan_is_good(y))
        return bench_plan_is_good(x) ? -1 : 1;
    if (x->spare != y->spare)
        return x->spare ? 1 : -1;
    if (x->month_microusd != y->month_microusd)
        return x->month_microusd < y->month_microusd ? -1 : 1;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    if (x->day != y->day)
        return x->day - y->day;
    if (x->deposit_microusd == 0 && y->deposit_microusd == 0)
        return (int)y->tier - (int)x->tier; /* as it is there */
    return (int)x->tier - (int)y->tier;
}

/* So many organisations do the mean rates times a factor ask for. */
static double multiplied(const struct bench_plan *p, enum lim_tier tier)
{
    const struct lim_table *table = p->question->table;
    /* Who has six hours for a batch divides by them. */
    double span = p->demand.span_s < 60 && p->finish_s > 0 ? p->finish_s
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
            double need = of_dimension(&d, lim_limit_dimension(l)) / minutes;
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
        if (n > (double)q->organisations_max)
            continue;
        struct bench_plan_option o =
            bench_plan_option((enum lim_tier)t, (int64_t)n);
        bench_plan_price(p, &o);
        if (o.why == BENCH_PLAN_TRIED_IT &&
            (p->naive.count == 0 || bench_plan_by_cost(&o, &p->naive) < 0))
            p->naive = o;
    }
}
