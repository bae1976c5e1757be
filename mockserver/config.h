#ifndef MOCK_CONFIG_H
#define MOCK_CONFIG_H

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "mockserver/file.h"
#include "mockserver/json.h"
#include "mockserver/manner.h"
#include "sim/scenario.h"

/*
 * The one parser of the one schema that is both a scenario's "provider" and
 * the daemon's --config.
 */
struct mock_config {
    struct sim_provider_config provider;    /* points into what follows */
    struct mock_manner manner;              /* the daemon's words and headers */
    struct lim_table *table;                /* owned; NULL: no limits */
    struct sim_organisation *organisations; /* owned */
    size_t organisation_count;
    char **names;  /* owned, of organisations */
    void **blocks; /* owned: what organisations point to */
    size_t block_count;
};

/* No limits, no organisations, and else the defaults. */
void mock_config_init(struct mock_config *c);
void mock_config_fini(struct mock_config *c);

/*
 * Reads the object under `j` into what mock_config_init made, and closes it:
 * table (default "current"), organisations (default one, "org", at tier 1
 * with one key), upgrades, discipline, quantum, burst, charge, latency, start,
 * era and dialect (daemons alone heed these two).  Names of organisations are
 * unique, of [A-Za-z0-9_-], and at a tier that the table has.  `folder` is
 * where a table file is looked for (NULL: the current one).  Every failure is
 * told through `j`; mock_config_fini is still to be called then.
 */
void mock_config_read(struct mock_config *c, struct mock_json *j,
                      const char *folder);

/*
 * Makes the table of that name: "none" (LIM_OK and NULL), a built-in one, or
 * a file found in `folder`.  The caller frees it.  Returns LIM_OK, or an
 * error and `diag`.
 */
int mock_config_table(const char *name, const char *folder,
                      struct lim_table **out, struct lim_diag *diag);

/*
 * Fails when an organisation can not be at `tier` of `table`, naming the
 * tiers that it has.  Without a table every tier is good.
 */
int mock_config_tier(const struct lim_table *table, enum lim_tier tier,
                     struct lim_diag *diag);

/* Finds a tier by name; fails for another, naming those that there are. */
int mock_config_tier_name(const char *name, enum lim_tier *out,
                          struct lim_diag *diag);

/* Finds a discipline by name; fails for another, naming those that there
   are. */
int mock_config_discipline(const char *name, enum lim_discipline *out,
                           struct lim_diag *diag);

/*
 * Reads a latency as one word: "none", a duration, or the name of a profile.
 * Returns LIM_OK, or an error and `diag`.
 */
int mock_config_latency(const char *text, struct sim_provider_config *out,
                        struct lim_diag *diag);

/*
 * Reads a distribution ("prompt_tokens", "latency"): a number, or an object
 * {"lognormal": {p50, p95}}, {"exponential": {mean}}.  `seconds` says that
 * numbers are durations.
 */
void mock_config_dist(struct mock_json *j, const char *key, bool seconds,
                      struct sim_dist *out);

#endif
