#define _XOPEN_SOURCE 700

#include "bench/path.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 128

/* One step of a path: a key of an object, or an element of an array. */
struct step {
    char key[KEY_SIZE]; /* "" for an element */
    int index;
};

static const char *index_step(const char *p, struct step *s)
{
    char *end;
    if (!isdigit((unsigned char)*p))
        return NULL;
    long n = strtol(p, &end, 10);
    if (*end != ']' || n > 1000000)
        return NULL;
    s->key[0] = 0;
    s->index = (int)n;
    return end + 1;
}

/* Reads the step at `p` and returns what follows it; NULL: malformed. */
static const char *next_step(const char *p, bool first, struct step *s)
{
    if (*p == '[')
        return first ? NULL : index_step(p + 1, s);
    if (!first && *p++ != '.')
        return NULL;
    size_t n = strcspn(p, ".[");
    if (n == 0 || n >= KEY_SIZE)
        return NULL;
    memcpy(s->key, p, n);
    s->key[n] = 0;
    return p + n;
}

static cJSON *child_of(const cJSON *node, const struct step *s)
{
    if (s->key[0] == 0)
        return cJSON_IsArray(node) ? cJSON_GetArrayItem(node, s->index) : NULL;
    return cJSON_IsObject(node) ? cJSON_GetObjectItemCaseSensitive(node, s->key)
                                : NULL;
}

const cJSON *bench_path_get(const cJSON *tree, const char *path)
{
    struct step s;
    const char *p = path;
    do {
        p = next_step(p, p == path, &s);
        if (p == NULL)
            return NULL;
        tree = child_of(tree, &s);
    } while (tree != NULL && *p != 0);
    return tree;
}

bool bench_path_number(const cJSON *tree, const char *path, double *out)
{
    const cJSON *node = bench_path_get(tree, path);
    if (!cJSON_IsNumber(node))
        return false;
    *out = node->valuedouble;
    return true;
}

static const char *kind_of(const cJSON *node)
{
    if (cJSON_IsNumber(node))
        return "a number";
    if (cJSON_IsString(node))
        return "a string";
    if (cJSON_IsArray(node))
        return "a list";
    if (cJSON_IsObject(node))
        return "an object";
    return cJSON_IsNull(node) ? "null" : "true or false";
}

/* `upto` ends the part of the path that names `node`. */
static int no_way(const cJSON *node, const struct step *s, const char *path,
                  const char *upto, struct lim_diag *diag)
{
    int length = (int)(upto - path);
    if (cJSON_IsArray(node) && s->key[0] == 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s: %.*s has %d elements, counted from 0", path,
                        length, path, cJSON_GetArraySize(node));
    return lim_fail(diag, LIM_EINVAL, 0, "%s: %.*s is %s, not %s", path, length,
                    path, kind_of(node),
                    s->key[0] == 0 ? "a list" : "an object");
}

static int put(cJSON *node, const struct step *s, const cJSON *value)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    if (copy == NULL)
        return LIM_ENOMEM;
    cJSON_bool done;
    if (s->key[0] == 0)
        done = cJSON_ReplaceItemInArray(node, s->index, copy);
    else if (cJSON_HasObjectItem(node, s->key))
        done = cJSON_ReplaceItemInObjectCaseSensitive(node, s->key, copy);
    else
        done = cJSON_AddItemToObject(node, s->key, copy);
    if (done)
        return LIM_OK;
    cJSON_Delete(copy);
    return LIM_ENOMEM;
}

int bench_path_set(cJSON *tree, const char *path, const cJSON *value,
                   struct lim_diag *diag)
{
    struct step s;
    const char *p = path;
    for (;;) {
        const char *rest = next_step(p, p == path, &s);
        if (rest == NULL)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "'%s' is no path: write a.b or a[0].b", path);
        cJSON *child = child_of(tree, &s);
        if (child == NULL && !(s.key[0] != 0 && cJSON_IsObject(tree)))
            return no_way(tree, &s, path, p, diag);
        if (*rest == 0)
            return put(tree, &s, value);
        if (child == NULL && *rest == '[')
            return lim_fail(diag, LIM_EINVAL, 0, "%s: there is no list %.*s",
                            path, (int)(rest - path), path);
        if (child == NULL)
            child = cJSON_AddObjectToObject(tree, s.key);
        if (child == NULL)
            return LIM_ENOMEM;
        tree = child;
        p = rest;
    }
}

/* JSON where it reads as JSON; what begins like a list must be one. */
static int read_value(const char *text, cJSON **out, struct lim_diag *diag)
{
    *out = cJSON_ParseWithOpts(text, NULL, true);
    if (*out != NULL)
        return LIM_OK;
    if (*text != 0 && strchr("{[\"", *text) != NULL)
        return lim_fail(diag, LIM_EINVAL, 0, "'%s' is not valid JSON", text);
    *out = cJSON_CreateString(text);
    return *out == NULL ? LIM_ENOMEM : LIM_OK;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* A command line names files from where it is typed, a scenario from where
   it stands; an absolute path is the same in both. */
static void make_absolute(const char *path, cJSON *value)
{
    bool file = ends_with(path, ".trace") || ends_with(path, ".table") ||
                ends_with(path, ".empirical");
    if (!file || !cJSON_IsString(value) ||
        strpbrk(value->valuestring, "./") == NULL)
        return;
    char *absolute = realpath(value->valuestring, NULL);
    if (absolute != NULL)
        cJSON_SetValuestring(value, absolute);
    free(absolute);
}

int bench_path_assign(cJSON *tree, const char *assignment,
                      struct lim_diag *diag)
{
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || equals == assignment)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "'%s' is not of the form "
                        "path=value",
                        assignment);
    char *path = strndup(assignment, (size_t)(equals - assignment));
    if (path == NULL)
        return LIM_ENOMEM;
    cJSON *value = NULL;
    int error = read_value(equals + 1, &value, diag);
    if (error == LIM_OK) {
        make_absolute(path, value);
        error = bench_path_set(tree, path, value, diag);
    }
    cJSON_Delete(value);
    free(path);
    return error;
}
