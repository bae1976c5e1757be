#ifndef MOCK_RESPONSE_H
#define MOCK_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/time.h"

/* Writing the head of an HTTP/1.1 answer. */

/* The last date that was written.  Fields are private. */
struct mock_response_date {
    int64_t second;
    char text[32];
};

void mock_response_date_init(struct mock_response_date *d);

/* The date of `now` as the header has it: "Sun, 06 Nov 1994 08:49:37 GMT".
   It is written anew only when the second has changed. */
const char *mock_response_date(struct mock_response_date *d, lim_time now);

/* "Too Many Requests" for 429; "Unknown" for a status without a name. */
const char *mock_response_reason(int status);

/* Tells whether answers of that status have a body: not 204 and 304. */
bool mock_response_has_body(int status);

enum mock_response_end {
    MOCK_RESPONSE_PLAIN, /* no connection header */
    MOCK_RESPONSE_KEEP_ALIVE,
    MOCK_RESPONSE_CLOSE
};

#define MOCK_RESPONSE_HEAD_MAX 256

/* Lengths of bodies that nobody knows beforehand. */
#define MOCK_RESPONSE_CHUNKED (-1)
#define MOCK_RESPONSE_UNTIL_CLOSE (-2)

/*
 * Writes the status line, date, connection and (if the status has a body)
 * content-length, each line with its CRLF, without the empty line.  Returns
 * the length.  `status` is 100 to 599, `date` at most 31 bytes long.
 */
size_t mock_response_head(char out[MOCK_RESPONSE_HEAD_MAX], int status,
                          const char *date, int64_t body_length,
                          enum mock_response_end end);

#endif
