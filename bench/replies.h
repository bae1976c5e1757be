#ifndef BENCH_REPLIES_H
#define BENCH_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/batch.h"
#include "limiter/error.h"

/*
 * The answers to a file of requests, a line each as they come, in OpenAI's
 * Batch format:
 *
 *     {"id": "batch_req_7", "custom_id": "a", "response": {"status_code": 200,
 *      "request_id": "req_...", "body": {...}}, "error": null}
 *
 * "error" is {"code", "message"} and "response" null where no answer came at
 * all.  Each line is with the system when bench_replies_add returns.
 */
struct bench_replies;

/* Makes the file.  NULL and `diag`: it cannot be made, or is there. */
struct bench_replies *bench_replies_open(const char *path,
                                         struct lim_diag *diag);

/*
 * Goes on with a file: marks in `done`, one a request, those that have an
 * answer of the API in it (also one that says no), and takes out all other
 * lines.  One that is not there is made.
 */
struct bench_replies *bench_replies_resume(const char *path,
                                           const struct bench_batch *batch,
                                           bool *done, struct lim_diag *diag);

/* An answer: its body as it came, JSON or not. */
void bench_replies_add(struct bench_replies *r,
                       const struct bench_batch_request *request, int status,
                       const char *body, size_t length);

/* None came, or nothing was sent. */
void bench_replies_fail(struct bench_replies *r,
                        const struct bench_batch_request *request,
                        const char *code, const char *message);

/* Closes and frees.  LIM_OK, or LIM_EINVAL and `diag`: not all could be
   written. */
int bench_replies_close(struct bench_replies *r, struct lim_diag *diag);

#endif
