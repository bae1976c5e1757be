/*
 * What whole commands cost, as a user gives them: processor time, memory and,
 * for two cores against one, the clock on the wall.  Rows as tests/bench.sh
 * wants them:
 *     bench_runs BUILD
 */

#define _GNU_SOURCE

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "limiter/rng.h"
#include "limiter/timerq.h"
#include "sim/draws.h"

#define ARGUMENTS_MAX 16
#define TRIALS 3

/* Of tests/bench/day.json, and of M-M-1.json, on average. */
#define DAY_REQUESTS 14400000
#define MM1_CUSTOMERS (48 * 60 * 500)
#define SIMPY_CUSTOMERS 100000

struct used {
    double cpu_s, wall_s, mib;
};

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Runs a command, split at its spaces, without its output; false: it failed
   or is not there. */
static int run(const char *line, struct used *out)
{
    char text[1000], *argv[ARGUMENTS_MAX + 1];
    int count = 0, status;
    struct rusage usage;
    snprintf(text, sizeof text, "%s", line);
    for (char *s = strtok(text, " "); s != NULL && count < ARGUMENTS_MAX;
         s = strtok(NULL, " "))
        argv[count++] = s;
    argv[count] = NULL;
    double began = wall();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 0;
    out->wall_s = wall() - began;
    out->cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    out->mib = (double)usage.ru_maxrss / 1024;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The least of some trials: what the command needs when it is left alone. */
static int measure(const char *line, int trials, struct used *out)
{
    struct used u;
    for (int i = 0; i < trials; i++) {
        if (!run(line, &u)) {
            fprintf(stderr, "bench: failed: %s\n", line);
            return 0;
        }
        if (i == 0 || u.cpu_s < out->cpu_s)
            out->cpu_s = u.cpu_s;
        if (i == 0 || u.wall_s < out->wall_s)
            out->wall_s = u.wall_s;
        if (i == 0 || u.mib > out->mib)
            out->mib = u.mib;
    }
    return 1;
}

static void report(const char *name, double value, const char *unit)
{
    printf("%s\t%.1f\t%s\n", name, value, unit);
    fflush(stdout);
}

static void day(const char *build)
{
    char line[500];
    struct used u;
    snprintf(line, sizeof line, "%s/tierlab sim --quiet tests/bench/day.json",
             build);
    if (!measure(line, 1, &u))
        return;
    report("a simulated day of 14.4 million requests", u.cpu_s, "s");
    report("... a request", u.cpu_s * 1e9 / DAY_REQUESTS, "ns");
    report("... memory", u.mib, "MiB");
}

/* Debian's package is for the system's own Python. */
static const char *python_with_simpy(void)
{
    static const char *const pythons[] = { "python3", "/usr/bin/python3" };
    char line[200];
    struct used u;
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "%s tests/bench/mm1.py 1", pythons[i]);
        if (run(line, &u))
            return pythons[i];
    }
    return NULL;
}

/*
 * M/M/1 by the engine alone, its timers and draws: arrivals at 0.8 a second,
 * a second of service on average; they stay for 5 s, says theory.
 */
static double engine(uint64_t customers)
{
    enum { ARRIVAL, END };
    const struct sim_dist service = sim_dist_exponential(1);
    const struct sim_dist gap = sim_dist_exponential(1 / 0.8);
    struct sim_draws services, gaps;
    struct lim_timerq *q = lim_timerq_new(2);
    uint64_t arrived = 0, served = 0;
    int64_t there = 0, area_ns = 0;
    lim_time now = 0;
    assert(q != NULL);
    double began = cpu();
    sim_draws_of_items(&gaps, &gap, lim_rng_stream(1, LIM_DRAW_ARRIVAL));
    sim_draws_of_items(&services, &service, lim_rng_stream(1, LIM_DRAW_TTFT));
    lim_timerq_set(q, ARRIVAL, 0, 1);
    while (served < customers) {
        uint32_t id = lim_timerq_first(q);
        lim_time next = lim_timerq_next(q);
        area_ns += there * (next - now);
        now = next;
        there += id == ARRIVAL ? 1 : -1;
        served += id == END;
        if (id == ARRIVAL)
            lim_timerq_set(
                q, ARRIVAL,
                now + (int64_t)(sim_draws_at(&gaps, arrived++) * 1e9), 1);
        if (id == ARRIVAL ? there == 1 : there > 0)
            lim_timerq_set(
                q, END, now + (int64_t)(sim_draws_at(&services, served) * 1e9),
                0);
        else if (id == END)
            lim_timerq_cancel(q, END);
    }
    double ns = (cpu() - began) * 1e9 / (double)customers;
    double stay_s = (double)area_ns / 1e9 / (double)customers;
    assert(stay_s > 4.5 && stay_s < 5.5);
    (void)stay_s;
    lim_timerq_free(q);
    return ns;
}

static void mm1(const char *build)
{
    char line[500];
    struct used ours, theirs;
    double least = engine(MM1_CUSTOMERS);
    for (int i = 1; i < TRIALS; i++) {
        double ns = engine(MM1_CUSTOMERS);
        least = ns < least ? ns : least;
    }
    report("M/M/1, a customer: timers and draws alone", least, "ns");
    snprintf(line, sizeof line,
             "%s/tierlab sim --quiet bench/scenarios/theory/M-M-1.json", build);
    if (!measure(line, TRIALS, &ours))
        return;
    double ns = ours.cpu_s * 1e9 / MM1_CUSTOMERS;
    report("M/M/1, a customer: tierlab sim, pool and all", ns, "ns");
    const char *python = python_with_simpy();
    if (python == NULL) {
        fprintf(stderr, "bench: no SimPy, so nothing stands beside M/M/1: "
                        "apt-get install python3-simpy3\n");
        return;
    }
    snprintf(line, sizeof line, "%s tests/bench/mm1.py %d", python,
             SIMPY_CUSTOMERS);
    if (!measure(line, TRIALS, &theirs))
        return;
    double simpy = theirs.cpu_s * 1e9 / SIMPY_CUSTOMERS;
    report("M/M/1, a customer: SimPy", simpy, "ns");
    report("M/M/1: SimPy / timers and draws alone", simpy / least, "times");
    report("M/M/1: SimPy / tierlab sim, pool and all", simpy / ns, "times");
}

/* Eight replications with so many threads; s on the wall, or below 0. */
static double replications(const char *build, int threads)
{
    char line[500];
    struct used u;
    snprintf(line, sizeof line, "rm -rf %s/bench-threads", build);
    run(line, &u);
    snprintf(line, sizeof line,
             "%s/tierlab bench --quiet --no-figures --replications 8 "
             "--threads %d -o %s/bench-threads "
             "bench/scenarios/theory/M-M-1.json",
             build, threads, build);
    return measure(line, 1, &u) ? u.wall_s : -1;
}

static void cores(const char *build)
{
    double least[2] = { 0, 0 };
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        fprintf(stderr, "bench: one processor, so two are not compared\n");
        return;
    }
    for (int i = 0; i < 2 * TRIALS; i++) { /* in turns */
        double s = replications(build, 1 + i % 2);
        if (s < 0)
            return;
        if (i < 2 || s < least[i % 2])
            least[i % 2] = s;
    }
    report("eight replications: one thread / two", least[0] / least[1],
           "times");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_runs BUILD\n");
        return 2;
    }
    mm1(argv[1]);
    cores(argv[1]);
    day(argv[1]);
    return 0;
}
