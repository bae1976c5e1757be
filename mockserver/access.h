#ifndef MOCK_ACCESS_H
#define MOCK_ACCESS_H

#include <stdbool.h>

#include "mockserver/visit.h"

/* Prepares the organisations that the configuration names.  LIM_OK, or an
   error and `diag`. */
int mock_access_init(struct mock_api *api, struct lim_diag *diag);

/* The keys of organisations and projects that the provider has from these
   numbers on are good from now on.  False: no memory for all. */
bool mock_access_grow(struct mock_api *api, uint32_t organisation,
                      uint32_t project);

/* The index of an organisation's project, or -1. */
int64_t mock_access_project(const struct mock_api *api, const char *owner,
                            const char *project);

/*
 * Finds the organisation of the question's key, or the project in it that the
 * question names (a project's index then stands in v->organisation), and
 * brings it to the question's time.  False: it is answered, with the key
 * masked.
 */
bool mock_access_check(struct mock_visit *v);

/* The organisation itself, of one or of a project's index. */
uint32_t mock_access_owner(const struct mock_api *api, int64_t index);

#endif
