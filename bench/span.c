#include "bench/span.h"

#include <string.h>

/* The text that is left. */
struct scan {
    const char *at, *end;
};

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' ||
                              *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

/* Behind the closing quote of the string that begins here. */
static void skip_string(struct scan *s)
{
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
        if (*s->at == '\\' && s->at + 1 < s->end)
            s->at++;
    if (s->at < s->end)
        s->at++;
}

static void skip_value(struct scan *s)
{
    size_t depth = 0;
    do {
        char c = *s->at;
        if (c == '"') {
            skip_string(s);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        else if (depth == 0 && strchr(",}] \t\r\n", c) != NULL)
            return;
        s->at++;
        if (depth == 0 && (c == '}' || c == ']'))
            return;
    } while (s->at < s->end &&
             (depth > 0 || strchr(",}] \t\r\n", *s->at) == NULL));
}

bool bench_span_find(const char *json, size_t length, const char *key,
                     struct bench_span *value)
{
    struct scan s = { json, json + length };
    size_t n = strlen(key);
    skip_blanks(&s);
    if (s.at == s.end || *s.at != '{')
        return false;
    for (;;) {
        s.at++; /* '{' or ',' */
        skip_blanks(&s);
        if (s.at >= s.end || *s.at != '"')
            return false;
        const char *name = s.at + 1;
        skip_string(&s);
        bool found =
            (size_t)(s.at - name) == n + 1 && memcmp(name, key, n) == 0;
        skip_blanks(&s);
        s.at++; /* ':' */
        skip_blanks(&s);
        if (s.at >= s.end)
            return false;
        const char *begin = s.at;
        skip_value(&s);
        *value = (struct bench_span){ begin, (size_t)(s.at - begin) };
        if (found)
            return true;
        skip_blanks(&s);
        if (s.at >= s.end || *s.at != ',')
            return false;
    }
}

bool bench_span_replace(struct bench_buffer *b, struct bench_span part,
                        const char *text, size_t length)
{
    size_t at = (size_t)(part.at - b->data);
    size_t rest = b->length - at - part.length;
    if (!bench_buffer_reserve(b, length))
        return false;
    memmove(b->data + at + length, b->data + at + part.length, rest + 1);
    memcpy(b->data + at, text, length);
    b->length += length - part.length;
    return true;
}
