#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * What goes wrong at a provider beside its limits.  A fault strikes a request
 * by a draw keyed by (seed, request, attempt), so that simulator and mock
 * server agree, and a retry may fare better.
 */
enum sim_fault {
    SIM_FAULT_NONE,

    /* In front of the limits: nothing is charged. */
    SIM_FAULT_HTTP_429,  /* a storm: 429 without numbers or hint */
    SIM_FAULT_EDGE_429,  /* the edge's 429: plain text, retry-after 54749 */
    SIM_FAULT_HTTP_503,  /* overloaded */
    SIM_FAULT_SLOW_DOWN, /* 503 that asks to slow down */

    /* Behind them: charged, and the answer is lost. */
    SIM_FAULT_HTTP_500,      /* after the time to first token */
    SIM_FAULT_TIMEOUT,       /* no byte comes until the timeout */
    SIM_FAULT_RESET,         /* reset when the head was due */
    SIM_FAULT_RESET_IN_HEAD, /* reset amid the head */
    SIM_FAULT_RESET_AFTER_HEAD,
    SIM_FAULT_CUT_STREAM,   /* ends amid the body, or the stream's tokens */
    SIM_FAULT_MALFORMED,    /* 200 with broken JSON */
    SIM_FAULT_WRONG_LENGTH, /* content-length says more than comes */

    /* The answer is good, what it says of limits or time is not. */
    SIM_FAULT_NO_HEADERS,    /* neither limits nor hints are shown */
    SIM_FAULT_LYING_HEADERS, /* all is said to be left, and no hint */
    SIM_FAULT_CLOCK_SKEW,    /* the date is an hour behind */
    SIM_FAULTS
};

/* The retry-after of SIM_FAULT_EDGE_429, as seen of Cloudflare in 2024-06. */
#define SIM_EDGE_HINT_NS (54749 * LIM_SEC)

/* Returns "http_429", "edge_429" ... as in scenarios; "none". */
const char *sim_fault_name(enum sim_fault fault);

/* Finds a fault by name ("none" is none); false: there is none such. */
bool sim_fault_find(const char *name, enum sim_fault *out);

/* Tells whether it strikes in front of the limits. */
bool sim_fault_in_front(enum sim_fault fault);

/* Tells whether the client gets no usable answer to an admitted request. */
bool sim_fault_loses(enum sim_fault fault);

/* A fault that strikes a share of some requests. */
struct sim_fault_rule {
    enum sim_fault fault;
    double share;             /* [0, 1] */
    const char *organisation; /* NULL: of all; else of that one */
    const char *model;        /* NULL: any */
    lim_time from, until;     /* strikes at from <= now < until */
};

/* The rules; where several match, their shares add up, at most to 1. */
struct sim_faults {
    const struct sim_fault_rule *rules; /* not owned */
    size_t count;
    int64_t timeout_ns; /* of SIM_FAULT_TIMEOUT; > 0 */
};

/* No rules, and a timeout of 10 minutes (the official SDKs'). */
struct sim_faults sim_faults_none(void);

struct sim_fault_target {
    const char *organisation, *model;
    uint64_t request;
    unsigned attempt;
    lim_time now;
};

enum sim_fault sim_faults_draw(const struct sim_faults *f, uint64_t seed,
                               const struct sim_fault_target *t);

#endif
