#include "tests/failmalloc.h"

/* One thread at a time sets this; allocations of others see 0. */
static _Thread_local unsigned left;
static _Thread_local bool happened;
static _Thread_local size_t asked;

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

size_t bytes_asked(void)
{
    return asked;
}

static bool fails(size_t size)
{
    asked += size;
    if (left == 0 || --left > 0)
        return false;
    happened = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails(size) ? NULL : __real_realloc(memory, size);
}
