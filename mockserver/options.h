#ifndef MOCK_OPTIONS_H
#define MOCK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"
#include "mockserver/config.h"

#define MOCK_OPTIONS_THREADS_MAX 64

/* The daemon's command line, read; NULL where nothing was said. */
struct mock_options {
    const char *host;
    uint16_t port;
    const char *table, *tier, *discipline, *latency, *config, *log;
    const char *faults, *era, *dialect;
    unsigned threads; /* 1 to MOCK_OPTIONS_THREADS_MAX */
    bool one_organisation, no_limits, version;
    bool fail_on_ignored; /* a 429's retry-after */
    double speed;
    uint64_t seed;
    lim_time start; /* -1: not said */
};

/* Ends the program on bad usage (status 2) and after --help (0). */
void mock_options_read(struct mock_options *o, int argc, char **argv);

#endif
