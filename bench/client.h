#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "mockserver/json.h"
#include "sim/scenario.h"

/*
 * Reads a scenario's "client" into `c`, which holds the defaults: cap,
 * strategy, queue, retry, limits.  Failures are told through `j`.
 */
void bench_client_read(struct mock_json *j, struct sim_client_config *c);

#endif
