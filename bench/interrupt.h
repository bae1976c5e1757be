#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/*
 * Ctrl-C as a question that is asked, not a thing that happens: SIGINT and
 * SIGTERM are held back in this thread and those that it makes, until the
 * end of the work; then they are taken.  No handler, no global state.
 */
struct bench_interrupt {
    sigset_t before; /* the mask that was; private */
};

void bench_interrupt_hold(struct bench_interrupt *i);

/* Tells whether one has come. */
bool bench_interrupt_came(void);

/* Takes one that has come: the next is another. */
bool bench_interrupt_take(void);

/* Restores the mask; the outermost of several takes what has come. */
void bench_interrupt_release(const struct bench_interrupt *i);

#endif
