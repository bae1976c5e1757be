/* A plan as one JSON object. */

#include <math.h>

#include "bench/plan_parts.h"

static void add_estimate(cJSON *o, const char *key,
                         const struct bench_estimate *e)
{
    cJSON *one = cJSON_AddObjectToObject(o, key);
    if (e->n == 0)
        cJSON_AddNullToObject(one, "mean");
    else
        cJSON_AddNumberToObject(one, "mean", e->mean);
    cJSON_AddNumberToObject(one, "ci95", fmax(0, e->ci95));
    cJSON_AddNumberToObject(one, "n", (double)e->n);
}

static void add_limit(cJSON *o, const char *key, int limit)
{
    if (limit < 0)
        cJSON_AddNullToObject(o, key);
    else
        cJSON_AddStringToObject(o, key, lim_limit_name((enum lim_limit)limit));
}

/* "tiers": {"tier4": 1, "tier1": 3}, "organisations": 4 */
static void add_mix(cJSON *o, const struct bench_plan_mix *m)
{
    cJSON *tiers = cJSON_AddObjectToObject(o, "tiers");
    for (int t = LIM_TIERS - 1; t >= 0; t--)
        if (m->of[t] > 0)
            cJSON_AddNumberToObject(tiers, lim_tier_name((enum lim_tier)t),
                                    (double)m->of[t]);
    cJSON_AddNumberToObject(o, "organisations", (double)m->count);
}

static const char *state_of(const struct bench_plan_option *o)
{
    static const char *const why[] = {
        [BENCH_PLAN_NO_ACCESS] = "no access",
        [BENCH_PLAN_NO_WAY] = "no payment leads there",
        [BENCH_PLAN_TOO_SMALL] = "too small",
        [BENCH_PLAN_BUDGET] = "above the budget",
        [BENCH_PLAN_TOO_LATE] = "too late",
    };
    if (bench_plan_is_good(o))
        return o->spare ? "meets, with more than it takes" : "meets";
    return o->why == BENCH_PLAN_TRIED_IT ? bench_plan_verdict_words(o->verdict)
                                         : why[o->why];
}

/* What to pay when, for each lot of organisations that pay alike. */
static cJSON *payments_json(const struct bench_plan *p,
                            const struct bench_plan_option *o)
{
    cJSON *list = cJSON_CreateArray();
    struct bench_plan_group g;
    for (int64_t at = 0; bench_plan_next_group(p, o, at, &g); at += g.count) {
        cJSON *j = cJSON_CreateObject();
        cJSON_AddItemToArray(list, j);
        cJSON_AddNumberToObject(j, "organisations", (double)g.count);
        cJSON_AddBoolToObject(j, "new", g.fresh);
        cJSON_AddStringToObject(j, "tier", lim_tier_name(g.path.from));
        cJSON *steps = cJSON_AddArrayToObject(j, "steps");
        for (size_t i = 0; i < g.path.count; i++) {
            const struct bench_plan_step *s = &g.path.steps[i];
            cJSON *step = cJSON_CreateObject();
            cJSON_AddItemToArray(steps, step);
            cJSON_AddNumberToObject(step, "day", s->day);
            cJSON_AddNumberToObject(step, "usd", (double)s->microusd / 1e6);
            cJSON_AddStringToObject(step, "tier", lim_tier_name(s->tier));
        }
    }
    return list;
}

static cJSON *option_json(const struct bench_plan *p, size_t i)
{
    const struct bench_plan_option *o = &p->options[i];
    cJSON *j = cJSON_CreateObject();
    add_mix(j, &o->mix);
    cJSON_AddStringToObject(j, "verdict", state_of(o));
    if (o->runs > 0)
        cJSON_AddNumberToObject(j, "runs", (double)o->runs);
    add_limit(j, "limit", o->limit);
    cJSON_AddNumberToObject(j, "deposit_usd",
                            (double)o->deposit_microusd / 1e6);
    cJSON_AddNumberToObject(j, "first_month_usd",
                            (double)o->month_microusd / 1e6);
    cJSON_AddNumberToObject(j, "day", o->day);
    cJSON_AddItemToObject(j, "payments", payments_json(p, o));
    if (o->why != BENCH_PLAN_TRIED_IT)
        return j;
    add_estimate(j, "wait_ms.p95", &o->wait_p95);
    add_estimate(j, "http_429%", &o->refused);
    cJSON *used = cJSON_AddObjectToObject(j, "utilisation");
    for (int l = 0; l < LIM_LIMITS; l++)
        if (o->used[l] >= 0)
            cJSON_AddNumberToObject(used, lim_limit_name((enum lim_limit)l),
                                    o->used[l]);
    if (o->headroom < 0)
        return j;
    cJSON_AddNumberToObject(j, "headroom", o->headroom);
    add_limit(j, "headroom_limit", o->ends_at);
    return j;
}

