#ifndef LIM_DURATION_H
#define LIM_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Durations as the API writes them, which is as Go prints a time.Duration:
 * "8ms", "1s", "8.64s", "1m26.4s", "6m0s", "114h18m0s".
 */

/*
 * Reads a Go duration of `length` bytes, all of them: "1h2m3.5s", "20ms",
 * "0", "250us".  Negative ones and those above 100 years are refused.
 */
bool lim_duration_parse(const char *text, size_t length, int64_t *ns);

#define LIM_DURATION_SIZE 40

/*
 * Writes `ns` (>= 0), cut to whole milliseconds, as Go prints it.  Below
 * 1 ms it writes "0s".  Returns `out`.
 */
char *lim_duration_format(int64_t ns, char out[LIM_DURATION_SIZE]);

#endif
