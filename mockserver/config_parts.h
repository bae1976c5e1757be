#ifndef MOCK_CONFIG_PARTS_H
#define MOCK_CONFIG_PARTS_H

#include "mockserver/config.h"

/*
 * What the files of the configuration share, and nobody else.  Each reads its
 * keys of the object under `j`; failures are told through it.
 */

/* Passes on what a function with a `diag` found wrong at `key`. */
void mock_config_told(struct mock_json *j, const char *key, int error,
                      const struct lim_diag *diag);

/* Memory that lives as long as the configuration, and a copy of a text in it;
   NULL is told. */
void *mock_config_keep(struct mock_config *c, struct mock_json *j, size_t size);
char *mock_config_keep_text(struct mock_config *c, struct mock_json *j,
                            const char *text);

void mock_config_organisations(struct mock_config *c, struct mock_json *j);
void mock_config_read_latency(struct mock_json *j,
                              struct sim_provider_config *p);

#endif
