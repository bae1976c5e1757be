#include "bench/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan_work.h"

#define DAY_S 86400.0
#define MONTH_S (30 * DAY_S)
#define SLACK_S 600  /* nobody plans for longer waits than this, unless told */
#define ROOMY_RUNS 3 /* at first, of what nothing can wait for */
#define DEMAND_RUNS 20

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

int bench_plan_try(struct bench_plan_work *w, cJSON *tree, bool roomy,
                   struct bench_trial *t, enum bench_trial_verdict *verdict,
                   struct lim_diag *diag)
{
    struct bench_trial_way way = w->own.trial;
    *t = (struct bench_trial){ .room = 0 };
    if (tree == NULL)
        return no_memory(diag);
    bench_progress_tell(w->way->progress, 0, "%zu plans tried", w->trials++);
    if (roomy)
        way.least = way.sure = ROOMY_RUNS;
    int error = bench_trial_run(t, &way, tree, verdict, &w->interrupted, diag);
    cJSON_Delete(tree);
    return error;
}

/* What the objectives say of time, in seconds. */
static void find_times(struct bench_plan_work *w)
{
    struct bench_plan *p = w->plan;
    p->slack_s = SLACK_S;
    for (size_t i = 0; i < w->own.trial.check_count; i++) {
        const struct bench_check *c = &w->checks[i];
        double s = strstr(c->metric, "_ms") != NULL  ? c->bound / 1000
                   : strstr(c->metric, "_s") != NULL ? c->bound
                                                     : 0;
        p->slack_s = fmax(p->slack_s, s);
        if (strcmp(c->metric, "makespan_s") == 0)
            p->finish_s = s;
    }
}

void bench_plan_fill(const struct bench_trial *t, const struct bench_plan *p,
                     struct bench_plan_option *o)
{
    char metric[64];
    double most = 0;
    o->runs = t->result.run_count;
    o->wait_p95 = bench_trial_figure(t, "wait_ms.p95");
    o->refused = bench_trial_figure(t, "http_429%");
    for (int l = 0; l < LIM_LIMITS; l++) {
        snprintf(metric, sizeof metric, "utilisation.pool.%s",
                 lim_limit_name((enum lim_limit)l));
        struct bench_estimate e = bench_trial_figure(t, metric);
        o->used[l] = e.n > 0 ? e.mean : -1;
    }
    bench_plan_long_run(p, o);
    o->in_flight = bench_trial_figure(t, "goodput_rpm").mean / 60 *
                   bench_trial_figure(t, "service_ms.mean").mean / 1000;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (o->used[l] > most) {
            most = o->used[l];
            o->limit = l;
        }
}

/* Whether what a spreadsheet says would do. */
static int judge_naive(struct bench_plan_work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    struct bench_plan_option *o = &p->naive;
    struct bench_trial t;
    bench_plan_spreadsheet(p);
    if (o->mix.count == 0)
        return LIM_OK;
    for (size_t i = 0; i < p->option_count; i++)
        if (bench_plan_mix_is(&p->options[i].mix, &o->mix)) {
            *o = p->options[i];
            return LIM_OK;
        }
    if (bench_plan_rule_out(p, o))
        return LIM_OK;
    int error =
        bench_plan_try(w, bench_plan_scenario(w->question, &o->mix),
                       bench_plan_is_roomy(p, o, 1), &t, &o->verdict, diag);
    bench_plan_fill(&t, p, o);
    bench_trial_fini(&t);
    return error;
}

static int set_checks(struct bench_plan_work *w, struct lim_diag *diag)
{
    w->own = *w->way;
    w->own.trial.checks = w->checks;
    return bench_plan_checks(w->question, w->checks, &w->own.trial.check_count,
                             diag);
}

static int look_at_demand(struct bench_plan *p, const char *folder,
                          struct lim_diag *diag)
{
    const struct lim_table *table = p->question->table;
    cJSON *tree = NULL;
    int error = LIM_EINVAL;
    for (int t = LIM_TIERS - 1; t >= 0 && error != LIM_OK; t--) {
        if (!lim_table_qualification(table, (enum lim_tier)t)->defined)
            continue;
        cJSON_Delete(tree);
        struct bench_plan_mix one = { .count = 1 };
        one.of[t] = 1;
        tree = bench_plan_scenario(p->question, &one);
        error = tree == NULL ? no_memory(diag)
                             : bench_scenario_from_json(&p->scenario, tree,
                                                        folder, diag);
    }
    cJSON_Delete(tree);
    if (error == LIM_OK)
        error = bench_demand_init(&p->demand, &p->scenario, DEMAND_RUNS, diag);
    double span = bench_plan_is_batch(p) ? DAY_S : p->demand.span_s;
    p->month_usd = p->demand.usd < 0
                       ? -1
                       : p->demand.usd * p->demand.factor * MONTH_S / span;
    return error;
}

int bench_plan_make(struct bench_plan *p, const struct bench_plan_question *q,
                    const struct bench_plan_way *way, bool *interrupted,
                    struct lim_diag *diag)
{
    struct bench_plan_work w = { .plan = p, .question = q, .way = way };
    *p = (struct bench_plan){ .question = q, .month_usd = -1 };
    int error = set_checks(&w, diag);
    find_times(&w);
    if (error == LIM_OK)
        error = look_at_demand(p, way->trial.folder, diag);
    if (error == LIM_OK)
        error = bench_plan_search(&w, diag);
    if (error == LIM_OK)
        error = judge_naive(&w, diag);
    if (error == LIM_OK)
        error = bench_plan_look_beside(&w, diag);
    *interrupted = w.interrupted;
    return error;
}

void bench_plan_fini(struct bench_plan *p)
{
    bench_demand_fini(&p->demand);
    bench_scenario_fini(&p->scenario);
}
