#include "limiter/errorbody.h"

#include <stdint.h>
#include <string.h>

/* Deeper than this no key matters; the depth is still counted. */
#define LEVELS 4

enum key { KEY_NONE, KEY_ERROR, KEY_RESPONSE, KEY_MESSAGE, KEY_CODE, KEY_TYPE };

struct text {
    const char *at, *end;
};

struct out {
    char *at;
    size_t room; /* bytes, with that of the final 0 */
};

struct scan {
    struct text in;
    size_t depth; /* objects around; arrays do not count */
    enum key keys[LEVELS];
    size_t error_depth; /* of the error object; 0: not in it */
    bool done;
    struct lim_errorbody error, top;
};

/* Once one character did not fit, none after it is written. */
static void append(struct out *o, uint32_t c)
{
    char bytes[4];
    size_t n = 0;
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        c = ' ';
    if (c < 0x80) {
        bytes[n++] = (char)c;
    } else if (c < 0x800) {
        bytes[n++] = (char)(0xc0 | (c >> 6));
    } else if (c < 0x10000) {
        bytes[n++] = (char)(0xe0 | (c >> 12));
        bytes[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
    } else {
        bytes[n++] = (char)(0xf0 | (c >> 18));
        bytes[n++] = (char)(0x80 | ((c >> 12) & 0x3f));
        bytes[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
    }
    if (c >= 0x80)
        bytes[n++] = (char)(0x80 | (c & 0x3f));
    if (o->room <= n) {
        o->room = 1;
        return;
    }
    memcpy(o->at, bytes, n);
    o->at += n;
    o->room -= n;
}

/* Takes one character of UTF-8; of a wrong one its first byte, as '?'. */
static uint32_t next_utf8(struct text *in)
{
    unsigned char first = (unsigned char)*in->at++;
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    if (first < 0x80)
        return first;
    if (first < 0xc2 || first > 0xf4 || (size_t)(in->end - in->at) < more)
        return '?';
    uint32_t c = first & (0x3fU >> more);
    for (size_t i = 0; i < more; i++) {
        unsigned char next = (unsigned char)in->at[i];
        if ((next & 0xc0) != 0x80)
            return '?';
        c = c << 6 | (next & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return '?';
    in->at += more;
    return c;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes four hexadecimal digits; -1 and nothing if they are not there. */
static int32_t next_hex(struct text *in)
{
    int32_t value = 0;
    if (in->end - in->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(in->at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    in->at += 4;
    return value;
}

/* After "\u": one escape, or two that make a surrogate pair. */
static uint32_t next_unicode(struct text *in)
{
    int32_t high = next_hex(in);
    if (high < 0 || (high >= 0xdc00 && high < 0xe000))
        return '?';
    if (high < 0xd800 || high >= 0xe000)
        return (uint32_t)high;
    struct text rest = *in;
    if (rest.end - rest.at < 2 || rest.at[0] != '\\' || rest.at[1] != 'u')
        return '?';
    rest.at += 2;
    int32_t low = next_hex(&rest);
    if (low < 0xdc00 || low >= 0xe000)
        return '?';
    *in = rest;
    return 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
           (uint32_t)(low - 0xdc00);
}

static uint32_t next_character(struct text *in)
{
    if (*in->at != '\\')
        return next_utf8(in);
    in->at++;
    if (in->at == in->end)
        return ' ';
    switch (*in->at) {
    case 'u':
        in->at++;
        return next_unicode(in);
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        in->at++;
        return ' ';
    default:
        return next_utf8(in);
    }
}

static void decode(struct text in, char *to, size_t size, bool escapes)
{
    struct out o = { to, size };
    while (in.at < in.end && o.room > 1)
        append(&o, escapes ? next_character(&in) : next_utf8(&in));
    *o.at = '\0';
}

/* Takes a string, `in` being after its quote; its end may be missing. */
static struct text next_string(struct text *in)
{
    struct text string = { in->at, in->at };
    while (in->at < in->end && *in->at != '"')
        in->at += *in->at == '\\' && in->end - in->at > 1 ? 2 : 1;
    string.end = in->at;
    if (in->at < in->end)
        in->at++;
    return string;
}

static bool equals(struct text t, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(t.end - t.at) == n && memcmp(t.at, word, n) == 0;
}

static enum key key_of(struct text t)
{
    if (equals(t, "error"))
        return KEY_ERROR;
    if (equals(t, "response"))
        return KEY_RESPONSE;
    if (equals(t, "message"))
        return KEY_MESSAGE;
    if (equals(t, "code"))
        return KEY_CODE;
    return equals(t, "type") ? KEY_TYPE : KEY_NONE;
}

static enum key *key_here(struct scan *s)
{
    return s->depth >= 1 && s->depth < LEVELS ? &s->keys[s->depth] : NULL;
}

static bool is_error_object(const struct scan *s)
{
    return (s->depth == 2 && s->keys[1] == KEY_ERROR) ||
           (s->depth == 3 && s->keys[1] == KEY_RESPONSE &&
            s->keys[2] == KEY_ERROR);
}

static void keep(struct lim_errorbody *to, enum key key, struct text value)
{
    if (key == KEY_TYPE)
        decode(value, to->type, sizeof to->type, true);
    else if (key == KEY_CODE)
        decode(value, to->code, sizeof to->code, true);
    else if (key == KEY_MESSAGE || key == KEY_ERROR)
        decode(value, to->message, sizeof to->message, true);
}

static void keep_value(struct scan *s, struct text value)
{
    enum key *key = key_here(s);
    if (key == NULL || *key == KEY_NONE)
        return;
    if (s->error_depth > 0 && s->depth == s->error_depth && *key != KEY_ERROR) {
        keep(&s->error, *key, value);
    } else if (s->depth == 1 && *key == KEY_ERROR) {
        keep(&s->error, *key, value);
        s->error.found = s->error.message[0] != '\0';
    } else if (s->depth == 1) {
        keep(&s->top, *key, value);
    }
    *key = KEY_NONE;
}

static void scan_string(struct scan *s)
{
    struct text string = next_string(&s->in);
    struct text after = s->in;
    while (after.at < after.end && (*after.at == ' ' || *after.at == '\t' ||
                                    *after.at == '\r' || *after.at == '\n'))
        after.at++;
    if (after.at == after.end || *after.at != ':') {
        keep_value(s, string);
        return;
    }
    s->in.at = after.at + 1;
    enum key *key = key_here(s);
    if (key != NULL)
        *key = key_of(string);
}

/* Codes may be numbers: "code": 429. */
static void scan_number(struct scan *s)
{
    struct text number = { s->in.at, s->in.at };
    while (s->in.at < s->in.end && *s->in.at >= '0' && *s->in.at <= '9')
        s->in.at++;
    number.end = s->in.at;
    const enum key *key = key_here(s);
    if (key != NULL && *key == KEY_CODE)
        keep_value(s, number);
}

static void scan_open(struct scan *s)
{
    s->in.at++;
    s->depth++;
    if (s->error_depth == 0 && is_error_object(s))
        s->error_depth = s->depth;
    enum key *key = key_here(s);
    if (key != NULL)
        *key = KEY_NONE;
}

/* The first error that says something ends the scan. */
static void finish_error(struct scan *s)
{
    s->error_depth = 0;
    s->error.found = s->error.message[0] != '\0' || s->error.code[0] != '\0' ||
                     s->error.type[0] != '\0';
    s->done = s->error.found;
}

static void scan_close(struct scan *s)
{
    s->in.at++;
    if (s->error_depth > 0 && s->depth == s->error_depth)
        finish_error(s);
    if (s->depth > 0)
        s->depth--;
    enum key *key = key_here(s);
    if (key != NULL)
        *key = KEY_NONE;
}

static void scan(struct scan *s)
{
    while (s->in.at < s->in.end && !s->done) {
        char c = *s->in.at;
        if (c == '{') {
            scan_open(s);
        } else if (c == '}') {
            scan_close(s);
        } else if (c == '"') {
            s->in.at++;
            scan_string(s);
        } else if (c >= '0' && c <= '9') {
            scan_number(s);
        } else {
            s->in.at++;
        }
    }
    if (s->error_depth > 0)
        finish_error(s);
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);
    return n >= m && strcmp(text + n - m, tail) == 0;
}

static bool in_key(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/* The API masks keys with stars itself; what passes others may not. */
static void mask_keys(char *text)
{
    for (char *at = text; (at = strstr(at, "sk-")) != NULL;) {
        bool starts = at == text || !in_key(at[-1]);
        char *end = at + 3;
        while (in_key(*end))
            end++;
        if (starts && *end != '*')
            memset(at + 3, '*', (size_t)(end - at - 3));
        at = end;
    }
}

static struct text trim(struct text t)
{
    while (t.at < t.end && (unsigned char)*t.at <= ' ')
        t.at++;
    while (t.end > t.at && (unsigned char)t.end[-1] <= ' ')
        t.end--;
    return t;
}

void lim_errorbody_read(struct lim_errorbody *e, const char *body,
                        size_t length, bool strict)
{
    struct scan s = { .in = { body, body + length } };
    *e = (struct lim_errorbody){ .found = false };
    if (length == 0)
        return;
    scan(&s);
    s.top.found =
        s.top.message[0] != '\0' && (!strict || ends_with(s.top.type, "error"));
    if (s.error.found && (s.done || !s.top.found))
        *e = s.error;
    else if (s.top.found)
        *e = s.top;
    else if (!strict)
        decode(trim((struct text){ body, body + length }), e->message,
               sizeof e->message, false);
    mask_keys(e->message);
    mask_keys(e->code);
}
