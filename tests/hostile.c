/*
 * What hostile clients do, against a daemon that serves without limits and
 * delays:  hostile PORT ATTACK
 * It says on standard output what was wrong, and ends with 1 then.
 */

#define _GNU_SOURCE

#include "tests/hostile.h"

#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 10
#define ANSWER_MAX 262144

void hostile_wrong(struct target *t, const char *format, ...)
{
    va_list list;
    t->wrong++;
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
}

/* SplitMix64. */
uint64_t hostile_draw(struct target *t, uint64_t n)
{
    uint64_t z = t->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

int hostile_dial(const struct target *t)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    const struct sockaddr_in a = { .sin_family = AF_INET,
                                   .sin_port = htons(t->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
            return fd;
    }
    perror("hostile: no connection");
    exit(EXIT_FAILURE);
}

bool hostile_put(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

bool hostile_puts(int fd, const char *text)
{
    return hostile_put(fd, text, strlen(text));
}

void hostile_reset(int fd)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* The bytes of the character at `s`, of `left` bytes; 0: it is not UTF-8. */
static size_t utf8(const unsigned char *s, size_t left)
{
    static const uint32_t first[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = s[0] < 0x80    ? 1
               : s[0] >= 0xf5 ? 0
               : s[0] >= 0xf0 ? 4
               : s[0] >= 0xe0 ? 3
               : s[0] >= 0xc2 ? 2
                              : 0;
    uint32_t code = n > 1 ? s[0] & (0x7fu >> n) : s[0];
    if (n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    return code < first[n] || code > 0x10ffff || (code & 0xfffff800) == 0xd800
               ? 0
               : n;
}

static bool is_utf8(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t n; length > 0; s += n, length -= n) {
        n = utf8(s, length);
        if (n == 0)
            return false;
    }
    return true;
}

/* The length of an answer as its head tells it, 0 while that is not whole. */
static size_t length_of(const char *text)
{
    static const char field[] = "\r\ncontent-length: ";
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, field);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end + 4 - text);
    if (length == NULL || length > end)
        return head;
    return head + strtoul(length + strlen(field), NULL, 10);
}

static int status_of(const char *text)
{
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

int hostile_get(struct target *t, int fd)
{
    static char text[ANSWER_MAX];
    size_t length = 0, whole = 0;
    while (whole == 0 || length < whole) {
        ssize_t n = recv(fd, text + length, sizeof text - 1 - length, 0);
        if (n <= 0)
            return 0;
        length += (size_t)n;
        text[length] = '\0';
        whole = length_of(text);
    }
    if (strcasestr(text, "\r\ncontent-type: application/json") != NULL &&
        !is_utf8(text, length))
        hostile_wrong(t, "an answer is not UTF-8: %s", text);
    return status_of(text);
}

struct answers hostile_get_all(int fd)
{
    static char text[ANSWER_MAX];
    struct answers a = { 0 };
    size_t length = 0;
    ssize_t n;
    while ((n = recv(fd, text + length, sizeof text - 1 - length, 0)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    a.ended = n == 0 || errno == ECONNRESET;
    for (char *p = text; (p = strstr(p, "HTTP/1.1 ")) != NULL; p++) {
        if (status_of(p) == 0) /* words of a body */
            continue;
        a.count++;
        a.last = status_of(p);
    }
    return a;
}

void hostile_check(struct target *t, const char *after)
{
    static const char good[] =
        HOSTILE_POST "Content-Length: 64\r\n\r\n"
                     "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\","
                     "\"content\":\"Hello\"}]}";
    int fd = hostile_dial(t);
    hostile_puts(fd, good);
    int status = hostile_get(t, fd);
    if (status != 200)
        hostile_wrong(t, "after %s: a good request gets %d", after, status);
    close(fd);
}

static const struct attack {
    const char *name;
    hostile_fn *fn;
} attacks[] = {
    { "truncations", hostile_truncations },
    { "framing", hostile_framing },
    { "limits", hostile_limits },
    { "bodies", hostile_bodies },
    { "random", hostile_random },
    { "churn", hostile_churn },
    { "deaf", hostile_deaf },
    { "slow", hostile_slow },
    { "starve", hostile_starve },
};

int main(int argc, char **argv)
{
    struct target t = { .random = 1 };
    if (argc == 3)
        t.port = (uint16_t)atoi(argv[1]);
    for (size_t i = 0; argc == 3 && i < sizeof attacks / sizeof *attacks; i++) {
        if (strcmp(attacks[i].name, argv[2]) != 0)
            continue;
        attacks[i].fn(&t);
        hostile_check(&t, argv[2]);
        return t.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    fprintf(stderr, "usage: hostile PORT ATTACK\n");
    return EXIT_FAILURE;
}
