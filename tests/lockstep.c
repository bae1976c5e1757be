/*
 * The simulator and the mock server in step:
 *
 *     lockstep MOCKD FIRST COUNT
 *
 * Each drawn scenario runs in virtual time, and whatever its client sends goes
 * to a daemon too, whose clock stands still and is moved to the same instants.
 * Each answer has to come in the very nanosecond in which the simulator's
 * does, not one before, and has to tell a client the same: class, status,
 * limits, what is left, how long to wait, what was used.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/daemon.h"
#include "bench/message.h"
#include "bench/scenario.h"
#include "limiter/headers.h"
#include "limiter/timerq.h"
#include "mockserver/http.h"
#include "sim/client.h"
#include "sim/service.h"
#include "tests/lockstep_draw.h"

#define FLIGHTS 4096
#define ANSWER_MAX (1 << 20)
#define PATIENCE_MS 10000
#define ENOUGH 3     /* differences of one scenario */
#define PROMPT_MIN 2 /* tokens of the shortest message */

struct flight {
    struct sim_call call;
    struct sim_plan plan;
    unsigned workload;
    lim_time first, ends; /* first token (LIM_NEVER: none, or told), end */
    int fd;               /* -1: there is none */
    bool begun;           /* its first token has come */
};

struct lockstep {
    struct bench_scenario scenario;
    struct bench_daemon daemon;
    uint16_t port;
    int control;
    struct sim_client *client;
    struct sim_service service;
    struct bench_message *messages;
    struct lim_timerq *due;
    struct flight flights[FLIGHTS];
    uint32_t slots;                /* that were used */
    struct flight ghosts[FLIGHTS]; /* hung up on, not yet ended there */
    uint32_t ghost_count;
    lim_time now;
    uint64_t seed, attempts, refused, wrong, lost, differences;
    uint64_t abandoned;
};

static void die(const char *what)
{
    fprintf(stderr, "lockstep: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void differ(struct lockstep *l, const struct flight *f, const char *what,
                   int64_t sim, int64_t mock)
{
    l->differences++;
    printf("seed %" PRIu64 ", request %" PRIu64 "-%u at %" PRId64
           " ns, status %d, fault %s: %s: simulator %" PRId64 ", mock %" PRId64
           "\n",
           l->seed, f->call.request, f->call.attempt,
           l->now - l->scenario.sim.provider.start, f->plan.status,
           sim_fault_name(f->plan.fault), what, sim, mock);
}

static int dial(const struct lockstep *l)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(l->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void put(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n <= 0)
            die("send");
        text += n;
        length -= (size_t)n;
    }
}

/* Moves the daemon's clock, once it has decided so many requests. */
static void set_clock(struct lockstep *l, lim_time to, int decisions)
{
    char body[96], text[256], answer[1024];
    size_t length = 0;
    int n = snprintf(body, sizeof body,
                     "{\"to\":\"%" PRId64 "\",\"after_requests\":%d}", to,
                     decisions);
    n = snprintf(text, sizeof text,
                 "POST /mock/clock HTTP/1.1\r\nHost: a\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 n, body);
    put(l->control, text, (size_t)n);
    do {
        ssize_t got =
            recv(l->control, answer + length, sizeof answer - 1 - length, 0);
        if (got <= 0)
            die("the clock");
        length += (size_t)got;
        answer[length] = '\0';
    } while (strstr(answer, "}\n") == NULL);
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "lockstep: %s\n", answer);
        exit(EXIT_FAILURE);
    }
}

static void send_request(struct lockstep *l, struct flight *f,
                         const struct sim_send *s)
{
    const struct sim_workload *w = &l->scenario.sim.workloads[s->workload];
    const struct bench_message *m = &l->messages[s->workload];
    struct bench_buffer body = { 0 };
    char head[512];
    if (bench_message_write(m, s->prompt_tokens, w->max_tokens, &body) != 0)
        die("memory");
    int n = snprintf(
        head, sizeof head,
        "POST /v1%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        "Authorization: Bearer sk-mock-%s-%u\r\n"
        "X-Client-Request-Id: %" PRIu64 "-%u\r\n"
        "x-mock-completion-tokens: %" PRId64 "\r\n"
        "Content-Length: %zu\r\n\r\n",
        m->path, l->scenario.sim.provider.organisations[s->organisation].name,
        s->key + 1, s->request, s->attempt, s->completion_tokens, body.length);
    f->fd = dial(l);
    put(f->fd, head, (size_t)n);
    put(f->fd, body.data, body.length);
    bench_buffer_fini(&body);
    set_clock(l, l->now, 1);
}

