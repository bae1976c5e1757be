#ifndef MOCK_CHOICE_H
#define MOCK_CHOICE_H

#include "mockserver/meter.h"

/*
 * A parameter that is one of a few words.  `names` ends with NULL; a mistake
 * is kept in the meter, in the API's sentence with all of the words.
 */

/* Reads it from the body; returns its place among `names`, and `fallback` if
   it is not there, null, or wrong. */
size_t mock_choice_read(struct mock_meter *m, const char *key,
                        const char *const *names, size_t fallback);

/* The same for a word that was read elsewhere; NULL: it is not there. */
size_t mock_choice_of(struct mock_meter *m, const char *key, const char *word,
                      const char *const *names, size_t fallback);

/* Reads a number from `min` to `max`, if it is there and not null. */
void mock_choice_number(struct mock_meter *m, const char *key, double min,
                        double max, double *out);

/* Reads a string that has to be there, of at most `max` characters.  NULL: it
   is not, and the mistake is kept. */
const char *mock_choice_text(struct mock_meter *m, const char *key,
                             int64_t max);

#endif
