#include "mockserver/response.h"

#include <assert.h>
#include <string.h>

static char *append(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

static char *append_number(char *p, uint64_t n)
{
    char digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    memcpy(p, digits + i, sizeof digits - i);
    return p + (sizeof digits - i);
}

static char *append_two(char *p, int64_t n)
{
    *p++ = (char)('0' + n / 10);
    *p++ = (char)('0' + n % 10);
    return p;
}

struct civil {
    int64_t year, month, day; /* month and day from 1 */
};

/* Counts from 1 March of the year 0, so that the leap day is the last of its
   year and 153 days are five months. */
static struct civil civil_of(int64_t days_since_epoch)
{
    int64_t days = days_since_epoch + 719468;
    int64_t era = days / 146097;
    int64_t in_era = days % 146097;
    int64_t year =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;
    struct civil c = {
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
    return c;
}

static void write_date(char *p, int64_t second)
{
    static const char weekdays[7][6] = { "Thu, ", "Fri, ", "Sat, ", "Sun, ",
                                         "Mon, ", "Tue, ", "Wed, " };
    static const char months[12][6] = { " Jan ", " Feb ", " Mar ", " Apr ",
                                        " May ", " Jun ", " Jul ", " Aug ",
                                        " Sep ", " Oct ", " Nov ", " Dec " };
    int64_t days = second / 86400;
    int64_t in_day = second % 86400;
    struct civil c = civil_of(days);
    p = append(p, weekdays[days % 7]);
    p = append_two(p, c.day);
    p = append(p, months[c.month - 1]);
    p = append_two(p, c.year / 100);
    p = append_two(p, c.year % 100);
    *p++ = ' ';
    p = append_two(p, in_day / 3600);
    *p++ = ':';
    p = append_two(p, in_day / 60 % 60);
    *p++ = ':';
    p = append_two(p, in_day % 60);
    memcpy(p, " GMT", 5);
}

void mock_response_date_init(struct mock_response_date *d)
{
    d->second = -1;
}

const char *mock_response_date(struct mock_response_date *d, lim_time now)
{
    assert(now >= 0);
    int64_t second = now / LIM_SEC;
    if (second != d->second) {
        write_date(d->text, second);
        d->second = second;
    }
    return d->text;
}

const char *mock_response_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } names[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 417, "Expectation Failed" },
        { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
        { 529, "Site Overloaded" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].status == status)
            return names[i].reason;
    return "Unknown";
}

bool mock_response_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

size_t mock_response_head(char out[MOCK_RESPONSE_HEAD_MAX], int status,
                          const char *date, int64_t body_length,
                          enum mock_response_end end)
{
    assert(status >= 100);
    assert(status <= 599);
    char *p = append(out, "HTTP/1.1 ");
    p = append_number(p, (uint64_t)status);
    *p++ = ' ';
    p = append(p, mock_response_reason(status));
    p = append(p, "\r\ndate: ");
    p = append(p, date);
    if (body_length == MOCK_RESPONSE_CHUNKED) {
        p = append(p, "\r\ntransfer-encoding: chunked");
    } else if (mock_response_has_body(status) && body_length >= 0) {
        p = append(p, "\r\ncontent-length: ");
        p = append_number(p, (uint64_t)body_length);
    }
    if (end == MOCK_RESPONSE_KEEP_ALIVE)
        p = append(p, "\r\nconnection: keep-alive");
    else if (end == MOCK_RESPONSE_CLOSE)
        p = append(p, "\r\nconnection: close");
    p = append(p, "\r\n");
    return (size_t)(p - out);
}
