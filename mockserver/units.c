#include "mockserver/units.h"

#include <stddef.h>
#include <string.h>

#include "limiter/limits.h"
#include "limiter/time.h"

#define DURATION_MAX (100 * 365 * LIM_DAY)

/* A number without sign or exponent: "12", "1.5", ".5".  strtod would take
   far more, and depends on the locale. */
struct decimal {
    int64_t whole; /* 0 to LIM_LIMIT_MAX */
    double part;   /* 0 to 1 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_decimal(const char **text, struct decimal *out)
{
    const char *p = *text;
    bool any = false;
    *out = (struct decimal){ 0 };
    for (; is_digit(*p); p++, any = true) {
        out->whole = out->whole * 10 + (*p - '0');
        if (out->whole > LIM_LIMIT_MAX)
            return false;
    }
    if (*p == '.') {
        int64_t digits = 0;
        int64_t scale = 1;
        for (p++; is_digit(*p); p++, any = true) {
            if (scale < LIM_LIMIT_MAX) {
                digits = digits * 10 + (*p - '0');
                scale *= 10;
            }
        }
        out->part = (double)digits / (double)scale;
    }
    *text = p;
    return any;
}

static int64_t time_unit(const char **text)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        { "us", LIM_USEC }, { "ms", LIM_MSEC }, { "s", LIM_SEC },
        { "m", LIM_MIN },   { "h", LIM_HOUR },  { "d", LIM_DAY },
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(*text, units[i].name, length) == 0) {
            *text += length;
            return units[i].ns;
        }
    }
    return 0;
}

bool mock_units_duration(const char *text, int64_t *ns)
{
    int64_t total = 0;
    int64_t last = INT64_MAX;
    do {
        struct decimal d;
        if (!read_decimal(&text, &d))
            return false;
        bool bare = *text == '\0' && last == INT64_MAX;
        int64_t unit = bare ? LIM_SEC : time_unit(&text);
        if (unit == 0 || unit >= last || d.whole > DURATION_MAX / unit)
            return false;
        total += d.whole * unit + (int64_t)(d.part * (double)unit + 0.5);
        if (total > DURATION_MAX)
            return false;
        last = unit;
    } while (*text != '\0');
    *ns = total;
    return true;
}

static bool read_count(const char **text, double *out)
{
    struct decimal d;
    if (!read_decimal(text, &d))
        return false;
    *out = (double)d.whole + d.part;
    switch (**text) {
    case 'k':
    case 'K':
        *out *= 1e3;
        break;
    case 'm':
    case 'M':
        *out *= 1e6;
        break;
    case 'g':
    case 'G':
        *out *= 1e9;
        break;
    case '%':
        *out /= 100;
        break;
    default:
        return true;
    }
    ++*text;
    return true;
}

bool mock_units_count(const char *text, double *out)
{
    double value;
    if (!read_count(&text, &value) || *text != '\0')
        return false;
    *out = value;
    return true;
}

bool mock_units_limit(const char *text, int64_t *max, int64_t *window_ns)
{
    double value;
    struct decimal days = { 0 };
    if (!read_count(&text, &value) || value > (double)LIM_LIMIT_MAX ||
        value != (double)(int64_t)value)
        return false;
    if (*text == '/') {
        text++;
        if (!read_decimal(&text, &days) || days.part > 0 || days.whole == 0 ||
            days.whole > LIM_WINDOW_MAX / LIM_DAY || *text++ != 'd')
            return false;
    }
    if (*text != '\0')
        return false;
    *max = (int64_t)value;
    *window_ns = days.whole * LIM_DAY;
    return true;
}

bool mock_units_rate(const char *text, double *per_second)
{
    double value;
    if (!read_count(&text, &value))
        return false;
    if (*text == '/') {
        text++;
        int64_t unit = time_unit(&text);
        if (unit < LIM_SEC)
            return false;
        value /= (double)(unit / LIM_SEC);
    }
    if (*text != '\0')
        return false;
    *per_second = value;
    return true;
}

bool mock_units_money(const char *text, int64_t *microusd)
{
    double value;
    if (*text == '$')
        text++;
    if (!read_count(&text, &value) || *text != '\0')
        return false;
    if (value * 1e6 > (double)LIM_LIMIT_MAX)
        return false;
    *microusd = (int64_t)(value * 1e6 + 0.5);
    return true;
}

static bool read_field(const char **text, int digits, char end, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++) {
        if (!is_digit(**text))
            return false;
        *out = *out * 10 + (*(*text)++ - '0');
    }
    if (end != '\0' && *(*text)++ != end)
        return false;
    return true;
}

static bool read_time_of_day(const char **text, int64_t *ns)
{
    int hour, minute, second;
    if (*(*text)++ != 'T' || !read_field(text, 2, ':', &hour) ||
        !read_field(text, 2, ':', &minute) ||
        !read_field(text, 2, 'Z', &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ns = hour * LIM_HOUR + minute * LIM_MIN + second * LIM_SEC;
    return true;
}

bool mock_units_date(const char *text, int64_t *ns)
{
    int year, month, day;
    int64_t rest = 0;
    if (!read_field(&text, 4, '-', &year) ||
        !read_field(&text, 2, '-', &month) || !read_field(&text, 2, '\0', &day))
        return false;
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1)
        return false;
    int64_t date = lim_date(year, month, day);
    if (date >= lim_month_end(lim_date(year, month, 1)))
        return false;
    if (*text != '\0' && !read_time_of_day(&text, &rest))
        return false;
    if (*text != '\0')
        return false;
    *ns = date + rest;
    return true;
}
