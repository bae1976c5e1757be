#include <math.h>
#include <string.h>

#include "bench/load.h"
#include "bench/path.h"
#include "bench/plan_work.h"

#define ROUGH_RUNS 5
#define LOAD_MOST (1 + BENCH_PLAN_HEADROOM_MOST)
#define LOAD_STEPS 5 /* of a search between 1 and LOAD_MOST, or 0 and 1 */
#define CAP_TRIES 4
#define REQUESTS_LEAST 20 /* fewer in a run tell nothing */

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

static int try_load(struct bench_plan_work *w,
                    const struct bench_plan_option *o, double factor,
                    enum bench_trial_verdict *v, struct lim_diag *diag)
{
    struct bench_trial t;
    cJSON *tree = bench_plan_scenario(w->question, &o->mix);
    if (tree != NULL && !bench_load_scale(tree, factor)) {
        cJSON_Delete(tree);
        return no_memory(diag);
    }
    int error = bench_plan_try(w, tree, bench_plan_is_roomy(w->plan, o, factor),
                               &t, v, diag);
    bench_trial_fini(&t);
    return error;
}

/* The largest factor between two that is met, by halving; `high` too if it is
   to be tried. */
static int search_load(struct bench_plan_work *w,
                       const struct bench_plan_option *o, double low,
                       double high, bool try_high, double *out,
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

/* Of the limits that a run shows that which is used most; -1: there is none. */
static int fullest_minute(const struct bench_plan_option *o)
{
    double most = 0;
    int found = -1;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (!bench_plan_is_long(o, l) && o->used[l] > most) {
            most = o->used[l];
            found = l;
        }
    return found;
}

static int find_headroom_of(struct bench_plan_work *w,
                            struct bench_plan_option *o, struct lim_diag *diag)
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

static int find_headroom(struct bench_plan_work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    int error = LIM_OK;
    for (size_t i = 0;
         i < p->good_count && i < BENCH_PLAN_SHOWN && error == LIM_OK; i++)
        error = find_headroom_of(w, &p->options[i], diag);
    return error;
}

/* Nothing meets it all: how much does the most that can be had? */
static int find_nearest(struct bench_plan_work *w, struct lim_diag *diag)
{
    struct bench_plan_nearest *n = &w->plan->nearest;
    double bound = bench_plan_nearest_by_sum(w->plan, n);
    const struct bench_plan_option o = bench_plan_option(w->plan, &n->mix);
    double requests =
        bound * (double)w->plan->demand.requests / (double)w->plan->demand.runs;
    if (n->mix.count == 0 || bound <= 0)
        return LIM_OK;
    if (requests < REQUESTS_LEAST) {
        n->load = fmin(bound, 1);
        return LIM_OK;
    }
    return search_load(w, &o, 0, fmin(bound, 1), bound < 1, &n->load, diag);
}

/* One change: the load becomes `factor` times as much on the whole, and at
   most `peak` times in a minute. */
static int what_if(struct bench_plan_work *w, cJSON *tree, double factor,
                   double peak, struct bench_plan_what_if *f,
                   struct lim_diag *diag)
{
    const struct bench_plan *p = w->plan;
    struct bench_trial t;
    const struct bench_plan_option *o = &p->options[0];
    int limit, error = LIM_OK;
    bool through = factor <= bench_plan_most_load(o, &limit);
    f->possible = tree != NULL;
    f->limit = tree != NULL && !through ? limit : -1;
    f->month_usd = p->month_usd < 0 ? -1 : p->month_usd * factor;
    f->verdict = BENCH_MISSED_IT;
    if (tree == NULL || (!through && bench_plan_is_long(o, limit))) {
        cJSON_Delete(tree);
        return LIM_OK;
    }
    error = bench_plan_try(w, tree, bench_plan_is_roomy(p, o, peak), &t,
                           &f->verdict, diag);
    if (!through)
        f->verdict = BENCH_MISSED_IT; /* later than the runs show */
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

static int what_ifs(struct bench_plan_work *w, struct lim_diag *diag)
{
    static const char *const names[BENCH_PLAN_WHAT_IFS] = {
        "a fifth less load", "a fifth more load", "twice as bursty", ""
    };
    static const double factors[BENCH_PLAN_WHAT_IFS] = { 0.8, 1.2, 1, 1 };
    static const double peaks[BENCH_PLAN_WHAT_IFS] = { 0.8, 1.2, 4, 1 };
    struct bench_plan *p = w->plan;
    const struct bench_plan_option *o = &p->options[0];
    bool choice =
        o->mix.count > 1 && strcmp(strategy_of(p), "round_robin") != 0;
    int error = LIM_OK;
    p->what_if_count = BENCH_PLAN_WHAT_IFS - (choice ? 0 : 1);
    for (int i = 0; i < (int)p->what_if_count && error == LIM_OK; i++) {
        struct bench_plan_what_if *f = &p->what_ifs[i];
        cJSON *tree = bench_plan_scenario(w->question, &o->mix);
        if (i < 3)
            snprintf(f->name, sizeof f->name, "%s", names[i]);
        else
            snprintf(f->name, sizeof f->name, "round_robin in place of %.20s",
                     strategy_of(p));
        if (tree != NULL && !change(tree, i)) {
            cJSON_Delete(tree);
            tree = NULL;
        }
        error = what_if(w, tree, factors[i], peaks[i], f, diag);
    }
    return error;
}

static int try_cap(struct bench_plan_work *w, const struct bench_plan_option *o,
                   int64_t cap, enum bench_trial_verdict *v,
                   struct lim_diag *diag)
{
    struct bench_trial t;
    cJSON *tree = bench_plan_scenario(w->question, &o->mix);
    if (tree == NULL ||
        !put_client(tree, "client.cap", cJSON_CreateNumber((double)cap))) {
        cJSON_Delete(tree);
        return no_memory(diag);
    }
    int error = bench_plan_try(w, tree, false, &t, v, diag);
    bench_trial_fini(&t);
    return error;
}

/* How many in flight are enough: twice what is in flight on average, or more
   if it takes more. */
static int find_cap(struct bench_plan_work *w, struct lim_diag *diag)
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

int bench_plan_look_beside(struct bench_plan_work *w, struct lim_diag *diag)
{
    w->own.trial.least = w->own.trial.sure = ROUGH_RUNS;
    if (w->plan->good_count == 0)
        return find_nearest(w, diag);
    int error = find_headroom(w, diag);
    if (error == LIM_OK)
        error = what_ifs(w, diag);
    return error == LIM_OK ? find_cap(w, diag) : error;
}
