#ifndef MOCK_HTTP_H
#define MOCK_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading HTTP/1.1 requests (RFC 9112), strictly.  What two readers could
 * frame in two ways is refused: lines end in CRLF, never in LF alone; header
 * names are tokens with the colon right behind them; no folded lines; one
 * Host (at least for 1.1); one Content-Length, of digits alone, and not
 * together with Transfer-Encoding, which may only be `chunked`.  One empty
 * line before a request is skipped.
 *
 * The parser keeps nothing and allocates nothing.  What it says about a text
 * does not depend on what follows it: a head that is complete or wrong stays
 * so with every byte that comes.
 */
#define MOCK_HTTP_HEADERS_MAX 100

#define MOCK_HTTP_BAD (-1)  /* never a request, whatever follows */
#define MOCK_HTTP_MORE (-2) /* more bytes are needed to tell */

/* Not 0-terminated; blanks around the value are cut off. */
struct mock_http_header {
    const char *name, *value;
    size_t name_length, value_length;
};

/* The head of a request; pointers go into the text that was parsed. */
struct mock_http_head {
    const char *method, *path, *query; /* query: after '?', or NULL */
    size_t method_length, path_length, query_length;
    int minor; /* HTTP/1.minor: 0 or 1 */
    bool chunked;
    bool keep_alive; /* as the client wants it */
    bool expect_continue;
    int64_t content_length; /* 0 when there is no such header;
                                           INT64_MAX: that or more */
    int status;             /* after MOCK_HTTP_BAD: the answer */
    size_t header_count;
    struct mock_http_header headers[MOCK_HTTP_HEADERS_MAX];
};

/*
 * Parses the request line and headers at the start of `text`, which may be
 * at most `max` bytes long.  Returns the bytes up to and with the empty line
 * that ends them, MOCK_HTTP_MORE, or MOCK_HTTP_BAD with out->status: 400,
 * 414 or 431 (longer than `max`; 431 also for too many headers), 417 (an
 * unknown expectation), 501 (an unknown transfer coding), 505 (a version
 * other than 1.0 and 1.1).  The rest of `*out` is set only after success.
 *
 * The target may be a path or absolute (http://host/path; the host is not
 * looked at); `*` for OPTIONS alone.
 */
int64_t mock_http_parse(const char *text, size_t length, size_t max,
                        struct mock_http_head *out);

/* The first header with that name in any case, or NULL. */
const struct mock_http_header *mock_http_find(const struct mock_http_head *head,
                                              const char *name);

/*
 * A chunked body, as far as it has been decoded.  A chunk's extensions are
 * skipped, at most MOCK_HTTP_CHUNK_LINE_MAX bytes a line; so are trailer
 * lines, at most MOCK_HTTP_TRAILERS_MAX bytes of them.  Fields are private,
 * but for `left`.
 */
#define MOCK_HTTP_CHUNK_LINE_MAX 1024
#define MOCK_HTTP_TRAILERS_MAX 8192

struct mock_http_chunks {
    uint64_t left; /* bytes of the current chunk still to come */
    uint32_t line; /* bytes of the current line, or of all trailers */
    uint8_t state;
};

void mock_http_chunks_init(struct mock_http_chunks *c);

/*
 * Decodes the next `length` bytes in place: the body's bytes among them are
 * moved to the start of `text`, and their number told in `*decoded`.
 * Returns the bytes used when the body ended among them (those behind belong
 * to the next request), MOCK_HTTP_MORE (all were used), or MOCK_HTTP_BAD.
 */
int64_t mock_http_chunks_decode(struct mock_http_chunks *c, char *text,
                                size_t length, size_t *decoded);

#endif
