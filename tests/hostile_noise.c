/* Bodies that are no JSON, or hard to read, and plain noise. */

#define _GNU_SOURCE

#include "tests/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOISE_BYTES 1000000
#define NOISE_MAX 4096 /* bytes a connection */
#define MUTATIONS 20000

static const char *const paths[] = {
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/images/generations",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/moderations",
    "/mock/orgs",
    "/mock/faults",
    "/mock/next",
    "/mock/clock",
};
#define PATHS (sizeof paths / sizeof paths[0])

#define CHAT(content)                                                          \
    "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\","                   \
    "\"content\":\"" content "\"}]}"

static const char *const bodies[] = {
    "",
    " ",
    "null",
    "0",
    "\"\"",
    "[]",
    "{}",
    "{",
    "{\"model\"",
    "{\"model\":\"gpt-4\",}",
    "{\"model\":\"gpt-4\"}}",
    "{\"model\":\"gpt-4\"} {}",
    "\xef\xbb\xbf{}",                          /* byte order mark */
    "{\"model\":\"\xff\xfe\",\"input\":\"\"}", /* never UTF-8 */
    "{\"model\":\"\xc3\",\"input\":\"\"}",     /* cut */
    "{\"model\":\"\xc0\xaf\"}",                /* too long */
    "{\"model\":\"\xed\xa0\x80\"}",            /* a surrogate */
    "{\"model\":\"\xf4\x90\x80\x80\"}",        /* beyond the last */
    "{\"\xff\":1}",
    "{\"model\":\"\\ud800\"}",
    "{\"model\":\"\\udc00\\ud800\"}",
    "{\"model\":\"\\u0000\"}",
    "{\"model\":\"a\\u000ab\\u001f\"}",
    "{\"model\":\"\\uzzzz\"}",
    "{\"model\":\"gpt-4\\\"}",
    "{\"model\":\"\x01\x1f\"}",
    "{\"model\":1e999,\"max_tokens\":-1e999}",
    "{\"model\":\"gpt-4\",\"max_tokens\":99999999999999999999999,"
    "\"n\":1e308,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
    "{\"model\":\"gpt-4\",\"max_tokens\":0.5,\"n\":-1,\"messages\":[]}",
    "{\"model\":\"gpt-4\",\"model\":\"gpt-4\",\"messages\":[{},{}]}",
    "{\"model\":\"gpt-4\",\"messages\":[null,1,\"a\",[],{\"role\":{}}]}",
    "{\"model\":{},\"messages\":{},\"input\":{},\"prompt\":{}}",
    CHAT("\xff"),
    CHAT("\xf0\x9f\x98"),
    CHAT("\xe2\x80\xa8 \\u2028 \\ud83d\\ude00"),
    CHAT("\\ud83d"),
};

/* An answer is wanted, and none that blames the server. */
static void expect_answer(struct target *t, int fd, const char *path,
                          const char *body, size_t length)
{
    char head[400];
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\n" HOSTILE_FIELDS
             "Content-Length: %zu\r\n\r\n",
             path, length);
    hostile_puts(fd, head);
    hostile_put(fd, body, length);
    int status = hostile_get(t, fd);
    if (status < 200 || status >= 500)
        hostile_wrong(t, "%d from %s to: %.200s", status, path, body);
}

/* `n` times `open`, and as often `close`. */
static char *nested(const char *open, const char *close, size_t n)
{
    char *text = malloc(n * (strlen(open) + strlen(close)) + 1);
    if (text == NULL)
        abort();
    char *at = text;
    *at = '\0';
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, open);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, close);
    return text;
}

