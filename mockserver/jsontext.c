#include "mockserver/jsontext.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 60 /* cJSON reads 63 characters of a number */

struct scan {
    const char *text;
    size_t length;
    size_t at;
    int depth;            /* levels that may still be opened */
    const char *expected; /* what should stand at `at`, once it fails */
};

size_t mock_jsontext_utf8(const char *text, size_t left)
{
    unsigned char first = (unsigned char)text[0];
    size_t length = first < 0x80   ? 1
                    : first < 0xc2 ? 0
                    : first < 0xe0 ? 2
                    : first < 0xf0 ? 3
                    : first < 0xf5 ? 4
                                   : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    unsigned char second = length > 1 ? (unsigned char)text[1] : 0;
    bool overlong =
        (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    bool surrogate = first == 0xed && second >= 0xa0;
    bool above = first == 0xf4 && second >= 0x90;
    return overlong || surrogate || above ? 0 : length;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#define EACH UINT64_C(0x0101010101010101)
#define TOPS (EACH * 0x80)

/* The top bits of bytes that are 0 (and perhaps of some above such a one). */
static uint64_t zeros(uint64_t bytes)
{
    return (bytes - EACH) & ~bytes & TOPS;
}

/* Eight bytes at a time: any that is not plain has its top bit set in the
   sum, and the first such byte is found one by one. */
size_t mock_jsontext_plain(const char *text, size_t length)
{
    size_t n = 0;
    uint64_t eight;
    for (; length - n >= sizeof eight; n += sizeof eight) {
        memcpy(&eight, text + n, sizeof eight);
        uint64_t controls = (eight - EACH * 0x20) & ~eight & TOPS;
        if ((controls | (eight & TOPS) | zeros(eight ^ EACH * '"') |
             zeros(eight ^ EACH * '\\')) != 0)
            break;
    }
    while (n < length && is_plain((unsigned char)text[n]))
        n++;
    return n;
}

int64_t mock_jsontext_characters(const char *text)
{
    size_t length = strlen(text);
    int64_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

char *mock_jsontext_quote(const char *text, char *out, size_t size)
{
    size_t left = strlen(text);
    size_t used = 0;
    assert(size >= 8);
    if (left < size && mock_jsontext_plain(text, left) == left &&
        memchr(text, 0x7f, left) == NULL)
        return memcpy(out, text, left + 1);
    while (left > 0) {
        size_t n = mock_jsontext_utf8(text, left);
        bool plain = n > 0 && (unsigned char)*text >= 0x20 && *text != 0x7f;
        size_t step = n > 0 ? n : 1;
        if (used + left >= size && used + step + 4 > size) {
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        if (plain)
            memcpy(out + used, text, step);
        else
            out[used] = '?';
        used += plain ? step : 1;
        text += step;
        left -= step;
    }
    out[used] = '\0';
    return out;
}

static bool fail(struct scan *s, const char *expected)
{
    s->expected = expected;
    return false;
}

static int peek(const struct scan *s)
{
    return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != c)
        return false;
    s->at++;
    return true;
}

static void skip_blanks(struct scan *s)
{
    for (; s->at < s->length; s->at++) {
        char c = s->text[s->at];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return;
    }
}

static bool scan_hex4(struct scan *s, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(s);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return fail(s, "four hexadecimal digits after \\u");
        *out = *out * 16 + digit;
        s->at++;
    }
    return true;
}

static bool scan_escape(struct scan *s)
{
    unsigned high, low;
    int c = peek(s);
    if (c != 'u') {
        if (c <= 0 || strchr("\"\\/bfnrt", c) == NULL)
            return fail(s, "an escape: one of \" \\ / b f n r t u");
        s->at++;
        return true;
    }
    s->at++;
    if (!scan_hex4(s, &high))
        return false;
    if (high == 0)
        return fail(s, "a character other than \\u0000 before this");
    if (high >= 0xdc00 && high < 0xe000)
        return fail(s, "a first surrogate before this second one");
    if (high < 0xd800 || high >= 0xdc00)
        return true;
    if (!take(s, '\\') || !take(s, 'u'))
        return fail(s, "the second half of a surrogate pair");
    if (!scan_hex4(s, &low))
        return false;
    if (low < 0xdc00 || low >= 0xe000)
        return fail(s, "the second half of a surrogate pair before this");
    return true;
}

static bool scan_string(struct scan *s)
{
    s->at++;
    for (;;) {
        s->at += mock_jsontext_plain(s->text + s->at, s->length - s->at);
        int c = peek(s);
        if (c < 0)
            return fail(s, "the end of a string, '\"'");
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20)
            return fail(s, "control characters in strings as \\n or \\u00..");
        if (c == '\\') {
            s->at++;
            if (!scan_escape(s))
                return false;
            continue;
        }
        size_t n = mock_jsontext_utf8(s->text + s->at, s->length - s->at);
        if (n == 0)
            return fail(s, "valid UTF-8");
        s->at += n;
    }
}

static bool scan_digits(struct scan *s)
{
    size_t start = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at > start || fail(s, "a digit");
}

static bool scan_number(struct scan *s)
{
    size_t start = s->at;
    take(s, '-');
    if (!take(s, '0') && !scan_digits(s))
        return false;
    if (take(s, '.') && !scan_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '-'))
            take(s, '+');
        if (!scan_digits(s))
            return false;
    }
    if (s->at - start > NUMBER_MAX)
        return fail(s, "numbers of at most 60 characters");
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if (s->length - s->at < n || memcmp(s->text + s->at, word, n) != 0)
        return fail(s, "a value");
    s->at += n;
    return true;
}

