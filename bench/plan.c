#include "bench/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan_work.h"

#define DAY_S 86400.0
#define MONTH_S (30 * DAY_S)
#define SLACK_S 600  /* nobody plans for longer waits than this, unless told */
#define ROOMY_RUNS 3 /* at first, of what nothing can wait for */
#define CLOSE_RUNS 160 /* after which it is too close to call */
#define BEST_RUNS 80   /* at least, of what is told to be the cheapest */
#define DEMAND_RUNS 20

cJSON *bench_plan_scenario(const struct bench_plan_question *q,
                           enum lim_tier tier, int64_t count)
{
    cJSON *tree = cJSON_Duplicate(q->tree, true);
    cJSON *provider = cJSON_GetObjectItemCaseSensitive(tree, "provider");
    cJSON *list = cJSON_AddArrayToObject(provider, "organisations");
    cJSON *one = cJSON_CreateObject();
    if (list == NULL || !cJSON_AddItemToArray(list, one)) {
        cJSON_Delete(one);
        cJSON_Delete(tree);
        return NULL;
    }
    cJSON_AddStringToObject(one, "name", "o");
    cJSON_AddStringToObject(one, "tier", lim_tier_name(tier));
    cJSON_AddNumberToObject(one, "count", (double)count);
    return tree;
}

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

