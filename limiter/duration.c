#include "limiter/duration.h"

#include <string.h>

#include "limiter/time.h"

#define DURATION_MAX (36525 * LIM_DAY)

/* More digits of a fraction than this say nothing: 10^-18 h is no ns. */
#define FRACTION_DIGITS 18

/* 10^18 parts of an hour need more than 64 bits. */
__extension__ typedef __int128 wide;

struct cursor {
    const char *at, *end;
};

static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    { "ns", 1 },
    { "us", LIM_USEC },
    { "\xc2\xb5s", LIM_USEC }, /* micro sign */
    { "\xce\xbcs", LIM_USEC }, /* small letter mu */
    { "ms", LIM_MSEC },
    { "s", LIM_SEC },
    { "m", LIM_MIN },
    { "h", LIM_HOUR },
};

static bool digit(const struct cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool read_whole(struct cursor *c, int64_t *out)
{
    int64_t value = 0;
    for (; digit(c); c->at++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (*c->at - '0');
    }
    *out = value;
    return true;
}

static void read_fraction(struct cursor *c, int64_t *value, int64_t *scale)
{
    *value = 0;
    *scale = 1;
    for (int n = 0; digit(c); c->at++, n++) {
        if (n < FRACTION_DIGITS) {
            *value = *value * 10 + (*c->at - '0');
            *scale *= 10;
        }
    }
}

/* A unit reaches to the next digit or point: "m" is not the start of "ms". */
static bool read_unit(struct cursor *c, int64_t *ns)
{
    const char *start = c->at;
    while (c->at < c->end && !digit(c) && *c->at != '.')
        c->at++;
    size_t length = (size_t)(c->at - start);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == length &&
            memcmp(units[i].name, start, length) == 0) {
            *ns = units[i].ns;
            return true;
        }
    }
    return false;
}

/* One "1.5h"; adds it to `total`. */
static bool read_part(struct cursor *c, int64_t *total)
{
    int64_t whole, fraction = 0, scale = 1, unit;
    const char *start = c->at;
    if (!read_whole(c, &whole))
        return false;
    bool some = c->at > start;
    if (c->at < c->end && *c->at == '.') {
        start = ++c->at;
        read_fraction(c, &fraction, &scale);
        some = some || c->at > start;
    }
    if (!some || !read_unit(c, &unit) || whole > DURATION_MAX / unit)
        return false;
    wide part = (wide)fraction * unit;
    *total += whole * unit + (int64_t)(part / scale);
    return *total <= DURATION_MAX;
}

bool lim_duration_parse(const char *text, size_t length, int64_t *ns)
{
    struct cursor c = { text, text + length };
    int64_t total = 0;
    if (length == 1 && text[0] == '0') {
        *ns = 0;
        return true;
    }
    if (length == 0)
        return false;
    while (c.at < c.end)
        if (!read_part(&c, &total))
            return false;
    *ns = total;
    return true;
}

/* Writes a number of at most that many digits, all of them if `padded`. */
static char *write_digits(char *to, int64_t n, int digits, bool padded)
{
    int64_t unit = 1;
    while (--digits > 0)
        unit *= 10;
    for (; unit > 1 && n < unit && !padded; unit /= 10)
        ;
    for (; unit > 0; unit /= 10)
        *to++ = (char)('0' + n / unit % 10);
    return to;
}

/* "8.64s" of 8640 ms; the zeros at the end of the fraction are left out. */
static char *write_seconds(char *to, int64_t ms)
{
    int64_t fraction = ms % 1000;
    int digits = 3;
    to = write_digits(to, ms / 1000, 2, false);
    if (fraction > 0) {
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        *to++ = '.';
        to = write_digits(to, fraction, digits, true);
    }
    *to++ = 's';
    return to;
}

char *lim_duration_format(int64_t ns, char out[LIM_DURATION_SIZE])
{
    int64_t ms = ns / LIM_MSEC;
    int64_t hours = ms / 3600000;
    int64_t minutes = ms / 60000 % 60;
    char *to = out;
    if (hours > 0) {
        to = write_digits(to, hours, 10, false);
        *to++ = 'h';
    }
    if (hours > 0 || minutes > 0) {
        to = write_digits(to, minutes, 2, false);
        *to++ = 'm';
    }
    if (ms > 0 && ms < 1000) {
        to = write_digits(to, ms, 3, false);
        *to++ = 'm';
        *to++ = 's';
    } else {
        to = write_seconds(to, ms % 60000);
    }
    *to = '\0';
    return out;
}
