#ifndef MOCK_STRICT_H
#define MOCK_STRICT_H

#include "mockserver/meter.h"

/* Whose schema it is, for the words of a mistake. */
struct mock_strict {
    const char *what; /* "function", "response_format" */
    const char *name; /* of it */
    const char *param, *code;
};

/*
 * Keeps the mistake of a schema that "strict" does not take: its root has to
 * be an object, and every object in it has to forbid other properties and to
 * require all of its own.  Looked at are properties, items, anyOf, $defs and
 * definitions.
 */
void mock_strict_check(struct mock_meter *m, const struct mock_strict *whose,
                       const cJSON *schema);

#endif
