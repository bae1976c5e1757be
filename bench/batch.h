#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/span.h"
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
 * request for embeddings, "prompt" one for a completion, and its custom_id is
 * "request-<line>".
 *
 * The lines stay in the file, which is not to change meanwhile; what is kept
 * of each is 32 bytes, 36 MB of a million with the order by custom_id.
 */
struct bench_batch_request {
    int64_t offset;  /* of its line in the file ... */
    uint32_t length; /* ... without its end */
    uint32_t number; /* of the line, from 1 */
    uint64_t id;     /* hash of its custom_id */
    uint32_t tokens; /* that the provider will estimate */
    unsigned images : 10;
    unsigned model : 9; /* of the batch's list */
    unsigned path : 12; /* likewise */
    bool stream : 1;    /* the answer comes in events */
};
static_assert(sizeof(struct bench_batch_request) == 32, "there are millions");

struct bench_batch {
    int file; /* of the lines */
    struct bench_batch_request *requests;
    size_t count;
    uint32_t *by_id; /* requests, in order of their hashes */
    char **models;   /* each that is asked, once */
    size_t model_count;
    char **paths; /* behind the base URL: "/chat/completions" */
    size_t path_count;
};

/*
 * Reads a file ("-": standard input; what is no file is copied into one).
 * LIM_OK, or an error and `diag` with the line; then nothing is left to free.
 */
int bench_batch_read(struct bench_batch *b, const char *path,
                     struct lim_diag *diag);
void bench_batch_fini(struct bench_batch *b);

/* What a request costs, as the provider will estimate it. */
struct lim_cost bench_batch_cost(const struct bench_batch_request *r);

/* A line of the file again: all zeros at first; its owner ends it with
   bench_batch_line_fini. */
struct bench_batch_line {
    char *text;
    size_t size;
    char made_id[32];
    struct bench_span custom_id; /* JSON, with its quotes */
    struct bench_span body, model;
};

/* Reads one over what was there; false: no memory, or it is no longer what it
   was when the file was read. */
bool bench_batch_get(const struct bench_batch *b, size_t request,
                     struct bench_batch_line *line);
void bench_batch_line_fini(struct bench_batch_line *line);

/* Finds a request by its custom_id; false: there is none such. */
bool bench_batch_find(const struct bench_batch *b, const char *custom_id,
                      size_t *request);

/* The request whose hash that is; false: there is none such. */
bool bench_batch_find_hash(const struct bench_batch *b, uint64_t id,
                           size_t *request);

#endif
