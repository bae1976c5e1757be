#include "mockserver/http.h"

#include <stddef.h>
#include <string.h>

/* Where the parser stands.  `cut`: `end` is the limit, not the text's end. */
struct reader {
    const char *at, *end;
    bool cut;
    int cut_status;
    bool host, length, coding, close, keep;
    struct mock_http_head *head;
};

/* The classes of a byte, one bit each. */
enum { IN_TOKEN = 1, IN_TARGET = 2, IN_VALUE = 4 };

/* From 0x00 to 0xff.  Token: letters, digits and !#$%&'*+-.^_`|~; target:
   what is seen, but for #; value: all but controls, and the tab. */
static const char classes[] =
    "\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\4\7\6\5\7\7\7\7\6\6\7\7\6\7\7\6\7\7\7\7\7\7\7\7\7\7\6\6\6\6\6\6"
    "\6\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\6\6\6\7\7"
    "\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\6\7\6\7\0"
    "\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4"
    "\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4"
    "\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4"
    "\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4\4";

static bool is(char c, int class)
{
    return (classes[(unsigned char)c] & class) != 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* `word` is of small letters. */
static bool is_word(const char *text, size_t length, const char *word)
{
    size_t i = 0;
    for (; i < length && word[i] != '\0'; i++)
        if (lower(text[i]) != word[i])
            return false;
    return i == length && word[i] == '\0';
}

static int bad(struct reader *r, int status)
{
    r->head->status = status;
    return MOCK_HTTP_BAD;
}

static int at_end(struct reader *r)
{
    return r->cut ? bad(r, r->cut_status) : MOCK_HTTP_MORE;
}

static int expect(struct reader *r, const char *text)
{
    for (; *text != '\0'; text++, r->at++) {
        if (r->at == r->end)
            return at_end(r);
        if (*r->at != *text)
            return bad(r, 400);
    }
    return 0;
}

/* A run of at least one byte of a class, with `stop` right behind it. */
static int run(struct reader *r, int class, char stop, const char **start,
               size_t *length)
{
    const char *p = r->at;
    while (p < r->end && is(*p, class))
        p++;
    if (p == r->end)
        return at_end(r);
    if (p == r->at || *p != stop)
        return bad(r, 400);
    *start = r->at;
    *length = (size_t)(p - r->at);
    r->at = p + 1;
    return 0;
}

/* Decided with the digit's byte alone, so that nothing behind it counts. */
static int version(struct reader *r)
{
    int verdict = expect(r, "HTTP/");
    if (verdict != 0)
        return verdict;
    if (r->at == r->end)
        return at_end(r);
    if (!is_digit(*r->at))
        return bad(r, 400);
    if (*r->at++ != '1')
        return bad(r, 505);
    verdict = expect(r, ".");
    if (verdict != 0)
        return verdict;
    if (r->at == r->end)
        return at_end(r);
    if (!is_digit(*r->at))
        return bad(r, 400);
    if (*r->at > '1')
        return bad(r, 505);
    r->head->minor = *r->at++ - '0';
    return expect(r, "\r\n");
}

/* The length of the scheme and host of an absolute target; 0: it has none. */
static size_t authority(const char *target, size_t length)
{
    size_t start;
    if (length > 7 && is_word(target, 7, "http://"))
        start = 7;
    else if (length > 8 && is_word(target, 8, "https://"))
        start = 8;
    else
        return 0;
    size_t i = start;
    while (i < length && target[i] != '/' && target[i] != '?')
        i++;
    return i > start ? i : 0;
}

static int split_target(struct reader *r, const char *target, size_t length)
{
    struct mock_http_head *h = r->head;
    size_t skip = target[0] == '/' ? 0 : authority(target, length);
    bool star = length == 1 && target[0] == '*' && h->method_length == 7 &&
                memcmp(h->method, "OPTIONS", 7) == 0;
    if (target[0] != '/' && skip == 0 && !star)
        return bad(r, 400);
    target += skip;
    length -= skip;
    const char *mark = length > 0 ? memchr(target, '?', length) : NULL;
    h->path = target;
    h->path_length = mark != NULL ? (size_t)(mark - target) : length;
    h->query = mark != NULL ? mark + 1 : NULL;
    h->query_length = mark != NULL ? length - h->path_length - 1 : 0;
    if (h->path_length == 0) {
        h->path = "/";
        h->path_length = 1;
    }
    return 0;
}

static int request_line(struct reader *r)
{
    struct mock_http_head *h = r->head;
    const char *target;
    size_t length;
    r->cut_status = 414;
    int verdict = 0;
    if (r->at < r->end && *r->at == '\r')
        verdict = expect(r, "\r\n");
    if (verdict == 0)
        verdict = run(r, IN_TOKEN, ' ', &h->method, &h->method_length);
    if (verdict == 0)
        verdict = run(r, IN_TARGET, ' ', &target, &length);
    if (verdict == 0)
        verdict = version(r);
    if (verdict == 0)
        verdict = split_target(r, target, length);
    r->cut_status = 431;
    return verdict;
}

/* Digits alone: "5, 5", "+5" and "" can be read in several ways. */
static int content_length(struct reader *r, const struct mock_http_header *f)
{
    int64_t n = 0;
    if (r->length || f->value_length == 0)
        return bad(r, 400);
    for (size_t i = 0; i < f->value_length; i++) {
        char c = f->value[i];
        if (!is_digit(c))
            return bad(r, 400);
        n = n > (INT64_MAX - 9) / 10 ? INT64_MAX : 10 * n + (c - '0');
    }
    r->length = true;
    r->head->content_length = n;
    return 0;
}

static int transfer_encoding(struct reader *r, const struct mock_http_header *f)
{
    if (r->coding || r->head->minor == 0)
        return bad(r, 400);
    if (!is_word(f->value, f->value_length, "chunked"))
        return bad(r, 501);
    r->coding = true;
    r->head->chunked = true;
    return 0;
}

static int host(struct reader *r, const struct mock_http_header *f)
{
    if (r->host)
        return bad(r, 400);
    for (size_t i = 0; i < f->value_length; i++)
        if (!is(f->value[i], IN_TARGET) || strchr("/?@,", f->value[i]) != NULL)
            return bad(r, 400);
    r->host = true;
    return 0;
}

static int connection(struct reader *r, const struct mock_http_header *f)
{
    const char *p = f->value, *end = p + f->value_length;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *last = comma != NULL ? comma : end;
        const char *next = comma != NULL ? comma + 1 : end;
        while (p < last && is_blank(*p))
            p++;
        while (last > p && is_blank(last[-1]))
            last--;
        size_t length = (size_t)(last - p);
        r->close = r->close || is_word(p, length, "close");
        r->keep = r->keep || is_word(p, length, "keep-alive");
        p = next;
    }
    return 0;
}

