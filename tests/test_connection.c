/* Clients that are slow, leave, or come in too great a number. */

#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockserver/server.h"
#include "tests/served.h"

static void slow_senders_are_cut_off(void)
{
    struct served f;
    struct mock_server_config c = served_limits();
    char got[1024];
    c.head_ns = c.body_ns = 100 * LIM_MSEC;
    c.idle_ns = 200 * LIM_MSEC;
    served_start(&f, c);
    int head = served_dial(&f), body = served_dial(&f), idle = served_dial(&f);
    served_put_text(body, "POST /a" HOST "Content-Length: 100\r\n\r\n");
    int64_t begun = served_clock();
    for (int i = 0; i < 8; i++) { /* crumbs must not extend it */
        served_put_text(head, i == 0 ? "GET / HTTP/1.1\r\n" : "a: b\r\n");
        served_put_text(body, "x");
        served_sleep_ms(10);
    }
    CU_ASSERT(served_get_all(head, got, sizeof got) > 0);
    CU_ASSERT(served_starts(got, "HTTP/1.1 408 Request Timeout\r\n"));
    CU_ASSERT(served_get_all(body, got, sizeof got) > 0);
    CU_ASSERT(served_starts(got, "HTTP/1.1 408 Request Timeout\r\n"));
    int64_t passed = served_clock() - begun;
    CU_ASSERT(passed >= 95 * LIM_MSEC);
    CU_ASSERT(passed < 1000 * LIM_MSEC);
    CU_ASSERT_EQUAL(served_get_all(idle, got, sizeof got), 0);
    CU_ASSERT(served_clock() - begun >= 195 * LIM_MSEC);
    CU_ASSERT_EQUAL(f.requests, 0);
    close(head);
    close(body);
    close(idle);
    served_finish(&f);
}

static void a_wait_is_no_idleness(void)
{
    struct served f;
    struct mock_server_config c = served_limits();
    char got[512];
    c.idle_ns = c.head_ns = c.body_ns = c.write_ns = 20 * LIM_MSEC;
    served_start(&f, c);
    int fd = served_dial(&f);
    served_put_text(fd, "GET /delay?200" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "late"));
    CU_ASSERT_EQUAL(served_get_all(fd, got, sizeof got), 0);
    close(fd);
    served_finish(&f);
}

static void reset(int fd)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void a_reset_ends_the_wait_at_once(void)
{
    struct served f;
    served_start(&f, served_limits());
    int planned = served_dial(&f), open = served_dial(&f),
        piped = served_dial(&f);
    served_put_text(planned, "GET /delay?60000" HOST "\r\n");
    served_put_text(open, "GET /delay?60000" HOST "\r\n");
    served_put_text(piped, "GET /delay?60000" HOST "\r\n");
    served_wait_for(&f.requests, 3);
    served_put_text(piped, "GET /a" HOST "\r\n");
    shutdown(piped, SHUT_WR);
    served_sleep_ms(20);
    CU_ASSERT_EQUAL(f.gone, 0);
    served_command(&f, 'c');
    CU_ASSERT_EQUAL(f.waiting, 3);
    CU_ASSERT_EQUAL(f.half_closed, 1);
    reset(planned);
    served_wait_for(&f.gone, 1);
    reset(open);
    served_wait_for(&f.gone, 2);
    reset(piped);
    served_wait_for(&f.gone, 3);
    served_command(&f, 'c');
    CU_ASSERT_EQUAL(f.waiting, 0);
    CU_ASSERT_EQUAL(f.half_closed, 0);
    served_finish(&f);
}

/* Of an answer without a byte: the client goes, or the server does. */
static void nobody_waits_for_silence(void)
{
    struct served f;
    char got[64];
    served_start_at(&f, served_limits(), 0);
    int gone = served_dial(&f), deaf = served_dial(&f), stays = served_dial(&f);
    served_put_text(gone, "GET /silence" HOST "\r\n");
    served_put_text(deaf, "GET /silence" HOST "\r\n");
    served_put_text(stays, "GET /silence" HOST "\r\n");
    served_wait_for(&f.requests, 3);
    close(gone);
    served_wait_for(&f.gone, 1);
    shutdown(deaf, SHUT_WR);
    served_wait_for(&f.gone, 2);
    CU_ASSERT_EQUAL(served_get_all(deaf, got, sizeof got), 0);
    served_command(&f, 'd');
    served_wait_for(&f.gone, 3);
    served_wait_for(&f.drained, 1);
    CU_ASSERT_EQUAL(served_get_all(stays, got, sizeof got), 0);
    close(deaf);
    close(stays);
    served_finish(&f);
}

static void waiting_clients_cost_no_cpu(void)
{
    struct served f;
    struct rusage before, after;
    served_start(&f, served_limits());
    int half = served_dial(&f), piped = served_dial(&f);
    served_put_text(half, "GET /delay?300" HOST "\r\n");
    shutdown(half, SHUT_WR);
    served_put_text(piped, "GET /delay?300" HOST "\r\n");
    served_wait_for(&f.requests, 2);
    served_put_text(piped, "GET /a" HOST "\r\n");
    served_sleep_ms(20);
    getrusage(RUSAGE_SELF, &before);
    served_sleep_ms(150);
    getrusage(RUSAGE_SELF, &after);
    int64_t used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec +
                    after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
                       1000000 +
                   after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                   after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    CU_ASSERT(used < 30000);
    served_wait_for(&f.sent, 3);
    close(half);
    close(piped);
    served_finish(&f);
}

/* The client writes on and on; without a lingering close the reset would
   destroy the answer before it was read. */
