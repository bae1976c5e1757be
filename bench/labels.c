#define _POSIX_C_SOURCE 200809L

#include "bench/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/words.h"
#include "limiter/error.h"

static const char *const plain[] = { "strategy",      "model",      "tier",
                                     "queue",         "discipline", "backoff",
                                     "organisations", "name" };

bool bench_labels_plain(const char *name, const cJSON *value)
{
    if (!cJSON_IsString(value) && !cJSON_IsArray(value))
        return false;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strcmp(plain[i], name) == 0)
            return true;
    return false;
}

/* What stands in `b` where `a` stands in its own tree. */
static const cJSON *member(const cJSON *b, const cJSON *a, int index)
{
    if (cJSON_IsObject(b) && a->string != NULL)
        return cJSON_GetObjectItemCaseSensitive(b, a->string);
    return cJSON_IsArray(b) && a->string == NULL ? cJSON_GetArrayItem(b, index)
                                                 : NULL;
}

/* The values that are told apart from each other, or one by itself. */
struct peers {
    const cJSON *const *values;
    const bool *of; /* those that count */
    size_t n, count;
};

/* The same place of all peers; those without it have NULL there. */
static const cJSON **descend(const struct peers *p, const cJSON *child,
                             int index)
{
    const cJSON **below = calloc(p->n, sizeof *below);
    for (size_t i = 0; below != NULL && i < p->n; i++)
        if (p->values[i] != NULL)
            below[i] = member(p->values[i], child, index);
    return below;
}

/* Whether `own` stands at this place in all of them. */
static bool shared(const struct peers *p, const cJSON *own)
{
    for (size_t i = 0; i < p->n && p->count > 1; i++)
        if (p->of[i] && !cJSON_Compare(p->values[i], own, true))
            return false;
    return p->count > 1;
}

static void put_leaf(const cJSON *leaf, FILE *f)
{
    char *value = cJSON_GetArraySize(leaf) == 0 && cJSON_IsObject(leaf)
                      ? NULL
                      : bench_words_value(leaf);
    const char *name = leaf->string != NULL ? leaf->string : "";
    fputs(ftell(f) > 0 ? ", " : "", f);
    if (value == NULL)
        fputs(name, f);
    else if (bench_labels_plain(name, leaf) || *name == 0)
        fputs(value, f);
    else
        fprintf(f, "%s %s", name, value);
    free(value);
}

/* What is in `own`, but not in all peers; LIM_OK, or LIM_ENOMEM. */
static int put_own(const struct peers *p, const cJSON *own, FILE *f)
{
    const cJSON *child;
    int index = 0, error = LIM_OK;
    if (cJSON_GetArraySize(own) == 0) {
        put_leaf(own, f);
        return LIM_OK;
    }
    cJSON_ArrayForEach(child, own)
    {
        const cJSON **below = descend(p, child, index++);
        if (below == NULL)
            return LIM_ENOMEM;
        const struct peers deeper = { below, p->of, p->n, p->count };
        if (!shared(&deeper, child))
            error = put_own(&deeper, child, f);
        free(below);
        if (error != LIM_OK)
            break;
    }
    return error;
}

static char *own_words(const struct peers *p, const cJSON *own)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL)
        return NULL;
    int error = put_own(p, own, f);
    if (fclose(f) == 0 && error == LIM_OK)
        return bench_words_cut(text);
    free(text);
    return NULL;
}

/* Those that need more words: of several members, or with another's label. */
static size_t find_peers(const cJSON *const *values, size_t n, char **labels,
                         bool *peers)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        peers[i] =
            cJSON_IsObject(values[i]) && cJSON_GetArraySize(values[i]) > 1;
        for (size_t j = 0; j < n && !peers[i]; j++)
            peers[i] = j != i && strcmp(labels[i], labels[j]) == 0;
        count += peers[i];
    }
    return count;
}

static int replace(char **label, char *words)
{
    if (words == NULL)
        return LIM_ENOMEM;
    free(*label);
    *label = words;
    return LIM_OK;
}

/* A number behind what is still the same, from the last one on. */
static int number_equals(size_t n, char **labels)
{
    for (size_t i = n; i-- > 0;) {
        size_t before = 0;
        for (size_t j = 0; j < i; j++)
            before += strcmp(labels[i], labels[j]) == 0;
        if (before > 0 &&
            replace(&labels[i],
                    bench_words("%s (%zu)", labels[i], before + 1)) != LIM_OK)
            return LIM_ENOMEM;
    }
    return LIM_OK;
}

static int tell_apart(const cJSON *const *values, size_t n, char **labels,
                      bool *of)
{
    size_t count = find_peers(values, n, labels, of);
    const struct peers peers = { values, of, n, count };
    int error = LIM_OK;
    for (size_t i = 0; i < n && error == LIM_OK; i++) {
        char *words = of[i] ? own_words(&peers, values[i]) : NULL;
        if (of[i] && (words == NULL || *words != 0))
            error = replace(&labels[i], words);
        else
            free(words);
    }
    return error == LIM_OK ? number_equals(n, labels) : error;
}

int bench_labels(const cJSON *const *values, size_t n, char **labels)
{
    bool *of = calloc(n + 1, sizeof *of);
    int error = of != NULL ? LIM_OK : LIM_ENOMEM;
    size_t made = 0;
    while (made < n && error == LIM_OK) {
        labels[made] = bench_words_value(values[made]);
        if (labels[made] == NULL)
            error = LIM_ENOMEM;
        else
            made++;
    }
    if (error == LIM_OK)
        error = tell_apart(values, n, labels, of);
    while (error != LIM_OK && made > 0)
        free(labels[--made]);
    free(of);
    return error;
}