static int expectation(struct reader *r, const struct mock_http_header *f)
{
    if (r->head->minor == 0)
        return 0;
    if (!is_word(f->value, f->value_length, "100-continue"))
        return bad(r, 417);
    r->head->expect_continue = true;
    return 0;
}

/* The lengths spare most headers any comparison. */
static int interpret(struct reader *r, const struct mock_http_header *f)
{
    switch (f->name_length) {
    case 4:
        if (is_word(f->name, 4, "host"))
            return host(r, f);
        break;
    case 6:
        if (is_word(f->name, 6, "expect"))
            return expectation(r, f);
        break;
    case 10:
        if (is_word(f->name, 10, "connection"))
            return connection(r, f);
        break;
    case 14:
        if (is_word(f->name, 14, "content-length"))
            return content_length(r, f);
        break;
    case 17:
        if (is_word(f->name, 17, "transfer-encoding"))
            return transfer_encoding(r, f);
        break;
    default:
        break;
    }
    return 0;
}

/* Eight bytes at a time while none of them is a control. */
static const char *skip_value(const char *p, const char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101), tops = each * 0x80;
    uint64_t eight;
    for (; end - p >= (ptrdiff_t)sizeof eight; p += sizeof eight) {
        memcpy(&eight, p, sizeof eight);
        uint64_t del = eight ^ each * 0x7f;
        uint64_t low = (eight - each * 0x20) & ~eight;
        if (((low | ((del - each) & ~del)) & tops) != 0)
            break;
    }
    while (p < end && is(*p, IN_VALUE))
        p++;
    return p;
}

static int header_line(struct reader *r)
{
    struct mock_http_head *h = r->head;
    if (h->header_count == MOCK_HTTP_HEADERS_MAX)
        return bad(r, 431);
    struct mock_http_header *f = &h->headers[h->header_count];
    int verdict = run(r, IN_TOKEN, ':', &f->name, &f->name_length);
    if (verdict != 0)
        return verdict;
    while (r->at < r->end && is_blank(*r->at))
        r->at++;
    f->value = r->at;
    r->at = skip_value(r->at, r->end);
    f->value_length = (size_t)(r->at - f->value);
    while (f->value_length > 0 && is_blank(f->value[f->value_length - 1]))
        f->value_length--;
    verdict = expect(r, "\r\n");
    if (verdict != 0)
        return verdict;
    h->header_count++;
    return interpret(r, f);
}

