#include "bench/find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/names.h"
#include "bench/path.h"
#include "bench/words.h"
#include "mockserver/units.h"

#define NEAR 1.02    /* of rates: so near are the last two */
#define DOUBLINGS 10 /* up or down: a thousandfold */
#define DIGITS 6
#define RACE_LEAST 10
#define RACE_MOST 160
#define CHANCE 0.01 /* of taking anybody out who is as good as the best */

/* What stands at a path, and how a number is written there. */
struct dial {
    cJSON *tree;
    const char *path;
    bool rate;  /* "300/m" */
    bool whole; /* a count */
    double start;
};

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

static int read_dial(struct dial *d, struct lim_diag *diag)
{
    const cJSON *now = bench_path_get(d->tree, d->path);
    const char *text = cJSON_GetStringValue(now);
    bool good = false;
    if (cJSON_IsNumber(now)) {
        d->start = now->valuedouble;
        d->whole = d->start == floor(d->start);
        good = d->start > 0;
    } else if (text != NULL && strchr(text, '/') != NULL) {
        d->rate = true;
        good = mock_units_rate(text, &d->start) && d->start > 0;
    } else if (text != NULL) {
        good = mock_units_count(text, &d->start) && d->start > 0;
        d->whole = d->start == floor(d->start);
    }
    if (!good)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--find %s: the scenario has no number or rate above "
                        "0 there to start from",
                        d->path);
    return LIM_OK;
}

static cJSON *written(const struct dial *d, double value)
{
    char text[64];
    if (!d->rate)
        return cJSON_CreateNumber(value);
    /* Without an exponent, which no rate has. */
    int after = DIGITS - 1 - (int)floor(log10(value * 60));
    after = after < 0 ? 0 : after > 20 ? 20 : after;
    int n = snprintf(text, sizeof text - 2, "%.*f", after, value * 60);
    while (after > 0 && text[n - 1] == '0')
        n--;
    n -= after > 0 && text[n - 1] == '.';
    memcpy(text + n, "/m", 3);
    return cJSON_CreateString(text);
}

/* The scenario with another value there; NULL: no memory. */
static cJSON *with(const cJSON *tree, const char *path, const cJSON *value,
                   struct lim_diag *diag)
{
    cJSON *copy = cJSON_Duplicate(tree, true);
    if (copy != NULL && bench_path_set(copy, path, value, diag) == LIM_OK)
        return copy;
    cJSON_Delete(copy);
    return NULL;
}

static size_t count_of(const struct bench_found *out)
{
    return (size_t)cJSON_GetArraySize(out->values);
}

static int try(const struct bench_find *f, const struct dial *d, double value,
               struct bench_found *out, enum bench_trial_verdict *v,
               bool *interrupted, struct lim_diag *diag)
{
    struct bench_trial t = { .room = 0 };
    size_t n = count_of(out);
    cJSON *text = written(d, value);
    cJSON *tree = with(d->tree, d->path, text, diag);
    int error = tree == NULL
                    ? no_memory(diag)
                    : bench_trial_run(&t, f->way, tree, v, interrupted, diag);
    bench_progress_tell(f->progress, 0, "%zu values tried", n + 1);
    bench_trial_fini(&t);
    cJSON_Delete(tree);
    if (error != LIM_OK || n == BENCH_FIND_TRIED) {
        cJSON_Delete(text);
        return error;
    }
    out->verdicts[n] = *v;
    cJSON_AddItemToArray(out->values, text);
    return LIM_OK;
}

static bool apart(const struct dial *d, double low, double high)
{
    return d->whole ? high - low > 1 : high / low > NEAR;
}

static double between(const struct dial *d, double low, double high)
{
    double middle = low > 0 ? sqrt(low * high) : high / 2;
    if (!d->whole)
        return middle;
    middle = floor(middle + 0.5);
    return middle <= low ? low + 1 : middle >= high ? high - 1 : middle;
}

/* Doubles while it is met, or halves until it is; low is met (0: nothing was),
   high is not (HUGE_VAL: all was). */
