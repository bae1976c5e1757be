#ifndef MOCK_JSONTEXT_H
#define MOCK_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"

/*
 * Texts before they are parsed.  cJSON takes more than JSON is (control
 * characters, broken UTF-8, "01") and does not say what is wrong where; so
 * every text from outside is checked first, and then cJSON takes it.
 */

/*
 * Tells whether `length` bytes are one JSON value (RFC 8259) with arrays and
 * objects at most `depth` deep, in valid UTF-8, without "\u0000" and without
 * numbers of more than 60 characters.  If not, fills `diag` with line, column
 * (in characters) and reason.
 */
bool mock_jsontext_check(const char *text, size_t length, int depth,
                         struct lim_diag *diag);

/*
 * Returns how many of the `length` bytes at `text` come before the first that
 * is not plain in a JSON string: a control character, '"', '\\', or no ASCII.
 */
size_t mock_jsontext_plain(const char *text, size_t length);

/* Counts the characters (code points) of valid UTF-8. */
int64_t mock_jsontext_characters(const char *text);

/*
 * Returns the length of the UTF-8 character at `text`, 1 to 4, or 0 if its
 * bytes are not one; `left` bytes may be read.
 */
size_t mock_jsontext_utf8(const char *text, size_t left);

/*
 * Writes a text from outside so that it can stand in a message: control
 * characters and broken UTF-8 as '?', cut with "..." to fit.  Returns `out`.
 */
char *mock_jsontext_quote(const char *text, char *out, size_t size);

#endif
