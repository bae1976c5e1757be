#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "mockserver/json.h"
#include "sim/scenario.h"

/*
 * Reads a scenario's "client" into `c`, which holds the defaults: cap,
 * strategy, queue, retry, limits.  A strategy may be named that is built in,
 * or `own` (NULL: none).  Failures are told through `j`.
 */
void bench_client_read(struct mock_json *j, const struct lim_strategy *own,
                       struct sim_client_config *c);

#endif
