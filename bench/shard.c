#define _GNU_SOURCE

#include "bench/shard.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A socket of libcurl's.  When libcurl stops looking at it (its connection
 * is idle), it stays watched as it was, for most are soon used again; only
 * one that wakes the loop meanwhile is let go.
 */
struct watch {
    struct bench_shard *shard;
    int fd;
    uint32_t events; /* watched for; 0: not watched */
    bool wanted;     /* libcurl looks at it */
};

struct bench_shard {
    struct mock_loop *loop;
    void (*wake)(void *context);
    void *context;
    CURLM *multi;
    uint32_t timer;
    struct watch **watches; /* by descriptor; NULL where there is none */
    size_t watch_count;
    size_t in_flight;
    uint64_t connections;
};

static void act(struct bench_shard *s, curl_socket_t fd, int events)
{
    int running = 0;

    curl_multi_socket_action(s->multi, fd, events, &running);
}

static void on_socket(void *context, uint32_t events)
{
    struct watch *w = context;
    struct bench_shard *s = w->shard;
    int bits = 0;

    if (!w->wanted) {
        mock_loop_unwatch(s->loop, w->fd);
        w->events = 0;
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP))
        bits |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        bits |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        bits |= CURL_CSELECT_ERR;
    act(s, w->fd, bits);
    s->wake(s->context);
}

static void on_timer(void *context, uint32_t timer, lim_time now)
{
    struct bench_shard *s = context;

    (void)timer;
    (void)now;
    act(s, CURL_SOCKET_TIMEOUT, 0);
    s->wake(s->context);
}

static int grow_watches(struct bench_shard *s, size_t at)
{
    size_t count = 2 * at + 64;
    struct watch **grown = realloc(s->watches, count * sizeof(struct watch *));

    if (grown == NULL)
        return -1;
    for (size_t i = s->watch_count; i < count; i++)
        grown[i] = NULL;
    s->watches = grown;
    s->watch_count = count;
    return 0;
}

/* The watch of a descriptor, made if there is none; NULL: no memory. */
static struct watch *watch_of(struct bench_shard *s, int fd)
{
    size_t at = (size_t)fd;

    if (at >= s->watch_count && grow_watches(s, at) != 0)
        return NULL;
    if (s->watches[at] == NULL) {
        s->watches[at] = calloc(1, sizeof(struct watch));
        if (s->watches[at] == NULL)
            return NULL;
        s->watches[at]->fd = fd;
        s->watches[at]->shard = s;
    }
    return s->watches[at];
}

static int look_at(CURL *easy, curl_socket_t fd, int what, void *context,
                   void *unused)
{
    struct bench_shard *s = context;
    struct watch *w = watch_of(s, fd);
    uint32_t events = 0;

    (void)easy;
    (void)unused;
    if (w == NULL)
        return -1;
    w->wanted = what != CURL_POLL_REMOVE;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EPOLLOUT;
    if (!w->wanted || events == w->events)
        return 0;
    if (mock_loop_watch(s->loop, fd, events, on_socket, w) != 0)
        return -1;
    w->events = events;
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct bench_shard *s = context;
    int64_t ns = timeout_ms < 0 ? -1 : (int64_t)timeout_ms * LIM_MSEC;

    (void)multi;
    mock_loop_timer_wall(s->loop, s->timer, ns);
    return 0;
}

/* Nobody watches the descriptor any more. */
static void forget(struct bench_shard *s, int fd)
{
    mock_loop_unwatch(s->loop, fd);
    if ((size_t)fd >= s->watch_count || s->watches[fd] == NULL)
        return;
    s->watches[fd]->events = 0;
    s->watches[fd]->wanted = false;
}

/*
 * Close-on-exec: a daemon that another thread starts is not to inherit it.  A
 * socket that is still connecting when its request is broken off is closed
 * without a call of close_socket: what is known of its number is void.
 */
static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct bench_shard *s = context;

    (void)purpose;
    s->connections++;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);
    if (fd >= 0)
        forget(s, fd);
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    forget(context, fd);
    return close(fd);
}

struct bench_shard *bench_shard_new(struct mock_loop *loop,
                                    void (*wake)(void *context), void *context)
{
    struct bench_shard *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->loop = loop;
    s->wake = wake;
    s->context = context;
    s->timer = mock_loop_timer_new(loop, on_timer, s);
    if (s->timer == UINT32_MAX)
        goto free_shard;
    s->multi = curl_multi_init();
    if (s->multi == NULL)
        goto free_timer;
    curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, look_at);
    curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
    curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
    /* libcurl's own choice follows the handles of the moment: below those
       most in flight nearly every request opens a connection. */
    curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, 2L * BENCH_SHARD_MAX);
    return s;

free_timer:
    mock_loop_timer_free(loop, s->timer);
free_shard:
    free(s);
    return NULL;
}

void bench_shard_free(struct bench_shard *s)
{
    curl_multi_cleanup(s->multi);
    mock_loop_timer_free(s->loop, s->timer);
    for (size_t i = 0; i < s->watch_count; i++)
        free(s->watches[i]);
    free(s->watches);
    free(s);
}

int bench_shard_add(struct bench_shard *s, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, s);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, s);
    if (curl_multi_add_handle(s->multi, easy) != CURLM_OK)
        return -1;
    s->in_flight++;
    /* Now rather than by libcurl's timer: the pool has just looked at the
       clock, and believes that it is sent. */
    act(s, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

void bench_shard_remove(struct bench_shard *s, CURL *easy)
{
    curl_multi_remove_handle(s->multi, easy);
    s->in_flight--;
}

CURL *bench_shard_ended(struct bench_shard *s, CURLcode *result)
{
    int left = 0;
    CURLMsg *m;

    while ((m = curl_multi_info_read(s->multi, &left)) != NULL)
        if (m->msg == CURLMSG_DONE) {
            *result = m->data.result;
            return m->easy_handle;
        }
    return NULL;
}

size_t bench_shard_in_flight(const struct bench_shard *s)
{
    return s->in_flight;
}

uint64_t bench_shard_connections(const struct bench_shard *s)
{
    return s->connections;
}
