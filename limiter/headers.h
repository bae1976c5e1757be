#ifndef LIM_HEADERS_H
#define LIM_HEADERS_H

#include <stddef.h>

#include "limiter/feedback.h"
#include "limiter/time.h"

/*
 * Reads what response headers tell about limits: the x-ratelimit families,
 * retry-after-ms, retry-after (integer, fraction or HTTP date) and
 * x-should-retry.  What it does not understand it leaves alone: values that
 * are negative, absurd (a wait of more than LIM_HINT_MAX), or not of the
 * form.  retry-after-ms wins over retry-after, in any order of headers.
 *
 * Resets are read as durations ("6m0s") and as plain seconds ("60").  A
 * family that shows a negative number says nothing: some endpoints send
 * -1, -1 and 0.  Other families (project-tokens, tokens_usage_based) show
 * windows that the limits here do not have and are passed over.  Hints are
 * rounded up to whole milliseconds; a date that has passed is none.
 */
#define LIM_HINT_MAX (400 * LIM_DAY)

/* State of reading one answer's headers; fields are private. */
struct lim_headers {
    struct lim_feedback feedback;
    bool hint_in_ms;
    bool requests_void, tokens_void;
};

void lim_headers_init(struct lim_headers *h);

/*
 * Reads one header; names are compared without regard to case.  `now` is
 * what an HTTP date counts from.
 */
void lim_headers_read(struct lim_headers *h, const char *name,
                      size_t name_length, const char *value,
                      size_t value_length, lim_time now);

/*
 * Reads one raw line, "Name: value", with or without its CR LF; a line with
 * no colon is passed over.
 */
void lim_headers_read_line(struct lim_headers *h, const char *line,
                           size_t length, lim_time now);

#endif
