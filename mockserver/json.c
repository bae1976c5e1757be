#include "mockserver/json.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/jsontext.h"
#include "mockserver/units.h"

#define DEPTH_MAX 32
#define EXACT_MAX 9007199254740992.0 /* 2^53: above, doubles skip numbers */

/* Appends what fits to a text of `size` bytes. */
static void append(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns a key that an object has twice, or NULL. */
static const char *twice(const cJSON *object, bool *no_memory)
{
    const char *found = NULL;
    const cJSON *item;
    size_t n = 0;
    cJSON_ArrayForEach(item, object) n++;
    if (n < 2)
        return NULL;
    const char **keys = malloc(n * sizeof *keys);
    if (keys == NULL) {
        *no_memory = true;
        return NULL;
    }
    n = 0;
    cJSON_ArrayForEach(item, object) keys[n++] = item->string;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 1; i < n && found == NULL; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            found = keys[i];
    free(keys);
    return found;
}

/* The depth is bounded by the check before. */
static const char *twice_anywhere(const cJSON *value, bool *no_memory)
{
    const char *found = cJSON_IsObject(value) ? twice(value, no_memory) : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (found != NULL || *no_memory)
            break;
        if (item->child != NULL)
            found = twice_anywhere(item, no_memory);
    }
    return found;
}

cJSON *mock_json_parse(const char *text, size_t length, struct lim_diag *diag)
{
    char name[64];
    bool no_memory = false;
    if (!mock_jsontext_check(text, length, DEPTH_MAX, diag))
        return NULL;
    cJSON *value = cJSON_ParseWithLength(text, length);
    if (value == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
        return NULL;
    }
    const char *key = twice_anywhere(value, &no_memory);
    if (key != NULL)
        lim_fail(diag, LIM_EPARSE, 0, "key \"%s\" stands twice in one object",
                 mock_jsontext_quote(key, name, sizeof name));
    else if (no_memory)
        lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
    else
        return value;
    cJSON_Delete(value);
    return NULL;
}

/* What stands there, for a message. */
static const char *describe(const cJSON *value, char *out, size_t size)
{
    char text[64];
    out[0] = '\0';
    if (value == NULL)
        append(out, size, "nothing");
    else if (cJSON_IsString(value))
        append(out, size, "\"%s\"",
               mock_jsontext_quote(value->valuestring, text, sizeof text));
    else if (cJSON_IsNumber(value))
        append(out, size, "%.15g", value->valuedouble);
    else if (cJSON_IsBool(value))
        append(out, size, "%s", cJSON_IsTrue(value) ? "true" : "false");
    else if (cJSON_IsArray(value))
        append(out, size, "a list");
    else
        append(out, size, "%s", cJSON_IsObject(value) ? "an object" : "null");
    return out;
}

static void extend_path(char *path, size_t size, const char *key)
{
    char name[64];
    if (key != NULL && key[0] != '\0')
        append(path, size, "%s%s", path[0] != '\0' ? "." : "",
               mock_jsontext_quote(key, name, sizeof name));
}

static bool failed(const struct mock_json *j)
{
    return *j->error != LIM_OK;
}

static void wrong(struct mock_json *j, const char *key, const char *text)
{
    char path[sizeof j->path];
    if (failed(j))
        return;
    memcpy(path, j->path, sizeof path);
    extend_path(path, sizeof path, key);
    *j->error = lim_fail(j->diag, LIM_EINVAL, 0, "%s%s%s", path,
                         path[0] != '\0' ? ": " : "", text);
}

