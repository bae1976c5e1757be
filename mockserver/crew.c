#define _GNU_SOURCE

#include "mockserver/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mockserver/serve.h"

/* What a member is told. */
#define DRAIN UINT64_C(1)
#define STOP (UINT64_C(1) << 32)

struct member {
    pthread_t thread;
    bool running;
    struct mock_loop *loop;
    struct mock_serve *serve;
    struct mock_server *server;
    int told; /* eventfd */
};

struct mock_crew {
    unsigned count;
    struct member members[];
};

static void on_told(void *context, uint32_t events)
{
    struct member *m = context;
    uint64_t word;
    (void)events;
    if (read(m->told, &word, sizeof word) != (ssize_t)sizeof word)
        return;
    if (word >= STOP)
        mock_loop_stop(m->loop);
    else
        mock_server_drain(m->server);
}

static void *work(void *context)
{
    struct member *m = context;
    (void)mock_loop_run(m->loop);
    return NULL;
}

/* Members that were started before may be answering. */
static bool tell_of(const struct mock_server *server,
                    const struct mock_crew_config *config)
{
    pthread_mutex_lock(config->lock);
    bool told = mock_api_add_server(config->api, server);
    pthread_mutex_unlock(config->lock);
    return told;
}

/* 0, or an errno. */
static int start(struct member *m, const struct mock_crew_config *config)
{
    struct mock_server_config server = config->server;
    uint16_t port;
    m->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->loop = mock_loop_new_like(config->loop);
    if (m->told < 0 || m->loop == NULL)
        return errno;
    m->serve = mock_serve_new(config->api, m->loop, config->lock);
    server.handler = mock_serve_handle;
    server.context = m->serve;
    server.drained = mock_serve_drained;
    server.port = MOCK_PORT_JOINED;
    if (m->serve != NULL)
        m->server = mock_server_new(m->loop, &server);
    if (m->server == NULL || !tell_of(m->server, config))
        return ENOMEM;
    if (mock_server_listen(m->server, config->host, config->port, &port) != 0 ||
        mock_loop_watch(m->loop, m->told, EPOLLIN, on_told, m) != 0)
        return errno;
    int error = pthread_create(&m->thread, NULL, work, m);
    m->running = error == 0;
    return error;
}

struct mock_crew *mock_crew_start(const struct mock_crew_config *config)
{
    struct mock_crew *c =
        calloc(1, sizeof *c + config->threads * sizeof c->members[0]);
    int error = c != NULL ? 0 : ENOMEM;
    for (unsigned i = 0; error == 0 && i < config->threads; i++) {
        c->members[c->count++].told = -1;
        error = start(&c->members[i], config);
    }
    if (error == 0)
        return c;
    if (c != NULL) {
        mock_crew_stop(c);
        mock_crew_free(c);
    }
    errno = error;
    return NULL;
}

static void tell(struct mock_crew *c, uint64_t word)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->count; i++)
        if (c->members[i].running &&
            write(c->members[i].told, &word, sizeof word) < 0)
            abort(); /* a counter far from full takes a word */
}

void mock_crew_drain(struct mock_crew *c)
{
    tell(c, DRAIN);
}

void mock_crew_stop(struct mock_crew *c)
{
    tell(c, STOP);
}

bool mock_crew_ended(struct mock_crew *c)
{
    bool all = true;
    if (c == NULL)
        return true;
    for (unsigned i = 0; i < c->count; i++) {
        struct member *m = &c->members[i];
        if (m->running && pthread_tryjoin_np(m->thread, NULL) == 0)
            m->running = false;
        all = all && !m->running;
    }
    return all;
}

void mock_crew_free(struct mock_crew *c)
{
    if (c == NULL)
        return;
    /* Each may tell of the servers of all. */
    for (unsigned i = 0; i < c->count; i++)
        if (c->members[i].running)
            pthread_join(c->members[i].thread, NULL);
    for (unsigned i = 0; i < c->count; i++) {
        struct member *m = &c->members[i];
        mock_server_free(m->server);
        mock_serve_free(m->serve);
        mock_loop_free(m->loop);
        if (m->told >= 0)
            close(m->told);
    }
    free(c);
}
