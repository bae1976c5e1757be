#include "bench/find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/path.h"
#include "bench/race.h"
#include "bench/words.h"
#include "mockserver/units.h"

#define NEAR 1.02    /* of rates: so near are the last two */
#define DOUBLINGS 10 /* up or down: a thousandfold */
#define DIGITS 6

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
    if (f->best != NULL)
        return bench_race_run(f, tree, out, interrupted, diag);
    if (others > 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--find %s: nothing else may vary at the same time",
                        f->path);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "vary");
    int error = read_dial(&d, diag);
    if (error == LIM_OK)
        error = search(f, &d, out, interrupted, diag);
    if (error != LIM_OK)
        return error;
    sort(&d, out);
    return set_vary(tree, out, diag);
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

void bench_found_show(const struct bench_found *f, FILE *out)
{
    int n = (int)count_of(f);
    if (f->race) {
        bench_race_show(f, out);
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
