#ifndef MOCK_KEYS_H
#define MOCK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which organisation a credential belongs to: a hash table from a text (a
 * key, or an organisation's name) to an index.
 */
struct mock_keys {
    struct mock_keys_slot *slots; /* private */
    size_t count, room;
};

void mock_keys_fini(struct mock_keys *k);

/* Finds a text of `length` bytes; false: it is not there. */
bool mock_keys_find(const struct mock_keys *k, const char *text, size_t length,
                    uint32_t *out);

/* Adds a text that is not there, and copies it.  False: no memory. */
bool mock_keys_add(struct mock_keys *k, const char *text, size_t length,
                   uint32_t value);

/* Tells whether a key has the form that is taken: "sk-" and 1 to 200 of
   [A-Za-z0-9_-]. */
bool mock_keys_well_formed(const char *key, size_t length);

/*
 * Takes "sk-mock-<organisation>-<number>" apart; the number is from 1 and
 * without leading zeros.  False: it is not of the form.
 */
bool mock_keys_split(const char *key, size_t length, const char **name,
                     size_t *name_length, uint32_t *number);

#endif
