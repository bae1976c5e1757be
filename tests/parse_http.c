/* Says what the parser of requests makes of texts from standard input, each
   behind its length in four bytes, the highest first.  A line a text: each
   whole request in it, then why the reading ended. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "mockserver/http.h"

#define HEAD_MAX 16384
#define TEXT_MAX 65536
#define BODY_MAX 33554432 /* what is longer is refused, as by the server */

/* The body's bytes and, in `*body`, what they carry; or a verdict. */
static int64_t read_body(const struct mock_http_head *head, char *text,
                         size_t length, int64_t *body)
{
    struct mock_http_chunks chunks;
    size_t decoded;
    *body = head->content_length;
    if (*body > BODY_MAX)
        return MOCK_HTTP_BAD;
    if (!head->chunked)
        return *body <= (int64_t)length ? *body : MOCK_HTTP_MORE;
    mock_http_chunks_init(&chunks);
    int64_t used = mock_http_chunks_decode(&chunks, text, length, &decoded);
    *body = (int64_t)decoded;
    return used;
}

static void print_request(const struct mock_http_head *head, int64_t body)
{
    printf("%.*s %.*s%s%.*s %lld %s\t", (int)head->method_length, head->method,
           (int)head->path_length, head->path, head->query != NULL ? "?" : "",
           head->query != NULL ? (int)head->query_length : 0,
           head->query != NULL ? head->query : "", (long long)body,
           head->keep_alive ? "keep" : "close");
}

static const char *read_requests(char *text, size_t length)
{
    static struct mock_http_head head;
    for (;;) {
        int64_t body;
        int64_t used = mock_http_parse(text, length, HEAD_MAX, &head);
        if (used < 0)
            return used == MOCK_HTTP_BAD ? "bad" : "more";
        text += used;
        length -= (size_t)used;
        used = read_body(&head, text, length, &body);
        if (used < 0)
            return used == MOCK_HTTP_BAD ? "bad" : "more";
        print_request(&head, body);
        if (!head.keep_alive)
            return "close";
        text += used;
        length -= (size_t)used;
    }
}

int main(void)
{
    static char text[TEXT_MAX];
    unsigned char n[4];
    while (fread(n, 1, sizeof n, stdin) == sizeof n) {
        size_t length = (size_t)n[0] << 24 | (size_t)n[1] << 16 |
                        (size_t)n[2] << 8 | (size_t)n[3];
        if (length > sizeof text || fread(text, 1, length, stdin) != length) {
            fprintf(stderr, "parse_http: a text is too long or cut\n");
            return EXIT_FAILURE;
        }
        puts(read_requests(text, length));
    }
    return EXIT_SUCCESS;
}
