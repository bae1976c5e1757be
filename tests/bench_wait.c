/*
 * Many connections at once, as an epoll client sees them:
 *     bench_wait PORT PID waiting|idle|streams
 * where PID is the daemon's.  Rows as tests/bench.sh wants them.  Every
 * lateness is from just before a request was sent, so it holds the way there
 * and back.
 *
 * On a machine that others use, too, most of a lateness is the time until the
 * system lets the daemon, or this client, run.  So both get real-time
 * priority where that is allowed.  Where it is not, it looks without
 * sleeping, so that what the client adds is small, and says that lateness
 * holds what the neighbours do.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MSEC INT64_C(1000000)
#define SEC (1000 * MSEC)
#define IDLE_S 5
#define PATIENCE_NS (30 * SEC)
#define BATCH 256

/* Connection i asks at i * spacing_ns; mark k of its answer is due
   delay_ns + k * gap_ns later. */
static const struct load {
    const char *mode, *name;
    const char *mark;
    int connections, marks;
    int64_t spacing_ns, delay_ns, gap_ns;
    bool stream;
} loads[] = {
    { .mode = "waiting",
      .name = "10,000 answers that wait",
      .mark = "HTTP/1.1 200",
      .connections = 10000,
      .marks = 1,
      .spacing_ns = SEC / 5000,
      .delay_ns = 3 * SEC },
    { .mode = "idle",
      .name = "10,000 idle connections",
      .mark = "HTTP/1.1 200",
      .connections = 10000,
      .marks = 1,
      .spacing_ns = SEC / 5000 },
    { .mode = "streams",
      .name = "1,000 streams of 50 tokens a second",
      .mark = "\"delta\":{\"content\":",
      .connections = 1000,
      .marks = 200,
      .spacing_ns = MSEC,
      .delay_ns = SEC / 2,
      .gap_ns = SEC / 50,
      .stream = true },
};

struct caller {
    int fd;
    int seen; /* marks */
    int64_t sent;
};

struct run {
    const struct load *load;
    uint16_t port;
    int pid, epoll;
    bool first; /* comes before others' programs */
    struct caller *callers;
    int64_t *late;
    int asked, ended;
    size_t late_count;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_wait: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int64_t clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SEC + t.tv_nsec;
}

static void *allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (p == NULL)
        fail("memory");
    return p;
}

/* The first number behind `word` in a file of /proc; "": the file's first. */
static int64_t of_daemon(int pid, const char *file, const char *word)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    FILE *in = fopen(path, "r");
    if (in == NULL)
        fail(path);
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[n] = '\0';
    const char *at = strstr(text, word);
    return at != NULL ? strtoll(at + strlen(word), NULL, 10) : -1;
}

static int64_t resident_kib(int pid)
{
    return of_daemon(pid, "status", "VmRSS:");
}

static int64_t cpu_ns(int pid)
{
    return of_daemon(pid, "schedstat", "");
}

static void dial(struct run *r, int i)
{
    const struct sockaddr_in a = { .sin_family = AF_INET,
                                   .sin_port = htons(r->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event e = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) != 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        fail("epoll");
    r->callers[i].fd = fd;
}

static void ask(struct run *r, struct caller *c)
{
    char text[600], body[200];
    int length = snprintf(body, sizeof body,
                          "{\"model\":\"gpt-4\",%s\"messages\":"
                          "[{\"role\":\"user\",\"content\":\"Hello\"}]}",
                          r->load->stream ? "\"stream\":true," : "");
    int n = snprintf(text, sizeof text,
                     "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
                     "Authorization: Bearer sk-mock-a-1\r\n"
                     "x-mock-completion-tokens: %d\r\n"
                     "Content-Length: %d\r\n\r\n%s",
                     r->load->marks, length, body);
    c->sent = clock_now();
    if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        fail("send");
}

static void hear(struct run *r, struct caller *c)
{
    static char text[1 << 16];
    const struct load *l = r->load;
    ssize_t n = recv(c->fd, text, sizeof text - 1, MSG_DONTWAIT);
    int64_t now = clock_now();
    if (n <= 0)
        fail("an answer was cut off");
    text[n] = '\0';
    for (const char *p = text; (p = strstr(p, l->mark)) != NULL; p++) {
        if (c->seen == l->marks)
            fail("more than was asked for");
        int64_t due = c->sent + l->delay_ns + c->seen++ * l->gap_ns;
        r->late[r->late_count++] = now - due;
        r->ended += c->seen == l->marks;
    }
}

/* Waits for at most `ns`. */
static void hear_all(struct run *r, int64_t ns)
{
    struct epoll_event batch[BATCH];
    const struct timespec t = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };
    int n = epoll_pwait2(r->epoll, batch, BATCH, &t, NULL);
    for (int i = 0; i < n; i++)
        hear(r, &r->callers[batch[i].data.u32]);
}