void mock_json_wrong(struct mock_json *j, const char *key, const char *format,
                     ...)
{
    char text[sizeof j->diag->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    wrong(j, key, text);
}

static void expected(struct mock_json *j, const char *key, const cJSON *value,
                     const char *what)
{
    char found[80];
    mock_json_wrong(j, key, "found %s, expected %s",
                    describe(value, found, sizeof found), what);
}

static void start(struct mock_json *j, const cJSON *value)
{
    j->known_count = 0;
    j->object = NULL;
    if (cJSON_IsObject(value))
        j->object = value;
    else if (value != NULL)
        expected(j, NULL, value, "an object");
}

void mock_json_open(struct mock_json *j, const cJSON *value, const char *path,
                    int *error, struct lim_diag *diag)
{
    j->path[0] = '\0';
    append(j->path, sizeof j->path, "%s", path);
    j->error = error;
    j->diag = diag;
    start(j, value);
}

void mock_json_enter(struct mock_json *child, struct mock_json *parent,
                     const char *key)
{
    memcpy(child->path, parent->path, sizeof child->path);
    extend_path(child->path, sizeof child->path, key);
    child->error = parent->error;
    child->diag = parent->diag;
    start(child, mock_json_get(parent, key));
}

void mock_json_enter_at(struct mock_json *child, const cJSON *element,
                        const struct mock_json *array_parent, const char *key,
                        size_t index)
{
    memcpy(child->path, array_parent->path, sizeof child->path);
    extend_path(child->path, sizeof child->path, key);
    append(child->path, sizeof child->path, "[%zu]", index);
    child->error = array_parent->error;
    child->diag = array_parent->diag;
    start(child, element);
}

const cJSON *mock_json_get(struct mock_json *j, const char *key)
{
    assert(j->known_count < sizeof j->known / sizeof j->known[0]);
    for (size_t i = 0; i <= j->known_count; i++) {
        if (i == j->known_count) {
            j->known[j->known_count++] = key;
            break;
        }
        if (strcmp(j->known[i], key) == 0)
            break;
    }
    return failed(j) ? NULL : cJSON_GetObjectItemCaseSensitive(j->object, key);
}

void mock_json_string(struct mock_json *j, const char *key, const char **out)
{
    const cJSON *value = mock_json_get(j, key);
    if (value == NULL)
        return;
    if (cJSON_IsString(value))
        *out = value->valuestring;
    else
        expected(j, key, value, "a string");
}

void mock_json_bool(struct mock_json *j, const char *key, bool *out)
{
    const cJSON *value = mock_json_get(j, key);
    if (value == NULL)
        return;
    if (cJSON_IsBool(value))
        *out = cJSON_IsTrue(value);
    else
        expected(j, key, value, "true or false");
}

/* A number, or a string that `read` takes; false for anything else. */
static bool number_of(const cJSON *value, double *out,
                      bool read(const char *text, double *out))
{
    if (cJSON_IsNumber(value) && isfinite(value->valuedouble)) {
        *out = value->valuedouble;
        return true;
    }
    return cJSON_IsString(value) && read(value->valuestring, out);
}

void mock_json_number(struct mock_json *j, const char *key, double min,
                      double max, double *out)
{
    char what[96] = "";
    double number;
    const cJSON *value = mock_json_get(j, key);
    if (value == NULL)
        return;
    if (number_of(value, &number, mock_units_count) && number >= min &&
        number <= max) {
        *out = number;
        return;
    }
    append(what, sizeof what, "a number from %.15g to %.15g", min, max);
    expected(j, key, value, what);
}

void mock_json_int(struct mock_json *j, const char *key, int64_t min,
                   int64_t max, int64_t *out)
{
    char what[96] = "";
    double number;
    double top = max > (int64_t)EXACT_MAX ? EXACT_MAX : (double)max;
    const cJSON *value = mock_json_get(j, key);
    if (value == NULL)
        return;
    if (number_of(value, &number, mock_units_count) && number >= (double)min &&
        number <= top && number == (double)(int64_t)number) {
        *out = (int64_t)number;
        return;
    }
    append(what, sizeof what, "a whole number from %lld to %.0f",
           (long long)min, top);
    expected(j, key, value, what);
}

/* Numbers stand for their own text here: 5 is "5". */
static bool amount_of(const cJSON *value, int64_t *out,
                      bool read(const char *text, int64_t *out))
{
    char text[64] = "";
    if (cJSON_IsString(value))
        return read(value->valuestring, out);
    if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < EXACT_MAX))
        return false;
    append(text, sizeof text, "%.9f", value->valuedouble);
    return read(text, out);
}

void mock_json_duration(struct mock_json *j, const char *key, int64_t *ns)
{
    const cJSON *value = mock_json_get(j, key);
    if (value != NULL && !amount_of(value, ns, mock_units_duration))
        expected(j, key, value,
                 "a duration such as \"500ms\", \"10s\" or \"1m30s\", or a "
                 "number of seconds");
}

void mock_json_money(struct mock_json *j, const char *key, int64_t *microusd)
{
    const cJSON *value = mock_json_get(j, key);
    if (value != NULL && !amount_of(value, microusd, mock_units_money))
        expected(j, key, value, "an amount such as \"$100\"");
}

