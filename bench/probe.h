#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include "bench/accounts.h"
#include "limiter/error.h"
#include "limiter/limits.h"

/*
 * One cheap request for each account and model, and what the answer's
 * headers show of the limits.  A header shows one window of a dimension, the
 * one that takes longer to be full: a day's hides the minute's.
 */
struct bench_probed {
    uint32_t organisation;
    unsigned key; /* which of the organisation's accounts */
    const char *model;
    int status;               /* 0: no answer came */
    struct lim_limits limits; /* LIM_UNLIMITED: not shown */
    char trouble[200];        /* what the answer says; "" of a good one */
};

struct bench_probe_to {
    const char *base_url; /* of accounts that have none of their own */
    const char *cacert;   /* NULL: the system's authorities */
};

/*
 * Asks for `count` of `out`, of which organisation, key and model are told;
 * the rest is filled.
 * LIM_OK, or an error
 * and `diag`; also organisations that answer nothing are LIM_OK.
 */
int bench_probe(const struct bench_accounts *accounts,
                const struct bench_probe_to *to, struct bench_probed *out,
                size_t count, struct lim_diag *diag);

#endif
