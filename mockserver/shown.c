#include "mockserver/shown.h"

#include <string.h>

#include "limiter/duration.h"
#include "sim/faults.h"

static void add_line(struct mock_text *out, const char *name, int64_t value)
{
    mock_text_puts(out, name);
    mock_text_int(out, value);
    mock_text_add(out, "\r\n", 2);
}

/* The three lines of a family up to the name, and the name with what
   follows, so that nothing is put together at run time. */
struct family {
    const char *limit, *remaining, *reset;
};

#define FAMILY(name)                                                           \
    {                                                                          \
        "x-ratelimit-limit-" name ": ", "x-ratelimit-remaining-" name ": ",    \
            "x-ratelimit-reset-" name ": "                                     \
    }

static const struct family requests = FAMILY("requests");
static const struct family tokens = FAMILY("tokens");
static const struct family project_tokens = FAMILY("project-tokens");

static void add_family(struct mock_text *out, const struct family *f,
                       const struct lim_shown *s)
{
    char reset[LIM_DURATION_SIZE];
    if (s->limit < 0)
        return;
    add_line(out, f->limit, s->limit);
    add_line(out, f->remaining, s->remaining);
    mock_text_puts(out, f->reset);
    mock_text_puts(out, lim_duration_format(s->reset_ns, reset));
    mock_text_add(out, "\r\n", 2);
}

static int64_t seconds_up(int64_t ns)
{
    return (ns + LIM_SEC - 1) / LIM_SEC;
}

static void add_hint(struct mock_text *out, int64_t hint_ns)
{
    add_line(out, "retry-after: ", seconds_up(hint_ns));
    add_line(out, "retry-after-ms: ", hint_ns / LIM_MSEC);
}

/* The wait rounds to what the sentence says: whole seconds. */
static void show_azure(struct mock_text *out, const struct lim_feedback *shown)
{
    bool refused = shown->hint_ns >= 0;
    if (shown->requests.limit >= 0)
        add_line(out, requests.remaining, shown->requests.remaining);
    if (shown->tokens.limit >= 0)
        add_line(out, tokens.remaining, shown->tokens.remaining);
    if (refused && shown->requests.limit >= 0)
        add_line(out, requests.reset, seconds_up(shown->requests.reset_ns));
    if (refused && shown->tokens.limit >= 0)
        add_line(out, tokens.reset, seconds_up(shown->tokens.reset_ns));
    if (refused)
        add_hint(out, shown->hint_ns);
}

void mock_shown_limits(struct mock_text *out, const struct mock_manner *m,
                       const struct lim_feedback *shown)
{
    if (m->dialect == MOCK_AZURE) {
        show_azure(out, shown);
        return;
    }
    if (m->era == MOCK_ERA_2022 || m->era == MOCK_ERA_2023_SPRING)
        return;
    add_family(out, &requests, &shown->requests);
    add_family(out, &tokens, &shown->tokens);
    if (shown->hint_ns >= 0 && m->era == MOCK_ERA_NOW)
        add_hint(out, shown->hint_ns);
}

void mock_shown_project(struct mock_text *out, const struct mock_manner *m,
                        const struct lim_shown *of_project)
{
    if (m->dialect == MOCK_OPENAI && m->era == MOCK_ERA_NOW)
        add_family(out, &project_tokens, of_project);
}

void mock_shown_edge(struct mock_text *out)
{
    mock_text_puts(out, "cache-control: private, max-age=0, no-store, no-cache,"
                        " must-revalidate, post-check=0, pre-check=0\r\n"
                        "expires: Thu, 01 Jan 1970 00:00:01 GMT\r\n"
                        "referrer-policy: same-origin\r\n"
                        "x-frame-options: SAMEORIGIN\r\n");
    add_line(out, "retry-after: ", SIM_EDGE_HINT_NS / LIM_SEC);
}

static void hex(char *to, uint64_t value)
{
    for (int i = 15; i >= 0; i--, value >>= 4)
        to[i] = "0123456789abcdef"[value & 15];
}

/* A random UUID: version 4, variant 10. */
static void shape_uuid(const char digits[32], char out[MOCK_SHOWN_ID_SIZE])
{
    static const size_t length[] = { 8, 4, 4, 4, 12 };
    char *to = out;
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        if (i > 0)
            *to++ = '-';
        memcpy(to, digits, length[i]);
        to += length[i];
        digits += length[i];
    }
    *to = '\0';
    out[14] = '4';
    out[19] = "89ab"[out[19] & 3];
}

char *mock_shown_id(const struct mock_manner *m, const uint64_t bits[2],
                    char out[MOCK_SHOWN_ID_SIZE])
{
    char digits[32];
    size_t lead = m->era == MOCK_ERA_NOW ? 4 : 0;
    hex(digits, bits[0]);
    hex(digits + 16, bits[1]);
    if (m->dialect == MOCK_AZURE) {
        shape_uuid(digits, out);
        return out;
    }
    memcpy(out, "req_", 4);
    memcpy(out + lead, digits, sizeof digits);
    out[lead + sizeof digits] = '\0';
    return out;
}

static void add_name(struct mock_text *out, const char *header,
                     const char *name)
{
    mock_text_puts(out, header);
    mock_text_puts(out, name);
    mock_text_add(out, "\r\n", 2);
}

void mock_shown_source(struct mock_text *out, const struct mock_manner *m,
                       const struct mock_shown_source *s)
{
    char id[MOCK_SHOWN_ID_SIZE];
    const uint64_t other[2] = { s->id[1], s->id[0] };
    add_name(out, "x-request-id: ", mock_shown_id(m, s->id, id));
    if (m->dialect == MOCK_AZURE) {
        add_name(out, "apim-request-id: ", mock_shown_id(m, other, id));
        return;
    }
    if (s->organisation == NULL)
        return;
    add_name(out, "openai-organization: ", s->organisation);
    if (s->project != NULL)
        add_name(out, "openai-project: ", s->project);
    add_line(out, "openai-processing-ms: ", s->processing_ns / LIM_MSEC);
    mock_text_puts(out, "openai-version: 2020-10-01\r\n");
}
