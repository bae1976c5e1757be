#ifndef BENCH_SHUTOUT_H
#define BENCH_SHUTOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/roster.h"
#include "limiter/feedback.h"

/*
 * Organisations that are shut out, and why: those whose keys are refused or
 * whose money is spent, for all, and those that have no access to a model, for
 * its limit group.  The work goes on with the others; when nobody is left for
 * a group, its requests cannot be sent.
 */
struct bench_shutout {
    const struct bench_roster *roster;
    char (*why)[160];    /* of each organisation; "": it is in */
    bool *closed;        /* by organisation and group: no access */
    char (*denied)[160]; /* of each group: the last answer that said so */
};

int bench_shutout_init(struct bench_shutout *s, const struct bench_roster *r);
void bench_shutout_fini(struct bench_shutout *s);

/* Takes note of an answer; true: somebody is shut out by it. */
bool bench_shutout_note(struct bench_shutout *s, uint32_t organisation,
                        unsigned group, const struct lim_outcome *o,
                        const char *message);

/* Lets all in again who may have come to money or a key. */
void bench_shutout_forget(struct bench_shutout *s);

enum bench_group_is {
    BENCH_GROUP_OPEN,   /* somebody takes its requests */
    BENCH_GROUP_PARKED, /* somebody would, but is shut out */
    BENCH_GROUP_CLOSED  /* nobody has access to it */
};

enum bench_group_is bench_shutout_group(const struct bench_shutout *s,
                                        unsigned group);

/* "a: 401: Incorrect API key provided; b: ...", of those who would. */
void bench_shutout_tell(const struct bench_shutout *s, unsigned group,
                        char *out, size_t size);

#endif