static int whole(struct reader *r)
{
    struct mock_http_head *h = r->head;
    if (h->minor == 1 && !r->host)
        return bad(r, 400);
    if (r->coding && r->length)
        return bad(r, 400);
    h->keep_alive = !r->close && (h->minor == 1 || r->keep);
    return 0;
}

int64_t mock_http_parse(const char *text, size_t length, size_t max,
                        struct mock_http_head *out)
{
    struct reader r = { .at = text, .head = out, .cut = length >= max };
    r.end = text + (r.cut ? max : length);
    out->header_count = 0;
    out->content_length = 0;
    out->chunked = false;
    out->expect_continue = false;
    int verdict = request_line(&r);
    while (verdict == 0 && (r.at == r.end || *r.at != '\r'))
        verdict = r.at == r.end ? at_end(&r) : header_line(&r);
    if (verdict == 0)
        verdict = expect(&r, "\r\n");
    if (verdict == 0)
        verdict = whole(&r);
    return verdict != 0 ? verdict : r.at - text;
}

const struct mock_http_header *mock_http_find(const struct mock_http_head *head,
                                              const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct mock_http_header *f = &head->headers[i];
        size_t j = 0;
        if (f->name_length != length)
            continue;
        while (j < length && lower(f->name[j]) == lower(name[j]))
            j++;
        if (j == length)
            return f;
    }
    return NULL;
}

/*
 * size -> (extension ->) size_lf -> data -> data_cr -> data_lf -> size ...
 * A size of 0 goes from size_lf to trailer instead: name -> value ->
 * value_lf -> trailer, for each line, and over end_lf to done.  FIRST is
 * SIZE before its first digit.
 */
enum {
    FIRST,
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    NAME,
    VALUE,
    VALUE_LF,
    END_LF,
    DONE,
    WRONG
};

void mock_http_chunks_init(struct mock_http_chunks *c)
{
    *c = (struct mock_http_chunks){ .state = FIRST };
}

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int chunk_size(struct mock_http_chunks *c, char byte)
{
    int digit = hex(byte);
    if (digit >= 0) {
        if (c->left > UINT64_MAX >> 5)
            return WRONG;
        c->left = c->left << 4 | (uint64_t)digit;
        return SIZE;
    }
    if (c->state == FIRST)
        return WRONG;
    if (byte == '\r')
        return SIZE_LF;
    return byte == ';' ? EXTENSION : WRONG;
}

static int trailer(char byte)
{
    if (byte == '\r')
        return END_LF;
    return is(byte, IN_TOKEN) ? NAME : WRONG;
}

/* The state after one byte that is not of a chunk's data. */
static int framing(struct mock_http_chunks *c, char byte)
{
    switch (c->state) {
    case FIRST:
    case SIZE:
        return chunk_size(c, byte);
    case EXTENSION:
        if (byte == '\r')
            return SIZE_LF;
        return is(byte, IN_VALUE) ? EXTENSION : WRONG;
    case SIZE_LF:
        c->line = 0;
        if (byte != '\n')
            return WRONG;
        return c->left > 0 ? DATA : TRAILER;
    case DATA_CR:
        return byte == '\r' ? DATA_LF : WRONG;
    case DATA_LF:
        c->line = 0;
        return byte == '\n' ? FIRST : WRONG;
    case TRAILER:
        return trailer(byte);
    case NAME:
        if (byte == ':')
            return VALUE;
        return is(byte, IN_TOKEN) ? NAME : WRONG;
    case VALUE:
        if (byte == '\r')
            return VALUE_LF;
        return is(byte, IN_VALUE) ? VALUE : WRONG;
    case VALUE_LF:
        return byte == '\n' ? TRAILER : WRONG;
    case END_LF:
        return byte == '\n' ? DONE : WRONG;
    default:
        return WRONG;
    }
}

static uint32_t line_max(const struct mock_http_chunks *c)
{
    return c->state >= TRAILER ? MOCK_HTTP_TRAILERS_MAX
                               : MOCK_HTTP_CHUNK_LINE_MAX;
}

int64_t mock_http_chunks_decode(struct mock_http_chunks *c, char *text,
                                size_t length, size_t *decoded)
{
    size_t in = 0, out = 0;
    while (in < length && c->state < DONE) {
        if (c->state == DATA) {
            size_t n = length - in < c->left ? length - in : (size_t)c->left;
            memmove(text + out, text + in, n);
            in += n;
            out += n;
            c->left -= n;
            if (c->left == 0)
                c->state = DATA_CR;
        } else {
            c->line++;
            c->state =
                c->line > line_max(c) ? WRONG : (uint8_t)framing(c, text[in++]);
        }
    }
    *decoded = out;
    if (c->state == WRONG)
        return MOCK_HTTP_BAD;
    return c->state == DONE ? (int64_t)in : MOCK_HTTP_MORE;
}
