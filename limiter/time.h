#ifndef LIM_TIME_H
#define LIM_TIME_H

#include <stdint.h>

/*
 * Time is one scalar: nanoseconds since the Unix epoch, UTC.  Nothing in the
 * limiter or the simulator reads a clock: `now` is an argument, everywhere.
 * Epoch-based, because day and month limits follow the calendar.
 */
typedef int64_t lim_time;

#define LIM_USEC INT64_C(1000)
#define LIM_MSEC INT64_C(1000000)
#define LIM_SEC INT64_C(1000000000)
#define LIM_MIN (60 * LIM_SEC)
#define LIM_HOUR (60 * LIM_MIN)
#define LIM_DAY (24 * LIM_HOUR)
#define LIM_NEVER INT64_MAX /* later than every time */

/* Returns the first instant of the calendar month (UTC) after that of `t`. */
lim_time lim_month_end(lim_time t);

/* Returns the first instant of the calendar month (UTC) that holds `t`. */
lim_time lim_month_start(lim_time t);

/*
 * Returns the time of a calendar date, midnight UTC.  `month` is 1 to 12;
 * `day` is 1 to 31 and not checked against the month.
 */
lim_time lim_date(int year, int month, int day);

#endif
