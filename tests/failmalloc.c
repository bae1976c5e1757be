#include "tests/failmalloc.h"

#include <stddef.h>

/* One thread at a time sets this; allocations of others see 0. */
static _Thread_local unsigned left;
static _Thread_local bool happened;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void fail_after(unsigned n)
{
    left = n;
    happened = false;
}

bool fail_happened(void)
{
    return happened;
}

static bool fails(void)
{
    if (left == 0 || --left > 0)
        return false;
    happened = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}
