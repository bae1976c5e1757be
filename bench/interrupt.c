#define _POSIX_C_SOURCE 200809L

#include "bench/interrupt.h"

#include <stddef.h>
#include <time.h>

static sigset_t both(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void bench_interrupt_hold(struct bench_interrupt *i)
{
    sigset_t set = both();
    pthread_sigmask(SIG_BLOCK, &set, &i->before);
}

bool bench_interrupt_came(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 ||
           sigismember(&pending, SIGTERM) == 1;
}

bool bench_interrupt_take(void)
{
    const struct timespec now = { 0 };
    sigset_t set = both();
    return sigtimedwait(&set, NULL, &now) > 0;
}

void bench_interrupt_release(const struct bench_interrupt *i)
{
    const struct timespec now = { 0 };
    sigset_t set = both();
    bool outer = sigismember(&i->before, SIGINT) != 1;
    while (outer && sigtimedwait(&set, NULL, &now) > 0)
        ;
    pthread_sigmask(SIG_SETMASK, &i->before, NULL);
}
