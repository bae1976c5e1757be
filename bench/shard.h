#ifndef BENCH_SHARD_H
#define BENCH_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "mockserver/loop.h"

/*
 * One libcurl multi handle on an event loop, with the connections that it
 * keeps.  It carries BENCH_SHARD_MAX transfers at a time: libcurl 7.88 walks
 * all connections to a host at every request, which takes 67 us at 250 in
 * flight and 207 us at 4,000.
 */
struct bench_shard;

#define BENCH_SHARD_MAX 512

/* `wake` is called after anything happened outside of bench_shard_add: see
   bench_shard_ended.  NULL: no memory. */
struct bench_shard *bench_shard_new(struct mock_loop *loop,
                                    void (*wake)(void *context), void *context);

/* Closes its connections; transfers must have been taken out. */
void bench_shard_free(struct bench_shard *s);

/* Starts a transfer, as far as its socket takes it now.  Returns 0, or -1:
   no memory. */
int bench_shard_add(struct bench_shard *s, CURL *easy);
void bench_shard_remove(struct bench_shard *s, CURL *easy);

/* The next transfer that ended, to be removed by the caller; NULL: none. */
CURL *bench_shard_ended(struct bench_shard *s, CURLcode *result);

size_t bench_shard_in_flight(const struct bench_shard *s);
uint64_t bench_shard_connections(const struct bench_shard *s); /* so far */

#endif