/* An answer as it came: status 0 when not to its end. */
struct answer {
    int status;
    struct lim_feedback feedback;
    char *body;
    size_t length;
};

static const char *line_end(const char *at)
{
    const char *end = strstr(at, "\r\n");
    return end != NULL ? end : at + strlen(at);
}

static void read_answer(const struct lockstep *l, struct answer *a, char *text,
                        size_t length, bool whole)
{
    struct lim_headers headers;
    char *end = strstr(text, "\r\n\r\n");
    int64_t told = -1;
    *a = (struct answer){ .feedback = lim_feedback_none() };
    if (end == NULL || sscanf(text, "HTTP/1.1 %d", &a->status) != 1)
        return;
    lim_headers_init(&headers);
    for (const char *at = line_end(text) + 2; at < end + 2;
         at = line_end(at) + 2) {
        lim_headers_read_line(&headers, at, (size_t)(line_end(at) - at),
                              l->now);
        sscanf(at, "content-length: %" SCNd64, &told);
    }
    a->feedback = headers.feedback;
    a->body = end + 4;
    a->length = length - (size_t)(a->body - text);
    if (told < 0) {
        struct mock_http_chunks chunks;
        mock_http_chunks_init(&chunks);
        whole = mock_http_chunks_decode(&chunks, a->body, a->length,
                                        &a->length) >= 0 &&
                whole;
    } else if ((size_t)told > a->length) {
        whole = false;
    }
    if (!whole)
        a->status = 0;
}

static void compare_shown(struct lockstep *l, const struct flight *f,
                          const char *what, const struct lim_shown *sim,
                          const struct lim_shown *mock)
{
    char name[64];
    const int64_t pairs[][2] = { { sim->limit, mock->limit },
                                 { sim->remaining, mock->remaining },
                                 { sim->reset_ns, mock->reset_ns } };
    static const char *const parts[] = { "limit", "remaining", "reset" };
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s of %s", parts[i], what);
        if (pairs[i][0] != pairs[i][1])
            differ(l, f, name, pairs[i][0], pairs[i][1]);
    }
}

static void compare(struct lockstep *l, const struct flight *f,
                    const struct lim_outcome *sim,
                    const struct lim_outcome *mock)
{
    const struct lim_feedback *a = &sim->feedback, *b = &mock->feedback;
    const struct {
        const char *what;
        int64_t sim, mock;
    } rows[] = {
        { "class", (int)sim->class, (int)mock->class },
        { "status", sim->status, mock->status },
        { "usage is known", sim->usage_known, mock->usage_known },
        { "tokens", sim->usage_known ? sim->tokens_used : 0,
          mock->tokens_used },
        { "micro-dollars", sim->class == LIM_CLASS_OK ? sim->microusd : -1,
          mock->microusd },
        { "hint", a->hint_ns, b->hint_ns },
        { "refused by", a->refused_by, b->refused_by },
        { "refused max", a->refused_max, b->refused_max },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].sim != rows[i].mock)
            differ(l, f, rows[i].what, rows[i].sim, rows[i].mock);
    compare_shown(l, f, "requests", &a->requests, &b->requests);
    compare_shown(l, f, "tokens", &a->tokens, &b->tokens);
}

/* The answer is due now: all of it, and the connection's end. */
static void take_answer(struct lockstep *l, struct flight *f,
                        const struct lim_outcome *sim)
{
    static char text[ANSWER_MAX];
    size_t length = 0;
    ssize_t n;
    struct answer a;
    struct lim_outcome mock;
    while ((n = recv(f->fd, text + length, sizeof text - 1 - length, 0)) > 0)
        length += (size_t)n;
    if (n < 0 && errno != ECONNRESET) {
        differ(l, f, "the answer is late", 0, 1);
        length = 0;
    }
    text[length] = '\0';
    close(f->fd);
    f->fd = -1;
    read_answer(l, &a, text, length, n == 0);
    bench_message_read(&l->messages[f->workload], a.status, &a.feedback,
                       a.body != NULL ? a.body : "", a.length, &mock);
    compare(l, f, sim, &mock);
}

static bool is_silent(const struct flight *f)
{
    struct pollfd p = { .fd = f->fd, .events = POLLIN };
    return poll(&p, 1, 0) == 0;
}

