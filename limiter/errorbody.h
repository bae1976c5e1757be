#ifndef LIM_ERRORBODY_H
#define LIM_ERRORBODY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The strings of an error body, found by a tolerant scan: JSON whole or cut,
 * JSON after the field names of an event stream, or plain text.  The error is
 * the object or string "error" at the top or in a top "response"; failing
 * that, "message", "code" and "type" at the top.  What is deeper is a user's
 * own content and is not looked at.
 *
 * Strings are decoded, cut to fit between characters, and always valid UTF-8
 * without control characters.  What looks like an unmasked API key (sk-...)
 * is masked, because messages end up in logs.
 */
struct lim_errorbody {
    bool found; /* JSON that holds an error by these rules */
    char type[64];
    char code[64];      /* a number is given by its digits */
    char message[1024]; /* the whole text when nothing was found */
};

/*
 * Reads `length` bytes.  With `strict`, for an answer that says it is a
 * success, strings at the top only count as an error with a "type" that ends
 * in "error", and plain text never does.
 */
void lim_errorbody_read(struct lim_errorbody *e, const char *body,
                        size_t length, bool strict);

#endif
