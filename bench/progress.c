#define _POSIX_C_SOURCE 200809L

#include "bench/progress.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/command.h"
#include "limiter/duration.h"
#include "limiter/time.h"

#define PAUSE_S 0.2

void bench_progress_begin(struct bench_progress *p, bool wanted)
{
    double now = bench_command_clock();
    *p = (struct bench_progress){ .on = wanted && isatty(STDERR_FILENO),
                                  .began = now,
                                  .told = now };
}

void bench_progress_tell(struct bench_progress *p, double done,
                         const char *format, ...)
{
    char left[LIM_DURATION_SIZE];
    va_list args;
    if (!p->on)
        return;
    double now = bench_command_clock();
    if (now - p->told < PAUSE_S)
        return;
    p->told = now;
    fputs("\r\033[K", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    double seconds = done > 0 ? (now - p->began) * (1 / done - 1) : -1;
    if (seconds >= 0 && seconds < 1e6)
        fprintf(stderr, ", %s left",
                lim_duration_format((int64_t)seconds * LIM_SEC, left));
    fflush(stderr);
}

void bench_progress_end(struct bench_progress *p)
{
    if (p->on)
        fputs("\r\033[K", stderr);
    p->on = false;
}
