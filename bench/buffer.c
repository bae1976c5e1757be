#include "bench/buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024

void bench_buffer_fini(struct bench_buffer *b)
{
    free(b->data);
    *b = (struct bench_buffer){ 0 };
}

bool bench_buffer_reserve(struct bench_buffer *b, size_t more)
{
    if (more >= SIZE_MAX / 4 - b->length)
        return false;
    size_t need = b->length + more + 1;
    if (need <= b->size)
        return true;
    size_t size = b->size > 0 ? b->size : FIRST_SIZE;
    while (size < need)
        size *= 2;
    char *data = realloc(b->data, size);
    if (data == NULL)
        return false;
    b->data = data;
    b->size = size;
    return true;
}

bool bench_buffer_add(struct bench_buffer *b, const void *bytes, size_t length)
{
    if (!bench_buffer_reserve(b, length))
        return false;
    if (length > 0)
        memcpy(b->data + b->length, bytes, length);
    b->length += length;
    b->data[b->length] = '\0';
    return true;
}
