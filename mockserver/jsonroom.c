#include "mockserver/jsonroom.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define ROOM 32768
#define ALIGNED 16

/* Under a sanitizer every piece is its own, so that it finds what goes over
   the edge of one. */
#if defined(__SANITIZE_ADDRESS__)
#define WHOLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WHOLE 0
#endif
#endif
#ifndef WHOLE
#define WHOLE 1
#endif

static _Thread_local struct {
    alignas(ALIGNED) char bytes[ROOM];
    size_t used;
    bool parsing;
    bool over;    /* some of the tree is elsewhere */
    cJSON *owner; /* the tree that is in here, or NULL */
} room;

static bool is_here(const void *p)
{
    return (uintptr_t)p - (uintptr_t)room.bytes < ROOM;
}

static void *take(size_t size)
{
    size_t rounded = (size + ALIGNED - 1) / ALIGNED * ALIGNED;
    if (!room.parsing)
        return malloc(size);
    if (rounded < size || rounded > ROOM - room.used) {
        room.over = true;
        return malloc(size);
    }
    void *p = &room.bytes[room.used];
    room.used += rounded;
    return p;
}

static void give(void *p)
{
    if (!is_here(p))
        free(p);
}

void mock_jsonroom_open(void)
{
    cJSON_Hooks hooks = { .malloc_fn = take, .free_fn = give };
    if (WHOLE)
        cJSON_InitHooks(&hooks);
}

cJSON *mock_jsonroom_parse(const char *text, size_t length)
{
    if (room.owner != NULL)
        return cJSON_ParseWithLength(text, length);
    room.used = 0;
    room.over = false;
    room.parsing = true;
    cJSON *root = cJSON_ParseWithLength(text, length);
    room.parsing = false;
    if (root != NULL && is_here(root))
        room.owner = root;
    return root;
}

void mock_jsonroom_delete(cJSON *root)
{
    bool here = root != NULL && room.owner == root;
    if (here)
        room.owner = NULL;
    if (!here || room.over)
        cJSON_Delete(root);
}
