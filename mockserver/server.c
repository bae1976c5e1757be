#define _GNU_SOURCE /* accept4 */

#include "mockserver/server.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockserver/connection.h"

#define ACCEPT_BATCH 64 /* then others have their turn */
#define ACCEPT_PAUSE_NS (100 * LIM_MSEC)

static const char *default_error_body(int status)
{
#define BODY(text)                                                             \
    "{\"error\":{\"message\":\"" text "\",\"type\":\"invalid_request_error\"," \
    "\"param\":null,\"code\":null}}\n"
    switch (status) {
    case 408:
        return BODY("The request did not arrive in time.");
    case 413:
        return BODY("The request body is too large.");
    case 414:
        return BODY("The request line is too long.");
    case 417:
        return BODY("The expectation is not known.");
    case 431:
        return BODY("The request headers are too large.");
    case 501:
        return BODY("The transfer coding is not known.");
    case 505:
        return BODY("Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    default:
        return BODY("The request is not well-formed HTTP.");
    }
#undef BODY
}

struct mock_server_config mock_server_config_default(void)
{
    struct mock_server_config c = {
        .error_body = default_error_body,
        .head_max = 64 * 1024,
        .body_max = 32 * 1024 * 1024,
        .connections_max = 100000,
        .head_ns = 10 * LIM_SEC,
        .body_ns = 60 * LIM_SEC,
        .idle_ns = 75 * LIM_SEC,
        .write_ns = 30 * LIM_SEC,
    };
    return c;
}

static void on_accept(void *context, uint32_t events);

static void watch_listener(struct mock_server *s)
{
    uint32_t events = s->paused ? 0 : EPOLLIN;
    if (s->listener >= 0)
        mock_loop_watch(s->loop, s->listener, events, on_accept, s);
}

static void pause_accepting(struct mock_server *s)
{
    s->paused = true;
    watch_listener(s);
    mock_loop_timer_wall(s->loop, s->accept_timer, ACCEPT_PAUSE_NS);
}

static void resume_accepting(struct mock_server *s)
{
    s->paused = false;
    watch_listener(s);
    mock_loop_timer_wall(s->loop, s->accept_timer, -1);
}

static void on_pause_over(void *context, uint32_t timer, lim_time now)
{
    (void)timer;
    (void)now;
    resume_accepting(context);
}

/* Without descriptors the listener stays readable: looking away for a moment
   keeps the loop from spinning. */
static void on_accept(void *context, uint32_t events)
{
    struct mock_server *s = context;
    (void)events;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        if (s->counters.connections >= s->config.connections_max) {
            pause_accepting(s);
            return;
        }
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                errno == ENOMEM)
                pause_accepting(s);
            return;
        }
        if (mock_connection_open(s, fd) != 0) {
            pause_accepting(s);
            return;
        }
    }
}

struct mock_server *mock_server_new(struct mock_loop *loop,
                                    const struct mock_server_config *config)
{
    assert(config->handler != NULL);
    assert(config->head_max > 0);
    assert(config->connections_max > 0);
    assert(config->body_max < INT64_MAX);
    struct mock_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->loop = loop;
    s->config = *config;
    s->listener = -1;
    if (s->config.error_body == NULL)
        s->config.error_body = default_error_body;
    mock_response_date_init(&s->date);
    s->accept_timer = mock_loop_timer_new(loop, on_pause_over, s);
    if (s->accept_timer == UINT32_MAX) {
        free(s);
        return NULL;
    }
    return s;
}

/* TCP_NODELAY is inherited by the connections. */
static int listen_at(const struct addrinfo *a, enum mock_server_port port)
{
    int on = 1, shared = port != MOCK_PORT_ALONE;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    a->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (port == MOCK_PORT_JOINED)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    /* Shared only once it is ours: a port that others share is not free. */
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared) == 0 &&
        listen(fd, SOMAXCONN) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int port_of(int fd, uint16_t *out)
{
    union {
        struct sockaddr_storage any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return -1;
    *out = ntohs(address.any.ss_family == AF_INET6 ? address.v6.sin6_port
                                                   : address.v4.sin_port);
    return 0;
}

static int listen_on_any(struct mock_server *s, const struct addrinfo *list)
{
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        s->listener = listen_at(a, s->config.port);
        if (s->listener >= 0)
            return 0;
    }
    return -1;
}

static void stop_listening(struct mock_server *s)
{
    if (s->listener < 0)
        return;
    mock_loop_timer_wall(s->loop, s->accept_timer, -1);
    mock_loop_unwatch(s->loop, s->listener);
    close(s->listener);
    s->listener = -1;
}

int mock_server_listen(struct mock_server *s, const char *host, uint16_t port,
                       uint16_t *bound_port)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                              .ai_socktype = SOCK_STREAM };
    struct addrinfo *list;
    char service[8];
    uint16_t any;
    assert(s->listener < 0);
    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(host, service, &hints, &list) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int error = listen_on_any(s, list) != 0 ? errno : 0;
    freeaddrinfo(list);
    if (error == 0 &&
        (port_of(s->listener, bound_port != NULL ? bound_port : &any) != 0 ||
         mock_loop_watch(s->loop, s->listener, EPOLLIN, on_accept, s) != 0)) {
        error = errno;
        stop_listening(s);
    }
    errno = error;
    return error == 0 ? 0 : -1;
}

void mock_server_closed(struct mock_server *s)
{
    if (s->paused && !s->draining)
        resume_accepting(s);
    if (s->draining && !s->drained && s->first == NULL) {
        s->drained = true;
        if (s->config.drained != NULL)
            s->config.drained(s->config.context);
    }
}

void mock_server_drain(struct mock_server *s)
{
    struct mock_exchange *next;
    if (s->draining)
        return;
    s->draining = true;
    stop_listening(s);
    for (struct mock_exchange *c = s->first; c != NULL; c = next) {
        next = c->next;
        mock_connection_drain(c);
    }
    mock_server_closed(s);
}

void mock_server_free(struct mock_server *s)
{
    if (s == NULL)
        return;
    s->draining = s->drained = true;
    stop_listening(s);
    while (s->first != NULL)
        mock_connection_close(s->first);
    mock_loop_timer_free(s->loop, s->accept_timer);
    free(s);
}

static uint64_t counted(const _Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

void mock_server_count(const struct mock_server *s,
                       struct mock_server_counters *sum)
{
    const struct mock_counters *n = &s->counters;
    sum->accepted += counted(&n->accepted);
    sum->requests += counted(&n->requests);
    sum->refused += counted(&n->refused);
    sum->answered += counted(&n->answered);
    sum->abandoned += counted(&n->abandoned);
    sum->connections += counted(&n->connections);
    sum->waiting += counted(&n->waiting);
    sum->half_closed += counted(&n->half_closed);
}
