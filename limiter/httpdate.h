#ifndef LIM_HTTPDATE_H
#define LIM_HTTPDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "limiter/time.h"

/*
 * Reads a date of HTTP, in any of the three forms that RFC 9110 (5.6.7) asks
 * a recipient to take; years 1970 to 2261:
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT
 *     Sunday, 06-Nov-94 08:49:37 GMT   (two digits: 1970 to 2069)
 *     Sun Nov  6 08:49:37 1994
 *
 * The name of the weekday is not checked against the date.
 */
bool lim_httpdate_parse(const char *text, size_t length, lim_time *out);

#endif