static bool scan_value(struct scan *s);

static bool scan_key(struct scan *s)
{
    skip_blanks(s);
    if (peek(s) != '"')
        return fail(s, "a key in '\"'");
    if (!scan_string(s))
        return false;
    skip_blanks(s);
    return take(s, ':') || fail(s, "':' after a key");
}

/* An array, or an object if `close` is '}'. */
static bool scan_list(struct scan *s, char close)
{
    bool keys = close == '}';
    if (s->depth == 0)
        return fail(s, "no further level of nesting");
    s->at++;
    skip_blanks(s);
    if (take(s, close))
        return true;
    s->depth--;
    do {
        if ((keys && !scan_key(s)) || !scan_value(s))
            return false;
        skip_blanks(s);
    } while (take(s, ','));
    s->depth++;
    if (!take(s, close))
        return fail(s, keys ? "',' or '}' after a value"
                            : "',' or ']' after a value");
    return true;
}

static bool scan_value(struct scan *s)
{
    skip_blanks(s);
    switch (peek(s)) {
    case '{':
        return scan_list(s, '}');
    case '[':
        return scan_list(s, ']');
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (peek(s) == '-' || (peek(s) >= '0' && peek(s) <= '9'))
            return scan_number(s);
        return fail(s, "a value");
    }
}

static void describe(const struct scan *s, struct lim_diag *diag)
{
    int line = 1;
    int column = 1;
    char found[40] = "the end of the text";
    for (size_t i = 0; i < s->at; i++) {
        if (s->text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)s->text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    int c = peek(s);
    if (c > 0x20 && c < 0x7f)
        snprintf(found, sizeof found, "'%c'", c);
    else if (c >= 0)
        snprintf(found, sizeof found, "byte 0x%02x", (unsigned)c);
    lim_fail(diag, LIM_EPARSE, line, "column %d: expected %s, found %s", column,
             s->expected, found);
}

bool mock_jsontext_check(const char *text, size_t length, int depth,
                         struct lim_diag *diag)
{
    struct scan s = { .text = text, .length = length, .depth = depth };
    if (scan_value(&s)) {
        skip_blanks(&s);
        if (s.at == s.length)
            return true;
        fail(&s, "the end of the text");
    }
    describe(&s, diag);
    return false;
}
