#include "bench/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load.h"
#include "bench/plan_parts.h"

#define DAY_S 86400.0
#define MONTH_S (30 * DAY_S)
#define SLACK_S 600  /* nobody plans for longer waits than this, unless told */
#define ROUGH_RUNS 5 /* of what is told beside the answer */
#define LOAD_MOST 4.0
#define LOAD_STEPS 5 /* of a search between 1 and LOAD_MOST, or 0 and 1 */

/* What the parts below share. */
struct work {
    struct bench_plan *plan;
    const struct bench_plan_question *question;
    const struct bench_plan_way *way;
    struct bench_plan_way own; /* with the checks that are always made */
    struct bench_check checks[BENCH_PLAN_CHECKS];
    bool interrupted;
    size_t trials;
};

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

/* Runs the scenario, which it frees. */
static int try(struct work *w, cJSON *tree, struct bench_trial *t,
               enum bench_verdict *verdict, struct lim_diag *diag)
{
    *t = (struct bench_trial){ .room = 0 };
    if (tree == NULL)
        return no_memory(diag);
    bench_progress_tell(w->way->progress, 0, "%zu plans tried", w->trials++);
    int error =
        bench_trial_run(t, &w->own.trial, tree, verdict, &w->interrupted, diag);
    cJSON_Delete(tree);
    return error;
}

/* The longest that a check lets anything take, in seconds. */
static double slack_s(const struct work *w)
{
    double most = SLACK_S;
    for (size_t i = 0; i < w->own.trial.check_count; i++) {
        const struct bench_check *c = &w->checks[i];
        double s = strstr(c->metric, "_ms") != NULL  ? c->bound / 1000
                   : strstr(c->metric, "_s") != NULL ? c->bound
                                                     : 0;
        if (s > most)
            most = s;
    }
    return most;
}

static void fill(const struct bench_trial *t, struct bench_plan_option *o)
{
    static const char *const names[LIM_LIMITS] = { "rpm", "rpd", "tpm",
                                                   "tpd", "ipm", "spend" };
    char metric[64];
    double most = 0;
    o->wait_p95 = bench_trial_figure(t, "wait_ms.p95");
    o->refused = bench_trial_figure(t, "http_429%");
    for (int l = 0; l < LIM_LIMITS; l++) {
        snprintf(metric, sizeof metric, "utilisation.pool.%s", names[l]);
        struct bench_estimate e = bench_trial_figure(t, metric);
        o->used[l] = e.n > 0 ? e.mean : -1;
        if (l != LIM_SPEND && o->used[l] > most) {
            most = o->used[l];
            o->limit = l;
        }
    }
}

/* Appends an option; NULL: there are too many. */
static struct bench_plan_option *add(struct work *w, enum lim_tier tier,
                                     int64_t count)
{
    struct bench_plan *p = w->plan;
    if (p->option_count == BENCH_PLAN_TRIED)
        return NULL;
    struct bench_plan_option *o = &p->options[p->option_count++];
    *o = (struct bench_plan_option){
        .tier = tier, .count = count, .limit = -1, .headroom = -1
    };
    bench_plan_price(p, o);
    return o;
}

static int try_option(struct work *w, enum lim_tier tier, int64_t count,
                      enum bench_verdict *verdict, struct lim_diag *diag)
{
    struct bench_trial t;
    struct bench_plan_option *o = add(w, tier, count);
    *verdict = BENCH_MISSED_IT;
    if (o == NULL || o->why != BENCH_PLAN_TRIED_IT)
        return LIM_OK;
    int error = try(w, bench_plan_scenario(w->question, tier, count), &t,
                    verdict, diag);
    o->verdict = *verdict;
    fill(&t, o);
    bench_trial_fini(&t);
    return error;
}

static const struct bench_plan_option *last_option(const struct bench_plan *p)
{
    return &p->options[p->option_count - 1];
}

/* The least number of a tier that meets everything: doubled until one does,
   then halved between. */
