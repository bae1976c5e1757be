#ifndef MOCK_PLAUSIBLE_H
#define MOCK_PLAUSIBLE_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "mockserver/text.h"

/*
 * A JSON value that a schema admits, drawn: the same for the same `draw`.
 *
 * Of JSON Schema it knows type (one or several), enum, const, properties,
 * required, items, prefixItems, minItems, maxItems, minLength, maxLength,
 * format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf,
 * anyOf, oneOf, allOf (its first) and $ref within the schema.  Others, such
 * as pattern or uniqueItems, are not looked at.  Properties that are not
 * required are there or not; others than those named never are.
 *
 * A schema that refers to itself ends: from the eighth level on only what is
 * required is there, and at the 24th, after 2,000 values or 64 KiB, every
 * further value is null.  Of lists in a schema the first 1,000 are looked at.
 */

/* Adds a value; NULL for a schema: an object of a few words and numbers. */
void mock_plausible_value(struct mock_text *out, const cJSON *schema,
                          uint64_t draw);

#endif