static void fill(const struct bench_trial *t, const struct bench_plan *p,
                 struct bench_plan_option *o)
{
    char metric[64];
    double most = 0;
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

/* Appends an option; NULL: there are too many. */
static struct bench_plan_option *add(struct bench_plan_work *w,
                                     enum lim_tier tier, int64_t count)
{
    struct bench_plan *p = w->plan;
    if (p->option_count == BENCH_PLAN_TRIED)
        return NULL;
    struct bench_plan_option *o = &p->options[p->option_count++];
    *o = bench_plan_option(tier, count);
    bench_plan_price(p, o);
    return o;
}

static int try_option(struct bench_plan_work *w, enum lim_tier tier,
                      int64_t count, enum bench_trial_verdict *verdict,
                      struct lim_diag *diag)
{
    struct bench_trial t;
    struct bench_plan_option *o = add(w, tier, count);
    *verdict = BENCH_MISSED_IT;
    if (o == NULL || o->why != BENCH_PLAN_TRIED_IT)
        return LIM_OK;
    int error =
        bench_plan_try(w, bench_plan_scenario(w->question, tier, count),
                       bench_plan_is_roomy(w->plan, o, 1), &t, verdict, diag);
    o->verdict = *verdict;
    fill(&t, w->plan, o);
    bench_trial_fini(&t);
    return error;
}

static const struct bench_plan_option *last_option(const struct bench_plan *p)
{
    return &p->options[p->option_count - 1];
}

/* The least number of a tier that meets everything: doubled until one does,
   then halved between. */
static int search_tier(struct bench_plan_work *w, enum lim_tier tier,
                       struct lim_diag *diag)
{
    const struct bench_plan_question *q = w->question;
    int limit;
    enum bench_plan_why why;
    double least = bench_plan_least(w->plan, tier, &limit, &why);
    enum bench_trial_verdict v = BENCH_MISSED_IT;
    int error = LIM_OK;
    if (least > (double)q->organisations_max) {
        struct bench_plan_option *o = add(w, tier, q->organisations_max);
        if (o != NULL) {
            o->why = why != BENCH_PLAN_TRIED_IT ? why : BENCH_PLAN_TOO_SMALL;
            o->limit = limit;
            bench_plan_long_run(w->plan, o);
        }
        return LIM_OK;
    }
    int64_t low = (int64_t)least - 1, step = 1, high = low;
    while (error == LIM_OK && v != BENCH_MET_IT &&
           high < q->organisations_max && !w->interrupted) {
        low = high;
        high = low + step < q->organisations_max ? low + step
                                                 : q->organisations_max;
        step *= 2;
        error = try_option(w, tier, high, &v, diag);
        if (last_option(w->plan)->why != BENCH_PLAN_TRIED_IT)
            return error; /* more of them cost no less */
    }
    while (error == LIM_OK && v != BENCH_MISSED_IT && high - low > 1 &&
           !w->interrupted) {
        enum bench_trial_verdict middle;
        int64_t at = low + (high - low) / 2;
        error = try_option(w, tier, at, &middle, diag);
        if (middle == BENCH_MET_IT)
            high = at;
        else
            low = at;
    }
    return error;
}

/* Of each tier only the least that does is worth naming. */
static void find_spare(struct bench_plan *p)
{
    for (size_t i = 0; i < p->option_count; i++)
        p->options[i].spare = false;
    for (size_t i = 0; i < p->option_count; i++)
        for (size_t k = 0; k < p->option_count; k++) {
            const struct bench_plan_option *a = &p->options[i];
            const struct bench_plan_option *b = &p->options[k];
            if (a->tier == b->tier && a->count > b->count &&
                bench_plan_is_good(a) && bench_plan_is_good(b))
                p->options[i].spare = true;
        }
}

static void rank(struct bench_plan *p)
{
    find_spare(p);
    qsort(p->options, p->option_count, sizeof p->options[0],
          bench_plan_by_cost);
    p->good_count = 0;
    while (p->good_count < p->option_count &&
           bench_plan_is_good(&p->options[p->good_count]) &&
           !p->options[p->good_count].spare)
        p->good_count++;
}

/* Runs an option again, more often, and judges it anew. */
static int try_again(struct bench_plan_work *w, struct bench_plan_option *o,
                     struct lim_diag *diag)
{
    struct bench_trial t;
    size_t least = w->own.trial.least;
    w->own.trial.least = BEST_RUNS;
    int error =
        bench_plan_try(w, bench_plan_scenario(w->question, o->tier, o->count),
                       false, &t, &o->verdict, diag);
    w->own.trial.least = least;
    fill(&t, w->plan, o);
    bench_trial_fini(&t);
    return error;
}

/* The next number of a tier that meets everything, one by one. */
static int go_on_from(struct bench_plan_work *w, enum lim_tier tier,
                      int64_t count, struct lim_diag *diag)
{
    enum bench_trial_verdict v = BENCH_MISSED_IT;
    int error = LIM_OK;
    while (error == LIM_OK && v != BENCH_MET_IT && !w->interrupted &&
           ++count <= w->question->organisations_max) {
        const struct bench_plan_option *seen = NULL;
        for (size_t i = 0; i < w->plan->option_count; i++)
            if (w->plan->options[i].tier == tier &&
                w->plan->options[i].count == count)
                seen = &w->plan->options[i];
        if (seen != NULL)
            v = seen->verdict;
        else
            error = try_option(w, tier, count, &v, diag);
        if (seen == NULL && last_option(w->plan)->why != BENCH_PLAN_TRIED_IT)
            return error; /* more of them cost no less */
    }
    return error;
}

/*
 * The cheapest of many that were found to do has been lucky more often than
 * the others: of twenty runs none may have met the burst that one in thirty
 * does.  So it is looked at again, unless nothing can wait, and gives way if
 * it does not do then.
 */
static int confirm(struct bench_plan_work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    int error = LIM_OK;
    for (rank(p); error == LIM_OK && p->good_count > 0 && !w->interrupted;
         rank(p)) {
        struct bench_plan_option *o = &p->options[0];
        enum lim_tier tier = o->tier;
        int64_t count = o->count;
        if (bench_plan_is_roomy(p, o, 1))
            return LIM_OK;
        error = try_again(w, o, diag);
        if (error != LIM_OK || o->verdict == BENCH_MET_IT)
            return error;
        error = go_on_from(w, tier, count, diag);
    }
    return error;
}

static int search(struct bench_plan_work *w, struct lim_diag *diag)
{
    const struct bench_plan_question *q = w->question;
    int error = LIM_OK;
    w->own.trial.most = CLOSE_RUNS;
    for (int t = 0; t <= (int)q->tier_max && error == LIM_OK; t++)
        if (lim_table_qualification(q->table, (enum lim_tier)t)->defined &&
            !w->interrupted)
            error = search_tier(w, (enum lim_tier)t, diag);
    return error == LIM_OK ? confirm(w, diag) : error;
}

/* Whether what a spreadsheet says would do. */
static int judge_naive(struct bench_plan_work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    struct bench_plan_option *o = &p->naive;
    struct bench_trial t;
    bench_plan_spreadsheet(p);
    if (o->count == 0)
        return LIM_OK;
    for (size_t i = 0; i < p->option_count; i++)
        if (p->options[i].tier == o->tier && p->options[i].count == o->count) {
            *o = p->options[i];
            return LIM_OK;
        }
    double least = bench_plan_least(p, o->tier, &o->limit, &o->why);
    if (least > (double)o->count) {
        o->why = BENCH_PLAN_TOO_SMALL;
        bench_plan_long_run(p, o);
        return LIM_OK;
    }
    int error =
        bench_plan_try(w, bench_plan_scenario(w->question, o->tier, o->count),
                       bench_plan_is_roomy(p, o, 1), &t, &o->verdict, diag);
    fill(&t, p, o);
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
        tree = bench_plan_scenario(p->question, (enum lim_tier)t, 1);
        error = tree == NULL ? no_memory(diag)
                             : bench_scenario_from_json(&p->scenario, tree,
                                                        folder, diag);
    }
    cJSON_Delete(tree);
    if (error == LIM_OK)
        error = bench_demand_init(&p->demand, &p->scenario, DEMAND_RUNS, diag);
    double span = p->demand.span_s < 60 ? DAY_S : p->demand.span_s;
    p->month_usd = p->demand.usd < 0 ? -1 : p->demand.usd * MONTH_S / span;
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
        error = search(&w, diag);
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
