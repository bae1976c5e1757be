#define _GNU_SOURCE

#include "mockserver/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "mockserver/config.h"
#include "mockserver/crew.h"
#include "mockserver/loop.h"
#include "mockserver/options.h"
#include "mockserver/reload.h"
#include "mockserver/serve.h"
#include "mockserver/server.h"
#include "mockserver/setup.h"
#include "mockserver/words.h"

#define LOOK_MS 50                 /* at the crew while it ends */
#define TELL_NS INT64_C(200000000) /* before it says what it still waits for */

/* Everything that lives while the daemon runs. */
struct daemon {
    struct mock_options options;
    struct mock_config config;
    enum lim_tier tier;
    FILE *log;
    struct mock_loop *loop;
    struct mock_api *api;
    struct mock_serve *serve;
    struct mock_server_config server_config;
    struct mock_server *server;
    pthread_mutex_t lock; /* of the API, where several serve */
    struct mock_crew *crew;
    int signals;
    uint32_t telling; /* timer */
    bool ending, forced;
    bool told; /* what it still waits for */
};

static lim_time wall_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * LIM_SEC + t.tv_nsec;
}

static int configure(struct daemon *d)
{
    return mock_setup_read(&d->options, wall_clock(), &d->config, &d->tier);
}

static int open_log(struct daemon *d)
{
    const char *path = d->options.log;
    if (path == NULL)
        return DONE;
    d->log = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
    if (d->log == NULL)
        return mock_setup_complain(FAILED, path, strerror(errno));
    setvbuf(d->log, NULL, _IOLBF, BUFSIZ);
    return DONE;
}

/* All that the files say anew, or nothing; the daemon goes on either way. */
static void reload(struct daemon *d)
{
    struct mock_reload_done done;
    struct mock_config fresh;
    struct lim_diag why = { 0 };
    enum lim_tier tier;
    mock_config_init(&fresh);
    int status =
        mock_setup_read(&d->options, d->config.provider.start, &fresh, &tier);
    if (status == DONE) {
        pthread_mutex_lock(&d->lock);
        if (mock_reload(d->api, &d->config, &fresh, mock_loop_now(d->loop),
                        &done, &why) != LIM_OK)
            status =
                mock_setup_complain(BAD_INPUT, d->options.config, why.text);
        pthread_mutex_unlock(&d->lock);
    }
    mock_config_fini(&fresh);
    if (status == DONE)
        fprintf(stderr,
                MOCK_SETUP_NAME ": read again: organisations added: %zu, moved "
                                "to another tier: %zu, projects added or "
                                "changed: %zu\n",
                done.added, done.moved, done.projects);
    else
        fprintf(stderr, MOCK_SETUP_NAME ": nothing was changed\n");
}

/* Clients that hang up as they end us are gone by now. */
static void tell_of_waiting(void *context, uint32_t timer, lim_time now)
{
    struct daemon *d = context;
    (void)timer;
    (void)now;
    uint64_t waiting = mock_api_counters(d->api).waiting;
    d->told = waiting > 0;
    if (d->told)
        fprintf(stderr,
                MOCK_SETUP_NAME ": ends when what waits is answered (requests: "
                                "%" PRIu64 "), at another signal at once\n",
                waiting);
}

/* A clock that stands still would never let waiting answers go. */
static void on_signal(void *context, uint32_t events)
{
    struct daemon *d = context;
    struct signalfd_siginfo info;
    (void)events;
    if (read(d->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGHUP) {
        if (!d->ending)
            reload(d);
        return;
    }
    if (d->ending) {
        d->forced = true;
        mock_loop_stop(d->loop);
        return;
    }
    d->ending = true;
    mock_server_drain(d->server);
    mock_crew_drain(d->crew);
    if (d->options.speed == 0)
        mock_loop_stop(d->loop);
    else
        mock_loop_timer_wall(d->loop, d->telling, TELL_NS);
}

static int watch_signals(struct daemon *d)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (d->options.config != NULL || d->options.faults != NULL)
        sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return mock_setup_complain(FAILED, "sigprocmask", strerror(errno));
    d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (d->signals < 0 ||
        mock_loop_watch(d->loop, d->signals, EPOLLIN, on_signal, d) != 0)
        return mock_setup_complain(FAILED, "signalfd", strerror(errno));
    return DONE;
}

/* As many connections as the system lets us have. */
static void raise_descriptors(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
    }
}

static int make_api(struct daemon *d)
{
    struct lim_diag why = { 0 };
    const struct mock_api_config config = {
        .provider = d->config.provider,
        .any_key = d->options.config == NULL,
        .one_organisation = d->options.one_organisation,
        .tier = d->tier,
        .manner = d->config.manner,
        .speed = d->options.speed,
        .several = d->options.threads > 1,
        .version = TIERLAB_VERSION,
        .log = d->log,
    };
    d->api = mock_api_new(&config, &why);
    return d->api != NULL ? DONE
                          : mock_setup_complain(FAILED, "provider", why.text);
}

