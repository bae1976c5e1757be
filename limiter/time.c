/* Calendar arithmetic in UTC, without the C library's time zone state. */

#include "limiter/time.h"

/*
 * Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
 * The year starts in March, so that the leap day is its last: then the days
 * before month m (0 for March) are (153 m + 2) / 5.
 */
static int64_t days_of(int64_t year, int month, int day)
{
    if (month <= 2)
        year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * march + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The year and month that hold a day. */
static void month_of(int64_t days, int64_t *year, int *month)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march = (5 * day_of_year + 2) / 153;
    *month = (int)(march < 10 ? march + 3 : march - 9);
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

static int64_t day_floor(lim_time t)
{
    return t >= 0 ? t / LIM_DAY : -((-t + LIM_DAY - 1) / LIM_DAY);
}

lim_time lim_date(int year, int month, int day)
{
    return days_of(year, month, day) * LIM_DAY;
}

lim_time lim_month_start(lim_time t)
{
    int64_t year;
    int month;
    month_of(day_floor(t), &year, &month);
    return days_of(year, month, 1) * LIM_DAY;
}

lim_time lim_month_end(lim_time t)
{
    int64_t year;
    int month;
    month_of(day_floor(t), &year, &month);
    if (month == 12)
        return days_of(year + 1, 1, 1) * LIM_DAY;
    return days_of(year, month + 1, 1) * LIM_DAY;
}
