#ifndef BENCH_PLUGIN_H
#define BENCH_PLUGIN_H

#include <stdbool.h>

#include "limiter/error.h"
#include "limiter/strategy.h"

/*
 * A strategy of one's own, from a shared object: what follows --strategy.
 *
 *     cc -shared -fPIC -o mine.so mine.c
 *     tierlab bench scenario.json --strategy ./mine.so
 *
 * The object defines one symbol, `const struct lim_strategy
 * lim_plugin_strategy`, and needs none of ours.  Only the command line loads
 * one: a scenario is data, and may come from anywhere.
 */
struct bench_plugin {
    const char *name; /* of the strategy */
    const char *file; /* without its folder; NULL: built in */
    const struct lim_strategy *strategy; /* NULL: built in */
    void *handle;
};

#define BENCH_PLUGIN_SYMBOL "lim_plugin_strategy"
#define BENCH_PLUGIN_NAME_MAX 32

/* Tells whether a strategy is named as a file is: it has a slash, or ends in
   ".so". */
bool bench_plugin_is_file(const char *argument);

/*
 * Finds what `argument` stands for: a file (bench_plugin_is_file), or else a
 * name, which is not looked up here.  Returns LIM_OK, or LIM_EINVAL and
 * `diag`: no such file, no shared object, no such symbol, made for another
 * ABI, a name that is not [a-z][a-z0-9_]* or that of a built-in strategy, no
 * score.  `argument` must outlive the plug-in; the strategy lives until
 * bench_plugin_close.
 */
int bench_plugin_open(struct bench_plugin *p, const char *argument,
                      struct lim_diag *diag);

/* Nothing may use the strategy any more; one from {0} is allowed. */
void bench_plugin_close(struct bench_plugin *p);

#endif