/* How long it may sleep at `passed`. */
static int64_t until_next(const struct run *r, int64_t passed)
{
    int64_t next = r->asked < r->load->connections
                       ? r->asked * r->load->spacing_ns
                       : passed + MSEC;
    return r->first && next > passed ? next - passed : 0;
}

/* Asks on schedule and hears everything.  Returns the daemon's memory in KiB
   when all had been asked. */
static int64_t go(struct run *r)
{
    const struct load *l = r->load;
    int64_t begun = clock_now(), memory = 0;
    while (r->ended < l->connections) {
        int64_t passed = clock_now() - begun;
        while (r->asked < l->connections && r->asked * l->spacing_ns <= passed)
            ask(r, &r->callers[r->asked++]);
        if (r->asked == l->connections && memory == 0)
            memory = resident_kib(r->pid);
        hear_all(r, until_next(r, clock_now() - begun));
        if (passed > PATIENCE_NS) {
            errno = ETIMEDOUT;
            fail("answers are missing");
        }
    }
    return memory;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void row(const struct load *l, const char *what, double value,
                const char *unit)
{
    printf("%s: %s\t%.3f\t%s\n", l->name, what, value, unit);
}

static void tell_lateness(const struct run *r)
{
    size_t n = r->late_count;
    qsort(r->late, n, sizeof *r->late, by_size);
    row(r->load, "least lateness", (double)r->late[0] / MSEC, "ms");
    row(r->load, "median lateness", (double)r->late[n / 2] / MSEC, "ms");
    row(r->load, "p99 lateness", (double)r->late[n * 99 / 100] / MSEC, "ms");
}

static void tell_idleness(const struct run *r)
{
    struct timespec while_idle = { .tv_sec = IDLE_S };
    int64_t before = cpu_ns(r->pid);
    nanosleep(&while_idle, NULL);
    row(r->load, "CPU a second",
        (double)(cpu_ns(r->pid) - before) / IDLE_S / 1e3, "us");
}

static void measure(struct run *r)
{
    const struct load *l = r->load;
    int64_t before = resident_kib(r->pid), began = cpu_ns(r->pid);
    for (int i = 0; i < l->connections; i++)
        dial(r, i);
    int64_t kib = go(r) - before;
    double cpu = (double)(cpu_ns(r->pid) - began);
    row(l, "memory each", (double)kib / l->connections, "KiB");
    if (l->delay_ns == 0)
        tell_idleness(r);
    else
        tell_lateness(r);
    if (l->stream)
        row(l, "CPU a token", cpu / 1e3 / (double)r->late_count, "us");
}

/* Real-time priority for the daemon and for this client. */
static bool come_first(int daemon)
{
    const struct sched_param p = { .sched_priority = 1 };
    bool allowed = sched_setscheduler(0, SCHED_FIFO, &p) == 0 &&
                   sched_setscheduler(daemon, SCHED_FIFO, &p) == 0;
    if (!allowed)
        fprintf(stderr, "bench: no real-time priority here, so lateness holds "
                        "what other programs do\n");
    return allowed;
}

int main(int argc, char **argv)
{
    struct run r = { 0 };
    struct rlimit files;
    for (size_t i = 0; argc == 4 && i < sizeof loads / sizeof loads[0]; i++)
        if (strcmp(loads[i].mode, argv[3]) == 0)
            r.load = &loads[i];
    if (r.load == NULL) {
        fprintf(stderr, "usage: bench_wait PORT PID waiting|idle|streams\n");
        return EXIT_FAILURE;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    size_t count = (size_t)r.load->connections;
    r.port = (uint16_t)atoi(argv[1]);
    r.pid = atoi(argv[2]);
    r.callers = allocate(count, sizeof *r.callers);
    r.late = allocate(count * (size_t)r.load->marks, sizeof *r.late);
    r.epoll = epoll_create1(0);
    r.first = r.load->delay_ns > 0 && come_first(r.pid);
    measure(&r);
    free(r.callers);
    free(r.late);
    return EXIT_SUCCESS;
}
