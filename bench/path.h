#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"

/*
 * Full dotted paths into JSON: "latency_ms.p95", "client.cap",
 * "provider.organisations[0].tier".  Parameters and metrics have no other
 * names, anywhere.
 */

/* Returns what stands at `path`, or NULL. */
const cJSON *bench_path_get(const cJSON *tree, const char *path);

/* Reads the number at `path`; false: there is none, or it is null. */
bool bench_path_number(const cJSON *tree, const char *path, double *out);

/*
 * Puts a copy of `value` at `path`, in the place of what was there; objects
 * that are missing on the way are made.  Returns LIM_OK, LIM_ENOMEM, or
 * LIM_EINVAL and `diag`: the path is malformed, leads through something that
 * is no object, or names an array element that there is not.
 */
int bench_path_set(cJSON *tree, const char *path, const cJSON *value,
                   struct lim_diag *diag);

/*
 * Takes "path=value" from a command line: the value is JSON where it reads
 * as JSON, else a string.  A trace or table that names a file which is there,
 * seen from the current folder, means that file, wherever the scenario is.
 * Returns as bench_path_set.
 */
int bench_path_assign(cJSON *tree, const char *assignment,
                      struct lim_diag *diag);

#endif