static void expect_nested(struct target *t, int fd, const char *path)
{
    static const struct {
        const char *open, *close;
        size_t n;
    } rows[] = {
        { "[", "]", 900 },           { "[", "]", 100000 },
        { "[", "", 1000000 },        { "{\"a\":", "}", 100000 },
        { "[{\"a\":", "}]", 50000 }, { "[0],", "", 100000 },
        { "\"", "", 100001 },        { "\\", "", 100000 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = nested(rows[i].open, rows[i].close, rows[i].n);
        expect_answer(t, fd, path, text, strlen(text));
        free(text);
    }
}

/* A good outside around what is long or deep. */
static void expect_within(struct target *t, int fd)
{
    static const char *const fields[][2] = {
        { "{\"model\":\"gpt-4\",\"messages\":[", "]}" },
        { "{\"model\":\"gpt-4\",\"tools\":", ",\"messages\":[]}" },
        { "{\"model\":\"", "\"}" },
        { "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":"
          "\"",
          "\"}]}" },
    };
    static const struct {
        const char *open, *close;
        size_t n;
    } inner[] = {
        { "[", "]", 500 },
        { "{\"role\":\"user\",\"content\":\"a\"},", "", 20000 },
        { "a", "", 1000000 },
        { "\xff", "", 10000 },
        { "\\ud83d\\ude00", "", 10000 },
    };
    char *text = malloc(2 << 20);
    if (text == NULL)
        abort();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        for (size_t k = 0; k < sizeof inner / sizeof inner[0]; k++) {
            char *part = nested(inner[k].open, inner[k].close, inner[k].n);
            stpcpy(stpcpy(stpcpy(text, fields[i][0]), part), fields[i][1]);
            expect_answer(t, fd, paths[0], text, strlen(text));
            free(part);
        }
    free(text);
}

/* All on one connection a path: none of them may end it. */
void hostile_bodies(struct target *t)
{
    for (size_t i = 0; i < PATHS; i++) {
        int fd = hostile_dial(t);
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++)
            expect_answer(t, fd, paths[i], bodies[k], strlen(bodies[k]));
        expect_answer(t, fd, paths[i], "{\"a\0b\":0}\0", 11);
        expect_nested(t, fd, paths[i]);
        close(fd);
    }
    int fd = hostile_dial(t);
    expect_within(t, fd);
    close(fd);
}

static void fill(struct target *t, char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = (char)hostile_draw(t, 256);
}

/* What comes back does not matter, as long as the connection ends. */
static void say(struct target *t, const char *text, size_t length)
{
    int fd = hostile_dial(t);
    hostile_put(fd, text, length);
    shutdown(fd, SHUT_WR);
    struct answers a = hostile_get_all(fd);
    if (!a.ended || a.last == 500 || a.last == 503)
        hostile_wrong(t, "%d, and %s, to noise", a.last,
                      a.ended ? "an end" : "no end");
    close(fd);
}

static void say_as_body(struct target *t, const char *text, size_t length)
{
    int fd = hostile_dial(t);
    expect_answer(t, fd, paths[hostile_draw(t, PATHS)], text, length);
    close(fd);
}

/* A good request, a few of whose bytes are others. */
static void say_mutated(struct target *t)
{
    static const char good[] =
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: a\r\n"
        "Authorization: Bearer sk-test\r\nContent-Type: multipart/form-data; "
        "boundary=b\r\nContent-Length: 148\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
        "whisper-1\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; "
        "filename=\"a.mp3\"\r\n\r\naudio\r\n--b--\r\n" HOSTILE_POST
        "Content-Length: 64\r\n\r\n" CHAT("Hello");
    char text[sizeof good];
    memcpy(text, good, sizeof good);
    for (uint64_t n = 1 + hostile_draw(t, 4); n > 0; n--)
        text[hostile_draw(t, sizeof good - 1)] = (char)hostile_draw(t, 256);
    say(t, text, sizeof good - 1);
}

void hostile_random(struct target *t)
{
    char noise[NOISE_MAX];
    for (size_t sent = 0, n; sent < NOISE_BYTES; sent += n) {
        n = 1 + (size_t)hostile_draw(t, NOISE_MAX);
        fill(t, noise, n);
        say(t, noise, n);
        say_as_body(t, noise, n);
    }
    for (int i = 0; i < MUTATIONS; i++)
        say_mutated(t);
}
