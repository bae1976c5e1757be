/* Which options of a plan are tried, and how often. */

#include <math.h>
#include <stdlib.h>

#include "bench/plan_work.h"

#define CLOSE_RUNS 160 /* after which it is too close to call, at first */
#define BEST_RUNS 80   /* at least, of what is told to be the cheapest */
/* Of what is cheaper, and too close: so many runs, or requests of them. */
#define CLOSER_RUNS 2560
#define CLOSER_REQUESTS 1e7

/* The runs of a trial; the usual number of either: 0. */
struct runs {
    size_t least, most;
};

static int run_option(struct bench_plan_work *w, struct bench_plan_option *o,
                      struct runs runs, struct lim_diag *diag)
{
    struct bench_trial t;
    struct bench_plan_work as = *w;
    as.own.trial.least = runs.least;
    as.own.trial.most = runs.most;
    int error =
        bench_plan_try(&as, bench_plan_scenario(w->question, &o->mix),
                       runs.least == 0 && bench_plan_is_roomy(w->plan, o, 1),
                       &t, &o->verdict, diag);
    w->interrupted = as.interrupted;
    w->trials = as.trials;
    bench_plan_fill(&t, w->plan, o);
    bench_trial_fini(&t);
    return error;
}

static struct bench_plan_option *find(struct bench_plan *p,
                                      const struct bench_plan_mix *m)
{
    for (size_t i = 0; i < p->option_count; i++)
        if (bench_plan_mix_is(&p->options[i].mix, m))
            return &p->options[i];
    return NULL;
}

/* Tries an option, unless that was done, and tells whether it meets all. */
static int look_at(struct bench_plan_work *w, const struct bench_plan_mix *m,
                   bool *good, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    struct bench_plan_option *o = find(p, m);
    int error = LIM_OK;
    if (o == NULL && p->option_count < BENCH_PLAN_TRIED) {
        o = &p->options[p->option_count++];
        *o = bench_plan_option(p, m);
        if (!bench_plan_rule_out(p, o) && o->why == BENCH_PLAN_TRIED_IT)
            error = run_option(w, o, (struct runs){ 0, CLOSE_RUNS }, diag);
    }
    *good = o != NULL && bench_plan_is_good(o);
    return error;
}

static struct bench_plan_mix mix_of(const struct bench_plan_work *w,
                                    enum lim_tier tier, int64_t count)
{
    struct bench_plan_mix m = { .count = 0 };
    bench_plan_mix_add(w->question, &m, tier, count);
    return m;
}

static bool is_too_small(const struct bench_plan_work *w,
                         const struct bench_plan_mix *m)
{
    int limit;
    return bench_plan_share(w->plan, m, &limit) < 1 - 1e-9;
}

static bool can_be_had(const struct bench_plan_work *w,
                       const struct bench_plan_mix *m)
{
    return bench_plan_option(w->plan, m).why == BENCH_PLAN_TRIED_IT;
}

/* The least that is met of 1 to `high`, which is, when `low` is not. */
static int halve(struct bench_plan_work *w, struct bench_plan_mix base,
                 enum lim_tier tier, int64_t low, int64_t high,
                 struct lim_diag *diag)
{
    int error = LIM_OK;
    while (error == LIM_OK && high - low > 1 && !w->interrupted) {
        int64_t at = low + (high - low) / 2;
        struct bench_plan_mix m = base;
        bool good = false;
        bench_plan_mix_add(w->question, &m, tier, at);
        if (!is_too_small(w, &m))
            error = look_at(w, &m, &good, diag);
        if (good)
            high = at;
        else
            low = at;
    }
    return error;
}

static bool is_defined(const struct bench_plan_work *w, int tier)
{
    return lim_table_qualification(w->question->table, (enum lim_tier)tier)
        ->defined;
}

static bool has_models(const struct bench_plan_work *w, enum lim_tier tier)
{
    struct bench_plan_mix one = { .count = 1 };
    double share[LIM_LIMITS];
    one.of[tier] = 1;
    return bench_plan_shares(w->plan, &one, share) == BENCH_PLAN_TRIED_IT;
}

/* The least number of a tier that meets everything: doubled until one does,
   then halved between.  What arithmetic and money leave is tried; where that
   is nothing, one of it says why. */
static int search_tier(struct bench_plan_work *w, enum lim_tier tier,
                       struct lim_diag *diag)
{
    const int64_t max = w->question->organisations_max;
    const struct bench_plan_mix none = { .count = 0 };
    struct bench_plan_mix m = { .count = 1 };
    int64_t least = 1, most = max, low, high, step = 1;
    bool good = false;
    int error = LIM_OK;
    m.of[tier] = 1;
    if (!has_models(w, tier))
        return look_at(w, &m, &good, diag);
    m = mix_of(w, tier, 1);
    while (least < max && is_too_small(w, &m))
        m = mix_of(w, tier, ++least);
    for (m = mix_of(w, tier, most); most > 0 && !can_be_had(w, &m); most--)
        m = mix_of(w, tier, most - 1);
    for (low = high = least - 1;
         error == LIM_OK && !good && high < most && !w->interrupted;
         step *= 2) {
        low = high;
        high = low + step < most ? low + step : most;
        m = mix_of(w, tier, high);
        error = look_at(w, &m, &good, diag);
    }
    if (error == LIM_OK && good)
        return halve(w, none, tier, low, high, diag);
    high = high < least ? least : high + 1;
    m = mix_of(w, tier, high);
    if (error == LIM_OK && !good && high <= max && !w->interrupted)
        error = look_at(w, &m, &good, diag);
    return error;
}

