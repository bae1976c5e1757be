#include "bench/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load.h"
#include "bench/path.h"
#include "bench/plan_parts.h"

#define DAY_S 86400.0
#define MONTH_S (30 * DAY_S)
#define SLACK_S 600  /* nobody plans for longer waits than this, unless told */
#define ROUGH_RUNS 5 /* of what is told beside the answer */
#define LOAD_MOST (1 + BENCH_PLAN_HEADROOM_MOST)
#define LOAD_STEPS 5 /* of a search between 1 and LOAD_MOST, or 0 and 1 */
#define CAP_TRIES 4
#define DEMAND_RUNS 20

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
               enum bench_trial_verdict *verdict, struct lim_diag *diag)
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

/* What the objectives say of time, in seconds. */
static void find_times(struct work *w)
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
static struct bench_plan_option *add(struct work *w, enum lim_tier tier,
                                     int64_t count)
{
    struct bench_plan *p = w->plan;
    if (p->option_count == BENCH_PLAN_TRIED)
        return NULL;
    struct bench_plan_option *o = &p->options[p->option_count++];
    *o = bench_plan_option(tier, count);
    bench_plan_price(p, o);
    return o;
}

static int try_option(struct work *w, enum lim_tier tier, int64_t count,
                      enum bench_trial_verdict *verdict, struct lim_diag *diag)
{
    struct bench_trial t;
    struct bench_plan_option *o = add(w, tier, count);
    *verdict = BENCH_MISSED_IT;
    if (o == NULL || o->why != BENCH_PLAN_TRIED_IT)
        return LIM_OK;
    int error = try(w, bench_plan_scenario(w->question, tier, count), &t,
                    verdict, diag);
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
static int search_tier(struct work *w, enum lim_tier tier,
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
                    double factor, enum bench_trial_verdict *v,
                    struct lim_diag *diag)
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

/* The largest factor between two that is met, by halving; `high` too if it is
   to be tried. */
static int search_load(struct work *w, const struct bench_plan_option *o,
                       double low, double high, bool try_high, double *out,
                       struct lim_diag *diag)
{
    enum bench_trial_verdict v = BENCH_MISSED_IT;
    int error = try_high ? try_load(w, o, high, &v, diag) : LIM_OK;
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

/* The limit of a minute that is used most; -1: there is none. */
static int fullest_minute(const struct bench_plan_option *o)
{
    static const enum lim_limit minutes[] = { LIM_RPM, LIM_TPM, LIM_IPM };
    double most = 0;
    int found = -1;
    for (size_t i = 0; i < 3; i++)
        if (o->used[minutes[i]] > most) {
            most = o->used[minutes[i]];
            found = (int)minutes[i];
        }
    return found;
}

static int find_headroom_of(struct work *w, struct bench_plan_option *o,
                            struct lim_diag *diag)
{
    int limit, error = LIM_OK;
    double through = bench_plan_most_load(o, &limit), most = 1;
    double high = fmin(through, LOAD_MOST);
    if (high > 1)
        error = search_load(w, o, 1, high, true, &most, diag);
    o->headroom = most - 1;
    o->ends_at = most >= LOAD_MOST ? -1
                 : most >= through ? limit
                                   : fullest_minute(o);
    return error;
}

static int find_headroom(struct work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    int error = LIM_OK;
    for (size_t i = 0;
         i < p->good_count && i < BENCH_PLAN_SHOWN && error == LIM_OK; i++)
        error = find_headroom_of(w, &p->options[i], diag);
    return error;
}

/* Nothing meets it all: how much does the most that can be had? */
static int find_nearest(struct work *w, struct lim_diag *diag)
{
    struct bench_plan_nearest *n = &w->plan->nearest;
    double bound = bench_plan_nearest_by_sum(w->plan, n);
    const struct bench_plan_option o = bench_plan_option(n->tier, n->count);
    if (n->count == 0 || bound <= 0)
        return LIM_OK;
    return search_load(w, &o, 0, fmin(bound, 1), bound < 1, &n->load, diag);
}

static int what_if(struct work *w, cJSON *tree, double factor, bool changed,
                   struct bench_plan_what_if *f, struct lim_diag *diag)
{
    const struct bench_plan *p = w->plan;
    struct bench_trial t;
    int limit, error = LIM_OK;
    bool through = factor <= bench_plan_most_load(&p->options[0], &limit);
    f->possible = changed;
    f->limit = changed && !through ? limit : -1;
    f->month_usd = p->month_usd < 0 ? -1 : p->month_usd * factor;
    f->verdict = BENCH_MISSED_IT;
    if (!changed || !through) {
        cJSON_Delete(tree);
        return LIM_OK;
    }
    error = try(w, tree, &t, &f->verdict, diag);
    f->wait_p95 = bench_trial_figure(&t, "wait_ms.p95");
    f->refused = bench_trial_figure(&t, "http_429%");
    bench_trial_fini(&t);
    return error;
}

static bool put_client(cJSON *tree, const char *path, cJSON *value)
{
    struct lim_diag why;
    bool done = value != NULL && bench_path_set(tree, path, value, &why) == 0;
    cJSON_Delete(value);
    return done;
}

static const char *strategy_of(const struct bench_plan *p)
{
    return p->scenario.sim.client.strategy->name;
}

static bool change(cJSON *tree, int what)
{
    static const double factors[] = { 0.8, 1.2 };
    return what < 2    ? bench_load_scale(tree, factors[what])
           : what == 2 ? bench_load_burst(tree)
                       : put_client(tree, "client.strategy",
                                    cJSON_CreateString("round_robin"));
}

static int what_ifs(struct work *w, struct lim_diag *diag)
{
    static const char *const names[BENCH_PLAN_WHAT_IFS] = {
        "a fifth less load", "a fifth more load", "twice as bursty", ""
    };
    static const double factors[BENCH_PLAN_WHAT_IFS] = { 0.8, 1.2, 1, 1 };
    struct bench_plan *p = w->plan;
    const struct bench_plan_option *o = &p->options[0];
    bool choice = o->count > 1 && strcmp(strategy_of(p), "round_robin") != 0;
    int error = LIM_OK;
    p->what_if_count = BENCH_PLAN_WHAT_IFS - (choice ? 0 : 1);
    for (int i = 0; i < (int)p->what_if_count && error == LIM_OK; i++) {
        struct bench_plan_what_if *f = &p->what_ifs[i];
        cJSON *tree = bench_plan_scenario(w->question, o->tier, o->count);
        if (i < 3)
            snprintf(f->name, sizeof f->name, "%s", names[i]);
        else
            snprintf(f->name, sizeof f->name, "round_robin in place of %.20s",
                     strategy_of(p));
        error = what_if(w, tree, factors[i], tree != NULL && change(tree, i), f,
                        diag);
    }
    return error;
}

static int try_cap(struct work *w, const struct bench_plan_option *o,
                   int64_t cap, enum bench_trial_verdict *v,
                   struct lim_diag *diag)
{
    struct bench_trial t;
    cJSON *tree = bench_plan_scenario(w->question, o->tier, o->count);
    if (tree == NULL ||
        !put_client(tree, "client.cap", cJSON_CreateNumber((double)cap))) {
        cJSON_Delete(tree);
        return no_memory(diag);
    }
    int error = try(w, tree, &t, v, diag);
    bench_trial_fini(&t);
    return error;
}

/* How many in flight are enough: twice what is in flight on average, or more
   if it takes more. */
static int find_cap(struct work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    const struct bench_plan_option *o = &p->options[0];
    int64_t cap = 1 + (int64_t)(2 * o->in_flight);
    int error = LIM_OK;
    if (bench_path_get(w->question->tree, "client.cap") != NULL)
        return LIM_OK;
    for (int i = 0; i < CAP_TRIES && p->cap == 0 && error == LIM_OK; i++) {
        enum bench_trial_verdict v = BENCH_MISSED_IT;
        error = try_cap(w, o, cap, &v, diag);
        if (v == BENCH_MET_IT)
            p->cap = cap;
        cap *= 2;
    }
    return error;
}

/* Whether what a spreadsheet says would do. */
static int judge_naive(struct work *w, struct lim_diag *diag)
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
    int error = try(w, bench_plan_scenario(w->question, o->tier, o->count), &t,
                    &o->verdict, diag);
    fill(&t, p, o);
    bench_trial_fini(&t);
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
        error = bench_demand_init(&p->demand, &p->scenario, DEMAND_RUNS, diag);
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
    find_times(&w);
    if (error == LIM_OK)
        error = look_at_demand(p, way->trial.folder, diag);
    if (error == LIM_OK)
        error = search(&w, diag);
    if (error == LIM_OK)
        error = judge_naive(&w, diag);
    w.own.trial.least = w.own.trial.sure = ROUGH_RUNS; /* from here on */
    if (error == LIM_OK && p->good_count > 0)
        error = find_headroom(&w, diag);
    if (error == LIM_OK && p->good_count > 0)
        error = what_ifs(&w, diag);
    if (error == LIM_OK && p->good_count > 0)
        error = find_cap(&w, diag);
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
