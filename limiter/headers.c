#include "limiter/headers.h"

#include <string.h>

#include "limiter/duration.h"
#include "limiter/httpdate.h"

struct slice {
    const char *text;
    size_t length;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equals(struct slice s, const char *word)
{
    size_t i = 0;
    for (; i < s.length && word[i] != '\0'; i++)
        if (lower(s.text[i]) != word[i])
            return false;
    return i == s.length && word[i] == '\0';
}

/* Cuts a lower-case prefix off; false: there is none such. */
static bool skip(struct slice *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->length < n || !equals((struct slice){ s->text, n }, prefix))
        return false;
    s->text += n;
    s->length -= n;
    return true;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trim(struct slice s)
{
    while (s.length > 0 && blank(s.text[0])) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && blank(s.text[s.length - 1]))
        s.length--;
    return s;
}

/* Digits alone, 0 to LIM_LIMIT_MAX. */
static bool parse_count(struct slice s, int64_t *out)
{
    int64_t value = 0;
    if (s.length == 0)
        return false;
    for (size_t i = 0; i < s.length; i++) {
        if (s.text[i] < '0' || s.text[i] > '9')
            return false;
        value = value * 10 + (s.text[i] - '0');
        if (value > LIM_LIMIT_MAX)
            return false;
    }
    *out = value;
    return true;
}

/* A plain number of `unit`s, whole or with a fraction: "33", "51.84". */
static bool parse_plain(struct slice s, const char *unit, int64_t *ns)
{
    char text[48];
    if (s.length == 0 || s.length + strlen(unit) > sizeof text)
        return false;
    for (size_t i = 0; i < s.length; i++)
        if ((s.text[i] < '0' || s.text[i] > '9') && s.text[i] != '.')
            return false;
    memcpy(text, s.text, s.length);
    memcpy(text + s.length, unit, strlen(unit));
    return lim_duration_parse(text, s.length + strlen(unit), ns) &&
           *ns <= LIM_HINT_MAX;
}

static void read_reset(struct lim_shown *shown, struct slice value)
{
    int64_t ns;
    if (parse_plain(value, "s", &ns) ||
        (lim_duration_parse(value.text, value.length, &ns) &&
         ns <= LIM_HINT_MAX))
        shown->reset_ns = ns;
}

/* `name` is what stands after "x-ratelimit-". */
static void read_family(struct lim_headers *h, struct slice name,
                        struct slice value)
{
    bool limit = skip(&name, "limit-");
    bool remaining = !limit && skip(&name, "remaining-");
    if (!limit && !remaining && !skip(&name, "reset-"))
        return;
    bool requests = equals(name, "requests");
    if (!requests && !equals(name, "tokens"))
        return;
    struct lim_shown *shown =
        requests ? &h->feedback.requests : &h->feedback.tokens;
    bool *is_void = requests ? &h->requests_void : &h->tokens_void;
    if ((limit || remaining) && value.length > 0 && value.text[0] == '-') {
        *is_void = true;
        *shown = (struct lim_shown){ -1, -1, -1 };
    }
    if (*is_void)
        return;
    if (limit)
        parse_count(value, &shown->limit);
    else if (remaining)
        parse_count(value, &shown->remaining);
    else
        read_reset(shown, value);
}

static int64_t whole_ms_up(int64_t ns)
{
    return (ns + LIM_MSEC - 1) / LIM_MSEC * LIM_MSEC;
}

static void read_retry_after(struct lim_headers *h, struct slice value,
                             lim_time now)
{
    int64_t ns;
    lim_time date;
    if (h->hint_in_ms)
        return;
    if (parse_plain(value, "s", &ns))
        h->feedback.hint_ns = whole_ms_up(ns);
    else if (lim_httpdate_parse(value.text, value.length, &date) &&
             date >= now && now >= date - LIM_HINT_MAX)
        h->feedback.hint_ns = whole_ms_up(date - now);
}

void lim_headers_init(struct lim_headers *h)
{
    *h = (struct lim_headers){ .feedback = lim_feedback_none() };
}

void lim_headers_read(struct lim_headers *h, const char *name,
                      size_t name_length, const char *value,
                      size_t value_length, lim_time now)
{
    struct slice n = { name, name_length };
    struct slice v = trim((struct slice){ value, value_length });
    int64_t ns;
    if (skip(&n, "x-ratelimit-")) {
        read_family(h, n, v);
    } else if (equals(n, "retry-after")) {
        read_retry_after(h, v, now);
    } else if (equals(n, "retry-after-ms")) {
        if (parse_plain(v, "ms", &ns)) {
            h->feedback.hint_ns = whole_ms_up(ns);
            h->hint_in_ms = true;
        }
    } else if (equals(n, "x-should-retry")) {
        if (equals(v, "true"))
            h->feedback.should_retry = 1;
        else if (equals(v, "false"))
            h->feedback.should_retry = 0;
    }
}

void lim_headers_read_line(struct lim_headers *h, const char *line,
                           size_t length, lim_time now)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return;
    size_t name = (size_t)(colon - line);
    lim_headers_read(h, line, name, colon + 1, length - name - 1, now);
}
