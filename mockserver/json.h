#ifndef MOCK_JSON_H
#define MOCK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "limiter/limits.h"

/*
 * Reading JSON input strictly: every key must be known, every value of its
 * type and in its range.  The first thing that is wrong ends the reading,
 * and is told with its path ("provider.organisations[0].tier"), what was
 * found, and what is valid; a mistyped key with the nearest valid one.
 */

/* Reads a value's fields one by one; fields are private. */
struct mock_json {
    const cJSON *object;
    char path[256];
    struct lim_diag *diag;
    int *error;            /* shared by all readers of one text */
    const char *known[48]; /* keys asked for so far */
    size_t known_count;
};

/*
 * Parses a text of `length` bytes (mockserver/jsontext.h with depth 32; no
 * key twice in an object).  Returns NULL and fills `diag` with line, column
 * and reason.  The caller frees it with cJSON_Delete.
 */
cJSON *mock_json_parse(const char *text, size_t length, struct lim_diag *diag);

/*
 * Starts reading the object `value` whose path is `path` ("" for the whole).
 * `*error` (LIM_OK at the start) is set by the first failure; after it every
 * call does nothing, so that a reader may go straight through its keys and
 * look once, at the end.
 */
void mock_json_open(struct mock_json *j, const cJSON *value, const char *path,
                    int *error, struct lim_diag *diag);

/* The same for the object under a key (if it is absent, for an empty one) and
   for an element of the array under a key. */
void mock_json_enter(struct mock_json *child, struct mock_json *parent,
                     const char *key);
void mock_json_enter_at(struct mock_json *child, const cJSON *element,
                        const struct mock_json *array_parent, const char *key,
                        size_t index);

/* The raw value of a key, or NULL if it is absent; the key counts as known. */
const cJSON *mock_json_get(struct mock_json *j, const char *key);

/*
 * Values with defaults: `*out` stays as it is when the key is absent.
 * Numbers and counts may be strings with units ("40k"), durations, rates and
 * money strings or numbers; whole numbers are at most 2^53.  Strings live as
 * long as the parsed text.
 */
void mock_json_string(struct mock_json *j, const char *key, const char **out);
void mock_json_bool(struct mock_json *j, const char *key, bool *out);
void mock_json_number(struct mock_json *j, const char *key, double min,
                      double max, double *out);
void mock_json_int(struct mock_json *j, const char *key, int64_t min,
                   int64_t max, int64_t *out);
void mock_json_duration(struct mock_json *j, const char *key, int64_t *ns);
void mock_json_rate(struct mock_json *j, const char *key, double *per_second);
void mock_json_money(struct mock_json *j, const char *key, int64_t *microusd);
void mock_json_date(struct mock_json *j, const char *key, int64_t *ns);

/*
 * The limits of a model, {"rpm": 500, "tpm": "40k", "tpd": "100000/30d"}, of
 * which the last has a window of its own (limiter/limits.h), and ends the
 * object.  What is left out does not exist.
 */
void mock_json_limits(struct mock_json *j, struct lim_limits *out);

/* Says that the value of `key` is wrong: printf-like, path is prepended. */
void mock_json_wrong(struct mock_json *j, const char *key, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/*
 * Fails for a name that is not among `names` (ends with NULL), telling the
 * nearest one and the list.
 */
void mock_json_unknown_name(struct mock_json *j, const char *key,
                            const char *found, const char *const *names);

/* Ends an object: fails for the first key that was never asked for. */
void mock_json_close(struct mock_json *j);

/* The entry of `names` (ends with NULL) nearest to `word`, or NULL if none
   is near.  Also for command lines. */
const char *mock_json_nearest(const char *word, const char *const *names);

#endif