static int make_server(struct daemon *d)
{
    struct mock_server_config *config = &d->server_config;
    bool alone = d->options.threads == 1;
    *config = mock_server_config_default();
    d->loop = mock_loop_new(d->config.provider.start, d->options.speed);
    if (d->loop == NULL)
        return mock_setup_complain(FAILED, "event loop", strerror(errno));
    d->serve = mock_serve_new(d->api, d->loop, alone ? NULL : &d->lock);
    config->handler = mock_serve_handle;
    config->context = d->serve;
    config->drained = mock_serve_drained;
    config->error_body = mock_words_of_server;
    config->port = alone ? MOCK_PORT_ALONE : MOCK_PORT_SHARED;
    if (d->serve != NULL)
        d->server = mock_server_new(d->loop, config);
    d->telling = mock_loop_timer_new(d->loop, tell_of_waiting, d);
    if (d->telling == UINT32_MAX || d->server == NULL ||
        !mock_api_add_server(d->api, d->server))
        return mock_setup_complain(FAILED, "server", strerror(ENOMEM));
    return watch_signals(d);
}

static int start_crew(struct daemon *d, uint16_t port)
{
    const struct mock_crew_config config = {
        .api = d->api,
        .lock = &d->lock,
        .loop = d->loop,
        .server = d->server_config,
        .host = d->options.host,
        .port = port,
        .threads = d->options.threads - 1,
    };
    if (d->options.threads == 1)
        return DONE;
    d->crew = mock_crew_start(&config);
    return d->crew != NULL
               ? DONE
               : mock_setup_complain(FAILED, "--threads", strerror(errno));
}

/* What a client needs, for somebody who sits there. */
static void tell_of_clients(const struct daemon *d, const char *url)
{
    bool azure = d->config.manner.dialect == MOCK_AZURE;
    bool any = d->options.config == NULL;
    const char *example =
        any ? "sk-mock-1" : d->config.provider.organisations[0].name;
    if (isatty(STDERR_FILENO))
        fprintf(stderr,
                "%s for clients: %s%s; key: %s%s%s; live page: %s/\n"
                "Ctrl-C ends it.\n",
                azure ? "Endpoint" : "Base URL", url, azure ? "" : "/v1",
                any ? "any like " : "sk-mock-", example, any ? "" : "-1", url);
}

static int listen_and_tell(struct daemon *d)
{
    const char *host = d->options.host;
    bool colon = strchr(host, ':') != NULL;
    char url[300];
    uint16_t port;
    if (mock_server_listen(d->server, host, d->options.port, &port) != 0) {
        fprintf(stderr, MOCK_SETUP_NAME ": cannot listen on %s port %u: %s\n",
                host, d->options.port, strerror(errno));
        return FAILED;
    }
    if (start_crew(d, port) != DONE)
        return FAILED;
    snprintf(url, sizeof url, "http://%s%s%s:%u", colon ? "[" : "", host,
             colon ? "]" : "", port);
    printf("listening on %s\n", url);
    if (fflush(stdout) != 0)
        return mock_setup_complain(FAILED, "standard output", strerror(errno));
    tell_of_clients(d, url);
    return DONE;
}

/* The others may have answers to give after our own; a signal ends it. */
static void wait_for_crew(struct daemon *d)
{
    struct pollfd signals = { .fd = d->signals, .events = POLLIN };
    while (!d->forced && !mock_crew_ended(d->crew))
        d->forced = poll(&signals, 1, LOOK_MS) > 0;
}

/* Tells of clients that came again too early. */
static int judge(const struct daemon *d)
{
    const struct mock_patience *p = &d->api->patience;
    uint64_t all = p->certain + p->likely;
    if (!d->options.fail_on_ignored || all == 0)
        return DONE;
    fprintf(stderr,
            MOCK_SETUP_NAME
            ": %" PRIu64 " requests came before the time that a 429 had "
            "told, %" PRIu64 " of them retries by their own word; the "
            "first %.3f s after the start\n",
            all, p->certain,
            (double)(p->first - d->config.provider.start) / LIM_SEC);
    return MISSED;
}

static int run(struct daemon *d)
{
    if (mock_loop_run(d->loop) != 0)
        return mock_setup_complain(FAILED, "event loop", strerror(errno));
    wait_for_crew(d);
    if (d->forced && !d->told)
        return FAILED; /* whoever is so quick knows what it costs */
    if (d->forced)
        return mock_setup_complain(FAILED, "ended by a second signal",
                                   "answers were still waiting");
    return judge(d);
}

static void clean_up(struct daemon *d)
{
    mock_crew_stop(d->crew);
    mock_crew_free(d->crew);
    mock_server_free(d->server);
    mock_serve_free(d->serve);
    mock_loop_free(d->loop);
    mock_api_free(d->api);
    mock_config_fini(&d->config);
    if (d->signals >= 0)
        close(d->signals);
    if (d->log != NULL && d->log != stdout)
        fclose(d->log);
}

int mock_daemon_main(int argc, char **argv)
{
    static int (*const steps[])(struct daemon * d) = {
        configure, open_log, make_api, make_server, listen_and_tell, run,
    };
    struct daemon d = { .signals = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
    int status = DONE;
    mock_options_read(&d.options, argc, argv);
    if (d.options.version) {
        puts(MOCK_SETUP_NAME " " TIERLAB_VERSION);
        return DONE;
    }
    mock_config_init(&d.config);
    raise_descriptors();
    for (size_t i = 0; status == DONE && i < sizeof steps / sizeof steps[0];
         i++)
        status = steps[i](&d);
    clean_up(&d);
    return status;
}
