#define _GNU_SOURCE

#include "bench/daemon.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "limiter/tier.h"

#define PROGRAM "tierlab-mockd"
#define START_MS 10000
#define ANSWERS_MS 100 /* for its last answers, which nobody waits for */
#define END_MS 5000
#define LINE_PREFIX "listening on "

/* Exit status of a child that could not become the daemon. */
#define NO_PROGRAM 127

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The program beside the one that runs, if there is one. */
static bool find_beside(char *out, size_t size)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length <= 0)
        return false;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    int written = snprintf(out, size, "%s/" PROGRAM, self);
    return written > 0 && (size_t)written < size && access(out, X_OK) == 0;
}

/*
 * A table's file name is relative to the scenario, which the daemon does not
 * know: it gets the whole path.
 */
static bool complete_table(cJSON *provider, const char *folder)
{
    const cJSON *table = cJSON_GetObjectItemCaseSensitive(provider, "table");
    char path[PATH_MAX], whole[PATH_MAX];

    if (!cJSON_IsString(table) || table->valuestring[0] == '/')
        return true;
    for (size_t i = 0; lim_table_names[i] != NULL; i++)
        if (strcmp(table->valuestring, lim_table_names[i]) == 0)
            return true;
    int length = snprintf(path, sizeof path, "%s/%s",
                          folder != NULL ? folder : ".", table->valuestring);
    if (length < 0 || (size_t)length >= sizeof path ||
        realpath(path, whole) == NULL)
        return true;
    cJSON *text = cJSON_CreateString(whole);
    return text != NULL &&
           cJSON_ReplaceItemInObjectCaseSensitive(provider, "table", text);
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

/* The configuration as a file without a name; -1 and `diag`. */
static int make_config(const struct bench_daemon_options *options, int *error,
                       struct lim_diag *diag)
{
    cJSON *provider = cJSON_Parse(options->provider_json);

    if (!cJSON_IsObject(provider)) {
        cJSON_Delete(provider);
        *error = lim_fail(diag, LIM_EINVAL, 0,
                          "the provider's configuration is no JSON object");
        return -1;
    }
    char *text = complete_table(provider, options->folder)
                     ? cJSON_PrintUnformatted(provider)
                     : NULL;
    cJSON_Delete(provider);
    int fd = text != NULL ? memfd_create("provider", MFD_CLOEXEC) : -1;
    if (fd < 0 || write_all(fd, text, strlen(text)) != 0 ||
        lseek(fd, 0, SEEK_SET) != 0) {
        *error = lim_fail(diag, LIM_ENOMEM, 0,
                          "no memory for the daemon's configuration");
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    cJSON_free(text);
    return fd;
}

/* Only what a child of a threaded program may do. */
static void become(const char *program, char *const *arguments, int config,
                   int output, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
        dup2(config, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        execvp(program, arguments);
    _exit(NO_PROGRAM);
}

static pid_t spawn(const struct bench_daemon_options *options, int config,
                   int output)
{
    char path[PATH_MAX], speed[40], seed[32];
    const char *program = options->program;
    pid_t parent = getpid();

    if (program == NULL)
        program = find_beside(path, sizeof path) ? path : PROGRAM;
    snprintf(speed, sizeof speed, "--speed=%.17g", options->speed);
    snprintf(seed, sizeof seed, "--seed=%" PRIu64, options->seed);
    char name[] = PROGRAM, port[] = "--port=0", from[] = "--config=-";
    char *arguments[] = { name, port, from, speed, seed, NULL };
    pid_t pid = fork();
    if (pid == 0)
        become(program, arguments, config, output, parent);
    return pid;
}

/* Waits until the daemon's output can be read; false: it is too late. */
static bool wait_output(int fd, int64_t until)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = until - now_ms();
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

/* Reads the first line; false: it did not come, or is too long. */
static bool read_line(int fd, char *line, size_t size)
{
    int64_t until = now_ms() + START_MS;
    size_t length = 0;

    while (length + 1 < size) {
        ssize_t n = -1;
        if (!wait_output(fd, until))
            return false;
        n = read(fd, line + length, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        if (line[length] == '\n') {
            line[length] = '\0';
            return true;
        }
        length++;
    }
    return false;
}

static int reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int tell_end(int status, struct lim_diag *diag)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
        return lim_fail(diag, LIM_ENOTFOUND, 0,
                        PROGRAM " is neither beside this program nor in PATH");
    if (WIFEXITED(status))
        return lim_fail(diag, LIM_ENOTFOUND, 0,
                        PROGRAM " ended with status %d before it listened",
                        WEXITSTATUS(status));
    return lim_fail(diag, LIM_ENOTFOUND, 0,
                    PROGRAM " did not listen within %d s", START_MS / 1000);
}

static int await(struct bench_daemon *d, struct lim_diag *diag)
{
    char line[64] = "";
    size_t skip = strlen(LINE_PREFIX);

    if (read_line(d->output, line, sizeof line - 8) &&
        strncmp(line, LINE_PREFIX "http://", skip + 7) == 0) {
        snprintf(d->base_url, sizeof d->base_url, "%s/v1", line + skip);
        return LIM_OK;
    }
    int status = 0;
    pid_t gone = 0;
    for (int i = 0; i < 20 && gone == 0; i++) {
        poll(NULL, 0, 5);
        gone = waitpid(d->pid, &status, WNOHANG);
    }
    if (gone == 0) {
        kill(d->pid, SIGKILL);
        status = reap(d->pid);
    }
    return tell_end(status, diag);
}

int bench_daemon_start(struct bench_daemon *d,
                       const struct bench_daemon_options *options,
                       struct lim_diag *diag)
{
    int pipes[2];
    int error = LIM_OK;

    assert(options->speed >= 0);
    *d = (struct bench_daemon){ .pid = -1, .output = -1 };
    int config = make_config(options, &error, diag);
    if (config < 0)
        return error;
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        close(config);
        return lim_fail(diag, LIM_ENOTFOUND, 0, "pipe: %s", strerror(errno));
    }
    d->output = pipes[0];
    d->pid = spawn(options, config, pipes[1]);
    close(config);
    close(pipes[1]);
    if (d->pid < 0)
        error = lim_fail(diag, LIM_ENOTFOUND, 0, "fork: %s", strerror(errno));
    else
        error = await(d, diag);
    if (error != LIM_OK) {
        close(d->output);
        d->pid = -1;
    }
    return error;
}

/* The end of its output is its end. */
static bool wait_end(int fd, int64_t ms)
{
    int64_t until = now_ms() + ms;
    char rest[256];

    while (wait_output(fd, until)) {
        ssize_t n = read(fd, rest, sizeof rest);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
    }
    return false;
}

void bench_daemon_stop(struct bench_daemon *d)
{
    if (d->pid <= 0)
        return;
    kill(d->pid, SIGTERM);
    if (!wait_end(d->output, ANSWERS_MS))
        kill(d->pid, SIGTERM); /* at once, then */
    if (!wait_end(d->output, END_MS))
        kill(d->pid, SIGKILL);
    reap(d->pid);
    close(d->output);
    d->pid = -1;
}
