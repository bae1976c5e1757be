#include "mockserver/multipart.h"

#include <string.h>

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */

/* A text that is read from its front. */
struct reader {
    const char *at, *end;
    struct lim_diag *diag;
};

static int fail(const struct reader *r, const char *why)
{
    return lim_fail(r->diag, LIM_EPARSE, 0, "%s", why);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(struct mock_slice s, const char *word)
{
    size_t length = strlen(word);
    if (s.length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (lower(s.at[i]) != word[i])
            return false;
    return true;
}

static bool is_alnum(char c)
{
    char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

/* The characters of a token (RFC 9110, 5.6.2). */
static bool is_token(char c)
{
    return c != '\0' && (is_alnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_boundary(char c)
{
    return c != '\0' && (is_alnum(c) || strchr("'()+_,-./:=? ", c) != NULL);
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static bool skip(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static struct mock_slice token(struct reader *r)
{
    struct mock_slice s = { r->at, 0 };
    while (r->at < r->end && is_token(*r->at))
        r->at++;
    s.length = (size_t)(r->at - s.at);
    return s;
}

/* What stands between quotes, its backslashes included; false: it has no
   end. */
static bool quoted(struct reader *r, struct mock_slice *out)
{
    out->at = r->at;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at == '\\')
            r->at++;
        if (r->at == r->end || is_control(*r->at))
            return false;
        r->at++;
    }
    out->length = (size_t)(r->at - out->at);
    return skip(r, '"');
}

/*
 * Reads "; name=value" behind a header's main word.  1: one is there, 0: the
 * text has ended, -1: it is neither.
 */
static int parameter(struct reader *r, struct mock_slice *name,
                     struct mock_slice *value)
{
    skip_blanks(r);
    if (r->at == r->end)
        return 0;
    if (!skip(r, ';'))
        return -1;
    skip_blanks(r);
    *name = token(r);
    if (name->length == 0 || !skip(r, '='))
        return -1;
    if (skip(r, '"'))
        return quoted(r, value) ? 1 : -1;
    *value = token(r);
    return value->length > 0 ? 1 : -1;
}

/* Keeps a parameter that may stand there once. */
static bool keep(struct mock_slice *slot, struct mock_slice value)
{
    bool first = slot->at == NULL;
    *slot = value;
    return first;
}

static int check_boundary(const struct reader *r, struct mock_slice b)
{
    if (b.at == NULL)
        return fail(r, "the content type names no boundary");
    if (b.length == 0 || b.length > BOUNDARY_MAX || b.at[b.length - 1] == ' ')
        return fail(r, "the boundary is empty, too long, or ends in a blank");
    for (size_t i = 0; i < b.length; i++)
        if (!is_boundary(b.at[i]))
            return fail(r, "the boundary has a character that none may have");
    return LIM_OK;
}

static int read_type(struct mock_slice type, struct mock_slice *boundary,
                     struct lim_diag *diag)
{
    struct reader r = { type.at, type.at, diag };
    struct mock_slice name, value, word;
    int found;
    if (type.at == NULL)
        return fail(&r, "there is no content type");
    r.end = type.at + type.length;
    word = token(&r);
    if (!same(word, "multipart") || !skip(&r, '/') ||
        (word = token(&r), !same(word, "form-data")))
        return fail(&r, "the content type is not multipart/form-data");
    while ((found = parameter(&r, &name, &value)) > 0)
        if (same(name, "boundary") && !keep(boundary, value))
            return fail(&r, "the content type names two boundaries");
    if (found < 0)
        return fail(&r, "the content type is broken");
    return check_boundary(&r, *boundary);
}

/* Reads up to a CRLF and over it.  False: there is none, or a CR or LF
   stands alone. */
static bool line(struct reader *r, struct mock_slice *out)
{
    const char *cr = memchr(r->at, '\r', (size_t)(r->end - r->at));
    out->at = r->at;
    if (cr == NULL || r->end - cr < 2 || cr[1] != '\n')
        return false;
    out->length = (size_t)(cr - r->at);
    r->at = cr + 2;
    return memchr(out->at, '\n', out->length) == NULL;
}

static int read_disposition(struct mock_slice value, struct mock_part *part,
                            struct lim_diag *diag)
{
    struct reader r = { value.at, value.at + value.length, diag };
    struct mock_slice name, text, word = token(&r);
    bool once = true;
    int found;
    if (!same(word, "form-data"))
        return fail(&r, "a part's disposition is not form-data");
    while ((found = parameter(&r, &name, &text)) > 0) {
        if (same(name, "name"))
            once = once && keep(&part->name, text);
        if (same(name, "filename"))
            once = once && keep(&part->filename, text);
    }
    if (found < 0 || !once)
        return fail(&r, "a part's disposition is broken");
    return LIM_OK;
}

static bool is_plain_encoding(struct mock_slice s)
{
    return same(s, "binary") || same(s, "8bit") || same(s, "7bit");
}

static int read_header(const struct reader *r, struct mock_slice text,
                       struct mock_part *part, bool *disposed)
{
    struct reader h = { text.at, text.at + text.length, r->diag };
    struct mock_slice name = token(&h);
    if (name.length == 0 || !skip(&h, ':'))
        return fail(r, "a part's header has no name");
    skip_blanks(&h);
    while (h.end > h.at && (h.end[-1] == ' ' || h.end[-1] == '\t'))
        h.end--;
    for (const char *c = h.at; c < h.end; c++)
        if (is_control(*c))
            return fail(r, "a part's header has a control character");
    struct mock_slice value = { h.at, (size_t)(h.end - h.at) };
    if (same(name, "content-disposition")) {
        if (*disposed)
            return fail(r, "a part has two dispositions");
        *disposed = true;
        return read_disposition(value, part, r->diag);
    }
    if (same(name, "content-type") && !keep(&part->type, value))
        return fail(r, "a part has two content types");
    if (same(name, "content-transfer-encoding") && !is_plain_encoding(value))
        return fail(r, "a part is encoded for transfer");
    return LIM_OK;
}

/* The headers of a part, and the empty line behind them. */
static int read_head(struct reader *r, struct mock_part *part)
{
    const char *start = r->at;
    struct reader head = *r;
    struct mock_slice text;
    bool disposed = false;
    if (r->end - start > MOCK_MULTIPART_HEAD_MAX)
        head.end = start + MOCK_MULTIPART_HEAD_MAX;
    for (;;) {
        if (!line(&head, &text))
            return fail(r, "a part's headers are broken, or too long");
        if (text.length == 0)
            break;
        int rc = read_header(r, text, part, &disposed);
        if (rc != LIM_OK)
            return rc;
    }
    r->at = head.at;
    if (part->name.at == NULL)
        return fail(r, "a part has no name");
    return LIM_OK;
}

/* Goes over the text, if it stands there. */
static bool skip_text(struct reader *r, const char *text, size_t length)
{
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, text, length) != 0)
        return false;
    r->at += length;
    return true;
}

/*
 * Reads a part's bytes up to the next delimiter, and over its boundary.  A
 * boundary right behind the headers ends a part for some readers, and begins
 * its bytes for others.
 */
static int read_data(struct reader *r, struct mock_slice boundary,
                     struct mock_slice *data)
{
    struct reader empty = *r;
    data->at = r->at;
    if (skip_text(&empty, "--", 2) &&
        skip_text(&empty, boundary.at, boundary.length))
        return fail(r, "a part has no line for its bytes");
    for (;;) {
        const char *cr = memchr(r->at, '\r', (size_t)(r->end - r->at));
        if (cr == NULL)
            return fail(r, "the last part does not end");
        r->at = cr;
        if (skip_text(r, "\r\n--", 4) &&
            skip_text(r, boundary.at, boundary.length)) {
            data->length = (size_t)(cr - data->at);
            return LIM_OK;
        }
        r->at = cr + 1;
    }
}

static int read_parts(struct reader *r, struct mock_slice boundary,
                      struct mock_multipart *out)
{
    if (!skip_text(r, "--", 2) || !skip_text(r, boundary.at, boundary.length))
        return fail(r, "the body does not begin with its boundary");
    while (skip_text(r, "\r\n", 2)) {
        if (out->count == MOCK_MULTIPART_PARTS_MAX)
            return lim_fail(r->diag, LIM_EFULL, 0, "there are too many parts");
        struct mock_part *part = &out->parts[out->count];
        *part = (struct mock_part){ 0 };
        int rc = read_head(r, part);
        if (rc == LIM_OK)
            rc = read_data(r, boundary, &part->data);
        if (rc != LIM_OK)
            return rc;
        out->count++;
    }
    if (!skip_text(r, "--", 2))
        return fail(r, "something stands behind a boundary");
    (void)skip_text(r, "\r\n", 2);
    return r->at == r->end ? LIM_OK
                           : fail(r, "something follows the last part");
}

int mock_multipart_parse(struct mock_slice content_type, struct mock_slice body,
                         struct mock_multipart *out, struct lim_diag *diag)
{
    struct mock_slice boundary = { 0 };
    struct reader r = { body.at, body.at + body.length, diag };
    out->count = 0;
    int rc = read_type(content_type, &boundary, diag);
    return rc == LIM_OK ? read_parts(&r, boundary, out) : rc;
}

const struct mock_part *mock_multipart_find(const struct mock_multipart *m,
                                            const char *name)
{
    for (size_t i = 0; i < m->count; i++) {
        struct mock_slice s = m->parts[i].name;
        if (s.length == strlen(name) && memcmp(s.at, name, s.length) == 0)
            return &m->parts[i];
    }
    return NULL;
}
