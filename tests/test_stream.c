#define _GNU_SOURCE

#include "tests/served.h"

#include <CUnit/CUnit.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNKS                                                                 \
    "00000008\r\npiece 0\n\r\n"                                                \
    "00000008\r\npiece 1\n\r\n"                                                \
    "00000008\r\npiece 2\n\r\n"

static void pieces_come_when_they_are_due(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    int64_t began = served_clock();
    served_put_text(fd, "GET /stream?3" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "piece 0\n\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\ntransfer-encoding: chunked\r\n"));
    CU_ASSERT_PTR_NULL(strstr(got, "content-length"));
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "\r\n0\r\n\r\n"));
    CU_ASSERT(served_clock() - began >= 40 * LIM_MSEC);
    served_put_text(fd, "GET /after" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "/after"));
    close(fd);
    served_wait_for(&f.sent, 2);
    served_finish(&f);
}

/* Until the connection closes, and no chunks: it knows none. */
static void a_client_of_http_1_0_gets_the_plain_text(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "GET /stream?2 HTTP/1.0\r\n"
                        "Connection: keep-alive\r\n\r\n");
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\n\r\npiece 0\npiece 1\n"));
    CU_ASSERT_PTR_NULL(strstr(got, "chunked"));
    close(fd);
    served_finish(&f);
}

static void a_head_is_asked_for_without_the_stream(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "HEAD /stream?3" HOST "Connection: close\r\n\r\n");
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    CU_ASSERT_PTR_NULL(strstr(got, "piece"));
    close(fd);
    served_finish(&f);
}

static void a_cut_stream_closes_without_its_end(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "GET /cut?3" HOST "\r\n");
    CU_ASSERT(served_get_all(fd, got, sizeof got) > 0);
    const char *body = strstr(got, "\r\n\r\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    CU_ASSERT_STRING_EQUAL(body + 4, CHUNKS);
    close(fd);
    CU_ASSERT_EQUAL(f.gone, 1);
    served_finish(&f);
}

static void a_client_that_leaves_ends_its_stream(void)
{
    struct served f;
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    char got[1024];
    served_start(&f, served_limits());
    int fd = served_dial(&f);
    served_put_text(fd, "GET /stream?1000" HOST "\r\n");
    CU_ASSERT_TRUE(served_get_until(fd, got, sizeof got, "piece 0\n\r\n"));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    served_wait_for(&f.gone, 1);
    CU_ASSERT_EQUAL(f.streams, 0);
    served_finish(&f);
}

/* The clients close nothing: the server has to, or the drain never ends. */
static void a_drain_closes_behind_what_was_under_way(void)
{
    struct served f;
    char got[1024];
    served_start(&f, served_limits());
    int alone = served_dial(&f), followed = served_dial(&f);
    served_put_text(alone, "GET /stream?6" HOST "\r\n");
    served_put_text(followed, "GET /stream?6" HOST "\r\nGET /b" HOST "\r\n");
    served_wait_for(&f.requests, 2);
    served_command(&f, 'd');
    CU_ASSERT(served_get_all(alone, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "piece 5\n\r\n0\r\n\r\n"));
    CU_ASSERT(served_get_all(followed, got, sizeof got) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "piece 5\n\r\n0\r\n\r\n"));
    CU_ASSERT_EQUAL(served_count(got, "HTTP/1.1 "), 1);
    close(followed);
    served_wait_for(&f.drained, 1);
    close(alone);
    served_finish(&f);
}

/* The same of a long answer that a slow reader has not taken yet. */
static void a_drain_closes_behind_a_slow_reader(void)
{
    enum { LENGTH = 8000000 };
    static char got[LENGTH + 1024];
    struct served f;
    int small = 4096;
    served_start(&f, served_limits());
    int fd = served_socket();
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    served_connect(&f, fd);
    served_put_text(fd, "GET /big?8000000" HOST "\r\n");
    served_wait_for(&f.requests, 1);
    served_command(&f, 'd');
    CU_ASSERT(served_get_all(fd, got, sizeof got) > LENGTH);
    CU_ASSERT_EQUAL(f.sent, 1);
    served_wait_for(&f.drained, 1);
    close(fd);
    served_finish(&f);
}

/* What comes is a head, a part of one, or nothing; and then the end. */
static void answers_are_spoiled_as_told(void)
{
    static const struct {
        enum mock_wire wire;
        const char *body; /* NULL: no whole head comes */
        bool reset, sent;
        const char *length;
    } rows[] = {
        { MOCK_WIRE_SILENT, NULL, false, true, NULL },
        { MOCK_WIRE_RESET, NULL, true, false, NULL },
        { MOCK_WIRE_RESET_IN_HEAD, NULL, true, false, NULL },
        { MOCK_WIRE_RESET_AFTER_HEAD, "", true, false, ": 10\r\n" },
        { MOCK_WIRE_CUT_BODY, "01234", false, true, ": 10\r\n" },
        { MOCK_WIRE_LONG, "0123456789", false, true, ": 26\r\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int stream = 0; stream < 2; stream++) {
            struct served f;
            char ask[64], got[1024] = "";
            served_start(&f, served_limits());
            int fd = served_dial(&f);
            snprintf(ask, sizeof ask, "GET /wire%s?%d" HOST "\r\n",
                     stream ? "-stream" : "", (int)rows[i].wire);
            served_put_text(fd, ask);
            ssize_t n = served_get_all(fd, got, sizeof got);
            CU_ASSERT_EQUAL(n < 0, rows[i].reset);
            const char *body = strstr(got, "\r\n\r\n");
            CU_ASSERT_EQUAL(body != NULL, rows[i].body != NULL);
            if (body != NULL)
                CU_ASSERT_STRING_EQUAL(body + 4, stream ? "" : rows[i].body);
            if (body != NULL && !stream)
                CU_ASSERT_PTR_NOT_NULL(strstr(got, rows[i].length));
            if (rows[i].wire == MOCK_WIRE_RESET_IN_HEAD)
                CU_ASSERT_STRING_EQUAL(got, "HTTP/1.1 200");
            close(fd);
            CU_ASSERT_EQUAL(rows[i].sent ? f.sent : f.gone, 1);
            served_finish(&f);
        }
    }
}

CU_TestInfo stream_tests[] = {
    { "pieces come when they are due", pieces_come_when_they_are_due },
    { "a client of HTTP/1.0 gets the plain text",
      a_client_of_http_1_0_gets_the_plain_text },
    { "a HEAD is asked for without the stream",
      a_head_is_asked_for_without_the_stream },
    { "a cut stream closes without its end",
      a_cut_stream_closes_without_its_end },
    { "a client that leaves ends its stream",
      a_client_that_leaves_ends_its_stream },
    { "a drain closes behind what was under way",
      a_drain_closes_behind_what_was_under_way },
    { "a drain closes behind a slow reader",
      a_drain_closes_behind_a_slow_reader },
    { "answers are spoiled as told", answers_are_spoiled_as_told },
    CU_TEST_INFO_NULL
};
