#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A client that does what no client should, to a daemon at 127.0.0.1: a
 * program of its own, which shares no code with the server.
 */
struct target {
    uint16_t port;
    uint64_t random; /* the state of its draws */
    int wrong;       /* sentences about what was wrong */
};

/* Tells standard output what was wrong; printf-like. */
void hostile_wrong(struct target *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number from 0 to n - 1. */
uint64_t hostile_draw(struct target *t, uint64_t n);

/* A connection whose calls block for at most 10 s.  It ends the program when
   there is none to be had. */
int hostile_dial(const struct target *t);

/* Sends all of it; false: the other side is gone, or takes no more. */
bool hostile_put(int fd, const char *text, size_t length);
bool hostile_puts(int fd, const char *text);

/*
 * Reads one answer with a content-length, and returns its status, 0 when the
 * connection ended before it was whole.  It is wrong for its JSON not to be
 * UTF-8, since some of our words are told again.
 */
int hostile_get(struct target *t, int fd);

/* What comes until the other side closes. */
struct answers {
    int count;
    int last;   /* status, or 0 */
    bool ended; /* false: it neither closed nor reset */
};
struct answers hostile_get_all(int fd);

/* Resets the connection. */
void hostile_reset(int fd);

/* A good request on a new connection is answered with 200. */
void hostile_check(struct target *t, const char *after);

/* The attacks. */
typedef void hostile_fn(struct target *t);
hostile_fn hostile_truncations; /* hostile_wire.c */
hostile_fn hostile_framing;
hostile_fn hostile_limits;
hostile_fn hostile_bodies; /* hostile_noise.c */
hostile_fn hostile_random;
hostile_fn hostile_churn; /* hostile_crowd.c */
hostile_fn hostile_deaf;
hostile_fn hostile_slow;
hostile_fn hostile_starve;

#define HOSTILE_FIELDS                                                         \
    "Host: a\r\nAuthorization: Bearer sk-test\r\nContent-Type: "               \
    "application/json\r\n"
#define HOSTILE_POST "POST /v1/chat/completions HTTP/1.1\r\n" HOSTILE_FIELDS

#endif