static void a_refusal_reaches_a_client_that_still_sends(void)
{
    struct served f;
    static char junk[3000000];
    char got[1024];
    memset(junk, 'j', sizeof junk);
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "POST /a" HOST "Content-Length: 3000000\r\n\r\n");
    served_put(fd, junk, sizeof junk);
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(served_starts(got, "HTTP/1.1 413 Content Too Large\r\n"));
    close(fd);
    fd = served_dial(&f);
    served_put_text(fd, "GET / HTTP/1.1\r\nA: ");
    served_put(fd, junk, 10000);
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(served_starts(got, "HTTP/1.1 431 "));
    close(fd);
    fd = served_dial(&f);
    served_put(fd, junk, 10000);
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT(served_starts(got, "HTTP/1.1 414 "));
    close(fd);
    served_finish(&f);
}

static void a_drain_answers_what_is_in_progress(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int idle = served_dial(&f), used = served_dial(&f),
        waiting = served_dial(&f);
    int reading = served_dial(&f);
    served_put_text(used, "GET /a" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(used, got, sizeof got, "/a"));
    served_put_text(waiting, "GET /delay?100" HOST "\r\nGET /b" HOST "\r\n");
    served_put_text(reading, "POST /echo" HOST "Content-Length: 5\r\n\r\nhel");
    served_wait_for(&f.requests, 2);
    served_sleep_ms(20);
    served_command(&f, 'd');
    served_command(&f, 'd');
    CU_ASSERT_EQUAL(served_get_all(idle, got, sizeof got), 0);
    CU_ASSERT_EQUAL(served_get_all(used, got, sizeof got), 0);
    CU_ASSERT_EQUAL(f.drained, 0);
    served_put_text(reading, "lo");
    CU_ASSERT(served_get_all(reading, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nconnection: close\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "hello"));
    CU_ASSERT(served_get_all(waiting, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nconnection: close\r\n"));
    CU_ASSERT_EQUAL(served_count(got, "HTTP/1.1 "), 1);
    close(waiting);
    served_wait_for(&f.drained, 1);
    int late = served_socket();
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(f.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CU_ASSERT_EQUAL(connect(late, (struct sockaddr *)&a, sizeof a), -1);
    close(late);
    close(idle);
    close(used);
    close(reading);
    served_finish(&f);
}

static void beyond_the_most_connections_clients_wait(void)
{
    struct served f;
    struct mock_server_config c = served_limits();
    char got[512];
    c.connections_max = 2;
    served_start(&f, c);
    int a = served_dial(&f), b = served_dial(&f), third = served_dial(&f);
    served_put_text(third, "GET /a" HOST "Connection: close\r\n\r\n");
    served_sleep_ms(30);
    CU_ASSERT_EQUAL(f.requests, 0);
    close(a);
    CU_ASSERT(served_get_all(third, got, sizeof got) > 0);
    CU_ASSERT_EQUAL(f.requests, 1);
    close(b);
    close(third);
    served_finish(&f);
}

/* Without a free descriptor nothing can be accepted: no spinning, and later
   everyone is served. */
static void a_lack_of_descriptors_is_survived(void)
{
    enum { CLIENTS = 5 };
    struct served f;
    struct rlimit before, few;
    struct rusage used;
    char got[512];
    int fds[CLIENTS];
    served_start(&f, served_limits());
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = served_socket();
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)fds[CLIENTS - 1] + 1;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < CLIENTS; i++) {
        served_connect(&f, fds[i]);
        served_put_text(fds[i], "GET /a" HOST "Connection: close\r\n\r\n");
    }
    served_sleep_ms(20);
    getrusage(RUSAGE_SELF, &used);
    int64_t cpu = used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec;
    served_sleep_ms(150);
    getrusage(RUSAGE_SELF, &used);
    CU_ASSERT(used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec - cpu <
              50000);
    CU_ASSERT_EQUAL(f.requests, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 0; i < CLIENTS; i++) {
        CU_ASSERT(served_get_all(fds[i], got, sizeof got) > 0);
        close(fds[i]);
    }
    CU_ASSERT_EQUAL(f.requests, CLIENTS);
    served_finish(&f);
}

static void a_freed_server_ends_its_exchanges(void)
{
    struct served f;
    served_start(&f, served_limits());
    int planned = served_dial(&f), open = served_dial(&f);
    served_put_text(planned, "GET /delay?60000" HOST "\r\n");
    served_put_text(open, "GET /later?60000" HOST "\r\n");
    served_wait_for(&f.requests, 2);
    served_finish(&f);
    CU_ASSERT_EQUAL(f.gone, 2);
    close(planned);
    close(open);
}

CU_TestInfo connection_tests[] = {
    { "slow senders are cut off", slow_senders_are_cut_off },
    { "a wait is no idleness", a_wait_is_no_idleness },
    { "a reset ends the wait at once", a_reset_ends_the_wait_at_once },
    { "nobody waits for silence", nobody_waits_for_silence },
    { "waiting clients cost no CPU", waiting_clients_cost_no_cpu },
    { "a refusal reaches a client that still sends",
      a_refusal_reaches_a_client_that_still_sends },
    { "a drain answers what is in progress",
      a_drain_answers_what_is_in_progress },
    { "beyond the most connections clients wait",
      beyond_the_most_connections_clients_wait },
    { "a lack of descriptors is survived", a_lack_of_descriptors_is_survived },
    { "a freed server ends its exchanges", a_freed_server_ends_its_exchanges },
    CU_TEST_INFO_NULL
};
