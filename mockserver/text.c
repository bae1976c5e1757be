#include "mockserver/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/jsontext.h"

#define ROOM_MIN 512
#define ROOM_KEPT (1 << 20)

void mock_text_fini(struct mock_text *t)
{
    free(t->data);
    *t = (struct mock_text){ 0 };
}

void mock_text_clear(struct mock_text *t)
{
    if (t->room > ROOM_KEPT)
        mock_text_fini(t);
    t->length = 0;
    t->failed = false;
}

char *mock_text_reserve(struct mock_text *t, size_t length)
{
    if (t->failed || length >= SIZE_MAX / 4 - t->length) {
        t->failed = true;
        return NULL;
    }
    if (t->length + length >= t->room) {
        size_t room = t->room > 0 ? t->room : ROOM_MIN;
        while (room <= t->length + length)
            room *= 2;
        char *data = realloc(t->data, room);
        if (data == NULL) {
            t->failed = true;
            return NULL;
        }
        t->data = data;
        t->room = room;
    }
    return t->data + t->length;
}

void mock_text_add_growing(struct mock_text *t, const char *bytes,
                           size_t length)
{
    char *to = mock_text_reserve(t, length);
    if (to == NULL)
        return;
    if (length > 0) /* else `bytes` may be NULL */
        memcpy(to, bytes, length);
    t->length += length;
    t->data[t->length] = '\0';
}

void mock_text_int(struct mock_text *t, int64_t n)
{
    char digits[20];
    size_t i = sizeof digits;
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do {
        digits[--i] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0)
        digits[--i] = '-';
    mock_text_add(t, digits + i, sizeof digits - i);
}

void mock_text_hex(struct mock_text *t, uint64_t n, int digits)
{
    static const char letters[] = "0123456789abcdef";
    char *to = mock_text_reserve(t, (size_t)digits);
    if (to == NULL)
        return;
    for (int i = digits; i-- > 0; n >>= 4)
        to[i] = letters[n & 15];
    to[digits] = '\0';
    t->length += (size_t)digits;
}

void mock_text_printf(struct mock_text *t, const char *format, ...)
{
    va_list args, again;
    char *to = mock_text_reserve(t, ROOM_MIN / 2);
    if (to == NULL)
        return;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(to, t->room - t->length, format, args);
    va_end(args);
    assert(n >= 0);
    if ((size_t)n >= t->room - t->length) {
        to = mock_text_reserve(t, (size_t)n);
        if (to != NULL)
            vsnprintf(to, t->room - t->length, format, again);
    }
    va_end(again);
    if (to != NULL)
        t->length += (size_t)n;
}

static void add_escape(struct mock_text *t, char c)
{
    static const char short_of[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
        ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\'
    };
    char letter = short_of[(unsigned char)c];
    if (letter != '\0') {
        char pair[2] = { '\\', letter };
        mock_text_add(t, pair, 2);
    } else {
        mock_text_printf(t, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

void mock_text_json(struct mock_text *t, const char *bytes, size_t length)
{
    size_t at = 0;
    mock_text_add(t, "\"", 1);
    while (at < length) {
        size_t run = mock_jsontext_plain(bytes + at, length - at);
        mock_text_add(t, bytes + at, run);
        at += run;
        if (at == length)
            break;
        size_t n = mock_jsontext_utf8(bytes + at, length - at);
        if (n == 0)
            mock_text_add(t, "?", 1);
        else if (n == 1)
            add_escape(t, bytes[at]);
        else
            mock_text_add(t, bytes + at, n);
        at += n > 0 ? n : 1;
    }
    mock_text_add(t, "\"", 1);
}

void mock_text_json_or_null(struct mock_text *t, const char *text)
{
    if (text == NULL)
        mock_text_puts(t, "null");
    else
        mock_text_json(t, text, strlen(text));
}
