#ifndef MOCK_CONFIG_H
#define MOCK_CONFIG_H

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "mockserver/file.h"
#include "mockserver/json.h"
#include "mockserver/manner.h"
#include "sim/scenario.h"

/* Faults that were read from JSON. */
struct mock_faults {
    struct sim_faults faults;     /* points into what follows */
    struct sim_fault_rule *rules; /* owned, like their texts */
    char **texts;
    size_t text_count;
};

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
    struct mock_faults faults; /* owned */
    char **names;              /* owned, of organisations */
    void **blocks;             /* owned: what organisations and
                                  prices point to */
    size_t block_count;
};

/* No limits, no organisations, and else the defaults. */
void mock_config_init(struct mock_config *c);
void mock_config_fini(struct mock_config *c);

/*
 * Reads the object under `j` into what mock_config_init made, and closes it:
 * table (default "current"), organisations (default one, "org", at tier 1
 * with one key), prices (by model; what is left out is as the list has it),
 * upgrades, discipline, quantum, burst, charge, latency, load, tier_speed,
 * start, faults, era and dialect (daemons alone heed these two).
 * Names of organisations are unique, of [A-Za-z0-9_-], and at a tier that the
 * table has; so has it the models with prices.  `folder` is where a table file
 * is looked for (NULL: the current one).  Every failure is told through `j`;
 * mock_config_fini is still to be called then.
 */
void mock_config_read(struct mock_config *c, struct mock_json *j,
                      const char *folder);

/* Reads "prices" of the object under `j` alone, if it is there; models are
   those of the table, if there is one. */
void mock_config_prices(struct mock_config *c, struct mock_json *j);

/* Moves the provider's start, and with it the times of its faults. */
void mock_config_start(struct mock_config *c, lim_time start);

/* No rules, and the timeout of sim_faults_none. */
void mock_config_faults_init(struct mock_faults *f);
void mock_config_faults_fini(struct mock_faults *f);

/*
 * Reads the object under `j`, a provider's "faults", into what
 * mock_config_faults_init made, and closes it:
 *
 *     {"http_500": 0.001, "timeout_after": "10m",
 *      "http_429": [{"share": 1, "organisation": "free-1", "model": "gpt-4",
 *                    "from": "5m", "until": "7m"}]}
 *
 * A fault has a share, a rule, or a list of rules.  from (default 0) and
 * until (default never) count from `start`.  Organisations and models that
 * rules name have to be of `provider` and its table; NULL: any are good.
 * Rules stand in the order of enum sim_fault, whatever that of the text.
 * Every failure is told through `j`; mock_config_faults_fini is still to be
 * called then.
 */
void mock_config_faults_read(struct mock_faults *f, struct mock_json *j,
                             const struct sim_provider_config *provider,
                             lim_time start);

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
 * {"lognormal": {p50, p95}}, {"exponential": {mean}}, with a "max" where it
 * is one of sizes.  `seconds` says that numbers are durations.
 */
void mock_config_dist(struct mock_json *j, const char *key, bool seconds,
                      struct sim_dist *out);

#endif