static int bracket(const struct bench_find *f, const struct dial *d,
                   struct bench_found *out, double *low, double *high,
                   bool *interrupted, struct lim_diag *diag)
{
    double value = d->start;
    enum bench_trial_verdict v;
    int error = LIM_OK;
    *low = 0;
    *high = HUGE_VAL;
    for (int i = 0; i <= DOUBLINGS && error == LIM_OK && !*interrupted; i++) {
        error = try(f, d, value, out, &v, interrupted, diag);
        if (v == BENCH_MET_IT)
            *low = value;
        else
            *high = value;
        if (*low > 0 && *high < HUGE_VAL)
            break;
        value = *low > 0 ? 2 * value : value / 2;
        if (d->whole && value < 1)
            break;
        value = d->whole ? floor(value) : value;
    }
    return error;
}

static int search(const struct bench_find *f, const struct dial *d,
                  struct bench_found *out, bool *interrupted,
                  struct lim_diag *diag)
{
    double low, high;
    enum bench_trial_verdict v;
    int error = bracket(f, d, out, &low, &high, interrupted, diag);
    while (error == LIM_OK && !*interrupted && low > 0 && high < HUGE_VAL &&
           apart(d, low, high)) {
        double middle = between(d, low, high);
        error = try(f, d, middle, out, &v, interrupted, diag);
        if (v == BENCH_MET_IT)
            low = middle;
        else
            high = middle;
    }
    return error;
}

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
    for (size_t runs = RACE_LEAST; runs <= RACE_MOST && r->left > 1;
         runs *= 2) {
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

static int race(const struct bench_find *f, cJSON *tree,
                struct bench_found *out, bool *interrupted,
                struct lim_diag *diag)
{
    struct race *r = calloc(1, sizeof *r);
    cJSON_Delete(out->values);
    out->values = candidates(tree, f->path);
    out->race = true;
    size_t n = count_of(out);
    if (r == NULL || n < 2 || n > BENCH_FIND_TRIED) {
        free(r);
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--best wants 2 to %d values of %s: list them in the "
                        "scenario's vary",
                        BENCH_FIND_TRIED, f->path);
    }
    *r = (struct race){ .find = f, .out = out, .count = n, .left = n };
    r->larger = bench_metric_better(f->best) == BENCH_LARGER;
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "vary");
    int error = LIM_OK;
    for (size_t i = 0; i < n && error == LIM_OK; i++) {
        out->verdicts[i] = BENCH_MET_IT;
        r->trees[i] =
            with(tree, f->path, cJSON_GetArrayItem(out->values, (int)i), diag);
        if (r->trees[i] == NULL)
            error = diag->text[0] != '\0' ? LIM_EINVAL : no_memory(diag);
    }
    if (error == LIM_OK)
        error = run_race(r, interrupted, diag);
    for (size_t i = 0; i < n; i++) {
        bench_trial_fini(&r->trials[i]);
        cJSON_Delete(r->trees[i]);
    }
    free(r);
    return error;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts what was tried, so that the evidence reads from small to large. */
static void sort(const struct dial *d, struct bench_found *out)
{
    struct {
        double value;
        enum bench_trial_verdict verdict;
    } all[BENCH_FIND_TRIED];
    size_t n = count_of(out);
    cJSON *values = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++) {
        const cJSON *v = cJSON_GetArrayItem(out->values, (int)i);
        all[i].value = cJSON_GetNumberValue(v);
        if (cJSON_IsString(v))
            mock_units_rate(v->valuestring, &all[i].value);
        all[i].verdict = out->verdicts[i];
    }
    qsort(all, n, sizeof all[0], by_value);
    out->best = -1;
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(values, written(d, all[i].value));
        out->verdicts[i] = all[i].verdict;
        if (all[i].verdict == BENCH_MET_IT)
            out->best = (int)i;
    }
    cJSON_Delete(out->values);
    out->values = values;
}