static void begin(struct lockstep *l, const struct sim_send *s)
{
    struct flight *f = &l->flights[s->slot];
    const struct sim_workload *w = &l->scenario.sim.workloads[s->workload];
    if (s->slot >= FLIGHTS || lim_timerq_grow(l->due, s->slot + 1) != LIM_OK)
        die("too many in flight");
    while (l->slots <= s->slot)
        l->flights[l->slots++].fd = -1;
    f->begun = false;
    f->workload = s->workload;
    f->call = (struct sim_call){
        .organisation = s->organisation,
        .model = w->model,
        .stream = w->stream,
        .prompt_tokens =
            s->prompt_tokens < PROMPT_MIN ? PROMPT_MIN : s->prompt_tokens,
        .max_tokens = w->max_tokens,
        .images = w->images,
        .completion_tokens = s->completion_tokens,
        .request = s->request,
        .attempt = s->attempt,
    };
    sim_service_resolve(&l->service, &f->call);
    f->call.wrong = sim_service_too_long(&f->call);
    if (sim_service_begin(&l->service, &f->call, l->now, &f->plan) != LIM_OK)
        die("memory");
    int64_t first = sim_service_first_token(&f->call, &f->plan);
    f->ends = l->now + f->plan.timing.total_ns;
    f->first = first < 0 ? LIM_NEVER : l->now + first;
    lim_timerq_set(l->due, s->slot, first < 0 ? f->ends : f->first, 0);
    send_request(l, f, s);
    l->attempts++;
    l->refused += f->plan.status == 429;
    l->wrong += f->call.wrong;
}

/* A hedge, or the request that it stands beside, has won: the client hangs up
   on the other, of which nothing has come, and the provider goes on. */
static void break_off(struct lockstep *l, uint32_t slot)
{
    struct flight *f = &l->flights[slot];
    lim_timerq_cancel(l->due, slot);
    close(f->fd);
    f->fd = -1;
    l->abandoned++;
    if (f->plan.admitted)
        l->ghosts[l->ghost_count++] = *f;
}

static lim_time next_ghost(const struct lockstep *l)
{
    lim_time next = LIM_NEVER;
    for (uint32_t i = 0; i < l->ghost_count; i++)
        if (l->ghosts[i].ends < next)
            next = l->ghosts[i].ends;
    return next;
}

static void end_ghosts(struct lockstep *l)
{
    for (uint32_t i = 0; i < l->ghost_count;) {
        const struct flight *f = &l->ghosts[i];
        if (f->ends > l->now) {
            i++;
            continue;
        }
        const struct sim_debt debt = sim_service_debt(&f->call, &f->plan);
        if (sim_service_end(&l->service, &debt, l->now) != LIM_OK)
            die("memory");
        l->ghosts[i] = l->ghosts[--l->ghost_count];
    }
}

static void fire(struct lockstep *l, uint32_t slot)
{
    struct flight *f = &l->flights[slot];
    struct lim_outcome o;
    if (f->first != LIM_NEVER) {
        struct pollfd p = { .fd = f->fd, .events = POLLIN };
        if (poll(&p, 1, PATIENCE_MS) != 1)
            differ(l, f, "no first token", 0, 1);
        f->first = LIM_NEVER;
        f->begun = true;
        lim_timerq_set(l->due, slot, f->ends, 0);
        return;
    }
    sim_service_outcome(&f->call, &f->plan, &o);
    l->lost += o.status == 0;
    if (f->plan.admitted) {
        const struct sim_debt debt = sim_service_debt(&f->call, &f->plan);
        if (sim_service_end(&l->service, &debt, l->now) != LIM_OK)
            die("memory");
    }
    take_answer(l, f, &o);
    uint32_t other = sim_client_done(l->client, slot, &o, NULL, l->now);
    if (other != SIM_NO_SLOT)
        break_off(l, other);
}

static void act(struct lockstep *l)
{
    struct sim_send send;
    uint32_t slot;
    end_ghosts(l);
    for (;;) {
        if (lim_timerq_pop(l->due, l->now, &slot))
            fire(l, slot);
        else if (sim_client_next(l->client, l->now, &send))
            begin(l, &send);
        else
            return;
    }
}

