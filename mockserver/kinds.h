#ifndef MOCK_KINDS_H
#define MOCK_KINDS_H

#include "mockserver/manner.h"
#include "mockserver/text.h"
#include "sim/faults.h"

/*
 * The answers of the API that have no numbers of a limit in them, each under
 * a name: what its faults say, and what no situation of this mock leads to
 * (a country that is not served, an organisation at its own cap, the files
 * of batches).  Somebody who tests a client asks for them by name.
 *
 * Where no body was ever seen, only its sentence, the rest is the API's usual
 * form: "flex_resource_unavailable", "slow_down", "overloaded".
 */
struct mock_kind {
    const char *name;
    int status;
    const char *type; /* content type; static memory */
};

/* All of them, in no order; the last has a name of NULL. */
extern const struct mock_kind mock_kinds[];

/* NULL: there is none of that name. */
const struct mock_kind *mock_kinds_find(const char *name);

/* The kind that a fault answers with, one of SIM_FAULT_HTTP_429, EDGE_429,
   HTTP_503, SLOW_DOWN and HTTP_500; 503s had another sentence until 2023. */
const struct mock_kind *mock_kinds_of_fault(enum sim_fault fault,
                                            enum mock_era era);

/* Whether it comes from in front of the API, with the edge's headers. */
bool mock_kinds_is_edge(const struct mock_kind *kind);

/* What the sentences name.  None is NULL. */
struct mock_kinds_names {
    const char *model, *organisation, *project, *request_id;
};

/* Adds the body; Azure's has a code and a message alone. */
void mock_kinds_write(struct mock_text *out, const struct mock_kind *kind,
                      const struct mock_manner *m,
                      const struct mock_kinds_names *names);

#endif
