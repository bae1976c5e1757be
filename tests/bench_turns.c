/*
 * What a request costs that finds more and more in its window, as a
 * comparison in pairs:
 *     bench_turns NAME RATE HELD,PORT,PID...
 * One daemon for each number of requests held, whose clock runs so fast that
 * RATE requests a second put that number into a minute of it.  They take
 * turns of BURST requests, a few ms each, in an order that goes around and
 * turns over, so that what the machine does besides comes to all of them
 * alike.  What counts is a daemon's CPU time a request, against the mean of
 * all in the same round: the median over the rounds.  Rows as tests/bench.sh
 * wants them.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEC INT64_C(1000000000)
#define BURST 128
#define CONNECTIONS 64
#define DAEMONS_MAX 8
#define ROUND_CYCLES 14
#define ROUNDS 21
#define LATE_SHARE 0.05

struct caller {
    int fd;
    size_t have;
    char answer[8192];
};

struct daemon {
    int held, pid, epoll;
    uint16_t port;
    int64_t cpu; /* when the round began */
    double share[ROUNDS];
    struct caller callers[CONNECTIONS];
};

static int64_t cycle_ns; /* in which each daemon has its turn */
static char question[1024];
static size_t question_size;

static void fail(const char *what)
{
    fprintf(stderr, "bench_turns: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int64_t clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SEC + t.tv_nsec;
}

static int64_t cpu_ns(int pid)
{
    char path[64];
    int64_t ns = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
    FILE *in = fopen(path, "r");
    if (in == NULL || fscanf(in, "%" SCNd64, &ns) != 1)
        fail(path);
    fclose(in);
    return ns;
}

static void dial(struct daemon *d, uint32_t i)
{
    const struct sockaddr_in a = { .sin_family = AF_INET,
                                   .sin_port = htons(d->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event e = { .events = EPOLLIN, .data.u32 = i };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) != 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        fail("epoll");
    d->callers[i].fd = fd;
}

static void write_question(void)
{
    static const char body[] =
        "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
        "\"content\":\"Say this is a test.\"}],\"max_tokens\":64}";
    int n = snprintf(question, sizeof question,
                     "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
                     "Content-Type: application/json\r\n"
                     "Authorization: Bearer sk-mock-bench-1\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     sizeof body - 1, body);
    question_size = (size_t)n;
}

static void ask(struct caller *c)
{
    c->have = 0;
    if (send(c->fd, question, question_size, MSG_NOSIGNAL) !=
        (ssize_t)question_size)
        fail("send");
}

/* The whole answer's size, or 0: its head is not all there. */
static size_t answer_size(const struct caller *c)
{
    static const char name[] = "\r\ncontent-length: ";
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = strstr(c->answer, name);
    if (end == NULL)
        return 0;
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0 || length == NULL)
        fail("an answer of another kind");
    return (size_t)(end + 4 - c->answer) +
           strtoul(length + sizeof name - 1, NULL, 10);
}

/* 1: an answer is whole. */
static int hear(struct caller *c)
{
    ssize_t n = recv(c->fd, c->answer + c->have, sizeof c->answer - 1 - c->have,
                     MSG_DONTWAIT);
    if (n <= 0)
        fail("an answer was cut off");
    c->have += (size_t)n;
    c->answer[c->have] = '\0';
    size_t size = answer_size(c);
    return size > 0 && c->have >= size;
}

static void take_turn(struct daemon *d)
{
    struct epoll_event ready[CONNECTIONS];
    int asked = 0, answered = 0;
    while (asked < CONNECTIONS)
        ask(&d->callers[asked++]);
    while (answered < BURST) {
        int n = epoll_wait(d->epoll, ready, CONNECTIONS, 10000);
        if (n <= 0)
            fail("answers are missing");
        for (int i = 0; i < n; i++) {
            struct caller *c = &d->callers[ready[i].data.u32];
            if (hear(c) == 0)
                continue;
            answered++;
            if (asked < BURST) {
                ask(c);
                asked++;
            }
        }
    }
}

/* All of them, `cycle` deciding the order; not before `due`. */
static void go_around(struct daemon *all, int count, int64_t cycle, int64_t due)
{
    const struct timespec until = { .tv_sec = due / SEC, .tv_nsec = due % SEC };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    for (int i = 0; i < count; i++) {
        int64_t at = cycle / 2 + (cycle % 2 == 0 ? i : count - 1 - i);
        take_turn(&all[at % count]);
    }
}

static void open_round(struct daemon *all, int count)
{
    for (int i = 0; i < count; i++)
        all[i].cpu = cpu_ns(all[i].pid);
}

/* Returns the mean CPU time of a request, in us. */
static double close_round(struct daemon *all, int count, int round)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        all[i].share[round] = (double)(cpu_ns(all[i].pid) - all[i].cpu);
        sum += all[i].share[round];
    }
    for (int i = 0; i < count; i++)
        all[i].share[round] /= sum / count;
    return sum / count / (ROUND_CYCLES * BURST) / 1e3;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

/* So many cycles that the longest window has seen its whole minute. */
static int64_t warm_up(struct daemon *all, int count, int64_t begun)
{
    int most = 0;
    int64_t cycle = 0;
    for (int i = 0; i < count; i++)
        most = all[i].held > most ? all[i].held : most;
    for (; cycle * BURST < most; cycle++)
        go_around(all, count, cycle, begun + cycle * cycle_ns);
    return cycle;
}

static void measure(const char *name, struct daemon *all, int count)
{
    double mean[ROUNDS], low = 0, high = 0;
    int64_t begun = clock_now(), cycle = warm_up(all, count, begun);
    for (int r = 0; r < ROUNDS; r++) {
        open_round(all, count);
        for (int k = 0; k < ROUND_CYCLES; k++, cycle++)
            go_around(all, count, cycle, begun + cycle * cycle_ns);
        mean[r] = close_round(all, count, r);
    }
    double took = (double)(clock_now() - begun);
    double typical = median(mean);
    for (int i = 0; i < count; i++) {
        double share = median(all[i].share);
        low = i == 0 || share < low ? share : low;
        high = share > high ? share : high;
        printf("request, %s, %d in the window, CPU\t%.3f\tus\n", name,
               all[i].held, share * typical);
    }
    printf("request, %s, dearest window against cheapest\t%.3f\tratio\n", name,
           high / low);
    if (took > (double)(cycle * cycle_ns) * (1 + LATE_SHARE))
        fprintf(stderr,
                "bench: %s: the machine was too slow by %.0f %%, and the "
                "windows held so much less\n",
                name, 100 * (took / (double)(cycle * cycle_ns) - 1));
}

int main(int argc, char **argv)
{
    static struct daemon all[DAEMONS_MAX];
    int count = argc - 3;
    int rate = argc > 2 ? atoi(argv[2]) : 0;
    if (rate < 1 || count < 1 || count > DAEMONS_MAX) {
        fprintf(stderr, "usage: bench_turns NAME RATE HELD,PORT,PID...\n");
        return EXIT_FAILURE;
    }
    cycle_ns = SEC / rate * BURST;
    write_question();
    for (int i = 0; i < count; i++) {
        struct daemon *d = &all[i];
        if (sscanf(argv[i + 3], "%d,%" SCNu16 ",%d", &d->held, &d->port,
                   &d->pid) != 3)
            fail(argv[i + 3]);
        d->epoll = epoll_create1(0);
        for (uint32_t k = 0; k < CONNECTIONS; k++)
            dial(d, k);
    }
    measure(argv[1], all, count);
    return EXIT_SUCCESS;
}
