#define _GNU_SOURCE

#include "bench/events.h"

#include <string.h>

#include "limiter/apierror.h"
#include "mockserver/jsontext.h"

#define DEPTH_MAX 64

/* Bytes of the body; `at` NULL: there are none. */
struct span {
    const char *at;
    size_t length;
};

static struct span trimmed(const char *at, size_t length)
{
    while (length > 0 && strchr(" \t\r\n", *at) != NULL && *at != '\0') {
        at++;
        length--;
    }
    while (length > 0 && at[length - 1] != '\0' &&
           strchr(" \t\r\n", at[length - 1]) != NULL)
        length--;
    return (struct span){ at, length };
}

/* What stands in a line behind the name of a field. */
static bool field(struct span line, const char *name, struct span *value)
{
    size_t n = strlen(name);
    if (line.length < n || memcmp(line.at, name, n) != 0)
        return false;
    *value = trimmed(line.at + n, line.length - n);
    return true;
}

static bool is(struct span s, const char *text)
{
    return s.length == strlen(text) && memcmp(s.at, text, s.length) == 0;
}

/*
 * The character with which a value of that key begins, '\0' if the key is not
 * there.  Within a string a quote has a backslash, so that `"key":` can only
 * be a key.
 */
static char value_of(struct span s, const char *quoted_key)
{
    size_t n = strlen(quoted_key);
    const char *end = s.at + s.length;
    const char *at = s.at;
    while ((at = memmem(at, (size_t)(end - at), quoted_key, n)) != NULL) {
        at += n;
        struct span rest = trimmed(at, (size_t)(end - at));
        if (rest.length == 0 || rest.at[0] != ':')
            continue;
        rest = trimmed(rest.at + 1, rest.length - 1);
        return rest.length > 0 ? rest.at[0] : '\0';
    }
    return '\0';
}

static enum lim_class class_of_error(struct span data)
{
    struct lim_apierror error;
    lim_apierror_read(&error, 200, data.at, data.length);
    return error.class;
}

static void read_data(struct bench_events *e, const struct bench_event *event,
                      bool *finished)
{
    const struct span data = { event->data, event->length };
    struct lim_diag why;
    if (e->class != LIM_CLASS_OK)
        return;
    if (is(data, "[DONE]")) {
        *finished = true;
        return;
    }
    if (!mock_jsontext_check(data.at, data.length, DEPTH_MAX, &why)) {
        e->class = LIM_CLASS_TRANSIENT;
        return;
    }
    char error = value_of(data, "\"error\"");
    if (event->error || (error != '\0' && error != 'n'))
        e->class = class_of_error(data);
    if (event->error && e->class == LIM_CLASS_OK)
        e->class = LIM_CLASS_TRANSIENT;
    if (event->last || value_of(data, "\"finish_reason\"") == '"')
        *finished = true;
    if (value_of(data, "\"usage\"") == '{') {
        e->usage = data.at;
        e->usage_length = data.length;
    }
}

bool bench_events_are(const char *body, size_t length)
{
    struct span s = trimmed(body, length);
    return s.length > 0 && s.at[0] != '{' && s.at[0] != '[' && s.at[0] != '<';
}

bool bench_events_next(struct bench_event *e)
{
    struct span value;
    while (e->left > 0) {
        const char *newline = memchr(e->rest, '\n', e->left);
        size_t n = newline != NULL ? (size_t)(newline - e->rest) : e->left;
        struct span line = { e->rest, n };
        size_t used = newline != NULL ? n + 1 : n;
        e->rest += used;
        e->left -= used;
        if (field(line, "event:", &value)) {
            e->error = is(value, "error");
            e->last = is(value, "response.completed") ||
                      is(value, "response.incomplete");
        } else if (field(line, "data:", &value)) {
            e->data = value.at;
            e->length = value.length;
            return true;
        } else if (trimmed(line.at, line.length).length == 0) {
            e->error = e->last = false;
        }
    }
    return false;
}

void bench_events_read(struct bench_events *e, const char *body, size_t length)
{
    struct bench_event event = { .rest = body, .left = length };
    bool finished = false;
    *e = (struct bench_events){ .class = LIM_CLASS_OK };
    while (bench_events_next(&event))
        read_data(e, &event, &finished);
    if (e->class == LIM_CLASS_OK && !finished)
        e->class = LIM_CLASS_TRANSIENT;
}
