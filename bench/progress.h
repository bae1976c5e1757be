#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>

/*
 * One line on standard error that tells how far something is: only on a
 * terminal, five times a second at most, and gone when it is over.
 */
struct bench_progress { /* fields are private */
    bool on;
    double began, told;
};

/* Does nothing later on if it is not `wanted`, or there is no terminal. */
void bench_progress_begin(struct bench_progress *p, bool wanted);

/*
 * Tells, printf-like, and the time that is left when a share of `done` took
 * the time since the beginning; 0: nobody knows.
 */
void bench_progress_tell(struct bench_progress *p, double done,
                         const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void bench_progress_end(struct bench_progress *p);

#endif
