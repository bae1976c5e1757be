#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "limiter/limits.h"

/*
 * A file of requests, one JSON object a line, in either form:
 *
 *     {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions",
 *      "body": {"model": "gpt-4o-mini", "messages": [...]}}
 *     {"model": "gpt-4o-mini", "messages": [...]}
 *
 * the first being OpenAI's Batch format; of the second, "input" makes it a
 * request for embeddings, "prompt" one for images or a completion, and its
 * custom_id is "request-<line>".
 */
struct bench_batch_request {
    char *custom_id;  /* owned */
    char *path;       /* owned: behind the base URL, "/chat/completions" */
    const char *line; /* of the file's text */
    size_t length;
    int number;           /* of the line, from 1 */
    const char *model;    /* of the batch's list */
    struct lim_cost cost; /* estimate, as the provider makes it */
};

struct bench_batch {
    char *text;                           /* owned */
    struct bench_batch_request *requests; /* owned */
    size_t count;
    char **models; /* owned: each that is asked, once */
    size_t model_count;
};

/*
 * Reads a file ("-": standard input).  LIM_OK, or an error and `diag` with
 * the line; then nothing is left to free.
 */
int bench_batch_read(struct bench_batch *b, const char *path,
                     struct lim_diag *diag);
void bench_batch_fini(struct bench_batch *b);

/* The body of a request as it is sent.  NULL: no memory.  The caller frees it
   with cJSON_free. */
char *bench_batch_body(const struct bench_batch_request *r);

/* Which of the models it is. */
size_t bench_batch_model(const struct bench_batch *b,
                         const struct bench_batch_request *r);

#endif
