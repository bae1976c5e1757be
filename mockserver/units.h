#ifndef MOCK_UNITS_H
#define MOCK_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers as people write them: "10m", "40k", "120/m", "$100", "0.1%".
 * Every function reads the whole of a 0-terminated text; false: it is not of
 * the form, or out of range.  Blanks around are not taken.
 */

/* "500us 500ms 10s 5m 2h 7d 1m30s", large units first; a bare number is
   seconds.  0 to 100 years. */
bool mock_units_duration(const char *text, int64_t *ns);

/* "12", "40k", "1.5M", "2G": 10^3, 10^6, 10^9 (any case of k, m, g); "50%"
   is 0.5.  >= 0. */
bool mock_units_count(const char *text, double *out);

/* "500", "40k": a limit whose window is as usual, 0; "100000/30d": one of so
   many days, 1 to 366. */
bool mock_units_limit(const char *text, int64_t *max, int64_t *window_ns);

/* "120/m", "5/s", "40k/h", "10000/d"; a bare number is a second's. */
bool mock_units_rate(const char *text, double *per_second);

/* "$100", "100", "$1.5k": to micro-dollars, 0 to 10^9 dollars. */
bool mock_units_money(const char *text, int64_t *microusd);

/* "2026-01-01", "2026-01-01T00:00:00Z": ns since the epoch; 1970 to 2200. */
bool mock_units_date(const char *text, int64_t *ns);

#endif