/* Whether `a` has all that `b` has, and more. */
static bool has_more(const struct bench_plan_mix *a,
                     const struct bench_plan_mix *b)
{
    for (int t = 0; t < LIM_TIERS; t++)
        if (a->of[t] < b->of[t])
            return false;
    return a->count > b->count;
}

static bool is_mixed(const struct bench_plan_mix *m)
{
    return m->of[bench_plan_mix_tier(m, 0)] < m->count;
}

/* Of two that do, `b` makes `a` one that nobody needs: it has less of the same,
   or is the better one of two tiers. */
static bool makes_spare(const struct bench_plan_option *b,
                        const struct bench_plan_option *a)
{
    struct bench_plan_option x = *a, y = *b;
    x.spare = y.spare = false;
    return has_more(&a->mix, &b->mix) ||
           (is_mixed(&a->mix) && is_mixed(&b->mix) &&
            bench_plan_by_cost(&y, &x) < 0);
}

static void find_spare(struct bench_plan *p)
{
    for (size_t i = 0; i < p->option_count; i++) {
        struct bench_plan_option *a = &p->options[i];
        a->spare = false;
        for (size_t k = 0; k < p->option_count && bench_plan_is_good(a); k++)
            a->spare = a->spare || (bench_plan_is_good(&p->options[k]) &&
                                    makes_spare(&p->options[k], a));
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

static enum lim_tier lowest(const struct bench_plan_mix *m)
{
    return bench_plan_mix_tier(m, m->count - 1);
}

/* One more of the lowest tier, until everything is met. */
static int go_up(struct bench_plan_work *w, struct bench_plan_mix m,
                 struct lim_diag *diag)
{
    bool good = false;
    int error = LIM_OK;
    while (error == LIM_OK && !good && !w->interrupted &&
           m.count < w->question->organisations_max) {
        bench_plan_mix_add(w->question, &m, lowest(&m), 1);
        if (!can_be_had(w, &m))
            return LIM_OK;
        error = look_at(w, &m, &good, diag);
    }
    return error;
}

/* One less of it, while everything is met. */
static int go_down(struct bench_plan_work *w, struct bench_plan_mix m,
                   struct lim_diag *diag)
{
    bool good = true;
    int error = LIM_OK;
    while (error == LIM_OK && good && !w->interrupted && m.count > 1) {
        m.of[lowest(&m)]--;
        m.count--;
        error = look_at(w, &m, &good, diag);
    }
    return error;
}

/* The most runs of what is too close. */
static size_t closer_runs(const struct bench_plan *p)
{
    double each = (double)p->demand.requests / (double)p->demand.runs;
    double runs = CLOSER_REQUESTS / fmax(1, each);
    return runs < CLOSE_RUNS    ? CLOSE_RUNS
           : runs > CLOSER_RUNS ? CLOSER_RUNS
                                : (size_t)runs;
}

/* What is cheaper than the best, would it do, and too close yet. */
static struct bench_plan_option *find_close(struct bench_plan *p)
{
    for (size_t i = p->good_count; i < p->option_count; i++) {
        struct bench_plan_option *o = &p->options[i];
        struct bench_plan_option met = *o;
        met.verdict = BENCH_MET_IT;
        if (o->why == BENCH_PLAN_TRIED_IT && o->verdict == BENCH_TOO_CLOSE &&
            o->runs < closer_runs(p) &&
            (p->good_count == 0 ||
             bench_plan_by_cost(&met, &p->options[0]) < 0))
            return o;
    }
    return NULL;
}

/*
 * The cheapest of many that were found to do has been lucky more often than
 * the others: of twenty runs none may have met the burst that one in thirty
 * does.  So it is looked at again, unless nothing can wait, and gives way if
 * it does not do then.  And what is cheaper, but too close to call, gets the
 * runs that nothing else needs.
 */
static int settle(struct bench_plan_work *w, struct lim_diag *diag)
{
    struct bench_plan *p = w->plan;
    int error = LIM_OK;
    for (rank(p); error == LIM_OK && !w->interrupted; rank(p)) {
        struct bench_plan_option *o = p->good_count > 0 ? p->options : NULL;
        bool best =
            o != NULL && o->runs < BEST_RUNS && !bench_plan_is_roomy(p, o, 1);
        if (!best)
            o = find_close(p);
        if (o == NULL)
            return LIM_OK;
        struct bench_plan_mix m = o->mix;
        struct runs runs =
            best ? (struct runs){ BEST_RUNS, CLOSE_RUNS }
                 : (struct runs){ 2 * CLOSE_RUNS, closer_runs(p) };
        error = run_option(w, o, runs, diag);
        bool good = bench_plan_is_good(o);
        if (error == LIM_OK && best && !good)
            error = go_up(w, m, diag);
        else if (error == LIM_OK && !best && good)
            error = go_down(w, m, diag);
    }
    return error;
}

/* Whether more than that was found not to do. */
static bool is_hopeless(const struct bench_plan *p,
                        const struct bench_plan_mix *m)
{
    for (size_t i = 0; i < p->option_count; i++) {
        const struct bench_plan_option *o = &p->options[i];
        if (!bench_plan_is_good(o) &&
            (o->why == BENCH_PLAN_TRIED_IT || o->why == BENCH_PLAN_TOO_SMALL) &&
            bench_plan_mix_within(m, &o->mix))
            return true;
    }
    return false;
}

/* Whether it can be had, for less than the best. */
static bool is_worth_it(const struct bench_plan *p,
                        const struct bench_plan_mix *m)
{
    const struct bench_plan_option o = bench_plan_option(p, m);
    return o.why == BENCH_PLAN_TRIED_IT &&
           (p->good_count == 0 || bench_plan_is_cheaper(&o, &p->options[0]));
}

/* The most of a tier that may join, and is still worth it; 0: none. */
static int64_t most_more(const struct bench_plan_work *w,
                         const struct bench_plan_mix *base, enum lim_tier tier)
{
    int64_t low = 0, high = w->question->organisations_max - base->count + 1;
    while (high - low > 1) {
        int64_t at = low + (high - low) / 2;
        struct bench_plan_mix m = *base;
        bench_plan_mix_add(w->question, &m, tier, at);
        if (is_worth_it(w->plan, &m))
            low = at;
        else
            high = at;
    }
    return low;
}

/* So many of a tier and as many of a lower one as are cheaper than the best;
   and if they do, the least of them. */
static int mix_two(struct bench_plan_work *w, const struct bench_plan_mix *base,
                   enum lim_tier low, bool *none, struct lim_diag *diag)
{
    int64_t more = most_more(w, base, low);
    struct bench_plan_mix m = *base;
    bool good;
    *none = more == 0;
    bench_plan_mix_add(w->question, &m, low, more);
    if (more == 0 || is_too_small(w, &m) || is_hopeless(w->plan, &m))
        return LIM_OK;
    int error = look_at(w, &m, &good, diag);
    if (error == LIM_OK && good)
        error = halve(w, *base, low, 0, more, diag);
    rank(w->plan);
    return error;
}

static int mix_with(struct bench_plan_work *w, enum lim_tier high,
                    enum lim_tier low, struct lim_diag *diag)
{
    bool none = false;
    int error = LIM_OK;
    for (int64_t n = 1; n < w->question->organisations_max && !none &&
                        error == LIM_OK && !w->interrupted;
         n++) {
        const struct bench_plan_mix base = mix_of(w, high, n);
        error = mix_two(w, &base, low, &none, diag);
    }
    return error;
}

static int mix_tiers(struct bench_plan_work *w, struct lim_diag *diag)
{
    int error = LIM_OK;
    for (int high = (int)w->question->tier_max; high > 0; high--)
        for (int low = high - 1; low >= 0; low--)
            if (is_defined(w, high) && is_defined(w, low) && error == LIM_OK &&
                !w->interrupted)
                error =
                    mix_with(w, (enum lim_tier)high, (enum lim_tier)low, diag);
    return error;
}

/* Why one less than the best does not do is told as well. */
static int try_less(struct bench_plan_work *w, struct lim_diag *diag)
{
    const struct bench_plan *p = w->plan;
    struct bench_plan_mix m = p->options[0].mix;
    bool good;
    if (p->good_count == 0 || m.count == 1 || w->interrupted)
        return LIM_OK;
    m.of[lowest(&m)]--;
    m.count--;
    return look_at(w, &m, &good, diag);
}

int bench_plan_search(struct bench_plan_work *w, struct lim_diag *diag)
{
    size_t before;
    int error = LIM_OK;
    for (int t = 0; t <= (int)w->question->tier_max && error == LIM_OK; t++)
        if (is_defined(w, t) && !w->interrupted)
            error = search_tier(w, (enum lim_tier)t, diag);
    do {
        if (error == LIM_OK)
            error = settle(w, diag);
        before = w->plan->option_count;
        if (error == LIM_OK)
            error = mix_tiers(w, diag);
    } while (error == LIM_OK && w->plan->option_count > before &&
             !w->interrupted);
    if (error == LIM_OK)
        error = try_less(w, diag);
    rank(w->plan);
    return error;
}
