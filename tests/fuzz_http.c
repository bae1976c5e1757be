/* A stream of requests must read the same whole and byte by byte: heads and
   chunked bodies, up to the first that is wrong or not complete. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/http.h"

#define HEAD_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
    if (!ok)
        abort();
}

/* The text in memory of its own, so that a byte too far is seen. */
static char *exact(const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    check(copy != NULL);
    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

static void check_inside(const char *text, int64_t used, const char *p,
                         size_t length)
{
    check(p >= text);
    check(p + length <= text + used);
}

static void check_head(const char *text, int64_t used,
                       const struct mock_http_head *h)
{
    check_inside(text, used, h->method, h->method_length);
    if (h->path_length != 1 || *h->path != '/')
        check_inside(text, used, h->path, h->path_length);
    check(*h->path == '/' || (h->path_length == 1 && *h->path == '*'));
    if (h->query != NULL)
        check_inside(text, used, h->query, h->query_length);
    check(h->content_length >= 0);
    check(!h->chunked || h->content_length == 0);
    check(h->minor == 1 || !h->chunked);
    for (size_t i = 0; i < h->header_count; i++) {
        const struct mock_http_header *f = &h->headers[i];
        check(f->name_length > 0);
        check_inside(text, used, f->name, f->name_length);
        check_inside(text, used, f->value, f->value_length);
        check(memchr(f->value, '\r', f->value_length) == NULL);
        check(memchr(f->value, '\n', f->value_length) == NULL);
    }
    check(used >= 4);
    check(memcmp(text + used - 4, "\r\n\r\n", 4) == 0);
}

static int64_t read_head(const char *text, size_t length,
                         struct mock_http_head *whole)
{
    static struct mock_http_head part;
    int64_t used = mock_http_parse(text, length, HEAD_MAX, whole);
    check(used <= (int64_t)length);
    if (used > 0)
        check_head(text, used, whole);
    int64_t verdict = MOCK_HTTP_MORE;
    for (size_t n = 0; n <= length && verdict == MOCK_HTTP_MORE; n++) {
        char *copy = exact(text, n);
        verdict = mock_http_parse(copy, n, HEAD_MAX, &part);
        check(verdict <= 0 || verdict == (int64_t)n);
        free(copy);
    }
    check(verdict == used);
    check(used != MOCK_HTTP_BAD || part.status == whole->status);
    check(used != MOCK_HTTP_BAD ||
          (whole->status >= 400 && whole->status <= 505));
    return used;
}

static int64_t read_chunks(const char *text, size_t length)
{
    struct mock_http_chunks c, d;
    size_t n, m = 0;
    char *whole = exact(text, length), *joined = exact(text, length);
    mock_http_chunks_init(&c);
    mock_http_chunks_init(&d);
    int64_t used = mock_http_chunks_decode(&c, whole, length, &n);
    check(n <= length);
    int64_t verdict = MOCK_HTTP_MORE;
    for (size_t i = 0; i < length && verdict == MOCK_HTTP_MORE; i++) {
        size_t got;
        char byte = text[i];
        verdict = mock_http_chunks_decode(&d, &byte, 1, &got);
        check(got <= 1);
        if (got == 1)
            joined[m++] = byte;
        if (verdict > 0)
            verdict = (int64_t)i + 1;
    }
    check(verdict == used);
    check(m == n);
    check(memcmp(whole, joined, n) == 0);
    free(whole);
    free(joined);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mock_http_head head;
    const char *text = (const char *)data;
    while (size > 0) {
        int64_t used = read_head(text, size, &head);
        if (used < 0)
            break;
        text += used;
        size -= (size_t)used;
        if (head.chunked)
            used = read_chunks(text, size);
        else
            used = (uint64_t)head.content_length <= size ? head.content_length
                                                         : -1;
        if (used < 0)
            break;
        text += used;
        size -= (size_t)used;
    }
    return 0;
}
