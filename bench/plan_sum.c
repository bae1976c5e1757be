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
static double least_by(const struct bench_plan *p, double slack_s,
                       int64_t limit, enum lim_limit l,
                       const struct bench_demand_minute *d, int64_t largest)
{
    enum lim_dimension dimension = lim_limit_dimension(l);
    double total = of_dimension(d, dimension);
    double window_s = (double)lim_limit_window(l) / (double)LIM_SEC;
    double burst = p->scenario.sim.provider.burst;
    if (limit == LIM_UNLIMITED || total <= 0)
        return 0;
    int64_t full = lim_rate_burst(limit, burst);
    if (full <= 0 || (dimension == LIM_TOKENS && largest > full))
        return HUGE_VAL;
    if (window_s > 60)
        return a_day(p, total) / (double)limit;
    return total / ((double)full +
                    (double)limit * (p->demand.span_s + slack_s) / window_s);
}

double bench_plan_least(const struct bench_plan *p, double slack_s,
                        enum lim_tier tier, int *limit,
                        enum bench_plan_why *why)
{
    const struct lim_table *table = p->question->table;
    double least = 1;
    *limit = -1;
    *why = BENCH_PLAN_TRIED_IT;
    for (size_t i = 0; i < p->demand.model_count; i++) {
        const char *model = p->demand.models[i].name;
        const struct lim_tier_row *row = lim_table_find(table, model, tier);
        int64_t largest;
        struct bench_demand_minute d = asked(p, model, &largest);
        if (row == NULL) {
            *why = BENCH_PLAN_NO_ACCESS;
            return HUGE_VAL;
        }
        for (int l = 0; l < LIM_WINDOWS; l++) {
            double n = least_by(p, slack_s, row->limits.max[l],
                                (enum lim_limit)l, &d, largest);
            if (n > least) {
                least = n;
                *limit = l;
            }
        }
    }
    int64_t month = lim_table_qualification(table, tier)->month_microusd;
    double spend = p->month_usd * 1e6 / (double)month;
    if (month != LIM_UNLIMITED && p->month_usd > 0 && spend > least) {
        least = spend;
        *limit = LIM_SPEND;
    }
    return ceil(least - 1e-9);
}

void bench_plan_price(const struct bench_plan *p, struct bench_plan_option *o)
{
    const struct bench_plan_question *q = p->question;
    const struct lim_qualification *rule =
        lim_table_qualification(q->table, o->tier);
    o->deposit_microusd = 0;
    o->day = 0;
    for (int64_t i = 0; i < o->count; i++) {
        bool there = (size_t)i < q->have_count;
        struct bench_plan_have h = { 0 };
        if (there)
            h = q->have[i];
        if (there && h.tier >= o->tier)
            continue;
        if (rule->paid_microusd == INT64_MAX) {
            o->why = BENCH_PLAN_NO_WAY;
            return;
        }
        if (rule->paid_microusd > h.paid_microusd)
            o->deposit_microusd += rule->paid_microusd - h.paid_microusd;
        if (rule->days - h.days > o->day)
            o->day = rule->days - h.days;
    }
    double month = p->month_usd > 0 ? p->month_usd * 1e6 : 0;
    o->month_microusd = (int64_t)fmax(month, (double)o->deposit_microusd);
    if (q->budget_microusd >= 0 && o->month_microusd > q->budget_microusd) {
        o->why = BENCH_PLAN_BUDGET;
    }
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
    if (x->month_microusd != y->month_microusd)
        return x->month_microusd < y->month_microusd ? -1 : 1;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    if (x->day != y->day)
        return x->day - y->day;
    return (int)x->tier - (int)y->tier;
}

/* So many organisations do the mean rates times a factor ask for. */
static double multiplied(const struct bench_plan *p, enum lim_tier tier)
{
    const struct lim_table *table = p->question->table;
    double minutes = fmax(1, p->demand.span_s / 60), n = 1;
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
                lim_limit_window(l) == LIM_MIN)
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
        struct bench_plan_option o = { .tier = (enum lim_tier)t, .limit = -1 };
        if (n > (double)q->organisations_max)
            continue;
        o.count = (int64_t)n;
        bench_plan_price(p, &o);
        if (o.why == BENCH_PLAN_TRIED_IT &&
            (p->naive.count == 0 || bench_plan_by_cost(&o, &p->naive) < 0))
            p->naive = o;
    }
}
