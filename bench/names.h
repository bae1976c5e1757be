#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include <stdbool.h>
#include <stdio.h>

#include "mockserver/json.h"

/*
 * The names that a scenario may use.  All lists end with NULL.
 */

/* More than there are of any kind. */
#define BENCH_NAMES_MAX 64

void bench_names_strategies(const char *names[BENCH_NAMES_MAX]);
void bench_names_backoffs(const char *names[BENCH_NAMES_MAX]);
void bench_names_queues(const char *names[BENCH_NAMES_MAX]);
void bench_names_disciplines(const char *names[BENCH_NAMES_MAX]);
void bench_names_caps(const char *names[BENCH_NAMES_MAX]); /* and "none" */

/*
 * Tells whether `found`, the value of `key`, is one of `names`.  If not, it
 * fails through `j`.
 */
bool bench_names_check(struct mock_json *j, const char *key, const char *found,
                       const char *const *names);

/* Prints a name and what it is, in lines of at most 80 columns. */
void bench_names_line(FILE *f, const char *name, const char *summary);

/* Prints what there is to choose from, for `bench --list`. */
void bench_names_print(FILE *f);

#endif
