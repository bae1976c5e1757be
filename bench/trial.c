#include "bench/trial.h"

#include <stdlib.h>
#include <string.h>

#include "bench/runner.h"
#include "bench/student.h"

#define CHANCE 0.01 /* of a wrong verdict, both sides together */
#define WIDE 0.05   /* what a bench_estimate's interval leaves out */

static bool make_room(struct bench_trial *t)
{
    size_t room = t->room == 0 ? 8 : 2 * t->room;
    if (t->result.run_count < t->room)
        return true;
    struct bench_run *runs = realloc(t->result.runs, room * sizeof *runs);
    if (runs == NULL)
        return false;
    t->result.runs = runs;
    t->room = room;
    return true;
}

static bool keep(void *context, const struct bench_run *run, double wall_s)
{
    struct bench_trial *t = context;
    (void)wall_s;
    cJSON *summary = cJSON_Duplicate(run->summary, true);
    if (summary == NULL || !make_room(t)) {
        cJSON_Delete(summary);
        t->failed = true;
        return false;
    }
    t->result.runs[t->result.run_count++] = (struct bench_run){
        .run = run->run,
        .replication = run->replication,
        .seed = run->seed,
        .summary = summary,
    };
    return true;
}

enum bench_trial_verdict bench_trial_judge(const struct bench_trial *t,
                                           const struct bench_check *c)
{
    struct bench_estimate e = bench_trial_figure(t, c->metric);
    if (e.n < 2)
        return BENCH_MISSED_IT;
    double h = bench_trial_half_width(&e, CHANCE);
    bool low = bench_check_meets(c, e.mean - h);
    bool high = bench_check_meets(c, e.mean + h);
    return low && high   ? BENCH_MET_IT
           : low || high ? BENCH_TOO_CLOSE
                         : BENCH_MISSED_IT;
}

static enum bench_trial_verdict judge_all(const struct bench_trial *t,
                                          const struct bench_trial_way *way)
{
    enum bench_trial_verdict least = BENCH_MET_IT;
    for (size_t i = 0; i < way->check_count; i++) {
        enum bench_trial_verdict v = bench_trial_judge(t, &way->checks[i]);
        if (v < least)
            least = v;
    }
    return least;
}

static bool go_on(const struct bench_trial_way *way, size_t runs,
                  enum bench_trial_verdict v)
{
    size_t sure = way->sure > 0 ? way->sure : BENCH_TRIAL_SURE;
    return v == BENCH_TOO_CLOSE || (v == BENCH_MET_IT && runs < sure);
}

int bench_trial_more(struct bench_trial *t, const struct bench_trial_way *way,
                     const cJSON *tree, size_t runs, bool *interrupted,
                     struct lim_diag *diag)
{
    struct bench_experiment e;
    struct bench_place place = { .world = BENCH_ON_SIM,
                                 .name = "sim",
                                 .speed = 1,
                                 .folder = way->folder,
                                 .own = way->own };
    struct bench_runner runner = { .experiment = &e,
                                   .place = &place,
                                   .version = way->version,
                                   .threads = way->threads,
                                   .share = { 1, 1 },
                                   .from = t->result.run_count,
                                   .done = keep,
                                   .context = t };
    int error = bench_experiment_init(&e, tree, diag);
    if (error != LIM_OK)
        return error;
    e.replications = runs;
    t->result.variants = 1;
    error = bench_runner_run(&runner, interrupted, diag);
    if (error == LIM_OK && t->failed)
        error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    t->result.replications = t->result.run_count;
    bench_experiment_fini(&e);
    return error;
}

int bench_trial_run(struct bench_trial *t, const struct bench_trial_way *way,
                    const cJSON *tree, enum bench_trial_verdict *out,
                    bool *interrupted, struct lim_diag *diag)
{
    size_t runs = way->least > 0 ? way->least : BENCH_TRIAL_LEAST;
    size_t most = way->most > 0 ? way->most : BENCH_TRIAL_MOST;
    *t = (struct bench_trial){ .room = 0 };
    for (;; runs *= 2) {
        int error = bench_trial_more(t, way, tree, runs, interrupted, diag);
        *out = judge_all(t, way);
        if (error != LIM_OK || *interrupted || runs >= most ||
            !go_on(way, runs, *out))
            return error;
    }
}

struct bench_estimate bench_trial_figure(const struct bench_trial *t,
                                         const char *metric)
{
    return bench_aggregate(&t->result, 0, metric);
}

struct bench_estimate bench_trial_less(const struct bench_trial *a,
                                       const struct bench_trial *b,
                                       const char *metric)
{
    size_t n = a->result.run_count, m = b->result.run_count;
    struct bench_run *runs = malloc((n + m + 1) * sizeof *runs);
    struct bench_result both = { .variants = 2, .runs = runs };
    struct bench_estimate e = { .n = 0, .ci95 = -1 };
    if (runs == NULL)
        return e;
    memcpy(runs, a->result.runs, n * sizeof *runs);
    memcpy(runs + n, b->result.runs, m * sizeof *runs);
    for (size_t i = n; i < n + m; i++)
        runs[i].variant = 1;
    both.run_count = n + m;
    e = bench_aggregate_paired(&both, 0, 1, metric);
    free(runs);
    return e;
}

double bench_trial_half_width(const struct bench_estimate *e, double chance)
{
    size_t df = e->n - 1;
    if (e->n < 2)
        return 0;
    return e->ci95 * bench_student_point(chance, df) /
           bench_student_point(WIDE, df);
}

void bench_trial_fini(struct bench_trial *t)
{
    for (size_t i = 0; i < t->result.run_count; i++)
        cJSON_Delete(t->result.runs[i].summary);
    free(t->result.runs);
    *t = (struct bench_trial){ .room = 0 };
}