static cJSON *model_json(const struct bench_demand_model *m,
                         const struct bench_demand *d)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "max", 1 } };
    static const char *const names[] = { "rpm", "tpm" };
    double minutes = fmax(1, d->span_s / 60) / d->factor;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "model", m->name);
    for (int what = 0; what < 2; what++) {
        cJSON *one = cJSON_AddObjectToObject(j, names[what]);
        double sum = (double)(what == 0 ? m->sum.requests : m->sum.tokens);
        cJSON_AddNumberToObject(one, "mean", sum / minutes);
        for (int i = 0; i < 3; i++)
            cJSON_AddNumberToObject(
                one, quantiles[i].name,
                (double)bench_demand_quantile(m, (enum bench_demand_what)what,
                                              quantiles[i].q));
    }
    return j;
}

static cJSON *what_if_json(const struct bench_plan_what_if *w)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "with", w->name);
    if (!w->possible) {
        cJSON_AddNullToObject(j, "verdict");
        return j;
    }
    cJSON_AddStringToObject(j, "verdict", bench_plan_verdict_words(w->verdict));
    add_limit(j, "limit", w->limit);
    add_estimate(j, "wait_ms.p95", &w->wait_p95);
    add_estimate(j, "http_429%", &w->refused);
    return j;
}

static void add_nearest(const struct bench_plan_nearest *n, cJSON *root)
{
    cJSON *j = cJSON_AddObjectToObject(root, "nearest");
    cJSON_AddNumberToObject(j, "load", n->load);
    add_mix(j, &n->mix);
    add_limit(j, "limit", n->limit);
}

static void add_answers(const struct bench_plan *p, cJSON *root)
{
    cJSON *options = cJSON_AddArrayToObject(root, "options");
    for (size_t i = 0; i < p->option_count; i++)
        cJSON_AddItemToArray(options, option_json(p, i));
    cJSON *ifs = cJSON_AddArrayToObject(root, "what_if");
    for (size_t i = 0; p->good_count > 0 && i < p->what_if_count; i++)
        cJSON_AddItemToArray(ifs, what_if_json(&p->what_ifs[i]));
    if (p->good_count > 0 && bench_plan_outgrown(p, &p->options[0]) >= 0)
        cJSON_AddNumberToObject(root, "outgrown_months",
                                bench_plan_outgrown(p, &p->options[0]));
    if (p->good_count == 0)
        add_nearest(&p->nearest, root);
    cJSON *naive = cJSON_AddObjectToObject(root, "spreadsheet");
    if (p->naive.mix.count > 0) {
        add_mix(naive, &p->naive.mix);
        cJSON_AddStringToObject(naive, "verdict", state_of(&p->naive));
    }
}

int bench_plan_json(const struct bench_plan *p,
                    const struct bench_plan_source *source, FILE *f)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *models = cJSON_AddArrayToObject(root, "demand");
    for (size_t i = 0; i < p->demand.model_count; i++)
        cJSON_AddItemToArray(models,
                             model_json(&p->demand.models[i], &p->demand));
    if (p->month_usd < 0)
        cJSON_AddNullToObject(root, "tokens_month_usd");
    else
        cJSON_AddNumberToObject(root, "tokens_month_usd", p->month_usd);
    cJSON_AddNumberToObject(root, "in_flight_max",
                            (double)p->demand.in_flight_max);
    cJSON_AddStringToObject(root, "strategy",
                            p->scenario.sim.client.strategy->name);
    if (p->cap > 0)
        cJSON_AddNumberToObject(root, "cap", (double)p->cap);
    cJSON_AddBoolToObject(root, "feasible", p->good_count > 0);
    add_answers(p, root);
    cJSON_AddNumberToObject(root, "seed", (double)p->scenario.sim.seed);
    cJSON_AddStringToObject(root, "version", source->version);
    cJSON_AddItemToObject(root, "scenario",
                          cJSON_Duplicate(source->tree, true));
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (text == NULL)
        return LIM_ENOMEM;
    fprintf(f, "%s\n", text);
    cJSON_free(text);
    return LIM_OK;
}
