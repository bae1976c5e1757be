#define _DEFAULT_SOURCE /* strsep */

#include "bench/race.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/experiment.h"
#include "bench/names.h"
#include "bench/words.h"

#define LEAST 10
#define MOST 160
#define CHANCE 0.01  /* of taking anybody out who is as good as the best */
#define SHOWN 8      /* of those that are not told from it, */
#define SHOWN_LONG 3 /* of several parameters */

/* What a race is between: a list of the scenario's `vary`, or ours. */
static cJSON *candidates(const cJSON *tree, const char *path)
{
    static const int caps[] = { 1,  2,  3,   5,   8,   12,  20,  30,
                                50, 80, 120, 200, 300, 500, 1000 };
    const cJSON *vary = cJSON_GetObjectItemCaseSensitive(tree, "vary");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(vary, path);
    const char *names[BENCH_NAMES_MAX] = { NULL };
    if (list != NULL)
        return cJSON_Duplicate(list, true);
    cJSON *own = cJSON_CreateArray();
    if (strcmp(path, "client.strategy") == 0) {
        bench_names_strategies(names);
        for (size_t i = 0; names[i] != NULL; i++)
            cJSON_AddItemToArray(own, cJSON_CreateString(names[i]));
    } else if (strcmp(path, "client.cap") == 0) {
        for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
            cJSON_AddItemToArray(own, cJSON_CreateNumber(caps[i]));
    }
    return own;
}

struct race {
    const struct bench_find *find;
    struct bench_found *out;
    cJSON *trees[BENCH_FIND_TRIED];
    struct bench_trial trials[BENCH_FIND_TRIED];
    size_t count, left;
    bool larger; /* is better */
};

static double mean_of(const struct race *r, size_t i)
{
    struct bench_estimate e = bench_trial_figure(&r->trials[i], r->find->best);
    if (e.n == 0)
        return r->larger ? -HUGE_VAL : HUGE_VAL;
    return e.mean;
}

static size_t leader(const struct race *r)
{
    size_t best = BENCH_FIND_TRIED;
    for (size_t i = 0; i < r->count; i++) {
        if (r->out->verdicts[i] != BENCH_MET_IT)
            continue;
        if (best == BENCH_FIND_TRIED ||
            (r->larger ? mean_of(r, i) > mean_of(r, best)
                       : mean_of(r, i) < mean_of(r, best)))
            best = i;
    }
    return best;
}

/* Takes out who is worse than the best, chance aside. */
static void judge(struct race *r)
{
    size_t best = leader(r);
    double chance = CHANCE / (double)(r->count > 1 ? r->count - 1 : 1);
    r->out->best = (int)best;
    for (size_t i = 0; i < r->count; i++) {
        if (i == best || r->out->verdicts[i] != BENCH_MET_IT)
            continue;
        struct bench_estimate e =
            bench_trial_less(&r->trials[i], &r->trials[best], r->find->best);
        double h = bench_trial_half_width(&e, chance);
        bool worse = r->larger ? e.mean + h < 0 : e.mean - h > 0;
        if (e.n == 0 || (e.n > 1 && worse)) {
            r->out->verdicts[i] = BENCH_MISSED_IT;
            r->left--;
        }
    }
}

static int run_race(struct race *r, bool *interrupted, struct lim_diag *diag)
{
    int error = LIM_OK;
    for (size_t runs = LEAST; runs <= MOST && r->left > 1; runs *= 2) {
        for (size_t i = 0; i < r->count && error == LIM_OK; i++) {
            if (r->out->verdicts[i] != BENCH_MET_IT)
                continue;
            bench_progress_tell(r->find->progress, 0,
                                "%zu of %zu left, %zu runs each", r->left,
                                r->count, runs);
            error = bench_trial_more(&r->trials[i], r->find->way, r->trees[i],
                                     runs, interrupted, diag);
        }
        if (error != LIM_OK || *interrupted)
            break;
        judge(r);
    }
    return error;
}

static int too_few(const char *path, struct lim_diag *diag)
{
    return lim_fail(diag, LIM_EINVAL, 0,
                    "--best wants 2 to %d values of %s: list them in the "
                    "scenario's vary",
                    BENCH_FIND_TRIED, path);
}

/* Makes the scenario vary over the values of each path of "client.cap,
   client.strategy". */