void mock_json_rate(struct mock_json *j, const char *key, double *per_second)
{
    const cJSON *value = mock_json_get(j, key);
    double rate = 0;
    if (value == NULL)
        return;
    if (number_of(value, &rate, mock_units_rate) && rate >= 0)
        *per_second = rate;
    else
        expected(j, key, value, "a rate such as \"120/m\" or \"5/s\"");
}

void mock_json_date(struct mock_json *j, const char *key, int64_t *ns)
{
    const cJSON *value = mock_json_get(j, key);
    if (value != NULL &&
        !(cJSON_IsString(value) && mock_units_date(value->valuestring, ns)))
        expected(j, key, value,
                 "a date such as \"2026-01-01\" or \"2026-01-01T00:00:00Z\"");
}

static void read_limit(struct mock_json *j, enum lim_limit limit,
                       struct lim_limits *out)
{
    const char *key = lim_limit_name(limit);
    const cJSON *value = mock_json_get(j, key);
    double number;
    if (value == NULL)
        return;
    if (cJSON_IsString(value) &&
        mock_units_limit(value->valuestring, &out->max[limit],
                         &out->window_ns[limit]))
        return;
    if (cJSON_IsNumber(value)) {
        number = value->valuedouble;
        if (number >= 0 && number <= (double)LIM_LIMIT_MAX &&
            number == (double)(int64_t)number) {
            out->max[limit] = (int64_t)number;
            return;
        }
    }
    expected(j, key, value,
             "a whole number from 0 on, such as 500 or \"40k\", or "
             "\"100000/30d\" for a window of days, 1 to 366");
}

void mock_json_limits(struct mock_json *j, struct lim_limits *out)
{
    *out = lim_limits_none();
    for (int i = 0; i < LIM_WINDOWS; i++)
        read_limit(j, (enum lim_limit)i, out);
    mock_json_close(j);
}

/* Levenshtein's distance, at most `most` + 1, of words below 48 bytes. */
static unsigned distance(const char *a, const char *b, unsigned most)
{
    unsigned row[49];
    size_t la = strlen(a);
    size_t lb = strlen(b);
    if (la > 48 || lb > 48)
        return most + 1;
    for (unsigned k = 0; k <= lb; k++)
        row[k] = k;
    for (size_t i = 0; i < la; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t k = 0; k < lb; k++) {
            unsigned change = diagonal + (a[i] != b[k]);
            diagonal = row[k + 1];
            if (change > row[k] + 1)
                change = row[k] + 1;
            if (change > diagonal + 1)
                change = diagonal + 1;
            row[k + 1] = change;
        }
    }
    return row[lb];
}

/* Half of the letters may be wrong at most, and no more than three. */
static const char *nearest(const char *word, const char *const *names,
                           size_t count)
{
    const char *best = NULL;
    size_t half = strlen(word) / 2;
    unsigned least = half > 3 ? 4 : (unsigned)half + 1;
    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(word, names[i], 3);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names[n] != NULL)
        n++;
    return n;
}

const char *mock_json_nearest(const char *word, const char *const *names)
{
    return nearest(word, names, count_names(names));
}

static void suggest(char *text, size_t size, const char *found,
                    const char *const *names, size_t count)
{
    const char *best = nearest(found, names, count);
    if (best != NULL)
        append(text, size, "; did you mean \"%s\"?", best);
    append(text, size, " (valid:");
    for (size_t i = 0; i < count; i++)
        append(text, size, " %s", names[i]);
    append(text, size, ")");
}

void mock_json_unknown_name(struct mock_json *j, const char *key,
                            const char *found, const char *const *names)
{
    char name[64];
    char text[400] = "";
    append(text, sizeof text, "\"%s\" is not known",
           mock_jsontext_quote(found, name, sizeof name));
    suggest(text, sizeof text, found, names, count_names(names));
    wrong(j, key, text);
}

void mock_json_close(struct mock_json *j)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, j->object)
    {
        bool known = false;
        for (size_t i = 0; i < j->known_count; i++)
            known = known || strcmp(j->known[i], item->string) == 0;
        if (!known && !failed(j)) {
            char text[400] = "unknown key";
            suggest(text, sizeof text, item->string, j->known, j->known_count);
            wrong(j, item->string, text);
        }
    }
}