/* One nanosecond before an answer is due, nothing has come of any. */
static void move(struct lockstep *l, lim_time to, bool due)
{
    if (due && to - 1 > l->now) {
        set_clock(l, to - 1, 0);
        for (uint32_t i = 0; i < l->slots; i++) {
            const struct flight *f = &l->flights[i];
            if (f->fd >= 0 && !f->begun && !is_silent(f))
                differ(l, f, "the answer is early", 0, 1);
        }
    }
    set_clock(l, to, 0);
    l->now = to;
}

static void run(struct lockstep *l)
{
    while (l->differences < ENOUGH && !sim_client_finished(l->client, l->now)) {
        act(l);
        lim_time due = lim_timerq_next(l->due);
        lim_time wakeup = sim_client_wakeup(l->client);
        lim_time next = due < wakeup ? due : wakeup;
        if (next == LIM_NEVER)
            return;
        if (next_ghost(l) < next)
            next = next_ghost(l);
        move(l, next, due == next);
    }
}

static void set_up(struct lockstep *l, const char *mockd)
{
    cJSON *tree = lockstep_draw(l->seed);
    struct lim_diag why = { 0 };
    if (bench_scenario_from_json(&l->scenario, tree, NULL, &why) != LIM_OK) {
        fprintf(stderr, "lockstep: seed %" PRIu64 ": %s\n", l->seed, why.text);
        exit(EXIT_FAILURE);
    }
    const struct sim_scenario *s = &l->scenario.sim;
    struct sim_provider_config config = s->provider;
    char *provider = cJSON_Print(cJSON_GetObjectItem(tree, "provider"));
    const struct bench_daemon_options options = {
        .program = mockd,
        .provider_json = provider,
        .speed = 0,
        .seed = l->seed,
    };
    if (bench_daemon_start(&l->daemon, &options, &why) != LIM_OK) {
        fprintf(stderr, "lockstep: %s\n", why.text);
        exit(EXIT_FAILURE);
    }
    free(provider);
    cJSON_Delete(tree);
    l->port = (uint16_t)atoi(strrchr(l->daemon.base_url, ':') + 1);
    l->control = dial(l);
    config.seed = l->seed;
    l->now = config.start;
    l->client = sim_client_new(s, l->seed, config.start, false, NULL, &why);
    l->messages = calloc(s->workload_count, sizeof *l->messages);
    l->due = lim_timerq_new(1);
    if (l->client == NULL || l->messages == NULL || l->due == NULL ||
        sim_service_init(&l->service, &config, &why) != LIM_OK)
        die(why.text);
    for (size_t i = 0; i < s->workload_count; i++)
        if (bench_message_init(&l->messages[i], &s->workloads[i],
                               &s->provider.prices) != LIM_OK)
            die("memory");
}

static void tear_down(struct lockstep *l)
{
    for (uint32_t i = 0; i < l->slots; i++)
        if (l->flights[i].fd >= 0)
            close(l->flights[i].fd);
    close(l->control);
    kill(l->daemon.pid, SIGKILL);
    bench_daemon_stop(&l->daemon);
    sim_client_free(l->client);
    sim_service_fini(&l->service);
    lim_timerq_free(l->due);
    for (size_t i = 0; i < l->scenario.sim.workload_count; i++)
        bench_message_fini(&l->messages[i]);
    free(l->messages);
    bench_scenario_fini(&l->scenario);
}

int main(int argc, char **argv)
{
    static struct lockstep l;
    uint64_t played = 0, attempts = 0, refused = 0, wrong = 0, lost = 0;
    uint64_t abandoned = 0, bad = 0;
    if (argc != 4) {
        fprintf(stderr, "usage: lockstep MOCKD FIRST COUNT\n");
        return 2;
    }
    uint64_t first = strtoull(argv[2], NULL, 10);
    uint64_t count = strtoull(argv[3], NULL, 10);
    for (uint64_t i = 0; i < count && bad < ENOUGH; i++) {
        memset(&l, 0, sizeof l);
        l.seed = first + i;
        set_up(&l, argv[1]);
        run(&l);
        tear_down(&l);
        played++;
        attempts += l.attempts;
        refused += l.refused;
        wrong += l.wrong;
        lost += l.lost;
        abandoned += l.abandoned;
        bad += l.differences > 0;
    }
    printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " attempts, %" PRIu64
           " refused, %" PRIu64 " wrong, %" PRIu64 " lost, %" PRIu64
           " abandoned\n",
           first, first + count - 1, attempts, refused, wrong, lost, abandoned);
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", played - bad, bad);
    return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
