#ifndef BENCH_BUFFER_H
#define BENCH_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that grow: made once, emptied and filled again for each request.
 * All zeros is an empty one; its owner calls bench_buffer_fini.
 */
struct bench_buffer {
    char *data;    /* owned; a 0 stands after the last byte once filled */
    size_t length; /* bytes in use */
    size_t size;   /* bytes there are */
};

void bench_buffer_fini(struct bench_buffer *b);

/* Makes room for `more` bytes and a 0 behind what is there; false: no memory,
   and nothing has changed. */
bool bench_buffer_reserve(struct bench_buffer *b, size_t more);

/* Appends; false: no memory, and nothing has changed. */
bool bench_buffer_add(struct bench_buffer *b, const void *bytes, size_t length);

#endif