static int search_tier(struct work *w, enum lim_tier tier,
                       struct lim_diag *diag)
{
    const struct bench_plan_question *q = w->question;
    int limit;
    enum bench_plan_why why;
    double least = bench_plan_least(w->plan, slack_s(w), tier, &limit, &why);
    enum bench_verdict v = BENCH_MISSED_IT;
    int error = LIM_OK;
    if (least > (double)q->organisations_max) {
        struct bench_plan_option *o = add(w, tier, q->organisations_max);
        if (o != NULL) {
            o->why = why != BENCH_PLAN_TRIED_IT ? why : BENCH_PLAN_TOO_SMALL;
            o->limit = limit;
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
        enum bench_verdict middle;
        int64_t at = low + (high - low) / 2;
        error = try_option(w, tier, at, &middle, diag);
        if (middle == BENCH_MET_IT)
            high = at;
        else
            low = at;
    }
    return error;
}

static void rank(struct bench_plan *p)
{
    qsort(p->options, p->option_count, sizeof p->options[0],
          bench_plan_by_cost);
    p->good_count = 0;
    while (p->good_count < p->option_count &&
           bench_plan_is_good(&p->options[p->good_count]))
        p->good_count++;
}

static int search(struct work *w, struct lim_diag *diag)
{
    const struct bench_plan_question *q = w->question;
    int error = LIM_OK;
    for (int t = 0; t <= (int)q->tier_max && error == LIM_OK; t++)
        if (lim_table_qualification(q->table, (enum lim_tier)t)->defined &&
            !w->interrupted)
            error = search_tier(w, (enum lim_tier)t, diag);
    rank(w->plan);
    return error;
}

static int try_load(struct work *w, const struct bench_plan_option *o,
                    double factor, enum bench_verdict *v, struct lim_diag *diag)
{
    struct bench_trial t;
    cJSON *tree = bench_plan_scenario(w->question, o->tier, o->count);
    if (tree != NULL && !bench_load_scale(tree, factor)) {
        cJSON_Delete(tree);
        return no_memory(diag);
    }
    int error = try(w, tree, &t, v, diag);
    bench_trial_fini(&t);
    return error;
}

/* The largest factor between two that is met, `high` included if `low` is not
   0, by halving. */
static int search_load(struct work *w, const struct bench_plan_option *o,
                       double low, double high, double *out,
                       struct lim_diag *diag)
{
    enum bench_verdict v = BENCH_MISSED_IT;
    int error = low > 0 ? try_load(w, o, high, &v, diag) : LIM_OK;
    if (v == BENCH_MET_IT)
        low = high;
    for (int i = 0;
         i < LOAD_STEPS && low < high && error == LIM_OK && !w->interrupted;
         i++) {
        v = BENCH_MISSED_IT;
        double middle = low > 0 ? sqrt(low * high) : high / 2;
        error = try_load(w, o, middle, &v, diag);
        if (v == BENCH_MET_IT)
            low = middle;
        else
            high = middle;
    }
    *out = low;
    return error;
}

static int find_headroom(struct work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    int error = LIM_OK;
    for (size_t i = 0;
         i < p->good_count && i < BENCH_PLAN_SHOWN && error == LIM_OK; i++) {
        double most = 1;
        error = search_load(w, &p->options[i], 1, LOAD_MOST, &most, diag);
        p->options[i].headroom = most - 1;
    }
    return error;
}

/* Of the options that could not do it, the one that comes nearest is taken to
   be the largest of the highest tier. */
static int find_nearest(struct work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    const struct bench_plan_option *best = NULL;
    for (size_t i = 0; i < p->option_count; i++) {
        const struct bench_plan_option *o = &p->options[i];
        if (o->why == BENCH_PLAN_NO_ACCESS || o->why == BENCH_PLAN_NO_WAY ||
            o->why == BENCH_PLAN_BUDGET)
            continue;
        if (best == NULL || o->tier > best->tier ||
            (o->tier == best->tier && o->count > best->count))
            best = o;
    }
    return best == NULL ? LIM_OK
                        : search_load(w, best, 0, 1, &p->nearest, diag);
}

static int what_if(struct work *w, struct bench_plan_what_if *f, cJSON *tree,
                   bool changed, struct lim_diag *diag)
{
    struct bench_trial t;
    f->possible = changed;
    if (!changed) {
        cJSON_Delete(tree);
        return LIM_OK;
    }
    int error = try(w, tree, &t, &f->verdict, diag);
    f->wait_p95 = bench_trial_figure(&t, "wait_ms.p95");
    f->refused = bench_trial_figure(&t, "http_429%");
    bench_trial_fini(&t);
    return error;
}

static int what_ifs(struct work *w, struct lim_diag *diag)
{
    static const char *const names[BENCH_PLAN_WHAT_IFS] = { "a fifth less load",
                                                            "a fifth more load",
                                                            "twice as bursty" };
    static const double factors[] = { 0.8, 1.2 };
    struct bench_plan *p = w->plan;
    const struct bench_plan_option *o = &p->options[0];
    int error = LIM_OK;
    for (int i = 0; i < BENCH_PLAN_WHAT_IFS && error == LIM_OK; i++) {
        cJSON *tree = bench_plan_scenario(w->question, o->tier, o->count);
        bool changed =
            tree != NULL && (i < 2 ? bench_load_scale(tree, factors[i])
                                   : bench_load_burst(tree));
        p->what_ifs[i].name = names[i];
        error = what_if(w, &p->what_ifs[i], tree, changed, diag);
    }
    return error;
}

static int set_checks(struct work *w, struct lim_diag *diag)
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
        error = bench_demand_init(&p->demand, &p->scenario, diag);
    double span = p->demand.span_s < 60 ? DAY_S : p->demand.span_s;
    p->month_usd = p->demand.usd < 0 ? -1 : p->demand.usd * MONTH_S / span;
    return error;
}

int bench_plan_make(struct bench_plan *p, const struct bench_plan_question *q,
                    const struct bench_plan_way *way, bool *interrupted,
                    struct lim_diag *diag)
{
    struct work w = { .plan = p, .question = q, .way = way };
    *p = (struct bench_plan){ .question = q, .month_usd = -1 };
    int error = set_checks(&w, diag);
    if (error == LIM_OK)
        error = look_at_demand(p, way->trial.folder, diag);
    if (error == LIM_OK)
        error = search(&w, diag);
    w.own.trial.least = w.own.trial.sure = ROUGH_RUNS; /* from here on */
    if (error == LIM_OK)
        bench_plan_spreadsheet(p);
    if (error == LIM_OK && p->good_count > 0)
        error = find_headroom(&w, diag);
    if (error == LIM_OK && p->good_count > 0)
        error = what_ifs(&w, diag);
    if (error == LIM_OK && p->good_count == 0)
        error = find_nearest(&w, diag);
    *interrupted = w.interrupted;
    return error;
}

void bench_plan_fini(struct bench_plan *p)
{
    bench_demand_fini(&p->demand);
    bench_scenario_fini(&p->scenario);
}