/* The experiment that follows. */
static int set_vary(cJSON *tree, const struct bench_found *out,
                    struct lim_diag *diag)
{
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "vary");
    cJSON *vary = cJSON_AddObjectToObject(tree, "vary");
    cJSON *values = cJSON_Duplicate(out->values, true);
    if (!cJSON_AddItemToObject(vary, out->path, values)) {
        cJSON_Delete(values);
        return no_memory(diag);
    }
    return LIM_OK;
}

int bench_find_run(const struct bench_find *f, cJSON *tree,
                   struct bench_found *out, bool *interrupted,
                   struct lim_diag *diag)
{
    struct dial d = { .tree = tree, .path = f->path };
    const cJSON *vary = cJSON_GetObjectItemCaseSensitive(tree, "vary");
    int others = cJSON_GetArraySize(vary) -
                 (cJSON_GetObjectItemCaseSensitive(vary, f->path) != NULL);
    *out = (struct bench_found){ .path = f->path,
                                 .best = -1,
                                 .values = cJSON_CreateArray() };
    if (others > 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--find %s: nothing else may vary at the same time",
                        f->path);
    int error;
    if (f->best != NULL) {
        error = race(f, tree, out, interrupted, diag);
    } else {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "vary");
        error = read_dial(&d, diag);
        if (error == LIM_OK)
            error = search(f, &d, out, interrupted, diag);
        if (error == LIM_OK)
            sort(&d, out);
    }
    return error == LIM_OK ? set_vary(tree, out, diag) : error;
}

void bench_found_fini(struct bench_found *f)
{
    cJSON_Delete(f->values);
    f->values = NULL;
}

static void put_value(const struct bench_found *f, int i, FILE *out)
{
    char *words = bench_words_value(cJSON_GetArrayItem(f->values, i));
    fputs(words != NULL ? words : "?", out);
    free(words);
}

static void show_race(const struct bench_found *f, FILE *out)
{
    int n = (int)count_of(f), others = 0;
    fprintf(out, "best: %s ", f->path);
    put_value(f, f->best, out);
    for (int i = 0; i < n; i++) {
        if (i == f->best || f->verdicts[i] != BENCH_MET_IT)
            continue;
        fputs(others++ == 0 ? "; not told from it: " : ", ", out);
        put_value(f, i, out);
    }
    fputc('\n', out);
}

void bench_found_show(const struct bench_found *f, FILE *out)
{
    int n = (int)count_of(f);
    if (f->race) {
        show_race(f, out);
        return;
    }
    if (f->best < 0) {
        fprintf(out, "no %s meets it, down to ", f->path);
        put_value(f, 0, out);
    } else {
        fprintf(out, "largest %s that meets it: ", f->path);
        put_value(f, f->best, out);
        for (int i = f->best + 1; i < n; i++) {
            fprintf(out, i == f->best + 1 ? "; " : ", ");
            put_value(f, i, out);
            fputs(f->verdicts[i] == BENCH_TOO_CLOSE ? " is too close to call"
                                                    : " misses it",
                  out);
            if (f->verdicts[i] == BENCH_MISSED_IT)
                break;
        }
        if (f->best == n - 1)
            fputs("; nothing larger was tried", out);
    }
    fputc('\n', out);
}

int bench_found_json(const struct bench_found *f, FILE *out)
{
    static const char *const words[] = { [BENCH_MISSED_IT] = "missed",
                                         [BENCH_TOO_CLOSE] = "too close",
                                         [BENCH_MET_IT] = "met" };
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "find", f->path);
    if (f->best < 0)
        cJSON_AddNullToObject(root, "value");
    else
        cJSON_AddItemToObject(
            root, "value",
            cJSON_Duplicate(cJSON_GetArrayItem(f->values, f->best), true));
    cJSON *tried = cJSON_AddArrayToObject(root, "tried");
    for (int i = 0; i < (int)count_of(f); i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddItemToObject(
            one, "value",
            cJSON_Duplicate(cJSON_GetArrayItem(f->values, i), true));
        cJSON_AddStringToObject(one, "verdict", words[f->verdicts[i]]);
        cJSON_AddItemToArray(tried, one);
    }
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (text == NULL)
        return LIM_ENOMEM;
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    return LIM_OK;
}
