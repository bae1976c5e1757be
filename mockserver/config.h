#ifndef MOCK_CONFIG_H
#define MOCK_CONFIG_H

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "mockserver/json.h"
#include "sim/scenario.h"

/*
 * The one parser of the one schema that is both a scenario's "provider" and
 * the daemon's --config.
 */
struct mock_config {
    struct sim_provider_config provider;    /* points into what follows */
    struct lim_table          *table;       /* owned; NULL: no limits */
    struct sim_organisation   *organisations;   /* owned, names too */
    size_t                     organisation_count;
};

/*
 * Reads the object under `j`: table, organisations, discipline, burst,
 * charge, latency, start.  `folder` is where a table file is looked for
 * (NULL: the current one).  Every failure is told through `j`.  After a
 * failure mock_config_fini is still to be called.
 */
void mock_config_read(struct mock_config *c, struct mock_json *j,
                      const char *folder);

void mock_config_init(struct mock_config *c);   /* the defaults */
void mock_config_fini(struct mock_config *c);

/*
 * Reads a distribution ("prompt_tokens", "latency"): a number, or an object
 * {"lognormal": {p50, p95}}, {"exponential": {mean}}.  `seconds` says that
 * numbers are durations.
 */
void mock_config_dist(struct mock_json *j, const char *key, bool seconds,
                      struct sim_dist *out);

/*
 * Reads a file whole (at most `max` bytes), with a 0 after its end.  "-" is
 * standard input.  Returns NULL and fills `diag`.  The caller frees it.
 */
char *mock_read_file(const char *path, size_t max, size_t *length,
                     struct lim_diag *diag);

#endif
