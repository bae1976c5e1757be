#include "mockserver/visit.h"

#include <string.h>

bool mock_slice_is(struct mock_slice s, const char *text)
{
    return s.length == strlen(text) && memcmp(s.at, text, s.length) == 0;
}

bool mock_slice_number(struct mock_slice s, int64_t *out)
{
    int64_t value = 0;
    if (s.at == NULL || s.length == 0 || s.length > 18)
        return false;
    for (size_t i = 0; i < s.length; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        value = value * 10 + (s.at[i] - '0');
    }
    *out = value;
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(const char *at, const char *end, char *out, size_t size)
{
    size_t n = 0;
    while (at < end) {
        char c = *at++;
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = end - at >= 2 ? hex(at[0]) : -1;
            int low = end - at >= 2 ? hex(at[1]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            at += 2;
        }
        if (c == '\0' || n + 1 >= size)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

int mock_slice_query(struct mock_slice query, const char *key, char *out,
                     size_t size)
{
    size_t length = strlen(key);
    const char *at = query.at;
    const char *end = at != NULL ? at + query.length : NULL;
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if ((size_t)(stop - at) > length && at[length] == '=' &&
            memcmp(at, key, length) == 0)
            return decode(at + length + 1, stop, out, size) ? 1 : -1;
        at = stop < end ? stop + 1 : end;
    }
    return 0;
}
