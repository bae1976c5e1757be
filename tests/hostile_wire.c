/* Requests that are cut short, framed in two ways, or too long. */

#define _GNU_SOURCE

#include "tests/hostile.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX (32u << 20) /* what the daemon takes */
#define PIECE 65536

static const char *const whole[] = {
    HOSTILE_POST "Content-Length: 64\r\n\r\n"
                 "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\","
                 "\"content\":\"Hello\"}]}",
    HOSTILE_POST "Transfer-Encoding: chunked\r\n\r\n"
                 "21;a=b\r\n{\"model\":\"gpt-4\",\"messages\":[{\"ro\r\n"
                 "21\r\nle\":\"user\",\"content\":\"Hello\"}]}  \r\n"
                 "0\r\nTrailer: a\r\n\r\n",
    "GET /v1/models HTTP/1.1\r\n" HOSTILE_FIELDS "\r\n",
};

/* Sends the first `length` bytes, behind which nothing comes: no answer. */
static void cut(struct target *t, const char *text, size_t length)
{
    int fd = hostile_dial(t);
    hostile_put(fd, text, length);
    shutdown(fd, SHUT_WR);
    struct answers a = hostile_get_all(fd);
    int wanted = text[length] == '\0';
    if (a.count != wanted || !a.ended)
        hostile_wrong(t, "%d answers to the first %zu bytes of: %s", a.count,
                      length, text);
    close(fd);
    fd = hostile_dial(t);
    hostile_put(fd, text, length);
    close(fd);
    fd = hostile_dial(t);
    hostile_put(fd, text, length);
    hostile_reset(fd);
}

void hostile_truncations(struct target *t)
{
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        for (size_t n = 0; n <= strlen(whole[i]); n++)
            cut(t, whole[i], n);
}

#define GET "GET /healthz HTTP/1.1\r\n"
#define CHUNKED HOSTILE_POST "Transfer-Encoding: chunked\r\n\r\n"

/* What can be read in two ways, and the answer; nothing behind it may be
   taken for a request. */