static int set_lists(cJSON *tree, const char *paths, struct lim_diag *diag)
{
    char *copy = strdup(paths), *rest = copy;
    cJSON *vary = cJSON_GetObjectItemCaseSensitive(tree, "vary");
    if (vary == NULL)
        vary = cJSON_AddObjectToObject(tree, "vary");
    if (copy == NULL || vary == NULL) {
        free(copy);
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    for (const char *path = strsep(&rest, ","); path != NULL;
         path = strsep(&rest, ",")) {
        cJSON *list = candidates(tree, path);
        if (cJSON_GetArraySize(list) == 0) {
            int error = too_few(path, diag);
            cJSON_Delete(list);
            free(copy);
            return error;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(vary, path);
        cJSON_AddItemToObject(vary, path, list);
    }
    free(copy);
    return LIM_OK;
}

/* What tells a variant from the others: its value, or all its settings. */
static cJSON *value_of(const struct bench_experiment *e, size_t variant)
{
    cJSON *settings = bench_experiment_settings(e, variant);
    if (settings == NULL || cJSON_GetArraySize(settings) > 1)
        return settings;
    cJSON *value = cJSON_DetachItemViaPointer(settings, settings->child);
    cJSON_Delete(settings);
    return value;
}

static int enter(struct race *r, const struct bench_experiment *e,
                 struct lim_diag *diag)
{
    for (size_t i = 0; i < r->count; i++) {
        r->out->verdicts[i] = BENCH_MET_IT;
        r->trees[i] = bench_experiment_scenario(e, i, diag);
        if (r->trees[i] == NULL)
            return LIM_EINVAL;
        cJSON_DeleteItemFromObjectCaseSensitive(r->trees[i], "vary");
        if (!cJSON_AddItemToArray(r->out->values, value_of(e, i)))
            return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    return LIM_OK;
}

static int race_over(const struct bench_find *f,
                     const struct bench_experiment *e, struct bench_found *out,
                     bool *interrupted, struct lim_diag *diag)
{
    size_t n = e->variants;
    if (n < 2 || n > BENCH_FIND_TRIED)
        return too_few(f->path, diag);
    struct race *r = calloc(1, sizeof *r);
    if (r == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    *r = (struct race){ .find = f, .out = out, .count = n, .left = n };
    out->several = e->list_count > 1;
    r->larger = bench_metric_better(f->best) == BENCH_LARGER;
    int error = enter(r, e, diag);
    if (error == LIM_OK)
        error = run_race(r, interrupted, diag);
    for (size_t i = 0; i < n; i++) {
        bench_trial_fini(&r->trials[i]);
        cJSON_Delete(r->trees[i]);
    }
    free(r);
    return error;
}

int bench_race_run(const struct bench_find *f, cJSON *tree,
                   struct bench_found *out, bool *interrupted,
                   struct lim_diag *diag)
{
    struct bench_experiment e;
    out->race = true;
    int error = set_lists(tree, f->path, diag);
    if (error == LIM_OK)
        error = bench_experiment_init(&e, tree, diag);
    if (error != LIM_OK)
        return error;
    error = race_over(f, &e, out, interrupted, diag);
    bench_experiment_fini(&e);
    return error;
}

static void put_one(const char *path, const cJSON *value, FILE *out)
{
    char *words = bench_words_value(value);
    fprintf(out, "%s%s%s", path, *path != 0 ? " " : "",
            words != NULL ? words : "?");
    free(words);
}

/* "12", or "client.cap 12, client.strategy headroom" of several. */
static void put_value(const struct bench_found *f, int i, FILE *out)
{
    const cJSON *value = cJSON_GetArrayItem(f->values, i), *item;
    if (!f->several) {
        put_one("", value, out);
        return;
    }
    cJSON_ArrayForEach(item, value)
    {
        fputs(item != value->child ? ", " : "", out);
        put_one(item->string, item, out);
    }
}

void bench_race_show(const struct bench_found *f, FILE *out)
{
    int n = cJSON_GetArraySize(f->values), others = 0;
    int most = f->several ? SHOWN_LONG : SHOWN;
    const char *between = f->several ? "; " : ", ";
    fprintf(out, "best: %s%s", f->several ? "" : f->path,
            f->several ? "" : " ");
    put_value(f, f->best, out);
    for (int i = 0; i < n; i++) {
        if (i == f->best || f->verdicts[i] != BENCH_MET_IT)
            continue;
        if (others < most) {
            fputs(others == 0 ? "; not told from it: " : between, out);
            put_value(f, i, out);
        }
        others++;
    }
    if (others > most)
        fprintf(out, " and %d more", others - most);
    fputc('\n', out);
}
