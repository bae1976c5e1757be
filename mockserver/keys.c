#include "mockserver/keys.h"

#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"

#define PREFIX "sk-"
#define MOCK_PREFIX "sk-mock-"
#define LENGTH_MAX 200

struct mock_keys_slot {
    char *text; /* NULL: the slot is empty */
    size_t length;
    uint32_t value;
};

void mock_keys_fini(struct mock_keys *k)
{
    for (size_t i = 0; i < k->room; i++)
        free(k->slots[i].text);
    free(k->slots);
    *k = (struct mock_keys){ 0 };
}

/* The slot of a text, or the empty one where it would stand.  There is one:
   at most half of them are full. */
static struct mock_keys_slot *find(const struct mock_keys *k, const char *text,
                                   size_t length)
{
    uint64_t hash = length;
    for (size_t i = 0; i < length; i++)
        hash = lim_rng_mix(hash ^ (unsigned char)text[i]);
    for (size_t i = hash & (k->room - 1);; i = (i + 1) & (k->room - 1)) {
        struct mock_keys_slot *s = &k->slots[i];
        if (s->text == NULL ||
            (s->length == length && memcmp(s->text, text, length) == 0))
            return s;
    }
}

bool mock_keys_find(const struct mock_keys *k, const char *text, size_t length,
                    uint32_t *out)
{
    if (k->room == 0)
        return false;
    const struct mock_keys_slot *s = find(k, text, length);
    if (s->text == NULL)
        return false;
    *out = s->value;
    return true;
}

static bool grow(struct mock_keys *k)
{
    struct mock_keys more = { .count = k->count,
                              .room = k->room > 0 ? 2 * k->room : 16 };
    more.slots = calloc(more.room, sizeof *more.slots);
    if (more.slots == NULL)
        return false;
    for (size_t i = 0; i < k->room; i++)
        if (k->slots[i].text != NULL)
            *find(&more, k->slots[i].text, k->slots[i].length) = k->slots[i];
    free(k->slots);
    *k = more;
    return true;
}

bool mock_keys_add(struct mock_keys *k, const char *text, size_t length,
                   uint32_t value)
{
    if (2 * (k->count + 1) > k->room && !grow(k))
        return false;
    struct mock_keys_slot *s = find(k, text, length);
    s->text = malloc(length + 1);
    if (s->text == NULL)
        return false;
    memcpy(s->text, text, length);
    s->length = length;
    s->value = value;
    k->count++;
    return true;
}

static bool is_key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool mock_keys_well_formed(const char *key, size_t length)
{
    size_t prefix = strlen(PREFIX);
    if (length <= prefix || length > prefix + LENGTH_MAX ||
        memcmp(key, PREFIX, prefix) != 0)
        return false;
    for (size_t i = prefix; i < length; i++)
        if (!is_key_character(key[i]))
            return false;
    return true;
}

bool mock_keys_split(const char *key, size_t length, const char **name,
                     size_t *name_length, uint32_t *number)
{
    size_t prefix = strlen(MOCK_PREFIX);
    size_t at = length;
    uint64_t value = 0;
    if (length <= prefix || memcmp(key, MOCK_PREFIX, prefix) != 0)
        return false;
    while (at > prefix && key[at - 1] >= '0' && key[at - 1] <= '9')
        at--;
    if (at == length || length - at > 9 || key[at] == '0')
        return false;
    if (at < prefix + 2 || key[at - 1] != '-')
        return false;
    for (size_t i = at; i < length; i++)
        value = value * 10 + (uint64_t)(key[i] - '0');
    *name = key + prefix;
    *name_length = at - 1 - prefix;
    *number = (uint32_t)value;
    return true;
}
