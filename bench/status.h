#ifndef BENCH_STATUS_H
#define BENCH_STATUS_H

#include "bench/sender.h"
#include "mockserver/server.h"
#include "mockserver/text.h"

/*
 * How a run stands, told while it sends: once a second into a JSON file, which
 * is there whole whenever it is read, and to Prometheus over HTTP.
 *
 *     {"state": "running", "requests": {"total": 3000, "answered_before": 0,
 *      "succeeded": 1200, "failed": 0, "in_flight": 31, "left": 1800},
 *      "attempts": 1231, "http_429": 0, "sent_twice": 0, "tokens": 480213,
 *      "spend_usd": 0.41, "per_minute": {"requests": 2490, "tokens": 990112},
 *      "seconds": 28.9, "seconds_left": 41.2, "waits_for": null,
 *      "waits_until": null, "organisations": [{"name": "a", "shut_out": null,
 *      "limits": [{"model": "gpt-4o", "limit": "rpm", "max": 500,
 *                  "left": 12}]}]}
 *
 * Limits are what the pool believes; of models that share one the first is
 * named.  Money is null once an answer came that nobody knows the price of.
 */
#define BENCH_STATUS_RING 64

struct bench_status { /* fields are private */
    const struct bench_sender *sender;
    const char *path; /* NULL: no file */
    struct mock_server *server;
    struct mock_text json, samples;
    size_t total, before;
    int64_t told; /* wall time */
    struct bench_point {
        double seconds;
        uint64_t over;
        int64_t tokens;
    } ring[BENCH_STATUS_RING]; /* the last minute, one a second */
    size_t points;
};

/* `port` -1: no HTTP; 0: any.  Standard error tells where.  LIM_OK, or an
   error and `diag`; bench_status_end is due all the same. */
int bench_status_begin(struct bench_status *s,
                       const struct bench_sender *sender, const char *path,
                       int port, struct lim_diag *diag);

/* Tells, if it is time, or the run is over. */
void bench_status_tell(struct bench_status *s, const struct bench_view *v);
void bench_status_end(struct bench_status *s);

#endif