static const struct row {
    const char *text;
    int status;
} framing[] = {
    { HOSTILE_POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length: 3, 3\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length: +3\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length: -1\r\n\r\n", 400 },
    { HOSTILE_POST "Content-Length: 0x3\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length: 3 3\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length:\r\n\r\n", 400 },
    { HOSTILE_POST "Content-Length : 3\r\n\r\nabc", 400 },
    { HOSTILE_POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "0\r\n\r\n",
      400 },
    { HOSTILE_POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
                   "0\r\n\r\n",
      400 },
    { HOSTILE_POST "Transfer-Encoding: chunked\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400 },
    { HOSTILE_POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      501 },
    { HOSTILE_POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501 },
    { HOSTILE_POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501 },
    { HOSTILE_POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400 },
    { CHUNKED "-1\r\n\r\n", 400 },
    { CHUNKED "0x1\r\na\r\n0\r\n\r\n", 400 },
    { CHUNKED " 1\r\na\r\n0\r\n\r\n", 400 },
    { CHUNKED "1 \r\na\r\n0\r\n\r\n", 400 },
    { CHUNKED "1\na\n0\n\n", 400 },
    { CHUNKED "1\r\nab\r\n0\r\n\r\n", 400 },
    { CHUNKED "\r\n", 400 },
    { CHUNKED "0\r\nA trailer\r\n\r\n", 400 },
    { CHUNKED "10000000000000000\r\n", 400 },
    { CHUNKED "0\r\n\n", 400 },
    { GET "Host: a\nX: y\r\n\r\n", 400 },
    { "GET /healthz HTTP/1.1\nHost: a\n\n", 400 },
    { GET "Host: a\r\n folded\r\n\r\n", 400 },
    { GET "Host: a\r\nHost: b\r\n\r\n", 400 },
    { GET "\r\n", 400 },
    { GET ": a\r\nHost: a\r\n\r\n", 400 },
    { GET "Host: a\r\nX: a\rb\r\n\r\n", 400 },
    { GET "Host: a\r\nX\x01: a\r\n\r\n", 400 },
    { "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "GET /heal thz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "GET healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
    { "GET /healthz HTTP/1.10\r\nHost: a\r\n\r\n", 400 },
    { "GET /healthz http/1.1\r\nHost: a\r\n\r\n", 400 },
    { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
    { "\x16\x03\x01\x02\x01\x01", 400 }, /* TLS */
    { GET "Host: a\r\nExpect: a wonder\r\n\r\n", 417 },
};

/* Sends `text` and a good request behind it. */
static void expect_one(struct target *t, const char *text, size_t length,
                       int status)
{
    int fd = hostile_dial(t);
    hostile_put(fd, text, length);
    hostile_puts(fd, GET "Host: a\r\n\r\n");
    struct answers a = hostile_get_all(fd);
    if (a.count != 1 || a.last != status || !a.ended)
        hostile_wrong(t, "%d answers, the last %d, wanted one %d, to: %.200s",
                      a.count, a.last, status, text);
    close(fd);
}

void hostile_framing(struct target *t)
{
    static const char zero[] = GET "Host: a\r\nX: a\0b\r\n\r\n";
    for (size_t i = 0; i < sizeof framing / sizeof framing[0]; i++)
        expect_one(t, framing[i].text, strlen(framing[i].text),
                   framing[i].status);
    expect_one(t, zero, sizeof zero - 1, 400);
}

/* `start`, `n` times `part`, and `end`. */
static void expect_long(struct target *t, const char *start, const char *part,
                        size_t n, const char *end, int status)
{
    size_t length = strlen(part);
    char *text = malloc(strlen(start) + n * length + strlen(end) + 1);
    if (text == NULL)
        abort();
    char *at = stpcpy(text, start);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, part);
    at = stpcpy(at, end);
    expect_one(t, text, (size_t)(at - text), status);
    free(text);
}

static bool can_read(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 0) > 0;
}

/* Sends `length` bytes of body, in chunks or not, while there is no answer. */
static void send_body(struct target *t, size_t length, bool chunked, int status)
{
    static char piece[PIECE];
    int fd = hostile_dial(t);
    size_t sent = 0;
    memset(piece, ' ', sizeof piece);
    if (chunked) {
        hostile_puts(fd, CHUNKED);
    } else {
        char head[300];
        snprintf(head, sizeof head, HOSTILE_POST "Content-Length: %zu\r\n\r\n",
                 length);
        hostile_puts(fd, head);
    }
    while (sent < length && !can_read(fd)) {
        if ((chunked && !hostile_puts(fd, "10000\r\n")) ||
            !hostile_put(fd, piece, PIECE) ||
            (chunked && !hostile_puts(fd, "\r\n")))
            break;
        sent += PIECE;
    }
    int got = hostile_get(t, fd);
    if (got != status)
        hostile_wrong(t, "%d to a body of %zu bytes, wanted %d", got, length,
                      status);
    close(fd);
}

void hostile_limits(struct target *t)
{
    static const char end[] = "\r\nHost: a\r\n\r\n";
    expect_long(t, GET "X: ", "x", 66000, end, 431);
    expect_long(t, GET, "X: x\r\n", 101, end + 2, 431);
    expect_long(t, GET "X", "x", 66000, ": x\r\nHost: a\r\n\r\n", 431);
    expect_long(t, "GET /", "x", 66000, " HTTP/1.1\r\nHost: a\r\n\r\n", 414);
    expect_long(t, "GET /?", "x", 66000, " HTTP/1.1\r\nHost: a\r\n\r\n", 414);
    expect_long(t, "", "X", 66000, " / HTTP/1.1\r\nHost: a\r\n\r\n", 414);
    expect_long(t, HOSTILE_POST "Content-Length: ", "9", 30, "\r\n\r\n", 413);
    expect_long(t, HOSTILE_POST "Content-Length: 33554433", "", 0, "\r\n\r\n",
                413);
    expect_long(t, CHUNKED "2000001\r\n", "", 0, "", 413);
    expect_long(t, CHUNKED "0fffffffffffffff\r\n", "", 0, "", 413);
    expect_long(t, CHUNKED "ffffffffffffffff\r\n", "", 0, "", 400);
    expect_long(t, CHUNKED, "0", 2000, "\r\n", 400);
    expect_long(t, CHUNKED "1;", "x", 2000, "\r\n", 400);
    expect_long(t, CHUNKED "0\r\n", "X: x\r\n", 2000, "\r\n", 400);
    send_body(t, BODY_MAX, false, 400);
    send_body(t, BODY_MAX + PIECE, true, 413);
    send_body(t, 2 * (size_t)BODY_MAX, false, 413);
}
