#ifndef BENCH_REPLIES_H
#define BENCH_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/batch.h"
#include "limiter/error.h"

/*
 * The answers to a file of requests, a line each as they come, in OpenAI's
 * Batch format:
 *
 *     {"id": "batch_req_7", "custom_id": "a", "response": {"status_code": 200,
 *      "request_id": "req_...", "body": {...}}, "error": null}
 *
 * What failed for good stands in a file of its own, with the last answer;
 * "response" is null and "error" {"code", "message"} where none came.  Every
 * custom_id stands once in one of the two, whatever happens between: each line
 * is with the system when it has been added (bench/log.h).
 *
 * A third file, `<results>.sent`, tells what was sent: of a request that is in
 * it and has no answer nobody knows whether it was carried out.  It goes when
 * there is none such left.
 */
struct bench_replies;

struct bench_replies_config {
    const char *results; /* "-": standard output, and no other file */
    const char *errors;  /* NULL: beside the results, out.errors.jsonl */
    const struct bench_batch *batch;
    /*
     * Goes on with files that are there: their requests are marked in `done`,
     * one a request.  Those that failed are to be sent again, unless an answer
     * said that no other organisation would take them either (400, 413, 415,
     * 422).
     */
    bool resume;
    bool *done;
};

/* What was found in files that are gone on with. */
struct bench_replies_before {
    size_t answered, failed;
    size_t again; /* failed, and to be sent again */
    size_t lost;  /* were sent, and nothing tells what became of them */
};

/* NULL and `diag`: they cannot be made, or are there. */
struct bench_replies *bench_replies_open(const struct bench_replies_config *c,
                                         struct bench_replies_before *before,
                                         struct lim_diag *diag);

/* What came back, or why nothing did. */
struct bench_reply {
    size_t request;
    bool good;
    int status;             /* 0: no answer came */
    const char *request_id; /* NULL: none */
    const char *body;       /* as it came, JSON or not */
    size_t length;
    const char *code, *message; /* of an error of our own; NULL: none */
};

/* False: it could not be written, and is tried again with the next. */
bool bench_replies_add(struct bench_replies *r,
                       const struct bench_reply *reply);

/* A request is about to be sent. */
bool bench_replies_sent(struct bench_replies *r, size_t request);

/* All that was written is on the disk. */
void bench_replies_sync(struct bench_replies *r);

/* Why the last write failed; NULL: it did not. */
const char *bench_replies_trouble(const struct bench_replies *r);

/* How many answers are not in the files, since that failed. */
size_t bench_replies_unsaid(const struct bench_replies *r);

/* Where failures go; NULL: they stand with the rest. */
const char *bench_replies_errors(const struct bench_replies *r);

/*
 * Closes and frees.  `settled`: of all that was sent it is known what became
 * of it.  LIM_OK, or LIM_EINVAL and `diag`, which tells how many answers are
 * not in the files.
 */
int bench_replies_close(struct bench_replies *r, bool settled,
                        struct lim_diag *diag);

/* Takes files away in which there is nothing. */
void bench_replies_drop(struct bench_replies *r);

#endif
