#ifndef BENCH_SPAN_H
#define BENCH_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/buffer.h"

/*
 * A part of a JSON text, as it stands there: what is passed on is passed on
 * to the byte, numbers of any length too.
 *
 *     {"model": "m", "seed": 12345678901234567890}
 *     "seed"                 ^^^^^^^^^^^^^^^^^^^^
 */
struct bench_span {
    const char *at;
    size_t length;
};

/*
 * Finds the value of a key of an object, which is valid JSON.  A key is found
 * if it is written without escapes.  False: it is not there, or the text is
 * no object.
 */
bool bench_span_find(const char *json, size_t length, const char *key,
                     struct bench_span *value);

/* Puts a text in the place of a part of `b`; false: no memory. */
bool bench_span_replace(struct bench_buffer *b, struct bench_span part,
                        const char *text, size_t length);

#endif
