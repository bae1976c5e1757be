#ifndef TESTS_SERVED_H
#define TESTS_SERVED_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "mockserver/server.h"

/*
 * A server behind a real socket, its loop in a thread of its own, and a
 * blocking client for the test's thread.
 *
 * Its handler knows /echo (the body back), /delay?ms (in so many ms),
 * /big?bytes (a long body), /later?ms (answered from a timer), /advance?ms
 * (moves a frozen clock on), /wire?w (spoiled so), /silence (an hour without
 * a byte), /stream?n (n pieces, one at once and then one each 20 ms), /cut?n
 * (the same, and then a cut), /wire-stream?w; others get their path.
 */
#define SERVED_START (1000 * LIM_SEC)
#define SERVED_HELD_MAX 64

struct served {
    struct mock_loop *loop;
    struct mock_server *server;
    pthread_t thread;
    int commands[2];
    uint16_t port;
    atomic_int requests, sent, gone, drained;
    atomic_int streams;              /* not freed yet */
    atomic_int waiting, half_closed; /* when last asked by `c` */
    uint32_t later;
    struct mock_exchange *held[SERVED_HELD_MAX];
    int held_count;
};

/* Small limits, long deadlines. */
struct mock_server_config served_limits(void);

void served_start(struct served *f, struct mock_server_config c);
void served_start_at(struct served *f, struct mock_server_config c,
                     double speed);

/* Stops and frees; every request must have ended once. */
void served_finish(struct served *f);

/* In the loop's thread: 'd' drains, 's' stops, 'c' copies counters. */
void served_command(struct served *f, char byte);

/* Sockets that give up after 5 s without input. */
int served_socket(void);
void served_connect(const struct served *f, int fd);
int served_dial(const struct served *f);

/* Sends everything, unless the other side is gone. */
void served_put(int fd, const char *text, size_t length);
void served_put_text(int fd, const char *text);

/* Reads to the end of the stream.  -1: reset, or nothing came for 5 s. */
ssize_t served_get_all(int fd, char *out, size_t size);

/* Reads until `end` is at the end of what came. */
bool served_get_until(int fd, char *out, size_t size, const char *end);

/* Waits up to a second for a count, and asserts it. */
void served_wait_for(const atomic_int *n, int value);

int served_count(const char *text, const char *word);
bool served_starts(const char *text, const char *with);

int64_t served_clock(void); /* CLOCK_MONOTONIC, ns */
void served_sleep_ms(long ms);

#define HOST " HTTP/1.1\r\nHost: a\r\n"

#endif
