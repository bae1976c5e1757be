#include "limiter/httpdate.h"

#include <string.h>

/* In a pattern: d a digit, _ a digit or a blank, w a letter, rest itself. */
static bool matches(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++) {
        char c = *text;
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool ok = *pattern == 'd'   ? digit
                  : *pattern == '_' ? digit || c == ' '
                  : *pattern == 'w' ? letter
                                    : c == *pattern;
        if (!ok)
            return false;
    }
    return true;
}

static int number(const char *text, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++)
        value = value * 10 + (text[i] == ' ' ? 0 : text[i] - '0');
    return value;
}

static int month_of(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (memcmp(names + 3 * i, text, 3) == 0)
            return i + 1;
    return 0;
}

static bool make(int year, const char *month_name, int day, const char *clock,
                 lim_time *out)
{
    int month = month_of(month_name);
    int hour = number(clock, 2);
    int minute = number(clock + 3, 2);
    int second = number(clock + 6, 2); /* 60: a leap second */
    if (year < 1970 || year > 2261 || month == 0 || day < 1 || day > 31 ||
        hour > 23 || minute > 59 || second > 60)
        return false;
    *out = lim_date(year, month, day) + hour * LIM_HOUR + minute * LIM_MIN +
           second * LIM_SEC;
    return true;
}

static bool parse_rfc850(const char *text, size_t length, lim_time *out)
{
    const char *comma = memchr(text, ',', length);
    if (comma == NULL || text + length - comma != 24 ||
        !matches(comma, ", dd-www-dd dd:dd:dd GMT"))
        return false;
    int year = number(comma + 9, 2);
    return make(year < 70 ? 2000 + year : 1900 + year, comma + 5,
                number(comma + 2, 2), comma + 12, out);
}

bool lim_httpdate_parse(const char *text, size_t length, lim_time *out)
{
    if (length == 29 && matches(text, "www, dd www dddd dd:dd:dd GMT"))
        return make(number(text + 12, 4), text + 8, number(text + 5, 2),
                    text + 17, out);
    if (length == 24 && matches(text, "www www _d dd:dd:dd dddd"))
        return make(number(text + 20, 4), text + 4, number(text + 8, 2),
                    text + 11, out);
    return parse_rfc850(text, length, out);
}
